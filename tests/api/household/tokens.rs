//! Stickers: made, listed, paused, revoked, asked about.

use serde_json::{Value, json};

use crate::support::{Server, make_tag};

#[tokio::test]
async fn a_sticker_carries_the_code_in_the_fragment_and_both_pictures() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let code = tag["qrCodeData"].as_str().unwrap();
    assert_eq!(tag["url"], format!("https://localhost:{}/c#{code}", server.port));
    assert!(tag["urlWarning"].as_str().unwrap().contains("this computer only"));
    assert!(
        tag["qr"]["svg"].as_str().unwrap().starts_with("<svg")
            || tag["qr"]["svg"].as_str().unwrap().starts_with("<?xml")
    );
    assert!(tag["qr"]["png"].as_str().unwrap().starts_with("data:image/png;base64,"));

    let listed = owner.get("/api/v1/tokens").await;
    let first = &listed.body["tokens"][0];
    assert_eq!((&first["id"], &first["label"], &first["state"]), (&tag["id"], &json!("the van"), &json!("active")));
    assert!(!listed.text.contains(code), "the code is shown once");
    assert_eq!(listed.body["urlWarning"], tag["urlWarning"], "an owner is warned before a sticker is made");
    assert_eq!(listed.body["defaultLifetime"], "year");
}

#[tokio::test]
async fn public_url_is_what_stickers_carry() {
    let server = Server::start_with(&[("public_url", "https://call.example.org")]).await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    assert!(tag["url"].as_str().unwrap().starts_with("https://call.example.org/c#pqc:1:"));
    assert_eq!(owner.get("/api/v1/tokens").await.body["urlBase"], "https://call.example.org/c", "printed again");
    assert!(tag["urlWarning"].is_null());
}

#[tokio::test]
async fn lifetimes_are_the_four_and_the_default_is_the_configured_one() {
    let server = Server::start_with(&[("tags.default_lifetime", "until-revoked")]).await;
    let owner = server.owner().await;
    assert!(make_tag(&owner).await["expiresAt"].is_null());
    assert_eq!(owner.get("/api/v1/tokens").await.body["defaultLifetime"], "until-revoked");
    for lifetime in ["day", "week", "year"] {
        let reply = owner.post("/api/v1/tokens/generate", &json!({ "lifetime": lifetime })).await;
        assert!(reply.body["expiresAt"].is_string(), "{lifetime}");
    }
    assert_eq!(owner.post("/api/v1/tokens/generate", &json!({ "lifetime": "century" })).await.status, 400);
}

#[tokio::test]
async fn nobody_makes_tags_for_somebody_else() {
    let server = Server::start().await;
    let owner = server.owner().await;
    assert_eq!(server.client.post("/api/v1/tokens/generate", &json!({})).await.status, 401);
    let own = owner.get("/api/v1/account").await.body["id"].clone();
    assert_eq!(owner.post("/api/v1/tokens/generate", &json!({ "userId": own })).await.status, 201);
    let other = callqr::domain::ids::AccountId::random().to_string();
    let refused = owner.post("/api/v1/tokens/generate", &json!({ "userId": other })).await;
    assert_eq!((refused.status, refused.code()), (403, "not-yours"));
}

#[tokio::test]
async fn a_tag_is_paused_resumed_and_revoked() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let (id, code) = (tag["id"].as_str().unwrap(), tag["qrCodeData"].clone());
    let ask = async || server.client.post("/api/v1/tokens/validate", &json!({ "token": code })).await.body;
    let valid =
        |yes: bool, text: &str| json!({ "valid": yes || !text.is_empty(), "canInitiateCall": yes, "publicText": text });

    assert_eq!(ask().await, valid(true, "Blue van, ring me"));
    let paused = owner.post(&format!("/api/v1/tokens/{id}/pause"), &json!({})).await;
    assert_eq!((paused.status, paused.body["state"].as_str()), (200, Some("paused")));
    assert_eq!(ask().await, valid(false, "Blue van, ring me"));
    let refused = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": code })).await;
    assert_eq!((refused.status, refused.code()), (409, "paused"));

    assert_eq!(owner.post(&format!("/api/v1/tokens/{id}/resume"), &json!({})).await.body["state"], "active");
    assert_eq!(owner.delete(&format!("/api/v1/tokens/{id}")).await.status, 204);
    assert_eq!(ask().await, valid(false, ""));
    assert_eq!(owner.delete(&format!("/api/v1/tokens/{id}")).await.status, 404);
    for bad in ["x", "tag_", "tag_%2e%2e"] {
        assert_eq!(owner.post(&format!("/api/v1/tokens/{bad}/pause"), &json!({})).await.status, 404, "{bad}");
    }
}

