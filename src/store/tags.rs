//! Tags: one row for each sticker that has not been revoked. Revoking deletes the row, so nothing of it is left but a keyed
//! digest of its token, among those of all tags that there ever were: no token is taken in twice.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::Store;
use crate::domain::effect::Ended;
use crate::domain::household::public_identity::PublicIdentity;
use crate::domain::household::tag::{SealedText, TokenHash};
use crate::domain::ids::{HouseholdId, TagId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{from_millis, one_row, time, to_millis};

/// How many tags a household can create in total, as a multiple of how many it may have at once: digests are kept.
pub(super) const MADE_FOR_EACH: u32 = 50;

/// A keyed digest of a token, which tells nothing of it without the key.
pub type TokenDigest = [u8; 16];

/// A tag as stored.
#[derive(Clone)]
pub struct TagRow {
    /// Which.
    pub id: TagId,
    /// Whose.
    pub household: HouseholdId,
    /// All that is known of its token.
    pub token_hash: TokenHash,
    /// The owner's name for it, sealed.
    pub label_sealed: Vec<u8>,
    /// What callers read, sealed.
    pub public_text_sealed: Vec<u8>,
    /// Whether its owner does not want calls now.
    pub paused: bool,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it stops working; `None` to work until revoked.
    pub expires_at: Option<SystemTime>,
    /// The public keys whose hash its sticker carries; `None` where it carries none.
    pub identity: Option<PublicIdentity>,
    /// What callers read, sealed in the owner's browser.
    pub sealed_text: Option<SealedText>,
}

/// A tag to be.
pub struct NewTagRow {
    /// Which.
    pub id: TagId,
    /// Whose.
    pub household: HouseholdId,
    /// What to find it by.
    pub token_hash: TokenHash,
    /// What its token is known by for ever.
    pub token_digest: TokenDigest,
    /// The owner's name for it, sealed.
    pub label_sealed: Vec<u8>,
    /// What callers read, sealed.
    pub public_text_sealed: Vec<u8>,
    /// When it stops working; `None` to work until revoked.
    pub expires_at: Option<SystemTime>,
    /// The public keys whose hash its sticker carries; `None` where it carries none.
    pub identity: Option<PublicIdentity>,
    /// What callers read, sealed in the owner's browser.
    pub sealed_text: Option<SealedText>,
}

/// What changes in a tag; `None` leaves a field as it is.
#[derive(Default)]
pub struct TagRowChanges {
    /// The owner's name for it, sealed.
    pub label_sealed: Option<Vec<u8>>,
    /// What callers read, sealed.
    pub public_text_sealed: Option<Vec<u8>>,
    /// What callers read, sealed in the owner's browser; `Some(None)` for nothing.
    pub sealed_text: Option<Option<SealedText>>,
    /// When it stops working; `Some(None)` to work until revoked.
    pub expires_at: Option<Option<SystemTime>>,
}

/// Tags in the database.
pub struct TagTable<'a>(pub(super) &'a Store);

