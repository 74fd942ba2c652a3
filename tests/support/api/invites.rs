//! `/invites`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::reply::nullable;
use super::{Client, PASSWORD, Registration, Reply};
use super::{Pictures, secret_of};

#[derive(Debug, Deserialize)]
pub struct Invites {
    pub invites: Vec<Invite>,
}

#[derive(Debug, Deserialize)]
pub struct Invite {
    pub id: String,
    pub kind: String,
}

#[derive(Debug, Deserialize)]
pub struct NewInvite {
    pub id: String,
    pub url: String,
    pub qr: Pictures,
}

impl NewInvite {
    pub fn token(&self) -> String {
        self.url.split_once("/join#").unwrap().1.to_owned()
    }
}

/// An invite whose link was made in a browser, with the vault's key.
#[derive(Debug, Clone, Default, Serialize)]
pub struct KeyedInvite<'a> {
    pub token: &'a str,
    pub wrapped: &'a str,
    pub holder: &'a str,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredInvite {
    pub kind: String,
    pub url_base: String,
}

#[derive(Debug, Deserialize)]
pub struct InviteValidity {
    pub valid: bool,
    #[serde(deserialize_with = "nullable")]
    pub kind: Option<String>,
    pub household: Option<String>,
    pub wrapped: Option<String>,
}

requests! {
    invites() = GET "/invites" => 200 Invites;
    new_invite(kind: &str) = POST "/invites", json!({ "kind": kind }) => 201 NewInvite;
    new_invite_with(wish: &Value) = POST "/invites", wish => 201 NewInvite;
    register_invite(invite: &KeyedInvite<'_>) = POST "/invites/register", invite => 201 RegisteredInvite;
    revoke_invite(id: &str) = DELETE "/invites/{id}" => 204 ();
    validate_invite(token: &str) = POST "/invites/validate", json!({ "token": token }) => 200 InviteValidity;
}

impl Client {
    /// Lets somebody register by an invite, and gives a client that is logged in as them.
    pub async fn bring_in(&self, kind: &str, username: &str) -> Self {
        let token = secret_of(&self.new_invite(kind).await.ok().url);
        let guest = self.as_nobody();
        let (password, invite_token) = (Some(PASSWORD), Some(&*token));
        let registration = Registration { username, password, invite_token, ..Registration::default() };
        guest.holding(&guest.register(&registration).await.ok())
    }
}
