//! Who is asking, once that is known.

use std::time::{Duration, SystemTime};

use super::account::Member;
use super::ids::{AccountId, HouseholdId, SessionId};

/// How long sensitive actions work after somebody has proved who they are.
pub const RECENT: Duration = Duration::from_secs(10 * 60);

/// Who is asking: an account, by one of its sessions. Holding one is the permission to act for the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// Who.
    pub account: AccountId,
    /// Whose tags are theirs.
    pub household: HouseholdId,
    /// Through which session.
    pub session: SessionId,
    /// By which of its secrets, which are counted.
    pub generation: u32,
    /// Whether they operate the server.
    pub administrator: bool,
    /// Until when sensitive actions work, because its holder proved who they are at log-in or since.
    pub recent_until: SystemTime,
}

impl Identity {
    /// Of somebody who last proved who they are at `confirmed_at`.
    pub fn of(member: Member, (session, generation): (SessionId, u32), confirmed_at: SystemTime) -> Self {
        let Member { account, household, administrator } = member;
        Self { account, household, session, generation, administrator, recent_until: confirmed_at + RECENT }
    }

    /// Whether sensitive actions work now. A proof in the future, because the clock was set back, doesn't count.
    pub fn is_recently_authenticated(&self, now: SystemTime) -> bool {
        self.recent_until.duration_since(now).is_ok_and(|left| !left.is_zero() && left <= RECENT)
    }

    /// The account, where it belongs and what it may do.
    pub const fn member(&self) -> Member {
        Member { account: self.account, household: self.household, administrator: self.administrator }
    }
}
