//! Everything that an account can have, each with a word by which it is found again.

use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::household::vault::new_vault;
use crate::support::{
    Authenticator, Changes, Client, KeyedTag, NewInvite, NewNote, NewTag, PASSWORD, Proof, TagWish, TestApp, totp,
};

/// The encryption's test vectors: what a browser makes.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("../../fixtures/e2e.json")).unwrap()
}

/// A tag whose sticker was made in a browser.
pub struct Keyed {
    pub id: String,
    /// What the sticker carries.
    pub code: String,
    /// What callers show in place of its token.
    pub access: String,
}

impl Keyed {
    pub async fn make(owner: &Client) -> Self {
        Self::make_for(owner, "until-revoked").await
    }

    pub async fn make_for(owner: &Client, lifetime: &str) -> Self {
        let identity = &vectors()["identity"];
        let code = callqr::domain::household::tag::Token::random().code();
        let token = URL_SAFE_NO_PAD.decode(code.split(':').nth(2).unwrap()).unwrap();
        let access = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        let public_key = identity["identity"].as_str().unwrap();
        let tag = KeyedTag { access: &access, identity: public_key, lifetime: Some(lifetime), ..KeyedTag::default() };
        let id = owner.register_tag(&tag).await.ok().tag.id;
        let code = format!("{code}:{}", identity["keyHash"].as_str().unwrap());
        Self { id, code, access }
    }

    /// What a caller's page sends.
    pub fn note(&self, envelope: &str, minute: u64) -> NewNote {
        NewNote { scanned_token: self.access.clone(), kind: "text", minute, envelope: envelope.into() }
    }
}

/// An envelope whose content is this long, as far as anybody but its owner can tell; each time another one.
pub fn envelope(size: usize) -> String {
    let mut bytes = vec![0; 1 + 65 + size + 16];
    bytes[..2].copy_from_slice(&[1, 4]);
    bytes[2..34].copy_from_slice(&callqr::domain::random::bytes::<32>());
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The minute that is so far from now.
pub fn minute(off: i64) -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    (now.as_secs() / 60).saturating_add_signed(off)
}

/// What somebody has, as the API told it.
pub struct Belongings {
    pub account: String,
    pub tag: NewTag,
    pub invite: NewInvite,
    pub passkey: String,
    pub missed: String,
    pub note: String,
    pub household: String,
    /// The sealed vault, base64url.
    pub vault: String,
    /// What nobody may be told again: the app's secret, recovery codes, tokens.
    pub secrets: Vec<String>,
}

impl Belongings {
    /// What names the owner's things and nobody else's.
    pub fn names(&self) -> [&str; 8] {
        let (tag, invite) = (&self.tag.id, &self.invite.id);
        [&self.account, tag, invite, &self.passkey, &self.missed, &self.note, &self.household, &self.vault]
    }
}

/// Gives `owner`, who has just registered as `username`, one of everything.
pub async fn furnish(server: &TestApp, owner: &Client, username: &str) -> Belongings {
    let word = |what: &str| format!("{username}'s {what}");
    let (friend, car, label, text) = (word("friend"), word("car"), word("label"), word("text"));
    let fields =
        Changes { emergency_contact: Some(&friend), vehicle_number: Some(&car), keep_missed_calls: Some(true) };
    let account = owner.change_account(&fields).await.ok().id;
    let wish = TagWish { label: Some(&label), public_text: Some(&text), ..TagWish::default() };
    let tag = owner.make_tag_with(&wish).await.ok();
    let invite = owner.new_invite("household").await.ok();
    let vault = make_vault(owner, username).await;
    let missed = miss_call(server, owner, &tag).await;
    let note = tag_with_note(server, owner).await;
    let mut device = Authenticator::new(&server.client.origin());
    let (passkey, _) = owner.add_passkey(&mut device, &word("passkey")).await;
    let (secret, done) = owner.add_totp().await;
    done.ok();
    let phone = server.client.with_header("user-agent", "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Firefox/153.0");
    let step = phone.log_in(username, PASSWORD).await.ok().second_factor();
    let other = phone.second_factor(&step.ticket, Proof::totp(&totp::code(&secret, 1))).await.ok();
    let household = owner.vault().await.ok().household;
    let mut secrets = passkey.backup_codes;
    secrets.extend([invite.url.clone(), secret, other.token.unwrap(), other.device_token.unwrap()]);
    Belongings { account, tag, invite, passkey: passkey.id, missed, note, household, vault, secrets }
}

async fn make_vault(owner: &Client, username: &str) -> String {
    let mut vault = new_vault(1);
    let mut blob = URL_SAFE_NO_PAD.decode(&vault.blob).unwrap();
    // Nobody but its owner could tell that it does not open.
    let end = blob.len() - username.len();
    blob[end..].copy_from_slice(username.as_bytes());
    vault.blob = URL_SAFE_NO_PAD.encode(blob);
    owner.make_vault(&vault).await.ok();
    vault.blob
}

/// Somebody leaves a note at a sticker of its own; the note's id.
async fn tag_with_note(server: &TestApp, owner: &Client) -> String {
    let tag = Keyed::make(owner).await;
    server.client.leave_note(&tag.note(&envelope(256), minute(0))).await.ok();
    owner.notes().await.remove(0).id
}

/// Somebody calls while nobody is there; the missed call's id.
async fn miss_call(server: &TestApp, owner: &Client, tag: &NewTag) -> String {
    let (_, reason) = server.client.call_in_vain(&tag.code).await;
    assert_eq!(reason, "unreachable");
    owner.missed(1).await.remove(0).id
}
