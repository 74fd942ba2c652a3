//! `/api/v1/presence`: an owner's device says that it can be rung.

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State as Extract};
use axum::http::Response;
use serde_json::{Value, json};

use super::error::Failure;
use super::{State, websocket};
use crate::service::sessions::Identity;

/// `POST /api/v1/presence/ticket`
pub async fn ticket(Extract(state): Extract<State>, identity: Identity) -> Result<Json<Value>, Failure> {
    let ticket = state.hub.presence_ticket(identity.household, identity.login).await?;
    Ok(Json(json!({ "ticket": ticket, "signalingEndpoint": "/api/v1/presence" })))
}

/// `GET /api/v1/presence`: a WebSocket.
pub async fn signaling(Extract(state): Extract<State>, request: Request) -> Result<Response<Body>, Failure> {
    Ok(websocket::presence_socket(request, &state.origin, &state.hub).await?)
}
