//! `/api/v1/account/export`: everything about your account, as one file.

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

/// What a person opening the file should know about the vault.
const OF_THE_VAULT: &str = "Encrypted by your browser, with keys that this server does not have: \
    only your password, recovery code or passkey opens it. Byte strings are base64url.";

/// Everything stored about you and your household's tags.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountExport {
    #[schema(format = DateTime)]
    exported_at: String,
    account: account::Account,
    sessions: Vec<session::Session>,
    tags: Vec<tag::Described>,
    /// Invites into your household, and those you created.
    invites: Vec<invite::Invite>,
    missed_calls: Vec<missed_call::MissedCall>,
    /// Notes from callers to the household, sealed in their browsers. The vault holds the keys.
    notes: Vec<note::Note>,
    /// The account's security events, newest first.
    events: Vec<OwnEvent>,
    vault: ExportedVault,
}

/// A security event of your account, or several identical ones within a minute.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnEvent {
    /// Rounded down to the minute.
    #[schema(format = DateTime)]
    at: String,
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

/// The household's vault as the server stores it, and the account's unlock methods.
#[derive(Serialize, ToSchema)]
pub struct ExportedVault {
    /// Everything needed to open it except the secret.
    note: &'static str,
    #[serde(flatten)]
    sealed: vault::Opened,
}

/// Exports everything about your account as a file
#[utoipa::path(get, path = "/account/export", tag = "account", security(("session" = []), ("confirmed" = [])),
    operation_id = "export_account", responses(
    (status = 200, description = "The file", body = AccountExport),
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
