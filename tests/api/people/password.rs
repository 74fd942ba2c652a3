//! A new password: who may set it, and what it ends.

use serde_json::json;

use crate::support::{Client, Reply, Server, Socket, invited};

const OLD: &str = "correct horse battery";
const NEW: &str = "another horse battery";

async fn log_in(client: &Client, password: &str) -> Reply {
    client.post("/api/v1/auth/login", &json!({ "username": "ada", "password": password })).await
}

async fn change(client: &Client, password: &str) -> Reply {
    client.post("/api/v1/account/password", &json!({ "newPassword": password })).await
}

async fn changes(administrator: &Client) -> usize {
    let events = administrator.get("/api/v1/admin/audit").await.body["events"].clone();
    events.as_array().unwrap().iter().filter(|event| event["event"] == "password-changed").count()
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_gives_this_one_new_secrets() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let token = log_in(&server.client, OLD).await.body["token"].clone();
    let phone = server.client.with_token(token.as_str().unwrap());
    let presence = phone.post("/api/v1/presence/ticket", &json!({})).await.body;
    let mut socket = Socket::open(&server.client, "/api/v1/presence", presence["ticket"].as_str().unwrap()).await;

    let done = change(&owner, NEW).await;
    assert_eq!(done.status, 200, "{}", done.text);
    assert_eq!(socket.closed().await, 4402);
    for ended in [&owner, &phone] {
        assert_eq!(ended.get("/api/v1/account").await.code(), "no-session");
    }
    let renewed = server.client.with_token(done.body["token"].as_str().unwrap());
    let sessions = renewed.get("/api/v1/sessions").await.body["sessions"].clone();
    assert_eq!((sessions.as_array().unwrap().len(), &sessions[0]["current"]), (1, &json!(true)));
    assert_eq!(log_in(&server.client, OLD).await.code(), "wrong-credentials");
    assert_eq!(log_in(&server.client, NEW).await.status, 200);
    assert_eq!(changes(&renewed).await, 1);
}

#[tokio::test]
async fn a_new_password_ends_the_invites_that_a_thief_may_have_made() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let bob = invited(&owner, "household", "bob").await;
    let invite = async |by: &Client| {
        let made = by.post("/api/v1/invites", &json!({ "kind": "household" })).await;
        made.body["url"].as_str().unwrap().split_once("/join#").unwrap().1.to_owned()
    };
    let (of_owner, of_bob) = (invite(&owner).await, invite(&bob).await);
    assert_eq!(change(&owner, NEW).await.status, 200);
    for (token, valid) in [(of_owner, false), (of_bob, true)] {
        let body = json!({ "token": token });
        assert_eq!(server.client.post("/api/v1/invites/validate", &body).await.body["valid"], valid);
    }
}

#[tokio::test]
async fn a_pages_cookie_is_replaced_with_the_password() {
    let server = Server::start().await;
    server.owner().await;
    let page = server.client.with_header("origin", &server.client.origin());
    let body = json!({ "username": "ada", "password": OLD, "cookie": true });
    let cookie = |reply: &Reply| reply.header("set-cookie").split(';').next().unwrap().to_owned();
    let old = cookie(&page.post("/api/v1/auth/login", &body).await);
    assert!(old.starts_with("__Host-callqr="));
    let holder = page.with_header("cookie", &old);
    let done = change(&holder, NEW).await;
    assert_eq!((done.status, &done.body["token"]), (200, &json!(null)), "{}", done.text);
    let new = cookie(&done);
    assert!(new.starts_with("__Host-callqr=") && new != old);
    assert_eq!(holder.get("/api/v1/account").await.code(), "no-session");
    assert_eq!(page.with_header("cookie", &new).get("/api/v1/account").await.status, 200);
}

#[tokio::test]
async fn a_password_is_changed_only_by_its_owner_and_only_into_a_good_one() {
    let server = Server::start().await;
    let owner = server.owner().await;
    assert_eq!(change(&server.client, NEW).await.status, 401);
    for (password, why) in [
        ("too short", "password-too-short"),
        ("password123", "password-too-common"),
        ("1234567890", "password-too-common"),
        ("aaaaaaaaaaaaaaa", "password-too-common"),
    ] {
        let refused = change(&owner, password).await;
        assert_eq!((refused.status, refused.code()), (400, why), "{password}");
        assert!(!refused.text.contains(password));
    }
    let database = rusqlite::Connection::open(server.data_dir().join("callqr.db")).unwrap();
    database.execute("UPDATE sessions SET confirmed_at = confirmed_at - 11 * 60 * 1000", []).unwrap();
    let refused = change(&owner, NEW).await;
    assert_eq!((refused.status, refused.code()), (403, "confirm-first"));

    assert_eq!(changes(&owner).await, 0);
    assert_eq!(owner.get("/api/v1/account").await.status, 200, "a refusal ends nothing");
    assert_eq!(log_in(&server.client, OLD).await.status, 200);
    let proven = owner.post("/api/v1/account/confirm", &json!({ "password": OLD })).await.body;
    let owner = server.client.with_token(proven["token"].as_str().unwrap());
    assert_eq!(change(&owner, NEW).await.status, 200);
}
