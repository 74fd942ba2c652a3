//! `/tokens`: tags.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Pictures;
use super::reply::nullable;
use super::{Client, Reply};

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagWish<'a> {
    pub user_id: Option<&'a str>,
    pub label: Option<&'a str>,
    pub public_text: Option<&'a str>,
    pub lifetime: Option<&'a str>,
}

/// A tag whose token was made in a browser.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyedTag<'a> {
    pub access: &'a str,
    pub identity: &'a str,
    pub public_text: Option<&'a str>,
    pub sealed_text: Option<&'a str>,
    pub lifetime: Option<&'a str>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    pub id: String,
    pub label: String,
    pub public_text: String,
    pub state: String,
    #[serde(deserialize_with = "nullable")]
    pub expires_at: Option<String>,
    #[serde(deserialize_with = "nullable")]
    pub expiry_notice: Option<u64>,
    #[serde(deserialize_with = "nullable")]
    pub key_hash: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTag {
    #[serde(flatten)]
    pub tag: Tag,
    /// What the sticker says: `pqc:1:` and so on.
    #[serde(rename = "qrCodeData")]
    pub code: String,
    pub url: String,
    pub qr: Pictures,
    pub url_warning: Option<String>,
}

impl std::ops::Deref for NewTag {
    type Target = Tag;

    fn deref(&self) -> &Tag {
        &self.tag
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisteredTag {
    #[serde(flatten)]
    pub tag: Tag,
    pub url_base: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tags {
    #[serde(rename = "tokens")]
    pub tags: Vec<Tag>,
    pub default_lifetime: String,
    pub url_base: String,
    pub url_warning: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    pub valid: bool,
    pub can_initiate_call: bool,
    pub public_text: String,
    pub identity: Option<String>,
    pub sealed_text: Option<String>,
}

requests! {
    tags() = GET "/tokens" => 200 Tags;
    make_tag_with(wish: &TagWish<'_>) = POST "/tokens/generate", wish => 201 NewTag;
    register_tag(tag: &KeyedTag<'_>) = POST "/tokens/register", tag => 201 RegisteredTag;
    change_tag(id: &str, changes: &Value) = PATCH "/tokens/{id}", changes => 200 Tag;
    pause_tag(id: &str) = POST "/tokens/{id}/pause", json!({}) => 200 Tag;
    resume_tag(id: &str) = POST "/tokens/{id}/resume", json!({}) => 200 Tag;
    revoke_tag(id: &str) = DELETE "/tokens/{id}" => 204 ();
    /// Asks about a code, or about what stands for it.
    validate(token: &str) = POST "/tokens/validate", json!({ "token": token }) => 200 Validity;
}

impl Client {
    /// The tag of the van.
    pub async fn make_tag(&self) -> Reply<NewTag> {
        let wish = TagWish { label: Some("the van"), public_text: Some("Blue van, ring me"), ..TagWish::default() };
        self.make_tag_with(&wish).await
    }
}
