//! Notes as their owners see them.

use crate::domain::household::note::{Minute, NoteKind};
use crate::domain::ids::{NoteId, TagId};
use crate::household::notes::NoteRow;
use crate::views::timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use std::time::SystemTime;
use utoipa::ToSchema;

/// A note as it arrived.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    #[schema(value_type = String)]
    id: NoteId,
    /// The tag it was left through.
    #[schema(value_type = String)]
    tag_id: TagId,
    /// `text`.
    #[schema(value_type = String, pattern = "^text$")]
    kind: NoteKind,
    /// Minutes since 1970, bound to the envelope.
    #[schema(value_type = u64)]
    minute: Minute,
    /// The sealed note, base64url.
    envelope: String,
    /// Whether a household member has read it.
    read: bool,
    /// When it is removed.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    expires_at: SystemTime,
}

impl From<NoteRow> for Note {
    fn from(note: NoteRow) -> Self {
        Self {
            id: note.id,
            tag_id: note.tag,
            kind: note.kind,
            minute: note.minute,
            envelope: URL_SAFE_NO_PAD.encode(note.envelope.as_bytes()),
            read: note.read,
            expires_at: note.expires_at,
        }
    }
}
