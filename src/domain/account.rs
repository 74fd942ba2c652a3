//! What an account may be called and what its password must be.

use super::error::{Error, Result};
use super::ids::{AccountId, HouseholdId};
use super::secret::Secret;

/// An account, where it belongs and what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    /// Which.
    pub account: AccountId,
    /// Whose tags are its tags.
    pub household: HouseholdId,
    /// Whether it operates the server.
    pub administrator: bool,
}

/// A name to log in with: 3 to 64 characters of letters, digits, `.`, `_`, `-` and `@`, compared in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Username(String);

impl Username {
    /// Checks and folds what a person typed.
    pub fn parse(text: &str) -> Result<Self> {
        let folded = text.trim().to_lowercase();
        let length = folded.chars().count();
        if !(3..=64).contains(&length) {
            return Err(Error::invalid("username-length", "A username has 3 to 64 characters."));
        }
        if !folded.chars().all(|c| c.is_alphanumeric() || "._-@".contains(c)) {
            return Err(Error::invalid("username-characters", "A username has letters, digits and . _ - @ only.")
                .hint("Leave out spaces and other signs."));
        }
        Ok(Self(folded))
    }

    /// The folded name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Username {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Username")
    }
}

/// A password that is long enough to be kept; wiped from memory when dropped.
#[derive(Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// The fewest characters that a new password may have.
    pub const MIN_CHARS: usize = 10;
    /// The most bytes that are hashed: bounds what a log-in costs.
    pub const MAX_BYTES: usize = 1024;

    /// A password that somebody chooses now.
    pub fn choose(text: String) -> Result<Self> {
        if text.chars().count() < Self::MIN_CHARS {
            return Err(Error::invalid(
                "password-too-short",
                format!("A password has at least {} characters.", Self::MIN_CHARS),
            )
            .hint("Three or four unrelated words are easy to remember and hard to guess."));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(Error::invalid(
                "password-too-long",
                format!("A password has at most {} bytes.", Self::MAX_BYTES),
            ));
        }
        Ok(Self(Secret::new(text)))
    }

    /// A password to be compared with a stored one: any text, cut off where hashing would become costly.
    pub fn attempt(mut text: String) -> Self {
        if text.len() > Self::MAX_BYTES {
            text = text.chars().take(Self::MAX_BYTES).collect();
        }
        Self(Secret::new(text))
    }

    /// The bytes to hash.
    pub fn expose(&self) -> &[u8] {
        self.0.expose().as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usernames_are_trimmed_and_folded() {
        assert_eq!(Username::parse("  Ada.L ").unwrap().as_str(), "ada.l");
        assert_eq!(Username::parse("ab").unwrap_err().code, "username-length");
        assert_eq!(Username::parse("a b c").unwrap_err().code, "username-characters");
    }

    #[test]
    fn short_passwords_are_refused_and_counted_in_characters() {
        assert_eq!(Password::choose("ninechars".into()).unwrap_err().code, "password-too-short");
        assert!(Password::choose("zehnzeiché".into()).is_ok());
        assert_eq!(Password::choose("x".repeat(1025)).unwrap_err().code, "password-too-long");
    }
}
