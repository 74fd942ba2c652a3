//! What pages send in the place of passwords, and the vault's key on its way to the people who share it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callqr::domain::credentials::stretch::AuthSecret;
use serde_json::json;

use crate::household::vault::{holder, new_vault};
use crate::people::belongings::vectors;
use crate::support::{Client, KeyedInvite, KeyedTag, Login, NewPassword, PASSWORD, Proof, Registration, TestApp};

const NEW: &str = "another horse battery";

/// As a page does it.
async fn stretched(client: &Client, username: &str, password: &str) -> String {
    let salt = client.salt(username).await.ok().salt;
    let salt = URL_SAFE_NO_PAD.decode(salt).unwrap().try_into().unwrap();
    URL_SAFE_NO_PAD.encode(AuthSecret::stretch(password, &salt).as_bytes())
}

/// A wrapped key: the server looks at its first two bytes.
fn wrapped(kind: u8, filling: u8) -> String {
    let mut bytes = [filling; 62];
    (bytes[0], bytes[1]) = (1, kind);
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_page_never_shows_the_password_and_a_program_may() {
    let server = TestApp::start().await;
    let client = &server.client;
    let secret = stretched(client, "Ada", PASSWORD).await;
    let first = Registration { password: None, auth_secret: Some(&secret), ..server.first_account() };
    let ada = client.holding(&client.register(&first).await.ok());

    let by_secret = |secret| Login { username: "ada", auth_secret: Some(secret), ..Login::default() };
    client.log_in_with(&by_secret(&secret)).await.ok();
    client.log_in("ADA", PASSWORD).await.ok();
    let other = stretched(client, "ada", NEW).await;
    assert_eq!(client.log_in_with(&by_secret(&other)).await.status, 401);
    assert_eq!(client.log_in_with(&by_secret("short")).await.status, 400);
    assert_eq!(client.log_in_with(&Login { username: "ada", ..Login::default() }).await.status, 400);
    let both = Login { password: Some(PASSWORD), ..by_secret(&secret) };
    assert_eq!(client.log_in_with(&both).await.code(), "one-password");
    // What the server keeps of one is not the other.
    assert_eq!(client.log_in("ada", &secret).await.status, 401);

    assert_eq!(ada.confirm(&Proof::auth_secret(&other)).await.status, 403);
    let confirmed = ada.confirm(&Proof::auth_secret(&secret)).await.ok().logged_in();
    let ada = client.holding(&confirmed);
    ada.make_vault(&new_vault(1)).await.ok();
    let wrapping = wrapped(1, 7);
    let wrap = async |ada: &Client| ada.vault().await.ok().wraps.remove(0).wrapped;
    let change = NewPassword { new_auth_secret: Some(&other), wrapped: Some(&wrapping), ..NewPassword::default() };
    let old = URL_SAFE_NO_PAD.encode([9; 32]);
    for (holder, code) in [(Some(&*old), "not-a-holder"), (None, "bad-proof")] {
        let refused = ada.change_password_with(&NewPassword { holder, ..change.clone() }).await;
        assert_eq!(refused.code(), code, "a page with an old key must not shut its owner out");
    }
    assert_ne!(wrap(&ada).await, wrapping);
    let changed = ada.change_password_with(&NewPassword { holder: Some(&holder()), ..change }).await.ok();
    let ada = client.holding(&changed);
    assert_eq!(wrap(&ada).await, wrapping, "set together");
    assert_eq!(client.log_in_with(&by_secret(&secret)).await.status, 401);
    client.log_in("ada", NEW).await.ok();
}

#[tokio::test]
async fn an_invite_brings_the_vaults_key_to_one_guest() {
    let server = TestApp::start().await;
    let (ada, guest) = (server.owner().await, &server.client);
    let token = URL_SAFE_NO_PAD.encode([5; 32]);
    ada.make_vault(&new_vault(1)).await.ok();
    let (for_guest, holder) = (wrapped(4, 9), holder());
    let invite = KeyedInvite { token: &token, wrapped: &for_guest, holder: &holder };
    let old = URL_SAFE_NO_PAD.encode([9; 32]);
    assert_eq!(ada.register_invite(&KeyedInvite { holder: &old, ..invite.clone() }).await.code(), "not-a-holder");
    let made = ada.register_invite(&invite).await;
    assert_eq!(made.ok().kind, "household");
    assert!(made.ok().url_base.ends_with("/join"));
    assert!(!made.text.contains(&token));
    let other = URL_SAFE_NO_PAD.encode([6; 32]);
    let wrong_kind = wrapped(1, 9);
    for wrong in [
        KeyedInvite { token: "AQ", ..invite.clone() },
        KeyedInvite { token: &other, wrapped: &wrong_kind, ..invite.clone() },
        KeyedInvite { token: &other, holder: "AQ", ..invite.clone() },
    ] {
        assert_eq!(ada.register_invite(&wrong).await.status, 400, "{wrong:?}");
    }

    let asked = guest.validate_invite(&token).await.ok();
    assert_eq!((asked.wrapped, asked.kind.as_deref()), (Some(for_guest.clone()), Some("household")));
    assert_eq!(asked.household, Some(ada.vault().await.ok().household));
    let secret = stretched(guest, "bob", PASSWORD).await;
    let own = wrapped(1, 3);
    let registration = Registration {
        username: "bob",
        auth_secret: Some(&secret),
        invite_token: Some(&token),
        wrapped: Some(&own),
        ..Registration::default()
    };
    let bob = guest.holding(&guest.register(&registration).await.ok());
    assert_eq!(bob.vault().await.ok().wraps[0].wrapped, own);
    let again = guest.validate_invite(&token).await.body;
    assert_eq!(again, json!({ "valid": false, "kind": null }), "the key is gone with the invite");

    let token = ada.new_invite("owner").await.ok().token();
    assert_eq!(guest.validate_invite(&token).await.body, json!({ "valid": true, "kind": "owner" }));
    let secret = stretched(guest, "eve", PASSWORD).await;
    let eve = Registration { username: "eve", auth_secret: Some(&secret), invite_token: Some(&token), ..registration };
    assert_eq!(guest.register(&eve).await.code(), "bad-way-in");
}

#[tokio::test]
async fn what_callers_read_comes_to_them_as_it_was_sealed() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let vectors = vectors();
    let mut sealed = vec![9; 285];
    sealed[0] = 1;
    let text = URL_SAFE_NO_PAD.encode(&sealed);
    let access = vectors["sticker"]["access"].as_str().unwrap();
    let identity = vectors["identity"]["identity"].as_str().unwrap();
    let tag = KeyedTag { access, identity, sealed_text: Some(&text), ..KeyedTag::default() };
    assert_eq!(owner.register_tag(&tag).await.ok().tag.public_text, "");
    let known = server.client.validate(access).await.ok();
    assert_eq!((known.sealed_text.as_deref(), &*known.public_text), (Some(&*text), ""));
    let access = vectors["sticker"]["token"].as_str().unwrap();
    for length in [0, 284, 286, 540, 542] {
        sealed.resize(length, 9);
        let text = URL_SAFE_NO_PAD.encode(&sealed);
        let refused = owner.register_tag(&KeyedTag { access, sealed_text: Some(&text), ..tag.clone() }).await;
        assert_eq!(refused.code(), "bad-sealed-text", "{length}");
    }
}

