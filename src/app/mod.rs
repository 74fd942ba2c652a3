//! Composition root: binds what the configuration asks for, runs it, drains it in order.
//!
//! Imports `accounts`, `audit`, `auth`, `config`, `domain`, `household`, `hub`, `keys`, `limits`, `net`, `operator`,
//! `relay`, `store`, `tls`, `upkeep`, `web`. Called by `cli`.

mod addresses;
mod ask_health;
mod belongings;
mod check;
mod database_check;
mod metrics;
mod operate;
mod options;
mod protocol_switch;
mod self_test;
mod services;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use crate::accounts::setup;
use crate::audit::{Audit, Event};
use crate::auth::sessions::{Connected, Sessions};
use crate::config::Config;
use crate::domain::page_list::PageList;
use crate::domain::{Error, Result};
use crate::household::call_log::CallLog;
use crate::household::tags::Tags;
use crate::hub::ice::Ice;
use crate::hub::tickets::Tickets;
use crate::hub::{self, Hub};
use crate::keys::Rotation;
use crate::keys::data_dir::DataDir;
use crate::limits::concurrency::ConcurrencyLimit;
use crate::limits::rate::RateLimits;
use crate::operator::Operator;
use crate::operator::ServerHealth;
use crate::operator::socket::{Control, HealthCheck};
use crate::relay::Relay;
use crate::store::Store;
use crate::tls::{Certificates, Refreshed};
use crate::upkeep::cleaner::{Cleaner, ClockHealth};
use crate::upkeep::clock::Doubt;
use crate::upkeep::memory;
use crate::web;
use crate::web::api::health::Health;
use crate::web::health::{Condition, Probes, Verdict};
use crate::web::state::AppState;
pub use ask_health::ask_health;
pub use check::check;
use database_check::DatabaseCheck;
pub use operate::operate;
use protocol_switch::ConnectionContext;
use self_test::SelfTest;
use services::Services;

/// How often the names and age of the certificate are checked.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(60);
/// How long pending answers may take once the program stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);
/// How often the last security events are tried to be written: each time another program's lock is waited for.
const LAST_WRITES: u32 = 2;
/// One source gets this fraction of all TCP connections by default: one in 16.
const SHARE_PER_SOURCE: usize = 16;

/// What the pages of this program consist of.
pub fn pages() -> &'static PageList {
    &web::pages::assets::LIST
}

/// The appliance, bound and ready to run.
pub struct App {
    directory: DataDir,
    listeners: Vec<TcpListener>,
    port: u16,
    urls: Vec<String>,
    setup_link: Option<String>,
    store: Store,
    audit: Audit,
    cleaner: Cleaner,
    certificates: Arc<Certificates>,
    relay: Relay,
    hub: Hub,
    switchboard: JoinHandle<()>,
    self_test: SelfTest,
    database_check: Arc<DatabaseCheck>,
    context: ConnectionContext,
    metrics: Option<TcpListener>,
    control: Option<Control>,
    health: HealthCheck,
    operator: Operator,
    closing: watch::Sender<bool>,
    all_closed: mpsc::Receiver<()>,
}

