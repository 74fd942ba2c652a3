//! `/account` and `/sessions`: what one's own account is and where it is logged in.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::reply::nullable;
use super::{Client, LogInAnswer, LoggedIn, Proof, Reply};

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    pub id: String,
    pub username: String,
    pub administrator: bool,
    #[serde(deserialize_with = "nullable")]
    pub emergency_contact: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub vehicle_number: Option<String>,
    pub keep_missed_calls: bool,
    #[serde(deserialize_with = "nullable")]
    pub confirmed_until: Option<String>,
    pub household: Household,
    pub second_factor: Factors,
}

#[derive(Debug, PartialEq, Deserialize)]
pub struct Household {
    pub members: Vec<Member>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub id: String,
    pub username: String,
    pub you: bool,
    pub opens_vault: bool,
    pub asks_in: bool,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Factors {
    pub totp: bool,
    pub backup_codes_left: u32,
    pub passkeys: Vec<Passkey>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    pub id: String,
    pub name: String,
    pub created_at: String,
    #[serde(deserialize_with = "nullable")]
    pub last_used_at: Option<String>,
}

/// What is not named stays as it is; an empty text is removed.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Changes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub emergency_contact: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_missed_calls: Option<bool>,
}

#[derive(Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewPassword<'a> {
    pub new_password: Option<&'a str>,
    pub new_auth_secret: Option<&'a str>,
    pub wrapped: Option<&'a str>,
    pub holder: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
pub struct Sessions {
    pub sessions: Vec<Session>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    pub id: String,
    pub device: String,
    pub created_at: String,
    pub last_used_at: String,
    pub current: bool,
}

requests! {
    account() = GET "/account" => 200 Account;
    change_account(changes: &impl Serialize) = PATCH "/account", changes => 200 Account;
    delete_account() = DELETE "/account" => 204 ();
    export() = GET "/account/export" => 200 Value;
    change_password_with(change: &NewPassword<'_>) = POST "/account/password", change => 200 LoggedIn;
    /// Shows again who is asking.
    confirm(proof: &Proof) = POST "/account/confirm", proof => 200 LogInAnswer;
    confirm_second_factor(ticket: &str, proof: Proof) =
        POST "/account/confirm/second-factor", proof.with_ticket(ticket) => 200 LoggedIn;
    sessions() = GET "/sessions" => 200 Sessions;
    end_session(id: &str) = DELETE "/sessions/{id}" => 204 ();
    end_other_sessions() = DELETE "/sessions" => 204 ();
}

impl Client {
    pub async fn account_id(&self) -> String {
        self.account().await.ok().id
    }

    pub async fn keep_missed_calls(&self, wanted: bool) {
        self.change_account(&Changes { keep_missed_calls: Some(wanted), ..Changes::default() }).await.ok();
    }

    pub async fn change_password(&self, new_password: &str) -> Reply<LoggedIn> {
        self.change_password_with(&NewPassword { new_password: Some(new_password), ..NewPassword::default() }).await
    }

    /// The same client, by the secrets that it was just given.
    pub fn holding(&self, session: &LoggedIn) -> Self {
        self.as_nobody().with_token(session.token())
    }

    /// Logs in, and gives a client that is logged in.
    pub async fn enter(&self, username: &str, password: &str) -> Self {
        let session = self.log_in(username, password).await.ok().logged_in();
        self.with_token(session.token())
    }

    /// Shows the password again, and gives a client with the secrets that come of it.
    pub async fn confirmed(&self, password: &str) -> Self {
        self.holding(&self.confirm(&Proof::password(password)).await.ok().logged_in())
    }
}
