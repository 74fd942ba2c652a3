//! Keys and integrity of the long-term credential mechanism (RFC 8489, sections 9.2, 14.5 and 14.6).

use ring::{digest, hmac};
use stun::attributes::{ATTR_MESSAGE_INTEGRITY, ATTR_MESSAGE_INTEGRITY_SHA256};
use stun::integrity::MessageIntegrity;
use stun::message::{Message, Setter as _};

use super::frame::STUN_HEADER;
use super::message::Received;
use crate::domain::credentials::secret::Secret;

/// A hash algorithm that turns a password into a key (RFC 8489, section 18.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordAlgorithm {
    /// `0x0001`, what clients without PASSWORD-ALGORITHMS use.
    Md5,
    /// `0x0002`.
    Sha256,
}

/// Which attribute protects a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// MESSAGE-INTEGRITY: HMAC-SHA1.
    Sha1,
    /// MESSAGE-INTEGRITY-SHA256, in full length.
    Sha256,
}

/// The keys of one participant, one per password algorithm.
#[derive(Debug)]
pub struct Keys {
    md5: Secret<Vec<u8>>,
    sha256: Secret<Vec<u8>>,
}

impl Keys {
    /// Derives the keys of a long-term credential. All three parts are already in the form that OpaqueString would
    /// give them, because callqr makes them of ASCII letters and digits.
    pub fn derive(username: &str, realm: &str, password: &str) -> Self {
        let md5 = MessageIntegrity::new_long_term_integrity(username.into(), realm.into(), password.into()).0;
        let mut sha256 = digest::Context::new(&digest::SHA256);
        for part in [username, ":", realm, ":", password] {
            sha256.update(part.as_bytes());
        }
        Self { md5: Secret::new(md5), sha256: Secret::new(sha256.finish().as_ref().to_vec()) }
    }

    /// The key for `algorithm`.
    pub fn key(&self, algorithm: PasswordAlgorithm) -> &[u8] {
        match algorithm {
            PasswordAlgorithm::Md5 => self.md5.expose(),
            PasswordAlgorithm::Sha256 => self.sha256.expose(),
        }
    }
}

/// Whether the integrity attribute at `offset` of a received message is the one that `key` makes. Constant time.
pub fn verify(received: &Received<'_>, protection: Protection, offset: usize, key: &[u8]) -> bool {
    let size = size(protection);
    let Some(attribute) = received.raw.get(offset..offset + 4 + size) else { return false };
    if usize::from(u16::from_be_bytes([attribute[2], attribute[3]])) != size {
        return false;
    }
    // The length field counts up to and including this attribute, whatever follows it.
    let header = patched_header(received.raw, offset + 4 + size - STUN_HEADER);
    let mut signed = Vec::with_capacity(offset);
    signed.extend_from_slice(&header);
    signed.extend_from_slice(&received.raw[STUN_HEADER..offset]);
    hmac::verify(&hmac::Key::new(algorithm(protection), key), &signed, &attribute[4..]).is_ok()
}

/// Appends the integrity attribute to a message that is being built.
pub fn protect(message: &mut Message, protection: Protection, key: &[u8]) {
    match protection {
        // Fails only behind a FINGERPRINT, which callqr never adds.
        Protection::Sha1 => drop(MessageIntegrity(key.to_vec()).add_to(message)),
        Protection::Sha256 => {
            let length = message.raw.len() + 4 + size(protection) - STUN_HEADER;
            message.raw[2..4].copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
            let tag = hmac::sign(&hmac::Key::new(algorithm(protection), key), &message.raw);
            message.add(ATTR_MESSAGE_INTEGRITY_SHA256, tag.as_ref());
        }
    }
    debug_assert!(message.contains(ATTR_MESSAGE_INTEGRITY) || message.contains(ATTR_MESSAGE_INTEGRITY_SHA256));
}

fn size(protection: Protection) -> usize {
    match protection {
        Protection::Sha1 => 20,
        Protection::Sha256 => 32,
    }
}

fn algorithm(protection: Protection) -> hmac::Algorithm {
    match protection {
        Protection::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Protection::Sha256 => hmac::HMAC_SHA256,
    }
}

fn patched_header(raw: &[u8], length: usize) -> [u8; STUN_HEADER] {
    let mut header = [0; STUN_HEADER];
    header.copy_from_slice(&raw[..STUN_HEADER]);
    header[2..4].copy_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes());
    header
}
