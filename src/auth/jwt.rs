//! Session tokens for API clients: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037).
//!
//! A header says which of our keys signed, and nothing else is up to it: most faults of JWT libraries come from letting
//! the token say how it is to be checked. Two functions over `ring` therefore do less, and go wrong less, than a
//! library that reads any header. A token names a log-in (`sid`) that the server can end at any time, and how often
//! its secrets had been changed (`gen`); nothing in it identifies a person.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::ids::SessionId;
use crate::keys::SigningKey;

/// Ours have about 280 bytes.
const MAX_BYTES: usize = 512;

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The log-in.
    pub session: SessionId,
    /// How often its secrets had been changed.
    pub generation: u32,
}

/// The only header there is, but for the key's id.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

const ALGORITHM: &str = "EdDSA";
const TYPE: &str = "JWT";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    sid: SessionId,
    r#gen: u32,
    iat: u64,
    exp: u64,
}

/// A token for `bearer`, good from `issued_at` to `expires_at`.
pub fn sign(key: &SigningKey, bearer: Bearer, issued_at: SystemTime, expires_at: SystemTime) -> String {
    let header = encode(&Header { alg: ALGORITHM, kid: &key.id, typ: TYPE });
    let (iat, exp) = (seconds(issued_at), seconds(expires_at));
    let claims = encode(&Claims { sid: bearer.session, r#gen: bearer.generation, iat, exp });
    let signed = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(key.pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// What a token stands for; `None` when we did not sign it or it has expired. `key` finds ours by their ids.
pub fn verify<'a>(key: impl FnOnce(&str) -> Option<&'a SigningKey>, token: &str, now: SystemTime) -> Option<Bearer> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header = URL_SAFE_NO_PAD.decode(header).ok()?;
    let header: Header<'_> = serde_json::from_slice(&header).ok()?;
    if (header.alg, header.typ) != (ALGORITHM, TYPE) {
        return None;
    }
    let public_key = key(header.kid)?.pair.public_key().as_ref();
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&ED25519, public_key).verify(signed.as_bytes(), &signature).ok()?;
    let claims: Claims = decode(claims)?;
    (seconds(now) < claims.exp).then_some(Bearer { session: claims.sid, generation: claims.r#gen })
}

fn encode(part: &impl Serialize) -> String {
    let json = serde_json::to_vec(part).unwrap_or_else(|_| unreachable!("texts and numbers are always JSON"));
    URL_SAFE_NO_PAD.encode(json)
}

fn decode<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
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

    fn key(seed: u8) -> SigningKey {
        SigningKey::from_seed(&[seed; 32])
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn bearer() -> Bearer {
        Bearer { session: SessionId::random(), generation: 7 }
    }

    fn verified(keys: &[&SigningKey], token: &str, now: u64) -> Option<Bearer> {
        verify(|id| keys.iter().find(|key| key.id == id).copied(), token, at(now))
    }

    #[test]
    fn a_token_names_its_log_in_until_it_expires() {
        let bearer = bearer();
        let token = sign(&key(1), bearer, at(100), at(200));
        assert_eq!(verified(&[&key(1)], &token, 199), Some(bearer));
        assert_eq!(verified(&[&key(1)], &token, 200), None);
        assert_eq!(verified(&[&key(2)], &token, 150), None);
    }

    #[test]
    fn tokens_of_an_older_key_are_good_while_it_is_kept() {
        let (old, new, bearer) = (key(1), key(2), bearer());
        let token = sign(&old, bearer, at(100), at(200));
        assert_eq!(verified(&[&new, &old], &token, 150), Some(bearer));
        assert_eq!(verified(&[&new], &token, 150), None);
        let impostor = SigningKey { id: old.id.clone(), pair: key(3).pair };
        assert_eq!(verified(&[&impostor], &token, 150), None, "the id alone proves nothing");
    }

    #[test]
    fn the_parts_are_what_the_standard_says() {
        let token = sign(&key(1), bearer(), at(100), at(200));
        let parts: Vec<_> = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).unwrap()).collect();
        let header = format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"JWT"}}"#, key(1).id);
        assert_eq!(String::from_utf8(parts[0].clone()).unwrap(), header);
        let claims: serde_json::Value = serde_json::from_slice(&parts[1]).unwrap();
        assert_eq!((&claims["iat"], &claims["exp"]), (&100.into(), &200.into()));
        assert_eq!((parts.len(), parts[2].len()), (3, 64));
        assert!(token.len() < 300, "{}", token.len());
    }

    #[test]
    fn other_headers_are_not_understood_even_when_the_signature_fits() {
        let kid = key(1).id;
        for header in [
            r#"{"alg":"none","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"other","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"KID","typ":"JWT","jku":"https://evil.example"}"#,
        ] {
            let token = sign(&key(1), bearer(), at(100), at(200));
            let claims = token.split('.').nth(1).unwrap();
            let signed = format!("{}.{claims}", URL_SAFE_NO_PAD.encode(header.replace("KID", &kid)));
            let signature = URL_SAFE_NO_PAD.encode(key(1).pair.sign(signed.as_bytes()));
            assert_eq!(verified(&[&key(1)], &format!("{signed}.{signature}"), 150), None, "{header}");
            assert_eq!(verified(&[&key(1)], &format!("{signed}."), 150), None, "{header}");
        }
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let token = sign(&key(1), bearer(), at(100), at(200));
        for at_byte in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at_byte] = if bytes[at_byte] == b'A' { b'B' } else { b'A' };
            assert_eq!(verified(&[&key(1)], &String::from_utf8(bytes).unwrap(), 150), None, "byte {at_byte}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_token_or_a_panic(text in "[ -~.]{0,600}") {
            prop_assert_eq!(verified(&[&key(1)], &text, 150), None);
        }
    }
}
