//! `GET /health`: the health of the appliance and of each part.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::web::health::Condition;
use crate::web::state::SharedState;

/// The appliance's health.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// The state of the unhealthiest part.
    status: Condition,
    services: Services,
    version: &'static str,
}

/// The health of each part.
#[derive(Serialize, ToSchema)]
pub struct Services {
    database: Condition,
    relay: Condition,
    signaling: Condition,
    certificates: Condition,
    /// `degraded` while the clock is clearly wrong. Expired data isn't removed then.
    clock: Condition,
}

/// Reports the appliance's health
#[utoipa::path(get, path = "/health", tag = "server", responses(
    (status = 200, description = "Healthy or degraded", body = Health),
    (status = 503, description = "Unhealthy", body = Health),
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
