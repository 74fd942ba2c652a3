//! Where an account is logged in, ending it, and proving again who is asking.

use serde_json::json;

use crate::support::{Client, Reply, Server, Socket, make_tag, totp};

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

/// A presence connection, and a ticket for another one that nobody has used.
async fn present(client: &Client) -> (Socket, String) {
    let ticket = async || {
        let reply = client.post("/api/v1/presence/ticket", &json!({})).await;
        reply.body["ticket"].as_str().unwrap().to_owned()
    };
    let socket = Socket::open(client, "/api/v1/presence", &ticket().await).await;
    (socket, ticket().await)
}

async fn confirm(client: &Client) -> Client {
    let done = client.post("/api/v1/account/confirm", &json!({ "password": PASSWORD })).await;
    client.as_nobody().with_token(done.body["token"].as_str().unwrap())
}

#[tokio::test]
async fn new_secrets_close_what_was_opened_by_the_old_ones() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let (mut socket, kept) = present(&owner).await;
    let renewed = confirm(&owner).await;
    assert_eq!(socket.closed().await, 4403);
    assert_eq!(Socket::greet(&server.client, "/api/v1/presence", &kept).await.closed().await, 4403);
    assert_eq!(owner.post("/api/v1/presence/ticket", &json!({})).await.code(), "no-session");
    let (mut socket, kept) = present(&renewed).await;
    let body = json!({ "newPassword": "another horse battery" });
    let changed = renewed.post("/api/v1/account/password", &body).await;
    assert_eq!((changed.status, socket.closed().await), (200, 4403));
    assert_eq!(Socket::greet(&server.client, "/api/v1/presence", &kept).await.closed().await, 4403);
}

#[tokio::test]
async fn a_call_goes_on_for_who_has_the_new_secrets() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let (mut presence, _) = present(&owner).await;
    let body = json!({ "scannedToken": tag["qrCodeData"] });
    let placed = server.client.post("/api/v1/calls/initiate", &body).await.body;
    let path = placed["signalingEndpoint"].as_str().unwrap().to_owned();
    let mut caller = Socket::open(&server.client, &path, placed["ticket"].as_str().unwrap()).await;
    let ring = presence.hear("ring").await;
    let mut device = Socket::open(&server.client, &path, ring["ticket"].as_str().unwrap()).await;
    device.say("accept", json!({})).await;
    let copied = device.hear("accepted").await["ticket"].as_str().unwrap().to_owned();

    let renewed = confirm(&owner).await;
    assert_eq!(device.closed().await, 4403);
    assert_eq!(Socket::greet(&server.client, &path, &copied).await.closed().await, 4403);
    let ticket_path = format!("{path}/ticket");
    assert_eq!(owner.post(&ticket_path, &json!({})).await.code(), "no-session");
    let ticket = renewed.post(&ticket_path, &json!({})).await.body["ticket"].as_str().unwrap().to_owned();
    assert_eq!(caller.hear("peer").await["connected"], false);
    let mut device = Socket::open(&server.client, &path, &ticket).await;
    assert_eq!(caller.hear("peer").await["connected"], true);
    let other = log_in(&server.client).await;
    let (status, code) = {
        let reply = other.post(&ticket_path, &json!({})).await;
        (reply.status, reply.code().to_owned())
    };
    assert_eq!((status, code.as_str()), (404, "no-such-call"), "another device of the same account");
    caller.say("hangup", json!({})).await;
    assert_eq!(device.closed().await, 1000);
    assert_eq!(renewed.post(&ticket_path, &json!({})).await.status, 404);
}

#[tokio::test]
async fn a_ticket_of_a_call_from_before_new_secrets_and_a_restart_is_worthless() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let (mut presence, _) = present(&owner).await;
    let body = json!({ "scannedToken": tag["qrCodeData"] });
    let placed = server.client.post("/api/v1/calls/initiate", &body).await.body;
    let path = placed["signalingEndpoint"].as_str().unwrap().to_owned();
    let mut caller = Socket::open(&server.client, &path, placed["ticket"].as_str().unwrap()).await;
    let ring = presence.hear("ring").await;
    let mut device = Socket::open(&server.client, &path, ring["ticket"].as_str().unwrap()).await;
    device.say("accept", json!({})).await;
    let copied = device.hear("accepted").await["ticket"].as_str().unwrap().to_owned();
    let caller_ticket = caller.hear("answered").await["ticket"].as_str().unwrap().to_owned();
    let renewed = confirm(&owner).await;
    let fresh = renewed.post(&format!("{path}/ticket"), &json!({})).await.body["ticket"].as_str().unwrap().to_owned();

    let server = Server::start_in(server.stop().await, &[]).await;
    let _caller = Socket::open(&server.client, &path, &caller_ticket).await;
    assert_eq!(Socket::greet(&server.client, &path, &copied).await.closed().await, 4404);
    let _device = Socket::open(&server.client, &path, &fresh).await;
}

