//! The keys that are rotated, ready for use.

use std::sync::Arc;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};

use super::secrets::{Key, Secrets};
use super::{Field, Sealer};
use crate::store::FieldKey;

/// A key pair that signs session tokens.
pub struct SigningKey {
    /// What tokens name it by.
    pub id: String,
    /// The key pair.
    pub pair: Ed25519KeyPair,
}

impl SigningKey {
    /// The key pair of a seed; named by a part of the digest of its public key.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).unwrap_or_else(|_| unreachable!("the seed has 32 bytes"));
        let digest = Sha256::digest(pair.public_key().as_ref());
        Self { id: URL_SAFE_NO_PAD.encode(&digest[..6]), pair }
    }
}

/// The keys of one key file.
pub struct KeyRing {
    pub secrets: Secrets,
    fields: Vec<(u8, Sealer)>,
    signing: Vec<Arc<SigningKey>>,
    decoy: Vec<u8>,
}

const DECOY_ROW: [u8; 16] = [0; 16];

impl KeyRing {
    pub fn new(secrets: Secrets) -> Self {
        let fields = secrets.fields.iter().map(|(id, key)| (*id, Sealer::new(key.expose()))).collect();
        let signing = secrets.signing.iter().map(|key| Arc::new(SigningKey::from_seed(key.seed.expose()))).collect();
        let mut ring = Self { secrets, fields, signing, decoy: Vec::new() };
        ring.decoy = ring.seal(Field::TagPublicText, &DECOY_ROW, b"Blue van, ring me");
        ring
    }

    /// The id of the key that seals.
    pub fn newest(&self) -> u8 {
        self.sealing().0
    }

    /// The key that signs.
    pub fn signing(&self) -> Arc<SigningKey> {
        self.signing.last().cloned().unwrap_or_else(|| unreachable!("there is always one that signs"))
    }

    /// The keys of tokens that may be in use at `now`.
    pub fn verifying(&self, now: SystemTime) -> Vec<Arc<SigningKey>> {
        let keys = self.secrets.signing.iter().zip(&self.signing);
        keys.filter(|(secret, _)| secret.is_good(now)).map(|(_, key)| key.clone()).collect()
    }

    /// What the database knows of the keys that seal: their ids, and digests that are of no use to anyone else.
    pub fn field_keys(&self) -> Vec<FieldKey> {
        let proof = |key: &Key| Sha256::new().chain_update(b"callqr field key\0").chain_update(key.expose()).finalize();
        self.secrets.fields.iter().map(|(id, key)| FieldKey { id: *id, proof: proof(key).into() }).collect()
    }

    /// Key id, nonce, ciphertext with its tag.
    pub fn seal(&self, field: Field, row: &[u8; 16], plain: &[u8]) -> Vec<u8> {
        let (id, key) = self.sealing();
        [&[*id][..], &key.seal(&field.bound_to(row), plain)].concat()
    }

    /// What [`KeyRing::seal`] was given; `None` when the bytes were changed, moved or sealed with a key that is not here.
    pub fn open(&self, field: Field, row: &[u8; 16], sealed: &[u8]) -> Option<Vec<u8>> {
        let (id, sealed) = sealed.split_first()?;
        let (_, key) = self.fields.iter().find(|(known, _)| known == id)?;
        key.open(&field.bound_to(row), sealed)
    }

    /// Does the work of opening a tag's text where there is none.
    pub fn open_decoy(&self) {
        let _ = std::hint::black_box(self.open(Field::TagPublicText, &DECOY_ROW, &self.decoy));
    }

    fn sealing(&self) -> &(u8, Sealer) {
        self.fields.last().unwrap_or_else(|| unreachable!("there is always one that seals"))
    }
}
