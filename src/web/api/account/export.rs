//! `/api/v1/account/export`: everything about your account, as one file.

use crate::views::account::Account;
use crate::views::event::OwnEvent;
use crate::views::invite::Invite;
use crate::views::missed_call::MissedCall;
use crate::views::note::Note;
use crate::views::session::OwnSession;
use crate::views::tag::OwnTag;
use crate::views::timestamp;
use crate::views::vault::Vault;
use crate::web::shared::account;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse as _;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Error;
use crate::web::error::ApiError;
use crate::web::extract::identity::RecentlyAuthenticated;
use crate::web::state::SharedState;

/// What a person opening the file should know about the vault.
const OF_THE_VAULT: &str = "Encrypted by your browser, with keys that this server does not have: \
    only your password, recovery code or passkey opens it. Byte strings are base64url.";

/// Everything stored about you and your household's tags.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountExport {
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    exported_at: SystemTime,
    account: Account,
    sessions: Vec<OwnSession>,
    tags: Vec<OwnTag>,
    /// Invites into your household, and those you created.
    invites: Vec<Invite>,
    missed_calls: Vec<MissedCall>,
    /// Notes from callers to the household, sealed in their browsers. The vault holds the keys.
    notes: Vec<Note>,
    /// The account's security events, newest first.
    events: Vec<OwnEvent>,
    vault: ExportedVault,
}

/// The household's vault as the server stores it, and the account's unlock methods.
#[derive(Serialize, ToSchema)]
pub struct ExportedVault {
    /// Everything needed to open it except the secret.
    note: &'static str,
    #[serde(flatten)]
    sealed: Vault,
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
    let sessions = state.sessions.list(identity, now).await?;
    let missed_calls = state.call_log.missed(identity).await?;
    let notes = state.notes.all(identity).await?;
    let vault = state.vaults.vault(identity, now).await?;
    let file = AccountExport {
        exported_at: now,
        account: account::describe(&state, export.profile, identity).await?,
        sessions: sessions.into_iter().map(|session| OwnSession::new(session, identity)).collect(),
        tags: tags.into_iter().map(OwnTag::from).collect(),
        invites: export.invites.into_iter().map(Invite::from).collect(),
        missed_calls: missed_calls.into_iter().map(MissedCall::from).collect(),
        notes: notes.into_iter().map(Note::from).collect(),
        events: export.events.into_iter().map(|entry| OwnEvent::new(entry, identity.account)).collect(),
        vault: ExportedVault { note: OF_THE_VAULT, sealed: Vault::new(vault, identity) },
    };
    let text = serde_json::to_string_pretty(&file).map_err(Error::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"callqr-export.json\"")),
    ];
    Ok((headers, text).into_response())
}
