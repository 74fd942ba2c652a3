//! Everything that an account can have, each with a word by which it is found again.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Authenticator, Client, Server, Socket, totp};

pub const PASSWORD: &str = "correct horse battery";

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
        let vectors: Value = serde_json::from_str(include_str!("../../fixtures/e2e.json")).unwrap();
        let code = callqr::domain::household::tag::Token::random().code();
        let token = URL_SAFE_NO_PAD.decode(code.split(':').nth(2).unwrap()).unwrap();
        let access = URL_SAFE_NO_PAD.encode(Sha256::digest(token));
        let body = json!({ "access": access, "identity": vectors["identity"]["identity"], "lifetime": lifetime });
        let made = owner.post("/api/v1/tokens/register", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let code = format!("{code}:{}", vectors["identity"]["keyHash"].as_str().unwrap());
        Self { id: made.body["id"].as_str().unwrap().to_owned(), code, access }
    }

    /// What a caller's page sends.
    pub fn note(&self, envelope: &str, minute: u64) -> Value {
        json!({ "scannedToken": self.access, "kind": "text", "minute": minute, "envelope": envelope })
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
    pub tag: Value,
    pub invite: Value,
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
        let (tag, invite) = (self.tag["id"].as_str().unwrap(), self.invite["id"].as_str().unwrap());
        [&self.account, tag, invite, &self.passkey, &self.missed, &self.note, &self.household, &self.vault]
    }
}

/// Gives `owner`, who has just registered as `username`, one of everything.
pub async fn furnish(server: &Server, owner: &Client, username: &str) -> Belongings {
    let word = |what: &str| format!("{username}'s {what}");
    let fields = json!({
        "emergencyContact": word("friend"), "vehicleNumber": word("car"), "keepMissedCalls": true,
    });
    let account = owner.patch("/api/v1/account", &fields).await.body["id"].as_str().unwrap().to_owned();
    let body = json!({ "label": word("label"), "publicText": word("text") });
    let tag = owner.post("/api/v1/tokens/generate", &body).await.body;
    let invite = owner.post("/api/v1/invites", &json!({ "kind": "household" })).await.body;
    let mut secrets = vec![invite["url"].clone()];
    let vault = make_vault(owner, username).await;
    let missed = miss_call(server, owner, &tag).await;
    let note = tag_with_note(server, owner).await;
    let passkey = make_passkey(server, owner, &word("passkey"), &mut secrets).await;
    let begun = owner.post("/api/v1/account/totp", &json!({})).await.body;
    let code = totp::code(begun["secret"].as_str().unwrap(), 0);
    let done = owner.post("/api/v1/account/totp/confirm", &json!({ "code": code })).await;
    assert_eq!(done.status, 200, "{}", done.text);
    let phone = server.client.with_header("user-agent", "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Firefox/153.0");
    let step = phone.post("/api/v1/auth/login", &json!({ "username": username, "password": PASSWORD })).await.body;
    let code = totp::code(begun["secret"].as_str().unwrap(), 1);
    let proof = json!({ "ticket": step["secondFactor"]["ticket"], "totp": code });
    let other = phone.post("/api/v1/auth/second-factor", &proof).await.body;
    secrets.extend([begun["secret"].clone(), other["token"].clone(), other["deviceToken"].clone()]);
    let household = owner.get("/api/v1/vault").await.body["household"].as_str().unwrap().to_owned();
    let secrets = secrets.into_iter().map(|secret| secret.as_str().unwrap().to_owned()).collect();
    Belongings { account, tag, invite, passkey, missed, note, household, vault, secrets }
}

async fn make_vault(owner: &Client, username: &str) -> String {
    let vectors: Value = serde_json::from_str(include_str!("../../fixtures/e2e.json")).unwrap();
    let mut blob = URL_SAFE_NO_PAD.decode(vectors["vault"]["blob"].as_str().unwrap()).unwrap();
    blob[8] = 1;
    // Nobody but its owner could tell that it does not open.
    let end = blob.len() - username.len();
    blob[end..].copy_from_slice(username.as_bytes());
    let blob = URL_SAFE_NO_PAD.encode(blob);
    let wrapped = &vectors["wraps"]["password"]["wrapped"];
    let holder = &vectors["vault"]["holder"];
    let body = json!({ "blob": blob, "holder": holder, "way": "password", "wrapped": wrapped });
    assert_eq!(owner.post("/api/v1/vault", &body).await.status, 201);
    blob
}

async fn make_passkey(server: &Server, owner: &Client, name: &str, secrets: &mut Vec<Value>) -> String {
    let mut device = Authenticator::new(&server.client.origin());
    let begun = owner.post("/api/v1/account/passkeys", &json!({ "name": name })).await.body;
    let body = json!({ "ticket": begun["ticket"], "credential": device.create(&begun["publicKey"]) });
    let made = owner.post("/api/v1/account/passkeys/finish", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    secrets.extend(made.body["backupCodes"].as_array().unwrap().iter().cloned());
    made.body["id"].as_str().unwrap().to_owned()
}

/// Somebody leaves a note at a sticker of its own; the note's id.
async fn tag_with_note(server: &Server, owner: &Client) -> String {
    let tag = Keyed::make(owner).await;
    let left = server.client.post("/api/v1/notes", &tag.note(&envelope(256), minute(0))).await;
    assert_eq!(left.status, 201, "{}", left.text);
    owner.get("/api/v1/notes").await.body["notes"][0]["id"].as_str().unwrap().to_owned()
}

/// Somebody calls while nobody is there; the missed call's id.
async fn miss_call(server: &Server, owner: &Client, tag: &Value) -> String {
    let (_, reason) = call_in_vain(server, tag).await;
    assert_eq!(reason, "unreachable");
    missed_calls(owner, 1).await[0]["id"].as_str().unwrap().to_owned()
}

/// A call whose caller waits for its end; the call and why it ended.
pub async fn call_in_vain(server: &Server, tag: &Value) -> (Value, String) {
    let call = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await.body;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let mut caller = Socket::greet(&server.client, endpoint, call["ticket"].as_str().unwrap()).await;
    let reason = caller.hear("ended").await["reason"].as_str().unwrap().to_owned();
    (call, reason)
}

/// The list of missed calls, once it has this many: they are written after the caller was told the end.
pub async fn missed_calls(owner: &Client, count: usize) -> Vec<Value> {
    let listed = async {
        loop {
            let calls = owner.get("/api/v1/calls/missed").await.body["calls"].as_array().unwrap().clone();
            if calls.len() >= count {
                return calls;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), listed).await.unwrap()
}
