//! Advice for the operator about the certificate: what starts, and does not work for others.

use std::time::{Duration, SystemTime};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use time::OffsetDateTime;
use time::macros::format_description;

use super::inspect::Facts;
use super::names::{self, Name};
use super::own_files::{Loaded, OwnFiles};
use super::{SOON, TlsOptions, authority, inspect};

/// The longest lifetime that Apple's devices accept, no matter who issued the certificate (since July 2019).
const LONGEST: Duration = Duration::from_secs(825 * 24 * 60 * 60);

/// What the operator should know about the certificate, with the remedy. Empty if there is none, or if this user cannot
/// read it.
pub fn advice(options: &TlsOptions, now: SystemTime) -> Vec<String> {
    match &options.own_files {
        Some(files) => files.load(now).map(|loaded| about_files(files, &loaded, options, now)).unwrap_or_default(),
        None => about_authority(options),
    }
}

fn about_files(files: &OwnFiles, loaded: &Loaded, options: &TlsOptions, now: SystemTime) -> Vec<String> {
    let shown = files.certificate.display();
    let Loaded { facts, issuers, .. } = loaded;
    let mut advice = Vec::new();
    if now >= facts.not_after {
        advice.push(format!(
            "The certificate in {shown} expired on {}: browsers refuse it. Renew it; callqr picks up new files by itself.",
            day(facts.not_after)
        ));
    } else if now < facts.not_before {
        let from = day(facts.not_before);
        advice.push(format!("The certificate in {shown} is valid only from {from} on. Check this machine's clock."));
    } else if now + SOON >= facts.not_after {
        advice.push(format!(
            "The certificate in {shown} expires on {}. If nothing renews it by itself, renew it now.",
            day(facts.not_after)
        ));
    }
    if let Some(why) = facts.refused {
        advice.push(format!("Browsers refuse the certificate in {shown}: {why}. Have another one issued."));
    }
    if facts.lifetime() > LONGEST {
        advice.push(format!(
            "The certificate in {shown} is valid for more than 825 days: iPhones, iPads and Macs refuse it. Have one issued \
             for a shorter time."
        ));
    }
    if let Some(ended) = issuers.iter().find(|issuer| now >= issuer.not_after) {
        advice.push(format!(
            "A certificate of an issuer in {shown} expired on {}: put the issuer's new one there.",
            day(ended.not_after)
        ));
    }
    if let Some(host) = &options.public_host
        && !facts.names.is_empty()
        && !names_host(facts, host)
    {
        advice.push(format!(
            "The certificate in {shown} does not name {host}, the host of public_url: browsers refuse it there. Have one \
             issued that does, or correct public_url."
        ));
    }
    if facts.subject == facts.issuer {
        advice.push(format!(
            "The certificate in {shown} is issued by itself: browsers warn about it unless it is installed on the device."
        ));
    } else if issuers.is_empty() {
        advice.push(format!(
            "There is no certificate of an issuer behind the server's own one in {shown}: many devices cannot check it then. \
             Name the file with the whole chain (such as fullchain.pem), unless devices know the issuer itself."
        ));
    }
    advice
}

/// Whether browsers accept the certificate for this host: by a name or an address in it, or by one with a star in the place
/// of the first label (RFC 9525, 6.3).
fn names_host(facts: &Facts, host: &str) -> bool {
    let Some(wanted) = Name::parse(host) else { return false };
    facts.names.iter().any(|name| match (name, &wanted) {
        (Name::Dns(name), Name::Dns(host)) => {
            let name = name.to_ascii_lowercase();
            let by_star = || Some(host.split_once('.')?.1 == name.strip_prefix("*.")?);
            name == *host || by_star().unwrap_or_default()
        }
        (name, wanted) => name == wanted,
    })
}

fn day(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(format_description!("[year]-[month]-[day]")).unwrap_or_default()
}

fn about_authority(options: &TlsOptions) -> Vec<String> {
    let path = options.directory.join(authority::FILE);
    let read = || inspect::facts(&CertificateDer::from_pem_file(&path).ok()?)?.scope;
    let Some(scope) = read() else { return Vec::new() };
    let shown = path.display();
    let remedy = format!(
        "remove {shown} and restart: callqr then creates a new authority, which your devices must trust instead of the \
         old one"
    );
    let mut advice = Vec::new();
    for name in names::given(&options.extra_sans).into_iter().filter(|name| !scope.permits(name)) {
        let Name::Dns(name) = name else { continue };
        advice.push(format!(
            "The certificate authority in {shown} cannot vouch for {name}, so browsers warn about that name on every device. \
             Provide a certificate for it (tls.certificate and tls.key), or {remedy}."
        ));
    }
    advice
}
