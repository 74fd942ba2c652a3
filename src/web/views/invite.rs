//! An invite as shown to the people who can revoke it.

use crate::accounts::{self};
use crate::domain::account::InviteKind;
use crate::domain::ids::InviteId;
use crate::web::views::timestamp::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// An invite that hasn't been used yet.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    #[schema(value_type = String)]
    pub id: InviteId,
    #[schema(value_type = String, pattern = "^(household|owner)$")]
    pub kind: InviteKind,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub expires_at: String,
}

pub fn describe(invite: accounts::Invite) -> Invite {
    Invite {
        id: invite.id,
        kind: invite.kind,
        created_at: rfc3339(invite.created_at),
        expires_at: rfc3339(invite.expires_at),
    }
}
