//! `/api/v1/calls`: a caller asks for a call, then both sides connect to its signalling.

use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::{Request, State as Extract};
use axum::http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::Failure;
use super::request::{Authority, Json, Places, Source};
use super::{State, websocket};
use crate::domain::ids::{AnonymousId, SessionId};
use crate::domain::tag::Token;
use crate::domain::{Error, Kind};
use crate::hub::PlaceCall;
use crate::service::limits::Action;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Initiate {
    scanned_token: String,
    caller_anonymous_id: Option<AnonymousId>,
}

/// `POST /api/v1/calls/initiate`
pub async fn initiate(
    Extract(state): Extract<State>,
    Source(source): Source,
    Authority(authority): Authority,
    Json(body): Json<Initiate>,
) -> Result<(StatusCode, Answer<Value>), Failure> {
    state.limits.check(Action::Initiate, source, Instant::now())?;
    // One that is sent was checked for its form and is not used: it would link this call to an earlier one.
    let _ = body.caller_anonymous_id;
    let tag =
        state.tags.find(&Token::parse(&body.scanned_token)?, SystemTime::now()).await?.ok_or_else(unknown_code)?;
    if tag.paused {
        return Err(Error::new(Kind::Conflict, "paused", "The owner does not take calls through this sticker now.")
            .hint("Try again later.")
            .into());
    }
    let (session, caller) = (SessionId::random(), AnonymousId::random());
    let ticket = state.hub.place(PlaceCall { session, tag: tag.tag, household: tag.household, caller }).await?;
    let answer = json!({
        "sessionId": session,
        "callerAnonymousId": caller,
        "signalingEndpoint": format!("/api/v1/calls/signaling/{session}"),
        "ticket": ticket,
        "iceServers": state.ice.servers(&authority, caller),
        "ringSeconds": state.ring_time.as_secs(),
    });
    Ok((StatusCode::CREATED, Answer(answer)))
}

/// `GET /api/v1/calls/signaling/{sessionId}`: a WebSocket.
pub async fn signaling(
    Extract(state): Extract<State>,
    Places(session): Places<String>,
    request: Request,
) -> Result<Response<Body>, Failure> {
    let session = session.parse().map_err(|_| {
        Error::new(Kind::NotFound, "no-such-call", "There is no such call.").hint("Scan the sticker again.")
    })?;
    Ok(websocket::call_socket(request, session, &state.origin, &state.hub).await?)
}

/// The same for a code that never was, one whose time is over and one that was revoked.
fn unknown_code() -> Error {
    Error::new(Kind::NotFound, "unknown-code", "Nobody can be called through this code.")
        .hint("It may have expired or been revoked: look for another way to reach the owner.")
}
