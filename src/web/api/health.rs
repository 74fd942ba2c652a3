//! `GET /health`: whether the appliance does its job, part by part.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::health::Condition;
use crate::web::state::SharedState;

/// How the appliance is.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// The worst of its parts.
    status: Condition,
    services: Services,
    version: &'static str,
}

/// How each part is.
#[derive(Serialize, ToSchema)]
pub struct Services {
    database: Condition,
    relay: Condition,
    signaling: Condition,
    certificates: Condition,
    /// `degraded` while it is plainly wrong: nothing that has expired is removed then.
    clock: Condition,
}

/// Whether the appliance does its job
#[utoipa::path(get, path = "/health", tag = "server", responses(
    (status = 200, description = "It does, or most of it", body = Health),
    (status = 503, description = "It does not", body = Health),
))]
pub async fn health(State(state): State<SharedState>) -> (StatusCode, Json<Health>) {
    let database = (state.probes.database)().await;
    let signaling = if state.hub.is_running() { Condition::Healthy } else { Condition::Unhealthy };
    let relay = (state.probes.relay)();
    let certificates = (state.probes.certificates)();
    let clock = (state.probes.clock)();
    let worst = database.max(signaling).max(relay).max(certificates).max(clock);
    let status = if worst == Condition::Unhealthy { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    let services = Services { database, relay, signaling, certificates, clock };
    (status, Json(Health { status: worst, services, version: env!("CARGO_PKG_VERSION") }))
}
