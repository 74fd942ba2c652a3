//! What the operator asks for.

use crate::domain::account::InviteLifetime;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::credentials::secret::Secret;
use crate::domain::household::tag::Lifetime;
use crate::domain::ids::{InviteId, SessionId, TagId};

/// One request. A person is named by username or by `acct_…`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
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
        /// Whose household it joins; one of its own where nobody is named.
        household_of: Option<String>,
    },
    /// Lets nobody log in with an account any more.
    DisableUser {
        /// Whose.
        user: String,
    },
    /// Lets its owner log in again.
    EnableUser {
        /// Whose.
        user: String,
    },
    /// Makes somebody an administrator, or an owner and no more.
    SetRole {
        /// Whom.
        user: String,
        /// Which of the two.
        administrator: bool,
    },
    /// Deletes an account with all that is its own.
    DeleteUser {
        /// Whose.
        user: String,
    },
    /// Sets a new password.
    SetPassword {
        /// Whose.
        user: String,
        /// The new one.
        password: NewPassword,
    },
    /// A link that lets somebody set a new password, once.
    NewPasswordLink {
        /// Whose.
        user: String,
    },
    /// Removes all second factors of an account.
    ResetMfa {
        /// Whose.
        user: String,
    },
    /// Invites that were not used yet.
    ListInvites,
    /// A link that lets somebody register, once.
    NewInvite {
        /// Whose household it leads to; one of its own where nobody is named.
        household_of: Option<String>,
        /// How long it works.
        lifetime: InviteLifetime,
    },
    /// Takes an invite back.
    RevokeInvite {
        /// Which.
        invite: InviteId,
    },
    /// Tags, of one person's household or of all.
    ListTags {
        /// Whose household's.
        user: Option<String>,
    },
    /// A new tag.
    NewTag {
        /// Whose household's.
        user: String,
        /// The owner's name for it.
        label: String,
        /// What callers read.
        public_text: String,
        /// How long it works; the configured time where none is chosen.
        lifetime: Option<Lifetime>,
    },
    /// Makes a sticker worthless for ever.
    RevokeTag {
        /// Which.
        tag: TagId,
    },
    /// Sessions, of one person or of all.
    ListSessions {
        /// Whose.
        user: Option<String>,
    },
    /// Ends one session.
    EndSession {
        /// Which.
        session: SessionId,
    },
    /// Ends every session of a person.
    EndSessions {
        /// Whose.
        user: String,
    },
    /// New keys for fields and session tokens.
    RotateKeys,
    /// The audit trail.
    ListEvents {
        /// Only what happened before the entry of this number.
        before: Option<i64>,
        /// How many entries at most.
        limit: u32,
    },
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
