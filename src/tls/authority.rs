//! The built-in certificate authority: made once, trusted by the household's browsers, never replaced automatically. The
//! names it may vouch for are limited (`scope.rs`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType, SerialNumber,
};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::inspect::{self, Facts};
use super::names::{self, Name};
use super::scope::{self, Scope};
use crate::domain::{Error, Kind, Result, random};
use crate::files;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long the authority is good for.
const AUTHORITY_LIFETIME: Duration = Duration::from_secs(3650 * 24 * 60 * 60);
/// How long a leaf is good for. Browsers refuse ever shorter times: more than 398 days now, 47 days from 2029 on, though
/// not yet of authorities that people install themselves.
const LEAF_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// No certificate of ours is older than this program (2026-01-01): a clock that says so is wrong, as on a Raspberry Pi
/// that has not yet heard the time.
const EARLIEST: Duration = Duration::from_secs(1_767_225_600);
/// The authority's certificate and key.
pub(super) const FILE: &str = "authority.pem";
/// A leaf for this machine itself, and the key of all leaves.
pub(super) const LEAF_FILE: &str = "leaf.pem";
/// Larger than any file of ours.
const MAX_FILE: u64 = 64 * 1024;

/// The authority: its certificate, and the key that issues leaves.
pub(super) struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    facts: Facts,
    scope: Scope,
    issuer: Issuer<'static, KeyPair>,
    leaf_path: PathBuf,
}

/// A certificate for this machine, with its key.
pub(super) struct Leaf {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) key: PrivateKeyDer<'static>,
    pub(super) facts: Facts,
}

impl Authority {
    /// Reads the authority in `directory`, or creates one that may vouch for `given` names as well as those that mean
    /// nothing elsewhere.
    pub(super) fn open(directory: &Path, given: &BTreeSet<Name>, now: SystemTime) -> Result<Self> {
        files::private_directory(directory)?;
        // Certificate and key are one file, so that a power cut cannot leave one without the other.
        if let Some(authority) = Self::read(directory)? {
            return Ok(authority);
        }
        let path = directory.join(FILE);
        let fresh = make(given, plausible(now))?;
        files::write_private(&path, fresh.as_bytes())?;
        tracing::info!("a certificate authority was created");
        Self::parse(fresh.as_bytes(), directory.join(LEAF_FILE)).ok_or_else(|| damaged(&path))
    }

    /// Whether the authority in `directory`, if there is one, can be used; makes nothing.
    pub(super) fn look(directory: &Path, now: SystemTime) -> Result<()> {
        match Self::read(directory)? {
            Some(authority) if plausible(now) >= authority.facts.not_after => Err(expired()),
            _ => Ok(()),
        }
    }

    fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(FILE);
        let Some(pem) = files::read_private(&path, MAX_FILE)? else { return Ok(None) };
        Self::parse(&pem, directory.join(LEAF_FILE)).ok_or_else(|| damaged(&path)).map(Some)
    }

    fn parse(pem: &[u8], leaf_path: PathBuf) -> Option<Self> {
        let certificate = CertificateDer::from_pem_slice(pem).ok()?;
        let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
        let key = KeyPair::try_from(&key).ok()?;
        let facts = inspect::facts(&certificate)?;
        if facts.public_key != key.public_key_raw() {
            return None;
        }
        let text = std::str::from_utf8(pem).ok()?;
        let end = "-----END CERTIFICATE-----\n";
        let public = text.get(text.find("-----BEGIN CERTIFICATE-----")?..text.find(end)? + end.len())?.to_owned();
        let issuer = Issuer::from_ca_cert_der(&certificate, key).ok()?;
        let scope = facts.scope.clone()?;
        Some(Self { certificate, pem: public, facts, scope, issuer, leaf_path })
    }

    /// The authority's certificate in PEM form, for people to install.
    pub(super) fn pem(&self) -> &str {
        &self.pem
    }

    /// The SHA-256 digest of the certificate as browsers show it: `AB:CD:…`.
    pub(super) fn fingerprint(&self) -> String {
        Sha256::digest(&self.certificate).iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// Whether devices that trust it accept a certificate for this name.
    pub(super) fn permits(&self, name: &Name) -> bool {
        self.scope.permits(name)
    }

    /// A certificate for these names, with the key of `like` and as long as that one is good.
    pub(super) fn sign(&self, names: &BTreeSet<Name>, like: &Leaf) -> Result<CertificateDer<'static>> {
        let key = KeyPair::try_from(&like.key).map_err(Error::internal)?;
        let params = leaf(names, like.facts.not_before, like.facts.not_after);
        Ok(params.signed_by(&key, &self.issuer).map_err(Error::internal)?.der().clone())
    }

    /// The leaf on disk, for this machine itself, when it is good and not too old, otherwise a new one.
    pub(super) fn leaf(&self, now: SystemTime) -> Result<Leaf> {
        // A leaf that cannot be read is no loss: a new one is issued.
        let stored = files::read_private(&self.leaf_path, MAX_FILE).ok().flatten();
        match stored.and_then(|pem| read_leaf(&pem)) {
            Some(leaf) if self.is_good(&leaf.facts, now) => Ok(leaf),
            _ => self.issue(plausible(now)),
        }
    }

    /// Whether a leaf is for this machine itself, and good for a while.
    pub(super) fn is_good(&self, leaf: &Facts, now: SystemTime) -> bool {
        let now = plausible(now);
        let renew_at = leaf.not_before + (leaf.not_after.duration_since(leaf.not_before).unwrap_or_default()) * 2 / 3;
        leaf.issuer == self.facts.subject && leaf.names == names::own() && leaf.not_before <= now && now < renew_at && {
            // One that an earlier version made for longer is renewed at once.
            leaf.not_after <= leaf.not_before + LEAF_LIFETIME
        }
    }

    fn issue(&self, now: SystemTime) -> Result<Leaf> {
        if now >= self.facts.not_after {
            return Err(expired());
        }
        // A day back, for clients whose clocks are slow.
        let not_before = now - DAY;
        let not_after = (not_before + LEAF_LIFETIME).min(self.facts.not_after);
        let params = leaf(&names::own(), not_before, not_after);
        let key = KeyPair::generate().map_err(Error::internal)?;
        let pem = params.signed_by(&key, &self.issuer).map_err(Error::internal)?.pem() + &key.serialize_pem();
        files::write_private(&self.leaf_path, pem.as_bytes())?;
        tracing::info!("a certificate was issued");
        read_leaf(pem.as_bytes()).ok_or_else(|| Error::internal("a certificate that was just issued cannot be read"))
    }
}

