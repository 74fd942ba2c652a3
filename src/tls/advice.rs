//! What is worth telling the operator of the built-in authority.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::names::{self, Name};
use super::{TlsOptions, authority, inspect};

/// What the operator should know of the built-in authority, in sentences that name the remedy. Nothing where there is none, or
/// where this user may not read it.
pub fn advice(options: &TlsOptions) -> Vec<String> {
    let path = options.directory.join(authority::FILE);
    let read = || inspect::facts(&CertificateDer::from_pem_file(&path).ok()?)?.scope;
    let (None, Some(scope)) = (&options.own_files, read()) else { return Vec::new() };
    let shown = path.display();
    let anew = format!(
        "remove {shown} and start again: then another authority is made, which your devices must be told to trust in the \
         place of the old one"
    );
    let mut advice = Vec::new();
    for name in names::given(&options.extra_sans).into_iter().filter(|name| !scope.permits(name)) {
        let Name::Dns(name) = name else { continue };
        advice.push(format!(
            "The certificate authority in {shown} may not vouch for {name}, so browsers warn of that name on every device. \
             Give callqr a certificate for it (tls.certificate and tls.key), or {anew}."
        ));
    }
    advice
}
