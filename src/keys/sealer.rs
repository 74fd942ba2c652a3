//! AES-256-GCM with random nonces (NIST SP 800-38D): what is sealed can be neither read nor changed without the key.
//!
//! A sealed value is the nonce, the ciphertext and its tag. It is bound to bytes that say what it is and, where there
//! are many alike, which one: it opens as nothing else, also where one key seals for several purposes. Random 96-bit
//! nonces are good for 2³² values of one key (section 8.3).

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::domain::random;

/// Seals and opens under one key.
pub struct Sealer(LessSafeKey);

impl Sealer {
    /// With this key.
    pub fn new(key: &[u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).unwrap_or_else(|_| unreachable!("the key has 32 bytes"));
        Self(LessSafeKey::new(key))
    }

    /// Seals `plain`, bound to what it is.
    pub fn seal(&self, bound_to: &[u8], plain: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE_LEN] = random::bytes();
        let mut sealed = Vec::with_capacity(NONCE_LEN + plain.len() + AES_256_GCM.tag_len());
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plain);
        let tag = self
            .0
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(bound_to),
                &mut sealed[NONCE_LEN..],
            )
            .unwrap_or_else(|_| unreachable!("what is sealed is far shorter than AES-GCM's limit of 64 GiB"));
        sealed.extend_from_slice(tag.as_ref());
        sealed
    }

    /// What was sealed; `None` when the bytes were changed, are bound to something else, or are of another key.
    pub fn open(&self, bound_to: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, ciphertext) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut buffer = ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(bound_to), &mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        assert_eq!(text.len(), 2 * N);
        std::array::from_fn(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
    }

    #[test]
    fn a_sealed_value_is_nonce_ciphertext_and_tag() {
        // Test case 16 of the proposal of GCM to NIST (McGrew and Viega, 2005).
        let key = hex::<32>("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
        let about = hex::<20>("feedfacedeadbeeffeedfacedeadbeefabaddad2");
        let plain = hex::<60>(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525\
             b16aedf5aa0de657ba637b39",
        );
        let sealed = hex::<88>(
            "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48\
             590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        );
        let sealer = Sealer::new(&key);
        assert_eq!(sealer.open(&about, &sealed).unwrap(), plain);
        let again = sealer.seal(&about, &plain);
        assert_eq!((again.len(), sealer.open(&about, &again).unwrap()), (sealed.len(), plain.to_vec()));
    }

    #[test]
    fn it_opens_only_with_its_key_and_as_what_it_is() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(b"a ticket", b"ada");
        assert_eq!(sealer.open(b"a ticket", &sealed).unwrap(), b"ada");
        assert_eq!(sealer.open(b"a field", &sealed), None);
        assert_eq!(Sealer::new(&[8; 32]).open(b"a ticket", &sealed), None);
        assert_ne!(sealer.seal(b"a ticket", b"ada"), sealed, "equal values must not look equal");
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(b"a ticket", b"ada");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(sealer.open(b"a ticket", &changed), None, "byte {at}");
            assert_eq!(sealer.open(b"a ticket", &sealed[..at]), None, "cut at {at}");
        }
    }
}
