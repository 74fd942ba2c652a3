//! `/admin`: what administrators do.

use std::fmt;

use serde::Deserialize;
use serde_json::json;

use super::Pictures;
use super::reply::nullable;
use super::{Client, Reply};

#[derive(Debug, Deserialize)]
pub struct Users {
    pub users: Vec<User>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    pub id: String,
    pub username: String,
    pub administrator: bool,
    pub disabled: bool,
    pub created_at: String,
    #[serde(deserialize_with = "nullable")]
    pub last_seen_day: Option<String>,
    pub sessions: u32,
    pub second_factor: bool,
}

/// What is done to an account.
#[derive(Debug, Clone, Copy)]
pub enum To {
    Disable,
    Enable,
    MakeAdministrator,
    MakeOwner,
    ResetMfa,
}

impl fmt::Display for To {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Disable => "disable",
            Self::Enable => "enable",
            Self::MakeAdministrator => "administrator",
            Self::MakeOwner => "owner",
            Self::ResetMfa => "reset-mfa",
        })
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResetLink {
    pub url: String,
    pub qr: Pictures,
    pub expires_at: String,
}

impl ResetLink {
    pub fn token(&self) -> String {
        self.url.split_once("/reset#").unwrap().1.to_owned()
    }
}

#[derive(Debug, Deserialize)]
pub struct Trail {
    pub events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Event {
    pub id: i64,
    pub at: String,
    pub event: String,
    #[serde(deserialize_with = "nullable")]
    pub account: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub actor: Option<String>,
    pub count: usize,
    pub detail: Option<String>,
}

requests! {
    users() = GET "/admin/users" => 200 Users;
    change_user(id: &str, to: To) = POST "/admin/users/{id}/{to}", json!({}) => 204 ();
    new_reset_link(id: &str) = POST "/admin/users/{id}/reset-password", json!({}) => 200 ResetLink;
    delete_user(id: &str) = DELETE "/admin/users/{id}" => 204 ();
    audit() = GET "/admin/audit" => 200 Trail;
    /// With a query, `?` included.
    audit_of(query: &str) = GET "/admin/audit{query}" => 200 Trail;
}

impl Client {
    /// How often this event has happened, as far as the newest page of the trail says.
    pub async fn count_events(&self, event: &str) -> usize {
        self.audit().await.ok().events.iter().filter(|happened| happened.event == event).count()
    }
}
