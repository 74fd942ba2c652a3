//! The vectors of `docs/e2e.md`, which the pages' own code wrote, worked out again with `ring` and `sha2`.
#![allow(clippy::unwrap_used)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callqr::domain::credentials::stretch::{AuthSecret, KDF, ROUNDS};
use callqr::domain::household::public_identity::{KeyHash, PublicIdentity};
use callqr::domain::household::tag::{SealedText, Token};
use ring::{aead, hkdf, hmac, signature};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

fn vectors() -> Value {
    serde_json::from_str(include_str!("fixtures/e2e.json")).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(value.as_str().unwrap()).unwrap()
}

fn hkdf32(secret: &[u8], usage: &str) -> [u8; 32] {
    let mut out = [0; 32];
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret);
    key.expand(&[usage.as_bytes()], hkdf::HKDF_SHA256).unwrap().fill(&mut out).unwrap();
    out
}

/// AES-256-GCM; panics when it does not open.
fn open(key: &[u8], nonce: &[u8], about: &[u8], sealed: &[u8]) -> Vec<u8> {
    let key = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, key).unwrap());
    let nonce = aead::Nonce::try_assume_unique_for_key(nonce).unwrap();
    let mut sealed = sealed.to_vec();
    key.open_in_place(nonce, aead::Aad::from(about), &mut sealed).unwrap().to_vec()
}

fn unpadded(padded: &[u8]) -> &[u8] {
    let length = u32::from_be_bytes(padded[..4].try_into().unwrap()) as usize;
    assert!(padded[4 + length..].iter().all(|byte| *byte == 0));
    &padded[4..4 + length]
}

#[test]
fn identity_and_its_hash() {
    let shown = &vectors()["identity"];
    let identity: PublicIdentity = shown["identity"].as_str().unwrap().parse().unwrap();
    let hash: KeyHash = shown["keyHash"].as_str().unwrap().parse().unwrap();
    assert_eq!(identity.key_hash(), hash);
    // The public keys of RFC 6979, A.2.5, come first.
    assert_eq!(identity.as_bytes()[..5], [1, 4, 0x60, 0xfe, 0xd4]);
}

#[test]
fn a_sticker_that_was_made_in_the_browser_is_found() {
    let shown = &vectors()["sticker"];
    let (code, access) = (shown["code"].as_str().unwrap(), shown["access"].as_str().unwrap());
    let lookup = bytes(&shown["lookup"]);
    assert_eq!(Token::parse(code).unwrap().hash().as_bytes()[..], lookup);
    assert_eq!(Token::parse(access).unwrap().hash().as_bytes()[..], lookup);
    assert_eq!(Token::parse_access(access).unwrap().hash().as_bytes()[..], lookup);
    assert_eq!(access, URL_SAFE_NO_PAD.encode(Sha256::digest(bytes(&shown["token"]))));
    let key = hmac::Key::new(hmac::HMAC_SHA256, &hkdf32(&bytes(&shown["token"]), "callqr caller confirmation 1"));
    hmac::verify(&key, b"test", &bytes(&shown["confirmationKeyProof"])).unwrap();
}

#[test]
fn what_callers_read_is_bound_to_its_sticker() {
    let shown = &vectors()["sticker"];
    let (token, sealed) = (bytes(&shown["token"]), bytes(&shown["sealedText"]));
    assert_eq!(SealedText::parse(sealed.clone()).unwrap().as_bytes(), sealed);
    let about = [b"callqr public text\0\x01".as_slice(), &bytes(&shown["access"])].concat();
    let plain = open(&hkdf32(&token, "callqr public text 1"), &sealed[1..13], &about, &sealed[13..]);
    assert_eq!(plain.len(), 256);
    assert_eq!(unpadded(&plain), shown["publicText"].as_str().unwrap().as_bytes());
}

#[test]
fn the_server_derives_what_the_browser_derives() {
    let shown = &vectors()["password"];
    assert_eq!((shown["kdf"]["name"].as_str(), shown["kdf"]["rounds"].as_u64()), (Some(KDF), Some(ROUNDS.into())));
    let salt = bytes(&shown["salt"]).try_into().unwrap();
    for spelling in ["password", "normalised"] {
        let secret = AuthSecret::stretch(shown[spelling].as_str().unwrap(), &salt);
        assert_eq!(secret.as_bytes()[..], bytes(&shown["authSecret"]), "{spelling}");
    }
    assert_ne!(shown["password"], shown["normalised"]);
    assert_ne!(shown["authSecret"], shown["vaultKey"]);
}

