//! A sticker's code: `pqc:1:TOKEN:CHECKSUM`, optionally followed by `:KEYHASH`.
//!
//! TOKEN is 256 random bits in base64url (43 characters). CHECKSUM is the first 32 bits of
//! SHA-256("pqc:1:" + TOKEN) in base64url (6 characters): enough to tell a mistyped or badly scanned code from an
//! unknown one without asking the server. The code stands in a link's fragment, which browsers do not send.
//!
//! A code with a KEYHASH was made in its owner's browser, and the server never sees its TOKEN: the maker and the caller's
//! page show SHA-256(TOKEN) instead (`docs/e2e.md`). What is shown takes the token's place here: the database keeps its digest.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::public_identity::{KeyHash, PublicIdentity};
use crate::domain::credentials::secret::Secret;
use crate::domain::error::{Error, Result};
use crate::domain::random;

/// The secret that a caller shows to the server, which keeps only its [`TokenHash`]: a sticker's TOKEN, or
/// SHA-256(TOKEN) where the sticker carries a KEYHASH.
#[derive(Clone, Debug)]
pub struct Token(Secret<[u8; 32]>, Names);

/// Which keys the code names that a token was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Names {
    /// It was no whole code.
    Unsaid,
    /// None: its token was made by the server.
    Nobody,
    /// Those with this hash.
    Keys(KeyHash),
}

impl Token {
    /// A new one from the operating system's generator.
    pub fn random() -> Self {
        Self(Secret::new(random::bytes()), Names::Nobody)
    }

    /// Reads a whole code, checking its checksum, or what stands for one: a bare token, or SHA-256(TOKEN) of a code with
    /// a KEYHASH.
    ///
    /// # Errors
    /// `bad-code` when it does not look like a code, `bad-checksum` when it was damaged on the way.
    pub fn parse(text: &str) -> Result<Self> {
        let Some(rest) = text.strip_prefix("pqc:1:") else {
            return decode(text).ok_or_else(bad_code);
        };
        let mut parts = rest.split(':');
        let (Some(token), Some(checksum)) = (parts.next(), parts.next()) else {
            return Err(bad_code());
        };
        let key_hash = parts.next().map(str::parse::<KeyHash>).transpose()?;
        let parsed = decode(token).filter(|_| parts.next().is_none()).ok_or_else(bad_code)?;
        if checksum_of(token) != checksum {
            return Err(Error::invalid("bad-checksum", "This code was scanned or typed incorrectly.")
                .hint("Scan the sticker again."));
        }
        Ok(match key_hash {
            Some(key_hash) => Self(parsed.access().0, Names::Keys(key_hash)),
            None => Self(parsed.0, Names::Nobody),
        })
    }

    /// What a sticker's maker or caller shows in place of a token that the server must not see: 43 characters of base64url.
    ///
    /// # Errors
    /// `bad-code` when it is not that.
    pub fn parse_access(text: &str) -> Result<Self> {
        decode(text).ok_or_else(bad_code)
    }

    fn access(&self) -> Self {
        Self(Secret::new(Sha256::digest(self.0.expose()).into()), Names::Unsaid)
    }

    /// Whether a tag with these public keys can be the one whose code was read.
    ///
    /// Someone who has seen a revoked sticker may register its token for a tag of their own. A registered tag has keys,
    /// and the revoked sticker has no keys or different ones.
    pub fn may_be_of(&self, identity: Option<&PublicIdentity>) -> bool {
        match self.1 {
            Names::Unsaid => true,
            Names::Nobody => identity.is_none(),
            Names::Keys(hash) => identity.is_some_and(|identity| identity.key_hash() == hash),
        }
    }

    /// What the server stores and looks up.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.expose()).into())
    }

    /// The code to print: `pqc:1:TOKEN:CHECKSUM`.
    pub fn code(&self) -> String {
        let token = URL_SAFE_NO_PAD.encode(self.0.expose());
        let checksum = checksum_of(&token);
        format!("pqc:1:{token}:{checksum}")
    }
}

fn decode(token: &str) -> Option<Token> {
    let mut bytes = [0; 32];
    let written = if token.len() == 43 { URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()? } else { 0 };
    (written == 32).then(|| Token(Secret::new(bytes), Names::Unsaid))
}

fn checksum_of(token: &str) -> String {
    let digest = Sha256::new().chain_update("pqc:1:").chain_update(token).finalize();
    URL_SAFE_NO_PAD.encode(&digest[..4])
}

fn bad_code() -> Error {
    Error::invalid("bad-code", "This isn't a callqr code.").hint("Scan the sticker again.")
}

