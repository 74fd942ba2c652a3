//! Notes that callers left: ciphertext, and what it takes to sort and to open it.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::Store;
use crate::domain::effect::Ended;
use crate::domain::household::note::{Envelope, Minute, NoteKind};
use crate::domain::ids::{HouseholdId, NoteId, TagId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{from_millis, one_row, time, to_millis};

/// A note as stored.
#[derive(Clone)]
pub struct NoteRow {
    /// Which.
    pub id: NoteId,
    /// Through which sticker it came.
    pub tag: TagId,
    /// What is in it.
    pub kind: NoteKind,
    /// When it was written, as it is bound to the envelope.
    pub minute: Minute,
    /// As it came.
    pub envelope: Envelope,
    /// Whether a household member has opened it.
    pub read: bool,
    /// When it is removed.
    pub expires_at: SystemTime,
}

/// A note to be kept.
pub struct NewNoteRow {
    /// Through which sticker it came.
    pub tag: TagId,
    /// What is in it.
    pub kind: NoteKind,
    /// When it was written.
    pub minute: Minute,
    /// As it came.
    pub envelope: Envelope,
    /// When it is removed, unless its tag ends earlier.
    pub expires_at: SystemTime,
}

/// Where a page of the list begins: behind this note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotesBefore(pub Minute, pub NoteId);

/// A page of a household's list, the latest first.
pub struct NotesPage {
    /// These.
    pub notes: Vec<NoteRow>,
    /// Whether there are older ones.
    pub more: bool,
    /// How many of the household's notes are unopened, on this page or not.
    pub unread: u32,
}

/// How many notes there may be.
#[derive(Debug, Clone, Copy)]
pub struct MostNotes {
    /// Of one tag.
    pub per_tag: u32,
    /// Of one household.
    pub per_household: u32,
}

/// Notes in the database.
pub struct NoteTable<'a>(pub(super) &'a Store);

impl NoteTable<'_> {
    /// Keeps a note, and says until when; `None` when its tag is gone or paused. One that is there already stays as it is.
    ///
    /// # Errors
    /// `inbox-full` when the limit is reached.
    pub async fn leave(&self, note: NewNoteRow, most: MostNotes) -> Result<Option<SystemTime>> {
        let (kept_until, _) = self
            .0
            .ending(move |transaction| {
                let Some((household, tag_ends)) = standing(transaction, note.tag)? else {
                    return Ok((None, Ended::default()));
                };
                let expires_at = tag_ends.map_or(note.expires_at, |end| end.min(note.expires_at));
                let id = note.envelope.id(note.tag);
                if let Some(kept_until) = end_of(transaction, id)? {
                    return Ok((Some(kept_until), Ended::default()));
                }
                check_room(transaction, note.tag, household, most)?;
                insert(transaction, id, &NewNoteRow { expires_at, ..note })?;
                Ok((Some(expires_at), Ended::notes(household)))
            })
            .await?;
        Ok(kept_until)
    }

    /// A page of a household's notes.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, household: HouseholdId, before: Option<NotesBefore>, most: u32) -> Result<NotesPage> {
        self.0
            .reader
            .transaction(move |transaction| {
                let mut notes = page(transaction, household, before, most.saturating_add(1))?;
                let more = notes.len() > most as usize;
                notes.truncate(most as usize);
                Ok(NotesPage { notes, more, unread: unread(transaction, household)? })
            })
            .await
    }

    /// Marks these notes of the household as opened.
    ///
    /// # Errors
    /// The database's.
    pub async fn mark_read(&self, household: HouseholdId, ids: Vec<NoteId>) -> Result<()> {
        self.0
            .ending(move |transaction| {
                let sql = "UPDATE notes SET read = 1 WHERE id = ?2 AND NOT read \
                           AND tag_id IN (SELECT id FROM tags WHERE household_id = ?1)";
                let mut statement = transaction.prepare_cached(sql)?;
                let mut mark = |id: &NoteId| statement.execute(params![household.as_bytes(), id.as_bytes()]);
                let marked = ids.iter().try_fold(0, |marked, id| Ok::<_, rusqlite::Error>(marked + mark(id)?))?;
                Ok(((), changed(household, marked > 0)))
            })
            .await
            .map(|_| ())
    }

    /// Removes one note of the household's; whether there was one.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete(&self, household: HouseholdId, id: NoteId) -> Result<bool> {
        let (was_there, _) = self
            .0
            .ending(move |transaction| {
                let sql = "DELETE FROM notes WHERE id = ?2 \
                           AND tag_id IN (SELECT id FROM tags WHERE household_id = ?1)";
                let was_there = one_row(transaction.execute(sql, params![household.as_bytes(), id.as_bytes()])?)?;
                Ok((was_there, changed(household, was_there)))
            })
            .await?;
        Ok(was_there)
    }

    /// Removes all notes of the household's, or only those that were opened.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_all(&self, household: HouseholdId, only_read: bool) -> Result<()> {
        self.0
            .ending(move |transaction| {
                let sql = "DELETE FROM notes WHERE (read OR NOT ?2) \
                           AND tag_id IN (SELECT id FROM tags WHERE household_id = ?1)";
                let removed = transaction.execute(sql, params![household.as_bytes(), only_read])?;
                Ok(((), changed(household, removed > 0)))
            })
            .await
            .map(|_| ())
    }
}

