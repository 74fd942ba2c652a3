//! What a call's DTLS fingerprints are remembered by: a digest, from which nobody learns them.

use sha2::{Digest as _, Sha256};

use super::grant::Party;
use super::wire::Media;

/// Digests of what both sides said of their fingerprints last.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fingerprints {
    caller: Option<[u8; 32]>,
    owner: Option<[u8; 32]>,
}

impl Fingerprints {
    /// Notes the `a=fingerprint` lines (RFC 8122, 5) of a session description, in their order; others are left alone.
    pub fn note(&mut self, party: Party, media: &Media) {
        let (Media::Offer { sdp, .. } | Media::Answer { sdp, .. }) = media else { return };
        let mut digest = None::<Sha256>;
        for line in sdp.lines().filter_map(|line| line.strip_prefix("a=fingerprint:")) {
            let digest = digest.get_or_insert_with(Sha256::new);
            digest.update(line.trim().to_ascii_lowercase());
            digest.update(b"\n");
        }
        let side = match party {
            Party::Caller => &mut self.caller,
            Party::Device(_) => &mut self.owner,
        };
        if let Some(digest) = digest {
            *side = Some(digest.finalize().into());
        }
    }

    /// SHA-256 of the caller's digest and the owner's; `None` while either is missing.
    pub fn digest(&self) -> Option<[u8; 32]> {
        Some(Sha256::new().chain_update(self.caller?).chain_update(self.owner?).finalize().into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::ids::SessionId;

    fn sdp(fingerprint: &str) -> String {
        format!("v=0\r\na=setup:actpass\r\na=fingerprint:sha-256 {fingerprint}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n")
    }

    #[test]
    fn both_sides_make_the_digest_and_the_last_word_counts() {
        let device = Party::Device(SessionId::random());
        let mut prints = Fingerprints::default();
        prints.note(Party::Caller, &Media::Offer { sdp: sdp("AB:CD"), commitment: None });
        assert_eq!(prints.digest(), None);
        prints.note(device, &Media::Answer { sdp: sdp("EF:01"), nonce: None });
        let first = prints.digest().unwrap();
        let side = |text: &str| Sha256::digest(format!("sha-256 {text}\n"));
        let expected: [u8; 32] = Sha256::digest([side("ab:cd"), side("ef:01")].concat()).into();
        assert_eq!(first, expected);
        prints.note(device, &Media::Answer { sdp: "v=0\r\n".into(), nonce: None });
        prints.note(Party::Caller, &Media::RestartIce {});
        assert_eq!(prints.digest(), Some(first));
        prints.note(Party::Caller, &Media::Offer { sdp: sdp("AB:CE"), commitment: None });
        assert_ne!(prints.digest(), Some(first));
    }
}