#[tokio::test]
async fn who_holds_a_reset_link_sets_a_password_that_the_server_never_sees() {
    let server = TestApp::start().await;
    let (ada, guest) = (server.owner().await, &server.client);
    let bob = ada.bring_in("household", "bob").await.account_id().await;
    let token = ada.new_reset_link(&bob).await.ok().token();

    let by_link = guest.salt_by_reset_link(&token).await;
    assert_eq!((by_link.status, &by_link.body), (200, &guest.salt("bob").await.body));
    assert_eq!(guest.salt_by_reset_link("made up").await.code(), "reset-link");
    for wrong in [json!({}), json!({ "username": "bob", "resetToken": token })] {
        assert_eq!(guest.salt_for(&wrong).await.status, 400);
    }

    let secret = stretched(guest, "bob", NEW).await;
    guest.reset_auth_secret(&token, &secret).await.ok();
    guest.log_in("bob", NEW).await.ok();
    assert_eq!(guest.salt_by_reset_link(&token).await.code(), "reset-link", "it is used up");
}

#[tokio::test]
async fn reset_links_cannot_be_tried_out_by_asking_for_their_salt() {
    let server = TestApp::start_with(&[("limits.validate", "2 per 1h")]).await;
    for expected in [403, 403, 429] {
        assert_eq!(server.client.salt_by_reset_link("made up").await.status, expected);
    }
    assert_eq!(server.client.salt("ada").await.status, 200, "it costs no look into the database");
}

/// Every text, with where it stands.
fn texts(value: &serde_json::Value, at: &str, found: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::String(text) => found.push((at.to_owned(), text.clone())),
        serde_json::Value::Array(list) => list.iter().for_each(|item| texts(item, at, found)),
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(name, item)| texts(item, &format!("{at}.{name}"), found));
        }
        _ => {}
    }
}

#[tokio::test]
async fn nothing_that_two_stickers_pages_receive_says_that_they_belong_together() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let vectors = vectors();
    let first = vectors["identity"]["identity"].as_str().unwrap();
    // The same keys in each other's place: valid, and another identity.
    let bytes = URL_SAFE_NO_PAD.decode(first).unwrap();
    let second = URL_SAFE_NO_PAD.encode([&bytes[..1], &bytes[66..], &bytes[1..66]].concat());
    let mut seen = Vec::new();
    for (filling, identity) in [(1, first), (2, &*second)] {
        let access = URL_SAFE_NO_PAD.encode([filling; 32]);
        let mut sealed = vec![filling; 285];
        sealed[0] = 1;
        let sealed = URL_SAFE_NO_PAD.encode(sealed);
        let tag = KeyedTag { access: &access, identity, sealed_text: Some(&sealed), ..KeyedTag::default() };
        owner.register_tag(&tag).await.ok();
        let mut found = Vec::new();
        texts(&server.client.validate(&access).await.body, "validate", &mut found);
        let call = server.client.initiate(&access).await;
        texts(&call.body, "initiate", &mut found);
        assert!(found.len() > 5, "{found:?}");
        seen.push(found);
    }
    // What every sticker of this server says.
    let is_everybodys = |at: &str, text: &str| text.is_empty() || at == "initiate.iceServers.urls";
    for (at, text) in seen[0].iter().filter(|(at, text)| !is_everybodys(at, text)) {
        assert!(!seen[1].iter().any(|(_, other)| other == text), "{at}: {text}");
    }
}
