//! `/auth`: in and out.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, Reply};

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration<'a> {
    pub username: &'a str,
    pub password: Option<&'a str>,
    pub auth_secret: Option<&'a str>,
    pub emergency_contact: Option<&'a str>,
    pub vehicle_number: Option<&'a str>,
    pub setup_token: Option<&'a str>,
    pub invite_token: Option<&'a str>,
    pub wrapped: Option<&'a str>,
    pub cookie: bool,
}

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Login<'a> {
    pub username: &'a str,
    pub password: Option<&'a str>,
    pub auth_secret: Option<&'a str>,
    pub device_token: Option<&'a str>,
    pub cookie: bool,
}

/// What shows who somebody is.
#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    pub ticket: Option<String>,
    pub password: Option<String>,
    pub auth_secret: Option<String>,
    pub totp: Option<String>,
    pub backup_code: Option<String>,
    pub passkey: Option<Value>,
    /// To be logged in by a cookie, at the second step of a log-in.
    pub cookie: Option<bool>,
}

impl Proof {
    pub fn password(password: &str) -> Self {
        Self { password: Some(password.into()), ..Self::default() }
    }

    pub fn auth_secret(secret: &str) -> Self {
        Self { auth_secret: Some(secret.into()), ..Self::default() }
    }

    pub fn totp(code: &str) -> Self {
        Self { totp: Some(code.into()), ..Self::default() }
    }

    pub fn backup_code(code: &str) -> Self {
        Self { backup_code: Some(code.into()), ..Self::default() }
    }

    pub fn passkey(credential: Value) -> Self {
        Self { passkey: Some(credential), ..Self::default() }
    }

    pub fn with_ticket(self, ticket: &str) -> Self {
        Self { ticket: Some(ticket.into()), ..self }
    }

    pub fn with_cookie(self) -> Self {
        Self { cookie: Some(true), ..self }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// Left out for pages, which get a cookie.
    pub token: Option<String>,
    pub device_token: Option<String>,
    pub expires_at: String,
}

impl LoggedIn {
    #[track_caller]
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("a page was logged in, which gets no token")
    }
}

/// An answer to the right password.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum LogInAnswer {
    #[serde(rename_all = "camelCase")]
    SecondFactor {
        second_factor: PendingSecondFactor,
    },
    LoggedIn(LoggedIn),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingSecondFactor {
    pub ticket: String,
    pub methods: Vec<String>,
    pub expires_at: String,
}

impl LogInAnswer {
    #[track_caller]
    pub fn logged_in(self) -> LoggedIn {
        match self {
            Self::LoggedIn(session) => session,
            Self::SecondFactor { .. } => panic!("not logged in: {self:?}"),
        }
    }

    #[track_caller]
    pub fn second_factor(self) -> PendingSecondFactor {
        match self {
            Self::SecondFactor { second_factor } => second_factor,
            Self::LoggedIn(_) => panic!("logged in without a second factor: {self:?}"),
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyTicket {
    pub ticket: String,
    pub public_key: Value,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyQuestion {
    pub public_key: Value,
}

#[derive(Debug, Deserialize)]
pub struct Stretching {
    pub salt: String,
    pub kdf: Value,
}

#[derive(Debug, Deserialize)]
pub struct Here {
    pub username: Option<String>,
}

requests! {
    register(registration: &Registration<'_>) = POST "/auth/register", registration => 201 LoggedIn;
    log_in_with(login: &Login<'_>) = POST "/auth/login", login => 200 LogInAnswer;
    /// The second step of a log-in, by the ticket of the first.
    second_factor(ticket: &str, proof: Proof) = POST "/auth/second-factor", proof.with_ticket(ticket) => 200 LoggedIn;
    second_factor_passkey(ticket: &str) =
        POST "/auth/second-factor/passkey", json!({ "ticket": ticket }) => 200 PasskeyQuestion;
    begin_passkey_login() = POST "/auth/passkey", json!({}) => 200 PasskeyTicket;
    finish_passkey_login(ticket: &str, credential: &Value, cookie: bool) =
        POST "/auth/passkey/finish", json!({ "ticket": ticket, "credential": credential, "cookie": cookie })
        => 200 LoggedIn;
    /// Who is logged in.
    session() = GET "/auth/session" => 200 Here;
    refresh() = POST "/auth/refresh", json!({}) => 200 LoggedIn;
    log_out() = POST "/auth/logout", json!({}) => 204 ();
    salt(username: &str) = POST "/auth/salt", json!({ "username": username }) => 200 Stretching;
    salt_by_reset_link(token: &str) = POST "/auth/salt", json!({ "resetToken": token }) => 200 Stretching;
    salt_for(whose: &Value) = POST "/auth/salt", whose => 200 Stretching;
    /// Sets a password by a link.
    reset_password(token: &str, new_password: &str) =
        POST "/auth/reset", json!({ "token": token, "newPassword": new_password }) => 200 LogInAnswer;
    reset_auth_secret(token: &str, new_auth_secret: &str) =
        POST "/auth/reset", json!({ "token": token, "newAuthSecret": new_auth_secret }) => 200 LogInAnswer;
}

impl Client {
    pub async fn log_in(&self, username: &str, password: &str) -> Reply<LogInAnswer> {
        self.log_in_with(&Login { username, password: Some(password), ..Login::default() }).await
    }

    /// As a page does it.
    pub async fn log_in_by_cookie(&self, username: &str, password: &str) -> Reply<LogInAnswer> {
        self.log_in_with(&Login { username, password: Some(password), cookie: true, ..Login::default() }).await
    }
}
