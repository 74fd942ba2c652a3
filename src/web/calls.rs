//! `/api/v1/calls`: a caller asks for a call, then both sides connect to its signalling.

use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Request, State as Extract};
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::Failure;
use super::presence::still_theirs;
use super::request::{Authority, Json, Places, Source};
use super::{State, websocket};
use crate::domain::ice::IceServer;
use crate::domain::ids::{AnonymousId, SessionId};
use crate::domain::tag::Token;
use crate::domain::{Error, Kind};
use crate::hub::PlaceCall;
use crate::service::limits::Action;
use crate::service::sessions::Identity;

/// Who shall be called.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initiate {
    /// A whole code, or the token in it.
    scanned_token: String,
    /// Checked for its form, and not used: each call gets a new one.
    #[schema(value_type = Option<String>)]
    caller_anonymous_id: Option<AnonymousId>,
}

/// A call that waits for its caller.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initiated {
    #[schema(value_type = String)]
    session_id: SessionId,
    #[schema(value_type = String)]
    caller_anonymous_id: AnonymousId,
    /// Where to open the WebSocket.
    signaling_endpoint: String,
    /// What to say `hello` with there.
    ticket: String,
    /// An `RTCConfiguration.iceServers` array.
    #[schema(value_type = Vec<RelayServer>)]
    ice_servers: Vec<IceServer>,
    /// How long it rings.
    ring_seconds: u64,
}

/// An entry of `RTCConfiguration.iceServers`.
#[derive(ToSchema)]
#[schema(as = IceServer)]
#[allow(dead_code, reason = "the shape that IceServer is written in")]
struct RelayServer {
    urls: Vec<String>,
    username: String,
    credential: String,
}

/// Asks for a call
#[utoipa::path(post, path = "/calls/initiate", tag = "calls", request_body = Initiate, responses(
    (status = 201, description = "The call waits for its caller at `signalingEndpoint`", body = Initiated),
    (status = 404, description = "`unknown-code`: unknown, expired and revoked alike"),
    (status = 409, description = "`paused`"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn initiate(
    Extract(state): Extract<State>,
    Source(source): Source,
    Authority(authority): Authority,
    Json(body): Json<Initiate>,
) -> Result<(StatusCode, Answer<Initiated>), Failure> {
    state.limits.check(Action::Initiate, source, Instant::now())?;
    // One that is sent was checked for its form and is not used: it would link this call to an earlier one.
    let _ = body.caller_anonymous_id;
    let tag =
        state.tags.find(&Token::parse(&body.scanned_token)?, SystemTime::now()).await?.ok_or_else(unknown_code)?;
    if tag.paused {
        return Err(paused().into());
    }
    let (session, caller) = (SessionId::random(), AnonymousId::random());
    let ticket = state.hub.place(PlaceCall { session, tag: tag.tag, household: tag.household, caller }).await?;
    // Whoever revoked or paused it between the two could not end a call that was not placed yet.
    if !state.tags.stands(tag.tag).await? {
        state.hub.withdraw_tag(tag.tag).await;
        return Err(unknown_code().into());
    }
    let answer = Initiated {
        session_id: session,
        caller_anonymous_id: caller,
        signaling_endpoint: format!("/api/v1/calls/signaling/{session}"),
        ticket,
        ice_servers: state.ice.servers(&authority, caller),
        ring_seconds: state.ring_time.as_secs(),
    };
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// The WebSocket of a call
///
/// Speaks the signalling protocol; HTTP/1.1 only, for this server's own pages.
#[utoipa::path(get, path = "/calls/signaling/{session}", tag = "calls",
    params(("session" = String, Path, description = "The call's `sessionId`")), responses(
    (status = 101, description = "A WebSocket from here on"),
    (status = 400, description = "`not-a-websocket`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 404, description = "`no-such-call`"),
))]
pub async fn signaling(
    Extract(state): Extract<State>,
    Source(source): Source,
    Places(session): Places<String>,
    request: Request,
) -> Result<Response<Body>, Failure> {
    let session = session_id(&session)?;
    let seat = state.sockets.admit(source).ok_or_else(websocket::full)?;
    Ok(websocket::call_socket(request, session, Some(seat), &state.origin, &state.hub).await?)
}

/// What a device comes back to a call with.
#[derive(Serialize, ToSchema)]
#[schema(as = CallTicket)]
pub struct CallTicket {
    /// What to say `hello` with, at the address of the call's signalling.
    ticket: String,
}

/// A new ticket for an owner's device that rings or talks
///
/// Its tickets are worthless when its session was given new secrets, by confirming or by a new password: by these it comes
/// back, and the call goes on.
#[utoipa::path(post, path = "/calls/signaling/{session}/ticket", tag = "devices", security(("session" = [])),
    params(("session" = String, Path, description = "The call's `sessionId`")), responses(
    (status = 200, description = "The ticket, for one connection", body = CallTicket),
    (status = 404, description = "`no-such-call`: this device takes part in no such call"),
))]
pub async fn ticket(
    Extract(state): Extract<State>,
    identity: Identity,
    Places(session): Places<String>,
) -> Result<Answer<CallTicket>, Failure> {
    let ticket = state.hub.call_ticket(session_id(&session)?, identity.login).await?;
    still_theirs(&state, identity).await?;
    Ok(Answer(CallTicket { ticket }))
}

/// An id that cannot be one is that of no call.
fn session_id(text: &str) -> Result<SessionId, Error> {
    text.parse().map_err(|_| {
        Error::new(Kind::NotFound, "no-such-call", "There is no such call.").hint("Scan the sticker again.")
    })
}

/// The same for a code that never was, one whose time is over and one that was revoked.
pub(super) fn unknown_code() -> Error {
    Error::new(Kind::NotFound, "unknown-code", "Nobody can be called through this code.")
        .hint("It may have expired or been revoked: look for another way to reach the owner.")
}

pub(super) fn paused() -> Error {
    Error::new(Kind::Conflict, "paused", "The owner does not take calls through this sticker now.")
        .hint("Try again later.")
}
