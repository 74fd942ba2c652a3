//! `/api/v1/vault`: the household's vault, which only its owners' browsers can open (`docs/e2e.md`, section 4).

use std::time::SystemTime;

use axum::Json as Answer;
use axum::extract::{Request, State as Extract};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::State;
use super::error::Failure;
use super::identity::Confirmed;
use super::request::{Authority, Json, Places, Query, read};
use super::timestamp::rfc3339;
use crate::domain::Error;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::vault::{SealedVault, WayIn, Wrapped};
use crate::service::sessions::Identity;
use crate::service::vaults::Wrap;

/// What an account needs to open its household's vault. Byte strings are base64url.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Vault)]
pub struct Opened {
    #[schema(value_type = String)]
    household: HouseholdId,
    /// As it was sealed; `null` while there is none.
    #[schema(required = true)]
    blob: Option<String>,
    /// The account's ways in.
    wraps: Vec<Way>,
    /// The vault's key, wrapped by another member with what their link carries; left out where nobody hands it over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    handover: Option<String>,
}

/// A way into the vault.
#[derive(Serialize, ToSchema)]
#[schema(as = WayIn)]
pub struct Way {
    /// `password`, `recovery` or `passkey`.
    #[schema(value_type = String, pattern = "^(password|recovery|passkey)$")]
    way: WayIn,
    /// SHA-256 of a passkey's credential id; `null` for the other ways.
    #[schema(required = true)]
    credential: Option<String>,
    /// The vault's key, wrapped.
    wrapped: String,
}

/// A household's first vault. Byte strings are base64url.
#[derive(Deserialize, ToSchema)]
pub struct First {
    /// The sealed vault, of revision 1.
    blob: String,
    /// `password`, `recovery` or `passkey`.
    #[schema(value_type = String, pattern = "^(password|recovery|passkey)$")]
    way: WayIn,
    /// SHA-256 of a passkey's credential id; not for the other ways.
    credential: Option<String>,
    /// The vault's key, wrapped for this way.
    wrapped: String,
}

/// A way into the vault, to be added.
#[derive(Deserialize, ToSchema)]
pub struct LetIn {
    /// SHA-256 of a passkey's credential id, base64url; not for the other ways.
    credential: Option<String>,
    /// The vault's key, wrapped, base64url.
    wrapped: String,
}

/// The vault's key for another member.
#[derive(Deserialize, ToSchema)]
pub struct HandOver {
    /// The key, wrapped as for an invite, base64url.
    wrapped: String,
}

/// A key that waits for its member.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HandedOver {
    /// The link is this and what the browser puts behind it.
    url_base: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Which way into the vault is to be taken away.
#[derive(Deserialize, IntoParams)]
pub struct ShutOut {
    /// SHA-256 of a passkey's credential id, base64url; not for the other ways.
    credential: Option<String>,
}

/// The household's vault
#[utoipa::path(get, path = "/vault", tag = "vault", security(("session" = [])), responses(
    (status = 200, description = "What it takes to open it, but for the secret", body = Opened),
))]
pub async fn vault(Extract(state): Extract<State>, owner: Identity) -> Result<Answer<Opened>, Failure> {
    Ok(Answer(of(&state, owner).await?))
}

/// The household's vault, as the asker may have it.
pub(super) async fn of(state: &State, owner: Identity) -> Result<Opened, Failure> {
    let vault = state.vaults.vault(owner, SystemTime::now()).await?;
    let way = |wrap: Wrap| Way {
        way: wrap.way,
        credential: wrap.credential.map(|digest| URL_SAFE_NO_PAD.encode(digest)),
        wrapped: URL_SAFE_NO_PAD.encode(wrap.wrapped.as_bytes()),
    };
    Ok(Opened {
        household: owner.household,
        blob: vault.blob.map(|blob| URL_SAFE_NO_PAD.encode(blob)),
        wraps: vault.wraps.into_iter().map(way).collect(),
        handover: vault.handover.map(|wrapped| URL_SAFE_NO_PAD.encode(wrapped.as_bytes())),
    })
}

/// Makes the household's vault, with a first way into it
#[utoipa::path(post, path = "/vault", tag = "vault", security(("session" = [])), request_body = First, responses(
    (status = 201, description = "Made"),
    (status = 400, description = "`bad-vault`, `bad-wrap` or `bad-way-in`"),
    (status = 409, description = "`vault-changed`: there is one already"),
))]
pub async fn create(
    Extract(state): Extract<State>,
    owner: Identity,
    Json(body): Json<First>,
) -> Result<StatusCode, Failure> {
    let vault = SealedVault::parse(URL_SAFE_NO_PAD.decode(&body.blob).unwrap_or_default())?;
    let wrapped = Wrapped::parse(&URL_SAFE_NO_PAD.decode(&body.wrapped).unwrap_or_default(), body.way)?;
    let credential = body.credential.as_deref().map(digest).transpose()?;
    state.vaults.create(owner, vault, Wrap { way: body.way, credential, wrapped }).await?;
    Ok(StatusCode::CREATED)
}

