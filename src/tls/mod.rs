//! Where certificates come from: the built-in authority, or the operator's own files.
//!
//! A running server keeps one [`Certificates`] and calls [`Certificates::refresh`] now and then: addresses change,
//! certificates age, and whoever renews the operator's files does not tell. Connections that begin after a refresh get
//! the new certificate; nothing is restarted.

mod authority;
mod inspect;
mod names;
mod own_files;
mod pinned;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ServerConfig};

use authority::Authority;
use inspect::Facts;
use names::{Machine, ThisMachine};
pub use own_files::OwnFiles;
use own_files::Stamp;
pub use pinned::client_of_file;

use crate::domain::{Error, Kind, Result};

/// The protocols that one port speaks, by their ALPN names (RFC 7301; RFC 7443 for the last two).
const ALPN: [&[u8]; 4] = [b"h2", b"http/1.1", b"stun.turn", b"stun.nat-discovery"];

/// Where to get the certificate from.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the built-in authority is kept; not touched when the operator brings a certificate.
    pub directory: PathBuf,
    /// The operator's certificate, used in place of the built-in authority.
    pub own_files: Option<OwnFiles>,
    /// Further DNS names and addresses for the built-in authority's certificate.
    pub extra_names: Vec<String>,
}

impl Options {
    /// The file whose first certificate a server with these options shows.
    pub fn certificate_file(&self) -> PathBuf {
        match &self.own_files {
            Some(files) => files.certificate.clone(),
            None => self.directory.join(authority::LEAF_FILE),
        }
    }
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
    source: Source,
    current: Arc<Current>,
    state: Mutex<State>,
}

enum Source {
    Authority { authority: Box<Authority>, machine: Box<dyn Machine>, extra_names: Vec<String> },
    Files(OwnFiles),
}

struct State {
    facts: Facts,
    stamp: Option<Stamp>,
    last_failure: Option<Error>,
}

impl Certificates {
    /// Reads the certificate, making authority and certificate where they are missing. Blocks on the disk.
    ///
    /// # Errors
    /// With a remedy: files that cannot be read, written or used together.
    pub fn open(options: Options, now: SystemTime) -> Result<Self> {
        Self::open_on(Box::new(ThisMachine), options, now)
    }

    fn open_on(machine: Box<dyn Machine>, options: Options, now: SystemTime) -> Result<Self> {
        let source = match options.own_files {
            Some(files) => Source::Files(files),
            None => Source::Authority {
                authority: Box::new(Authority::open(&options.directory, now)?),
                machine,
                extra_names: options.extra_names,
            },
        };
        let Fresh { key, facts, stamp } = source.fetch(now)?;
        Ok(Self {
            source,
            current: Arc::new(Current(RwLock::new(Arc::new(key)))),
            state: Mutex::new(State { facts, stamp, last_failure: None }),
        })
    }

    /// The server's side of TLS 1.2 and 1.3, with whatever certificate is in use when a connection begins.
    ///
    /// # Errors
    /// Internal, when the cryptography provider cannot do what it says.
    pub fn server_config(&self) -> Result<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(Error::internal)?
            .with_no_client_auth()
            .with_cert_resolver(self.current.clone());
        // Every suite that we have is a good one; the order is ours so that a scanner need not wonder.
        config.ignore_client_order = true;
        config.alpn_protocols = ALPN.iter().map(|name| name.to_vec()).collect();
        // Sealed tickets keep what a returning client needs at the client: no memory for strangers here.
        config.ticketer = ring::Ticketer::new().map_err(Error::internal)?;
        config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
        Ok(config)
    }

    /// A client for talking to ourselves: it accepts the certificate in use now, and no other.
    ///
    /// # Errors
    /// Internal, when there is none.
    pub fn own_client(&self) -> Result<ClientConfig> {
        let current = self.current.0.read().unwrap_or_else(PoisonError::into_inner).clone();
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
        let Some(Fresh { key, facts, stamp }) = result? else {
            return Ok(Refreshed::Unchanged);
        };
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
        state.facts = facts;
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
                .hint("Renew it; callqr notices new files by itself."));
        }
        if now < state.facts.not_before {
            let message = "The certificate is not valid yet, or this machine's clock is wrong.";
            return Err(Error::new(Kind::Unavailable, "certificate-not-yet-valid", message).hint("Check the clock."));
        }
        state.last_failure.clone().map_or(Ok(()), Err)
    }

    /// When the certificate in use expires.
    pub fn expires_at(&self) -> SystemTime {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).facts.not_after
    }

    /// Whether browsers accept the certificate in use without being told to: it is the operator's own, and somebody else
    /// vouches for it. Only then may a page insist on HTTPS (RFC 6797): with the built-in authority, whoever loses its
    /// certificate could not come back.
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

/// A certificate to put in use.
struct Fresh {
    key: CertifiedKey,
    facts: Facts,
    stamp: Option<Stamp>,
}

impl Source {
    fn fetch(&self, now: SystemTime) -> Result<Fresh> {
        match self {
            Self::Authority { authority, machine, extra_names } => {
                let leaf = authority.leaf(&names::wanted(&**machine, extra_names), now)?;
                let key = certified(vec![leaf.certificate], leaf.key).ok_or_else(|| {
                    Error::internal("the certificate in tls/leaf.pem does not fit its key; remove the file")
                })?;
                Ok(Fresh { key, facts: leaf.facts, stamp: None })
            }
            Self::Files(files) => {
                // Before the content is read: a change in between is then noticed the next time.
                let stamp = files.stamp()?;
                let loaded = files.load()?;
                let key = certified(loaded.chain, loaded.key).ok_or_else(|| files.mismatch())?;
                Ok(Fresh { key, facts: loaded.facts, stamp: Some(stamp) })
            }
        }
    }

    /// What should take the place of the certificate in use, if anything.
    fn replacement(&self, state: &State, now: SystemTime) -> Result<Option<Fresh>> {
        let is_good = match self {
            Self::Authority { authority, machine, extra_names } => {
                authority.is_good(&state.facts, &names::wanted(&**machine, extra_names), now)
            }
            Self::Files(files) => state.stamp == Some(files.stamp()?),
        };
        if is_good { Ok(None) } else { self.fetch(now).map(Some) }
    }
}

/// Hands every new connection the certificate that is in use at that moment.
struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
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
