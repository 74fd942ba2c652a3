//! Reads what operators put into files: PEM as editors, authorities and other systems leave it. What can be read only one
//! way is read; of the rest, the cause is named.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::domain::{Error, Kind, Result};

/// Larger than any chain that browsers accept.
const MAX_FILE: u64 = 1024 * 1024;
/// The mark that some editors put before a text in UTF-8.
const MARK: &str = "\u{feff}";

/// The certificates in a file.
pub(super) fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let text = read(path)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) if text.contains("PRIVATE KEY-----") => {
            Err(wrong(path, "a private key and no certificate").hint("Swap tls.certificate and tls.key."))
        }
        Ok(_) if text.contains("CERTIFICATE REQUEST-----") => {
            Err(wrong(path, "a request for a certificate and no certificate").hint("Put the issued certificate there."))
        }
        Ok(_) if text.contains("BEGIN PKCS7-----") => {
            Err(wrong(path, "a certificate in PKCS #7 form and none in PEM form")
                .hint("Convert it: openssl pkcs7 -print_certs -in FILE -out chain.pem"))
        }
        Ok(_) => Err(wrong(path, "no certificate in PEM form")),
        Err(_) => Err(wrong(path, "a certificate that is damaged or cut off")),
    }
}

/// The private key in a file.
pub(super) fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    let text = read(path)?;
    let has_passphrase = text.contains("BEGIN ENCRYPTED PRIVATE KEY-----") || text.contains("Proc-Type: 4,ENCRYPTED");
    if has_passphrase {
        return Err(wrong(path, "a private key with a passphrase")
            .hint("Remove the passphrase: openssl pkey -in FILE -out key.pem (and chmod 600 key.pem)."));
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        if text.contains("OPENSSH PRIVATE KEY-----") {
            wrong(path, "a key for SSH and none for TLS")
        } else if text.contains("PRIVATE KEY-----") {
            wrong(path, "a private key that is damaged or cut off")
        } else if text.contains("CERTIFICATE-----") {
            wrong(path, "a certificate and no private key").hint("tls.key names the file with the private key.")
        } else if text.contains("PUBLIC KEY-----") {
            wrong(path, "a public key and no private key")
        } else {
            wrong(path, "no private key in PEM form")
        }
    })
}

/// A file's text, with its lines as PEM has them.
fn read(path: &Path) -> Result<String> {
    let mut content = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut content))
        .map_err(|error| unreadable(path, &error))?;
    if content.is_empty() {
        return Err(empty(path));
    }
    if content.starts_with(&[0xff, 0xfe]) || content.starts_with(&[0xfe, 0xff]) {
        return Err(wrong(path, "text in UTF-16").hint("Save it as UTF-8 without a byte order mark."));
    }
    // Every form of DER that these files may have begins with a SEQUENCE.
    if content.first() == Some(&0x30) {
        return Err(wrong(path, "a file in DER form where PEM is needed").hint(
            "Convert it: openssl x509 -inform der -in FILE -out chain.pem for a certificate, openssl pkey -inform der for a key.",
        ));
    }
    let text = String::from_utf8_lossy(&content).replace(MARK, "").replace('\r', "\n");
    Ok(text.lines().map(str::trim).collect::<Vec<_>>().join("\n") + "\n")
}

pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::new(Kind::Unavailable, "certificate", format!("Cannot read {}: {error}.", path.display()))
        .hint("Check tls.certificate and tls.key, and that the user that runs callqr can read both files.")
}

fn empty(path: &Path) -> Error {
    Error::new(Kind::Unavailable, "certificate", format!("The file {} is empty.", path.display()))
        .hint("tls.certificate names the file with the chain, tls.key the one with the private key.")
}

/// The error for a file with something else in it.
pub(super) fn wrong(path: &Path, found: &str) -> Error {
    Error::new(Kind::Unavailable, "certificate", format!("There is {found} in {}.", path.display()))
        .hint("tls.certificate names the file with the chain, tls.key the one with the private key.")
}