/// Replaces the vault
///
/// The body is the sealed vault; its revision is one more than that of the one it replaces.
#[utoipa::path(put, path = "/vault", tag = "vault", security(("session" = [])),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"), responses(
    (status = 204, description = "Replaced"),
    (status = 400, description = "`bad-vault`"),
    (status = 409, description = "`vault-changed`: another device was faster"),
))]
pub async fn replace(Extract(state): Extract<State>, owner: Identity, request: Request) -> Result<StatusCode, Failure> {
    let bytes = read(request.into_body(), SealedVault::MAX, state.body_time).await?;
    state.vaults.replace(owner, SealedVault::parse(bytes.into())?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Adds a way into the vault, or replaces it
#[utoipa::path(put, path = "/vault/ways/{way}", tag = "vault", security(("session" = [])), request_body = LetIn,
    params(("way" = String, Path, description = "`password`, `recovery` or `passkey`")), responses(
    (status = 204, description = "Added"),
    (status = 400, description = "`bad-wrap` or `bad-way-in`"),
    (status = 404, description = "No such way"),
    (status = 409, description = "`too-many-ways-in`"),
))]
pub async fn let_in(
    Extract(state): Extract<State>,
    owner: Identity,
    Places(way): Places<WayIn>,
    Json(body): Json<LetIn>,
) -> Result<StatusCode, Failure> {
    let wrapped = URL_SAFE_NO_PAD.decode(&body.wrapped).unwrap_or_default();
    let credential = body.credential.as_deref().map(digest).transpose()?;
    state.vaults.let_in(owner, way, credential, Wrapped::parse(&wrapped, way)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a way into the vault away
#[utoipa::path(delete, path = "/vault/ways/{way}", tag = "vault", security(("session" = [])), 
    params(("way" = String, Path, description = "`password`, `recovery` or `passkey`"), ShutOut), responses(
    (status = 204, description = "There is none any more"),
    (status = 400, description = "`bad-way-in`"),
    (status = 404, description = "No such way"),
))]
pub async fn shut_out(
    Extract(state): Extract<State>,
    owner: Identity,
    Places(way): Places<WayIn>,
    Query(which): Query<ShutOut>,
) -> Result<StatusCode, Failure> {
    let credential = which.credential.as_deref().map(digest).transpose()?;
    state.vaults.shut_out(owner, way, credential).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Lets another member of the household into the vault
///
/// The browser wraps the vault's key with what it puts into a link; whoever has the link and is logged in as that member
/// opens it within a day.
#[utoipa::path(put, path = "/vault/members/{id}", tag = "vault", security(("session" = []), ("confirmed" = [])),
    operation_id = "hand_over_vault", request_body = HandOver,
    params(("id" = String, Path, description = "The member's account")), responses(
    (status = 200, description = "Kept until it is taken", body = HandedOver),
    (status = 400, description = "`bad-wrap`"),
    (status = 404, description = "`no-such-member`"),
))]
pub async fn hand_over(
    Extract(state): Extract<State>,
    Confirmed(owner): Confirmed,
    Places(to): Places<AccountId>,
    Authority(authority): Authority,
    Json(body): Json<HandOver>,
) -> Result<Answer<HandedOver>, Failure> {
    let wrapped = Wrapped::for_invite(&URL_SAFE_NO_PAD.decode(&body.wrapped).unwrap_or_default())?;
    let expires_at = rfc3339(state.vaults.hand_over(owner, to, wrapped, SystemTime::now()).await?);
    let url_base = format!("{}/#vault/", state.origin.for_stickers(&authority));
    Ok(Answer(HandedOver { url_base, expires_at }))
}

/// The key of the vault, wrapped for a password that is being set.
pub(super) fn for_password(text: &str) -> Result<Wrapped, Error> {
    Wrapped::parse(&URL_SAFE_NO_PAD.decode(text).unwrap_or_default(), WayIn::Password)
}

fn digest(text: &str) -> Result<[u8; 32], Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| {
        Error::invalid("bad-way-in", "A passkey is named by SHA-256 of its credential's id.")
            .hint("Send 32 bytes in base64url.")
            .into()
    })
}
