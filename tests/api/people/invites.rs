//! Who gets in: by the set-up link, by an invite, just so, or not at all.

use serde_json::{Value, json};

use crate::support::{Client, Reply, Server, invited, make_tag};

async fn invite(client: &Client, body: Value) -> Reply {
    client.post("/api/v1/invites", &body).await
}

fn token(reply: &Reply) -> String {
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.body["url"].as_str().unwrap().split_once("/join#").unwrap().1.to_owned()
}

async fn register(client: &Client, username: &str, token: Option<&str>) -> Reply {
    let body = json!({ "username": username, "password": "correct horse battery", "inviteToken": token });
    client.post("/api/v1/auth/register", &body).await
}

async fn validate(client: &Client, token: &str) -> Value {
    client.post("/api/v1/invites/validate", &json!({ "token": token })).await.body
}

#[tokio::test]
async fn an_invite_lets_one_person_in_once() {
    let server = Server::start().await;
    let ada = server.owner().await;
    assert_eq!(server.client.get("/api/v1").await.body["registration"], "invite");
    let refused = register(&server.client, "eve", None).await;
    assert_eq!((refused.status, refused.code()), (403, "invite-needed"));
    let refused = register(&server.client, "eve", Some("made up")).await;
    assert_eq!((refused.status, refused.code()), (403, "invite-link"));

    let made = invite(&ada, json!({ "kind": "household" })).await;
    let token = token(&made);
    assert_eq!(made.body["url"], format!("https://localhost:{}/join#{token}", server.port));
    assert!(made.body["qr"]["png"].as_str().unwrap().starts_with("data:image/png;base64,"));
    assert!(made.body["qr"]["svg"].as_str().unwrap().starts_with("<svg"));
    let listed = ada.get("/api/v1/invites").await;
    assert_eq!(listed.body["invites"][0]["id"], made.body["id"]);
    assert!(!listed.text.contains(&token), "the link is shown once");

    assert_eq!(validate(&server.client, &token).await, json!({ "valid": true, "kind": "household" }));
    let taken = register(&server.client, "ADA", Some(&token)).await;
    assert_eq!((taken.status, taken.code()), (409, "username-taken"));
    assert_eq!(register(&server.client, "bob", Some(&token)).await.status, 201, "a refusal must not use it up");
    assert_eq!(register(&server.client, "eve", Some(&token)).await.code(), "invite-link");
    assert_eq!(validate(&server.client, &token).await, json!({ "valid": false, "kind": null }));
    assert_eq!(ada.get("/api/v1/invites").await.body["invites"], json!([]));
}

#[tokio::test]
async fn owners_invite_into_their_household_and_administrators_new_owners() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    assert_eq!(bob.get("/api/v1/account").await.body["household"]["members"].as_array().unwrap().len(), 1);
    let refused = invite(&bob, json!({ "kind": "owner" })).await;
    assert_eq!((refused.status, refused.code()), (403, "administrators-only"));
    let carol = invited(&bob, "household", "carol").await;
    let members = carol.get("/api/v1/account").await.body["household"]["members"].clone();
    let names: Vec<_> = members.as_array().unwrap().iter().map(|m| (m["username"].clone(), m["you"].clone())).collect();
    assert_eq!(names, [(json!("bob"), json!(false)), (json!("carol"), json!(true))]);
    assert_eq!(carol.get("/api/v1/account").await.body["administrator"], false);
    for bad in [json!({}), json!({ "kind": "king" }), json!({ "kind": "household", "lifetime": "year" })] {
        assert_eq!(invite(&bob, bad).await.status, 400);
    }
    assert_eq!(server.client.post("/api/v1/invites", &json!({ "kind": "household" })).await.status, 401);
}

#[tokio::test]
async fn an_invite_is_taken_back_by_those_it_concerns_alone() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let carol = invited(&bob, "household", "carol").await;
    let made = invite(&bob, json!({ "kind": "household", "lifetime": "day" })).await;
    let token = token(&made);
    let path = format!("/api/v1/invites/{}", made.body["id"].as_str().unwrap());
    assert_eq!(ada.get("/api/v1/invites").await.body["invites"], json!([]), "not an administrator's business");
    assert_eq!(ada.delete(&path).await.status, 404);
    assert_eq!(carol.delete(&path).await.status, 204);
    assert_eq!(carol.delete(&path).await.status, 404);
    assert_eq!(carol.delete("/api/v1/invites/nonsense").await.status, 404);
    assert_eq!(register(&server.client, "eve", Some(&token)).await.code(), "invite-link");
}

