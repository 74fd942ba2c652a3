//! `GET /health`: the health of the appliance and of each part.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::hub::Hub;
use crate::web::health::{Condition, HealthDetail, Probes, Verdict};
use crate::web::state::SharedState;

/// The appliance's health.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// The state of the unhealthiest part.
    status: Condition,
    services: Services,
    /// What there is to say of a part, under its name: why it isn't healthy, or what wasn't examined.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: BTreeMap<&'static str, HealthDetail>,
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

impl Health {
    /// Examines every part.
    pub async fn examine(probes: &Probes, hub: &Hub) -> Self {
        let mut details = BTreeMap::new();
        let mut note = |name: &'static str, verdict: Verdict| {
            details.extend(verdict.detail.map(|detail| (name, detail)));
            verdict.condition
        };
        let services = Services {
            database: note("database", (probes.database)().await),
            relay: note("relay", (probes.relay)()),
            signaling: if hub.is_running() { Condition::Healthy } else { Condition::Unhealthy },
            certificates: note("certificates", (probes.certificates)()),
            clock: note("clock", (probes.clock)()),
        };
        let Services { database, relay, signaling, certificates, clock } = services;
        let status = database.max(relay).max(signaling).max(certificates).max(clock);
        Self { status, services, details, version: env!("CARGO_PKG_VERSION") }
    }

    /// Whether the appliance does its job, or most of it.
    pub fn does_its_job(&self) -> bool {
        self.status != Condition::Unhealthy
    }
}

/// Reports the appliance's health
#[utoipa::path(get, path = "/health", tag = "server", responses(
    (status = 200, description = "Healthy or degraded", body = Health),
    (status = 503, description = "Unhealthy", body = Health),
))]
pub async fn health(State(state): State<SharedState>) -> (StatusCode, Json<Health>) {
    let health = Health::examine(&state.probes, &state.hub).await;
    let status = if health.does_its_job() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(health))
}
