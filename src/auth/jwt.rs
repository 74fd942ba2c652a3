//! Session tokens for API clients: JSON Web Tokens (RFC 7519) signed with Ed25519 (RFC 8037).
//!
//! A token is a signed statement: it names a session (`sid`) that the server can end at any time, and how often
//! its secrets had been changed (`gen`). The store decides what it is worth; nothing in it identifies a person.
//!
//! Nothing of a token is interpreted before its signature has been checked. Each of our keys signs under one header, and a
//! header that is not one of these, byte for byte, is refused unread; so a token has no say in how it is checked. Why no
//! library does this: docs/decisions/0009-own-jwt.md.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ED25519, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Serialize};

use crate::domain::ids::SessionId;
use crate::keys::SigningKey;

/// Ours have about 280 bytes.
const MAX_BYTES: usize = 512;

/// What a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The session.
    pub session: SessionId,
    /// How often its secrets had been changed.
    pub generation: u32,
}

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
    let (iat, exp) = (seconds(issued_at), seconds(expires_at));
    let claims = Claims { sid: bearer.session, r#gen: bearer.generation, iat, exp };
    let claims = serde_json::to_vec(&claims).unwrap_or_else(|_| unreachable!("ids and numbers are always JSON"));
    let signed = format!("{}.{}", header(key), URL_SAFE_NO_PAD.encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(key.pair.sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}

/// What a token stands for; `None` if it has expired or wasn't signed by one of `keys`.
pub fn verify<'a>(keys: impl IntoIterator<Item = &'a SigningKey>, token: &str, now: SystemTime) -> Option<Bearer> {
    if token.len() > MAX_BYTES {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (shown, claims) = signed.split_once('.')?;
    let key = keys.into_iter().find(|key| header(key) == shown)?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    UnparsedPublicKey::new(&ED25519, key.pair.public_key()).verify(signed.as_bytes(), &signature).ok()?;

    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    (seconds(now) < claims.exp).then_some(Bearer { session: claims.sid, generation: claims.r#gen })
}

/// The one header of tokens that `key` signs, encoded.
fn header(key: &SigningKey) -> String {
    URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"JWT"}}"#, key.id))
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
        verify(keys.iter().copied(), token, at(now))
    }

    /// The token of these parts, rightly signed by `key(1)`.
    fn signed(header: &str, claims: &str) -> String {
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(key(1).pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// Header, claims and signature of a good token, encoded.
    fn parts() -> [String; 3] {
        let token = sign(&key(1), bearer(), at(100), at(200));
        let parts: Vec<_> = token.split('.').map(str::to_owned).collect();
        parts.try_into().unwrap()
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
    fn other_headers_are_refused_even_when_the_signature_fits() {
        let (kid, claims) = (key(1).id, &parts()[1]);
        let good = r#"{"alg":"EdDSA","kid":"KID","typ":"JWT"}"#;
        let of = |header: &str| signed(&URL_SAFE_NO_PAD.encode(header.replace("KID", &kid)), claims);
        assert!(verified(&[&key(1)], &of(good), 150).is_some());
        for header in [
            r#"{"alg":"none","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"None","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"HS256","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"RS256","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"ES256","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"Ed25519","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","alg":"none","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"other","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":["KID"],"typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"KID","kid":"other","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"KID"}"#,
            r#"{"alg":"EdDSA","kid":"KID","typ":"at+jwt"}"#,
            r#"{"kid":"KID","alg":"EdDSA","typ":"JWT"}"#,
            r#"{"alg": "EdDSA","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"KID","typ":"JWT"} "#,
            r#"{"alg":"EdDS\u0041","kid":"KID","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"KID","typ":"JWT","jku":"https://evil.example"}"#,
            r#"{"alg":"EdDSA","kid":"KID","typ":"JWT","jwk":{"kty":"OKP"}}"#,
            r#"{"alg":"EdDSA","kid":"KID","typ":"JWT","crit":["exp"]}"#,
            r#"{"alg":"EdDSA","kid":"KID","typ":"JWT","b64":false}"#,
            "",
            "null",
        ] {
            assert_eq!(verified(&[&key(1)], &of(header), 150), None, "{header}");
        }
    }

    #[test]
    fn a_signature_of_another_form_or_algorithm_is_refused() {
        let [header, claims, signature] = parts();
        let with = |signature: &str| verified(&[&key(1)], &format!("{header}.{claims}.{signature}"), 150);
        assert!(with(&signature).is_some());
        // HMAC with the public key as its secret: the classic confusion of algorithms.
        let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key(1).pair.public_key().as_ref());
        let mac = ring::hmac::sign(&secret, format!("{header}.{claims}").as_bytes());
        // The same signature with the group's order added to its scalar, which some verifiers take.
        let mut malleable = URL_SAFE_NO_PAD.decode(&signature).unwrap();
        let mut carry = 0;
        for (byte, order) in malleable[32..].iter_mut().zip(ORDER) {
            let sum = u16::from(*byte) + u16::from(order) + carry;
            (*byte, carry) = (sum as u8, sum >> 8);
        }
        for other in [
            String::new(),
            URL_SAFE_NO_PAD.encode(mac),
            URL_SAFE_NO_PAD.encode([0; 64]),
            URL_SAFE_NO_PAD.encode(malleable),
            signature[..84].to_owned(),
            format!("{signature}="),
            format!("{signature}A"),
            format!("{signature}AA"),
            format!(" {signature}"),
            format!("{signature}\n"),
            format!("{signature}.{signature}"),
            signature.replace('_', "/").replace('-', "+") + "==",
        ] {
            assert_eq!(with(&other), None, "{other:?}");
        }
    }

    /// The order of Ed25519's group (RFC 8032, 5.1), the last byte first.
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];

    #[test]
    fn padding_blanks_and_other_spellings_of_the_parts_are_refused() {
        let token = sign(&key(1), bearer(), at(100), at(200));
        let [header, claims, signature] = parts();
        for other in [
            format!(" {token}"),
            format!("{token} "),
            format!("{token}."),
            format!(".{token}"),
            format!("{header}=.{claims}.{signature}"),
            format!("{header}..{signature}"),
            format!("{header}.{signature}"),
            format!("{header} .{claims}.{signature}"),
            signed(&format!("{header}="), &claims),
            signed(&header, &format!("{claims}=")),
            signed(&header, &format!("{claims}==")),
            signed(&header, &format!("{claims}\n")),
            signed(&header, &format!("{claims}.{claims}")),
            signed(&header, ""),
        ] {
            assert_eq!(verified(&[&key(1)], &other, 150), None, "{other}");
        }
    }

    #[test]
    fn claims_are_those_that_we_make_and_no_others() {
        let header = &parts()[0];
        let sid = serde_json::to_string(&bearer().session).unwrap();
        let of = |claims: &str| {
            verified(&[&key(1)], &signed(header, &URL_SAFE_NO_PAD.encode(claims.replace("SID", &sid))), 150)
        };
        assert!(of(r#"{"sid":SID,"gen":7,"iat":100,"exp":200}"#).is_some());
        for claims in [
            r#"{"sid":SID,"gen":7,"iat":100}"#,
            r#"{"gen":7,"iat":100,"exp":200}"#,
            r#"{"sid":SID,"gen":7,"iat":100,"exp":200,"exp":900}"#,
            r#"{"sid":SID,"sid":SID,"gen":7,"iat":100,"exp":200}"#,
            r#"{"sid":SID,"gen":7,"iat":100,"exp":200,"nbf":0}"#,
            r#"{"sid":SID,"gen":7,"iat":100,"exp":"200"}"#,
            r#"{"sid":SID,"gen":7,"iat":100,"exp":200.5}"#,
            r#"{"sid":SID,"gen":7,"iat":100,"exp":1e9}"#,
            r#"{"sid":SID,"gen":-1,"iat":100,"exp":200}"#,
            r#"{"sid":SID,"gen":7,"iat":100,"exp":150}"#,
            r#"{"sid":SID,"gen":7,"iat":100,"exp":200}{}"#,
            r#"{"sid":"..","gen":7,"iat":100,"exp":200}"#,
            "null",
        ] {
            assert_eq!(of(claims), None, "{claims}");
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
