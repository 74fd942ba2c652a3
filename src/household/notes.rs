//! Notes: kept for a household as callers' browsers sealed them, handed out to its owners' browsers, removed.

use std::time::{Duration, SystemTime};

use crate::domain::audit::coarse;
use crate::domain::household::note::{Envelope, Minute, NoteKind};
use crate::domain::identity::Identity;
use crate::domain::ids::{NoteId, TagId};
use crate::domain::{Error, Kind, Result};
pub use crate::store::{MostNotes as Most, NoteRow, NotesBefore, NotesPage};
use crate::store::{NewNoteRow, Store};

/// Bounds.
#[derive(Debug, Clone, Copy)]
pub struct NoteOptions {
    /// How many there may be.
    pub most: Most,
    /// How long one is kept.
    pub kept: Duration,
}

/// Keeps notes; cheap to clone.
#[derive(Clone)]
pub struct Notes {
    store: Store,
    options: NoteOptions,
}

impl Notes {
    /// Notes in `store`.
    pub const fn new(store: Store, options: NoteOptions) -> Self {
        Self { store, options }
    }

    /// Keeps a note that was written about `now`; says until when, unless it is deleted before, or `None` when its tag was
    /// paused or revoked meanwhile. The same envelope is kept once, however often it comes.
    ///
    /// # Errors
    /// `inbox-full`.
    pub async fn leave(
        &self,
        tag: TagId,
        kind: NoteKind,
        minute: Minute,
        envelope: Envelope,
        now: SystemTime,
    ) -> Result<Option<SystemTime>> {
        // The end stands readable in the database: it must not tell the second in which the note came.
        let note = NewNoteRow { tag, kind, minute, envelope, expires_at: coarse(now + self.options.kept) };
        self.store.notes().leave(note, self.options.most).await
    }

    /// A page of the notes for the member's household, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, owner: Identity, before: Option<NotesBefore>, most: u32) -> Result<NotesPage> {
        self.store.notes().of(owner.household, before, most).await
    }

    /// Every note for the account's household.
    ///
    /// # Errors
    /// The database's.
    pub async fn all(&self, owner: Identity) -> Result<Vec<NoteRow>> {
        Ok(self.list(owner, None, self.options.most.per_household).await?.notes)
    }

    /// Marks these notes as read.
    ///
    /// # Errors
    /// The database's.
    pub async fn mark_read(&self, owner: Identity, ids: Vec<NoteId>) -> Result<()> {
        self.store.notes().mark_read(owner.household, ids).await
    }

    /// Removes a note.
    ///
    /// # Errors
    /// `no-such-note` if the member's household has no note with this ID.
    pub async fn delete(&self, owner: Identity, id: NoteId) -> Result<()> {
        if self.store.notes().delete(owner.household, id).await? {
            return Ok(());
        }
        Err(no_such_note())
    }

    /// Removes all notes for the member's household, or only those that have been read.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_all(&self, owner: Identity, only_read: bool) -> Result<()> {
        self.store.notes().delete_all(owner.household, only_read).await
    }
}

/// The same for a note that never was and one that is another household's.
pub fn no_such_note() -> Error {
    Error::new(Kind::NotFound, "no-such-note", "You don't have this note.").hint("It may already have been deleted.")
}
