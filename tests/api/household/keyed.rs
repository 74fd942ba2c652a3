//! What pages send in the place of passwords, and the vault's key on its way to whoever shares it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callqr::domain::credentials::stretch::AuthSecret;
use serde_json::{Value, json};

use crate::household::vault::{holder, new_vault};
use crate::support::{Client, Server, invited};

const PASSWORD: &str = "correct horse battery";

/// As a page does it.
async fn stretched(client: &Client, username: &str, password: &str) -> String {
    let answer = client.post("/api/v1/auth/salt", &json!({ "username": username })).await.body;
    let salt = URL_SAFE_NO_PAD.decode(answer["salt"].as_str().unwrap()).unwrap().try_into().unwrap();
    URL_SAFE_NO_PAD.encode(AuthSecret::stretch(password, &salt).as_bytes())
}

/// A wrapped key: the server looks at its first two bytes.
fn wrapped(kind: u8, filling: u8) -> String {
    let mut bytes = [filling; 62];
    (bytes[0], bytes[1]) = (1, kind);
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn status(client: &Client, path: &str, body: Value) -> u16 {
    client.post(path, &body).await.status
}

#[tokio::test]
async fn a_page_never_shows_the_password_and_a_program_may() {
    let server = Server::start().await;
    let client = &server.client;
    let secret = stretched(client, "Ada", PASSWORD).await;
    let body = json!({ "username": "ada", "authSecret": secret, "setupToken": server.setup_token });
    let made = client.post("/api/v1/auth/register", &body).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let ada = client.with_token(made.body["token"].as_str().unwrap());

    let log_in = "/api/v1/auth/login";
    assert_eq!(status(client, log_in, json!({ "username": "ada", "authSecret": secret })).await, 200);
    assert_eq!(status(client, log_in, json!({ "username": "ADA", "password": PASSWORD })).await, 200);
    let other = stretched(client, "ada", "another horse battery").await;
    assert_eq!(status(client, log_in, json!({ "username": "ada", "authSecret": other })).await, 401);
    assert_eq!(status(client, log_in, json!({ "username": "ada", "authSecret": "short" })).await, 400);
    assert_eq!(status(client, log_in, json!({ "username": "ada" })).await, 400);
    let both = json!({ "username": "ada", "password": PASSWORD, "authSecret": secret });
    assert_eq!(client.post(log_in, &both).await.code(), "one-password");
    // What the server keeps of one is not the other.
    assert_eq!(status(client, log_in, json!({ "username": "ada", "password": secret })).await, 401);

    assert_eq!(status(&ada, "/api/v1/account/confirm", json!({ "authSecret": other })).await, 403);
    let confirmed = ada.post("/api/v1/account/confirm", &json!({ "authSecret": secret })).await;
    assert_eq!(confirmed.status, 200, "{}", confirmed.text);
    let ada = client.with_token(confirmed.body["token"].as_str().unwrap());
    assert_eq!(ada.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    let mut change = json!({ "newAuthSecret": other, "wrapped": wrapped(1, 7) });
    for (shown, code) in [(json!(URL_SAFE_NO_PAD.encode([9; 32])), "not-a-holder"), (Value::Null, "bad-proof")] {
        change["holder"] = shown;
        let refused = ada.post("/api/v1/account/password", &change).await;
        assert_eq!(refused.code(), code, "a page with an old key must not shut its owner out");
    }
    assert_ne!(ada.get("/api/v1/vault").await.body["wraps"][0]["wrapped"], wrapped(1, 7));
    change["holder"] = holder();
    let changed = ada.post("/api/v1/account/password", &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
    let ada = client.with_token(changed.body["token"].as_str().unwrap());
    assert_eq!(ada.get("/api/v1/vault").await.body["wraps"][0]["wrapped"], wrapped(1, 7), "set together");
    assert_eq!(status(client, log_in, json!({ "username": "ada", "authSecret": secret })).await, 401);
    assert_eq!(status(client, log_in, json!({ "username": "ada", "password": "another horse battery" })).await, 200);
}

#[tokio::test]
async fn an_invite_brings_the_vaults_key_to_one_guest() {
    let server = Server::start().await;
    let (ada, guest) = (server.owner().await, &server.client);
    let token = URL_SAFE_NO_PAD.encode([5; 32]);
    assert_eq!(ada.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    let invite = json!({ "token": token, "wrapped": wrapped(4, 9), "holder": holder() });
    let mut old = invite.clone();
    old["holder"] = json!(URL_SAFE_NO_PAD.encode([9; 32]));
    assert_eq!(ada.post("/api/v1/invites/register", &old).await.code(), "not-a-holder");
    let made = ada.post("/api/v1/invites/register", &invite).await;
    assert_eq!((made.status, made.body["kind"].as_str()), (201, Some("household")), "{}", made.text);
    assert!(made.body["urlBase"].as_str().unwrap().ends_with("/join"));
    assert!(!made.text.contains(&token));
    for (field, wrong) in [("token", json!("AQ")), ("wrapped", json!(wrapped(1, 9))), ("holder", json!("AQ"))] {
        let mut body = invite.clone();
        body["token"] = json!(URL_SAFE_NO_PAD.encode([6; 32]));
        body[field] = wrong;
        assert_eq!(status(&ada, "/api/v1/invites/register", body).await, 400, "{field}");
    }

    let asked = guest.post("/api/v1/invites/validate", &json!({ "token": token })).await.body;
    assert_eq!((&asked["wrapped"], &asked["kind"]), (&json!(wrapped(4, 9)), &json!("household")));
    assert_eq!(asked["household"], ada.get("/api/v1/vault").await.body["household"]);
    let secret = stretched(guest, "bob", PASSWORD).await;
    let body = json!({ "username": "bob", "authSecret": secret, "inviteToken": token, "wrapped": wrapped(1, 3) });
    let joined = guest.post("/api/v1/auth/register", &body).await;
    assert_eq!(joined.status, 201, "{}", joined.text);
    let bob = guest.with_token(joined.body["token"].as_str().unwrap());
    assert_eq!(bob.get("/api/v1/vault").await.body["wraps"][0]["wrapped"], wrapped(1, 3));
    let again = guest.post("/api/v1/invites/validate", &json!({ "token": token })).await.body;
    assert_eq!(again, json!({ "valid": false, "kind": null }), "the key is gone with the invite");

    let alone = ada.post("/api/v1/invites", &json!({ "kind": "owner" })).await.body;
    let token = alone["url"].as_str().unwrap().split_once("/join#").unwrap().1;
    let asked = guest.post("/api/v1/invites/validate", &json!({ "token": token })).await.body;
    assert_eq!(asked, json!({ "valid": true, "kind": "owner" }));
    let secret = stretched(guest, "eve", PASSWORD).await;
    let body = json!({ "username": "eve", "authSecret": secret, "inviteToken": token, "wrapped": wrapped(1, 3) });
    assert_eq!(guest.post("/api/v1/auth/register", &body).await.code(), "bad-way-in");
}

#[tokio::test]
async fn what_callers_read_comes_to_them_as_it_was_sealed() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let vectors: Value = serde_json::from_str(include_str!("../../fixtures/e2e.json")).unwrap();
    let mut sealed = vec![9; 285];
    sealed[0] = 1;
    let text = URL_SAFE_NO_PAD.encode(&sealed);
    let mut body = json!({
        "access": vectors["sticker"]["access"], "identity": vectors["identity"]["identity"], "sealedText": text,
    });
    let made = owner.post("/api/v1/tokens/register", &body).await;
    assert_eq!((made.status, &made.body["publicText"]), (201, &json!("")), "{}", made.text);
    let asked = json!({ "token": vectors["sticker"]["access"] });
    let known = server.client.post("/api/v1/tokens/validate", &asked).await.body;
    assert_eq!((&known["sealedText"], &known["publicText"]), (&json!(text), &json!("")));
    for length in [0, 284, 286, 540, 542] {
        body["access"] = vectors["sticker"]["token"].clone();
        sealed.resize(length, 9);
        body["sealedText"] = json!(URL_SAFE_NO_PAD.encode(&sealed));
        assert_eq!(owner.post("/api/v1/tokens/register", &body).await.code(), "bad-sealed-text", "{length}");
    }
}

#[tokio::test]
async fn who_holds_a_reset_link_sets_a_password_that_the_server_never_sees() {
    let server = Server::start().await;
    let (ada, guest) = (server.owner().await, &server.client);
    let bob = invited(&ada, "household", "bob").await.get("/api/v1/account").await.body;
    let path = format!("/api/v1/admin/users/{}/reset-password", bob["id"].as_str().unwrap());
    let link = ada.post(&path, &json!({})).await.body;
    let token = link["url"].as_str().unwrap().split_once("/reset#").unwrap().1;

    let salt = async |whose: Value| guest.post("/api/v1/auth/salt", &whose).await;
    let by_link = salt(json!({ "resetToken": token })).await;
    assert_eq!(by_link.status, 200, "{}", by_link.text);
    assert_eq!(by_link.body, salt(json!({ "username": "bob" })).await.body);
    assert_eq!(salt(json!({ "resetToken": "made up" })).await.code(), "reset-link");
    for wrong in [json!({}), json!({ "username": "bob", "resetToken": token })] {
        assert_eq!(salt(wrong).await.status, 400);
    }

    let secret = stretched(guest, "bob", "another horse battery").await;
    let body = json!({ "token": token, "newAuthSecret": secret });
    assert_eq!(status(guest, "/api/v1/auth/reset", body).await, 200);
    let body = json!({ "username": "bob", "password": "another horse battery" });
    assert_eq!(status(guest, "/api/v1/auth/login", body).await, 200);
    assert_eq!(salt(json!({ "resetToken": token })).await.code(), "reset-link", "it is used up");
}

#[tokio::test]
async fn reset_links_cannot_be_tried_out_by_asking_for_their_salt() {
    let server = Server::start_with(&[("limits.validate", "2 per 1h")]).await;
    let salt = async |whose: Value| server.client.post("/api/v1/auth/salt", &whose).await;
    for expected in [403, 403, 429] {
        assert_eq!(salt(json!({ "resetToken": "made up" })).await.status, expected);
    }
    assert_eq!(salt(json!({ "username": "ada" })).await.status, 200, "it costs no look into the database");
}
