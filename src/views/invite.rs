//! An invite, as shown to those who can revoke it.

use crate::accounts;
use crate::domain::account::InviteKind;
use crate::domain::ids::InviteId;
use crate::views::timestamp;
use crate::views::user::NamedAccount;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use utoipa::ToSchema;

/// An invite that hasn't been used yet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// Its ID.
    #[schema(value_type = String)]
    pub id: InviteId,
    /// Whether it leads into the inviter's household or into one of its own.
    #[schema(value_type = String, pattern = "^(household|owner)$")]
    pub kind: InviteKind,
    /// When it was created.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: SystemTime,
    /// When it stops working.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: SystemTime,
}

/// What the operator sees as well. Administrators don't: they can revoke what others offered, and need not know who did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InviteWithInviter {
    /// The invite.
    #[serde(flatten)]
    pub invite: Invite,
    /// Who made it; `None` for the command line.
    pub by: Option<NamedAccount>,
}

impl From<accounts::InviteRecord> for Invite {
    fn from(invite: accounts::InviteRecord) -> Self {
        let accounts::InviteRecord { id, kind, account: _, created_at, expires_at } = invite;
        Self { id, kind, created_at, expires_at }
    }
}
