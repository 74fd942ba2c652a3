//! `/api/v1/account/export`: everything that is the asker's, as one file.

use crate::web::views::{account, invite, missed_call, note, session, tag, vault};
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::audit::Entry;
use crate::domain::Error;
use crate::domain::ids::AccountId;
use crate::web::error::ApiError;
use crate::web::extract::identity::RecentlyAuthenticated;
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;

/// What whoever opens the file should know of the vault.
const OF_THE_VAULT: &str = "Encrypted by your browser, with keys that this server does not have: \
    only your password, recovery code or passkey opens it. Byte strings are base64url.";

/// Everything that is kept about the asker and their household's tags.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountExport {
    #[schema(format = DateTime)]
    exported_at: String,
    account: account::Account,
    sessions: Vec<session::Session>,
    tags: Vec<tag::Described>,
    /// Those into the own household, and those that the asker made.
    invites: Vec<invite::Invite>,
    missed_calls: Vec<missed_call::MissedCall>,
    /// What callers left for the household, sealed in their browsers: the vault has the keys.
    notes: Vec<note::Note>,
    /// Security events of the account, the latest first.
    events: Vec<OwnEvent>,
    vault: ExportedVault,
}

/// A security event of the asker's account, or several alike in one minute.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnEvent {
    /// Rounded down to the minute.
    #[schema(format = DateTime)]
    at: String,
    /// What happened, such as `login-failed`.
    event: String,
    /// How often it happened in that minute.
    #[schema(minimum = 1)]
    count: u32,
    /// Whether somebody else did it, such as an administrator; it is not told who.
    by_another: bool,
    /// What else there is to say; left out where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

/// The household's vault as the server has it, and the account's ways into it.
#[derive(Serialize, ToSchema)]
pub struct ExportedVault {
    /// What it takes to open it.
    note: &'static str,
    #[serde(flatten)]
    sealed: vault::Opened,
}

/// Everything that is the asker's, as a file
#[utoipa::path(get, path = "/account/export", tag = "account", security(("session" = []), ("confirmed" = [])),
    operation_id = "export_account", responses(
    (status = 200, description = "A file to keep", body = AccountExport),
))]
pub async fn export(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
) -> Result<Response<Body>, ApiError> {
    let now = SystemTime::now();
    let export = state.accounts.export(identity, now).await?;
    let tags = state.tags.list(identity, now).await?;
    let file = AccountExport {
        exported_at: rfc3339(now),
        account: account::describe(&state, export.profile, identity).await?,
        sessions: session::of(&state, identity).await?,
        tags: tags.into_iter().map(tag::describe).collect(),
        invites: export.invites.into_iter().map(invite::describe).collect(),
        missed_calls: missed_call::of(&state, identity).await?,
        notes: note::of(&state, identity).await?,
        events: export.events.into_iter().map(|entry| describe(entry, identity.account)).collect(),
        vault: ExportedVault { note: OF_THE_VAULT, sealed: vault::of(&state, identity).await? },
    };
    let text = serde_json::to_string_pretty(&file).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"callqr-export.json\"")),
    ];
    Ok((headers, text).into_response())
}

fn describe(entry: Entry, asker: AccountId) -> OwnEvent {
    let Entry { event, detail, actor, at, count, .. } = entry;
    OwnEvent { at: rfc3339(at), event, count, by_another: actor.is_some_and(|actor| actor != asker), detail }
}
