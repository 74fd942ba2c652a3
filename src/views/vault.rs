//! The vault as a member sees it.

use crate::domain::household::vault::UnlockMethod;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::household::vaults::{VaultRow, WrappedKeyRow};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

/// Everything an account needs to open its household's vault except the secret. Byte strings are base64url.
#[derive(Serialize, ToSchema)]
pub struct Vault {
    #[schema(value_type = String)]
    household: HouseholdId,
    /// The account.
    #[schema(value_type = String)]
    account: AccountId,
    /// The sealed vault; `null` if there isn't one yet.
    #[schema(required = true)]
    blob: Option<String>,
    /// The account's unlock methods.
    wraps: Vec<KeyForMethod>,
    /// The vault's key, wrapped by another member with the secret in their link; left out if nobody is sharing it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    handover: Option<String>,
}

/// An unlock method.
#[derive(Serialize, ToSchema)]
#[schema(as = UnlockMethod)]
pub struct KeyForMethod {
    /// `password`, `recovery` or `passkey`.
    #[schema(value_type = String, pattern = "^(password|recovery|passkey)$")]
    way: UnlockMethod,
    /// The SHA-256 of a passkey's credential ID; `null` for other methods.
    #[schema(required = true)]
    credential: Option<String>,
    /// The vault's key, wrapped.
    wrapped: String,
}

impl Vault {
    /// The household's vault as its member may see it.
    pub fn new(vault: VaultRow, member: Identity) -> Self {
        Self {
            household: member.household,
            account: member.account,
            blob: vault.blob.map(|blob| URL_SAFE_NO_PAD.encode(blob)),
            wraps: vault.wraps.into_iter().map(KeyForMethod::from).collect(),
            handover: vault.handover.map(|wrapped| URL_SAFE_NO_PAD.encode(wrapped.as_bytes())),
        }
    }
}

impl From<WrappedKeyRow> for KeyForMethod {
    fn from(row: WrappedKeyRow) -> Self {
        Self {
            way: row.way,
            credential: row.credential.map(|digest| URL_SAFE_NO_PAD.encode(digest)),
            wrapped: URL_SAFE_NO_PAD.encode(row.wrapped.as_bytes()),
        }
    }
}
