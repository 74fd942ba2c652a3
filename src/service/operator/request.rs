//! What the operator asks for.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{LoginId, TagId};
use crate::domain::tag::Lifetime;

/// One request. A person is named by username or by `acct_…`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Request {
    /// Everybody with an account.
    ListUsers,
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
        session: LoginId,
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
