//! A small authenticator (W3C Web Authentication level 3, section 6) and the browser's part of the ceremonies around it.
//!
//! Written from the standard, apart from the library that the server checks with: ES256 keys of `ring`, attestation
//! "none", discoverable credentials, a counter. What a test wants to be wrong can be set.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A device with one passkey, once it has made one.
pub struct Authenticator {
    /// The origin of the page that it believes to be on.
    pub origin: String,
    /// Whether it asks for its holder's finger.
    pub verifies: bool,
    /// How often it has signed; stays 0 with those that do not count.
    pub counter: u32,
    /// Whether it counts.
    pub counts: bool,
    id: [u8; 32],
    user: Vec<u8>,
    key: Option<Vec<u8>>,
}

impl Authenticator {
    /// One without a passkey, on a page of `origin`.
    pub fn new(origin: &str) -> Self {
        let mut id = [0; 32];
        getrandom::fill(&mut id).unwrap();
        Self { origin: origin.into(), verifies: true, counter: 0, counts: true, id, user: Vec::new(), key: None }
    }

    /// The same passkey on another device: a copy, with the counter as it is now.
    pub fn copy(&self) -> Self {
        let Self { origin, verifies, counter, counts, id, user, key } = self;
        Self {
            origin: origin.clone(),
            verifies: *verifies,
            counter: *counter,
            counts: *counts,
            id: *id,
            user: user.clone(),
            key: key.clone(),
        }
    }

    /// `navigator.credentials.create`: `PublicKeyCredential.toJSON()`.
    pub fn create(&mut self, options: &Value) -> Value {
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert!(options["pubKeyCredParams"].as_array().unwrap().iter().any(|param| param["alg"] == -7));
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        self.key = Some(key.as_ref().to_vec());
        self.user = decode(&options["user"]["id"]);

        let public_key = self.key_pair().public_key().as_ref().to_vec();
        let mut data = self.authenticator_data(options["rp"]["id"].as_str().unwrap(), 0x40);
        data.extend([0; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(self.id);
        data.extend(cose_key(&public_key));
        // A map of three: "fmt": "none", "attStmt": {}, "authData": bytes (section 8.7).
        let mut attestation = vec![0xa3, 0x63];
        attestation.extend(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        attestation.push(u8::try_from(data.len()).unwrap());
        attestation.extend(&data);
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": encode(self.client_data("webauthn.create", options).as_bytes()),
                "attestationObject": encode(&attestation),
                "transports": ["internal"],
            },
        })
    }

    /// `navigator.credentials.get`: `PublicKeyCredential.toJSON()`.
    pub fn get(&mut self, options: &Value) -> Value {
        if self.counts {
            self.counter += 1;
        }
        let data = self.authenticator_data(options["rpId"].as_str().unwrap(), 0);
        let client_data = self.client_data("webauthn.get", options);
        let signed = [&data[..], &Sha256::digest(client_data.as_bytes())].concat();
        let signature = self.key_pair().sign(&SystemRandom::new(), &signed).unwrap();
        json!({
            "id": encode(&self.id), "rawId": encode(&self.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": encode(client_data.as_bytes()),
                "authenticatorData": encode(&data),
                "signature": encode(signature.as_ref()),
                "userHandle": encode(&self.user),
            },
        })
    }

    fn key_pair(&self) -> EcdsaKeyPair {
        let key = self.key.as_ref().expect("it has made a passkey");
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, key, &SystemRandom::new()).unwrap()
    }

    fn client_data(&self, kind: &str, options: &Value) -> String {
        json!({ "type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
    }

    /// Section 6.1: the digest of the RP ID, flags (user present, user verified), the counter.
    fn authenticator_data(&self, rp_id: &str, flags: u8) -> Vec<u8> {
        let flags = flags | 1 | if self.verifies { 4 } else { 0 };
        [&Sha256::digest(rp_id)[..], &[flags], &self.counter.to_be_bytes()].concat()
    }
}

/// RFC 9053 section 7.1: a key of type EC2 for ES256 on P-256, from an uncompressed point.
fn cose_key(point: &[u8]) -> Vec<u8> {
    let (x, y) = (&point[1..33], &point[33..65]);
    [&[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &Value) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}
