//! Where certificates come from: the built-in authority, or the operator's own files.
//!
//! A running server keeps one [`Certificates`] and calls [`Certificates::refresh`] now and then: names change,
//! certificates age, and the operator's files are renewed without notice. Connections that begin after a refresh get
//! the new certificate; nothing is restarted.
//!
//! Imports `domain`, `files`. Called by `app`.

mod advice;
mod authority;
mod inspect;
mod leaves;
mod names;
mod own_files;
mod pem;
mod pinned;
mod scope;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig};

pub use advice::advice;
use authority::Authority;
use inspect::Facts;
pub use leaves::Ends;
use leaves::Leaves;
use names::{Machine, Name, ThisMachine};
pub use own_files::OwnFiles;
use own_files::Stamp;
pub use pinned::trusting_client;

use crate::domain::{Error, Kind, Result};

/// The protocols that one port speaks, by their ALPN names (RFC 7301; RFC 7443 for the last two).
const ALPN: [&[u8]; 4] = [b"h2", b"http/1.1", b"stun.turn", b"stun.nat-discovery"];

/// A certificate of the operator's that ends within this time, or within a third of its own, should have been renewed.
const SOON: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// Where to get the certificate from.
#[derive(Debug, Clone)]
pub struct TlsOptions {
    /// Where the built-in authority is kept; not touched when the operator brings a certificate.
    pub directory: PathBuf,
    /// The operator's certificate, used in place of the built-in authority.
    pub own_files: Option<OwnFiles>,
    /// Further DNS names and addresses that lead here, for the built-in authority's certificates.
    pub extra_sans: Vec<String>,
    /// The host by which the world reaches this server.
    pub public_host: Option<String>,
}

/// What a refresh did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The certificate in use is still good.
    Unchanged,
    /// Connections that begin from now on get another one.
    Replaced,
}

/// The certificate in use, and what is needed to replace it.
pub struct Certificates {
    options: TlsOptions,
    source: Source,
    current: Arc<Current>,
    state: Mutex<State>,
}

enum Source {
    Authority { authority: Arc<Authority>, machine: Box<dyn Machine>, given: BTreeSet<Name> },
    Files(OwnFiles),
}

struct State {
    facts: Facts,
    hosts: BTreeSet<Name>,
    stamp: Option<Stamp>,
    last_failure: Option<Error>,
}

impl Certificates {
    /// Reads the certificate, making authority and certificate where they are missing. Blocks on the disk.
    ///
    /// # Errors
    /// With a remedy: files that cannot be read, written or used together.
    pub fn open(options: TlsOptions, now: SystemTime) -> Result<Self> {
        Self::open_on(Box::new(ThisMachine), options, now)
    }

    fn open_on(machine: Box<dyn Machine>, options: TlsOptions, now: SystemTime) -> Result<Self> {
        let source = match options.own_files.clone() {
            Some(files) => Source::Files(files),
            None => {
                let given = names::given(&options.extra_sans);
                let authority = Arc::new(Authority::open(&options.directory, &given, now)?);
                Source::Authority { authority, machine, given }
            }
        };
        let Fresh { shown, facts, hosts, stamp } = source.fetch(now)?;
        Ok(Self {
            options,
            source,
            current: Arc::new(Current(RwLock::new(shown))),
            state: Mutex::new(State { facts, hosts, stamp, last_failure: None }),
        })
    }

    /// Whether [`Certificates::open`] would succeed; makes and changes nothing.
    ///
    /// # Errors
    /// As [`Certificates::open`].
    pub fn look(options: &TlsOptions, now: SystemTime) -> Result<()> {
        match &options.own_files {
            Some(files) => files.certified(now).map(drop),
            None => Authority::look(&options.directory, now),
        }
    }

