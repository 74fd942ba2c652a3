//! What a change in the database means for those who are connected at that moment.

use super::ids::{HouseholdId, SessionId, TagId};

/// One thing that those who are connected must learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Its device leaves presence and every call.
    SessionEnded(SessionId),
    /// It has new secrets: what was connected by the old ones comes back by the new ones, or not at all.
    LoginRenewed(SessionId),
    /// Calls through its sticker end.
    TagWithdrawn(TagId),
    /// The household's devices fetch its notes again.
    NotesChanged(HouseholdId),
    /// The household's devices look again who is in it, and who waits to be let into its vault.
    MembersChanged(HouseholdId),
}

/// What ended with one transaction, or is not what it was before.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ended {
    /// These sessions ended.
    pub sessions: Vec<SessionId>,
    /// These tags were paused, revoked or deleted.
    pub tags: Vec<TagId>,
    /// This household's notes changed.
    pub notes: Option<HouseholdId>,
    /// In this household, somebody asked to be let into the vault, or was let in.
    pub members: Option<HouseholdId>,
    /// This session was given new secrets.
    pub renewed: Option<SessionId>,
}

impl Ended {
    /// Sessions, and nothing else.
    pub fn sessions(sessions: Vec<SessionId>) -> Self {
        Self { sessions, ..Self::default() }
    }

    /// A household's notes, and nothing else.
    pub fn notes(household: HouseholdId) -> Self {
        Self { notes: Some(household), ..Self::default() }
    }

    /// Who waits to be let into a household's vault, and nothing else.
    pub fn members(household: HouseholdId) -> Self {
        Self { members: Some(household), ..Self::default() }
    }

    /// What follows, in this order, so that an ended session hears of nothing else.
    pub fn effects(&self) -> impl Iterator<Item = Effect> + '_ {
        let sessions = self.sessions.iter().copied().map(Effect::SessionEnded);
        let tags = self.tags.iter().copied().map(Effect::TagWithdrawn);
        let notes = self.notes.map(Effect::NotesChanged);
        let members = self.members.map(Effect::MembersChanged);
        sessions.chain(tags).chain(notes).chain(members).chain(self.renewed.map(Effect::LoginRenewed))
    }
}
