//! What the audit trail tells: security events, without names, addresses, tokens or anything that people wrote.

use std::time::{Duration, SystemTime};

use super::ids::AccountId;

/// The most entries of one answer.
pub const MOST_LISTED: u32 = 500;

/// How exactly an event's time is kept: fine enough to understand what happened, too coarse to follow anybody by it.
pub const PRECISION: Duration = Duration::from_secs(60);

/// Who acts at the server's command line, where nobody is logged in: an id that no account has.
pub const COMMAND_LINE: AccountId = AccountId::from_bytes([0; 16]);

/// Something that matters for security.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Somebody logged in.
    LoginSucceeded,
    /// A name with a wrong password, or a wrong second factor. The account is named when there is one.
    LoginFailed,
    /// Somebody who is logged in proved again who they are.
    Confirmed,
    /// A session was ended by hand.
    SessionEnded,
    /// Several sessions of an account were ended together.
    SessionsEnded,
    /// A password was changed or reset.
    PasswordChanged,
    /// TOTP, a passkey or backup codes were set up.
    FactorAdded,
    /// One of them was removed.
    FactorRemoved,
    /// An operator removed all second factors of an account.
    FactorsReset,
    /// Someone logged in, or confirmed who they are, with a backup code.
    BackupCodeUsed,
    /// An account was made.
    AccountCreated,
    /// An account was disabled.
    AccountDisabled,
    /// An account was enabled again.
    AccountEnabled,
    /// An account was deleted.
    AccountDeleted,
    /// Somebody became an administrator, or is one no more.
    RoleChanged,
    /// An invite was made.
    InviteCreated,
    /// An invite was used.
    InviteUsed,
    /// An invite was taken back.
    InviteRevoked,
    /// A link for a new password was made.
    ResetLinkCreated,
    /// A tag was made.
    TagCreated,
    /// A tag was revoked.
    TagRevoked,
    /// A tag was paused.
    TagPaused,
    /// A tag was resumed.
    TagResumed,
    /// What is written on a tag, or how long it works, was changed.
    TagChanged,
    /// A tag's time was over and it was removed.
    TagExpired,
    /// A source asked more often than the limit of this name (`login`, `initiate` ...) allows.
    LimitHit(&'static str),
    /// The server was started with another configuration than before.
    ConfigurationChanged,
    /// Encryption and signing go on with new keys.
    KeysRotated,
    /// An account's data were exported.
    Exported,
}

/// Who can make an event happen, and so how much room all such events may take: nobody can push out what weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weight {
    /// Anybody on the internet.
    Stranger,
    /// Anybody who is logged in, as often as they like.
    Everyday,
    /// Somebody who has just proven who they are, or the operator.
    Grave,
}

impl Weight {
    /// Every weight.
    pub const ALL: [Self; 3] = [Self::Stranger, Self::Everyday, Self::Grave];
}

impl Event {
    /// Its name in the API, in the database and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LoginSucceeded => "login-succeeded",
            Self::LoginFailed => "login-failed",
            Self::Confirmed => "confirmed",
            Self::SessionEnded => "session-ended",
            Self::SessionsEnded => "sessions-ended",
            Self::PasswordChanged => "password-changed",
            Self::FactorAdded => "factor-added",
            Self::FactorRemoved => "factor-removed",
            Self::FactorsReset => "factors-reset",
            Self::BackupCodeUsed => "backup-code-used",
            Self::AccountCreated => "account-created",
            Self::AccountDisabled => "account-disabled",
            Self::AccountEnabled => "account-enabled",
            Self::AccountDeleted => "account-deleted",
            Self::RoleChanged => "role-changed",
            Self::InviteCreated => "invite-created",
            Self::InviteUsed => "invite-used",
            Self::InviteRevoked => "invite-revoked",
            Self::ResetLinkCreated => "reset-link-created",
            Self::TagCreated => "tag-created",
            Self::TagRevoked => "tag-revoked",
            Self::TagPaused => "tag-paused",
            Self::TagResumed => "tag-resumed",
            Self::TagChanged => "tag-changed",
            Self::TagExpired => "tag-expired",
            Self::LimitHit(_) => "limit-hit",
            Self::ConfigurationChanged => "configuration-changed",
            Self::KeysRotated => "keys-rotated",
            Self::Exported => "exported",
        }
    }

    /// What else there is to say about it; never a person's words.
    pub const fn detail(self) -> Option<&'static str> {
        match self {
            Self::LimitHit(limit) => Some(limit),
            _ => None,
        }
    }

    /// How much it weighs.
    pub const fn weight(self) -> Weight {
        match self {
            Self::LoginFailed | Self::LimitHit(_) => Weight::Stranger,
            Self::LoginSucceeded
            | Self::Confirmed
            | Self::SessionEnded
            | Self::SessionsEnded
            | Self::InviteCreated
            | Self::InviteRevoked
            | Self::TagCreated
            | Self::TagRevoked
            | Self::TagPaused
            | Self::TagResumed
            | Self::TagChanged
            | Self::TagExpired
            | Self::Exported => Weight::Everyday,
            Self::PasswordChanged
            | Self::FactorAdded
            | Self::FactorRemoved
            | Self::FactorsReset
            | Self::BackupCodeUsed
            | Self::AccountCreated
            | Self::AccountDisabled
            | Self::AccountEnabled
            | Self::AccountDeleted
            | Self::RoleChanged
            | Self::InviteUsed
            | Self::ResetLinkCreated
            | Self::ConfigurationChanged
            | Self::KeysRotated => Weight::Grave,
        }
    }
}

/// `time` rounded down to [`PRECISION`]; before 1970 is 1970.
pub fn coarse(time: SystemTime) -> SystemTime {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since - since % PRECISION.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_tells_its_minute_alone() {
        let minute = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!(coarse(minute), minute);
        assert_eq!(coarse(minute + Duration::from_millis(59_999)), minute);
        assert_eq!(coarse(minute + Duration::from_secs(60)), minute + Duration::from_secs(60));
        assert_eq!(coarse(SystemTime::UNIX_EPOCH - Duration::from_secs(1)), SystemTime::UNIX_EPOCH);
    }
}