    /// The server's side of TLS 1.2 and 1.3, with whatever certificate is in use when a connection begins.
    ///
    /// # Errors
    /// Internal, when the cryptography provider cannot do what it says.
    pub fn entrance(&self) -> Result<Entrance> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(Error::internal)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(Resolver { current: self.current.clone(), ends: None }));
        // Every suite that we have is a good one; the order is ours so that a scanner need not wonder.
        config.ignore_client_order = true;
        config.alpn_protocols = ALPN.iter().map(|name| name.to_vec()).collect();
        // Sealed tickets keep what a returning client needs at the client: no memory for strangers here.
        config.ticketer = ring::Ticketer::new().map_err(Error::internal)?;
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        Ok(Entrance { config: Arc::new(config), current: self.current.clone() })
    }

    /// A client for talking to ourselves: it accepts only a server with the key in use now.
    ///
    /// # Errors
    /// Internal, when there is none.
    pub fn own_client(&self) -> Result<ClientConfig> {
        let current = self.current.choose(None, None);
        let leaf = current.end_entity_cert().map_err(Error::internal)?;
        pinned::client(leaf.clone().into_owned())
    }

    /// Looks whether names, time or files ask for another certificate, and puts it in use. Blocks on the disk for a
    /// few milliseconds; meant to be called every minute.
    ///
    /// # Errors
    /// When there should be another certificate and there cannot; the old one stays in use.
    pub fn refresh(&self, now: SystemTime) -> Result<Refreshed> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.source.replacement(&state, now);
        state.last_failure = result.as_ref().err().cloned();
        let Some(Fresh { shown, facts, hosts, stamp }) = result? else {
            return Ok(Refreshed::Unchanged);
        };
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = shown;
        state.facts = facts;
        state.hosts = hosts;
        state.stamp = stamp;
        tracing::info!("the certificate was replaced");
        Ok(Refreshed::Replaced)
    }

    /// Whether clients can accept the certificate in use.
    ///
    /// # Errors
    /// `certificate-expired`, `certificate-not-yet-valid`, or what the last refresh failed with.
    pub fn health(&self, now: SystemTime) -> Result<()> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if now >= state.facts.not_after {
            return Err(Error::new(Kind::Unavailable, "certificate-expired", "The certificate has expired.")
                .hint("Renew it; callqr picks up new files automatically."));
        }
        if now < state.facts.not_before {
            let message = "The certificate is not valid yet, or this machine's clock is wrong.";
            return Err(Error::new(Kind::Unavailable, "certificate-not-yet-valid", message).hint("Check the clock."));
        }
        // The built-in authority's own are renewed in time, or it says why not.
        let soon = SOON.min(state.facts.lifetime() / 3);
        if matches!(self.source, Source::Files(_)) && now + soon >= state.facts.not_after {
            let message = "The certificate expires soon.";
            return Err(Error::new(Kind::Unavailable, "certificate-ends-soon", message)
                .hint("Renew it, or find out why nothing does; callqr picks up new files automatically."));
        }
        state.last_failure.clone().map_or(Ok(()), Err)
    }

    /// What the operator should know about the certificate: see [`advice`]. Blocks on the disk.
    pub fn advice(&self, now: SystemTime) -> Vec<String> {
        advice(&self.options, now)
    }

    /// When the certificate in use expires.
    pub fn expires_at(&self) -> SystemTime {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).facts.not_after
    }

    /// Whether browsers accept the certificate in use without being told to: it is the operator's own and issued by
    /// someone else. Only then may a page insist on HTTPS (RFC 6797): with the built-in authority, a device that loses
    /// its certificate could not come back.
    pub fn browsers_trust(&self) -> bool {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        matches!(self.source, Source::Files(_)) && state.facts.subject != state.facts.issuer
    }

    /// The built-in authority's certificate in PEM form, for people to install; `None` with the operator's own files.
    pub fn authority_pem(&self) -> Option<&str> {
        match &self.source {
            Source::Authority { authority, .. } => Some(authority.pem()),
            Source::Files(_) => None,
        }
    }

    /// The built-in authority's SHA-256 fingerprint, as browsers show it.
    pub fn authority_fingerprint(&self) -> Option<String> {
        match &self.source {
            Source::Authority { authority, .. } => Some(authority.fingerprint()),
            Source::Files(_) => None,
        }
    }
}

