//! What an account's password must be, and who may get an account.

use super::credentials::username::Username;
use super::error::{Error, Result};
use super::ids::{AccountId, HouseholdId};
use crate::domain::credentials::secret::Secret;
use serde::{Deserialize, Serialize};

/// An account, where it belongs and what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Member {
    /// The account.
    pub account: AccountId,
    /// Whose tags are its tags.
    pub household: HouseholdId,
    /// Whether this is an administrator's account.
    pub administrator: bool,
}

/// A password that is long enough to be kept; wiped from memory when dropped.
#[derive(Debug)]
pub struct Password(Secret<String>);

impl Password {
    /// The fewest characters that a new password may have.
    pub const MIN_CHARS: usize = 10;
    /// The most bytes that are hashed: bounds what a log-in costs.
    pub const MAX_BYTES: usize = 1024;

    /// A password that the person of this name chooses now.
    pub fn choose(text: String, username: &Username) -> Result<Self> {
        if text.chars().count() < Self::MIN_CHARS {
            return Err(Error::invalid(
                "password-too-short",
                format!("A password must have at least {} characters.", Self::MIN_CHARS),
            )
            .hint("Three or four unrelated words are easy to remember and hard to guess."));
        }
        if text.len() > Self::MAX_BYTES {
            return Err(Error::invalid(
                "password-too-long",
                format!("A password can have at most {} bytes.", Self::MAX_BYTES),
            ));
        }
        if is_easily_guessed(&text, username) {
            return Err(Error::invalid("password-too-common", "This password is too easy to guess.")
                .hint("Three or four unrelated words are easy to remember and hard to guess."));
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
        self.as_str().as_bytes()
    }

    /// The text to stretch.
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }
}

/// The commonest passwords of at least [`Password::MIN_CHARS`] characters in lower case, without those that the rules
/// below know: from Royce Williams' list of 20,000, made of passwords that were leaked, as Django ships it.
const COMMONEST: &str = include_str!("../../assets/common_passwords.txt");

fn is_easily_guessed(text: &str, username: &Username) -> bool {
    let folded = text.to_lowercase();
    let plain = folded.trim_end_matches(|c: char| c.is_ascii_punctuation() || c.is_whitespace());
    let beside_name = folded.replace(username.as_str(), "").chars().count();
    let mut steps =
        folded.chars().zip(folded.chars().skip(1)).map(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)));
    let first_step = steps.next();
    let different = folded.chars().collect::<std::collections::BTreeSet<_>>().len();
    different < 5
        || (beside_name < 6 && folded.contains(username.as_str()))
        || steps.all(|step| Some(step) == first_step)
        || COMMONEST.lines().any(|common| common == folded || common == plain)
}

/// Who may register, once there is an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Registration {
    /// Anyone with an invite.
    Invite,
    /// Anybody.
    Open,
    /// Nobody; the operator makes accounts at the command line.
    Closed,
}

/// How long an invite works.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InviteLifetime {
    /// 24 hours.
    Day,
    /// 7 days.
    #[default]
    Week,
}

/// What an invite leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InviteKind {
    /// An account in the inviter's household.
    Household,
    /// An account with a household of its own.
    Owner,
}

/// A line that people write about themselves: an emergency contact, a vehicle's number.
#[derive(Clone, PartialEq, Eq)]
pub struct PersonalText(String);

impl PersonalText {
    /// The most characters of one.
    pub const MAX_CHARS: usize = 200;

    /// Checks what a person typed; control characters become spaces. `None` when nothing is left.
    ///
    /// # Errors
    /// `personal-text-too-long`.
    pub fn parse(text: &str) -> Result<Option<Self>> {
        let cleaned: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let cleaned = cleaned.trim();
        if cleaned.chars().count() > Self::MAX_CHARS {
            let message =
                format!("An emergency contact or a vehicle number can have at most {} characters.", Self::MAX_CHARS);
            return Err(Error::invalid("personal-text-too-long", message));
        }
        Ok((!cleaned.is_empty()).then(|| Self(cleaned.to_owned())))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for PersonalText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonalText")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn choose(text: &str) -> std::result::Result<(), &'static str> {
        let ada = Username::parse("ada.lovelace").unwrap();
        Password::choose(text.to_owned(), &ada).map(|_| ()).map_err(|error| error.code)
    }

    #[test]
    fn short_passwords_are_refused_and_counted_in_characters() {
        assert_eq!(choose("ninechars"), Err("password-too-short"));
        assert_eq!(choose("zehnzeiché"), Ok(()));
        assert_eq!(choose(&"x".repeat(1025)), Err("password-too-long"));
    }

    #[test]
    fn what_everybody_tries_first_is_refused() {
        for bad in [
            "1234567890",
            "9876543210",
            "abcdefghijkl",
            "aaaaaaaaaa",
            "abcabcabcabc",
            "1212121212",
            "Password123",
            "Password123!",
            "qwertyuiop",
            "ada.lovelace",
            "Ada.Lovelace1815",
            "iloveyou123",
        ] {
            assert_eq!(choose(bad), Err("password-too-common"), "{bad}");
        }
        for good in ["correct horse battery", "ada.lovelace wrote programs", "tr0ub4dor&3", "лошадь батарея"]
        {
            assert_eq!(choose(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn the_list_has_what_the_rules_do_not_find_once_each_and_in_order() {
        let nobody = Username::parse("no-such-name").unwrap();
        let words: Vec<_> = COMMONEST.lines().collect();
        assert!(words.len() > 1000 && words.is_sorted_by(|a, b| a < b));
        for word in words {
            assert!(word.chars().count() >= Password::MIN_CHARS && word.to_lowercase() == word, "{word}");
            assert!(is_easily_guessed(word, &nobody));
        }
    }

    #[test]
    fn personal_texts_are_one_line_or_nothing() {
        assert_eq!(PersonalText::parse(" a\nb ").unwrap().unwrap().as_str(), "a b");
        assert_eq!(PersonalText::parse(" \t "), Ok(None));
        assert_eq!(PersonalText::parse("\0"), Ok(None));
        assert_eq!(PersonalText::parse(&"x".repeat(201)).unwrap_err().code, "personal-text-too-long");
    }
}
