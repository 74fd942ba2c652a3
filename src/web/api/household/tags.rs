//! `/api/v1/tokens`: managing an owner's stickers, and checking the code that a caller scanned.

use crate::views::tag::OwnTag;
use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::household::lifetime::Lifetime;
use crate::domain::household::public_identity::PublicIdentity;
use crate::domain::household::tag::{SealedText, TagText, Token};
use crate::domain::identity::Identity;
use crate::domain::ids::TagId;
use crate::domain::{Error, Kind};
use crate::household::tags::{Registration, TagChanges, text_in_clear};
use crate::limits::rate::Action;
use crate::web::error::ApiError;
use crate::web::extract::request::{Authority, Json, PathParams, Source, present};
use crate::web::shared::link::Pictures;
use crate::web::state::SharedState;

/// A tag to create.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Generate {
    /// Ignored: a tag belongs to whom the session belongs to.
    #[serde(rename = "userId")]
    #[schema(value_type = Option<Value>)]
    _user_id: Option<IgnoredAny>,
    /// The owner's name for it. Callers can't see it.
    label: Option<String>,
    /// The text that callers see.
    public_text: Option<String>,
    /// How long it works: `day`, `week`, `year`, `until-revoked`, or a time such as `168h`, `30d` or `1d 12h`.
    #[schema(value_type = Option<String>, pattern = "^(day|week|year|until-revoked|[1-9][0-9]{0,4}d( [1-9][0-9]{0,4}h)?|[1-9][0-9]{0,4}[hms])$")]
    lifetime: Option<Lifetime>,
}

/// A tag whose sticker was created in its owner's browser.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RegisterTag {
    /// SHA-256 of the sticker's token, base64url.
    access: String,
    /// The public keys whose hash the sticker carries, base64url.
    identity: String,
    /// Must be empty or left out: the text for callers is sealed, so that they can tell it is the owner's.
    #[schema(max_length = 0)]
    public_text: Option<String>,
    /// The text that callers see, sealed with a key derived from the sticker, base64url.
    sealed_text: Option<String>,
    /// How long it works: `day`, `week`, `year`, `until-revoked`, or a time such as `168h`, `30d` or `1d 12h`.
    #[schema(value_type = Option<String>, pattern = "^(day|week|year|until-revoked|[1-9][0-9]{0,4}d( [1-9][0-9]{0,4}h)?|[1-9][0-9]{0,4}[hms])$")]
    lifetime: Option<Lifetime>,
}

/// Changes to a tag; what is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TagEdit {
    /// The owner's name for it. Callers can't see it. Only for a sticker without a key.
    label: Option<String>,
    /// The text that callers see. Only for a sticker without a key.
    public_text: Option<String>,
    /// The text that callers see, sealed, base64url; `null` removes it. Only for a sticker with a key.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    sealed_text: Option<Option<String>>,
    /// How long it works from now on, as for a new tag.
    #[schema(value_type = Option<String>, pattern = "^(day|week|year|until-revoked|[1-9][0-9]{0,4}d( [1-9][0-9]{0,4}h)?|[1-9][0-9]{0,4}[hms])$")]
    lifetime: Option<Lifetime>,
}

/// The scanned code.
#[derive(Deserialize, ToSchema)]
pub struct Validate {
    /// A complete code, just its token, or the SHA-256 of its token for a code with a KEYHASH.
    token: String,
}

/// The tag that was registered.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    #[serde(flatten)]
    tag: OwnTag,
    /// The sticker's link is this, followed by `#` and the code.
    url_base: String,
    /// A warning that the link's host may change; left out if it will last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url_warning: Option<String>,
}

/// The household's tags.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TagList {
    tokens: Vec<OwnTag>,
    /// A new tag's default lifetime, written as a wish for one is.
    #[schema(value_type = String)]
    default_lifetime: Lifetime,
    /// A reprinted sticker's link is this, followed by `#` and its code.
    url_base: String,
    /// A warning, before a sticker is created, that its address may change; left out if it will last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url_warning: Option<String>,
}

