//! Signalling's WebSockets (RFC 6455): the upgrade, and the pump between one socket and the hub.

mod pump;
mod upgrade;

use axum::body::Body;
use http::{Request, Response};

use crate::domain::Result;
use crate::domain::ids::SessionId;
use crate::hub::{Endpoint, Hub};
use crate::web::origin::OriginPolicy;

/// `GET /api/v1/calls/signaling/{sessionId}`: upgrades to the signalling of one call.
///
/// # Errors
/// `foreign-origin` (403), `not-a-websocket` (400), `too-many-connections` (503).
pub async fn call_socket(
    request: Request<Body>,
    session: SessionId,
    origins: &OriginPolicy,
    hub: &Hub,
) -> Result<Response<Body>> {
    upgrade::upgrade(request, Endpoint::Call(session), origins, hub)
}

/// `GET /api/v1/presence`: upgrades to a device's presence.
///
/// # Errors
/// As [`call_socket`].
pub async fn presence_socket(request: Request<Body>, origins: &OriginPolicy, hub: &Hub) -> Result<Response<Body>> {
    upgrade::upgrade(request, Endpoint::Presence, origins, hub)
}
