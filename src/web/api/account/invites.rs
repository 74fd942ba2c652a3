//! `/api/v1/invites`: links for registering, each of which works once.

use crate::domain::account::InviteLifetime;
use crate::views::invite::Invite;
use crate::web::extract::vault_keys::for_member;
use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::account::InviteKind;
use crate::domain::credentials::secret::Secret;
use crate::domain::identity::Identity;
use crate::domain::ids::HouseholdId;
use crate::domain::{Error, Kind};
use crate::limits::rate::Action;
use crate::web::error::ApiError;
use crate::web::extract::identity::RecentlyAuthenticated;
use crate::web::extract::request::{Authority, Json, PathParams, Source};
use crate::web::shared::link::Link;
use crate::web::state::SharedState;

/// An invite to create.
#[derive(Deserialize, ToSchema)]
pub struct InviteWish {
    /// `household`: into your own household; `owner`: into a new one, which only administrators can offer.
    #[schema(value_type = String, pattern = "^(household|owner)$")]
    kind: InviteKind,
    /// How long it works: `day` or `week`; `week` by default.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(day|week)$")]
    lifetime: Option<InviteLifetime>,
}

/// Invites that haven't been used yet.
#[derive(Serialize, ToSchema)]
pub struct InviteList {
    invites: Vec<Invite>,
}

/// A new invite. Its link is only shown now.
#[derive(Serialize, ToSchema)]
pub struct NewInvite {
    #[serde(flatten)]
    invite: Invite,
    #[serde(flatten)]
    link: Link,
}

/// An invite into your household whose link is created in the browser. Byte strings are base64url.
#[derive(Deserialize, ToSchema)]
pub struct KeyedInvite {
    /// The token derived from the secret in the link's fragment.
    token: String,
    /// The key of the household's vault, wrapped with the same secret.
    wrapped: String,
    /// The possession proof for that key.
    holder: String,
    /// How long it works: `day` or `week`; `week` by default.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(day|week)$")]
    lifetime: Option<InviteLifetime>,
}

/// The invite that was registered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredInvite {
    #[serde(flatten)]
    invite: Invite,
    /// The link is this, followed by `#` and the browser's secret.
    url_base: String,
}

/// An invite that someone received.
#[derive(Deserialize, ToSchema)]
pub struct InviteToken {
    /// The link's fragment.
    token: String,
}

/// What an invite is for.
#[derive(Serialize, ToSchema)]
pub struct InviteValidity {
    valid: bool,
    /// `null` if it isn't valid.
    #[schema(value_type = Option<String>, required = true)]
    kind: Option<InviteKind>,
    /// The household it leads into, if the invite carries the key of its vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    household: Option<HouseholdId>,
    /// That key, wrapped, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    wrapped: Option<String>,
}

/// Lists the invites you can revoke
#[utoipa::path(get, path = "/invites", tag = "account", security(("session" = [])), operation_id = "list_invites",
    responses(
    (status = 200, description = "Invites into your own household and, for administrators, into new ones", body = InviteList),
))]
pub async fn list(State(state): State<SharedState>, identity: Identity) -> Result<Answer<InviteList>, ApiError> {
    let invites = state.accounts.invites(Some(identity.member()), SystemTime::now()).await?;
    Ok(Answer(InviteList { invites: invites.into_iter().map(Invite::from).collect() }))
}

/// Creates an invite
///
/// Needs a recent confirmation: a new member shares the household's tags for good, and a stolen session must not add one.
#[utoipa::path(post, path = "/invites", tag = "account", security(("session" = []), ("confirmed" = [])),
    operation_id = "create_invite", request_body = InviteWish, responses(
    (status = 201, description = "The invite, with its link", body = NewInvite),
    (status = 403, description = "`registration-closed`, `administrators-only`"),
    (status = 409, description = "`too-many-invites`"),
))]
pub async fn create(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    Authority(authority): Authority,
    Json(body): Json<InviteWish>,
) -> Result<(StatusCode, Answer<NewInvite>), ApiError> {
    let lifetime = body.lifetime.unwrap_or_default();
    let made = state.accounts.invite(identity.member(), body.kind, lifetime, SystemTime::now()).await?;
    let link = Link::to("join", &made.token, &state, &authority)?;
    Ok((StatusCode::CREATED, Answer(NewInvite { invite: made.invite.into(), link })))
}

/// Registers an invite whose link was created in the browser
///
/// It leads into your household and unlocks its vault, and the server never learns the secret.
#[utoipa::path(post, path = "/invites/register", tag = "account", security(("session" = []), ("confirmed" = [])),
    operation_id = "register_invite", request_body = KeyedInvite, responses(
    (status = 201, description = "The invite", body = RegisteredInvite),
    (status = 400, description = "`bad-wrap`, `bad-proof`, `bad-invite-token`"),
    (status = 403, description = "`registration-closed`, or `not-a-holder`: no proof of the vault's key"),
    (status = 409, description = "`too-many-invites`"),
))]
pub async fn register(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    Authority(authority): Authority,
    Json(body): Json<KeyedInvite>,
) -> Result<(StatusCode, Answer<RegisteredInvite>), ApiError> {
    let key = for_member(&body.wrapped, &body.holder)?;
    let (token, lifetime) = (Secret::new(body.token), body.lifetime.unwrap_or_default());
    let now = SystemTime::now();
    let made = state.accounts.register_invite(identity.member(), token, key, lifetime, now).await?;
    let url_base = format!("{}/join", state.origin.for_stickers(&authority));
    Ok((StatusCode::CREATED, Answer(RegisteredInvite { invite: made.into(), url_base })))
}

/// Revokes an invite
#[utoipa::path(delete, path = "/invites/{id}", tag = "account", security(("session" = [])),
    operation_id = "revoke_invite", params(("id" = String, Path, description = "The invite")), responses(
    (status = 204, description = "The invite no longer works"),
    (status = 404, description = "`no-such-invite`"),
))]
pub async fn revoke(
    State(state): State<SharedState>,
    identity: Identity,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-invite", "There's no such invite."))?;
    state.accounts.revoke_invite(Some(identity.member()), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks an invite
#[utoipa::path(post, path = "/invites/validate", tag = "log-in", operation_id = "validate_invite",
    request_body = InviteToken, responses(
    (status = 200, description = "Whether the invite is valid", body = InviteValidity),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn validate(
    State(state): State<SharedState>,
    Source(source): Source,
    Json(body): Json<InviteToken>,
) -> Result<Answer<InviteValidity>, ApiError> {
    state.limits.check(Action::Validate, source, Instant::now())?;
    let now = SystemTime::now();
    let kind = state.accounts.validate_invite(&body.token, now).await?;
    if kind.is_some() {
        state.limits.succeeded(Action::Validate, source);
    }
    let key = if kind.is_some() { state.accounts.invited_key(&body.token, now).await? } else { None };
    let (household, wrapped) = key.unzip();
    let wrapped = wrapped.map(|wrapped| URL_SAFE_NO_PAD.encode(wrapped.as_bytes()));
    Ok(Answer(InviteValidity { valid: kind.is_some(), kind, household, wrapped }))
}