/// A new tag. Its code is only shown now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewTag {
    #[serde(flatten)]
    tag: OwnTag,
    /// `pqc:1:…`, the code on the sticker.
    qr_code_data: String,
    /// The same as a link.
    url: String,
    qr: Pictures,
    /// A warning that the link's host may change; left out if it will last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    url_warning: Option<String>,
}

/// What a caller can learn about a code.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    valid: bool,
    can_initiate_call: bool,
    /// Empty if there is no text.
    public_text: String,
    /// The owner's public keys, base64url, to check against the sticker's KEYHASH; left out if it has no KEYHASH.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false)]
    identity: Option<PublicIdentity>,
    /// The text that callers see, sealed in the owner's browser, base64url. The key is derived from the sticker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    sealed_text: Option<String>,
}

/// Lists the household's tags
#[utoipa::path(get, path = "/tokens", tag = "tags", security(("session" = [])), responses(
    (status = 200, description = "Every tag", body = TagList),
))]
pub async fn list(
    State(state): State<SharedState>,
    owner: Identity,
    Authority(authority): Authority,
) -> Result<Answer<TagList>, ApiError> {
    let tags = state.tags.list(owner, SystemTime::now()).await?;
    Ok(Answer(TagList {
        tokens: tags.into_iter().map(OwnTag::from).collect(),
        default_lifetime: state.tags.default_lifetime(),
        url_base: sticker_base(&state, &authority),
        url_warning: state.origin.warning(&authority),
    }))
}

/// Creates a tag
#[utoipa::path(post, path = "/tokens/generate", tag = "tags", security(("session" = [])), request_body = Generate,
    responses(
    (status = 201, description = "The tag, with its code", body = NewTag),
    (status = 400, description = "`text-too-long`"),
    (status = 409, description = "`too-many-tags`"),
))]
pub async fn generate(
    State(state): State<SharedState>,
    owner: Identity,
    Authority(authority): Authority,
    Json(body): Json<Generate>,
) -> Result<(StatusCode, Answer<NewTag>), ApiError> {
    let [label, public_text] = [body.label, body.public_text].map(|text| TagText::parse(&text.unwrap_or_default()));
    let made = state.tags.create(owner, label?, public_text?, body.lifetime, SystemTime::now()).await?;
    let code = made.token.code();
    let url = format!("{}#{code}", sticker_base(&state, &authority));
    let qr = Pictures::of(&url)?;
    let answer = NewTag {
        tag: OwnTag::from(made.tag),
        qr_code_data: code,
        url,
        qr,
        url_warning: state.origin.warning(&authority),
    };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Registers a tag whose sticker was created in its owner's browser
///
/// The server learns neither the sticker's token nor its label.
#[utoipa::path(post, path = "/tokens/register", tag = "tags", security(("session" = [])), request_body = RegisterTag,
    responses(
    (status = 201, description = "The tag", body = Registered),
    (status = 400, description = "`bad-code`, `bad-identity`, `bad-sealed-text`, `text-in-clear`"),
    (status = 409, description = "`too-many-tags`, or `token-taken`: a tag has or had this token"),
))]
pub async fn register(
    State(state): State<SharedState>,
    owner: Identity,
    Authority(authority): Authority,
    Json(body): Json<RegisterTag>,
) -> Result<(StatusCode, Answer<Registered>), ApiError> {
    if body.public_text.is_some_and(|text| !text.is_empty()) {
        return Err(text_in_clear().into());
    }
    let registration = Registration {
        access: Token::parse_access(&body.access)?,
        identity: body.identity.parse()?,
        sealed_text: body.sealed_text.as_deref().map(sealed_text).transpose()?,
        lifetime: body.lifetime,
    };
    let tag = state.tags.register(owner, registration, SystemTime::now()).await?;
    let answer = Registered {
        tag: OwnTag::from(tag),
        url_base: sticker_base(&state, &authority),
        url_warning: state.origin.warning(&authority),
    };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// Changes a tag: its label, its text, how long it works
///
/// Its sticker stays the same. A tag that has expired works again when it gets a new lifetime, within 30 days after its
/// end.
#[utoipa::path(patch, path = "/tokens/{id}", tag = "tags", security(("session" = [])), request_body = TagEdit,
    params(("id" = String, Path, description = "The tag")), responses(
    (status = 200, description = "The tag", body = OwnTag),
    (status = 400, description = "`text-too-long`, `bad-sealed-text`, `text-in-clear`, `no-key`"),
    (status = 404, description = "`no-such-tag`"),
))]
pub async fn edit(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(id): PathParams<String>,
    Json(body): Json<TagEdit>,
) -> Result<Answer<OwnTag>, ApiError> {
    let text = |text: Option<String>| text.as_deref().map(TagText::parse).transpose();
    let changes = TagChanges {
        label: text(body.label)?,
        public_text: text(body.public_text)?,
        sealed_text: body.sealed_text.map(|text| text.as_deref().map(sealed_text).transpose()).transpose()?,
        lifetime: body.lifetime,
    };
    let tag = state.tags.change(owner, tag_id(&id)?, changes, SystemTime::now()).await?;
    Ok(Answer(OwnTag::from(tag)))
}

