//! `GET /api/v1`: an overview of the API.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::web::error::ApiError;
use crate::web::openapi::ENDPOINTS;
use crate::web::state::SharedState;

/// An overview of the API.
#[derive(Serialize, ToSchema)]
pub struct Index {
    name: &'static str,
    version: &'static str,
    /// Who may register.
    #[schema(value_type = String, pattern = "^(setup|invite|open|closed)$")]
    registration: Value,
    /// One line per request: method, path and body fields.
    endpoints: &'static [&'static str],
}

/// Gives an overview of the API
#[utoipa::path(get, path = "/", tag = "server", responses((status = 200, description = "Who may register, and every request", body = Index)))]
pub async fn index(State(state): State<SharedState>) -> Result<Json<Index>, ApiError> {
    Ok(Json(Index {
        name: "callqr",
        version: env!("CARGO_PKG_VERSION"),
        registration: state.accounts.registration().await?.map_or(json!("setup"), |registration| json!(registration)),
        endpoints: ENDPOINTS,
    }))
}