/// SHA-256 of a token: all that the database knows of it. Compared in constant time.
#[derive(Clone, Copy)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// The one that these stored bytes stand for.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for TokenHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for TokenHash {}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

/// Text that an owner gives to a tag, cut to size and freed of control characters.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TagText(String);

/// A tag's public text, sealed in its owner's browser with a key that only the sticker leads to (`docs/e2e.md`).
#[derive(Clone)]
pub struct SealedText(Vec<u8>);

impl SealedText {
    /// Version, nonce, tag and one of two sizes of content.
    const LENGTHS: [usize; 2] = [1 + 12 + 16 + 256, 1 + 12 + 16 + 512];

    /// Checks what a browser sends, or what is stored.
    ///
    /// # Errors
    /// `bad-sealed-text`.
    pub fn parse(bytes: Vec<u8>) -> Result<Self> {
        if Self::LENGTHS.contains(&bytes.len()) && bytes.first() == Some(&1) {
            return Ok(Self(bytes));
        }
        Err(Error::invalid("bad-sealed-text", "This isn't a tag's sealed text.")
            .hint("Seal it as docs/e2e.md describes."))
    }

    /// The bytes to store and to hand out.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TagText {
    /// The most characters of a private label or a public text.
    pub const MAX_CHARS: usize = 120;

    /// Checks what a person typed; line breaks become spaces.
    pub fn parse(text: &str) -> Result<Self> {
        let cleaned = text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|w| !w.is_empty())
            .collect::<Vec<_>>()
            .join(" ");
        if cleaned.chars().count() > Self::MAX_CHARS {
            return Err(Error::invalid(
                "text-too-long",
                format!("A label or text can have at most {} characters.", Self::MAX_CHARS),
            ));
        }
        Ok(Self(cleaned))
    }

    /// The text; empty if not given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TagText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TagText")
    }
}

/// Whether a tag works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TagState {
    /// It can be called.
    Active,
    /// Its owner does not want calls now.
    Paused,
    /// Its time is over.
    Expired,
}

impl TagState {
    /// Of a tag that was paused or not, and that ends then.
    pub fn of(paused: bool, expires_at: Option<SystemTime>, now: SystemTime) -> Self {
        match expires_at {
            Some(end) if end <= now => Self::Expired,
            _ if paused => Self::Paused,
            _ => Self::Active,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same code stands in `tests/fixtures/codes.json`, which the JavaScript tests read.
    const CODE: &str = "pqc:1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8:";

    #[test]
    fn a_code_round_trips() {
        let token = Token::random();
        assert_eq!(Token::parse(&token.code()).unwrap().hash(), token.hash());
    }

    #[test]
    fn a_bare_token_and_a_keyhash_are_understood() {
        let token = Token::random();
        let code = token.code();
        let bare = code.split(':').nth(2).unwrap();
        assert_eq!(Token::parse(bare).unwrap().hash(), token.hash());
        let access = URL_SAFE_NO_PAD.encode(Sha256::digest(token.0.expose()));
        let keyed = Token::parse(&format!("{code}:AAAAAAAAAAAAAAAAAAAAAA")).unwrap();
        assert_eq!(keyed.hash(), Token::parse(&access).unwrap().hash());
        assert_ne!(keyed.hash(), token.hash());
        assert_eq!(Token::parse(&format!("{code}:short")).unwrap_err().code, "bad-code");
        assert_eq!(Token::parse(&format!("{code}:AAAAAAAAAAAAAAAAAAAAAA:x")).unwrap_err().code, "bad-code");
    }

    #[test]
    fn one_wrong_character_is_noticed() {
        let code = Token::random().code();
        for at in "pqc:1:".len()..code.len() {
            let mut bytes = code.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let damaged = String::from_utf8(bytes).unwrap();
            assert!(Token::parse(&damaged).is_err(), "position {at}");
        }
    }

    #[test]
    fn the_checksum_is_the_documented_one() {
        let known = Token(Secret::new(std::array::from_fn(|i| i as u8)), Names::Nobody);
        assert!(known.code().starts_with(CODE));
        let digest = Sha256::digest(CODE.trim_end_matches(':'));
        assert_eq!(known.code()[CODE.len()..], URL_SAFE_NO_PAD.encode(&digest[..4]));
    }

    #[test]
    fn texts_are_folded_to_one_line() {
        assert_eq!(TagText::parse(" Blue\nvan,\t ring me ").unwrap().as_str(), "Blue van, ring me");
        assert_eq!(TagText::parse(&"x".repeat(121)).unwrap_err().code, "text-too-long");
    }
}
