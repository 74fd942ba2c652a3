//! `/api/v1/calls`: a caller asks for a call, then both sides connect to its signalling.

use crate::web::websocket::still_valid;
use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::household::tag::Token;
use crate::domain::ice::IceServer;
use crate::domain::identity::Identity;
use crate::domain::ids::{AnonymousId, CallId};
use crate::domain::{Error, Kind};
use crate::limits::rate::Action;
use crate::web::error::ApiError;
use crate::web::extract::request::{Authority, Json, PathParams, Source};
use crate::web::state::SharedState;
use crate::web::websocket;

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
    #[serde(rename = "sessionId")]
    call_id: CallId,
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
    State(state): State<SharedState>,
    Source(source): Source,
    Authority(authority): Authority,
    Json(body): Json<Initiate>,
) -> Result<(StatusCode, Answer<Initiated>), ApiError> {
    state.limits.check(Action::Initiate, source, Instant::now())?;
    // One that is sent was checked for its form and is not used: it would link this call to an earlier one.
    let _ = body.caller_anonymous_id;
    let token = Token::parse(&body.scanned_token)?;
    let call = state.hub.place_call(&state.tags, &token, &authority, SystemTime::now()).await?;
    let answer = Initiated {
        call_id: call.call_id,
        caller_anonymous_id: call.caller,
        signaling_endpoint: format!("/api/v1/calls/signaling/{}", call.call_id),
        ticket: call.ticket,
        ice_servers: call.ice_servers,
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
    State(state): State<SharedState>,
    Source(source): Source,
    PathParams(call_id): PathParams<String>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let call_id = parse_call_id(&call_id)?;
    let seat = state.sockets.admit(source).ok_or_else(websocket::full)?;
    Ok(websocket::call_socket(request, call_id, Some(seat), &state.origin, &state.hub).await?)
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
    State(state): State<SharedState>,
    identity: Identity,
    PathParams(call_id): PathParams<String>,
) -> Result<Answer<CallTicket>, ApiError> {
    let ticket = state.hub.call_ticket(parse_call_id(&call_id)?, identity.session).await?;
    still_valid(&state, identity).await?;
    Ok(Answer(CallTicket { ticket }))
}

/// An id that cannot be one is that of no call.
fn parse_call_id(text: &str) -> Result<CallId, Error> {
    text.parse().map_err(|_| {
        Error::new(Kind::NotFound, "no-such-call", "There is no such call.").hint("Scan the sticker again.")
    })
}
