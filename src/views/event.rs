//! A security event.

use crate::audit::Entry;
use crate::domain::ids::AccountId;
use crate::views::timestamp;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use utoipa::ToSchema;

/// The audit trail, newest event first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditTrail {
    /// What happened.
    pub events: Vec<AuditEvent>,
}

/// A security event, or several identical ones within a minute.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    /// Its place: later events have higher numbers.
    pub id: i64,
    /// Rounded down to the minute.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub at: SystemTime,
    /// What happened, such as `login-failed`.
    pub event: String,
    /// The account concerned.
    #[schema(value_type = Option<String>, required = true)]
    pub account: Option<AccountId>,
    /// Who did it, if it was someone else.
    #[schema(value_type = Option<String>, required = true)]
    pub actor: Option<AccountId>,
    /// How many times it happened in that minute.
    #[schema(minimum = 1)]
    pub count: u32,
    /// Further details; left out if there are none.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    #[schema(nullable = false)]
    pub detail: Option<String>,
}

// Less than `AuditEvent`, so it doesn't build on it: an owner learns that somebody else did it, not who.
/// A security event of your account, or several identical ones within a minute.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnEvent {
    /// Rounded down to the minute.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    at: SystemTime,
    /// What happened, such as `login-failed`.
    event: String,
    /// How many times it happened in that minute.
    #[schema(minimum = 1)]
    count: u32,
    /// Whether someone else did it, such as an administrator, without saying who.
    by_another: bool,
    /// Further details; left out if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

impl From<Vec<Entry>> for AuditTrail {
    fn from(entries: Vec<Entry>) -> Self {
        Self { events: entries.into_iter().map(AuditEvent::from).collect() }
    }
}

impl From<Entry> for AuditEvent {
    fn from(entry: Entry) -> Self {
        let Entry { id, event, detail, account, actor, at, count } = entry;
        Self { id, at, event, account, actor, count, detail }
    }
}

impl OwnEvent {
    /// An event that concerns the account that asks.
    pub fn new(entry: Entry, asker: AccountId) -> Self {
        let Entry { event, detail, actor, at, count, .. } = entry;
        Self { at, event, count, by_another: actor.is_some_and(|actor| actor != asker), detail }
    }
}