impl TagTable<'_> {
    /// Adds a tag.
    ///
    /// # Errors
    /// `too-many-tags` when its household has `most` already, or has made very many; `token-taken` when its token is another
    /// tag's, or was one's.
    pub async fn create(&self, tag: NewTagRow, most: u32, now: SystemTime) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                if count(transaction, tag.household)? >= most {
                    let message = format!("A household can have {most} tags, including expired ones.");
                    return Err(Error::new(Kind::Conflict, "too-many-tags", message)
                        .hint("Revoke a tag that you no longer use."));
                }
                count_made(transaction, tag.household, most.saturating_mul(MADE_FOR_EACH))?;
                if by_token(transaction, tag.token_hash)?.is_some() || !know(transaction, &tag.token_digest)? {
                    return Err(Error::new(
                        Kind::Conflict,
                        "token-taken",
                        "This token belongs to another tag, or did once.",
                    )
                    .hint("Generate 32 new random bytes for each sticker."));
                }
                insert(transaction, &tag, now)
            })
            .await
    }

    /// All tags of a household, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, household: HouseholdId) -> Result<Vec<TagRow>> {
        self.0.reader.transaction(move |transaction| of(transaction, household)).await
    }

    /// The tag with this token, whatever its state.
    ///
    /// # Errors
    /// The database's.
    pub async fn by_token(&self, hash: TokenHash) -> Result<Option<TagRow>> {
        self.0.reader.transaction(move |transaction| by_token(transaction, hash)).await
    }

    /// The tag with this id, whosever it is and whatever its state.
    ///
    /// # Errors
    /// The database's.
    pub async fn by_id(&self, id: TagId) -> Result<Option<TagRow>> {
        self.0.reader.transaction(move |transaction| by_id(transaction, id)).await
    }

    /// Pauses or resumes a tag of `household`; the tag as it is then, `None` when the household has no such tag.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_paused(&self, household: HouseholdId, id: TagId, paused: bool) -> Result<Option<TagRow>> {
        let (tag, _) = self
            .0
            .ending(move |transaction| {
                let sql = "UPDATE tags SET paused = ?3 WHERE id = ?2 AND household_id = ?1 RETURNING *";
                let mut statement = transaction.prepare_cached(sql)?;
                let values = params![household.as_bytes(), id.as_bytes(), paused];
                let tag = statement.query_row(values, from_row).optional()?;
                let withdrawn = tag.as_ref().filter(|tag| tag.paused).map(|tag| tag.id);
                Ok((tag, Ended { tags: withdrawn.into_iter().collect(), ..Ended::default() }))
            })
            .await?;
        Ok(tag)
    }

    /// Changes a tag, of `household` or for the operator (`None`) any; the tag as it is then, `None` when there is no such
    /// tag. Notes that came through it never outlast it.
    ///
    /// # Errors
    /// The database's.
    pub async fn change(
        &self,
        household: Option<HouseholdId>,
        id: TagId,
        changes: TagRowChanges,
    ) -> Result<Option<TagRow>> {
        self.0
            .writer
            .transaction(move |transaction| {
                let tag = by_id(transaction, id)?;
                let Some(tag) = tag.filter(|tag| household.is_none_or(|household| tag.household == household)) else {
                    return Ok(None);
                };
                change(transaction, tag.id, &changes)?;
                by_id(transaction, tag.id)
            })
            .await
    }

    /// Deletes a tag with the notes that came through it: one of `household`, or for the operator (`None`) any tag.
    /// Whether there was one.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete(&self, household: Option<HouseholdId>, id: TagId) -> Result<bool> {
        let (was_there, _) = self
            .0
            .ending(move |transaction| {
                let sql = "DELETE FROM tags WHERE id = ?2 AND (?1 IS NULL OR household_id = ?1) RETURNING household_id";
                let values = params![household.as_ref().map(HouseholdId::as_bytes), id.as_bytes()];
                let whose = transaction.query_row(sql, values, |row| row.get(0).map(HouseholdId::from_bytes));
                let Some(household) = whose.optional()? else { return Ok((false, Ended::default())) };
                Ok((true, Ended { tags: vec![id], ..Ended::notes(household) }))
            })
            .await?;
        Ok(was_there)
    }
}

fn count(transaction: &Transaction<'_>, household: HouseholdId) -> Result<u32> {
    let sql = "SELECT count(*) FROM tags WHERE household_id = ?1";
    Ok(transaction.query_row(sql, [household.as_bytes()], |row| row.get(0))?)
}

/// Counts a tag that a household makes, or refuses it.
fn count_made(transaction: &Transaction<'_>, household: HouseholdId, most: u32) -> Result<()> {
    let sql = "UPDATE households SET tags_made = tags_made + 1 WHERE id = ?1 RETURNING tags_made";
    let made: Option<u32> = transaction.query_row(sql, [household.as_bytes()], |row| row.get(0)).optional()?;
    if made.is_some_and(|made| made > most) {
        let message = format!("A household can create {most} tags in total, including revoked and expired ones.");
        return Err(Error::new(Kind::Conflict, "too-many-tags", message)
            .hint("Ask the operator to raise tags.max_per_household."));
    }
    Ok(())
}

