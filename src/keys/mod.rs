//! The server's secret keys, all of which live outside the database in one file; the data directory with that file; and
//! the one way in which anything is sealed, [`Sealer`].
//!
//! Some keys last for ever: those that accounts are found by, and that tickets of calls are sealed with. Those that seal
//! fields and sign session tokens can be rotated.
//!
//! Imports `domain`, `files`, `store`. Called by `accounts`, `app`, `auth`, `household`, `hub`, `operator`.

pub mod data_dir;
mod file;
mod ring;
mod rotation;
mod sealer;
mod secrets;
mod soundness;

use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use ::ring::hmac;
use subtle::ConstantTimeEq as _;

use crate::domain::credentials::secret::Secret;
use crate::domain::credentials::stretch::SALT_LENGTH;
use crate::domain::credentials::username::Username;
use crate::domain::household::tag::TokenHash;
use crate::domain::ids::AccountId;
use crate::domain::{Error, Result};
use crate::files;
use crate::store::{SealedColumn, Store, TokenDigest};
pub use file::{CREDENTIAL, KeyFile, credential};
use ring::KeyRing;
pub use ring::SigningKey;
pub use rotation::{Rotation, wrong_keys};
pub use sealer::Sealer;

/// The purpose of the key by which a database knows these keys.
const KEY_CHECK: &str = "key check";
/// Which pepper new password hashes get; it stands in each of them.
const PEPPER_ID: u8 = 1;

/// What a sealed value is: bound to the ciphertext, so that a value cannot be moved to another column or row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// An account's name.
    Username,
    /// An account's emergency contact.
    EmergencyContact,
    /// An account's vehicle number.
    VehicleNumber,
    /// What is noted of a missed call.
    MissedCall,
    /// What kind of device a session is of.
    SessionDevice,
    /// The seed of an authenticator app.
    TotpSeed,
    /// What a passkey is called.
    PasskeyName,
    /// What is known of a passkey.
    PasskeyCredential,
    /// A tag's private label.
    TagLabel,
    /// A tag's public text.
    TagPublicText,
}

impl Field {
    /// Every field.
    pub const ALL: [Self; 10] = [
        Self::Username,
        Self::EmergencyContact,
        Self::VehicleNumber,
        Self::MissedCall,
        Self::SessionDevice,
        Self::TotpSeed,
        Self::PasskeyName,
        Self::PasskeyCredential,
        Self::TagLabel,
        Self::TagPublicText,
    ];

    /// Where values of the field stand.
    pub const fn column(self) -> SealedColumn {
        let (table, row, column) = match self {
            Self::Username => ("accounts", "id", "username_sealed"),
            Self::EmergencyContact => ("accounts", "id", "emergency_contact_sealed"),
            Self::VehicleNumber => ("accounts", "id", "vehicle_number_sealed"),
            Self::MissedCall => ("missed_calls", "id", "call_sealed"),
            Self::SessionDevice => ("sessions", "id", "device_sealed"),
            Self::TotpSeed => ("totp", "account_id", "seed_sealed"),
            Self::PasskeyName => ("passkeys", "id", "name_sealed"),
            Self::PasskeyCredential => ("passkeys", "id", "credential_sealed"),
            Self::TagLabel => ("tags", "id", "label_sealed"),
            Self::TagPublicText => ("tags", "id", "public_text_sealed"),
        };
        SealedColumn { table, row, column }
    }

    const fn name(self) -> &'static [u8] {
        match self {
            Self::Username => b"account.username",
            Self::EmergencyContact => b"account.emergency-contact",
            Self::VehicleNumber => b"account.vehicle-number",
            Self::MissedCall => b"missed-call",
            Self::SessionDevice => b"login.device",
            Self::TotpSeed => b"totp.seed",
            Self::PasskeyName => b"passkey.name",
            Self::PasskeyCredential => b"passkey.credential",
            Self::TagLabel => b"tag.label",
            Self::TagPublicText => b"tag.public-text",
        }
    }

    fn bound_to(self, row: &[u8; 16]) -> Vec<u8> {
        [self.name(), b"\0", row].concat()
    }
}

/// The keys of this installation.
pub struct Keys {
    index: hmac::Key,
    salt: hmac::Key,
    ticket: Secret<[u8; 32]>,
    pepper: Secret<[u8; 32]>,
    check: Secret<[u8; 32]>,
    configuration: hmac::Key,
    device: hmac::Key,
    recovery: hmac::Key,
    tokens: hmac::Key,
    ring: RwLock<Arc<KeyRing>>,
    file: Arc<KeyFile>,
    rotating: tokio::sync::Mutex<()>,
}

impl Keys {
    /// Reads the key file in `directory`, making both when missing.
    ///
    /// # Errors
    /// `directory` or `file` with a remedy when the keys cannot be read or made.
    pub fn open(directory: &Path) -> Result<Self> {
        Self::open_given(directory, None)
    }

