//! `/api/v1/tokens`: stickers, as their owner manages them and as a caller asks about them.

use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::extract::State as Extract;
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::State;
use super::error::Failure;
use super::request::{Authority, Json, Places, Source};
use super::timestamp::rfc3339;
use crate::domain::ids::{AccountId, TagId};
use crate::domain::tag::{Lifetime, TagText, Token};
use crate::domain::{Error, Kind};
use crate::service::limits::Action;
use crate::service::qr::Qr;
use crate::service::sessions::Identity;
use crate::service::tags::Tag;

/// Pixels per module of a downloaded PNG: a sticker of 5 cm at 300 dpi and more.
const PNG_SCALE: usize = 12;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Generate {
    user_id: Option<AccountId>,
    #[serde(default)]
    label: String,
    #[serde(default)]
    public_text: String,
    lifetime: Option<Lifetime>,
}

#[derive(Deserialize)]
pub struct Validate {
    token: String,
}

/// `GET /api/v1/tokens`
pub async fn list(
    Extract(state): Extract<State>,
    owner: Identity,
    Authority(authority): Authority,
) -> Result<Answer<Value>, Failure> {
    let tags = state.tags.list(owner, SystemTime::now()).await?;
    let mut answer = json!({
        "tokens": tags.iter().map(describe).collect::<Vec<_>>(),
        "defaultLifetime": state.tags.default_lifetime(),
    });
    warn_of_address(&mut answer, &state, &authority);
    Ok(Answer(answer))
}

/// `POST /api/v1/tokens/generate`
pub async fn generate(
    Extract(state): Extract<State>,
    owner: Identity,
    Authority(authority): Authority,
    Json(body): Json<Generate>,
) -> Result<(StatusCode, Answer<Value>), Failure> {
    if body.user_id.is_some_and(|user| user != owner.account) {
        return Err(Error::new(Kind::Forbidden, "not-yours", "Tags can be made for your own account only.")
            .hint("Leave userId out.")
            .into());
    }
    let (label, public_text) = (TagText::parse(&body.label)?, TagText::parse(&body.public_text)?);
    let made = state.tags.create(owner, label, public_text, body.lifetime, SystemTime::now()).await?;
    let code = made.token.code();
    let url = format!("{}/c#{code}", state.origin.for_stickers(&authority));
    let qr = Qr::encode(&url)?;
    let mut answer = describe(&made.tag);
    answer["qrCodeData"] = json!(code);
    answer["url"] = json!(url);
    answer["qr"] = json!({
        "svg": qr.svg(),
        "png": format!("data:image/png;base64,{}", STANDARD.encode(qr.png(PNG_SCALE)?)),
    });
    warn_of_address(&mut answer, &state, &authority);
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// `POST /api/v1/tokens/{id}/pause`
pub async fn pause(
    Extract(state): Extract<State>,
    owner: Identity,
    Places(id): Places<String>,
) -> Result<Answer<Value>, Failure> {
    let tag = state.tags.pause(owner, tag_id(&id)?, SystemTime::now()).await?;
    state.hub.withdraw_tag(tag.id).await;
    Ok(Answer(describe(&tag)))
}

/// `POST /api/v1/tokens/{id}/resume`
pub async fn resume(
    Extract(state): Extract<State>,
    owner: Identity,
    Places(id): Places<String>,
) -> Result<Answer<Value>, Failure> {
    let tag = state.tags.resume(owner, tag_id(&id)?, SystemTime::now()).await?;
    Ok(Answer(describe(&tag)))
}

/// `DELETE /api/v1/tokens/{id}`
pub async fn revoke(
    Extract(state): Extract<State>,
    owner: Identity,
    Places(id): Places<String>,
) -> Result<StatusCode, Failure> {
    let id = tag_id(&id)?;
    state.tags.revoke(owner, id).await?;
    state.hub.withdraw_tag(id).await;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/tokens/validate`
pub async fn validate(
    Extract(state): Extract<State>,
    Source(source): Source,
    Json(body): Json<Validate>,
) -> Result<Answer<Value>, Failure> {
    state.limits.check(Action::Validate, source, Instant::now())?;
    let found = state.tags.find(&Token::parse(&body.token)?, SystemTime::now()).await?;
    Ok(Answer(json!({
        "valid": found.is_some(),
        "canInitiateCall": found.as_ref().is_some_and(|tag| !tag.paused),
        "publicText": found.map(|tag| tag.public_text).unwrap_or_default(),
    })))
}

/// An id that cannot be one is an id that nobody has.
fn tag_id(text: &str) -> Result<TagId, Failure> {
    text.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-tag", "You have no such tag.").into())
}

/// Before a sticker is made and after: one that is printed with an address that changes is lost.
fn warn_of_address(answer: &mut Value, state: &State, authority: &str) {
    if let Some(warning) = state.origin.warning(authority) {
        answer["urlWarning"] = json!(warning);
    }
}

fn describe(tag: &Tag) -> Value {
    json!({
        "id": tag.id,
        "label": tag.label,
        "publicText": tag.public_text,
        "state": tag.state,
        "createdAt": rfc3339(tag.created_at),
        "expiresAt": tag.expires_at.map(rfc3339),
    })
}