/// Keeps a token's digest; whether it is new.
fn know(transaction: &Transaction<'_>, digest: &TokenDigest) -> Result<bool> {
    let sql = "INSERT INTO known_tokens (digest) VALUES (?1) ON CONFLICT DO NOTHING";
    one_row(transaction.prepare_cached(sql)?.execute([digest])?)
}

fn insert(transaction: &Transaction<'_>, tag: &NewTagRow, now: SystemTime) -> Result<()> {
    let sql = "INSERT INTO tags (id, household_id, token_hash, label_sealed, public_text_sealed, paused, created_at, \
               expires_at, identity, sealed_text) VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9)";
    transaction.prepare_cached(sql)?.execute(params![
        tag.id.as_bytes(),
        tag.household.as_bytes(),
        tag.token_hash.as_bytes(),
        tag.label_sealed,
        tag.public_text_sealed,
        to_millis(now),
        tag.expires_at.map(to_millis),
        tag.identity.as_ref().map(PublicIdentity::as_bytes),
        tag.sealed_text.as_ref().map(SealedText::as_bytes),
    ])?;
    Ok(())
}

fn change(transaction: &Transaction<'_>, id: TagId, changes: &TagRowChanges) -> Result<()> {
    let id = id.as_bytes();
    if let Some(sealed) = &changes.label_sealed {
        transaction.execute("UPDATE tags SET label_sealed = ?2 WHERE id = ?1", params![id, sealed])?;
    }
    if let Some(sealed) = &changes.public_text_sealed {
        transaction.execute("UPDATE tags SET public_text_sealed = ?2 WHERE id = ?1", params![id, sealed])?;
    }
    if let Some(sealed) = &changes.sealed_text {
        let bytes = sealed.as_ref().map(SealedText::as_bytes);
        transaction.execute("UPDATE tags SET sealed_text = ?2 WHERE id = ?1", params![id, bytes])?;
    }
    if let Some(end) = changes.expires_at {
        let end = end.map(to_millis);
        transaction.execute("UPDATE tags SET expires_at = ?2 WHERE id = ?1", params![id, end])?;
        let sooner = "UPDATE notes SET expires_at = ?2 WHERE tag_id = ?1 AND expires_at > ?2";
        transaction.execute(sooner, params![id, end])?;
    }
    Ok(())
}

fn of(transaction: &Transaction<'_>, household: HouseholdId) -> Result<Vec<TagRow>> {
    let sql = "SELECT * FROM tags WHERE household_id = ?1 ORDER BY created_at DESC, id";
    let mut statement = transaction.prepare_cached(sql)?;
    let tags = statement.query_map([household.as_bytes()], from_row)?;
    Ok(tags.collect::<rusqlite::Result<_>>()?)
}

fn by_token(transaction: &Transaction<'_>, hash: TokenHash) -> Result<Option<TagRow>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM tags WHERE token_hash = ?1")?;
    Ok(statement.query_row([hash.as_bytes()], from_row).optional()?)
}

fn by_id(transaction: &Transaction<'_>, id: TagId) -> Result<Option<TagRow>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM tags WHERE id = ?1")?;
    Ok(statement.query_row([id.as_bytes()], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<TagRow> {
    Ok(TagRow {
        id: TagId::from_bytes(row.get("id")?),
        household: HouseholdId::from_bytes(row.get("household_id")?),
        token_hash: TokenHash::from_bytes(row.get("token_hash")?),
        label_sealed: row.get("label_sealed")?,
        public_text_sealed: row.get("public_text_sealed")?,
        paused: row.get("paused")?,
        created_at: time(row, "created_at")?,
        expires_at: row.get::<_, Option<i64>>("expires_at")?.map(from_millis),
        identity: row.get::<_, Option<Vec<u8>>>("identity")?.and_then(|bytes| PublicIdentity::from_bytes(&bytes).ok()),
        sealed_text: row.get::<_, Option<Vec<u8>>>("sealed_text")?.and_then(|bytes| SealedText::parse(bytes).ok()),
    })
}
