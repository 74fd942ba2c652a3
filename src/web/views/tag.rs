//! A tag as its owner sees it.

use crate::domain::household::public_identity::KeyHash;
use crate::domain::household::tag::TagState;
use crate::domain::ids::TagId;
use crate::household::tags::Tag;
use crate::web::views::timestamp::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// A tag as its household sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Tag)]
pub struct Described {
    #[schema(value_type = String)]
    pub id: TagId,
    label: String,
    public_text: String,
    /// `active`, `paused` or `expired`.
    #[schema(value_type = String, pattern = "^(active|paused|expired)$")]
    pub state: TagState,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// `null` if it works until it is revoked.
    #[schema(format = DateTime, required = true)]
    pub expires_at: Option<String>,
    /// The sticker's KEYHASH; `null` if it has no KEYHASH.
    #[schema(value_type = Option<String>, required = true)]
    pub key_hash: Option<KeyHash>,
}

pub fn describe(tag: Tag) -> Described {
    Described {
        id: tag.id,
        label: tag.label,
        public_text: tag.public_text,
        state: tag.state,
        created_at: rfc3339(tag.created_at),
        expires_at: tag.expires_at.map(rfc3339),
        key_hash: tag.identity.map(|identity| identity.key_hash()),
    }
}
