//! What belongs to an account, and what is left when it is deleted.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use crate::people::belongings::{Belongings, furnish};
use crate::support::{Client, Server, Socket, invited, make_tag};

fn database(server: &Server) -> Connection {
    Connection::open(server.data_dir().join("callqr.db")).unwrap()
}

/// As if everybody had logged in a while ago.
fn age_sessions(server: &Server) {
    database(server).execute("UPDATE sessions SET confirmed_at = confirmed_at - 11 * 60 * 1000", []).unwrap();
}

async fn phone(owner: &Client) -> Socket {
    let ticket = owner.post("/api/v1/presence/ticket", &json!({})).await.body["ticket"].clone();
    Socket::open(owner, "/api/v1/presence", ticket.as_str().unwrap()).await
}

async fn call(server: &Server, tag: &Value) -> (Value, Socket) {
    let call = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await.body;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let caller = Socket::open(&server.client, endpoint, call["ticket"].as_str().unwrap()).await;
    (call, caller)
}

#[tokio::test]
async fn personal_fields_are_written_changed_and_removed_by_their_owner() {
    let server = Server::start().await;
    let body = json!({
        "username": "ada", "password": "correct horse battery", "setupToken": server.setup_token,
        "emergencyContact": " Charles,\nnext door ", "vehicleNumber": "B-AB 1815",
    });
    let token = server.client.post("/api/v1/auth/register", &body).await.body["token"].clone();
    let ada = server.client.with_token(token.as_str().unwrap());
    let account = ada.get("/api/v1/account").await.body;
    assert_eq!((&account["username"], &account["administrator"]), (&json!("ada"), &json!(true)));
    assert_eq!(account["emergencyContact"], "Charles, next door");
    assert_eq!((&account["vehicleNumber"], &account["keepMissedCalls"]), (&json!("B-AB 1815"), &json!(false)));
    assert!(account["confirmedUntil"].is_string());

    let changed = ada.patch("/api/v1/account", &json!({ "vehicleNumber": null, "keepMissedCalls": true })).await;
    assert_eq!(changed.status, 200);
    assert_eq!(changed.body, ada.get("/api/v1/account").await.body);
    assert_eq!((&changed.body["vehicleNumber"], &changed.body["keepMissedCalls"]), (&Value::Null, &json!(true)));
    assert_eq!(changed.body["emergencyContact"], "Charles, next door", "what is not named stays");
    let removed = ada.patch("/api/v1/account", &json!({ "emergencyContact": "  " })).await;
    assert_eq!(removed.body["emergencyContact"], Value::Null);
    let refused = ada.patch("/api/v1/account", &json!({ "vehicleNumber": "x".repeat(201) })).await;
    assert_eq!((refused.status, refused.code()), (400, "personal-text-too-long"));
    assert_eq!(ada.patch("/api/v1/account", &json!({ "keepMissedCalls": "yes" })).await.status, 400);
    assert_eq!(server.client.patch("/api/v1/account", &json!({})).await.status, 401);
}

#[tokio::test]
async fn passwords_that_everybody_tries_first_are_refused() {
    let server = Server::start().await;
    for (password, why) in [
        ("too short", "password-too-short"),
        ("ada.lovelace", "password-too-common"),
        ("password123", "password-too-common"),
        ("1234567890", "password-too-common"),
        ("aaaaaaaaaaaaaaa", "password-too-common"),
    ] {
        let body = json!({ "username": "ada.lovelace", "password": password, "setupToken": server.setup_token });
        let refused = server.client.post("/api/v1/auth/register", &body).await;
        assert_eq!((refused.status, refused.code()), (400, why), "{password}");
        assert!(!refused.text.contains(password));
    }
}

