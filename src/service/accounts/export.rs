//! Everything that is an owner's, as one file.

use std::time::SystemTime;

use super::{Accounts, Invite, Profile};
use crate::domain::Result;
use crate::service::audit::Event;
use crate::service::sessions::Identity;

/// What an account's export holds beside its household's tags.
#[derive(Debug)]
pub struct Export {
    /// The account.
    pub profile: Profile,
    /// Invites into its household that were not used yet.
    pub invites: Vec<Invite>,
}

impl Accounts {
    /// What is kept about the asker.
    ///
    /// # Errors
    /// The database's.
    pub async fn export(&self, identity: Identity, now: SystemTime) -> Result<Export> {
        let profile = self.profile(identity).await?;
        let invites = self.invites(Some(identity.member()), now).await?;
        self.audit.note(Event::Exported, Some(identity.account), None);
        Ok(Export { profile, invites })
    }
}