fn damaged(path: &Path) -> Error {
    let message = format!("The certificate authority in {} is damaged, or was not created by callqr.", path.display());
    Error::new(Kind::Unavailable, "authority", message).hint(
        "Restore the file from a backup, or remove it: callqr then creates a new authority, which your devices must trust.",
    )
}

fn expired() -> Error {
    let message = "The built-in certificate authority has expired, or this machine's clock is wrong.";
    Error::new(Kind::Unavailable, "authority-expired", message)
        .hint("Check the clock. If it is right, remove tls/authority.pem, restart, and trust the new authority.")
}

fn leaf(names: &BTreeSet<Name>, not_before: SystemTime, not_after: SystemTime) -> CertificateParams {
    let mut params = parameters("callqr on this machine", not_before, not_after);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = names.iter().filter_map(alternative_name).collect();
    params
}

fn make(given: &BTreeSet<Name>, now: SystemTime) -> Result<String> {
    let key = KeyPair::generate().map_err(Error::internal)?;
    // Two authorities must never have the same name: browsers look issuers up by it.
    let digest = Sha256::digest(key.public_key_raw());
    let name = format!("callqr authority {:08X}", u32::from_be_bytes(std::array::from_fn(|at| digest[at])));
    // Valid from the earliest plausible day, so that a wrong clock now does no harm for ten years.
    let not_before = SystemTime::UNIX_EPOCH + EARLIEST - DAY;
    let mut params = parameters(&name, not_before, now + AUTHORITY_LIFETIME);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(scope::limits(given));
    Ok(params.self_signed(&key).map_err(Error::internal)?.pem() + &key.serialize_pem())
}

fn parameters(name: &str, not_before: SystemTime, not_after: SystemTime) -> CertificateParams {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::CommonName, name);
    distinguished_name.push(DnType::OrganizationName, "callqr");
    let mut serial: [u8; 16] = random::bytes();
    // Serial numbers are positive (RFC 5280, 4.1.2.2) and must not begin with a zero byte.
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    params.not_before = OffsetDateTime::from(not_before);
    params.not_after = OffsetDateTime::from(not_after);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = distinguished_name;
    params
}

fn alternative_name(name: &Name) -> Option<SanType> {
    match name {
        Name::Dns(name) => Ia5String::try_from(name.as_str()).ok().map(SanType::DnsName),
        Name::Address(address) => Some(SanType::IpAddress(*address)),
    }
}

fn read_leaf(pem: &[u8]) -> Option<Leaf> {
    let certificate = CertificateDer::from_pem_slice(pem).ok()?;
    let key = PrivateKeyDer::from_pem_slice(pem).ok()?;
    let facts = inspect::facts(&certificate)?;
    let fits = KeyPair::try_from(&key).is_ok_and(|pair| pair.public_key_raw() == facts.public_key);
    fits.then_some(Leaf { certificate, key, facts })
}

fn plausible(now: SystemTime) -> SystemTime {
    now.max(SystemTime::UNIX_EPOCH + EARLIEST)
}
