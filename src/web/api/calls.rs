//! `/api/v1/calls`: a caller asks for a call, then both sides connect to its signalling.

use crate::web::websocket::still_valid;
use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{Response, StatusCode};
use serde::de::IgnoredAny;
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

/// Who to call.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Initiate {
    /// A complete code, just its token, or the SHA-256 of its token for a code with a KEYHASH.
    scanned_token: String,
    /// Ignored: each call gets a new one.
    #[serde(rename = "callerAnonymousId")]
    #[schema(value_type = Option<Value>)]
    _caller_anonymous_id: Option<IgnoredAny>,
}

/// A call that is waiting for its caller.
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
    /// The ticket to send in `hello` there.
    ticket: String,
    /// An `RTCConfiguration.iceServers` array.
    #[schema(value_type = Vec<RelayServer>)]
    ice_servers: Vec<IceServer>,
    /// How long the call rings.
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

/// Places a call
#[utoipa::path(post, path = "/calls/initiate", tag = "calls", request_body = Initiate, responses(
    (status = 201, description = "The call is waiting for its caller at `signalingEndpoint`", body = Initiated),
    (status = 400, description = "`bad-code`, `bad-checksum`"),
    (status = 404, description = "`unknown-code`: the code is unknown, expired or revoked"),
    (status = 409, description = "`paused`"),
    (status = 429, description = "`too-many-requests`"),
    (status = 503, description = "`too-many-calls`"),
))]
pub async fn initiate(
    State(state): State<SharedState>,
    Source(source): Source,
    Authority(authority): Authority,
    Json(body): Json<Initiate>,
) -> Result<(StatusCode, Answer<Initiated>), ApiError> {
    state.limits.check(Action::Initiate, source, Instant::now())?;
    // One that is sent was checked for its form and is not used: it would link this call to an earlier one.
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

/// Opens a call's WebSocket
///
/// Uses the signalling protocol, over HTTP/1.1 only. An `Origin` has to be this server's own; a program sends none.
#[utoipa::path(get, path = "/calls/signaling/{session}", tag = "calls",
    params(("session" = String, Path, description = "The call's `sessionId`")), responses(
    (status = 101, description = "The connection becomes a WebSocket"),
    (status = 400, description = "`not-a-websocket`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 404, description = "`no-such-call`"),
    (status = 426, description = "`not-a-websocket`: the version is not 13"),
    (status = 503, description = "`too-many-connections`"),
))]
pub async fn signaling(
    State(state): State<SharedState>,
    Source(source): Source,
    PathParams(call_id): PathParams<String>,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let call_id = parse_call_id(&call_id)?;
    let seat = state.sockets.admit(source).ok_or_else(websocket::full)?;
    Ok(websocket::call_socket(request, call_id, (Some(seat), Some(source)), &state.origin, &state.hub).await?)
}

/// What a device needs to rejoin a call.
#[derive(Serialize, ToSchema)]
#[schema(as = CallTicket)]
pub struct CallTicket {
    /// The ticket to send in `hello` at the call's signalling endpoint.
    ticket: String,
}

/// Issues a new ticket to an owner's device that is ringing or talking
///
/// A device's tickets stop working when its session gets new secrets, after a confirmation or a new password. With the
/// new ticket it rejoins and the call continues.
#[utoipa::path(post, path = "/calls/signaling/{session}/ticket", tag = "devices", security(("session" = [])),
    params(("session" = String, Path, description = "The call's `sessionId`")), responses(
    (status = 200, description = "A ticket for one connection", body = CallTicket),
    (status = 404, description = "`no-such-call`: this device isn't in this call"),
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

/// A malformed ID is treated as a call that doesn't exist.
fn parse_call_id(text: &str) -> Result<CallId, Error> {
    text.parse().map_err(|_| {
        Error::new(Kind::NotFound, "no-such-call", "There's no such call.").hint("Scan the sticker again.")
    })
}
