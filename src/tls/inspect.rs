//! What a certificate says.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use x509_parser::error::X509Error;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer as _, X509Certificate, X509Version};
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

use super::names::Name;
use super::scope::Scope;

/// The parts of a certificate that decide whether it can be used.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) not_before: SystemTime,
    pub(super) not_after: SystemTime,
    pub(super) names: BTreeSet<Name>,
    pub(super) subject: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    pub(super) is_version_3: bool,
    /// Why browsers refuse it as a server's own certificate, no matter who issued it: "it may not be used by servers".
    pub(super) refused: Option<&'static str>,
    /// What an authority may vouch for; `None` for every other certificate.
    pub(super) scope: Option<Scope>,
}

impl Facts {
    pub(super) fn is_valid(&self, now: SystemTime) -> bool {
        self.not_before <= now && now < self.not_after
    }

    pub(super) fn lifetime(&self) -> Duration {
        self.not_after.duration_since(self.not_before).unwrap_or_default()
    }
}

/// Reads a certificate; `None` when it is none.
pub(super) fn facts(certificate: &CertificateDer<'_>) -> Option<Facts> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let alternatives = parsed.subject_alternative_name().ok()?;
    let names = alternatives.iter().flat_map(|extension| &extension.value.general_names).filter_map(name).collect();
    Some(Facts {
        not_before: time(parsed.validity().not_before),
        not_after: time(parsed.validity().not_after),
        names,
        subject: parsed.subject().as_raw().to_vec(),
        issuer: parsed.issuer().as_raw().to_vec(),
        public_key: parsed.public_key().subject_public_key.data.to_vec(),
        is_version_3: parsed.version() == X509Version::V3,
        refused: refused(&parsed),
        scope: Scope::of(&parsed),
    })
}

/// Whether a certificate was signed with another's key. `None` where it cannot be told: the signature is of a kind that our
/// cryptography does not have.
pub(super) fn is_signed_by(certificate: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Option<bool> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
    match certificate.verify_signature(Some(issuer.public_key())) {
        Ok(()) => Some(true),
        Err(X509Error::SignatureVerificationError) => Some(false),
        Err(_) => None,
    }
}

/// Signatures by SHA-1: of RSA (RFC 8017; the second as OIW wrote it) and of ECDSA (RFC 5758).
const SHA_1: [&str; 3] = ["1.2.840.113549.1.1.5", "1.3.14.3.2.29", "1.2.840.10045.4.1"];

/// What browsers ask of a server's own certificate (RFC 5280, 4.2.1; CA/Browser Forum, Baseline Requirements, 7.1).
fn refused(certificate: &X509Certificate<'_>) -> Option<&'static str> {
    let usage = certificate.key_usage().ok().flatten();
    let purposes = certificate.extended_key_usage().ok().flatten();
    if purposes.is_some_and(|found| !found.value.server_auth && !found.value.any) {
        Some("it is not for servers (its extended key usage lacks serverAuth)")
    } else if usage.is_some_and(|found| !found.value.digital_signature()) {
        Some("its key may not sign (its key usage lacks digitalSignature)")
    } else if SHA_1.contains(&certificate.signature_algorithm.algorithm.to_id_string().as_str()) {
        Some("it is signed with SHA-1")
    } else if certificate.is_ca() && certificate.subject() != certificate.issuer() {
        Some("it is an authority's certificate, not a server's (basicConstraints says CA)")
    } else if certificate.subject_alternative_name().ok().flatten().is_none() {
        Some("it names no host (it has no subjectAltName; browsers do not look at the common name)")
    } else {
        None
    }
}

/// What kind of key a certificate is for, if it is one that our cryptography does not have: "an RSA key of 8192 bits".
pub(super) fn unusable_kind(certificate: &CertificateDer<'_>) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    match parsed.public_key().parsed() {
        Ok(PublicKey::RSA(key)) if (2048..=4096).contains(&key.key_size()) => None,
        Ok(PublicKey::RSA(key)) => Some(format!("an RSA key of {} bits", key.key_size())),
        Ok(PublicKey::DSA(_)) => Some("a DSA key".to_owned()),
        Ok(PublicKey::EC(point)) => {
            let curve = parsed.public_key().algorithm.parameters.as_ref().and_then(|curve| curve.as_oid().ok());
            match curve.map(|curve| curve.to_id_string()).as_deref() {
                Some("1.2.840.10045.3.1.7" | "1.3.132.0.34") => None,
                Some("1.3.132.0.35") => Some("a key of the curve P-521".to_owned()),
                _ => Some(format!("a key of an elliptic curve of {} bits", point.key_size())),
            }
        }
        _ => match parsed.public_key().algorithm.algorithm.to_id_string().as_str() {
            "1.3.101.112" => None,
            "1.3.101.113" => Some("an Ed448 key".to_owned()),
            _ => Some("a key".to_owned()),
        },
    }
}

fn name(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(name) => Some(Name::Dns((*name).to_owned())),
        GeneralName::IPAddress(bytes) => {
            let address = <[u8; 4]>::try_from(*bytes)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from));
            address.ok().map(Name::Address)
        }
        _ => None,
    }
}

fn time(time: ASN1Time) -> SystemTime {
    let seconds = u64::try_from(time.timestamp()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}
