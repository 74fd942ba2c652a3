//! `/notes`.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::reply::nullable;
use super::{Client, Reply};

/// What a caller leaves.
#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewNote {
    pub scanned_token: String,
    pub kind: &'static str,
    pub minute: u64,
    pub envelope: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NoteLeft {
    pub kept_until: String,
}

#[derive(Debug, Deserialize)]
pub struct Inbox {
    pub notes: Vec<Note>,
    #[serde(deserialize_with = "nullable")]
    pub next: Option<String>,
    pub unread: u32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    pub id: String,
    pub tag_id: String,
    pub kind: String,
    pub minute: u64,
    pub envelope: String,
    pub read: bool,
    pub expires_at: String,
}

requests! {
    leave_note(note: &impl Serialize) = POST "/notes", note => 201 NoteLeft;
    inbox() = GET "/notes" => 200 Inbox;
    /// With a query, `?` included.
    inbox_of(query: &str) = GET "/notes{query}" => 200 Inbox;
    read_notes(ids: &[&str]) = POST "/notes/read", json!({ "notes": ids }) => 204 ();
    delete_note(id: &str) = DELETE "/notes/{id}" => 204 ();
    delete_notes() = DELETE "/notes" => 204 ();
    delete_read_notes() = DELETE "/notes?read=true" => 204 ();
}

impl Client {
    pub async fn notes(&self) -> Vec<Note> {
        self.inbox().await.ok().notes
    }
}
