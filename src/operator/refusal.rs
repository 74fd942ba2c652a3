//! An error as it crosses from a running server to the command line.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Answer;
use crate::domain::{Error, Kind};

/// What an [`Error`] says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// What kind of error.
    pub kind: Kind,
    /// A stable name, such as `no-such-user`.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do next; empty when nothing can be done.
    pub hint: String,
}

/// What comes back for one request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// It was done.
    Done(Answer),
    /// It was not.
    Refused(Refusal),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        let Error { kind, code, message, hint, .. } = error;
        Self { kind, code: code.to_owned(), message, hint }
    }
}

impl From<Result<Answer, Error>> for Reply {
    fn from(result: Result<Answer, Error>) -> Self {
        match result {
            Ok(answer) => Self::Done(answer),
            Err(error) => Self::Refused(error.into()),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
