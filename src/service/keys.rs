//! The server's secret keys, all derived from one master secret that lives outside the database.
//!
//! HKDF-SHA-256 (RFC 5869) makes one key for each purpose from the master secret, so that no two purposes share one
//! and one file is all that a backup must hold beside the database.

use std::path::Path;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf;
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

use crate::domain::account::Username;
use crate::domain::secret::Secret;
use crate::domain::{Error, Kind, Result, random};
use crate::files;
use crate::store::Store;

/// Which generation of field key sealed a value: the first byte of what is stored, so that keys can be changed later.
const FIELD_KEY_ID: u8 = 1;

/// What a sealed value is: bound to the ciphertext, so that a value cannot be moved to another column or row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// An account's name.
    Username,
    /// An account's emergency contact.
    EmergencyContact,
    /// A tag's private label.
    TagLabel,
    /// A tag's public text.
    TagPublicText,
}

impl Field {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::Username => b"account.username",
            Self::EmergencyContact => b"account.emergency-contact",
            Self::TagLabel => b"tag.label",
            Self::TagPublicText => b"tag.public-text",
        }
    }

    fn bound_to(self, row: &[u8; 16]) -> Aad<Vec<u8>> {
        Aad::from([self.name(), b"\0", row].concat())
    }
}

/// The keys of this installation.
pub struct Keys {
    index: hmac::Key,
    field: LessSafeKey,
    signing: Ed25519KeyPair,
    ticket: Secret<[u8; 32]>,
    check: [u8; 32],
    configuration: hmac::Key,
}

impl Keys {
    /// Reads the master secret in `directory`, making both when missing, and derives the keys.
    ///
    /// # Errors
    /// `directory` or `file` with a remedy when the secret cannot be read or made.
    pub fn open(directory: &Path) -> Result<Self> {
        files::private_directory(directory)?;
        let path = directory.join("master.key");
        let master = match files::read_private(&path, 32)? {
            Some(bytes) => <[u8; 32]>::try_from(bytes).map_err(|_| {
                let message = format!("The key file {} is damaged: it must have 32 bytes.", path.display());
                Error::new(Kind::Unavailable, "file", message).hint("Restore it from a backup.")
            })?,
            None => {
                let fresh = random::bytes();
                files::write_private(&path, &fresh)?;
                fresh
            }
        };
        Ok(Self::derive(Secret::new(master)))
    }

    fn derive(master: Secret<[u8; 32]>) -> Self {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"callqr keys, version 1").extract(master.expose());
        let mut field = subkey(&root, "field encryption 1");
        let mut index = subkey(&root, "username index");
        let mut seed = subkey(&root, "session tokens");
        let mut configuration = subkey(&root, "configuration digest");
        let keys = Self {
            index: hmac::Key::new(hmac::HMAC_SHA256, &index),
            field: LessSafeKey::new(
                UnboundKey::new(&AES_256_GCM, &field).unwrap_or_else(|_| unreachable!("the key has 32 bytes")),
            ),
            signing: Ed25519KeyPair::from_seed_unchecked(&seed)
                .unwrap_or_else(|_| unreachable!("the seed has 32 bytes")),
            ticket: Secret::new(subkey(&root, "call tickets")),
            check: subkey(&root, "key check"),
            configuration: hmac::Key::new(hmac::HMAC_SHA256, &configuration),
        };
        field.zeroize();
        index.zeroize();
        seed.zeroize();
        configuration.zeroize();
        keys
    }

    /// Proves that the accounts in `store` were made with these keys.
    ///
    /// # Errors
    /// `wrong-keys` when they were made with others: nothing could be read and nobody could log in.
    pub async fn check(&self, store: &Store) -> Result<()> {
        if store.setup().key_check(self.check).await?.ct_eq(&self.check).into() {
            return Ok(());
        }
        Err(Error::new(Kind::Unavailable, "wrong-keys", "The file keys/master.key does not belong to this database.")
            .hint("Restore both from the same backup."))
    }

    /// What an account is found by: the same for the same name, meaningless without the key.
    pub fn username_index(&self, username: &Username) -> [u8; 32] {
        digest(&self.index, username.as_str())
    }

    /// What a configuration is recognised by; tells nothing of it without the key.
    pub fn configuration_digest(&self, configuration: &str) -> [u8; 32] {
        digest(&self.configuration, configuration)
    }

    /// Encrypts a value of one row for the database: key id, nonce, ciphertext with its tag.
    pub fn seal(&self, field: Field, row: &[u8; 16], text: &str) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut ciphertext = text.as_bytes().to_vec();
        self.field
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), field.bound_to(row), &mut ciphertext)
            .unwrap_or_else(|_| unreachable!("texts are far shorter than AES-GCM's limit"));
        [&[FIELD_KEY_ID], nonce.as_slice(), &ciphertext].concat()
    }

    /// Decrypts what [`Keys::seal`] made for the same field and row.
    ///
    /// # Errors
    /// Internal, when the stored bytes were changed, moved or sealed with another key.
    pub fn open_field(&self, field: Field, row: &[u8; 16], sealed: &[u8]) -> Result<String> {
        let damaged = || Error::internal("a sealed value in the database does not open: it was changed or moved");
        let (&key_id, rest) = sealed.split_first().ok_or_else(damaged)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or_else(damaged)?;
        if key_id != FIELD_KEY_ID {
            return Err(damaged());
        }
        let mut buffer = ciphertext.to_vec();
        let plain = self
            .field
            .open_in_place(Nonce::assume_unique_for_key(*nonce), field.bound_to(row), &mut buffer)
            .map_err(|_| damaged())?;
        String::from_utf8(plain.to_vec()).map_err(|_| damaged())
    }

    /// The key that seals call tickets; the same after a restart, so that calls survive it.
    pub fn ticket_key(&self) -> [u8; 32] {
        *self.ticket.expose()
    }

    /// The key pair that signs session tokens.
    pub(super) const fn signing(&self) -> &Ed25519KeyPair {
        &self.signing
    }
}

