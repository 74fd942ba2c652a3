//! `/api/v1/notes`: a caller leaves a note that only the owner's browser can open; the owner's page fetches and removes it.

use crate::household::tags::unknown_code;
use crate::web::views::note;
use crate::web::views::note::Note;
use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::household::note::{Envelope, Minute, NoteKind};
use crate::domain::household::tag::Token;
use crate::domain::identity::Identity;
use crate::domain::{Error, Kind};
use crate::household::notes::{self, NotesBefore};
use crate::limits::rate::Action;
use crate::web::error::ApiError;
use crate::web::extract::request::{Json, PathParams, Query, Source};
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;

/// The most notes on a page, and the most that are marked as read at once.
const MAX_LISTED: u32 = 100;

/// A note to be left.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    /// A whole code, or SHA-256 of its token.
    scanned_token: String,
    /// `text`.
    #[schema(value_type = String, pattern = "^text$")]
    kind: NoteKind,
    /// Minutes since 1970, as bound to the envelope; at most five from the server's clock.
    #[schema(value_type = u64)]
    minute: Minute,
    /// The sealed note, base64url.
    envelope: String,
}

/// What is told of a note that is kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// When it is removed, if the owner does not delete it before.
    #[schema(format = DateTime)]
    kept_until: String,
}

/// Where to begin, and how far to go.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// `next` of the page before.
    before: Option<String>,
    /// How many at most; 50 without it.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Notes for the household, the latest first.
#[derive(Serialize, ToSchema)]
pub struct Inbox {
    notes: Vec<Note>,
    /// What to ask for the next page with; `null` on the last one.
    #[schema(required = true)]
    next: Option<String>,
    /// How many nobody has opened, on this page or not.
    unread: u32,
}

/// Which notes were opened.
#[derive(Deserialize, ToSchema)]
pub struct Opened {
    /// Their ids; others are passed over.
    #[schema(value_type = Vec<String>, max_items = 100)]
    notes: Vec<String>,
}

/// Which notes to delete.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// `true`: those alone that somebody has opened.
    read: Option<bool>,
}

/// Leaves a note
///
/// It is sealed in the caller's browser to the keys that the sticker names: nobody but the owner's browser can open it.
#[utoipa::path(post, path = "/notes", tag = "calls", request_body = Leave, responses(
    (status = 201, description = "It is kept for the owner; the same envelope is kept once", body = Left),
    (status = 400, description = "`bad-code`, `bad-checksum`, `bad-note` or `clock-differs`"),
    (status = 404, description = "`unknown-code`: unknown, expired and revoked alike"),
    (status = 409, description = "`paused`, `no-key` or `inbox-full`"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn leave(
    State(state): State<SharedState>,
    Source(source): Source,
    Json(body): Json<Leave>,
) -> Result<(StatusCode, Answer<Left>), ApiError> {
    let now = SystemTime::now();
    state.limits.check(Action::Note, source, Instant::now())?;
    let envelope = Envelope::parse(&body.envelope, body.kind)?;
    let tag = state.tags.callable(&Token::parse(&body.scanned_token)?, now).await?;
    if tag.identity.is_none() {
        let error = Error::new(Kind::Conflict, "no-key", "This sticker carries no key that a note could be sealed to.");
        return Err(error.hint("Call instead.").into());
    }
    body.minute.check_near(now)?;
    state.limits.check_note_of(tag.tag, Instant::now())?;
    let kept_until = state.notes.leave(tag.tag, body.kind, body.minute, envelope, now).await?;
    let kept_until = kept_until.ok_or_else(unknown_code)?;
    Ok((StatusCode::CREATED, Answer(Left { kept_until: rfc3339(kept_until) })))
}

/// Notes for the household
#[utoipa::path(get, path = "/notes", tag = "notes", params(Page), security(("session" = [])), responses(
    (status = 200, description = "As they came, the latest first", body = Inbox),
))]
pub async fn list(
    State(state): State<SharedState>,
    owner: Identity,
    Query(page): Query<Page>,
) -> Result<Answer<Inbox>, ApiError> {
    let limit = page.limit.unwrap_or(50);
    if !(1..=MAX_LISTED).contains(&limit) {
        return Err(Error::invalid("bad-query", format!("limit is a number from 1 to {MAX_LISTED}.")).into());
    }
    let before = page.before.as_deref().map(place).transpose()?;
    let page = state.notes.list(owner, before, limit).await?;
    let last = page.notes.last().filter(|_| page.more);
    let next = last.map(|note| format!("{}.{}", note.minute.0, note.id));
    Ok(Answer(Inbox { notes: page.notes.into_iter().map(note::describe).collect(), next, unread: page.unread }))
}

/// Says that notes were opened
#[utoipa::path(post, path = "/notes/read", tag = "notes", security(("session" = [])), request_body = Opened, responses(
    (status = 204, description = "They are marked as read, on every device of the household"),
))]
pub async fn read(
    State(state): State<SharedState>,
    owner: Identity,
    Json(body): Json<Opened>,
) -> Result<StatusCode, ApiError> {
    if body.notes.len() > MAX_LISTED as usize {
        return Err(Error::invalid("too-many-notes", format!("At most {MAX_LISTED} notes are marked at once.")).into());
    }
    let ids = body.notes.iter().map(|id| id.parse()).collect::<Result<Vec<_>, _>>()?;
    state.notes.mark_read(owner, ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes all notes
///
/// With `read=true` only those that somebody has opened, so that none goes that came meanwhile.
#[utoipa::path(delete, path = "/notes", tag = "notes", params(Which), security(("session" = [])), responses(
    (status = 204, description = "There are none any more"),
))]
pub async fn delete_all(
    State(state): State<SharedState>,
    owner: Identity,
    Query(which): Query<Which>,
) -> Result<StatusCode, ApiError> {
    state.notes.delete_all(owner, which.read.unwrap_or(false)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a note
#[utoipa::path(delete, path = "/notes/{id}", tag = "notes", security(("session" = [])), params(
    ("id" = String, Path, description = "As in the list"),
), responses(
    (status = 204, description = "It is deleted"),
    (status = 404, description = "`no-such-note`"),
))]
pub async fn delete(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.notes.delete(owner, id.parse().map_err(|_| notes::no_such_note())?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Reads what [`Inbox::next`] says.
fn place(text: &str) -> Result<NotesBefore, Error> {
    let parts = text.split_once('.');
    let place = parts.and_then(|(minute, id)| Some(NotesBefore(Minute(minute.parse().ok()?), id.parse().ok()?)));
    place.ok_or_else(|| {
        Error::invalid("bad-query", "This is not where a page begins.").hint("Send back next of the page before.")
    })
}