impl App {
    /// Opens the data directory, the database, the keys and the port. Nothing is answered before [`App::run`].
    ///
    /// # Errors
    /// What prevents the start, with the remedy.
    pub async fn bind(config: Config) -> Result<Self> {
        let now = SystemTime::now();
        let connections = crate::net::open_files::allow(config.limits.connections as usize);
        let connections_per_source = config.limits.connections_per_source.map(|count| count as usize);
        let connections_per_source = connections_per_source.unwrap_or((connections / SHARE_PER_SOURCE).max(1));
        // The port first: it fails most often, and nothing has been touched yet.
        let relay = |bound| Relay::bind(options::relay(&config, bound));
        let (listeners, relay) = crate::net::ports::listen_both(&config.listen.addresses, relay)?;
        let bound =
            listeners.iter().map(TcpListener::local_addr).collect::<Result<Vec<_>, _>>().map_err(Error::internal)?;
        let port = bound[0].port();
        let metrics = config.metrics.listen.map(|address| crate::net::ports::listen(&[address.0])).transpose()?;
        let metrics = metrics.into_iter().flatten().next();

        let directory = DataDir::open(&config.data_dir)?;
        let services = Services::build(&config, &directory).await?;
        services.keys.check(&services.store).await?;
        let Services { store, keys, audit, sessions, tags, call_log, .. } = services.clone();
        audit.note_configuration(keys.configuration_digest(&config.to_toml())).await?;
        let certificates = Arc::new(Certificates::open(options::tls(&config), now)?);
        for advice in check::advice(&config, now) {
            tracing::warn!("{advice}");
        }
        let setup_token = setup::renew(&store, now).await?;
        // Without it everything but the command line works.
        let control = Control::bind(&directory)
            .inspect_err(|error| tracing::warn!(%error, "no control socket: commands cannot reach this server"))
            .ok();

        let ice = Arc::new(Ice::new(Arc::new(relay.clone())));
        let tickets = Tickets::new(&keys.ticket_key())?;
        let standing = standing(tags.clone(), sessions.clone());
        let (open, all_closed) = mpsc::channel(1);
        let memory = call_memory(call_log.clone(), open.clone());
        let (hub, switchboard) = Hub::start_remembering(options::hub(&config), ice, tickets, standing, memory);
        store.raise_to(hub.effects());
        sessions.learn_of_connections_by(connected(hub.clone()));
        let self_test = SelfTest::default();
        let cleaner = Cleaner::new(
            store.clone(),
            sessions.clone(),
            audit.clone(),
            options::retention(&config),
            connected(hub.clone()),
            Instant::now(),
        )
        .await?;
        let database_check = Arc::new(DatabaseCheck::new(store.clone()));
        let probes = probes(database_check.clone(), &certificates, &self_test, cleaner.health());
        let health = health_check(probes.clone(), hub.clone());
        let router = web::router(AppState {
            accounts: services.accounts.clone(),
            sessions,
            login: services.login.clone(),
            factors: services.factors.clone(),
            tags,
            vaults: services.vaults.clone(),
            notes: services.notes.clone(),
            limits: limits(&config, audit.clone()),
            call_log,
            audit: audit.clone(),
            requests: ConcurrencyLimit::new(
                config.limits.requests as usize,
                config.limits.requests_per_source as usize,
            ),
            sockets: ConcurrencyLimit::new(connections, connections_per_source),
            hub: hub.clone(),
            probes,
            origin: options::origins(&config, &bound),
            local_ca: certificates.authority_pem().map(str::to_owned),
            ring_time: config.calls.ring_time.0,
            body_time: config.http.body_timeout.0,
            body_size: options::bytes(config.http.body_size),
            trusted_proxies: options::trusted_proxies(&config),
            browsers_trust: {
                let certificates = certificates.clone();
                Arc::new(move || certificates.browsers_trust())
            },
        });

        let (closing, closing_seen) = watch::channel(false);
        let context = ConnectionContext {
            tls: certificates.entrance()?,
            relay: relay.clone(),
            router,
            handshake_time: config.http.handshake_timeout.0,
            http: options::http(&config),
            trusted_proxies: options::trusted_proxies(&config).into(),
            admission: ConcurrencyLimit::new(connections, connections_per_source),
            closing: closing_seen,
            open,
        };
        let urls = addresses::urls(config.public_url.as_ref().map(|url| url.origin()), &bound);
        let operator = operate::operator(&config, services, &urls);
        let setup_link = setup_token.map(|token| format!("{}/setup#{}", urls[0], token.expose()));
        Ok(Self {
            directory,
            listeners,
            port,
            urls,
            setup_link,
            store,
            audit,
            cleaner,
            certificates,
            relay,
            hub,
            switchboard,
            self_test,
            database_check,
            context,
            metrics,
            control,
            health,
            operator,
            closing,
            all_closed,
        })
    }

    /// The port, for TCP and UDP alike.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where the numbers for monitoring are, where the configuration asks for them.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Where the owner's page is, the best address first; never empty.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// The link that makes the first account, while there is none. A secret: for the operator's eyes, not for logs.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// The local authority's certificate as PEM; `None` with the operator's own certificate.
    pub fn local_ca(&self) -> Option<&str> {
        self.certificates.authority_pem()
    }

