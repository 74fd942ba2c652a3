//! What somebody logs in with: the password, or what a page has made of it so that the server never sees the password.

use super::secret::Secret;
use super::stretch::{AuthSecret, SALT_LENGTH};
use crate::domain::account::Password;
use crate::domain::credentials::username::Username;
use crate::domain::error::{Error, Result};

/// A password, or what it is stretched to.
#[derive(Debug, Clone)]
pub enum LoginSecret {
    /// The password itself: of a program, or typed at the command line.
    Password(Secret<String>),
    /// What a page has stretched it to (`docs/e2e.md`, section 3).
    Stretched(AuthSecret),
}

impl LoginSecret {
    /// Reads the two fields of a request, of which exactly one is there.
    ///
    /// # Errors
    /// `one-password` when both are there or none; `bad-secret`.
    pub fn one_of(password: Option<String>, auth_secret: Option<String>) -> Result<Self> {
        match (password, auth_secret) {
            (Some(password), None) => Ok(password.into()),
            (None, Some(text)) => Ok(Self::Stretched(AuthSecret::parse(Secret::new(text).expose())?)),
            (None, None) => Err(Error::invalid("one-password", "`password` is missing.")
                .hint("Pages send `authSecret`, the authentication secret, in its place.")),
            _ => Err(Error::invalid("one-password", "Send either a password or its authentication secret, not both.")
                .hint("Pages send the authentication secret; programs can send the password.")),
        }
    }

    /// Whether a person of this name may choose it. What was stretched shows nothing of its password: the page that did
    /// it has checked the same rules.
    ///
    /// # Errors
    /// The rules of [`Password`].
    pub fn chosen_by(self, username: &Username) -> Result<Self> {
        if let Self::Password(text) = &self {
            Password::choose(text.expose().clone(), username)?;
        }
        Ok(self)
    }

    /// Whether it could be somebody's: a longer password is worked on in part, to take as long, and refused.
    pub fn is_whole(&self) -> bool {
        match self {
            Self::Password(text) => text.expose().len() <= Password::MAX_BYTES,
            Self::Stretched(_) => true,
        }
    }

    /// What the server hashes; of a password, this takes about as long as a person notices.
    pub fn stretched(&self, salt: &[u8; SALT_LENGTH]) -> AuthSecret {
        match self {
            Self::Password(text) => AuthSecret::stretch(Password::attempt(text.expose().clone()).as_str(), salt),
            Self::Stretched(secret) => secret.clone(),
        }
    }
}

impl From<String> for LoginSecret {
    fn from(password: String) -> Self {
        Self::Password(Secret::new(password))
    }
}

impl From<&str> for LoginSecret {
    fn from(password: &str) -> Self {
        password.to_owned().into()
    }
}

impl Default for LoginSecret {
    fn default() -> Self {
        String::new().into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    #[test]
    fn exactly_one_of_both_is_sent() {
        let read = |password: Option<&str>, secret: Option<&str>| {
            LoginSecret::one_of(password.map(Into::into), secret.map(Into::into)).map_err(|error| error.code)
        };
        assert!(matches!(read(Some("x"), None), Ok(LoginSecret::Password(_))));
        assert!(matches!(read(None, Some(SECRET)), Ok(LoginSecret::Stretched(_))));
        assert_eq!(read(None, Some("x")).unwrap_err(), "bad-secret");
        assert_eq!(read(None, None).unwrap_err(), "one-password");
        assert_eq!(read(Some("x"), Some(SECRET)).unwrap_err(), "one-password");
    }

    #[test]
    fn the_rules_are_for_passwords_that_can_be_seen() {
        let ada = Username::parse("ada").unwrap();
        assert_eq!(LoginSecret::from("short").chosen_by(&ada).unwrap_err().code, "password-too-short");
        assert!(LoginSecret::from("correct horse").chosen_by(&ada).is_ok());
        assert!(LoginSecret::one_of(None, Some(SECRET.into())).unwrap().chosen_by(&ada).is_ok());
    }

    #[test]
    fn an_endless_password_is_no_password() {
        assert!(LoginSecret::from("x".repeat(Password::MAX_BYTES)).is_whole());
        assert!(!LoginSecret::from("x".repeat(Password::MAX_BYTES + 1)).is_whole());
    }
}