fn digest(key: &hmac::Key, text: &str) -> [u8; 32] {
    let tag = hmac::sign(key, text.as_bytes());
    std::array::from_fn(|at| tag.as_ref()[at])
}

fn subkey(root: &hkdf::Prk, purpose: &str) -> [u8; 32] {
    let mut key = [0; 32];
    root.expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key))
        .unwrap_or_else(|_| unreachable!("32 bytes are within HKDF's limit"));
    key
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn keys() -> Keys {
        Keys::derive(Secret::new([7; 32]))
    }

    #[test]
    fn a_value_opens_only_where_it_was_sealed() {
        let keys = keys();
        let sealed = keys.seal(Field::TagLabel, &[1; 16], "Blue van");
        assert_eq!(keys.open_field(Field::TagLabel, &[1; 16], &sealed).unwrap(), "Blue van");
        assert!(keys.open_field(Field::TagPublicText, &[1; 16], &sealed).is_err(), "another column");
        assert!(keys.open_field(Field::TagLabel, &[2; 16], &sealed).is_err(), "another row");
        assert!(Keys::derive(Secret::new([8; 32])).open_field(Field::TagLabel, &[1; 16], &sealed).is_err());
        assert_ne!(sealed, keys.seal(Field::TagLabel, &[1; 16], "Blue van"), "equal texts must not look equal");
    }

    #[test]
    fn damaged_bytes_are_an_error_at_every_place() {
        let keys = keys();
        let sealed = keys.seal(Field::TagLabel, &[1; 16], "x");
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(keys.open_field(Field::TagLabel, &[1; 16], &damaged).is_err(), "byte {at}");
            assert!(keys.open_field(Field::TagLabel, &[1; 16], &sealed[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn every_purpose_has_its_own_key_and_the_keys_outlive_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys");
        let first = Keys::open(&path).unwrap();
        let second = Keys::open(&path).unwrap();
        assert_eq!(first.ticket_key(), second.ticket_key());
        assert_eq!(first.check, second.check);
        assert_ne!(first.ticket_key(), first.check);
        let name = Username::parse("ada").unwrap();
        assert_eq!(first.username_index(&name), second.username_index(&name));
        assert_ne!(first.username_index(&name), first.username_index(&Username::parse("ade").unwrap()));
        assert_ne!(first.ticket_key(), Keys::open(&directory.path().join("other")).unwrap().ticket_key());
    }

    #[test]
    fn a_damaged_key_file_is_refused_and_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("master.key");
        for bytes in [&[0_u8; 31][..], &[0; 33], &[]] {
            files::write_private(&path, bytes).unwrap();
            let error = Keys::open(directory.path()).map(|_| ()).unwrap_err();
            assert_eq!((error.code, std::fs::read(&path).unwrap().len()), ("file", bytes.len()));
        }
    }
}
