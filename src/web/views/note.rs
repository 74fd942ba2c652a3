//! Notes as their owners see them.

use crate::domain::household::note::{Minute, NoteKind};
use crate::domain::identity::Identity;
use crate::domain::ids::{NoteId, TagId};
use crate::household::notes::{self};
use crate::web::error::ApiError;
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use utoipa::ToSchema;

/// A note as it arrived.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    #[schema(value_type = String)]
    pub id: NoteId,
    /// The tag it was left through.
    #[schema(value_type = String)]
    pub tag_id: TagId,
    /// `text`.
    #[schema(value_type = String, pattern = "^text$")]
    pub kind: NoteKind,
    /// Minutes since 1970, bound to the envelope.
    #[schema(value_type = u64)]
    pub minute: Minute,
    /// The sealed note, base64url.
    envelope: String,
    /// Whether a household member has read it.
    read: bool,
    /// When it is removed.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// Every note for the account's household.
pub async fn of(state: &SharedState, owner: Identity) -> Result<Vec<Note>, ApiError> {
    Ok(state.notes.all(owner).await?.into_iter().map(describe).collect())
}

pub fn describe(note: notes::NoteRow) -> Note {
    Note {
        id: note.id,
        tag_id: note.tag,
        kind: note.kind,
        minute: note.minute,
        envelope: URL_SAFE_NO_PAD.encode(note.envelope.as_bytes()),
        read: note.read,
        expires_at: rfc3339(note.expires_at),
    }
}
