//! A certificate that the operator brings, from files that something else may renew.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::inspect::{self, Facts};
use super::pem::{self, unreadable, wrong};
use super::provider;
use crate::domain::{Error, Kind, Result};

/// The operator's certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFiles {
    /// The chain in PEM form.
    pub certificate: PathBuf,
    /// Its private key in PEM form.
    pub key: PathBuf,
}

/// What was read from the files.
pub(super) struct Loaded {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    /// What the server's own certificate says.
    pub(super) facts: Facts,
    /// What those behind it say, each of the one before it.
    pub(super) issuers: Vec<Facts>,
}

/// Changes whenever one of the files was written or replaced.
pub(super) type Stamp = [(u64, u64, i64, i64); 2];

impl OwnFiles {
    /// Tells whether the files have changed since another stamp was taken.
    pub(super) fn stamp(&self) -> Result<Stamp> {
        Ok([stamp(&self.certificate)?, stamp(&self.key)?])
    }

    /// Reads both files, and puts the chain into the order that TLS asks for.
    pub(super) fn load(&self, now: SystemTime) -> Result<Loaded> {
        let chain = pem::chain(&self.certificate)?;
        let key = pem::private_key(&self.key)?;
        let facts: Vec<Facts> = chain.iter().filter_map(inspect::facts).collect();
        if facts.len() != chain.len() {
            return Err(wrong(&self.certificate, "a certificate that cannot be read"));
        }
        let Ok(signing) = provider().key_provider.load_private_key(key.clone_key()) else {
            return Err(self.unusable_key(&chain));
        };
        // Whichever certificate is the key's is the server's own. A renewal for the same key may stand beside the old one.
        let spki = signing.public_key().map(|key| key.to_vec()).unwrap_or_default();
        let own = (0..facts.len())
            .rev()
            .filter(|at| spki.ends_with(&facts[*at].public_key))
            .max_by_key(|at| (facts[*at].not_before <= now, facts[*at].not_after))
            .ok_or_else(|| self.mismatch())?;
        if !facts[own].is_version_3 {
            let message = format!("The certificate in {} is of X.509 version 1.", self.certificate.display());
            return Err(Error::new(Kind::Unavailable, "certificate", message)
                .hint("Browsers refuse it. Have one of version 3 issued, which names its hosts."));
        }
        let order = order(&chain, &facts, own);
        let chain = order.iter().map(|at| chain[*at].clone()).collect();
        let mut facts: Vec<_> = facts.into_iter().map(Some).collect();
        let mut facts = order.iter().filter_map(|at| facts[*at].take());
        let own = facts.next().ok_or_else(|| self.mismatch())?;
        Ok(Loaded { chain, key, facts: own, issuers: facts.collect() })
    }

    /// What is shown to clients, with what the server's own certificate says.
    pub(super) fn certified(&self, now: SystemTime) -> Result<(CertifiedKey, Facts)> {
        let Loaded { chain, key, facts, .. } = self.load(now)?;
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
            let message = format!("The certificate in {} cannot be used: {error}.", self.certificate.display());
            Error::new(Kind::Unavailable, "certificate", message).hint("Have another one issued.")
        })?;
        Ok((certified, facts))
    }

    /// The error for a key that is not the certificate's.
    pub(super) fn mismatch(&self) -> Error {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let message = format!("The private key in {key} does not belong to the certificate in {certificate}.");
        Error::new(Kind::Unavailable, "certificate", message)
            .hint("Set tls.certificate and tls.key to a matching pair, from the same renewal.")
    }

    /// The error for a certificate that took the place of a better one.
    pub(super) fn no_better(&self) -> Error {
        let shown = self.certificate.display();
        let message = format!("The new certificate in {shown} has expired, or is not valid yet.");
        Error::new(Kind::Unavailable, "certificate", message)
            .hint("The one that was there before stays in use until the next start. Put a valid one there.")
    }

    /// The error for a key of a kind that our cryptography does not have.
    fn unusable_key(&self, chain: &[CertificateDer<'_>]) -> Error {
        let kind = chain.iter().find_map(inspect::unusable_kind).unwrap_or_else(|| "of a kind".to_owned());
        let message = format!("The private key in {} is {kind} that callqr cannot use.", self.key.display());
        Error::new(Kind::Unavailable, "certificate", message)
            .hint("Have the certificate issued for a key of P-256 or P-384, Ed25519, or RSA with 2048 to 4096 bits.")
    }
}

/// The places of a chain's certificates in the order of issuing, beginning with the server's own: each is followed by its
/// issuer. Files come in every order; what belongs to no one is left out, as is what nobody needs after the root. An
/// authority that has changed its key has two certificates of one name: the signature tells which is meant.
fn order(chain: &[CertificateDer<'_>], facts: &[Facts], own: usize) -> Vec<usize> {
    let mut order = vec![own];
    let mut last = own;
    while facts[last].subject != facts[last].issuer {
        let is_next = |at: &usize| {
            !order.contains(at)
                && facts[*at].subject == facts[last].issuer
                && inspect::is_signed_by(&chain[last], &chain[*at]) != Some(false)
        };
        let Some(next) = (0..facts.len()).filter(is_next).max_by_key(|at| facts[*at].not_after) else { break };
        order.push(next);
        last = next;
    }
    order
}

fn stamp(path: &Path) -> Result<(u64, u64, i64, i64)> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    Ok((metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
}
