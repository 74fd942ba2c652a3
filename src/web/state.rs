//! What handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::auth::factors::Factors;
use crate::auth::login::LogIn;
use crate::auth::sessions::Sessions;
use crate::domain::network::Network;
use crate::household::call_log::CallLog;
use crate::household::notes::Notes;
use crate::household::tags::Tags;
use crate::household::vaults::Vaults;
use crate::hub::Hub;
use crate::limits::concurrency::ConcurrencyLimit;
use crate::limits::rate::RateLimits;

use super::health::Probes;
use super::origin::OriginPolicy;

/// What the handlers call, and the little they must know.
pub struct AppState {
    /// Accounts.
    pub accounts: Accounts,
    /// Who is asking.
    pub sessions: Sessions,
    /// How people come in.
    pub login: LogIn,
    /// What proves who they are, besides the password.
    pub factors: Factors,
    /// Stickers.
    pub tags: Tags,
    /// What only the owners' browsers can read.
    pub vaults: Vaults,
    /// What callers left.
    pub notes: Notes,
    /// What is kept of calls.
    pub call_log: CallLog,
    /// What happened, for the operator.
    pub audit: Audit,
    /// How often a source may ask.
    pub limits: RateLimits,
    /// How many requests may be under way at the same time.
    pub requests: ConcurrencyLimit,
    /// How many WebSockets a source may have open, also through a proxy, whose connections count for nobody.
    pub sockets: ConcurrencyLimit,
    /// Calls under way.
    pub hub: Hub,
    /// How the rest of the appliance is.
    pub probes: Probes,
    /// Which origins are ours.
    pub origin: OriginPolicy,
    /// The certificate of the local authority as PEM, where there is one.
    pub local_ca: Option<String>,
    /// How long a caller hears it ring.
    pub ring_time: Duration,
    /// How long a request's body may take.
    pub body_time: Duration,
    /// The most bytes of a request's body.
    pub body_size: usize,
    /// Proxies whose word about their clients counts.
    pub trusted_proxies: Vec<Network>,
    /// Whether the certificate in use is one that browsers accept without being told to.
    pub browsers_trust: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// The handlers' view of the [`AppState`].
#[derive(Clone)]
pub struct SharedState(pub(in crate::web) Arc<AppState>);

impl Deref for SharedState {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.0
    }
}
