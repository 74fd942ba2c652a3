//! `GET /api/v1`: what the API offers.

use axum::Json;
use axum::extract::State as Extract;
use serde_json::{Value, json};

use super::State;
use super::error::Failure;

/// Each request in a line: method, path, and the body's fields.
const ENDPOINTS: [&str; 17] = [
    "GET /health",
    "GET /api/v1",
    "POST /api/v1/auth/register {username, password, emergencyContact?, setupToken?, cookie?}",
    "POST /api/v1/auth/login {username, password, cookie?}",
    "POST /api/v1/auth/logout",
    "GET /api/v1/account",
    "GET /api/v1/tokens",
    "POST /api/v1/tokens/generate {userId?, label?, publicText?, lifetime?}",
    "POST /api/v1/tokens/validate {token}",
    "POST /api/v1/tokens/{id}/pause",
    "POST /api/v1/tokens/{id}/resume",
    "DELETE /api/v1/tokens/{id}",
    "POST /api/v1/calls/initiate {scannedToken, callerAnonymousId?}",
    "GET /api/v1/calls/signaling/{sessionId} (WebSocket)",
    "POST /api/v1/presence/ticket",
    "GET /api/v1/presence (WebSocket)",
    "GET /ca.pem",
];

/// `GET /api/v1`
pub async fn index(Extract(state): Extract<State>) -> Result<Json<Value>, Failure> {
    let registration = if state.accounts.awaits_setup().await? { "setup" } else { "closed" };
    Ok(Json(json!({
        "name": "callqr",
        "version": env!("CARGO_PKG_VERSION"),
        "registration": registration,
        "endpoints": ENDPOINTS,
    })))
}
