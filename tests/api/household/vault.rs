//! The household's vault: kept and handed out as it was sealed, replaced in order.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hyper::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Authenticator, Client, Reply, Server, invited};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../fixtures/e2e.json")).unwrap()
}

/// The vault of the vectors, as if it were another revision.
fn sealed(revision: u8) -> Vec<u8> {
    let mut blob = URL_SAFE_NO_PAD.decode(vectors()["vault"]["blob"].as_str().unwrap()).unwrap();
    blob[8] = revision;
    blob
}

/// What follows from the key of this vault.
pub fn holder() -> Value {
    vectors()["vault"]["holder"].clone()
}

/// What a browser makes in the beginning, or anew.
pub fn new_vault(revision: u8) -> Value {
    let wrapped = vectors()["wraps"]["password"]["wrapped"].clone();
    let blob = URL_SAFE_NO_PAD.encode(sealed(revision));
    json!({ "blob": blob, "holder": holder(), "way": "password", "wrapped": wrapped })
}

async fn put_vault(client: &Client, blob: Vec<u8>) -> Reply {
    put_vault_as(client, URL_SAFE_NO_PAD.decode(holder().as_str().unwrap()).unwrap(), blob).await
}

async fn put_vault_as(client: &Client, holder: Vec<u8>, blob: Vec<u8>) -> Reply {
    let client = client.with_header("content-type", "application/octet-stream");
    client.send_bytes(Method::PUT, "/api/v1/vault", [holder, blob].concat()).await
}

async fn put(client: &Client, path: &str, body: &Value) -> Reply {
    client.with_header("content-type", "application/json").send(Method::PUT, path, body.to_string()).await
}

#[tokio::test]
async fn a_vault_is_replaced_in_order_and_the_slower_device_is_told() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let empty = owner.get("/api/v1/vault").await;
    assert_eq!(empty.status, 200);
    assert_eq!((&empty.body["blob"], &empty.body["wraps"]), (&Value::Null, &json!([])));
    assert!(empty.body["household"].as_str().unwrap().starts_with("house_"));
    assert_eq!(empty.body["account"], owner.get("/api/v1/account").await.body["id"]);

    assert_eq!(put_vault(&owner, sealed(1)).await.code(), "not-a-holder", "there is none to hold the key of");
    assert_eq!(owner.post("/api/v1/vault", &new_vault(2)).await.code(), "bad-vault");
    assert_eq!(owner.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    assert_eq!(owner.get("/api/v1/vault").await.body["wraps"].as_array().unwrap().len(), 1);
    assert_eq!(owner.post("/api/v1/vault", &new_vault(1)).await.code(), "vault-changed");
    assert_eq!(put_vault(&owner, sealed(3)).await.code(), "vault-changed");
    assert_eq!(put_vault(&owner, sealed(2)).await.status, 204);
    assert_eq!(put_vault(&owner, sealed(2)).await.status, 409);
    assert_eq!(owner.get("/api/v1/vault").await.body["blob"], URL_SAFE_NO_PAD.encode(sealed(2)));

    assert_eq!(put_vault(&owner, vec![1; 100]).await.body["error"]["code"], "bad-vault");
    assert_eq!(put_vault(&owner, vec![1; 600_000]).await.status, 413);
    assert_eq!(server.client.get("/api/v1/vault").await.status, 401);
    assert_eq!(put_vault(&server.client, sealed(3)).await.status, 401);
}