#[tokio::test]
async fn all_phones_of_a_household_ring_and_one_answers() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "household", "bob").await;
    let eve = invited(&ada, "owner", "eve").await;
    let tag = make_tag(&ada).await;
    let (mut phone_a, mut phone_b, mut phone_e) = (phone(&ada).await, phone(&bob).await, phone(&eve).await);
    let (call, mut caller) = call(&server, &tag).await;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let (ring_a, ring_b) = (phone_a.hear("ring").await, phone_b.hear("ring").await);
    assert_eq!((&ring_a["tagId"], &ring_b["tagId"]), (&tag["id"], &tag["id"]));
    let mut device_a = Socket::open(&server.client, endpoint, ring_a["ticket"].as_str().unwrap()).await;
    let mut device_b = Socket::open(&server.client, endpoint, ring_b["ticket"].as_str().unwrap()).await;
    while caller.hear("ringing").await["devices"] != 2 {}
    device_b.say("accept", json!({})).await;
    device_b.hear("accepted").await;
    caller.hear("answered").await;
    assert_eq!(device_a.hear("ended").await["reason"], "answered-elsewhere");

    // The other household heard nothing: the first message after its welcome is the answer to its ping.
    phone_e.say("ping", json!({})).await;
    assert_eq!(phone_e.next().await["type"], "pong");

    let path = format!("/api/v1/tokens/{}/pause", tag["id"].as_str().unwrap());
    assert_eq!(ada.post(&path, &json!({})).await.status, 200);
    assert_eq!(caller.hear("ended").await["reason"], "withdrawn", "what one pauses is paused for all");
}

#[tokio::test]
async fn what_cannot_be_undone_needs_a_fresh_proof() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let id = bob.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned();
    age_sessions(&server);
    assert_eq!(ada.get("/api/v1/account").await.body["confirmedUntil"], Value::Null);
    let mut answers = vec![ada.get("/api/v1/account/export").await, ada.delete("/api/v1/account").await];
    answers.push(bob.post("/api/v1/invites", &json!({ "kind": "household" })).await);
    for action in ["disable", "enable", "administrator", "owner", "reset-password"] {
        answers.push(ada.post(&format!("/api/v1/admin/users/{id}/{action}"), &json!({})).await);
    }
    answers.push(ada.delete(&format!("/api/v1/admin/users/{id}")).await);
    for answer in answers {
        assert_eq!((answer.status, answer.code()), (403, "confirm-first"));
        assert!(answer.body["error"]["hint"].as_str().unwrap().contains("/account/confirm"));
    }
    assert_eq!(bob.get("/api/v1/account").await.status, 200);
    assert_eq!(ada.get("/api/v1/admin/users").await.status, 200, "looking is not changing");

    // A clock that was set back does not make an old proof a fresh one.
    database(&server).execute("UPDATE sessions SET confirmed_at = confirmed_at + 86400000", []).unwrap();
    assert_eq!(ada.get("/api/v1/account/export").await.code(), "confirm-first");
}

/// Every file below a directory, by its name.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let of_entry = |entry: std::fs::DirEntry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files(&entry.path()),
        kind if kind.is_file() => {
            vec![(entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())]
        }
        _ => vec![],
    };
    entries.flat_map(of_entry).collect()
}

/// Every byte string of a table that is long enough to be somebody's.
fn blobs_of(server: &Server, table: &str) -> BTreeSet<Vec<u8>> {
    let database = database(server);
    let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            match row.get_ref(column).unwrap() {
                ValueRef::Blob(bytes) | ValueRef::Text(bytes) if bytes.len() >= 12 => found.insert(bytes.to_vec()),
                _ => false,
            };
        }
    }
    found
}

