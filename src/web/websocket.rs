//! Signalling's WebSockets (RFC 6455): the upgrade, and the pump between one socket and the hub.

mod pump;
mod upgrade;

pub use upgrade::full;

use std::net::IpAddr;
use std::time::SystemTime;

use axum::body::Body;
use http::{Request, Response};

use crate::auth::sessions::SessionStatus;
use crate::domain::identity::Identity;
use crate::domain::ids::CallId;
use crate::domain::{Error, Kind, Result};
use crate::hub::{Endpoint, Hub};
use crate::limits::concurrency::Permit;
use crate::web::error::ApiError;
use crate::web::origin::OriginPolicy;
use crate::web::state::SharedState;

/// A socket's place among those of its source, which it keeps to its end, and that source.
pub type Seat = (Option<Permit>, Option<IpAddr>);

/// `GET /api/v1/calls/signaling/{sessionId}`: upgrades to the signalling of one call; the socket keeps
/// `seat` to its end.
///
/// # Errors
/// `foreign-origin` (403), `not-a-websocket` (400), `too-many-connections` (503).
pub async fn call_socket(
    request: Request<Body>,
    call_id: CallId,
    seat: Seat,
    origins: &OriginPolicy,
    hub: &Hub,
) -> Result<Response<Body>> {
    upgrade::upgrade(request, Endpoint::Call(call_id), seat, origins, hub)
}

/// `GET /api/v1/presence`: upgrades to a device's presence.
///
/// # Errors
/// As [`call_socket`].
pub async fn presence_socket(
    request: Request<Body>,
    seat: Seat,
    origins: &OriginPolicy,
    hub: &Hub,
) -> Result<Response<Body>> {
    upgrade::upgrade(request, Endpoint::Presence, seat, origins, hub)
}

/// Checks that the session a ticket was just made for hasn't ended or been given new secrets since it was looked up: the
/// hub was told of such a change before this ticket existed.
pub(in crate::web) async fn still_valid(state: &SharedState, identity: Identity) -> Result<(), ApiError> {
    match state.sessions.standing(identity, SystemTime::now()).await? {
        SessionStatus::Good => return Ok(()),
        // The ticket stays here, and its place is the device's own.
        SessionStatus::Renewed => {}
        SessionStatus::Ended => state.hub.end_session(identity.session).await,
    }
    Err(Error::new(Kind::Unauthenticated, "no-session", "You're no longer logged in.").hint("Log in again.").into())
}
