//! `/api/v1/notes`: a caller leaves a note that only the owner's browser can open; the owner's page reads and deletes it.

use crate::household::tags::unknown_code;
use crate::views::note::Note;
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
use crate::views::timestamp::rfc3339;
use crate::web::error::ApiError;
use crate::web::extract::request::{Json, PathParams, Query, Source};
use crate::web::state::SharedState;

/// The most notes on a page, and the most that can be marked as read at once.
const MAX_LISTED: u32 = 100;

/// A note to leave.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Leave {
    /// A complete code, or the SHA-256 of its token.
    scanned_token: String,
    /// `text`.
    #[schema(value_type = String, pattern = "^text$")]
    kind: NoteKind,
    /// Minutes since 1970, bound to the envelope; at most five from the server's clock.
    #[schema(value_type = u64)]
    minute: Minute,
    /// The sealed note, base64url.
    envelope: String,
}

/// A note that was kept.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    /// When it is removed, unless the owner deletes it first.
    #[schema(format = DateTime)]
    kept_until: String,
}

/// Which page of notes.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// The previous page's `next`.
    before: Option<String>,
    /// The most notes to return; 50 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

/// Notes for the household, newest first.
#[derive(Serialize, ToSchema)]
pub struct Inbox {
    notes: Vec<Note>,
    /// The value of `before` for the next page; `null` on the last one.
    #[schema(required = true)]
    next: Option<String>,
    /// The number of unread notes, on this and all other pages.
    unread: u32,
}

/// Notes to mark as read.
#[derive(Deserialize, ToSchema)]
pub struct Opened {
    /// Their IDs. Unknown IDs are ignored.
    #[schema(value_type = Vec<String>, max_items = 100)]
    notes: Vec<String>,
}

/// Which notes to delete.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Which {
    /// `true`: only notes that have been read.
    read: Option<bool>,
}

/// Leaves a note
///
/// It is sealed in the caller's browser to the sticker's keys, so that only the owner's browser can open it.
#[utoipa::path(post, path = "/notes", tag = "calls", request_body = Leave, responses(
    (status = 201, description = "The note is kept for the owner; an identical envelope is kept only once", body = Left),
    (status = 400, description = "`bad-code`, `bad-checksum`, `bad-note` or `clock-differs`"),
    (status = 404, description = "`unknown-code`: the code is unknown, expired or revoked"),
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
        let error =
            Error::new(Kind::Conflict, "no-key", "This sticker has no key, so a note can't be sealed for its owner.");
        return Err(error.hint("Call instead.").into());
    }
    body.minute.check_near(now)?;
    state.limits.check_note_of(tag.tag, Instant::now())?;
    let kept_until = state.notes.leave(tag.tag, body.kind, body.minute, envelope, now).await?;
    let kept_until = kept_until.ok_or_else(unknown_code)?;
    Ok((StatusCode::CREATED, Answer(Left { kept_until: rfc3339(kept_until) })))
}

/// Lists notes for the household
#[utoipa::path(get, path = "/notes", tag = "notes", params(Page), security(("session" = [])), responses(
    (status = 200, description = "The notes as sealed, newest first", body = Inbox),
))]
pub async fn list(
    State(state): State<SharedState>,
    owner: Identity,
    Query(page): Query<Page>,
) -> Result<Answer<Inbox>, ApiError> {
    let limit = page.limit.unwrap_or(50);
    if !(1..=MAX_LISTED).contains(&limit) {
        return Err(Error::invalid("bad-query", format!("limit must be a number from 1 to {MAX_LISTED}.")).into());
    }
    let before = page.before.as_deref().map(place).transpose()?;
    let page = state.notes.list(owner, before, limit).await?;
    let last = page.notes.last().filter(|_| page.more);
    let next = last.map(|note| format!("{}.{}", note.minute.0, note.id));
    Ok(Answer(Inbox { notes: page.notes.into_iter().map(Note::from).collect(), next, unread: page.unread }))
}

/// Marks notes as read
#[utoipa::path(post, path = "/notes/read", tag = "notes", security(("session" = [])), request_body = Opened, responses(
    (status = 204, description = "Marked as read on all the household's devices"),
    (status = 400, description = "`bad-id`, `too-many-notes`"),
))]
pub async fn read(
    State(state): State<SharedState>,
    owner: Identity,
    Json(body): Json<Opened>,
) -> Result<StatusCode, ApiError> {
    if body.notes.len() > MAX_LISTED as usize {
        return Err(
            Error::invalid("too-many-notes", format!("You can mark at most {MAX_LISTED} notes at once.")).into()
        );
    }
    let ids = body.notes.iter().map(|id| id.parse()).collect::<Result<Vec<_>, _>>()?;
    state.notes.mark_read(owner, ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes all notes
///
/// With `read=true`, deletes only notes that have been read, so that notes arriving in the meantime stay.
#[utoipa::path(delete, path = "/notes", tag = "notes", params(Which), security(("session" = [])), responses(
    (status = 204, description = "Deleted"),
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
    ("id" = String, Path, description = "The ID from the list"),
), responses(
    (status = 204, description = "Deleted"),
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

/// Parses [`Inbox::next`].
fn place(text: &str) -> Result<NotesBefore, Error> {
    let parts = text.split_once('.');
    let place = parts.and_then(|(minute, id)| Some(NotesBefore(Minute(minute.parse().ok()?), id.parse().ok()?)));
    place.ok_or_else(|| {
        Error::invalid("bad-query", "This isn't the start of a page.").hint("Send the previous page's next.")
    })
}
