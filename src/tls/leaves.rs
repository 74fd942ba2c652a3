//! The built-in authority's certificates, each naming no more than its connection needs.
//!
//! A certificate is shown to everyone who connects. One for every name and address of the machine would tell strangers what the
//! machine is called and which networks its owner has. So a client that names a host is shown a certificate for that name
//! alone; one that names none has come by an address, and is shown one for the address that it has reached.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::sign::CertifiedKey;

use super::authority::{Authority, Leaf};
use super::names::Name;
use crate::domain::{Error, Result};

/// The most certificates that are kept. There are as many as names and addresses that lead here: more than this only where a
/// whole network leads here, and then they are made again when they are asked for again.
const MAX_LEAVES: usize = 256;

/// The two ends of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ends {
    /// The address that the client reached.
    pub local: IpAddr,
    /// Where it comes from.
    pub peer: IpAddr,
}

/// What the authority makes certificates for, and those that it has made.
pub(super) struct Leaves {
    authority: Arc<Authority>,
    /// With the key that all of them have, and the times between which all are good.
    plain: Leaf,
    shown_plain: Arc<CertifiedKey>,
    /// Names that clients may ask for.
    hosts: BTreeSet<Name>,
    /// Addresses that lead here from elsewhere, as the operator says.
    given: Vec<IpAddr>,
    made: Mutex<BTreeMap<BTreeSet<Name>, Arc<CertifiedKey>>>,
}

impl Leaves {
    /// Those of `authority` for these DNS names and, where clients come by address, for these addresses too. `plain` names
    /// this machine for itself; it is shown to those who ask for anything else.
    pub(super) fn new(
        authority: Arc<Authority>,
        plain: Leaf,
        hosts: BTreeSet<Name>,
        given: Vec<IpAddr>,
    ) -> Result<Self> {
        let shown_plain =
            super::certified(vec![plain.certificate.clone()], plain.key.clone_key()).ok_or_else(|| {
                Error::internal("the certificate in tls/leaf.pem does not match its key; remove the file")
            })?;
        let made = Mutex::default();
        Ok(Self { authority, plain, shown_plain: Arc::new(shown_plain), hosts, given, made })
    }

    /// The one for a client that asks for `host`, over a connection with these ends.
    pub(super) fn choose(&self, host: Option<&str>, ends: Option<Ends>) -> Arc<CertifiedKey> {
        let names = self.names(host, ends);
        if names.is_empty() {
            return self.shown_plain.clone();
        }
        // The map is whole at every moment, so a panic elsewhere does not spoil it.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(&names) {
            return known.clone();
        }
        match self.authority.sign(&names, &self.plain) {
            Ok(certificate) => {
                let key = Arc::new(CertifiedKey::new(vec![certificate], self.shown_plain.key.clone()));
                if made.len() >= MAX_LEAVES {
                    made.clear();
                }
                made.insert(names, key.clone());
                key
            }
            Err(error) => {
                tracing::warn!(%error, "a certificate could not be issued");
                self.shown_plain.clone()
            }
        }
    }

    fn names(&self, host: Option<&str>, ends: Option<Ends>) -> BTreeSet<Name> {
        if let Some(host) = host {
            let host = host.strip_suffix('.').unwrap_or(host);
            return Name::parse(host).into_iter().filter(|name| self.hosts.contains(name)).collect();
        }
        // A client from outside that reached a private address came through a router that translates, so it cannot have
        // asked for that address.
        let is_told = |address: &IpAddr| ends.is_none_or(|ends| is_outside(*address) || !is_outside(ends.peer));
        let reached = ends.map(|ends| ends.local.to_canonical());
        self.given.iter().copied().chain(reached).filter(is_told).map(Name::Address).collect()
    }

    #[cfg(test)]
    pub(super) fn made(&self) -> usize {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Whether an address is not of a network of one's own: one that a VPN has is (RFC 6598).
fn is_outside(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let is_shared = first == 100 && second & 0xc0 == 64;
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || is_shared)
        }
        IpAddr::V6(v6) => !(v6 == Ipv6Addr::LOCALHOST || v6.is_unique_local() || v6.is_unicast_link_local()),
    }
}