#[tokio::test]
async fn an_account_has_its_ways_in() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let wraps = &vectors()["wraps"];
    let wrap = |way: &str| wraps[way]["wrapped"].clone();
    let passkey = URL_SAFE_NO_PAD.encode([7; 32]);

    assert_eq!(owner.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    for way in ["password", "recovery"] {
        let body = json!({ "holder": holder(), "wrapped": wrap(way) });
        let added = put(&owner, &format!("/api/v1/vault/ways/{way}"), &body).await;
        assert_eq!(added.status, 204, "{}", added.body);
    }
    let body = json!({ "holder": holder(), "wrapped": wrap("passkey"), "credential": passkey });
    for _ in 0..2 {
        assert_eq!(put(&owner, "/api/v1/vault/ways/passkey", &body).await.status, 204);
    }
    let ways = owner.get("/api/v1/vault").await.body["wraps"].clone();
    assert_eq!(
        ways,
        json!([
            { "way": "password", "credential": null, "wrapped": wrap("password") },
            { "way": "recovery", "credential": null, "wrapped": wrap("recovery") },
            { "way": "passkey", "credential": passkey, "wrapped": wrap("passkey") },
        ])
    );

    for (way, body, status, code) in [
        ("password", json!({ "wrapped": wrap("recovery") }), 400, "bad-wrap"),
        ("password", json!({ "wrapped": "AQ" }), 400, "bad-wrap"),
        ("password", json!({ "wrapped": wrap("password"), "credential": passkey }), 400, "bad-way-in"),
        ("passkey", json!({ "wrapped": wrap("passkey") }), 400, "bad-way-in"),
        ("passkey", json!({ "wrapped": wrap("passkey"), "credential": "AQ" }), 400, "bad-way-in"),
        ("invite", json!({ "wrapped": wrap("invite") }), 404, "not-found"),
    ] {
        let mut body = body;
        body["holder"] = holder();
        let refused = put(&owner, &format!("/api/v1/vault/ways/{way}"), &body).await;
        assert_eq!((refused.status, refused.body["error"]["code"].as_str()), (status, Some(code)), "{way} {body}");
    }
}

#[tokio::test]
async fn a_login_without_the_vaults_key_changes_nothing() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let wrapped = vectors()["wraps"]["recovery"]["wrapped"].clone();
    let let_in = async |holder: Value| {
        put(&owner, "/api/v1/vault/ways/recovery", &json!({ "holder": holder, "wrapped": wrapped })).await
    };
    assert_eq!(let_in(holder()).await.code(), "not-a-holder", "there is no vault");
    assert_eq!(owner.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    let before = owner.get("/api/v1/vault").await.body;
    for wrong in [vec![0; 32], vec![0xFF; 32]] {
        assert_eq!(put_vault_as(&owner, wrong.clone(), sealed(2)).await.code(), "not-a-holder");
        assert_eq!(let_in(json!(URL_SAFE_NO_PAD.encode(wrong))).await.code(), "not-a-holder");
    }
    assert_eq!(put_vault_as(&owner, vec![0; 7], Vec::new()).await.code(), "bad-proof");
    assert_eq!(let_in(json!("AQ")).await.code(), "bad-proof");
    assert_eq!(owner.get("/api/v1/vault").await.body, before);
}