/// Whether the household's devices must fetch its notes again.
fn changed(household: HouseholdId, changed: bool) -> Ended {
    if changed { Ended::notes(household) } else { Ended::default() }
}

/// Whose a tag is and when it ends, if it is there and takes notes.
fn standing(transaction: &Transaction<'_>, tag: TagId) -> Result<Option<(HouseholdId, Option<SystemTime>)>> {
    let sql = "SELECT household_id, expires_at FROM tags WHERE id = ?1 AND NOT paused";
    let mut statement = transaction.prepare_cached(sql)?;
    let found = statement.query_row([tag.as_bytes()], |row| {
        Ok((HouseholdId::from_bytes(row.get(0)?), row.get::<_, Option<i64>>(1)?.map(from_millis)))
    });
    Ok(found.optional()?)
}

/// Until when a note that is there is kept.
fn end_of(transaction: &Transaction<'_>, id: NoteId) -> Result<Option<SystemTime>> {
    let sql = "SELECT expires_at FROM notes WHERE id = ?1";
    Ok(transaction.prepare_cached(sql)?.query_row([id.as_bytes()], |row| row.get(0).map(from_millis)).optional()?)
}

fn check_room(transaction: &Transaction<'_>, tag: TagId, household: HouseholdId, most: MostNotes) -> Result<()> {
    let count = |sql: &str, of: &[u8; 16]| -> Result<u32> {
        Ok(transaction.prepare_cached(sql)?.query_row([of], |row| row.get(0))?)
    };
    let of_tag = count("SELECT count(*) FROM notes WHERE tag_id = ?1", tag.as_bytes())?;
    let sql = "SELECT count(*) FROM notes JOIN tags ON tags.id = notes.tag_id WHERE tags.household_id = ?1";
    if of_tag < most.per_tag && count(sql, household.as_bytes())? < most.per_household {
        return Ok(());
    }
    // Nothing is dropped to make room: flooding an inbox must not cost its owner what others wrote.
    Err(Error::new(Kind::Conflict, "inbox-full", "This sticker cannot take more notes right now.")
        .hint("Call instead, or find another way to reach the owner."))
}

fn insert(transaction: &Transaction<'_>, id: NoteId, note: &NewNoteRow) -> Result<()> {
    let sql = "INSERT INTO notes (id, tag_id, kind, minute, envelope, read, expires_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6)";
    transaction.prepare_cached(sql)?.execute(params![
        id.as_bytes(),
        note.tag.as_bytes(),
        note.kind.number(),
        column(note.minute),
        note.envelope.as_bytes(),
        to_millis(note.expires_at),
    ])?;
    Ok(())
}

fn page(
    transaction: &Transaction<'_>,
    household: HouseholdId,
    before: Option<NotesBefore>,
    most: u32,
) -> Result<Vec<NoteRow>> {
    let sql = "SELECT notes.* FROM notes JOIN tags ON tags.id = notes.tag_id WHERE tags.household_id = ?1 \
               AND (?2 IS NULL OR (notes.minute, notes.arrival) < (?2, ?3)) \
               ORDER BY notes.minute DESC, notes.arrival DESC LIMIT ?4";
    let mut statement = transaction.prepare_cached(sql)?;
    let minute = before.map(|NotesBefore(minute, _)| column(minute));
    // Where the note itself is gone, the others of its minute may be shown twice, and no note is left out.
    let arrival =
        before.map(|NotesBefore(_, id)| arrival(transaction, id)).transpose()?.map(|at| at.unwrap_or(i64::MAX));
    let notes = statement.query_map(params![household.as_bytes(), minute, arrival, most], from_row)?;
    Ok(notes.collect::<rusqlite::Result<_>>()?)
}

fn arrival(transaction: &Transaction<'_>, id: NoteId) -> Result<Option<i64>> {
    let mut statement = transaction.prepare_cached("SELECT arrival FROM notes WHERE id = ?1")?;
    Ok(statement.query_row([id.as_bytes()], |row| row.get(0)).optional()?)
}

fn unread(transaction: &Transaction<'_>, household: HouseholdId) -> Result<u32> {
    let sql = "SELECT count(*) FROM notes JOIN tags ON tags.id = notes.tag_id \
               WHERE tags.household_id = ?1 AND NOT notes.read";
    Ok(transaction.prepare_cached(sql)?.query_row([household.as_bytes()], |row| row.get(0))?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<NoteRow> {
    let kind: u8 = row.get("kind")?;
    Ok(NoteRow {
        id: NoteId::from_bytes(row.get("id")?),
        tag: TagId::from_bytes(row.get("tag_id")?),
        kind: NoteKind::from_number(kind).ok_or(rusqlite::Error::IntegralValueOutOfRange(3, kind.into()))?,
        minute: Minute(row.get::<_, i64>("minute")?.unsigned_abs()),
        envelope: Envelope::from_bytes(row.get("envelope")?),
        read: row.get("read")?,
        expires_at: time(row, "expires_at")?,
    })
}

fn column(minute: Minute) -> i64 {
    i64::try_from(minute.0).unwrap_or(i64::MAX)
}