    /// The local authority's SHA-256 fingerprint, as browsers show it.
    pub fn ca_fingerprint(&self) -> Option<String> {
        self.certificates.authority_fingerprint()
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        self.directory.path()
    }

    /// Answers until `shutdown` completes, then drains: no new connections, calls told to come back, answers under way
    /// finished, the relay stopped, the database closed.
    ///
    /// # Errors
    /// When a part of the server stopped unexpectedly: the process should end and be restarted.
    pub async fn run(self, shutdown: impl Future<Output = ()>) -> Result<()> {
        let Self { listeners, context, hub, mut switchboard, mut all_closed, relay, certificates, .. } = self;
        let mut chores = JoinSet::new();
        chores.spawn(keep_certificate(certificates.clone()));
        chores.spawn(self.audit.clone().keep_writing());
        chores.spawn(finish_rotation(self.operator.clone()));
        chores.spawn(self.cleaner.run());
        chores.spawn(memory::keep_giving_back());
        chores.spawn(self.database_check.keep_looking(self.operator.keys.clone()));
        chores.spawn(self.self_test.keep_testing(relay.clone(), local_addresses(&listeners), certificates));
        if let Some(listener) = self.metrics {
            let router = metrics::of(relay.clone(), hub.clone());
            tokio::spawn(metrics::serve(listener, router, context.http, context.closing.clone()));
        }
        let (stop_relay, relay_stop) = oneshot::channel::<()>();
        let mut relaying = tokio::spawn(async move {
            let stopped = async {
                let _ = relay_stop.await;
            };
            relay.run(stopped).await
        });
        let mut accepting = JoinSet::new();
        for listener in listeners {
            accepting.spawn(protocol_switch::accept(listener, context.clone()));
        }
        if let Some(control) = self.control {
            tokio::spawn(control.serve(self.operator, self.health, context.closing.clone(), context.open.clone()));
        }
        // From here on only connections hold a context, so that the last one's end can be seen.
        drop(context);
        tracing::info!(port = self.port, "started");

        let fault = tokio::select! {
            () = shutdown => None,
            _ = &mut switchboard => Some(Error::internal("the switchboard stopped unexpectedly")),
            Some(_) = accepting.join_next() => Some(Error::internal("a listener stopped unexpectedly")),
            ended = &mut relaying => Some(Error::internal(format!("the relay stopped unexpectedly: {ended:?}"))),
        };
        tracing::info!("stopping");
        self.closing.send_replace(true);
        hub.shutdown().await;
        if timeout(DRAIN_TIMEOUT, all_closed.recv()).await.is_err() {
            tracing::warn!("connections that did not close in time are cut off");
        }
        let _ = stop_relay.send(());
        if !relaying.is_finished() {
            let _ = relaying.await;
        }
        chores.shutdown().await;
        for _ in 0..LAST_WRITES {
            match self.audit.write().await {
                Ok(()) => break,
                Err(error) => tracing::warn!(%error, "the last security events could not be written"),
            }
        }
        self.store.close().await;
        tracing::info!("stopped");
        fault.map_or(Ok(()), Err)
    }
}

fn local_addresses(listeners: &[TcpListener]) -> Vec<SocketAddr> {
    listeners.iter().filter_map(|listener| listener.local_addr().ok()).collect()
}

async fn keep_certificate(certificates: Arc<Certificates>) {
    let mut told = None;
    loop {
        let health =
            certificates.health(SystemTime::now()).err().filter(|error| error.code.starts_with("certificate-"));
        if let Some(error) = health.as_ref().filter(|error| told != Some(error.code)) {
            tracing::error!(code = error.code, "{} {}", error.message, error.hint);
        }
        told = health.map(|error| error.code);
        tokio::time::sleep(CERTIFICATE_CHECK).await;
        let certificates = certificates.clone();
        let refreshed = tokio::task::spawn_blocking(move || {
            let now = SystemTime::now();
            let refreshed = certificates.refresh(now)?;
            Ok::<_, Error>(if refreshed == Refreshed::Replaced { certificates.advice(now) } else { Vec::new() })
        });
        match refreshed.await {
            Ok(Ok(advice)) => advice.iter().for_each(|advice| tracing::warn!("{advice}")),
            Ok(Err(error)) => tracing::warn!(%error, "the certificate could not be refreshed"),
            Err(_) => {}
        }
    }
}

