//! Base32: five bits a letter, for secrets that people type.
//!
//! `data-encoding`, which is in the tree anyway, has the RFC's letters ready, but makes Crockford's of a specification
//! that is checked while the program runs, and reads texts that are written down in memory. This is no longer than its
//! use would be, fails nowhere but in reading, and leaves no copies of the secret.

/// 32 letters, by what they stand for.
#[derive(Debug, Clone, Copy)]
pub struct Base32(&'static [u8; 32]);

/// What programs read (RFC 4648, section 6).
pub const RFC4648: Base32 = Base32(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
/// Crockford's letters, without those that people confuse; in lower case.
pub const CROCKFORD: Base32 = Base32(b"0123456789abcdefghjkmnpqrstvwxyz");

/// Bytes that fill eight letters, so that there is no padding.
const CHUNK: usize = 5;

impl Base32 {
    /// The letters of `bytes`, of which there are a multiple of five.
    pub fn encode<const N: usize>(self, bytes: &[u8; N]) -> impl Iterator<Item = char> {
        const { assert!(N.is_multiple_of(CHUNK)) };
        bytes.chunks(CHUNK).flat_map(move |chunk| {
            let bits = chunk.iter().fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
            (0..8).rev().map(move |at| char::from(self.0[(bits >> (at * 5) & 31) as usize]))
        })
    }

    /// The bytes that these letters stand for; `None` when they are too few or too many, or one is unknown.
    pub fn decode<const N: usize>(self, letters: impl IntoIterator<Item = char>) -> Option<[u8; N]> {
        const { assert!(N.is_multiple_of(CHUNK)) };
        let mut bytes = [0; N];
        let mut letters = letters.into_iter();
        for chunk in bytes.chunks_mut(CHUNK) {
            let mut bits = 0_u64;
            for _ in 0..8 {
                let letter = u8::try_from(letters.next()?).ok()?;
                bits = bits << 5 | self.0.iter().position(|known| *known == letter)? as u64;
            }
            chunk.copy_from_slice(&bits.to_be_bytes()[3..]);
        }
        letters.next().is_none().then_some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_letters_are_those_of_the_rfc_and_of_crockford() {
        // RFC 4648, section 10, twice.
        assert_eq!(RFC4648.encode(b"foobafooba").collect::<String>(), "MZXW6YTBMZXW6YTB");
        assert_eq!(RFC4648.decode("MZXW6YTBMZXW6YTB".chars()), Some(*b"foobafooba"));
        assert_eq!(CROCKFORD.encode(&[0xff, 0, 0, 0, 0]).collect::<String>(), "zw000000");
        assert_eq!(CROCKFORD.decode("000z0001".chars()), Some([0, 1, 0xf0, 0, 1]));
    }

    #[test]
    fn other_letters_and_lengths_are_refused() {
        for bad in ["", "MZXW6YT", "MZXW6YTBM", "mzxw6ytb", "MZXW6YT1", "MZXW6YT=", "MZXW6YTé"] {
            assert_eq!(RFC4648.decode::<5>(bad.chars()), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(bytes in any::<[u8; 20]>(), text in any::<String>()) {
            for letters in [RFC4648, CROCKFORD] {
                prop_assert_eq!(letters.decode(letters.encode(&bytes)), Some(bytes));
                let _ = letters.decode::<20>(text.chars());
            }
        }
    }
}
