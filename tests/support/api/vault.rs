//! `/vault`.

use hyper::Method;
use serde::{Deserialize, Serialize};

use super::reply::nullable;
use super::{Client, Reply};

/// What a browser makes, at first and when it makes a new one.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewVault {
    pub blob: String,
    pub holder: String,
    pub way: &'static str,
    pub wrapped: String,
    /// Shows that the old one was open, where others share it.
    pub before: Option<String>,
}

/// The vault's key, wrapped, with a proof that its sender holds the key.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WrappedKey {
    pub holder: String,
    pub wrapped: String,
    pub credential: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub struct Vault {
    pub household: String,
    pub account: String,
    #[serde(deserialize_with = "nullable")]
    pub blob: Option<String>,
    pub wraps: Vec<Wrap>,
    pub handover: Option<String>,
}

#[derive(Debug, PartialEq, Deserialize)]
pub struct Wrap {
    pub way: String,
    #[serde(deserialize_with = "nullable")]
    pub credential: Option<String>,
    pub wrapped: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyShared {
    pub url_base: String,
}

requests! {
    vault() = GET "/vault" => 200 Vault;
    make_vault(vault: &NewVault) = POST "/vault", vault => 201 ();
    renew_vault(vault: &NewVault) = POST "/vault/start-over", vault => 204 ();
    /// Asks the household's other members to be let in.
    ask_in() = POST "/vault/ask" => 204 ();
    /// Adds a way to open it.
    let_in(way: &str, key: &WrappedKey) = PUT "/vault/ways/{way}", key => 204 ();
    /// Hands the key to a member of the household.
    share_key(member: &str, key: &WrappedKey) = PUT "/vault/members/{member}", key => 200 KeyShared;
}

impl Client {
    pub async fn put_vault(&self, holder: &[u8], blob: &[u8]) -> Reply<()> {
        self.upload(204, Method::PUT, "/vault", [holder, blob].concat()).await
    }
}
