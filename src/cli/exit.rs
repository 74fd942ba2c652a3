//! Exit codes, for scripts.

use std::process::ExitCode;

use crate::domain::Kind;
use crate::operator::Refusal;

/// What `--help` says of them.
pub const HELP: &str = "\
Exit codes:
  0  done
  1  failed, and said why
  2  the words were not understood, or one is missing
  3  there is no such user, invite, tag or session
  4  refused: a rule forbids it, or it was not confirmed
  5  neither a running callqr nor its data can be reached, or it is too busy
  run, check-config, print-config and healthcheck know 0, 1 and 2 only.";

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
