//! `/api/v1/presence`: an owner's device announces that it can be called.

use crate::web::websocket::still_valid;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::identity::Identity;
use crate::web::error::ApiError;
use crate::web::extract::request::Source;
use crate::web::state::SharedState;
use crate::web::websocket;

/// What a device needs to connect.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceTicket {
    /// The ticket to send in `hello`.
    ticket: String,
    /// Where to open the WebSocket.
    signaling_endpoint: &'static str,
}

/// Issues a ticket to an owner's device
#[utoipa::path(post, path = "/presence/ticket", tag = "devices", security(("session" = [])), responses(
    (status = 200, description = "A ticket for one connection", body = PresenceTicket),
    (status = 409, description = "`too-many-household-devices`: the household has reached its limit of connected devices"),
    (status = 503, description = "`too-many-devices`: the server has reached its device limit"),
))]
pub async fn ticket(State(state): State<SharedState>, identity: Identity) -> Result<Json<PresenceTicket>, ApiError> {
    let ticket = state.hub.presence_ticket(identity.household, identity.session).await?;
    still_valid(&state, identity).await?;
    Ok(Json(PresenceTicket { ticket, signaling_endpoint: "/api/v1/presence" }))
}

/// Opens an owner's device's WebSocket
///
/// Uses the signalling protocol, over HTTP/1.1 only. A page's `Origin` must be this server's own or one that is listed in
/// `http.cors_origins`; a program sends none.
#[utoipa::path(get, path = "/presence", tag = "devices", operation_id = "presence_signaling", responses(
    (status = 101, description = "The connection becomes a WebSocket"),
    (status = 400, description = "`not-a-websocket`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 426, description = "`not-a-websocket`: the version is not 13"),
    (status = 503, description = "`too-many-connections`"),
))]
pub async fn signaling(
    State(state): State<SharedState>,
    Source(source): Source,
    request: Request,
) -> Result<Response<Body>, ApiError> {
    let seat = state.sockets.admit(source).ok_or_else(websocket::full)?;
    Ok(websocket::presence_socket(request, (Some(seat), Some(source)), &state.origin, &state.hub).await?)
}
