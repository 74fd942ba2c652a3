//! Accounts: the first one is made through the set-up link; then people log in.

use std::sync::Arc;
use std::time::SystemTime;

use super::keys::{Field, Keys};
use super::passwords::Passwords;
use super::sessions::{Begun, Identity, Prepared, Sessions};
use super::setup;
use crate::domain::account::{Member, Password, Username};
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
use crate::store::{NewAccount, Store};

/// The most characters of an emergency contact.
const MAX_CONTACT_CHARS: usize = 200;

/// What somebody sends to register.
pub struct Registration {
    /// The name to log in with.
    pub username: String,
    /// The password, at least ten characters.
    pub password: String,
    /// Whom to reach when the owner cannot be: free text, for the owner alone.
    pub emergency_contact: Option<String>,
    /// The secret of the set-up link.
    pub setup_token: Option<String>,
}

/// What an account's owner sees of it.
pub struct Profile {
    /// Which.
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
    /// Whom to reach otherwise.
    pub emergency_contact: Option<String>,
}

/// Registers people and logs them in; cheap to clone.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    keys: Arc<Keys>,
    passwords: Passwords,
    sessions: Sessions,
}

impl Accounts {
    /// Accounts in `store`, whose sessions are `sessions`.
    pub const fn new(store: Store, keys: Arc<Keys>, passwords: Passwords, sessions: Sessions) -> Self {
        Self { store, keys, passwords, sessions }
    }

    /// Whether there is no account yet, so that the set-up link works.
    ///
    /// # Errors
    /// The database's.
    pub async fn awaits_setup(&self) -> Result<bool> {
        self.store.accounts().any().await.map(|any| !any)
    }

    /// Makes the first account and logs it in.
    ///
    /// # Errors
    /// `registration-closed` when there is one, `setup-link` without a token that works, the rules of
    /// [`Username`] and [`Password`], `contact-too-long`, and `busy`.
    pub async fn register(&self, registration: Registration, now: SystemTime) -> Result<Begun> {
        let Registration { username, password, emergency_contact, setup_token } = registration;
        let token_hash = setup::digest(setup_token.as_deref().unwrap_or_default());
        // Before the expensive part, so that nobody without a token can make the server hash passwords.
        self.store.accounts().check_first(token_hash, now).await?;
        let username = Username::parse(&username)?;
        let password = Password::choose(password)?;
        let contact = emergency_contact.as_deref().map(parse_contact).transpose()?.filter(|text| !text.is_empty());

        let id = AccountId::random();
        let member = Member { account: id, household: HouseholdId::random(), administrator: true };
        let password_hash = self.passwords.hash(password).await?;
        let account = NewAccount {
            member,
            username_index: self.keys.username_index(&username),
            username_sealed: self.keys.seal(Field::Username, id.as_bytes(), username.as_str()),
            emergency_contact_sealed: contact.map(|text| self.keys.seal(Field::EmergencyContact, id.as_bytes(), &text)),
            vehicle_number_sealed: None,
            password_hash,
        };
        let Prepared { row, begun } = self.sessions.prepare(member, now);
        self.store.accounts().create_first(account, row, token_hash, now).await?;
        tracing::info!("the first account was made; registration is closed");
        Ok(begun)
    }

    /// Logs somebody in who knows a name and its password.
    ///
    /// # Errors
    /// `wrong-credentials`, the same and after the same time for an unknown name and for a wrong password; `busy`.
    pub async fn log_in(&self, username: &str, password: String, now: SystemTime) -> Result<Begun> {
        let account = match Username::parse(username) {
            Ok(username) => self.store.accounts().by_username(self.keys.username_index(&username)).await?,
            Err(_) => None,
        };
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let fits = self.passwords.verify(Password::attempt(password), hash).await?;
        match account {
            Some(account) if fits => self.sessions.begin(account.member, now).await,
            _ => Err(Error::new(Kind::Unauthenticated, "wrong-credentials", "The username or the password is wrong.")
                .hint("Check both and try again.")),
        }
    }

    /// What the asker's own account contains.
    ///
    /// # Errors
    /// The database's.
    pub async fn profile(&self, identity: Identity) -> Result<Profile> {
        let row = identity.account.as_bytes();
        let account = self
            .store
            .accounts()
            .by_id(identity.account)
            .await?
            .ok_or_else(|| Error::new(Kind::NotFound, "no-account", "This account does not exist any more."))?;
        let contact = account.emergency_contact_sealed.as_deref();
        Ok(Profile {
            id: account.member.account,
            username: self.keys.open_field(Field::Username, row, &account.username_sealed)?,
            emergency_contact: contact
                .map(|sealed| self.keys.open_field(Field::EmergencyContact, row, sealed))
                .transpose()?,
        })
    }
}

fn parse_contact(text: &str) -> Result<String> {
    let cleaned: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cleaned.chars().count() > MAX_CONTACT_CHARS {
        let message = format!("An emergency contact has at most {MAX_CONTACT_CHARS} characters.");
        return Err(Error::invalid("contact-too-long", message));
    }
    Ok(cleaned)
}
