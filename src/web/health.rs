//! How the parts of the appliance are, as `app` tells the edge.

use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use utoipa::ToSchema;

/// How a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Condition {
    /// It does its job.
    Healthy,
    /// It does most of its job.
    Degraded,
    /// It does not.
    Unhealthy,
}

/// How the parts are that the edge does not know itself.
#[derive(Clone)]
pub struct Probes {
    /// The database, asked now.
    pub database: Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Condition> + Send>> + Send + Sync>,
    /// The relay, by its last self-test.
    pub relay: Arc<dyn Fn() -> Condition + Send + Sync>,
    /// The clock: degraded while it is plainly wrong.
    pub clock: Arc<dyn Fn() -> Condition + Send + Sync>,
    /// The certificate: degraded when it is about to expire, unhealthy when it has.
    pub certificates: Arc<dyn Fn() -> Condition + Send + Sync>,
}
