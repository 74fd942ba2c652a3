//! The vault as a member sees it, and the keys that requests bring.

use crate::domain::Error;
use crate::domain::household::vault::{PossessionProof, RewrappedKey, UnlockMethod, WrappedKey};
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::household::vaults::WrappedKeyRow;
use crate::web::error::ApiError;
use crate::web::state::SharedState;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use std::time::SystemTime;
use utoipa::ToSchema;

/// Everything an account needs to open its household's vault except the secret. Byte strings are base64url.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Vault)]
pub struct Opened {
    #[schema(value_type = String)]
    pub household: HouseholdId,
    /// The account.
    #[schema(value_type = String)]
    pub account: AccountId,
    /// The sealed vault; `null` if there isn't one yet.
    #[schema(required = true)]
    pub blob: Option<String>,
    /// The account's unlock methods.
    wraps: Vec<Way>,
    /// The vault's key, wrapped by another member with the secret in their link; left out if nobody is sharing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub handover: Option<String>,
}

/// An unlock method.
#[derive(Serialize, ToSchema)]
#[schema(as = UnlockMethod)]
pub struct Way {
    /// `password`, `recovery` or `passkey`.
    #[schema(value_type = String, pattern = "^(password|recovery|passkey)$")]
    pub way: UnlockMethod,
    /// The SHA-256 of a passkey's credential ID; `null` for other methods.
    #[schema(required = true)]
    pub credential: Option<String>,
    /// The vault's key, wrapped.
    wrapped: String,
}

/// The household's vault as its member may see it.
pub async fn of(state: &SharedState, owner: Identity) -> Result<Opened, ApiError> {
    let vault = state.vaults.vault(owner, SystemTime::now()).await?;
    let way = |wrap: WrappedKeyRow| Way {
        way: wrap.way,
        credential: wrap.credential.map(|digest| URL_SAFE_NO_PAD.encode(digest)),
        wrapped: URL_SAFE_NO_PAD.encode(wrap.wrapped.as_bytes()),
    };
    Ok(Opened {
        household: owner.household,
        account: owner.account,
        blob: vault.blob.map(|blob| URL_SAFE_NO_PAD.encode(blob)),
        wraps: vault.wraps.into_iter().map(way).collect(),
        handover: vault.handover.map(|wrapped| URL_SAFE_NO_PAD.encode(wrapped.as_bytes())),
    })
}

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
