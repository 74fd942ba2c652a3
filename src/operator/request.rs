//! What the operator asks for.

use crate::domain::account::InviteLifetime;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::credentials::secret::Secret;
use crate::domain::household::lifetime::Lifetime;
use crate::domain::ids::{InviteId, SessionId, TagId};

/// One request. A person is named by username or by `acct_…`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// How the running server is.
    Health,
    /// Everybody with an account.
    ListUsers,
    /// A new account.
    AddUser {
        /// The name to log in with.
        username: String,
        /// Its password.
        password: NewPassword,
        /// Whether it operates the server; the first account always does.
        administrator: bool,
        /// Whose household it joins; its own if no user is named.
        household_of: Option<String>,
    },
    /// Disables an account.
    DisableUser {
        /// The user.
        user: String,
    },
    /// Enables a disabled account.
    EnableUser {
        /// The user.
        user: String,
    },
    /// Makes an account an administrator or a plain owner.
    SetRole {
        /// The user.
        user: String,
        /// Whether to make it an administrator.
        administrator: bool,
    },
    /// Deletes an account and its data.
    DeleteUser {
        /// The user.
        user: String,
    },
    /// Sets a new password.
    SetPassword {
        /// The user.
        user: String,
        /// The new one.
        password: NewPassword,
    },
    /// A link that lets somebody set a new password, once.
    NewPasswordLink {
        /// The user.
        user: String,
    },
    /// Removes all second factors of an account.
    ResetMfa {
        /// The user.
        user: String,
    },
    /// Unused invites.
    ListInvites,
    /// A link that lets somebody register, once.
    NewInvite {
        /// Whose household it leads to; a new one if no user is named.
        household_of: Option<String>,
        /// How long it works.
        lifetime: InviteLifetime,
    },
    /// Revokes an invite.
    RevokeInvite {
        /// Its id.
        invite: InviteId,
    },
    /// Tags, of one person's household or of all.
    ListTags {
        /// The user whose household it concerns.
        user: Option<String>,
    },
    /// A new tag.
    NewTag {
        /// The user whose household it concerns.
        user: String,
        /// The owner's name for it.
        label: String,
        /// What callers read.
        public_text: String,
        /// How long it works; by default the configured time.
        lifetime: Option<Lifetime>,
    },
    /// Changes a tag, without a new sticker.
    ChangeTag {
        /// Its id.
        tag: TagId,
        /// What changes.
        changes: TagWishes,
    },
    /// Revokes a tag for good.
    RevokeTag {
        /// Its id.
        tag: TagId,
    },
    /// Sessions, of one person or of all.
    ListSessions {
        /// The user.
        user: Option<String>,
    },
    /// Ends one session.
    EndSession {
        /// Its id.
        session: SessionId,
    },
    /// Ends every session of a person.
    EndSessions {
        /// The user.
        user: String,
    },
    /// New keys for fields and session tokens.
    RotateKeys,
    /// The audit trail.
    ListEvents {
        /// Only entries before the one with this number.
        before: Option<i64>,
        /// How many entries at most.
        limit: u32,
    },
}

/// What changes in a tag; what is left out stays.
#[derive(Debug, Serialize, Deserialize)]
pub struct TagWishes {
    /// The owner's name for it.
    pub label: Option<String>,
    /// What callers read.
    pub public_text: Option<String>,
    /// How long it works from now on.
    pub lifetime: Option<Lifetime>,
}

/// A password on its way to being hashed: readable where it is sent, nowhere else.
pub struct NewPassword(Secret<String>);

impl NewPassword {
    /// The password as typed.
    pub fn new(text: String) -> Self {
        Self(Secret::new(text))
    }

    /// Its text.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for NewPassword {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for NewPassword {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