#[tokio::test]
async fn an_invite_is_worth_what_its_maker_may_do() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let id = bob.get("/api/v1/account").await.body["id"].as_str().unwrap().to_owned();
    let user = |action: &str| format!("/api/v1/admin/users/{id}/{action}");
    assert_eq!(ada.post(&user("administrator"), &json!({})).await.status, 204);
    let early = invite(&bob, json!({ "kind": "owner" })).await;
    assert_eq!((early.status, early.code()), (403, "confirm-first"), "a new power needs a new proof");
    let confirmed = bob.post("/api/v1/account/confirm", &json!({ "password": "correct horse battery" })).await;
    let bob = server.client.with_token(confirmed.body["token"].as_str().unwrap());
    let owner = token(&invite(&bob, json!({ "kind": "owner" })).await);
    let household = token(&invite(&bob, json!({ "kind": "household" })).await);
    assert_eq!(ada.post(&user("owner"), &json!({})).await.status, 204);
    assert_eq!(validate(&server.client, &owner).await["valid"], false, "no administrator any more");
    assert_eq!(validate(&server.client, &household).await["valid"], true);
    assert_eq!(ada.post(&user("disable"), &json!({})).await.status, 204);
    assert_eq!(validate(&server.client, &household).await["valid"], false, "disabled");
    assert_eq!(register(&server.client, "eve", Some(&household)).await.code(), "invite-link");
}

#[tokio::test]
async fn an_open_server_takes_everybody_and_a_closed_one_nobody() {
    let server = Server::start_with(&[("accounts.registration", "open")]).await;
    assert_eq!(register(&server.client, "eve", None).await.code(), "setup-link", "the first account is the operator's");
    let ada = server.owner().await;
    assert_eq!(server.client.get("/api/v1").await.body["registration"], "open");
    assert_eq!(register(&server.client, "bob", None).await.status, 201);
    let left = token(&invite(&ada, json!({ "kind": "household" })).await);

    let server = Server::start_in(server.stop().await, &[("accounts.registration", "closed")]).await;
    let ada = server.client.with_headers_of(&ada);
    assert_eq!(server.client.get("/api/v1").await.body["registration"], "closed");
    for invite in [None, Some(left.as_str())] {
        let refused = register(&server.client, "eve", invite).await;
        assert_eq!((refused.status, refused.code()), (403, "registration-closed"));
    }
    assert_eq!(validate(&server.client, &left).await["valid"], false);
    assert_eq!(invite(&ada, json!({ "kind": "owner" })).await.code(), "registration-closed");
}

#[tokio::test]
async fn there_are_as_many_accounts_as_the_operator_allows() {
    let server = Server::start_with(&[("accounts.max", "2")]).await;
    let ada = server.owner().await;
    invited(&ada, "owner", "bob").await;
    let token = token(&invite(&ada, json!({ "kind": "owner" })).await);
    let refused = register(&server.client, "carol", Some(&token)).await;
    assert_eq!((refused.status, refused.code()), (409, "too-many-accounts"));
}

#[tokio::test]
async fn of_many_who_hold_one_invite_one_gets_in() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let token = token(&invite(&ada, json!({ "kind": "owner" })).await);
    let attempts = (0..6).map(|n| {
        let (client, token) = (server.client.clone(), token.clone());
        tokio::spawn(async move { register(&client, &format!("eve{n}"), Some(&token)).await.status })
    });
    let mut statuses = Vec::new();
    for attempt in attempts.collect::<Vec<_>>() {
        statuses.push(attempt.await.unwrap());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403, 403, 403, 403, 403]);
}

#[tokio::test]
async fn a_household_shares_its_tags_and_others_do_not() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "household", "bob").await;
    let eve = invited(&ada, "owner", "eve").await;
    let tag = make_tag(&ada).await;
    let path = format!("/api/v1/tokens/{}", tag["id"].as_str().unwrap());
    let listed = bob.get("/api/v1/tokens").await.body["tokens"].clone();
    assert_eq!((&listed[0]["id"], &listed[0]["label"]), (&tag["id"], &json!("the van")));
    assert_eq!(bob.post(&format!("{path}/pause"), &json!({})).await.body["state"], "paused");
    assert_eq!(ada.post(&format!("{path}/resume"), &json!({})).await.body["state"], "active");
    assert_eq!(eve.get("/api/v1/tokens").await.body["tokens"], json!([]));
    assert_eq!(eve.post(&format!("{path}/pause"), &json!({})).await.status, 404);
    assert_eq!(eve.delete(&path).await.status, 404);
    assert_eq!(bob.delete(&path).await.status, 204);
    assert_eq!(ada.get("/api/v1/tokens").await.body["tokens"], json!([]));
}