/// Pauses a tag
///
/// Calls through its sticker end.
#[utoipa::path(post, path = "/tokens/{id}/pause", tag = "tags", security(("session" = [])),
    params(("id" = String, Path, description = "The tag")), responses(
    (status = 200, description = "The tag", body = OwnTag),
    (status = 404, description = "`no-such-tag`"),
))]
pub async fn pause(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(id): PathParams<String>,
) -> Result<Answer<OwnTag>, ApiError> {
    let tag = state.tags.pause(owner, tag_id(&id)?, SystemTime::now()).await?;
    Ok(Answer(OwnTag::from(tag)))
}

/// Resumes a tag
#[utoipa::path(post, path = "/tokens/{id}/resume", tag = "tags", security(("session" = [])),
    params(("id" = String, Path, description = "The tag")), responses(
    (status = 200, description = "The tag", body = OwnTag),
    (status = 404, description = "`no-such-tag`"),
))]
pub async fn resume(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(id): PathParams<String>,
) -> Result<Answer<OwnTag>, ApiError> {
    let tag = state.tags.resume(owner, tag_id(&id)?, SystemTime::now()).await?;
    Ok(Answer(OwnTag::from(tag)))
}

/// Revokes a tag
///
/// The sticker stops working for good, and calls through it end.
#[utoipa::path(delete, path = "/tokens/{id}", tag = "tags", security(("session" = [])),
    params(("id" = String, Path, description = "The tag")), responses(
    (status = 204, description = "Revoked"),
    (status = 404, description = "`no-such-tag`"),
))]
pub async fn revoke(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.tags.revoke(owner, tag_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Checks a code
#[utoipa::path(post, path = "/tokens/validate", tag = "calls", request_body = Validate, responses(
    (status = 200, description = "Whether the code reaches someone", body = Validity),
    (status = 400, description = "`bad-code`, `bad-checksum`"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn validate(
    State(state): State<SharedState>,
    Source(source): Source,
    Json(body): Json<Validate>,
) -> Result<Answer<Validity>, ApiError> {
    state.limits.check(Action::Validate, source, Instant::now())?;
    let found = state.tags.find(&Token::parse(&body.token)?, SystemTime::now()).await?;
    if found.is_some() {
        state.limits.succeeded(Action::Validate, source);
    }
    Ok(Answer(Validity {
        valid: found.is_some(),
        can_initiate_call: found.as_ref().is_some_and(|tag| !tag.paused),
        identity: found.as_ref().and_then(|tag| tag.identity),
        sealed_text: found
            .as_ref()
            .and_then(|tag| tag.sealed_text.as_ref())
            .map(|text| URL_SAFE_NO_PAD.encode(text.as_bytes())),
        public_text: found.map(|tag| tag.public_text).unwrap_or_default(),
    }))
}

/// The part of a sticker's link before the code, the same for new and reprinted stickers.
fn sticker_base(state: &SharedState, authority: &str) -> String {
    format!("{}/c", state.origin.for_stickers(authority))
}

fn sealed_text(text: &str) -> Result<SealedText, Error> {
    SealedText::parse(URL_SAFE_NO_PAD.decode(text).unwrap_or_default())
}

/// A malformed ID is treated as one that doesn't exist.
fn tag_id(text: &str) -> Result<TagId, ApiError> {
    text.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-tag", "You don't have this tag.").into())
}
