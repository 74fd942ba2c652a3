//! The HTTP edge, in layers: `connection` serves a stream, `middleware` wraps every request, `extract` parses it, `api`,
//! `pages` and `websocket` answer it, `openapi` describes it.
//!
//! Imports `accounts`, `audit`, `auth`, `domain`, `household`, `hub`, `limits`, `net`, `proto::signal`, `qr`,
//! `views`. Called by `app`.

pub mod api;
pub mod connection;
pub mod error;
mod extract;
mod forwarded;
pub mod health;
pub mod metrics;
mod middleware;
pub mod openapi;
pub mod origin;
pub mod pages;
mod shared;
pub mod state;
pub mod websocket;

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use axum::routing::get;

use crate::domain::Error;
use error::ApiError;
use middleware::{concurrency, cors, drain_body, foreign, headers, host};
use pages::assets;
use state::{AppState, SharedState};

/// Everything that can be asked for over HTTP.
pub fn router(edge: AppState) -> Router {
    let state = SharedState(Arc::new(edge));
    let api = api::routes().into_router();
    api.route("/", get(pages::owner))
        .route("/setup", get(pages::setup))
        .route("/join", get(pages::join))
        .route("/reset", get(pages::reset))
        .route("/c", get(pages::caller))
        .route("/api", get(openapi::page))
        .route("/worker.js", get(pages::worker))
        .route("/pages.sha256", get(assets::list))
        .route("/favicon.ico", get(pages::favicon))
        .route("/robots.txt", get(pages::robots))
        .route("/a/{build}/{*name}", get(assets::file))
        .fallback(pages::lost)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(state.clone(), concurrency::admit))
        .layer(from_fn_with_state(state.clone(), foreign::refuse))
        .layer(from_fn(host::require_one))
        .layer(from_fn_with_state(state.clone(), drain_body::take_in))
        .layer(from_fn_with_state(state.clone(), cors::allow))
        .layer(map_response_with_state(state.clone(), headers::add))
        .with_state(state)
}

async fn wrong_method() -> ApiError {
    let error = Error::invalid("wrong-method", "This address doesn't accept this method.")
        .hint("GET /api/v1 lists what there is.");
    ApiError::with_status(error, axum::http::StatusCode::METHOD_NOT_ALLOWED)
}
