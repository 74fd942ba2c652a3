//! Passkeys over HTTP, with an authenticator of our own that was written from the standard.

use serde_json::{Value, json};

use crate::support::{Authenticator, Client, Server};

const PASSWORD: &str = "correct horse battery";

async fn make(owner: &Client, device: &mut Authenticator, name: &str) -> Value {
    let begun = owner.post("/api/v1/account/passkeys", &json!({ "name": name })).await;
    assert_eq!(begun.status, 200, "{:?}", begun.body);
    assert_eq!(begun.body["publicKey"]["rp"]["id"], "localhost");
    let body = json!({ "ticket": begun.body["ticket"], "credential": device.create(&begun.body["publicKey"]) });
    let made = owner.post("/api/v1/account/passkeys/finish", &body).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.body
}

#[tokio::test]
async fn a_passkey_is_made_used_beside_the_password_and_in_its_place_and_removed() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let mut device = Authenticator::new(&server.client.origin());
    let made = make(&owner, &mut device, "Ada's phone").await;
    assert_eq!((&made["name"], made["backupCodes"].as_array().unwrap().len()), (&json!("Ada's phone"), 10));
    let listed = owner.get("/api/v1/account").await.body["secondFactor"].clone();
    assert_eq!((&listed["passkeys"][0]["id"], &listed["passkeys"][0]["lastUsedAt"]), (&made["id"], &Value::Null));

    let login = json!({ "username": "ada", "password": PASSWORD });
    let step = server.client.post("/api/v1/auth/login", &login).await.body["secondFactor"].clone();
    assert_eq!(step["methods"], json!(["passkey", "backup-code"]));
    let asked = server.client.post("/api/v1/auth/second-factor/passkey", &json!({ "ticket": step["ticket"] })).await;
    assert_eq!(asked.body["publicKey"]["allowCredentials"].as_array().unwrap().len(), 1, "{:?}", asked.body);
    let body = json!({ "ticket": step["ticket"], "passkey": device.get(&asked.body["publicKey"]) });
    let done = server.client.post("/api/v1/auth/second-factor", &body).await;
    assert_eq!(done.status, 200, "{:?}", done.body);

    let page = server.client.with_header("origin", &server.client.origin());
    let asked = page.post("/api/v1/auth/passkey", &json!({})).await;
    assert_eq!(asked.status, 200, "{:?}", asked.body);
    let credential = device.get(&asked.body["publicKey"]);
    let body = json!({ "ticket": asked.body["ticket"], "credential": credential, "cookie": true });
    let done = page.post("/api/v1/auth/passkey/finish", &body).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    assert!(done.header("set-cookie").starts_with("__Host-callqr="));
    let again = page.post("/api/v1/auth/passkey/finish", &body).await;
    assert_eq!((again.status, again.code()), (401, "ticket-expired"));

    let id = made["id"].as_str().unwrap();
    assert_eq!(owner.delete(&format!("/api/v1/account/passkeys/{id}")).await.status, 204);
    assert_eq!(owner.delete(&format!("/api/v1/account/passkeys/{id}")).await.code(), "no-such-passkey");
    let asked = page.post("/api/v1/auth/passkey", &json!({})).await;
    let body = json!({ "ticket": asked.body["ticket"], "credential": device.get(&asked.body["publicKey"]) });
    let gone = page.post("/api/v1/auth/passkey/finish", &body).await;
    assert_eq!((gone.status, gone.code()), (401, "wrong-passkey"));
}

#[tokio::test]
async fn a_copied_passkey_is_noticed() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let mut device = Authenticator::new(&server.client.origin());
    make(&owner, &mut device, "phone").await;
    let mut copy = device.copy();
    for (device, status) in [(&mut device, 200), (&mut copy, 401)] {
        let asked = server.client.post("/api/v1/auth/passkey", &json!({})).await;
        let body = json!({ "ticket": asked.body["ticket"], "credential": device.get(&asked.body["publicKey"]) });
        assert_eq!(server.client.post("/api/v1/auth/passkey/finish", &body).await.status, status);
    }
}

#[tokio::test]
async fn by_an_ip_address_one_is_told_before_anything_is_tried() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let by_number = |client: &Client| client.with_header("host", &format!("127.0.0.1:{}", server.port));
    for reply in [
        by_number(&server.client).post("/api/v1/auth/passkey", &json!({})).await,
        by_number(&owner).post("/api/v1/account/passkeys", &json!({ "name": "phone" })).await,
    ] {
        assert_eq!((reply.status, reply.code()), (400, "passkeys-need-a-name"));
        assert!(!reply.body["error"]["hint"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_port_that_another_program_may_have_is_refused() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let elsewhere =
        |client: &Client| client.with_header("host", "localhost:9999").with_header("origin", "https://localhost:9999");
    for reply in [
        elsewhere(&server.client).post("/api/v1/auth/passkey", &json!({})).await,
        elsewhere(&owner).post("/api/v1/account/passkeys", &json!({ "name": "phone" })).await,
    ] {
        assert_eq!((reply.status, reply.code()), (400, "passkeys-need-public-url"), "{}", reply.text);
    }
}

#[tokio::test]
async fn the_public_name_counts_behind_a_proxy_that_changes_the_host() {
    let server = Server::start_with(&[("public_url", "https://call.example.org")]).await;
    let page = server.client.with_header("host", "127.0.0.1:8443").with_header("origin", "https://call.example.org");
    let asked = page.post("/api/v1/auth/passkey", &json!({})).await;
    assert_eq!(asked.body["publicKey"]["rpId"], "call.example.org");
    let local = server.client.with_header("origin", &server.client.origin());
    let asked = local.post("/api/v1/auth/passkey", &json!({})).await;
    assert_eq!(asked.body["publicKey"]["rpId"], "localhost", "a page that was opened by another name of ours");
}

#[tokio::test]
async fn a_passkey_confirms_who_is_asking() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let mut device = Authenticator::new(&server.client.origin());
    make(&owner, &mut device, "phone").await;
    let asked = owner.post("/api/v1/auth/passkey", &json!({})).await;
    let credential = device.get(&asked.body["publicKey"]);
    let unasked = owner.post("/api/v1/account/confirm", &json!({ "passkey": credential })).await;
    assert_eq!((unasked.status, unasked.code()), (400, "no-ticket"));
    let body = json!({ "passkey": credential, "ticket": asked.body["ticket"] });
    let done = owner.post("/api/v1/account/confirm", &body).await;
    assert_eq!(done.status, 200, "{:?}", done.body);

    let owner = server.client.with_token(done.body["token"].as_str().unwrap());
    let asked = owner.post("/api/v1/account/confirm", &json!({ "password": PASSWORD })).await;
    let ticket = &asked.body["secondFactor"]["ticket"];
    let told = owner.post("/api/v1/auth/second-factor/passkey", &json!({ "ticket": ticket })).await;
    let body = json!({ "ticket": ticket, "passkey": device.get(&told.body["publicKey"]) });
    let done = owner.post("/api/v1/account/confirm/second-factor", &body).await;
    assert_eq!(done.status, 200, "beside the password, too: {:?}", done.body);
}
