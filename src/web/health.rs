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

/// What there is to say of a part. Everybody may read it, so it names no files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HealthDetail {
    /// A name for programs, such as `disk-full`.
    pub code: &'static str,
    /// A sentence for people.
    pub message: String,
}

/// How a part is, and what there is to say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it is.
    pub condition: Condition,
    /// Why, or what was not examined.
    pub detail: Option<HealthDetail>,
}

impl Verdict {
    /// All is well.
    pub const HEALTHY: Self = Self { condition: Condition::Healthy, detail: None };

    /// A part of which there is something to say.
    pub fn new(condition: Condition, code: &'static str, message: impl Into<String>) -> Self {
        Self { condition, detail: Some(HealthDetail { code, message: message.into() }) }
    }
}

/// How the parts are that the edge does not know itself.
#[derive(Clone)]
pub struct Probes {
    /// The database, asked now.
    pub database: Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Verdict> + Send>> + Send + Sync>,
    /// The relay, by its last self-test.
    pub relay: Arc<dyn Fn() -> Verdict + Send + Sync>,
    /// The clock: degraded while it is plainly wrong.
    pub clock: Arc<dyn Fn() -> Verdict + Send + Sync>,
    /// The certificate: degraded when it is about to expire, unhealthy when it has.
    pub certificates: Arc<dyn Fn() -> Verdict + Send + Sync>,
}
