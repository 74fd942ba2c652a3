//! Advice for the operator about the built-in authority.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::names::{self, Name};
use super::{TlsOptions, authority, inspect};

/// What the operator should know about the built-in authority, with the remedy. Empty if there is no authority, or if
/// this user cannot read it.
pub fn advice(options: &TlsOptions) -> Vec<String> {
    let path = options.directory.join(authority::FILE);
    let read = || inspect::facts(&CertificateDer::from_pem_file(&path).ok()?)?.scope;
    let (None, Some(scope)) = (&options.own_files, read()) else { return Vec::new() };
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
