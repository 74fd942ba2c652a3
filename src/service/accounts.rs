//! Accounts: how people get one, what it contains, and how it ends. One file per use.

mod export;
mod invites;
mod profile;
mod register;
mod reset;
mod users;

use std::sync::Arc;
use std::time::SystemTime;

pub use export::Export;
pub use invites::{Invite, InviteLifetime, NewInvite};
pub use profile::{Changes, Household, Profile};
pub use register::Registering;
pub use reset::NewReset;
pub use users::{Ended, User};

use super::audit::Audit;
use super::keys::{Field, Keys};
use super::passwords::Passwords;
use super::sessions::{Begun, Sessions};
use crate::domain::account::{Password, Registration, Username};
use crate::domain::secret::Secret;
use crate::domain::{Error, Kind, Result};
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

    /// Logs somebody in who knows a name and its password.
    ///
    /// # Errors
    /// `wrong-credentials`, the same and after the same time for an unknown name, for a wrong password and for a
    /// disabled account; `busy`.
    pub async fn log_in(&self, username: &str, password: String, now: SystemTime) -> Result<Begun> {
        let account = match Username::parse(username) {
            Ok(username) => self.store.accounts().by_username(self.keys.username_index(&username)).await?,
            Err(_) => None,
        };
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let password = Secret::new(password);
        let fits = self.passwords.verify(Password::attempt(password.expose().clone()), hash).await?;
        match account {
            Some(account) if fits && !account.disabled => {
                self.upgrade_password(&account, password).await;
                self.sessions.begin(account.member, now).await
            }
            _ => Err(Error::new(Kind::Unauthenticated, "wrong-credentials", "The username or the password is wrong.")
                .hint("Check both and try again.")),
        }
    }

    /// Replaces a hash that is weaker than today's, now that its password is at hand. That it cannot be replaced keeps
    /// nobody out.
    pub async fn upgrade_password(&self, account: &Account, password: Secret<String>) {
        if !self.passwords.is_outdated(&account.password_hash) {
            return;
        }
        let upgrade = async {
            let new_hash = self.passwords.hash(Password::attempt(password.expose().clone())).await?;
            let old_hash = account.password_hash.clone();
            self.store.accounts().upgrade_password(account.member.account, old_hash, new_hash).await
        };
        if let Err(error) = upgrade.await {
            tracing::warn!(code = error.code, "a password's hash could not be brought up to date");
        }
    }

    fn username_of(&self, account: &Account) -> Result<String> {
        self.keys.open_field(Field::Username, account.member.account.as_bytes(), &account.username_sealed)
    }
}
