//! Exit codes, for scripts.

use std::process::ExitCode;

use crate::domain::Kind;
use crate::operator::Refusal;

/// Shown at the end of `--help`.
pub const HELP: &str = "\
Exit codes:
  0  success
  1  failure; the error message gives the cause
  2  invalid or incomplete command line
  3  no such user, invite, tag or session
  4  refused by a rule, or not confirmed
  5  callqr or its data cannot be reached, or the server is too busy
  run, check-config, print-config and healthcheck use only 0, 1 and 2.";

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Refused = 4,
    Unavailable = 5,
}

impl Exit {
    pub fn of(refusal: &Refusal) -> Self {
        match (refusal.kind, refusal.code.as_str()) {
            (_, "usage") => Self::Usage,
            (_, "bad-config") => Self::Failed,
            (Kind::NotFound, _) => Self::NotFound,
            (Kind::Invalid | Kind::Unauthenticated | Kind::Forbidden | Kind::Conflict, _) => Self::Refused,
            (Kind::TooMany | Kind::Unavailable, _) => Self::Unavailable,
            (Kind::Internal, _) => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
