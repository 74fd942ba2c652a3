//! Accounts: how people get one, what it contains, and how it ends. One file per use.
//!
//! Imports `audit`, `auth`, `domain`, `keys`, `store`. Called by `app`, `operator`, `views`, `web`.

mod export;
mod invites;
mod profile;
mod register;
mod reset;
pub mod setup;
mod users;

use std::sync::Arc;

pub use export::Export;
pub use invites::{InviteRecord, NewInvite};
pub use profile::{Changes, HouseholdRecord, Profile};
pub use register::Registering;
pub use reset::NewReset;
pub use users::UserRecord;

use crate::audit::Audit;
use crate::auth::passwords::Passwords;
use crate::auth::sessions::Sessions;
use crate::domain::Result;
use crate::domain::account::Registration;
use crate::keys::{Field, Keys};
use crate::store::{AccountRow, Store};

/// Who may get an account, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct AccountOptions {
    /// Who may register, once there is an account.
    pub registration: Registration,
    /// The most accounts of this server.
    pub max: u32,
}

/// Registers people, logs them in and keeps their accounts; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    keys: Arc<Keys>,
    passwords: Passwords,
    sessions: Sessions,
    audit: Audit,
    options: AccountOptions,
}

impl Accounts {
    /// Accounts in `store`, whose sessions are `sessions`.
    pub const fn new(
        store: Store,
        keys: Arc<Keys>,
        passwords: Passwords,
        sessions: Sessions,
        audit: Audit,
        options: AccountOptions,
    ) -> Self {
        Self { store, keys, passwords, sessions, audit, options }
    }

    fn username_of(&self, account: &AccountRow) -> Result<String> {
        self.keys.open_field(Field::Username, account.member.account.as_bytes(), &account.username_sealed)
    }
}

#[cfg(test)]
mod tests;
