//! Nonces that need no memory (RFC 8489, section 9.2): a signed time, bound to the source it was given to.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::proto::turn::five_tuple::FiveTuple;

/// What a nonce begins with when it announces PASSWORD-ALGORITHMS: the nonce cookie and the 24 security feature bits,
/// of which only the first is set (RFC 8489, sections 9.2 and 18.1).
pub const FEATURES: &str = "obMatJos2gAAA";
/// Length of a nonce without [`FEATURES`]. Short, because a stranger's 401 must not be much longer than the request.
pub const LENGTH: usize = 12;

const SIGNATURE: usize = 6;

/// Makes and checks nonces.
#[derive(Debug)]
pub struct Nonces {
    key: hmac::Key,
    epoch: Instant,
    lifetime: Duration,
}

impl Nonces {
    /// `key` comes from the operating system's generator; `epoch` is the moment of the machine's birth.
    pub fn new(key: &[u8; 32], epoch: Instant, lifetime: Duration) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key), epoch, lifetime }
    }

    /// A nonce for this client, of [`LENGTH`] characters.
    pub fn issue(&self, client: &FiveTuple, now: Instant) -> String {
        let stamp = self.stamp(now);
        let mut bytes = [0; 3 + SIGNATURE];
        bytes[..3].copy_from_slice(&stamp.to_be_bytes()[1..]);
        bytes[3..].copy_from_slice(&self.sign(client, stamp).as_ref()[..SIGNATURE]);
        STANDARD.encode(bytes)
    }

    /// Whether this nonce, with or without [`FEATURES`], was given to this client and is fresh.
    pub fn is_valid(&self, nonce: &[u8], client: &FiveTuple, now: Instant) -> bool {
        let nonce = nonce.strip_prefix(FEATURES.as_bytes()).unwrap_or(nonce);
        let mut bytes = [0; 3 + SIGNATURE];
        if nonce.len() != LENGTH || STANDARD.decode_slice(nonce, &mut bytes) != Ok(bytes.len()) {
            return false;
        }
        let stamp = u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]);
        let signature = self.sign(client, stamp);
        let genuine: bool = subtle::ConstantTimeEq::ct_eq(&signature.as_ref()[..SIGNATURE], &bytes[3..]).into();
        let age = u64::from(self.stamp(now).wrapping_sub(stamp) & 0xFF_FFFF);
        genuine && age <= self.lifetime.as_secs()
    }

    /// Seconds since the epoch, modulo 2^24 (194 days).
    fn stamp(&self, now: Instant) -> u32 {
        (now.saturating_duration_since(self.epoch).as_secs() & 0xFF_FFFF) as u32
    }

    fn sign(&self, client: &FiveTuple, stamp: u32) -> hmac::Tag {
        let peer = client.peer();
        let mut signed = hmac::Context::with_key(&self.key);
        signed.update(&stamp.to_be_bytes());
        signed.update(&peer.port().to_be_bytes());
        match peer.ip() {
            std::net::IpAddr::V4(ip) => signed.update(&ip.octets()),
            std::net::IpAddr::V6(ip) => signed.update(&ip.octets()),
        }
        signed.sign()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::turn::testing::{start, udp};

    #[test]
    fn a_nonce_is_good_for_its_source_and_its_time_only() {
        let t = start();
        let nonces = Nonces::new(&[7; 32], t, Duration::from_secs(600));
        let nonce = nonces.issue(&udp(1), t);
        assert_eq!(nonce.len(), LENGTH);
        assert!(nonces.is_valid(nonce.as_bytes(), &udp(1), t + Duration::from_secs(600)));
        assert!(nonces.is_valid(format!("{FEATURES}{nonce}").as_bytes(), &udp(1), t));
        assert!(!nonces.is_valid(nonce.as_bytes(), &udp(1), t + Duration::from_secs(601)));
        assert!(!nonces.is_valid(nonce.as_bytes(), &udp(2), t));
        let other = Nonces::new(&[8; 32], t, Duration::from_secs(600));
        assert!(!other.is_valid(nonce.as_bytes(), &udp(1), t));
        for bad in [&b""[..], b"AAAAAAAAAAAA", b"obMatJos2gAAA", &[0xFF; 12], &nonce.as_bytes()[1..]] {
            assert!(!nonces.is_valid(bad, &udp(1), t));
        }
    }
}
