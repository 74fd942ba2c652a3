//! What a password becomes before it is shown to the server (`docs/e2e.md`, section 3): the pages do this in the browser
//! and send the result; for an API client that sends the plain password the server does the same and forgets it.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use icu_normalizer::ComposingNormalizerBorrowed;
use ring::{hkdf, pbkdf2};

use super::secret::Secret;
use crate::domain::error::{Error, Result};

/// How the pages name the derivation.
pub const KDF: &str = "PBKDF2-SHA-256";

/// How often the hash is applied (OWASP's advice of 2023 for PBKDF2-HMAC-SHA-256).
pub const ROUNDS: u32 = 600_000;

/// A salt's length in bytes; every account has its own.
pub const SALT_LENGTH: usize = 16;

/// What a login shows instead of the password. The vault's key is derived separately and does not follow from it.
#[derive(Debug, Clone)]
pub struct AuthSecret(Secret<[u8; 32]>);

impl AuthSecret {
    /// Reads what a page sends: 32 bytes in base64url.
    ///
    /// # Errors
    /// `bad-secret` when it is not that.
    pub fn parse(text: &str) -> Result<Self> {
        let mut bytes = [0; 32];
        let written = if text.len() == 43 { URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).unwrap_or(0) } else { 0 };
        if written == bytes.len() {
            return Ok(Self(Secret::new(bytes)));
        }
        Err(Error::invalid("bad-secret", "This isn't an authentication secret.")
            .hint("Derive it from the password as docs/e2e.md describes, or send the password."))
    }

    /// The same derivation as in the browser; takes about as long as a person notices, so never on a thread that others
    /// wait for.
    pub fn stretch(password: &str, salt: &[u8; SALT_LENGTH]) -> Self {
        let normalised = Secret::new(ComposingNormalizerBorrowed::new_nfc().normalize(password).into_owned());
        let rounds = NonZeroU32::new(ROUNDS).unwrap_or(NonZeroU32::MIN);
        let mut stretched = [0; 32];
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, salt, normalised.expose().as_bytes(), &mut stretched);
        let stretched = Secret::new(stretched);
        Self(Secret::new(expand(stretched.expose(), "callqr authentication secret 1")))
    }

    /// The bytes that the server hashes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

/// HKDF-SHA-256 (RFC 5869) without salt, 32 bytes.
fn expand(secret: &[u8; 32], usage: &str) -> [u8; 32] {
    let mut out = [0; 32];
    hkdf::Salt::new(hkdf::HKDF_SHA256, &[])
        .extract(secret)
        .expand(&[usage.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|okm| okm.fill(&mut out))
        .unwrap_or_else(|_| unreachable!("the length asked for is the length of the buffer"));
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_is_no_secret_is_refused() {
        let text = URL_SAFE_NO_PAD.encode([0xfb; 32]);
        assert_eq!(AuthSecret::parse(&text).unwrap().as_bytes(), &[0xfb; 32]);
        for wrong in ["", "hunter2", &text[1..], &format!("{text}A"), &format!("{}=", &text[1..])] {
            assert_eq!(AuthSecret::parse(wrong).unwrap_err().code, "bad-secret");
        }
    }
}
