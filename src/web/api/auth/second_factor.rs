//! `/api/v1/account/totp`, `/backup-codes` and `/passkeys`: an owner's second factors.
//!
//! Every change needs a recent confirmation, so that a stolen session can't lock its owner out.

use crate::views::account::Passkey;
use crate::web::shared::login::PasskeyTicket;
use std::time::SystemTime;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::auth::factors::BackupCodes;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::extract::identity::RecentlyAuthenticated;
use crate::web::extract::login_context::OpenedAt;
use crate::web::extract::request::{Authority, Json, PathParams};
use crate::web::shared::link::Pictures;
use crate::web::state::SharedState;

/// An authenticator app that is being set up.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// The key to type into the app.
    secret: String,
    /// The contents of the QR code.
    uri: String,
    qr: Pictures,
}

/// A code from the app.
#[derive(Deserialize, ToSchema)]
pub struct Code {
    code: String,
}

/// Backup codes, only shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Codes {
    /// Ten backup codes, each of which works once. Left out if the account still has some.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    backup_codes: Option<Vec<String>>,
}

/// A passkey to add.
#[derive(Deserialize, ToSchema)]
pub struct NewPasskey {
    /// Its name.
    name: String,
}

/// The passkey that the browser created.
#[derive(Deserialize, ToSchema)]
pub struct MadePasskey {
    ticket: String,
    /// What `PublicKeyCredential.toJSON()` returns.
    #[schema(value_type = Object)]
    credential: Value,
}

/// The passkey that was added.
#[derive(Serialize, ToSchema)]
pub struct AddedPasskey {
    #[serde(flatten)]
    passkey: Passkey,
    #[serde(flatten)]
    codes: Codes,
}

impl From<Option<BackupCodes>> for Codes {
    fn from(codes: Option<BackupCodes>) -> Self {
        let codes = codes.map(|codes| codes.iter().map(|code| code.expose().clone()).collect());
        Self { backup_codes: codes }
    }
}

/// Starts setting up an authenticator app
///
/// An existing app keeps working until the new one is confirmed.
#[utoipa::path(post, path = "/account/totp", tag = "account", security(("session" = []), ("confirmed" = [])), responses(
    (status = 200, description = "What the app needs", body = Enrolment),
))]
pub async fn begin_totp(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    Authority(authority): Authority,
) -> Result<Answer<Enrolment>, ApiError> {
    let origin = state.origin.for_stickers(&authority);
    let host = origin.strip_prefix("https://").unwrap_or(&origin);
    let started = state.factors.begin_totp(identity, host, SystemTime::now()).await?;
    let (secret, uri) = (started.secret.expose().clone(), started.uri.expose().clone());
    let qr = Pictures::of(&uri)?;
    Ok(Answer(Enrolment { secret, uri, qr }))
}

/// Finishes setting up an authenticator app with a code from it
///
/// The account's other sessions end.
#[utoipa::path(post, path = "/account/totp/confirm", tag = "account", security(("session" = []), ("confirmed" = [])),
    request_body = Code, responses(
    (status = 200, description = "Set up; includes backup codes if the account had no unused ones", body = Codes),
    (status = 400, description = "`wrong-code`, `server-clock`, `begin-again`"),
))]
pub async fn confirm_totp(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    Json(body): Json<Code>,
) -> Result<Answer<Codes>, ApiError> {
    let codes = state.factors.confirm_totp(identity, &body.code, SystemTime::now()).await?;
    Ok(Answer(codes.into()))
}

/// Removes the authenticator app
///
/// The account's other sessions end. If it was the last second factor, the backup codes are removed too.
#[utoipa::path(delete, path = "/account/totp", tag = "account", security(("session" = []), ("confirmed" = [])), responses(
    (status = 204, description = "Removed"),
    (status = 404, description = "`no-totp`"),
))]
pub async fn remove_totp(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
) -> Result<StatusCode, ApiError> {
    state.factors.remove_totp(identity).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Creates new backup codes; the old ones stop working
#[utoipa::path(post, path = "/account/backup-codes", tag = "account", security(("session" = []), ("confirmed" = [])), responses(
    (status = 200, description = "Ten codes", body = Codes),
    (status = 409, description = "`no-second-factor`"),
))]
pub async fn renew_backup_codes(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
) -> Result<Answer<Codes>, ApiError> {
    let codes = state.factors.renew_backup_codes(identity).await?;
    Ok(Answer(Some(codes).into()))
}

/// Starts creating a passkey
#[utoipa::path(post, path = "/account/passkeys", tag = "account", security(("session" = []), ("confirmed" = [])),
    request_body = NewPasskey, responses(
    (status = 200, description = "A ticket, and what to pass to the browser", body = PasskeyTicket),
    (status = 400, description = "`passkeys-need-a-name`: the page was opened at an IP address; `passkeys-need-public-url`: at a port that may belong to another program; `bad-passkey-name`"),
))]
pub async fn begin_passkey(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    OpenedAt(site): OpenedAt,
    Json(body): Json<NewPasskey>,
) -> Result<Answer<PasskeyTicket>, ApiError> {
    let (ticket, public_key) = state.factors.begin_passkey(identity, &site, &body.name, SystemTime::now()).await?;
    Ok(Answer(PasskeyTicket { ticket, public_key }))
}

/// Adds the passkey that the browser created
///
/// If it is the account's first second factor, the other sessions end.
#[utoipa::path(post, path = "/account/passkeys/finish", tag = "account", security(("session" = []), ("confirmed" = [])),
    request_body = MadePasskey, responses(
    (status = 201, description = "Created; includes backup codes if the account had no unused ones", body = AddedPasskey),
    (status = 400, description = "`begin-again`, `bad-passkey`, `passkey-refused`, `passkeys-need-a-name`, `passkeys-need-public-url`"),
    (status = 409, description = "`passkey-known`, `too-many-passkeys`"),
))]
pub async fn finish_passkey(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    OpenedAt(site): OpenedAt,
    Json(body): Json<MadePasskey>,
) -> Result<(StatusCode, Answer<AddedPasskey>), ApiError> {
    let now = SystemTime::now();
    let (passkey, codes) = state.factors.finish_passkey(identity, &site, &body.ticket, body.credential, now).await?;
    Ok((StatusCode::CREATED, Answer(AddedPasskey { passkey: passkey.into(), codes: codes.into() })))
}

/// Removes a passkey
///
/// The account's other sessions end. If it was the last second factor, the backup codes are removed too.
#[utoipa::path(delete, path = "/account/passkeys/{id}", tag = "account", security(("session" = []), ("confirmed" = [])),
    params(("id" = String, Path, description = "The passkey")), responses(
    (status = 204, description = "Removed"),
    (status = 404, description = "`no-such-passkey`"),
))]
pub async fn remove_passkey(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-passkey", "You don't have this passkey."))?;
    state.factors.remove_passkey(identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