#[test]
fn the_vault_and_its_wrapped_keys() {
    let vectors = vectors();
    let (vault, wraps) = (&vectors["vault"], &vectors["wraps"]);
    let blob = bytes(&vault["blob"]);
    assert_eq!(blob[0], 1);
    assert_eq!(blob[1..9], vault["revision"].as_u64().unwrap().to_be_bytes());
    assert_eq!(blob[9..21], bytes(&vault["nonce"]));
    let household = bytes(&vault["household"]);
    let about = [b"callqr vault\0\x01".as_slice(), &household, &blob[1..9]].concat();
    assert_eq!(about, bytes(&vault["aad"]));
    let plain = open(&bytes(&vault["key"]), &blob[9..21], &about, &blob[21..]);
    assert_eq!(plain.len() % 4096, 0);
    assert_eq!(serde_json::from_slice::<Value>(unpadded(&plain)).unwrap(), vault["content"]);

    assert_eq!(hkdf32(&bytes(&vault["key"]), "callqr vault holder 1")[..], bytes(&vault["holder"]));
    let key_id = |key: &Value| hkdf32(&bytes(key), "callqr vault key id 1").to_vec();
    assert_eq!(key_id(&vault["key"]), bytes(&vault["keyId"]));
    assert_eq!(key_id(&vault["keyBefore"]), bytes(&vault["content"]["replaced"][0]));

    for (kind, way) in [(1, "password"), (2, "recovery"), (3, "passkey"), (4, "invite")] {
        let shown = &wraps[way];
        let key = bytes(&shown["key"]);
        if way != "password" {
            assert_eq!(key, hkdf32(&bytes(&shown["secret"]), &format!("callqr {way} wrap 1")), "{way}");
        }
        let wrapped = bytes(&shown["wrapped"]);
        assert_eq!(wrapped[..2], [1, kind], "{way}");
        let about = [b"callqr wrap\0".as_slice(), &wrapped[..2], &bytes(&wraps["household"])].concat();
        assert_eq!(open(&key, &wrapped[2..14], &about, &wrapped[14..]), bytes(&wraps["vaultKey"]), "{way}");
    }
    let invite = &wraps["invite"];
    assert_eq!(hkdf32(&bytes(&invite["secret"]), "callqr invite token 1")[..], bytes(&invite["token"]));
    assert_eq!(wraps["password"]["key"], vectors["password"]["vaultKey"]);
}

#[test]
fn a_call_is_signed_and_confirmed() {
    let vectors = vectors();
    let call = &vectors["call"];
    let fields = ["session", "callerNonce", "ownerNonce", "callerFingerprint", "ownerFingerprint"];
    let joined: Vec<u8> = fields.iter().flat_map(|field| bytes(&call[*field])).collect();
    let spoken = |role: u8| [b"callqr call 1\0".as_slice(), &joined, &[role]].concat();
    assert_eq!(spoken(2), bytes(&call["signedBytes"]));
    assert_eq!(spoken(1), bytes(&call["confirmedBytes"]));

    let identity: PublicIdentity = vectors["identity"]["identity"].as_str().unwrap().parse().unwrap();
    let key = signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, &identity.as_bytes()[1..66]);
    key.verify(&spoken(2), &bytes(&call["signature"])).unwrap();
    key.verify(&spoken(1), &bytes(&call["signature"])).unwrap_err();

    let token = bytes(&vectors["sticker"]["token"]);
    let key = hmac::Key::new(hmac::HMAC_SHA256, &hkdf32(&token, "callqr caller confirmation 1"));
    hmac::verify(&key, &spoken(1), &bytes(&call["confirmation"])).unwrap();

    let committed = [b"callqr commitment 1\0".as_slice(), &bytes(&call["session"]), &bytes(&call["callerNonce"])];
    assert_eq!(Sha256::digest(committed.concat())[..], bytes(&call["commitment"]));

    let digest = Sha256::digest([b"callqr words 1\0".as_slice(), &spoken(0)].concat());
    let bits = u64::from_be_bytes(digest[..8].try_into().unwrap());
    let mut left = 64;
    let mut letter = |letters: &[u8]| {
        left -= letters.len().ilog2();
        char::from(letters[(bits >> left) as usize % letters.len()])
    };
    for word in call["words"].as_array().unwrap() {
        let made: String = (0..5).map(|at| letter(if at % 2 == 0 { b"bdfklmrs" } else { b"aiou" })).collect();
        assert_eq!(*word, made);
    }
}

/// `ring` makes no agreement with a private key that it is given: the shared secret in the vectors is OpenSSL's.
#[test]
fn a_note_is_sealed_as_documented() {
    let vectors = vectors();
    let note = &vectors["note"];
    let envelope = bytes(&note["envelope"]);
    assert_eq!(envelope.len(), 1 + 65 + 256 + 16);
    assert_eq!(envelope[0], 1);
    assert_eq!(envelope[1..66], bytes(&note["oncePoint"]));

    let digest = Sha256::digest([&envelope[1..66], &bytes(&vectors["identity"]["identity"])].concat());
    let writer = hkdf32(&bytes(&vectors["sticker"]["token"]), "callqr note key 1").to_vec();
    let info = [b"callqr note 1\0".as_slice(), &digest];
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&[bytes(&note["shared"]), writer].concat());
    let mut key_and_nonce = [0; 44];
    extracted.expand(&info, Length(44)).unwrap().fill(&mut key_and_nonce).unwrap();

    let number = |name: &str| note[name].as_u64().unwrap();
    let kind = u8::try_from(number("kind")).unwrap();
    let about =
        [b"callqr note\0\x01".as_slice(), &[kind], &bytes(&note["access"]), &number("minute").to_be_bytes()].concat();
    let plain = open(&key_and_nonce[..32], &key_and_nonce[32..], &about, &envelope[66..]);
    assert_eq!(unpadded(&plain), note["text"].as_str().unwrap().as_bytes());
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}
