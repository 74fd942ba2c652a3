//! `/api/v1/vault`: the household's vault, which only its owners' browsers can open (`docs/e2e.md`, section 4).

use crate::views::vault::Vault;
use crate::web::extract::vault_keys::digest;
use crate::web::extract::vault_keys::for_member;
use crate::web::extract::vault_keys::holder;
use std::time::SystemTime;

use axum::Json as Answer;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::household::vault::{PossessionProof, SealedVault, UnlockMethod, WrappedKey};
use crate::domain::identity::Identity;
use crate::domain::ids::AccountId;
use crate::household::vaults::WrappedKeyRow;
use crate::views::timestamp::rfc3339;
use crate::web::error::ApiError;
use crate::web::extract::identity::RecentlyAuthenticated;
use crate::web::extract::request::{Authority, Json, PathParams, read};
use crate::web::state::SharedState;

/// A new vault. Byte strings are base64url.
#[derive(Deserialize, ToSchema)]
pub struct NewVault {
    /// The sealed vault.
    blob: String,
    /// The possession proof for its key, which every later change must show.
    holder: String,
    /// `password`, `recovery` or `passkey`.
    #[schema(value_type = String, pattern = "^(password|recovery|passkey)$")]
    way: UnlockMethod,
    /// The SHA-256 of a passkey's credential ID; only for passkeys.
    credential: Option<String>,
    /// The vault's key, wrapped for this unlock method.
    wrapped: String,
}

/// A vault with a new key. Byte strings are base64url.
#[derive(Deserialize, ToSchema)]
pub struct Renewal {
    // Not a `NewVault` flattened into this: serde would no longer know which field is wrong.
    /// The sealed vault.
    blob: String,
    /// The possession proof for its key, which every later change must show.
    holder: String,
    /// `password`, `recovery` or `passkey`.
    #[schema(value_type = String, pattern = "^(password|recovery|passkey)$")]
    way: UnlockMethod,
    /// The SHA-256 of a passkey's credential ID; only for passkeys.
    credential: Option<String>,
    /// The vault's key, wrapped for this unlock method.
    wrapped: String,
    /// The possession proof for the previous key; left out if that key is lost.
    before: Option<String>,
}

impl NewVault {
    fn parse(self) -> Result<(SealedVault, PossessionProof, WrappedKeyRow), ApiError> {
        let vault = SealedVault::parse(URL_SAFE_NO_PAD.decode(&self.blob).unwrap_or_default())?;
        Ok((vault, holder(&self.holder)?, wrap(self.way, self.credential.as_deref(), &self.wrapped)?))
    }
}

/// An unlock method to add.
#[derive(Deserialize, ToSchema)]
pub struct LetIn {
    /// The possession proof for the vault's key, base64url.
    holder: String,
    /// The SHA-256 of a passkey's credential ID, base64url; only for passkeys.
    credential: Option<String>,
    /// The vault's key, wrapped, base64url.
    wrapped: String,
}

/// The vault's key for another member.
#[derive(Deserialize, ToSchema)]
pub struct KeyShare {
    /// The possession proof for the vault's key, base64url.
    holder: String,
    /// The key, wrapped as for an invite, base64url.
    wrapped: String,
}

/// A key that is waiting for its member.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyShared {
    /// The link is this, followed by the browser's secret.
    url_base: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Shows the household's vault
#[utoipa::path(get, path = "/vault", tag = "vault", security(("session" = [])), responses(
    (status = 200, description = "Everything needed to open it except the secret", body = Vault),
))]
pub async fn vault(State(state): State<SharedState>, owner: Identity) -> Result<Answer<Vault>, ApiError> {
    let vault = state.vaults.vault(owner, SystemTime::now()).await?;
    Ok(Answer(Vault::new(vault, owner)))
}

/// Creates the household's vault with its first unlock method
#[utoipa::path(post, path = "/vault", tag = "vault", security(("session" = [])), request_body = NewVault, responses(
    (status = 201, description = "Created"),
    (status = 400, description = "`bad-vault`, `bad-proof`, `bad-wrap` or `bad-way-in`"),
    (status = 409, description = "`vault-changed`: a vault already exists"),
))]
pub async fn create(
    State(state): State<SharedState>,
    owner: Identity,
    Json(body): Json<NewVault>,
) -> Result<StatusCode, ApiError> {
    let (vault, holder, wrap) = body.parse()?;
    state.vaults.create(owner, vault, holder, wrap).await?;
    Ok(StatusCode::CREATED)
}

