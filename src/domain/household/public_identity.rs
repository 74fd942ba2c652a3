//! A household's public identity, and the hash of it that stickers carry (`docs/e2e.md`, section 1).
//!
//! The private keys never leave the owners' browsers. The server hands the public ones to callers, who check them
//! against the sticker and so need not trust it.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::domain::error::{Error, Result};

/// Version, signing key, agreement key; the keys are uncompressed points of P-256 (SEC 1, 2.3.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicIdentity([u8; Self::LENGTH]);

impl PublicIdentity {
    /// How many bytes it has.
    pub const LENGTH: usize = 1 + 2 * POINT;

    /// The one that these bytes stand for; whether the points are on the curve is for those to see who use them.
    ///
    /// # Errors
    /// `bad-identity` when they have another form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        <[u8; Self::LENGTH]>::try_from(bytes)
            .ok()
            .filter(|bytes| bytes[0] == VERSION && bytes[1] == UNCOMPRESSED && bytes[1 + POINT] == UNCOMPRESSED)
            .map(Self)
            .ok_or_else(bad_identity)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    /// What a sticker carries of it.
    pub fn key_hash(&self) -> KeyHash {
        let digest = Sha256::new().chain_update("callqr identity\0").chain_update(self.0).finalize();
        let mut hash = [0; 16];
        hash.copy_from_slice(&digest[..16]);
        KeyHash(hash)
    }
}

const VERSION: u8 = 1;
const UNCOMPRESSED: u8 = 4;
const POINT: usize = 65;

fn bad_identity() -> Error {
    Error::invalid("bad-identity", "This isn't a public identity.")
        .hint("Send 131 bytes in base64url: version 1, then the two public keys as uncompressed points of P-256.")
}

impl FromStr for PublicIdentity {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        // One byte more than it may have, so that the buffer bounds what is decoded.
        let mut bytes = [0; Self::LENGTH + 1];
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).map_err(|_| bad_identity())?;
        Self::from_bytes(&bytes[..written])
    }
}

impl fmt::Display for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicIdentity")
    }
}

impl serde::Serialize for PublicIdentity {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// KEYHASH: the first 128 bits of a hash of both public keys.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyHash([u8; 16]);

impl FromStr for KeyHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut hash = [0; 16];
        let written = if text.len() == 22 { URL_SAFE_NO_PAD.decode_slice(text, &mut hash).unwrap_or(0) } else { 0 };
        (written == hash.len())
            .then_some(Self(hash))
            .ok_or_else(|| Error::invalid("bad-code", "This isn't a callqr code.").hint("Scan the sticker again."))
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl serde::Serialize for KeyHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_identity_is_refused() {
        let mut bytes = [7; PublicIdentity::LENGTH];
        (bytes[0], bytes[1], bytes[1 + POINT]) = (1, 4, 4);
        let good = PublicIdentity::from_bytes(&bytes).unwrap();
        assert_eq!(good.to_string().parse::<PublicIdentity>().unwrap(), good);
        for at in [0, 1, 1 + POINT] {
            let mut wrong = bytes;
            wrong[at] ^= 1;
            assert_eq!(PublicIdentity::from_bytes(&wrong).unwrap_err().code, "bad-identity", "byte {at}");
        }
        let text = good.to_string();
        for wrong in ["", "AQ", &text[1..], &format!("{text}A"), &"A".repeat(100_000)] {
            assert_eq!(wrong.parse::<PublicIdentity>().unwrap_err().code, "bad-identity");
        }
    }
}
