//! `/api/v1/vault`: the household's vault, which only its owners' browsers can open (`docs/e2e.md`, section 4).

use crate::web::views::vault;
use crate::web::views::vault::Opened;
use crate::web::views::vault::digest;
use crate::web::views::vault::for_member;
use crate::web::views::vault::holder;
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
use crate::web::error::ApiError;
use crate::web::extract::identity::RecentlyAuthenticated;
use crate::web::extract::request::{Authority, Json, PathParams, read};
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;

/// A vault with a key of its own. Byte strings are base64url.
#[derive(Deserialize, ToSchema)]
pub struct NewVault {
    /// The sealed vault.
    blob: String,
    /// What follows from its key, to be shown by whoever changes it.
    holder: String,
    /// `password`, `recovery` or `passkey`.
    #[schema(value_type = String, pattern = "^(password|recovery|passkey)$")]
    way: UnlockMethod,
    /// SHA-256 of a passkey's credential id; not for the other ways.
    credential: Option<String>,
    /// The vault's key, wrapped for this way.
    wrapped: String,
}

/// A vault with another key. Byte strings are base64url.
#[derive(Deserialize, ToSchema)]
pub struct Renewal {
    #[serde(flatten)]
    vault: NewVault,
    /// What follows from the key from before; left out by whoever has lost it.
    before: Option<String>,
}

impl NewVault {
    fn parse(self) -> Result<(SealedVault, PossessionProof, WrappedKeyRow), ApiError> {
        let vault = SealedVault::parse(URL_SAFE_NO_PAD.decode(&self.blob).unwrap_or_default())?;
        Ok((vault, holder(&self.holder)?, wrap(self.way, self.credential.as_deref(), &self.wrapped)?))
    }
}

/// A way into the vault, to be added.
#[derive(Deserialize, ToSchema)]
pub struct LetIn {
    /// What follows from the vault's key, base64url.
    holder: String,
    /// SHA-256 of a passkey's credential id, base64url; not for the other ways.
    credential: Option<String>,
    /// The vault's key, wrapped, base64url.
    wrapped: String,
}

/// The vault's key for another member.
#[derive(Deserialize, ToSchema)]
pub struct KeyShare {
    /// What follows from the vault's key, base64url.
    holder: String,
    /// The key, wrapped as for an invite, base64url.
    wrapped: String,
}

/// A key that waits for its member.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct KeyShared {
    /// The link is this and what the browser puts behind it.
    url_base: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The household's vault
#[utoipa::path(get, path = "/vault", tag = "vault", security(("session" = [])), responses(
    (status = 200, description = "What it takes to open it, but for the secret", body = Opened),
))]
pub async fn vault(State(state): State<SharedState>, owner: Identity) -> Result<Answer<Opened>, ApiError> {
    Ok(Answer(vault::of(&state, owner).await?))
}

/// Makes the household's vault, with a first way into it
#[utoipa::path(post, path = "/vault", tag = "vault", security(("session" = [])), request_body = NewVault, responses(
    (status = 201, description = "Made"),
    (status = 400, description = "`bad-vault`, `bad-proof`, `bad-wrap` or `bad-way-in`"),
    (status = 409, description = "`vault-changed`: there is one already"),
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

/// Makes a vault with another key in the place of the household's
///
/// For whoever holds the key from before; without it, for a household's only member, who cannot open it any more. Its
/// revision is one more than that of the one it replaces; the way that is named is the only one into it; the household's open
/// invites, hand-overs of the old key and the account's other sessions end.
#[utoipa::path(post, path = "/vault/anew", tag = "vault", security(("session" = []), ("confirmed" = [])),
    operation_id = "renew_vault", request_body = Renewal, responses(
    (status = 204, description = "Replaced"),
    (status = 400, description = "`bad-vault`, `bad-proof`, `bad-wrap` or `bad-way-in`"),
    (status = 403, description = "`not-a-holder`: of the key from before"),
    (status = 409, description = "`shared-household`, or `vault-changed`: another device was faster"),
))]
pub async fn renew(
    State(state): State<SharedState>,
    RecentlyAuthenticated(owner): RecentlyAuthenticated,
    Json(body): Json<Renewal>,
) -> Result<StatusCode, ApiError> {
    let before = body.before.as_deref().map(holder).transpose()?;
    let (vault, holder, wrap) = body.vault.parse()?;
    state.vaults.renew(owner, vault, holder, wrap, before).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replaces the vault
///
/// The body is what follows from the vault's key, 32 bytes, and the sealed vault; its revision is one more than that of the
/// one it replaces.
#[utoipa::path(put, path = "/vault", tag = "vault", security(("session" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 204, description = "Replaced"),
    (status = 400, description = "`bad-vault`"),
    (status = 403, description = "`not-a-holder`: of the vault's key"),
    (status = 409, description = "`vault-changed`: another device was faster"),
))]
pub async fn replace(
    State(state): State<SharedState>,
    owner: Identity,
    request: Request,
) -> Result<StatusCode, ApiError> {
    const HOLDER: usize = PossessionProof::LENGTH;
    let mut bytes = read(request.into_body(), HOLDER + SealedVault::MAX, state.body_time).await?;
    let holder = PossessionProof::parse(&bytes.split_to(HOLDER.min(bytes.len())))?;
    state.vaults.replace(owner, SealedVault::parse(bytes.into())?, holder).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a way into the vault, or replaces it
#[utoipa::path(put, path = "/vault/ways/{way}", tag = "vault", security(("session" = [])), request_body = LetIn,
    params(("way" = String, Path, description = "`password`, `recovery` or `passkey`")), responses(
    (status = 204, description = "Added"),
    (status = 400, description = "`bad-proof`, `bad-wrap` or `bad-way-in`"),
    (status = 403, description = "`not-a-holder`: of the vault's key"),
    (status = 404, description = "No such way"),
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

/// Lets another member of the household into the vault
///
/// The browser wraps the vault's key with what it puts into a link; whoever has the link and is logged in as that member
/// opens it within a day.
#[utoipa::path(put, path = "/vault/members/{id}", tag = "vault", security(("session" = []), ("confirmed" = [])),
    operation_id = "hand_over_vault", request_body = KeyShare,
    params(("id" = String, Path, description = "The member's account")), responses(
    (status = 200, description = "Kept until it is taken", body = KeyShared),
    (status = 400, description = "`bad-wrap` or `bad-proof`"),
    (status = 403, description = "`not-a-holder`: of the vault's key"),
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
