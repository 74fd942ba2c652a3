//! A device that is logged in.

use crate::auth::sessions;
use crate::domain::identity::Identity;
use crate::domain::ids::SessionId;
use crate::views::timestamp;
use crate::views::user::NamedAccount;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use utoipa::ToSchema;

/// A session: one device that is logged in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its ID.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// For example "Firefox on Android"; empty if unknown.
    pub device: String,
    /// When it logged in.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: SystemTime,
    /// Accurate to about an hour.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub last_used_at: SystemTime,
    /// When it ends, however much it is used.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: SystemTime,
}

/// A session as its owner sees it.
#[derive(Serialize, ToSchema)]
pub struct OwnSession {
    #[serde(flatten)]
    session: Session,
    /// Whether this is the current session.
    current: bool,
}

/// A session as the operator sees it, who looks at everybody's.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionWithUser {
    /// The session.
    #[serde(flatten)]
    pub session: Session,
    /// Whose it is.
    pub user: NamedAccount,
}

impl From<sessions::SessionRecord> for Session {
    fn from(session: sessions::SessionRecord) -> Self {
        let sessions::SessionRecord { id, account: _, device, created_at, last_used_at, expires_at } = session;
        Self { id, device, created_at, last_used_at, expires_at }
    }
}

impl OwnSession {
    /// A session of the account that asks, with another or with this one.
    pub fn new(session: sessions::SessionRecord, asker: Identity) -> Self {
        Self { current: session.id == asker.session, session: session.into() }
    }
}
