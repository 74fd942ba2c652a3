//! A tag.

use crate::domain::household::public_identity::KeyHash;
use crate::domain::household::tag::TagState;
use crate::domain::ids::TagId;
use crate::household::tags;
use crate::views::household::NamedHousehold;
use crate::views::timestamp;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use utoipa::ToSchema;

/// A tag without what its owner wrote, which is private.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Its ID.
    #[schema(value_type = String)]
    pub id: TagId,
    /// `active`, `paused` or `expired`.
    #[schema(value_type = String, pattern = "^(active|paused|expired)$")]
    pub state: TagState,
    /// When it was created.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: SystemTime,
    /// `null` if it works until it is revoked.
    #[serde(with = "timestamp::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    pub expires_at: Option<SystemTime>,
    /// The last reminder that is due: 30, 7 or 1 days before the end, or 0 once it has expired and can still be extended;
    /// `null` while its end is far away.
    #[schema(required = true)]
    pub expiry_notice: Option<u64>,
}

/// A tag as its household sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnTag {
    #[serde(flatten)]
    tag: Tag,
    /// The owner's name for it. Callers can't see it.
    label: String,
    /// The text that callers see.
    public_text: String,
    /// The sticker's KEYHASH; `null` if it has no KEYHASH.
    #[schema(value_type = Option<String>, required = true)]
    key_hash: Option<KeyHash>,
}

/// A tag as the operator sees it, who looks at everybody's and reads no text for callers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TagWithHousehold {
    /// The tag.
    #[serde(flatten)]
    pub tag: Tag,
    /// The owner's name for it; left out where only the household can read it, because its sticker carries a key.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// Whose it is.
    pub household: NamedHousehold,
}

impl From<tags::TagRecord> for OwnTag {
    fn from(tag: tags::TagRecord) -> Self {
        let tags::TagRecord { id, label, public_text, state, created_at, expires_at, expiry_notice, identity } = tag;
        let key_hash = identity.map(|identity| identity.key_hash());
        Self { tag: Tag { id, state, created_at, expires_at, expiry_notice }, label, public_text, key_hash }
    }
}

impl From<tags::TagRecord> for Tag {
    fn from(tag: tags::TagRecord) -> Self {
        OwnTag::from(tag).tag
    }
}
