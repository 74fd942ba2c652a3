//! A client that trusts one key, whatever the certificate says: for talking to ourselves.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error as TlsError, SignatureScheme};

use super::{inspect, provider};
use crate::domain::{Error, Result};

/// A client that accepts every server. Only for asking this machine's own port for what everybody may know: which key
/// the running server shows right now only that server knows, and its files may be half way through a renewal.
///
/// # Errors
/// Internal, when the cryptography provider cannot do what it says.
pub fn trusting_client() -> Result<ClientConfig> {
    with_key(None)
}

/// A client that accepts a server which proves that it holds this certificate's key; names and times do not matter.
pub(super) fn client(certificate: CertificateDer<'static>) -> Result<ClientConfig> {
    let key = inspect::facts(&certificate).ok_or_else(|| Error::internal("a certificate cannot be read"))?.public_key;
    with_key(Some(key))
}

fn with_key(key: Option<Vec<u8>>) -> Result<ClientConfig> {
    let provider = provider();
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
    /// `None`: any key will do.
    key: Option<Vec<u8>>,
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
        let is_pinned = |key: &Vec<u8>| inspect::facts(end_entity).is_some_and(|shown| shown.public_key == *key);
        if self.key.as_ref().is_none_or(is_pinned) {
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