/// Every byte string of the database that is long enough to be somebody's, but for the audit trail's opaque ids, and the
/// digests of tokens, which are nobody's and stay so that no sticker is ever registered twice.
fn blobs(server: &Server) -> BTreeSet<Vec<u8>> {
    let database = database(server);
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let of_the_trail = blobs_of(server, "audit");
    let lasting = ["audit", "known_tokens"];
    let others = names.iter().filter(|name| !lasting.contains(&name.as_str())).flat_map(|name| blobs_of(server, name));
    others.filter(|bytes| !of_the_trail.contains(bytes)).collect()
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_behind_and_ends_what_is_under_way() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let mine = make_tag(&ada).await;
    // The trail knows an account by its id, and keeps it.
    assert_eq!(ada.get("/api/v1/admin/audit").await.status, 200);
    let before = blobs(&server);
    let bob = invited(&ada, "owner", "bob").await;
    let Belongings { account: id, tag, .. } = furnish(&server, &bob, "bob").await;
    ada.post(&format!("/api/v1/admin/users/{id}/reset-password"), &json!({})).await;
    assert_eq!(ada.get("/api/v1/admin/audit").await.status, 200);
    let bobs: Vec<_> = blobs(&server).difference(&before).cloned().collect();
    assert!(bobs.len() >= 30, "{} byte strings of his were found", bobs.len());
    for table in
        ["sessions", "totp", "backup_codes", "passkeys", "missed_calls", "notes", "vaults", "vault_wraps", "invites"]
    {
        let of_table = blobs_of(&server, table);
        assert!(of_table.iter().any(|bytes| bobs.contains(bytes)), "{table} has something of his");
    }

    let mut presence = phone(&bob).await;
    let (call, mut caller) = call(&server, &tag).await;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let ring = presence.hear("ring").await;
    let mut device = Socket::open(&server.client, endpoint, ring["ticket"].as_str().unwrap()).await;
    device.say("accept", json!({})).await;
    device.hear("accepted").await;

    let copy = server.data_dir().join("callqr.before-v2.db");
    database(&server).execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let gone = bob.delete("/api/v1/account").await;
    assert_eq!(gone.status, 204);
    assert!(!copy.exists(), "a copy from before is still there");
    for (name, content) in files(&server.data_dir()) {
        let stands = |bytes: &&Vec<u8>| content.windows(bytes.len()).any(|window| window == **bytes);
        // The file itself may be written a little later: it is looked at below, once the server has stopped.
        assert!(name == "callqr.db" || bobs.iter().find(stands).is_none(), "{name} has something still");
    }
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(caller.hear("ended").await["reason"], "withdrawn");
    assert_eq!(presence.hear("error").await["code"], "logged-out");
    assert_eq!(bob.get("/api/v1/account").await.code(), "no-session");
    let code = json!({ "token": tag["qrCodeData"] });
    assert_eq!(server.client.post("/api/v1/tokens/validate", &code).await.body["valid"], false);
    let body = json!({ "username": "bob", "password": "correct horse battery" });
    assert_eq!(server.client.post("/api/v1/auth/login", &body).await.code(), "wrong-credentials");
    assert_eq!(ada.get("/api/v1/admin/users").await.body["users"].as_array().unwrap().len(), 1);
    assert_eq!(blobs(&server), before);

    let data = server.data_dir();
    let directory = server.stop().await;
    let files = files(&data);
    let stands = |bytes: &[u8]| files.iter().find(|(_, content)| content.windows(bytes.len()).any(|w| w == bytes));
    assert!(before.iter().filter(|bytes| stands(bytes).is_some()).count() >= 8, "the search finds what is there");
    for bytes in &bobs {
        assert_eq!(stands(bytes).map(|(name, _)| name), None, "{} bytes of his are still there", bytes.len());
    }
    let server = Server::start_in(directory, &[]).await;
    let code = json!({ "token": mine["qrCodeData"] });
    assert_eq!(server.client.post("/api/v1/tokens/validate", &code).await.body["valid"], true);
}

#[tokio::test]
async fn a_household_keeps_its_tags_while_somebody_is_left_in_it() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let carol = invited(&bob, "household", "carol").await;
    let tag = make_tag(&bob).await;
    let code = json!({ "token": tag["qrCodeData"] });
    assert_eq!(bob.delete("/api/v1/account").await.status, 204);
    assert_eq!(server.client.post("/api/v1/tokens/validate", &code).await.body["valid"], true);
    assert_eq!(carol.get("/api/v1/tokens").await.body["tokens"][0]["id"], tag["id"]);
    assert_eq!(carol.delete("/api/v1/account").await.status, 204);
    assert_eq!(server.client.post("/api/v1/tokens/validate", &code).await.body["valid"], false);
}

#[tokio::test]
async fn the_last_administrator_leaves_last() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let refused = ada.delete("/api/v1/account").await;
    assert_eq!((refused.status, refused.code()), (409, "last-administrator"));
    assert_eq!(bob.delete("/api/v1/account").await.status, 204);
    assert_eq!(ada.delete("/api/v1/account").await.status, 204);
    assert_eq!(server.client.get("/api/v1").await.body["registration"], "setup");
    let server = Server::start_in(server.stop().await, &[]).await;
    assert!(server.setup_token.is_some(), "an empty server can be set up again");
    server.owner().await;
}
