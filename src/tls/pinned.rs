//! A client that trusts one key and nothing else: for talking to ourselves.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};

use super::{inspect, provider};
use crate::domain::{Error, Kind, Result};

/// A client that accepts a server which proves that it holds the key of the first certificate in this PEM file.
///
/// # Errors
/// `no-certificate` when the file has none that can be read.
pub fn client_of_file(path: &Path) -> Result<ClientConfig> {
    let certificate = CertificateDer::from_pem_file(path).map_err(|error| {
        let message = format!("No certificate can be read from {}: {error}.", path.display());
        Error::new(Kind::Unavailable, "no-certificate", message).hint("Start callqr with this configuration first.")
    })?;
    client(certificate)
}

/// A client that accepts a server which proves that it holds this certificate's key; names and times do not matter.
pub(super) fn client(certificate: CertificateDer<'static>) -> Result<ClientConfig> {
    let provider = provider();
    let key = inspect::facts(&certificate).ok_or_else(|| Error::internal("a certificate cannot be read"))?.public_key;
    let verifier = Pinned { key, provider: provider.clone() };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Error::internal)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok(config)
}

#[derive(Debug)]
struct Pinned {
    key: Vec<u8>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        // That the server holds it is proven by its signature, which is verified below.
        if inspect::facts(end_entity).is_some_and(|shown| shown.public_key == self.key) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(TlsError::General("another key than the pinned one".into()))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
