//! The vault's keys that requests bring, and the proofs that they are the vault's.

use crate::domain::Error;
use crate::domain::household::vault::{PossessionProof, RewrappedKey, UnlockMethod, WrappedKey};
use crate::web::error::ApiError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The vault's key, wrapped for a password that is being set.
pub fn for_password(text: &str) -> Result<WrappedKey, Error> {
    WrappedKey::parse(&URL_SAFE_NO_PAD.decode(text).unwrap_or_default(), UnlockMethod::Password)
}

/// The same, with its possession proof.
pub fn rewrapped(wrapped: &str, shown: &str) -> Result<RewrappedKey, Error> {
    Ok(RewrappedKey { wrapped: for_password(wrapped)?, holder: holder(shown)? })
}

/// The vault's key, wrapped with a secret in a link for someone else, with its possession proof.
pub fn for_member(wrapped: &str, shown: &str) -> Result<RewrappedKey, Error> {
    let wrapped = WrappedKey::for_invite(&URL_SAFE_NO_PAD.decode(wrapped).unwrap_or_default())?;
    Ok(RewrappedKey { wrapped, holder: holder(shown)? })
}

/// A browser's possession proof for the vault's key.
pub fn holder(text: &str) -> Result<PossessionProof, Error> {
    PossessionProof::parse(&URL_SAFE_NO_PAD.decode(text).unwrap_or_default())
}

pub fn digest(text: &str) -> Result<[u8; 32], ApiError> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| {
        Error::invalid("bad-way-in", "A passkey is identified by the SHA-256 of its credential ID.")
            .hint("Send 32 bytes in base64url.")
            .into()
    })
}