#[tokio::test]
async fn unknown_and_revoked_codes_get_the_same_answer() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    owner.delete(&format!("/api/v1/tokens/{}", tag["id"].as_str().unwrap())).await;
    let unknown = callqr::domain::household::tag::Token::random().code();
    let mut answers = Vec::new();
    for code in [tag["qrCodeData"].as_str().unwrap(), &unknown] {
        let validated = server.client.post("/api/v1/tokens/validate", &json!({ "token": code })).await;
        let initiated = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": code })).await;
        assert_eq!((initiated.status, initiated.code()), (404, "unknown-code"));
        answers.push((validated.text, initiated.text));
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn damaged_codes_are_told_apart_from_nonsense() {
    let server = Server::start().await;
    let code = callqr::domain::household::tag::Token::random().code();
    let damaged = format!("{}A", &code[..code.len() - 1]);
    let other = format!("{}B", &code[..code.len() - 1]);
    let damaged = if damaged == code { other } else { damaged };
    for (token, error) in [(damaged.as_str(), "bad-checksum"), ("hello", "bad-code"), ("", "bad-code")] {
        let reply = server.client.post("/api/v1/tokens/validate", &json!({ "token": token })).await;
        assert_eq!((reply.status, reply.code()), (400, error), "{token}");
    }
}

#[tokio::test]
async fn questions_are_counted_per_source() {
    let server = Server::start_with(&[("limits.validate", "1 per 1h"), ("limits.initiate", "1 per 1h")]).await;
    let code = callqr::domain::household::tag::Token::random().code();
    for (path, field) in [("/api/v1/tokens/validate", "token"), ("/api/v1/calls/initiate", "scannedToken")] {
        assert_ne!(server.client.post(path, &json!({ field: code })).await.status, 429);
        let refused = server.client.post(path, &json!({ field: code })).await;
        assert_eq!(refused.status, 429, "{path}");
        assert!(!refused.header("retry-after").is_empty());
    }
}

#[tokio::test]
async fn a_sticker_that_was_made_in_the_browser() {
    let server = Server::start().await;
    let (owner, caller) = (server.owner().await, &server.client);
    let vectors: Value = serde_json::from_str(include_str!("../../fixtures/e2e.json")).unwrap();
    let (sticker, identity) = (&vectors["sticker"], &vectors["identity"]);
    let mut body =
        json!({ "access": sticker["access"], "identity": identity["identity"], "publicText": "Blue van, ring me" });
    let refused = owner.post("/api/v1/tokens/register", &body).await;
    assert_eq!((refused.status, refused.code()), (400, "text-in-clear"), "no caller would read it");
    body["publicText"] = json!("");
    let made = owner.post("/api/v1/tokens/register", &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.body["keyHash"], identity["keyHash"]);
    assert_eq!(made.body["label"], "");
    assert!(made.body["urlBase"].as_str().unwrap().ends_with("/c"));
    assert!(made.body.get("qrCodeData").is_none());
    assert_eq!(owner.post("/api/v1/tokens/register", &body).await.body["error"]["code"], "token-taken");

    for scanned in ["code", "access"] {
        let known = caller.post("/api/v1/tokens/validate", &json!({ "token": sticker[scanned] })).await.body;
        assert_eq!(known["valid"], true, "{scanned}");
        assert_eq!(known["identity"], identity["identity"], "{scanned}");
        assert_eq!(known["publicText"], "");
        let call = caller.post("/api/v1/calls/initiate", &json!({ "scannedToken": sticker[scanned] })).await;
        assert_eq!(call.status, 201, "{scanned}");
    }
    // What the server never sees finds nothing, nor does what its database keeps.
    for scanned in ["token", "lookup"] {
        let known = caller.post("/api/v1/tokens/validate", &json!({ "token": sticker[scanned] })).await.body;
        assert_eq!(known["valid"], false, "{scanned}");
        assert!(known.get("identity").is_none());
    }

    for (field, wrong) in [
        ("access", json!("short")),
        ("access", sticker["code"].clone()),
        ("identity", json!("AQ")),
        ("lifetime", json!("century")),
    ] {
        let mut body = json!({ "access": sticker["token"], "identity": identity["identity"] });
        body[field] = wrong;
        assert_eq!(owner.post("/api/v1/tokens/register", &body).await.status, 400, "{field}");
    }
    let plain = owner.post("/api/v1/tokens/generate", &json!({})).await.body;
    assert_eq!(plain["keyHash"], Value::Null);
}
