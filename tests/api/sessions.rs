//! Where an account is logged in, ending it, and proving again who is asking.

use serde_json::json;

use crate::support::{Client, Server, Socket};

const PASSWORD: &str = "correct horse battery";

async fn log_in(client: &Client) -> Client {
    let reply = client.post("/api/v1/auth/login", &json!({ "username": "ada", "password": PASSWORD })).await;
    client.with_token(reply.body["token"].as_str().unwrap())
}

#[tokio::test]
async fn sessions_are_listed_with_their_devices() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let phone = server.client.with_header("user-agent", "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Firefox/153.0");
    log_in(&phone).await;
    let listed = owner.get("/api/v1/sessions").await.body["sessions"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2);
    let device = |current: bool| {
        let session = listed.iter().find(|session| session["current"] == current).unwrap();
        assert!(session["createdAt"].is_string() && session["lastUsedAt"].is_string());
        session["device"].as_str().unwrap().to_owned()
    };
    assert_eq!((device(true).as_str(), device(false).as_str()), ("Unknown device", "Firefox on Android"));
}

#[tokio::test]
async fn ending_a_session_ends_what_its_device_has_open_at_once() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let phone = log_in(&server.client).await;
    let presence = phone.post("/api/v1/presence/ticket", &json!({})).await.body;
    let mut socket = Socket::open(&server.client, "/api/v1/presence", presence["ticket"].as_str().unwrap()).await;
    let listed = owner.get("/api/v1/sessions").await.body["sessions"].as_array().unwrap().clone();
    let other = listed.iter().find(|session| session["current"] == false).unwrap()["id"].as_str().unwrap().to_owned();

    assert_eq!(owner.delete(&format!("/api/v1/sessions/{other}")).await.status, 204);
    assert_eq!(socket.closed().await, 4402);
    assert_eq!(phone.get("/api/v1/account").await.code(), "no-session");
    for gone in [other.as_str(), "login_made-up", "%20"] {
        let reply = owner.delete(&format!("/api/v1/sessions/{gone}")).await;
        assert_eq!((reply.status, reply.code()), (404, "no-such-session"), "{gone}");
    }
    let (tablet, laptop) = (log_in(&server.client).await, log_in(&server.client).await);
    assert_eq!(owner.delete("/api/v1/sessions").await.status, 204);
    for ended in [tablet, laptop] {
        assert_eq!(ended.get("/api/v1/account").await.status, 401);
    }
    assert_eq!(owner.get("/api/v1/sessions").await.body["sessions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_confirmation_gives_new_secrets_and_the_old_ones_are_worthless() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let wrong = owner.post("/api/v1/account/confirm", &json!({ "password": "wrong horse battery" })).await;
    assert_eq!((wrong.status, wrong.code()), (403, "wrong-password"), "the asker is still logged in");
    let none = owner.post("/api/v1/account/confirm", &json!({})).await;
    assert_eq!((none.status, none.code()), (400, "one-proof"));
    let done = owner.post("/api/v1/account/confirm", &json!({ "password": PASSWORD })).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    assert_eq!(owner.get("/api/v1/account").await.status, 401);
    let renewed = server.client.with_token(done.body["token"].as_str().unwrap());
    assert!(renewed.get("/api/v1/account").await.body["confirmedUntil"].is_string());
}

#[tokio::test]
async fn a_page_is_given_a_new_cookie_by_its_confirmation() {
    let server = Server::start().await;
    server.owner().await;
    let page = server.client.with_header("origin", &server.client.origin());
    let body = json!({ "username": "ada", "password": PASSWORD, "cookie": true });
    let cookie =
        page.post("/api/v1/auth/login", &body).await.header("set-cookie").split(';').next().unwrap().to_owned();
    let holder = page.with_header("cookie", &cookie);
    let done = holder.post("/api/v1/account/confirm", &json!({ "password": PASSWORD })).await;
    assert_eq!((done.status, done.body["token"].as_str()), (200, None), "{:?}", done.body);
    let renewed = done.header("set-cookie").split(';').next().unwrap().to_owned();
    assert_ne!(cookie, renewed);
    assert_eq!(holder.get("/api/v1/account").await.status, 401);
    assert_eq!(page.with_header("cookie", &renewed).get("/api/v1/account").await.status, 200);
}

#[tokio::test]
async fn a_device_that_was_there_before_is_not_counted_with_strangers() {
    let server = Server::start_with(&[("limits.login", "3 per 1h")]).await;
    server.owner().await;
    let login = json!({ "username": "ada", "password": PASSWORD });
    let device_token = server.client.post("/api/v1/auth/login", &login).await.body["deviceToken"].clone();
    let guess = json!({ "username": "ada", "password": "wrong horse battery" });
    while server.client.post("/api/v1/auth/login", &guess).await.status == 401 {}
    assert_eq!(server.client.post("/api/v1/auth/login", &login).await.status, 429);
    let known = json!({ "username": "ada", "password": PASSWORD, "deviceToken": device_token });
    assert_eq!(server.client.post("/api/v1/auth/login", &known).await.status, 200);
    let cookie = format!("__Host-callqr-device={}", device_token.as_str().unwrap());
    assert_eq!(server.client.with_header("cookie", &cookie).post("/api/v1/auth/login", &login).await.status, 200);
}

#[tokio::test]
async fn sessions_last_as_long_as_the_operator_says() {
    let server = Server::start_with(&[("sessions.lifetime", "2h"), ("sessions.idle", "1h")]).await;
    let body = json!({ "username": "ada", "password": PASSWORD, "setupToken": server.setup_token, "cookie": true });
    let page = server.client.with_header("origin", &server.client.origin());
    let reply = page.post("/api/v1/auth/register", &body).await;
    let cookie = reply.header("set-cookie");
    let age = cookie.split("; ").find_map(|part| part.strip_prefix("Max-Age=")).unwrap().parse::<u64>().unwrap();
    assert!((7100..=7200).contains(&age), "{cookie}");
}
