//! Signalling's WebSockets (RFC 6455): the upgrade, and the pump between one socket and the hub.

mod pump;
mod upgrade;

pub use upgrade::full;

use axum::body::Body;
use http::{Request, Response};

use crate::domain::Result;
use crate::domain::ids::CallId;
use crate::hub::{Endpoint, Hub};
use crate::limits::concurrency::Permit;
use crate::web::origin::OriginPolicy;

/// `GET /api/v1/calls/signaling/{sessionId}`: upgrades to the signalling of one call; the socket keeps `seat`, its
/// source's own place, to its end.
///
/// # Errors
/// `foreign-origin` (403), `not-a-websocket` (400), `too-many-connections` (503).
pub async fn call_socket(
    request: Request<Body>,
    call_id: CallId,
    seat: Option<Permit>,
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
    seat: Option<Permit>,
    origins: &OriginPolicy,
    hub: &Hub,
) -> Result<Response<Body>> {
    upgrade::upgrade(request, Endpoint::Presence, seat, origins, hub)
}