/// Continues a key rotation that an earlier process left unfinished.
async fn finish_rotation(operator: Operator) {
    if !operator.keys.is_rotating() {
        return;
    }
    match operator.new_keys(SystemTime::now()).await {
        Ok(Rotation::Done { resealed }) => tracing::info!(resealed, "the key rotation was completed"),
        Ok(Rotation::Replace { with }) => tracing::warn!(
            file = %with.display(),
            "everything is encrypted with the new key: replace the key file you provide with this file"
        ),
        Err(error) => {
            tracing::warn!(%error, "the key rotation could not be completed; the next start retries it")
        }
    }
}

fn limits(config: &Config, audit: Audit) -> RateLimits {
    RateLimits::new(options::limits(config), Instant::now(), move |action| {
        audit.note(Event::LimitHit(action.name()), None, None);
    })
}

/// Notes calls that are over without holding up other calls; `open` is held until that is done, and by the switchboard.
fn call_memory(log: CallLog, open: mpsc::Sender<()>) -> hub::CallMemory {
    let asked = log.clone();
    hub::CallMemory {
        note: Box::new(move |call| {
            let (log, open) = (log.clone(), open.clone());
            tokio::spawn(async move {
                if let Err(error) = log.note(call, SystemTime::now()).await {
                    tracing::warn!(code = error.code, "a finished call could not be recorded");
                }
                drop(open);
            });
        }),
        has_ended: Box::new(move |call| {
            let log = asked.clone();
            Box::pin(async move { log.has_ended(call).await })
        }),
    }
}

fn connected(hub: Hub) -> Connected {
    Box::new(move || {
        let hub = hub.clone();
        Box::pin(async move { hub.connected().await })
    })
}

fn standing(tags: Tags, sessions: Sessions) -> hub::TicketValidity {
    Box::new(move |tag, login| {
        let (tags, sessions) = (tags.clone(), sessions.clone());
        Box::pin(async move {
            let logged_in = match login {
                Some((login, made)) => sessions.stands_since(login, made, SystemTime::now()).await?,
                None => true,
            };
            Ok(logged_in && tags.still_valid(tag).await?)
        })
    })
}

fn probes(
    database: Arc<DatabaseCheck>,
    certificates: &Arc<Certificates>,
    self_test: &SelfTest,
    clock: ClockHealth,
) -> Probes {
    let (certificates, self_test) = (certificates.clone(), self_test.clone());
    Probes {
        database: Arc::new(move || {
            let database = database.clone();
            Box::pin(async move { database.verdict().await })
        }),
        relay: Arc::new(move || self_test.verdict()),
        clock: Arc::new(move || clock.doubt().map_or(Verdict::HEALTHY, clock_verdict)),
        certificates: Arc::new(move || match certificates.health(SystemTime::now()) {
            Ok(()) => Verdict::HEALTHY,
            Err(error) => certificate_verdict(&error),
        }),
    }
}

fn health_check(probes: Probes, hub: Hub) -> HealthCheck {
    Arc::new(move || {
        let (probes, hub) = (probes.clone(), hub.clone());
        Box::pin(async move {
            let health = Health::examine(&probes, &hub).await;
            let report = serde_json::to_value(&health).unwrap_or_default();
            ServerHealth { does_its_job: health.does_its_job(), report }
        })
    })
}

fn clock_verdict(doubt: Doubt) -> Verdict {
    let message = match doubt {
        Doubt::BeforeBuild => "The clock shows a time before this program was built.",
        Doubt::Jumped => "The clock was set by more than a day.",
    };
    Verdict::new(Condition::Degraded, "clock-wrong", message)
}

fn certificate_verdict(error: &Error) -> Verdict {
    match error.code {
        "certificate-expired" => Verdict::new(Condition::Unhealthy, error.code, error.message.clone()),
        "certificate-not-yet-valid" | "certificate-ends-soon" => {
            Verdict::new(Condition::Degraded, error.code, error.message.clone())
        }
        // Such a message names files, which are nobody's business.
        code => Verdict::new(Condition::Degraded, code, "The certificate cannot be renewed; the log says why."),
    }
}
