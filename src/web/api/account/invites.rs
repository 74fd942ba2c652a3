//! `/api/v1/invites`: links that let somebody register, each once.

use crate::domain::account::InviteLifetime;
use crate::web::views::invite;
use crate::web::views::invite::Invite;
use crate::web::views::vault::for_member;
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
use crate::web::state::SharedState;
use crate::web::views::link::Link;

/// An invite to be made.
#[derive(Deserialize, ToSchema)]
pub struct InviteWish {
    /// `household`: into the asker's own; `owner`: into one of their own, for administrators to offer.
    #[schema(value_type = String, pattern = "^(household|owner)$")]
    kind: InviteKind,
    /// How long it works: `day` or `week`; a week without it.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(day|week)$")]
    lifetime: Option<InviteLifetime>,
}

/// Invites that were not used yet.
#[derive(Serialize, ToSchema)]
pub struct InviteList {
    invites: Vec<Invite>,
}

/// An invite that was just made: its link is shown now and never again.
#[derive(Serialize, ToSchema)]
pub struct NewInvite {
    #[serde(flatten)]
    invite: Invite,
    #[serde(flatten)]
    link: Link,
}

/// An invite into the asker's household whose link is made in the browser. Byte strings are base64url.
#[derive(Deserialize, ToSchema)]
pub struct KeyedInvite {
    /// What follows from the secret in the link's fragment.
    token: String,
    /// The key of the household's vault, wrapped with the same secret.
    wrapped: String,
    /// What follows from that key.
    holder: String,
    /// How long it works: `day` or `week`; a week without it.
    #[serde(default)]
    #[schema(value_type = Option<String>, pattern = "^(day|week)$")]
    lifetime: Option<InviteLifetime>,
}

/// An invite that was taken in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredInvite {
    #[serde(flatten)]
    invite: Invite,
    /// The link is this, `#` and what the browser puts there.
    url_base: String,
}

/// What somebody was sent.
#[derive(Deserialize, ToSchema)]
pub struct InviteToken {
    /// What stands in the link's fragment.
    token: String,
}

/// What an invite is good for.
#[derive(Serialize, ToSchema)]
pub struct InviteValidity {
    valid: bool,
    /// `null` when it is not valid.
    #[schema(value_type = Option<String>, required = true)]
    kind: Option<InviteKind>,
    /// The household that it leads into, where it brings the key of its vault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    household: Option<HouseholdId>,
    /// That key, wrapped, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    wrapped: Option<String>,
}

/// Invites that the asker may take back
#[utoipa::path(get, path = "/invites", tag = "account", security(("session" = [])), operation_id = "list_invites",
    responses(
    (status = 200, description = "Those into the own household, and for administrators those into new ones", body = InviteList),
))]
pub async fn list(State(state): State<SharedState>, identity: Identity) -> Result<Answer<InviteList>, ApiError> {
    let invites = state.accounts.invites(Some(identity.member()), SystemTime::now()).await?;
    Ok(Answer(InviteList { invites: invites.into_iter().map(invite::describe).collect() }))
}

/// Invites somebody
///
/// Whoever comes in stays and shares the household's tags: a stolen session must not become an account.
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
    Ok((StatusCode::CREATED, Answer(NewInvite { invite: invite::describe(made.invite), link })))
}

/// Takes in an invite whose link was made in the browser
///
/// It leads into the asker's household and opens its vault; the server learns nothing that does.
#[utoipa::path(post, path = "/invites/register", tag = "account", security(("session" = []), ("confirmed" = [])),
    operation_id = "register_invite", request_body = KeyedInvite, responses(
    (status = 201, description = "The invite", body = RegisteredInvite),
    (status = 400, description = "`bad-wrap`, `bad-proof`, `bad-invite-token`"),
    (status = 403, description = "`registration-closed`, or `not-a-holder` of the vault's key"),
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
    Ok((StatusCode::CREATED, Answer(RegisteredInvite { invite: invite::describe(made), url_base })))
}

/// Takes back an invite
#[utoipa::path(delete, path = "/invites/{id}", tag = "account", security(("session" = [])),
    operation_id = "revoke_invite", params(("id" = String, Path, description = "The invite")), responses(
    (status = 204, description = "It is worthless from now on"),
    (status = 404, description = "`no-such-invite`"),
))]
pub async fn revoke(
    State(state): State<SharedState>,
    identity: Identity,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-invite", "There is no such invite."))?;
    state.accounts.revoke_invite(Some(identity.member()), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks about an invite
#[utoipa::path(post, path = "/invites/validate", tag = "log-in", operation_id = "validate_invite",
    request_body = InviteToken, responses(
    (status = 200, description = "Whether it lets somebody in", body = InviteValidity),
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
    let key = if kind.is_some() { state.accounts.invited_key(&body.token, now).await? } else { None };
    let (household, wrapped) = key.unzip();
    let wrapped = wrapped.map(|wrapped| URL_SAFE_NO_PAD.encode(wrapped.as_bytes()));
    Ok(Answer(InviteValidity { valid: kind.is_some(), kind, household, wrapped }))
}