    /// As [`Keys::open`]; a `given` key file is read in place of the one in `directory`, and never changed.
    ///
    /// # Errors
    /// As [`Keys::open`].
    pub fn open_given(directory: &Path, given: Option<&Path>) -> Result<Self> {
        files::private_directory(directory)?;
        let file = KeyFile::new(directory, given);
        let secrets = file.read()?;
        let hmac_key = |purpose| hmac::Key::new(hmac::HMAC_SHA256, secrets.lasting(purpose).expose());
        Ok(Self {
            index: hmac_key("username index"),
            salt: hmac_key("password salts"),
            ticket: secrets.lasting("call tickets"),
            pepper: secrets.lasting("password pepper"),
            check: secrets.lasting(KEY_CHECK),
            configuration: hmac_key("configuration digest"),
            device: hmac_key("known devices"),
            recovery: hmac_key("recovery codes"),
            tokens: hmac_key("known tokens"),
            ring: RwLock::new(Arc::new(KeyRing::new(secrets))),
            file: Arc::new(file),
            rotating: tokio::sync::Mutex::default(),
        })
    }

    /// What an account is found by: the same for the same name and for those that look like it, meaningless without the key.
    pub fn username_index(&self, username: &Username) -> [u8; 32] {
        digest(&self.index, &username.look())
    }

    /// What the password of this name is stretched with before it is shown to the server, whether there is such an account or
    /// not: it does not reveal who has one, and nothing need be kept.
    pub fn password_salt(&self, username: &str) -> [u8; SALT_LENGTH] {
        let mut salt = [0; SALT_LENGTH];
        salt.copy_from_slice(&digest(&self.salt, username)[..SALT_LENGTH]);
        salt
    }

    /// What a configuration is recognised by; tells nothing of it without the key.
    pub fn configuration_digest(&self, configuration: &str) -> [u8; 32] {
        digest(&self.configuration, configuration)
    }

    /// Encrypts a value of one row for the database: key id, nonce, ciphertext with its tag.
    pub fn seal(&self, field: Field, row: &[u8; 16], text: &str) -> Vec<u8> {
        self.ring().seal(field, row, text.as_bytes())
    }

    /// Decrypts what [`Keys::seal`] made for the same field and row.
    ///
    /// # Errors
    /// Internal, when the stored bytes were changed, moved or sealed with another key.
    pub fn open_field(&self, field: Field, row: &[u8; 16], sealed: &[u8]) -> Result<String> {
        let plain = self.ring().open(field, row, sealed).ok_or_else(damaged)?;
        String::from_utf8(plain).map_err(|_| damaged())
    }

    /// Takes as long as opening a tag's text, so that a miss takes as long as a hit.
    pub fn open_decoy(&self) {
        self.ring().open_decoy();
    }

    /// Which pepper new password hashes get.
    pub const fn pepper_id(&self) -> u8 {
        PEPPER_ID
    }

    /// The pepper of this id: the secret without which a password's hash cannot be tried against guesses.
    pub fn pepper(&self, id: u8) -> Option<&Secret<[u8; 32]>> {
        (id == PEPPER_ID).then_some(&self.pepper)
    }

    /// The key that seals call tickets; the same after a restart, so that calls survive it.
    pub fn ticket_key(&self) -> [u8; 32] {
        *self.ticket.expose()
    }

    /// The key that signs what known devices are recognised by.
    pub(crate) fn device_key(&self) -> hmac::Key {
        self.device.clone()
    }

    /// What is stored of a recovery code of an account: meaningless without the key.
    pub(crate) fn backup_code_hash(&self, account: AccountId, code: &[u8; 10]) -> [u8; 32] {
        let tag = hmac::sign(&self.recovery, &[&account.as_bytes()[..], code].concat());
        std::array::from_fn(|at| tag.as_ref()[at])
    }

    /// What a tag's token is known by when the tag is long gone: the same for ever, meaningless without the key.
    pub(crate) fn token_digest(&self, token: TokenHash) -> TokenDigest {
        let tag = hmac::sign(&self.tokens, token.as_bytes());
        std::array::from_fn(|at| tag.as_ref()[at])
    }

    /// The key that signs session tokens now.
    pub(crate) fn signing(&self) -> Arc<SigningKey> {
        self.ring().signing()
    }

    /// The keys of session tokens that may be in use at `now`.
    pub(crate) fn verifying(&self, now: SystemTime) -> Vec<Arc<SigningKey>> {
        self.ring().verifying(now)
    }

    async fn has_index_of(&self, store: &Store) -> Result<bool> {
        let check = self.check.expose();
        Ok(store.setup().key_check(*check).await?.ct_eq(check).into())
    }

    fn ring(&self) -> Arc<KeyRing> {
        // A ring is replaced as a whole, so a panic elsewhere does not spoil it.
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, ring: KeyRing) {
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(ring);
    }
}

fn damaged() -> Error {
    Error::internal("a sealed value in the database does not open: it was changed or moved")
}

fn digest(key: &hmac::Key, text: &str) -> [u8; 32] {
    let tag = hmac::sign(key, text.as_bytes());
    std::array::from_fn(|at| tag.as_ref()[at])
}

#[cfg(test)]
mod database_tests;
#[cfg(test)]
mod tests;
