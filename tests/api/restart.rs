//! What stays when the appliance is started again.

use serde_json::json;

use crate::support::{Server, Socket, make_tag};

#[tokio::test]
async fn the_authority_accounts_and_stickers_outlive_a_restart() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let authority = server.client.get("/ca.pem").await.text;
    let directory = server.stop().await;

    let server = Server::start_in(directory, &[]).await;
    assert_eq!(server.client.get("/ca.pem").await.text, authority);
    assert_eq!(server.setup_token, None, "there is an account already");
    let body = serde_json::json!({ "token": tag["qrCodeData"] });
    assert_eq!(server.client.post("/api/v1/tokens/validate", &body).await.body["valid"], true);
}

#[tokio::test]
async fn a_new_start_without_an_account_prints_a_new_link_and_ends_the_old() {
    let server = Server::start().await;
    let old = server.setup_token.clone().unwrap();
    let server = Server::start_in(server.stop().await, &[]).await;
    let body = |token: &str| serde_json::json!({ "username": "ada", "password": "correct horse battery", "setupToken": token });
    let refused = server.client.post("/api/v1/auth/register", &body(&old)).await;
    assert_eq!((refused.status, refused.code()), (403, "setup-link"));
    let new = server.setup_token.clone().unwrap();
    assert_eq!(server.client.post("/api/v1/auth/register", &body(&new)).await.status, 201);
}

#[tokio::test]
async fn a_ticket_from_before_is_worth_what_its_tag_and_its_log_in_are_now() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let presence = owner.post("/api/v1/presence/ticket", &json!({})).await.body;
    let mut phone = Socket::open(&server.client, "/api/v1/presence", presence["ticket"].as_str().unwrap()).await;
    let call = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await.body;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let mut caller = Socket::open(&server.client, endpoint, call["ticket"].as_str().unwrap()).await;
    let ring = phone.hear("ring").await;
    let mut device = Socket::open(&server.client, endpoint, ring["ticket"].as_str().unwrap()).await;
    device.say("accept", json!({})).await;
    let of_device = device.hear("accepted").await["ticket"].clone();
    let of_caller = caller.hear("answered").await["ticket"].clone();

    let server = Server::start_in(server.stop().await, &[]).await;
    let again =
        async |ticket: &serde_json::Value| Socket::greet(&server.client, endpoint, ticket.as_str().unwrap()).await;
    again(&of_caller).await.hear("welcome").await;

    let owner = server.client.with_headers_of(&owner);
    assert_eq!(owner.post("/api/v1/auth/logout", &json!({})).await.status, 204);
    assert_eq!(again(&of_device).await.hear("error").await["code"], "no-such-call", "logged out meanwhile");

    let login = json!({ "username": "ada", "password": "correct horse battery" });
    let token = server.client.post("/api/v1/auth/login", &login).await.body["token"].clone();
    let owner = server.client.with_token(token.as_str().unwrap());
    let server = Server::start_in(server.stop().await, &[]).await;
    let owner = server.client.with_headers_of(&owner);
    assert_eq!(owner.delete(&format!("/api/v1/tokens/{}", tag["id"].as_str().unwrap())).await.status, 204);
    let mut late = Socket::greet(&server.client, endpoint, of_caller.as_str().unwrap()).await;
    assert_eq!(late.hear("error").await["code"], "no-such-call", "revoked meanwhile");
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = Server::start().await;
    let root = server.data_dir();
    let mut open = vec![root.clone()];
    let mut files = 0;
    while let Some(path) = open.pop() {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files += 1;
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
        }
    }
    assert!(files >= 4, "database, master secret, authority and leaf");
}
