//! Session tokens for API clients: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037).
//!
//! There is one header and no other is understood: most faults of JWT libraries come from letting the token say how it
//! is to be checked. Two functions over `ring` therefore do less, and go wrong less, than a library that reads any
//! header. A token names a log-in (`sid`) that the server can end at any time; nothing in it identifies a person.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::domain::ids::LoginId;

/// `{"alg":"EdDSA","typ":"JWT"}` in base64url: what every token of ours begins with.
const HEADER: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9";
/// Ours have about 230 bytes.
const MAX_BYTES: usize = 512;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    sid: LoginId,
    iat: u64,
    exp: u64,
}

/// A token for `login`, good from `issued_at` to `expires_at`.
pub fn sign(key: &Ed25519KeyPair, login: LoginId, issued_at: SystemTime, expires_at: SystemTime) -> String {
    let claims = Claims { sid: login, iat: seconds(issued_at), exp: seconds(expires_at) };
    let json = serde_json::to_vec(&claims).unwrap_or_else(|_| unreachable!("an id and two numbers are always JSON"));
    let signed = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(json));
    let signature = URL_SAFE_NO_PAD.encode(key.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// The log-in that a token names; `None` when we did not sign it or it has expired.
pub fn verify(key: &Ed25519KeyPair, token: &str, now: SystemTime) -> Option<LoginId> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let claims = signed.strip_prefix(HEADER)?.strip_prefix('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&ED25519, key.public_key().as_ref()).verify(signed.as_bytes(), &signature).ok()?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    (seconds(now) < claims.exp).then_some(claims.sid)
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn key(seed: u8) -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap()
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_names_its_log_in_until_it_expires() {
        let login = LoginId::random();
        let token = sign(&key(1), login, at(100), at(200));
        assert_eq!(verify(&key(1), &token, at(199)), Some(login));
        assert_eq!(verify(&key(1), &token, at(200)), None);
        assert_eq!(verify(&key(2), &token, at(150)), None);
    }

    #[test]
    fn the_parts_are_what_the_standard_says() {
        let token = sign(&key(1), LoginId::random(), at(100), at(200));
        let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        assert_eq!(parts[0], br#"{"alg":"EdDSA","typ":"JWT"}"#);
        let claims: serde_json::Value = serde_json::from_slice(&parts[1]).unwrap();
        assert_eq!((&claims["iat"], &claims["exp"]), (&100.into(), &200.into()));
        assert_eq!((parts.len(), parts[2].len()), (3, 64));
    }

    #[test]
    fn other_headers_are_not_understood_even_when_the_signature_fits() {
        for header in
            [r#"{"alg":"none"}"#, r#"{"alg":"EdDSA","typ":"JWT","kid":"x"}"#, r#"{"typ":"JWT","alg":"EdDSA"}"#]
        {
            let token = sign(&key(1), LoginId::random(), at(100), at(200));
            let claims = token.split('.').nth(1).unwrap();
            let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header));
            let signature = URL_SAFE_NO_PAD.encode(key(1).sign(signed.as_bytes()));
            assert_eq!(verify(&key(1), &format!("{signed}.{signature}"), at(150)), None, "{header}");
            assert_eq!(verify(&key(1), &format!("{signed}."), at(150)), None, "{header}");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let token = sign(&key(1), LoginId::random(), at(100), at(200));
        for at_byte in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at_byte] = if bytes[at_byte] == b'A' { b'B' } else { b'A' };
            assert_eq!(verify(&key(1), &String::from_utf8(bytes).unwrap(), at(150)), None, "byte {at_byte}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_or_a_panic(text in "[ -~.]{0,600}") {
            prop_assert_eq!(verify(&key(1), &text, at(150)), None);
        }
    }
}
