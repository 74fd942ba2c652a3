//! Everything that is an owner's, as one file.

use std::time::SystemTime;

use super::{Accounts, InviteRecord, Profile};
use crate::audit::{Entry, Event};
use crate::domain::Result;
use crate::domain::account::InviteKind;
use crate::domain::identity::Identity;

/// What an account's export begins with.
#[derive(Debug)]
pub struct Export {
    /// The account.
    pub profile: Profile,
    /// Invites that were not used yet: those into its household, and those that it made.
    pub invites: Vec<InviteRecord>,
    /// Security events that concern it, the latest first; this export is one.
    pub events: Vec<Entry>,
}

impl Accounts {
    /// What is kept about the member.
    ///
    /// # Errors
    /// The database's.
    pub async fn export(&self, identity: Identity, now: SystemTime) -> Result<Export> {
        let profile = self.profile(identity).await?;
        let mut invites = self.invites(Some(identity.member()), now).await?;
        // Administrators may take back what others offered, and that is not theirs for it.
        invites.retain(|invite| invite.kind == InviteKind::Household || invite.account == Some(identity.account));
        self.audit.note_at(Event::Exported, Some(identity.account), None, now);
        Ok(Export { profile, invites, events: self.audit.of(identity.account).await? })
    }
}
