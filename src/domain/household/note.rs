//! What callers leave, as the server sees it (`docs/e2e.md`, section 6): ciphertext in one of a few sizes, and a minute.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::domain::error::{Error, Result};
use crate::domain::ids::{NoteId, TagId};

/// What is in a note.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoteKind {
    /// Words.
    Text,
}

impl NoteKind {
    /// The number that is bound to the envelope.
    pub const fn number(self) -> u8 {
        match self {
            Self::Text => 1,
        }
    }

    /// The kind with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Text),
            _ => None,
        }
    }

    /// The lengths that a content of this kind may have, filled up.
    const fn steps(self) -> &'static [usize] {
        match self {
            Self::Text => &[256, 512, 1024, 2048, 4096],
        }
    }
}

/// A sealed note: only its form can be seen, and which of a few sizes its content has.
#[derive(Clone, PartialEq, Eq)]
pub struct Envelope(Vec<u8>);

impl Envelope {
    /// Version, public key of this envelope, AES-GCM's tag.
    const AROUND: usize = 1 + 65 + 16;

    /// Reads what a browser sends in base64url.
    ///
    /// # Errors
    /// `bad-note` when it does not have the form, or a size that contents of this kind do not have.
    pub fn parse(text: &str, kind: NoteKind) -> Result<Self> {
        let most = kind.steps().iter().max().map_or(0, |step| step + Self::AROUND);
        // Its length in base64: longer texts need not be decoded.
        let bytes = (text.len() <= most.div_ceil(3) * 4).then(|| URL_SAFE_NO_PAD.decode(text).ok()).flatten();
        bytes
            .filter(|bytes| bytes.len().checked_sub(Self::AROUND).is_some_and(|size| kind.steps().contains(&size)))
            .filter(|bytes| bytes[..2] == [1, 4])
            .map(Self)
            .ok_or_else(|| {
                Error::invalid("bad-note", "This isn't a sealed note.")
                    .hint("Seal and pad it as docs/e2e.md describes; a text can have up to 4092 bytes.")
            })
    }

    /// The one that these stored bytes stand for.
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What the note is known by. It follows from the envelope, so that one whose receipt was lost on the way and that is
    /// sent again is the same note; nobody guesses it who does not have the envelope.
    pub fn id(&self, tag: TagId) -> NoteId {
        let digest = Sha256::new().chain_update("callqr note id\0").chain_update(tag.as_bytes()).chain_update(&self.0);
        let digest = digest.finalize();
        NoteId::from_bytes(std::array::from_fn(|at| digest[at]))
    }
}

/// A minute since 1970: all that is told of when a note was written, bound to its envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Minute(pub u64);

impl Minute {
    /// How far a caller's clock may be off. Beyond that its page takes the server's time, which stands in `Date`.
    pub const NEAR: u64 = 5;

    /// The one in which this moment is.
    pub fn of(time: SystemTime) -> Self {
        Self(time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / 60)
    }

    /// When it began.
    pub fn start(self) -> SystemTime {
        let since = Duration::from_secs(self.0.saturating_mul(60));
        SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// That this minute is about now.
    ///
    /// # Errors
    /// `clock-differs`.
    pub fn check_near(self, now: SystemTime) -> Result<()> {
        if self.0.abs_diff(Self::of(now).0) <= Self::NEAR {
            return Ok(());
        }
        Err(Error::invalid("clock-differs", "This device's clock and the server's clock disagree.")
            .hint("Seal the note again with the time in this response's Date header."))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn envelope(size: usize) -> Vec<u8> {
        let mut bytes = vec![7; size + Envelope::AROUND];
        bytes[..2].copy_from_slice(&[1, 4]);
        bytes
    }

    #[test]
    fn an_envelope_has_one_of_five_sizes() {
        for size in 0..=4400 {
            let read = Envelope::parse(&URL_SAFE_NO_PAD.encode(envelope(size)), NoteKind::Text);
            assert_eq!(read.is_ok(), [256, 512, 1024, 2048, 4096].contains(&size), "{size}");
        }
    }

    #[test]
    fn what_is_no_envelope_is_refused() {
        let good = URL_SAFE_NO_PAD.encode(envelope(256));
        let refused = |text: &str| Envelope::parse(text, NoteKind::Text).err().unwrap().code;
        for at in [0, 1] {
            let mut wrong = envelope(256);
            wrong[at] ^= 1;
            assert_eq!(refused(&URL_SAFE_NO_PAD.encode(wrong)), "bad-note", "byte {at}");
        }
        for wrong in ["", "AQQ", "!", &good[1..], &format!("{good}="), &"A".repeat(1_000_000)] {
            assert_eq!(refused(wrong), "bad-note");
        }
    }

    #[test]
    fn a_note_is_known_by_its_tag_and_its_envelope() {
        let [one, other] = [256, 512].map(|size| Envelope::from_bytes(envelope(size)));
        let [tag, elsewhere] = [1, 2].map(|byte| TagId::from_bytes([byte; 16]));
        assert_eq!(one.id(tag), one.id(tag));
        assert_ne!(one.id(tag), one.id(elsewhere));
        assert_ne!(one.id(tag), other.id(tag));
    }

    #[test]
    fn a_minute_is_near_for_five_minutes_on_either_side() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_039);
        let minute = Minute::of(now).0;
        assert!(Minute(minute).start() <= now && now < Minute(minute + 1).start());
        for (off, near) in [(-6, false), (-5, true), (0, true), (5, true), (6, false)] {
            assert_eq!(Minute(minute.saturating_add_signed(off)).check_near(now).is_ok(), near, "{off}");
        }
        for far in [0, u64::MAX, u64::MAX / 60] {
            assert_eq!(Minute(far).check_near(now).unwrap_err().code, "clock-differs");
        }
        assert_eq!(Minute(u64::MAX).start(), SystemTime::UNIX_EPOCH);
    }
}