#[tokio::test]
async fn whatever_ends_a_session_ends_its_sockets_and_tickets_at_once() {
    let server = Server::start().await;
    let administrator = server.owner().await;
    let invite = administrator.post("/api/v1/invites", &json!({ "kind": "owner" })).await.body;
    let token = invite["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let account = json!({ "username": "bob", "password": PASSWORD, "inviteToken": token });
    let made = server.client.post("/api/v1/auth/register", &account).await;
    let bob = server.client.with_token(made.body["token"].as_str().unwrap());
    let id = bob.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned();
    let enter = async || {
        let reply = server.client.post("/api/v1/auth/login", &json!({ "username": "bob", "password": PASSWORD })).await;
        server.client.with_token(reply.body["token"].as_str().unwrap())
    };
    let ends = async |phone: &Client, how: &str, reply: Reply, (mut socket, kept): (Socket, String)| {
        assert!(reply.status < 300, "{how}: {:?}", reply.body);
        assert_eq!(socket.closed().await, 4402, "{how}");
        assert_eq!(Socket::greet(&server.client, "/api/v1/presence", &kept).await.closed().await, 4403, "{how}");
        assert_eq!(phone.get("/api/v1/account").await.status, 401, "{how}");
    };

    let phone = enter().await;
    let open = present(&phone).await;
    ends(&phone, "logging out", phone.post("/api/v1/auth/logout", &json!({})).await, open).await;
    let phone = enter().await;
    let open = present(&phone).await;
    ends(&phone, "ending all others", bob.delete("/api/v1/sessions").await, open).await;
    let phone = enter().await;
    let open = present(&phone).await;
    let body = json!({ "newPassword": PASSWORD });
    let changed = bob.post("/api/v1/account/password", &body).await;
    let bob = server.client.with_token(changed.body["token"].as_str().unwrap());
    ends(&phone, "a new password", changed, open).await;
    let phone = enter().await;
    let open = present(&phone).await;
    let secret = bob.post("/api/v1/account/totp", &json!({})).await.body["secret"].as_str().unwrap().to_owned();
    let added = bob.post("/api/v1/account/totp/confirm", &json!({ "code": totp::code(&secret, 0) })).await;
    let codes = added.body["backupCodes"].clone();
    ends(&phone, "a first second factor", added, open).await;
    let step = server.client.post("/api/v1/auth/login", &json!({ "username": "bob", "password": PASSWORD })).await.body;
    let body = json!({ "ticket": step["secondFactor"]["ticket"], "backupCode": codes[0] });
    let done = server.client.post("/api/v1/auth/second-factor", &body).await;
    let phone = server.client.with_token(done.body["token"].as_str().unwrap());
    let open = present(&phone).await;
    ends(&phone, "removing it", bob.delete("/api/v1/account/totp").await, open).await;
    let open = present(&bob).await;
    let secret = bob.post("/api/v1/account/totp", &json!({})).await.body["secret"].as_str().unwrap().to_owned();
    bob.post("/api/v1/account/totp/confirm", &json!({ "code": totp::code(&secret, 0) })).await;
    let by = async |what: &str| administrator.post(&format!("/api/v1/admin/users/{id}/{what}"), &json!({})).await;
    ends(&bob, "an administrator who removes it", by("reset-mfa").await, open).await;
    let phone = enter().await;
    let open = present(&phone).await;
    let link = by("reset-password").await.body["url"].as_str().unwrap().split_once('#').unwrap().1.to_owned();
    let reset = server.client.post("/api/v1/auth/reset", &json!({ "token": link, "newPassword": PASSWORD })).await;
    ends(&phone, "a link for a new password", reset, open).await;
    let phone = enter().await;
    let open = present(&phone).await;
    ends(&phone, "disabling the account", by("disable").await, open).await;
    by("enable").await;
    let phone = enter().await;
    let open = present(&phone).await;
    ends(&phone, "deleting it", phone.delete("/api/v1/account").await, open).await;
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