#[tokio::test]
async fn a_vault_is_made_anew_by_a_households_only_member_with_a_fresh_proof() {
    let server = Server::start().await;
    let owner = server.owner().await;
    assert_eq!(owner.post("/api/v1/vault/anew", &new_vault(1)).await.code(), "vault-changed", "there is none");
    assert_eq!(owner.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    let recovery = json!({ "holder": holder(), "wrapped": vectors()["wraps"]["recovery"]["wrapped"] });
    assert_eq!(put(&owner, "/api/v1/vault/ways/recovery", &recovery).await.status, 204);

    let mut anew = new_vault(2);
    let other = vec![9; 32];
    anew["holder"] = json!(URL_SAFE_NO_PAD.encode(&other));
    let wrong_order = owner.post("/api/v1/vault/anew", &new_vault(3)).await;
    assert_eq!(wrong_order.code(), "vault-changed");
    let log_in = json!({ "username": "ada", "password": "correct horse battery" });
    let token = server.client.post("/api/v1/auth/login", &log_in).await.body["token"].clone();
    let elsewhere = server.client.with_token(token.as_str().unwrap());
    assert_eq!(owner.post("/api/v1/vault/anew", &anew).await.status, 204);
    assert_eq!(elsewhere.get("/api/v1/vault").await.status, 401, "a device that may be stolen is logged out");
    let vault = owner.get("/api/v1/vault").await.body;
    assert_eq!(vault["blob"], URL_SAFE_NO_PAD.encode(sealed(2)));
    assert_eq!(vault["wraps"].as_array().unwrap().len(), 1, "the paper opens nothing any more");
    assert_eq!(put_vault(&owner, sealed(3)).await.code(), "not-a-holder", "nor does the old key");
    assert_eq!(put_vault_as(&owner, other, sealed(3)).await.status, 204);

    let _bob = invited(&owner, "household", "bob").await;
    assert_eq!(owner.post("/api/v1/vault/anew", &new_vault(4)).await.code(), "shared-household");
}

#[tokio::test]
async fn whoever_holds_the_key_of_a_shared_vault_changes_it_and_ends_every_other_way_to_the_old_one() {
    let server = Server::start().await;
    let ada = server.owner().await;
    assert_eq!(ada.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    let bob = invited(&ada, "household", "bob").await;
    let wrapped = vectors()["wraps"]["password"]["wrapped"].clone();
    let way = json!({ "holder": holder(), "wrapped": wrapped });
    assert_eq!(put(&bob, "/api/v1/vault/ways/password", &way).await.status, 204);
    let invite = vectors()["wraps"]["invite"].clone();
    let token = URL_SAFE_NO_PAD.encode([7; 32]);
    let keyed = json!({ "token": token, "wrapped": invite["wrapped"], "holder": holder() });
    assert_eq!(ada.post("/api/v1/invites/register", &keyed).await.status, 201);
    assert_eq!(bob.post("/api/v1/invites", &json!({ "kind": "household" })).await.status, 201);

    let mut anew = new_vault(2);
    anew["holder"] = json!(URL_SAFE_NO_PAD.encode([9; 32]));
    anew["before"] = json!(URL_SAFE_NO_PAD.encode([8; 32]));
    assert_eq!(ada.post("/api/v1/vault/anew", &anew).await.code(), "not-a-holder");
    assert_eq!(bob.get("/api/v1/vault").await.body["wraps"].as_array().unwrap().len(), 1);
    anew["before"] = holder();
    assert_eq!(ada.post("/api/v1/vault/anew", &anew).await.status, 204);
    assert_eq!(ada.get("/api/v1/vault").await.body["wraps"].as_array().unwrap().len(), 1);
    let his = bob.get("/api/v1/vault").await.body;
    assert_eq!((&his["wraps"], &his["blob"]), (&json!([]), &json!(URL_SAFE_NO_PAD.encode(sealed(2)))));
    assert_eq!(
        ada.get("/api/v1/invites").await.body["invites"],
        json!([]),
        "one would bring the old key, one a thief in"
    );
    assert_eq!(put_vault(&bob, sealed(3)).await.code(), "not-a-holder");
}

#[tokio::test]
async fn a_passkey_that_is_removed_opens_the_vault_no_more() {
    let server = Server::start().await;
    let owner = server.owner().await;
    assert_eq!(owner.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    let mut device = Authenticator::new(&server.client.origin());
    let mut made = Vec::new();
    for name in ["phone", "laptop"] {
        let begun = owner.post("/api/v1/account/passkeys", &json!({ "name": name })).await.body;
        let credential = device.create(&begun["publicKey"]);
        let body = json!({ "ticket": begun["ticket"], "credential": credential });
        let id = owner.post("/api/v1/account/passkeys/finish", &body).await.body["id"].clone();
        let raw = URL_SAFE_NO_PAD.decode(credential["rawId"].as_str().unwrap()).unwrap();
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(raw));
        let wrapped = vectors()["wraps"]["passkey"]["wrapped"].clone();
        let wrap = json!({ "holder": holder(), "wrapped": wrapped, "credential": digest });
        assert_eq!(put(&owner, "/api/v1/vault/ways/passkey", &wrap).await.status, 204);
        made.push((id, digest));
        device = Authenticator::new(&server.client.origin());
    }
    let ways = async || {
        let wraps = owner.get("/api/v1/vault").await.body["wraps"].clone();
        wraps.as_array().unwrap().iter().map(|wrap| wrap["credential"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(ways().await.len(), 3);

    let (id, _) = &made[0];
    let removed = owner.delete(&format!("/api/v1/account/passkeys/{}", id.as_str().unwrap())).await;
    assert_eq!(removed.status, 204, "{}", removed.text);
    assert_eq!(ways().await, [Value::Null, json!(made[1].1)]);

    let account = owner.get("/api/v1/account").await.body["id"].clone();
    let reset = format!("/api/v1/admin/users/{}/reset-mfa", account.as_str().unwrap());
    assert_eq!(owner.post(&reset, &json!({})).await.status, 204);
    assert_eq!(ways().await, [Value::Null]);
}

#[tokio::test]
async fn a_member_without_a_way_in_is_handed_the_key_by_another() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "household", "bob").await;
    let eve = invited(&ada, "owner", "eve").await;
    let wraps = &vectors()["wraps"];
    assert_eq!(ada.post("/api/v1/vault", &new_vault(1)).await.status, 201);
    let openers = async || {
        let members = ada.get("/api/v1/account").await.body["household"]["members"].clone();
        members.as_array().unwrap().iter().map(|member| member["opensVault"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(openers().await, [json!(true), json!(false)]);

    let id = async |client: &Client| client.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/vault/members/{}", id(&bob).await);
    let key = json!({ "holder": holder(), "wrapped": wraps["invite"]["wrapped"] });
    let old = json!({ "holder": URL_SAFE_NO_PAD.encode([9; 32]), "wrapped": wraps["invite"]["wrapped"] });
    for (who, path, body, status, code) in [
        (&ada, path.clone(), json!({ "holder": holder(), "wrapped": wraps["password"]["wrapped"] }), 400, "bad-wrap"),
        (&ada, path.clone(), old, 403, "not-a-holder"),
        (&ada, format!("/api/v1/vault/members/{}", id(&ada).await), key.clone(), 404, "no-such-member"),
        (&ada, format!("/api/v1/vault/members/{}", id(&eve).await), key.clone(), 404, "no-such-member"),
        (&eve, path.clone(), key.clone(), 403, "not-a-holder"),
        (&server.client, path.clone(), key.clone(), 401, "no-session"),
    ] {
        let refused = put(who, &path, &body).await;
        assert_eq!((refused.status, refused.body["error"]["code"].as_str()), (status, Some(code)), "{path}");
    }
    let made = put(&ada, &path, &key).await;
    assert_eq!(made.status, 200, "{}", made.text);
    assert_eq!(made.body["urlBase"], format!("https://localhost:{}/#vault/", server.port));

    assert_eq!(bob.get("/api/v1/vault").await.body["handover"], wraps["invite"]["wrapped"]);
    for other in [&ada, &eve] {
        assert!(other.get("/api/v1/vault").await.body.get("handover").is_none());
    }
    let password = json!({ "holder": holder(), "wrapped": wraps["password"]["wrapped"] });
    assert_eq!(put(&bob, "/api/v1/vault/ways/password", &password).await.status, 204);
    assert!(bob.get("/api/v1/vault").await.body.get("handover").is_none(), "it has done its work");
    assert_eq!(openers().await, [json!(true), json!(true)]);
}

#[tokio::test]
async fn a_salt_tells_nobody_who_has_an_account() {
    let server = Server::start().await;
    server.owner().await;
    let salt = async |username: &str| {
        let reply = server.client.post("/api/v1/auth/salt", &json!({ "username": username })).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(reply.body["kdf"], json!({ "name": "PBKDF2-SHA-256", "rounds": 600_000 }));
        let salt = reply.body["salt"].as_str().unwrap().to_owned();
        assert_eq!(URL_SAFE_NO_PAD.decode(&salt).unwrap().len(), 16);
        salt
    };
    assert_eq!(salt("ada").await, salt(" ADA ").await, "as the name is understood at the log-in");
    assert_eq!(salt("nobody").await, salt("nobody").await, "and of a name that nobody has");
    assert_ne!(salt("ada").await, salt("nobody").await);
    salt("no name at all: \u{0}").await;
    salt("").await;
}
