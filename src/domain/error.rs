//! The one error type that crosses layers: a machine's code, a person's sentence and what to do next.

use std::fmt;
use std::time::Duration;

/// What went wrong, in the few kinds that a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The input breaks a rule; the same input will fail again.
    Invalid,
    /// Nobody, or nobody known, is asking.
    Unauthenticated,
    /// Somebody known is asking for what is not theirs.
    Forbidden,
    /// The thing does not exist, or the client must not learn that it does.
    NotFound,
    /// The thing exists already, or is in a state that forbids the action.
    Conflict,
    /// A limit was reached; the same request may succeed later.
    TooMany,
    /// The server is too busy, starting or stopping.
    Unavailable,
    /// A fault of ours; details are in the log, never in the answer.
    Internal,
}

/// An error with two faces: `code` for programs, `message` and `hint` for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of error; the edge maps it to a status or an exit code.
    pub kind: Kind,
    /// A stable, lower-case, hyphenated name, such as `password-too-short`.
    pub code: &'static str,
    /// One sentence that says what is wrong, without private values.
    pub message: String,
    /// One sentence that says what to do next; empty where nothing can be done.
    pub hint: String,
    /// For [`Kind::TooMany`] and [`Kind::Unavailable`]: how long to wait before asking again.
    pub retry_after: Option<Duration>,
}

/// What fallible functions of the crate return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`, without a hint.
    pub fn new(kind: Kind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into(), hint: String::new(), retry_after: None }
    }

    /// Input that breaks a rule.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// A fault of ours: `cause` goes to the log, and the client gets a neutral sentence.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(%cause, "internal error");
        Self::new(Kind::Internal, "internal", "Something went wrong on the server.")
            .hint("Try again. If it happens again, check the server's log.")
    }

    /// The same error with a sentence that says what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same error with the time after which to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
