//! A certificate that the operator brings, from files that something else may renew.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::inspect::{self, Facts};
use crate::domain::{Error, Kind, Result};

/// Larger than any chain that browsers accept.
const MAX_FILE: u64 = 1024 * 1024;

/// The operator's certificate and key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFiles {
    /// The chain in PEM form, the server's own certificate first.
    pub certificate: PathBuf,
    /// Its private key in PEM form.
    pub key: PathBuf,
}

/// What was read from the files.
pub(super) struct Loaded {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) facts: Facts,
}

/// Changes whenever one of the files was written or replaced.
pub(super) type Stamp = [(u64, u64, i64, i64); 2];

impl OwnFiles {
    /// Tells whether the files have changed since another stamp was taken.
    pub(super) fn stamp(&self) -> Result<Stamp> {
        Ok([stamp(&self.certificate)?, stamp(&self.key)?])
    }

    /// Reads both files.
    pub(super) fn load(&self) -> Result<Loaded> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(&self.certificate)?)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(|| wrong(&self.certificate, "no certificate in PEM form"))?;
        let facts = inspect::facts(&chain[0]).ok_or_else(|| wrong(&self.certificate, "no readable certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&read(&self.key)?)
            .map_err(|_| wrong(&self.key, "no private key in PEM form without a passphrase"))?;
        Ok(Loaded { chain, key, facts })
    }

    /// The error for a key that is not the certificate's.
    pub(super) fn mismatch(&self) -> Error {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        let message = format!("The private key in {key} cannot be used with the certificate in {certificate}.");
        Error::new(Kind::Unavailable, "certificate", message)
            .hint("Set tls.certificate and tls.key to a matching pair. RSA, ECDSA and Ed25519 keys are supported.")
    }
}

fn stamp(path: &Path) -> Result<(u64, u64, i64, i64)> {
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    Ok((metadata.ino(), metadata.size(), metadata.mtime(), metadata.mtime_nsec()))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut content))
        .map_err(|error| unreadable(path, &error))?;
    Ok(content)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Unavailable, "certificate", format!("Cannot read {}: {error}.", path.display()))
        .hint("Check tls.certificate and tls.key, and that the user that runs callqr can read both files.")
}

fn wrong(path: &Path, found: &str) -> Error {
    Error::new(Kind::Unavailable, "certificate", format!("There is {found} in {}.", path.display()))
        .hint("tls.certificate names the file with the chain, tls.key the one with the private key.")
}
