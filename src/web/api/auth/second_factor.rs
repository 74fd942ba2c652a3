//! `/api/v1/account/totp`, `/backup-codes` and `/passkeys`: second factors, as their owner manages them.
//!
//! All of it is for somebody who has just proven who they are: a stolen session must not be able to lock its owner out.

use crate::web::views::account::Passkey;
use crate::web::views::login::PasskeyTicket;
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
use crate::web::state::SharedState;
use crate::web::views::link::Pictures;

/// An authenticator app that is being set up.
#[derive(Serialize, ToSchema)]
pub struct Enrolment {
    /// To type into the app.
    secret: String,
    /// What the QR code says.
    uri: String,
    qr: Pictures,
}

/// A code from the app.
#[derive(Deserialize, ToSchema)]
pub struct Code {
    code: String,
}

/// backup codes, shown this once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Codes {
    /// Ten, each good once. Left out where the account has some already.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    backup_codes: Option<Vec<String>>,
}

/// A passkey to be.
#[derive(Deserialize, ToSchema)]
pub struct NewPasskey {
    /// What to call it.
    name: String,
}

/// What the browser made.
#[derive(Deserialize, ToSchema)]
pub struct MadePasskey {
    ticket: String,
    /// What `PublicKeyCredential.toJSON()` gives.
    #[schema(value_type = Object)]
    credential: Value,
}

/// A passkey that was made.
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

/// Begins to set an authenticator app up
///
/// One that is there works until the new one is confirmed.
#[utoipa::path(post, path = "/account/totp", tag = "account", security(("session" = []), ("confirmed" = [])), responses(
    (status = 200, description = "What to tell the app", body = Enrolment),
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

/// Ends it with a code from the app
///
/// The account's other sessions end.
#[utoipa::path(post, path = "/account/totp/confirm", tag = "account", security(("session" = []), ("confirmed" = [])),
    request_body = Code, responses(
    (status = 200, description = "Set up; backup codes where the account had none left", body = Codes),
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
/// The account's other sessions end. Without another second factor the backup codes go with it.
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

/// Makes new backup codes; the old ones are worthless
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

/// Begins to make a passkey
#[utoipa::path(post, path = "/account/passkeys", tag = "account", security(("session" = []), ("confirmed" = [])),
    request_body = NewPasskey, responses(
    (status = 200, description = "A ticket, and what to tell the browser", body = PasskeyTicket),
    (status = 400, description = "`passkeys-need-a-name`: the page was opened by an IP address; `passkeys-need-public-url`: by a port that may be another program's; `bad-passkey-name`"),
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

/// Ends it with what the browser made
///
/// The account's other sessions end when it is the first second factor.
#[utoipa::path(post, path = "/account/passkeys/finish", tag = "account", security(("session" = []), ("confirmed" = [])),
    request_body = MadePasskey, responses(
    (status = 201, description = "Made; backup codes where the account had none left", body = AddedPasskey),
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
/// The account's other sessions end. Without another second factor the backup codes go with it.
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
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-passkey", "You have no such passkey."))?;
    state.factors.remove_passkey(identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
