//! Byte strings of a fixed length, as the pages send them to each other (`docs/e2e.md`, section 5).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// `N` bytes, base64url in its one canonical form. What they mean is not for the server to know; `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Octets<const N: usize>([u8; N]);

impl<const N: usize> Octets<N> {
    /// Those.
    pub const fn new(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> fmt::Debug for Octets<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Octets<{N}>")
    }
}

impl<const N: usize> Serialize for Octets<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Octets<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // `String`, not `&str`: serde buffers the content of a tagged enum.
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0; N];
        let fits = text.len() == (N * 4).div_ceil(3);
        match URL_SAFE_NO_PAD.decode_slice(&text, &mut bytes) {
            Ok(written) if fits && written == N => Ok(Self(bytes)),
            _ => Err(de::Error::custom("not a byte string of this length")),
        }
    }
}