/// Replaces the household's vault with one that has a new key
///
/// Needs the previous key, unless the household's only member can no longer unlock the vault. The revision goes up by
/// one, and the given unlock method becomes the only one. The household's open invites, key shares of the old key and
/// the account's other sessions end.
#[utoipa::path(post, path = "/vault/start-over", tag = "vault", security(("session" = []), ("confirmed" = [])),
    operation_id = "renew_vault", request_body = Renewal, responses(
    (status = 204, description = "Replaced"),
    (status = 400, description = "`bad-vault`, `bad-proof`, `bad-wrap` or `bad-way-in`"),
    (status = 403, description = "`not-a-holder`: no proof of the previous key"),
    (status = 409, description = "`shared-household`, or `vault-changed`: another device changed it first"),
))]
pub async fn renew(
    State(state): State<SharedState>,
    RecentlyAuthenticated(owner): RecentlyAuthenticated,
    Json(body): Json<Renewal>,
) -> Result<StatusCode, ApiError> {
    let before = body.before.as_deref().map(holder).transpose()?;
    let Renewal { blob, holder, way, credential, wrapped, before: _ } = body;
    let (vault, holder, wrap) = NewVault { blob, holder, way, credential, wrapped }.parse()?;
    state.vaults.renew(owner, vault, holder, wrap, before).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the vault
///
/// The body is the possession proof for the vault's key, 32 bytes, followed by the sealed vault. The revision goes up by
/// one.
#[utoipa::path(put, path = "/vault", tag = "vault", security(("session" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 204, description = "Replaced"),
    (status = 400, description = "`bad-vault`"),
    (status = 403, description = "`not-a-holder`: no proof of the vault's key"),
    (status = 409, description = "`vault-changed`: another device changed it first"),
))]
pub async fn replace(
    State(state): State<SharedState>,
    owner: Identity,
    request: Request,
) -> Result<StatusCode, ApiError> {
    const HOLDER: usize = PossessionProof::LENGTH;
    let mut bytes = read(request, HOLDER + SealedVault::MAX, state.body_time).await?;
    let holder = PossessionProof::parse(&bytes.split_to(HOLDER.min(bytes.len())))?;
    state.vaults.replace(owner, SealedVault::parse(bytes.into())?, holder).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds or replaces an unlock method
#[utoipa::path(put, path = "/vault/ways/{way}", tag = "vault", security(("session" = [])), request_body = LetIn,
    params(("way" = String, Path, description = "`password`, `recovery` or `passkey`")), responses(
    (status = 204, description = "Added"),
    (status = 400, description = "`bad-proof`, `bad-wrap` or `bad-way-in`"),
    (status = 403, description = "`not-a-holder`: no proof of the vault's key"),
    (status = 404, description = "No such unlock method"),
    (status = 409, description = "`too-many-ways-in`"),
))]
pub async fn add_unlock_method(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(way): PathParams<UnlockMethod>,
    Json(body): Json<LetIn>,
) -> Result<StatusCode, ApiError> {
    let wrap = wrap(way, body.credential.as_deref(), &body.wrapped)?;
    state.vaults.add_unlock_method(owner, holder(&body.holder)?, wrap).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks the household's other members to be let into the vault
///
/// They see it under the household's members, and their presence hears `members-changed`. It ends when one of them gives
/// access. Nothing happens if the account has an unlock method.
#[utoipa::path(post, path = "/vault/ask", tag = "vault", security(("session" = [])), responses(
    (status = 204, description = "Asked"),
))]
pub async fn ask_in(State(state): State<SharedState>, member: Identity) -> Result<StatusCode, ApiError> {
    state.vaults.ask_in(member).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives another household member access to the vault
///
/// The browser wraps the vault's key with a secret that it puts into a link. The member can use the link for a day,
/// while logged in.
#[utoipa::path(put, path = "/vault/members/{id}", tag = "vault", security(("session" = []), ("confirmed" = [])),
    operation_id = "hand_over_vault", request_body = KeyShare,
    params(("id" = String, Path, description = "The member's account")), responses(
    (status = 200, description = "The key is kept until the member takes it", body = KeyShared),
    (status = 400, description = "`bad-wrap` or `bad-proof`"),
    (status = 403, description = "`not-a-holder`: no proof of the vault's key"),
    (status = 404, description = "`no-such-member`"),
))]
pub async fn share_key(
    State(state): State<SharedState>,
    RecentlyAuthenticated(owner): RecentlyAuthenticated,
    PathParams(to): PathParams<AccountId>,
    Authority(authority): Authority,
    Json(body): Json<KeyShare>,
) -> Result<Answer<KeyShared>, ApiError> {
    let key = for_member(&body.wrapped, &body.holder)?;
    let expires_at = rfc3339(state.vaults.share_key(owner, to, key, SystemTime::now()).await?);
    let url_base = format!("{}/#vault/", state.origin.for_stickers(&authority));
    Ok(Answer(KeyShared { url_base, expires_at }))
}

fn wrap(way: UnlockMethod, credential: Option<&str>, wrapped: &str) -> Result<WrappedKeyRow, ApiError> {
    let wrapped = WrappedKey::parse(&URL_SAFE_NO_PAD.decode(wrapped).unwrap_or_default(), way)?;
    Ok(WrappedKeyRow { way, credential: credential.map(digest).transpose()?, wrapped })
}
