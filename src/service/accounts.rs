//! Accounts: how people get one, what it contains, and how it ends. One file per use.

mod export;
mod invites;
mod profile;
mod register;
mod reset;
mod users;

use std::sync::Arc;

pub use export::Export;
pub use invites::{Invite, InviteLifetime, NewInvite};
pub use profile::{Changes, Household, Profile};
pub use register::Registering;
pub use reset::NewReset;
pub use users::{Ended, User};

use super::audit::Audit;
use super::keys::{Field, Keys};
use super::passwords::{Asker, Passwords, Shown};
use super::sessions::Sessions;
use crate::domain::account::{Registration, Username};
use crate::domain::login_secret::LoginSecret;
use crate::domain::stretch::SALT_LENGTH;
use crate::domain::{Error, Result};
use crate::store::{Account, Store};

/// Who may get an account, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub struct Options {
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
    options: Options,
}

impl Accounts {
    /// Accounts in `store`, whose sessions are `sessions`.
    pub const fn new(
        store: Store,
        keys: Arc<Keys>,
        passwords: Passwords,
        sessions: Sessions,
        audit: Audit,
        options: Options,
    ) -> Self {
        Self { store, keys, passwords, sessions, audit, options }
    }

    /// What the password of this name is to be stretched with; looks alike for a name that nobody has, or nobody can have.
    pub fn password_salt(&self, username: &str) -> [u8; SALT_LENGTH] {
        match Username::parse(username) {
            Ok(username) => self.keys.password_salt(username.as_str()),
            Err(_) => self.keys.password_salt(username),
        }
    }

    /// What somebody of this name, who is known, shows or chooses, to be hashed.
    pub fn shown(&self, username: &str, secret: LoginSecret) -> Shown {
        Shown { secret, salt: self.password_salt(username), by: Asker::Known }
    }

    /// Replaces a hash that is weaker than today's, or of the password itself, now that what it fits is at hand, in the
    /// database and in `account`. That it cannot be replaced keeps nobody out.
    pub async fn upgrade_password(&self, account: &mut Account, secret: LoginSecret) {
        if !self.passwords.is_outdated(&account.password_hash) {
            return;
        }
        let upgrade = async {
            let new_hash = self.passwords.hash(self.shown(&self.username_of(account)?, secret)).await?;
            let old_hash = account.password_hash.clone();
            let id = account.member.account;
            let replaced = self.store.accounts().upgrade_password(id, old_hash, new_hash.clone()).await?;
            Ok(replaced.then_some(new_hash))
        };
        match upgrade.await {
            Ok(Some(new_hash)) => account.password_hash = new_hash,
            Ok(None) => {}
            Err::<_, Error>(error) => {
                tracing::warn!(code = error.code, "a password's hash could not be brought up to date");
            }
        }
    }

    fn username_of(&self, account: &Account) -> Result<String> {
        self.keys.open_field(Field::Username, account.member.account.as_bytes(), &account.username_sealed)
    }
}