/// What a connection is greeted with; cheap to clone.
#[derive(Clone)]
pub struct Entrance {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
}

impl Entrance {
    /// The server's side of one connection; `ends` are asked for only where the certificate depends on them.
    pub fn config(&self, ends: impl FnOnce() -> Option<Ends>) -> Arc<ServerConfig> {
        if !self.current.depends_on_ends() {
            return self.config.clone();
        }
        // Some reference counts and the ALPN names: nothing compared with a handshake.
        let mut config = ServerConfig::clone(&self.config);
        config.cert_resolver = Arc::new(Resolver { current: self.current.clone(), ends: ends() });
        Arc::new(config)
    }
}

/// A certificate to put in use.
struct Fresh {
    shown: Shown,
    facts: Facts,
    hosts: BTreeSet<Name>,
    stamp: Option<Stamp>,
}

impl Source {
    fn fetch(&self, now: SystemTime) -> Result<Fresh> {
        match self {
            Self::Authority { authority, machine, given } => {
                let leaf = authority.leaf(now)?;
                let facts = leaf.facts.clone();
                let hosts = hosts(authority, &**machine, given);
                let leaves = Leaves::new(authority.clone(), leaf, hosts.clone(), names::addresses(given))?;
                Ok(Fresh { shown: Shown::Fitting(Arc::new(leaves)), facts, hosts, stamp: None })
            }
            Self::Files(files) => {
                // Before the content is read: a change in between is then noticed the next time.
                let stamp = files.stamp()?;
                let (key, facts) = files.certified(now)?;
                let shown = Shown::Always(Arc::new(key));
                Ok(Fresh { shown, facts, hosts: BTreeSet::new(), stamp: Some(stamp) })
            }
        }
    }

    /// What should take the place of the certificate in use, if anything.
    fn replacement(&self, state: &State, now: SystemTime) -> Result<Option<Fresh>> {
        let is_good = match self {
            Self::Authority { authority, machine, given } => {
                authority.is_good(&state.facts, now) && hosts(authority, &**machine, given) == state.hosts
            }
            Self::Files(files) => state.stamp == Some(files.stamp()?),
        };
        if is_good {
            return Ok(None);
        }
        let fresh = self.fetch(now)?;
        match self {
            Self::Files(files) if state.facts.is_valid(now) && !fresh.facts.is_valid(now) => Err(files.no_better()),
            _ => Ok(Some(fresh)),
        }
    }
}

/// The names that the authority makes certificates for.
fn hosts(authority: &Authority, machine: &dyn Machine, given: &BTreeSet<Name>) -> BTreeSet<Name> {
    names::hosts(machine, given).into_iter().filter(|name| authority.permits(name)).collect()
}

/// What is shown to clients that connect.
enum Shown {
    /// The operator's own certificate.
    Always(Arc<CertifiedKey>),
    /// One of the built-in authority that fits.
    Fitting(Arc<Leaves>),
}

/// What is in use at the moment.
struct Current(RwLock<Shown>);

impl Current {
    fn depends_on_ends(&self) -> bool {
        matches!(*self.0.read().unwrap_or_else(PoisonError::into_inner), Shown::Fitting(_))
    }

    fn choose(&self, host: Option<&str>, ends: Option<Ends>) -> Arc<CertifiedKey> {
        let leaves = match &*self.0.read().unwrap_or_else(PoisonError::into_inner) {
            Shown::Always(key) => return key.clone(),
            Shown::Fitting(leaves) => leaves.clone(),
        };
        leaves.choose(host, ends)
    }
}

/// Hands a new connection the certificate that is in use at that moment and fits.
struct Resolver {
    current: Arc<Current>,
    ends: Option<Ends>,
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, client: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.choose(client.server_name(), self.ends))
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

fn certified(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Option<CertifiedKey> {
    CertifiedKey::from_der(chain, key, &provider()).ok()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests;
