//! `/account/totp`, `/account/passkeys`, `/account/backup-codes`: second factors.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Pictures;
use super::{Authenticator, Client, PasskeyTicket, Reply, totp};

#[derive(Debug, Deserialize)]
pub struct Enrolment {
    pub secret: String,
    pub uri: String,
    pub qr: Pictures,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupCodes {
    /// Left out where there are unused ones.
    #[serde(default)]
    pub backup_codes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AddedPasskey {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub backup_codes: Vec<String>,
}

requests! {
    begin_totp() = POST "/account/totp", json!({}) => 200 Enrolment;
    confirm_totp(code: &str) = POST "/account/totp/confirm", json!({ "code": code }) => 200 BackupCodes;
    remove_totp() = DELETE "/account/totp" => 204 ();
    new_backup_codes() = POST "/account/backup-codes", json!({}) => 200 BackupCodes;
    begin_passkey(name: &str) = POST "/account/passkeys", json!({ "name": name }) => 200 PasskeyTicket;
    finish_passkey(ticket: &str, credential: &Value) =
        POST "/account/passkeys/finish", json!({ "ticket": ticket, "credential": credential }) => 201 AddedPasskey;
    remove_passkey(id: &str) = DELETE "/account/passkeys/{id}" => 204 ();
}

impl Client {
    /// Sets an app up; its secret and the answer. The code of the current step is spent with it.
    pub async fn add_totp(&self) -> (String, Reply<BackupCodes>) {
        let secret = self.begin_totp().await.ok().secret;
        let done = self.confirm_totp(&totp::code(&secret, 0)).await;
        (secret, done)
    }

    /// Makes a passkey on `device`; the passkey, and what the device told of it.
    pub async fn add_passkey(&self, device: &mut Authenticator, name: &str) -> (AddedPasskey, Value) {
        let begun = self.begin_passkey(name).await.ok();
        let credential = device.create(&begun.public_key);
        (self.finish_passkey(&begun.ticket, &credential).await.ok(), credential)
    }
}
