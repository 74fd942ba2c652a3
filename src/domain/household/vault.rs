//! The household's vault as the server sees it (`docs/e2e.md`, section 4): ciphertext with a number on it.

use sha2::{Digest as _, Sha256};

use crate::domain::error::{Error, Result};

/// A sealed vault; only its form and its revision can be seen.
#[derive(Clone)]
pub struct SealedVault(Vec<u8>);

impl SealedVault {
    /// The most bytes: room for the keys and texts of some hundred stickers.
    pub const MAX: usize = 512 * 1024;

    /// Checks what a browser sends.
    ///
    /// # Errors
    /// `bad-vault` when it does not have the form.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        const HEADER: usize = 1 + 8;
        const SEAL: usize = 12 + 16;
        const STEP: usize = 4096;
        let content = bytes.len().saturating_sub(HEADER + SEAL);
        let vault = Self(bytes);
        if content > 0
            && content.is_multiple_of(STEP)
            && vault.0.len() <= Self::MAX
            && vault.0[0] == 1
            && (1..i64::MAX as u64).contains(&vault.revision())
        {
            return Ok(vault);
        }
        Err(Error::invalid("bad-vault", "This isn't a sealed vault.")
            .hint("Seal it as docs/e2e.md describes; it can have up to 512 KiB."))
    }

    /// Counts the vault's states.
    pub fn revision(&self) -> u64 {
        self.0[1..9].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Derived from the vault's key and shown when changing the vault, so that a session alone can destroy nothing.
#[derive(Clone, Copy)]
pub struct PossessionProof([u8; 32]);

impl PossessionProof {
    /// How many bytes it has.
    pub const LENGTH: usize = 32;

    /// Checks what a browser shows.
    ///
    /// # Errors
    /// `bad-proof` when it does not have the form.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        bytes.try_into().map(Self).map_err(|_| {
            Error::invalid("bad-proof", "This isn't a possession proof for a vault's key.")
                .hint("Derive 32 bytes as docs/e2e.md, section 4, describes.")
        })
    }

    /// What the server keeps, which is not enough to show it.
    pub fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }
}

/// The vault's key, wrapped by somebody who shows that it is the key: for the account's new password, or for a member.
#[derive(Clone, Copy)]
pub struct RewrappedKey {
    /// As it was wrapped.
    pub wrapped: WrappedKey,
    /// Of the key that the vault has now: a page that was left open may have an old one, and would shut its owner out.
    pub holder: PossessionProof,
}

/// In which way somebody opens the vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnlockMethod {
    /// With the account's password.
    Password,
    /// With a code on paper.
    Recovery,
    /// With a passkey whose authenticator has the PRF extension.
    Passkey,
}

impl UnlockMethod {
    /// The number that stands in a wrap.
    pub const fn kind(self) -> u8 {
        match self {
            Self::Password => 1,
            Self::Recovery => 2,
            Self::Passkey => 3,
        }
    }

    /// The way with this number.
    pub const fn from_kind(kind: u8) -> Option<Self> {
        match kind {
            1 => Some(Self::Password),
            2 => Some(Self::Recovery),
            3 => Some(Self::Passkey),
            _ => None,
        }
    }
}

/// The vault's key, wrapped for one way in.
#[derive(Clone, Copy)]
pub struct WrappedKey([u8; Self::LENGTH]);

impl WrappedKey {
    /// How many bytes it has.
    pub const LENGTH: usize = 62;

    /// Checks what a browser sends.
    ///
    /// # Errors
    /// `bad-wrap` when it is not a wrap for this way.
    pub fn parse(bytes: &[u8], way: UnlockMethod) -> Result<Self> {
        <[u8; Self::LENGTH]>::try_from(bytes)
            .ok()
            .filter(|bytes| bytes[..2] == [1, way.kind()])
            .map(Self)
            .ok_or_else(|| Error::invalid("bad-wrap", "This isn't a wrapped key for this unlock method."))
    }

    /// Checks what a browser sends for an invite, which is a way in for somebody who has no account yet.
    ///
    /// # Errors
    /// `bad-wrap` when it is not a wrap for an invite.
    pub fn for_invite(bytes: &[u8]) -> Result<Self> {
        const INVITE: u8 = 4;
        let bytes = <[u8; Self::LENGTH]>::try_from(bytes).ok().filter(|bytes| bytes[..2] == [1, INVITE]);
        bytes.map(Self).ok_or_else(|| Error::invalid("bad-wrap", "This isn't a wrapped key for an invite."))
    }

    /// The one that these stored bytes stand for.
    pub const fn from_bytes(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_vault_is_refused() {
        let mut bytes = vec![0; 1 + 8 + 12 + 4096 + 16];
        (bytes[0], bytes[8]) = (1, 7);
        assert_eq!(SealedVault::parse(bytes.clone()).unwrap().revision(), 7);
        let refused = |bytes: Vec<u8>| SealedVault::parse(bytes).err().unwrap().code;
        for (at, value) in [(0, 2), (1, 0x80), (8, 0)] {
            let mut wrong = bytes.clone();
            wrong[at] = value;
            assert_eq!(refused(wrong), "bad-vault", "byte {at}");
        }
        for length in [0, 1, 36, 37, 38, bytes.len() - 1, bytes.len() + 1, SealedVault::MAX + 4096] {
            let mut wrong = bytes.clone();
            wrong.resize(length, 0);
            assert_eq!(refused(wrong), "bad-vault", "{length} bytes");
        }
    }

    #[test]
    fn a_wrap_says_for_which_way_it_is() {
        let mut bytes = [0; WrappedKey::LENGTH];
        for way in [UnlockMethod::Password, UnlockMethod::Recovery, UnlockMethod::Passkey] {
            bytes[..2].copy_from_slice(&[1, way.kind()]);
            assert!(WrappedKey::parse(&bytes, way).is_ok());
            assert_eq!(UnlockMethod::from_kind(way.kind()), Some(way));
        }
        assert_eq!(WrappedKey::parse(&bytes, UnlockMethod::Password).err().unwrap().code, "bad-wrap");
        assert_eq!(WrappedKey::parse(&bytes[1..], UnlockMethod::Passkey).err().unwrap().code, "bad-wrap");
    }
}
