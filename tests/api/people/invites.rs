//! Who gets in: by the set-up link, by an invite, just so, or not at all.

use serde_json::json;

use crate::support::{Client, LoggedIn, PASSWORD, Registration, Reply, TestApp, To};

async fn register(client: &Client, username: &str, invite_token: Option<&str>) -> Reply<LoggedIn> {
    let registration = Registration { username, password: Some(PASSWORD), invite_token, ..Registration::default() };
    client.register(&registration).await
}

#[tokio::test]
async fn an_invite_lets_one_person_in_once() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    assert_eq!(server.client.registration().await, "invite");
    assert_eq!(register(&server.client, "eve", None).await.refused(), (403, "invite-needed"));
    assert_eq!(register(&server.client, "eve", Some("made up")).await.refused(), (403, "invite-link"));

    let made = ada.new_invite("household").await.ok();
    let token = made.token();
    assert_eq!(made.url, format!("https://localhost:{}/join#{token}", server.port));
    made.qr.check();
    let listed = ada.invites().await;
    assert_eq!(listed.ok().invites[0].id, made.id);
    assert!(!listed.text.contains(&token), "the link is shown once");

    let validate = async || server.client.validate_invite(&token).await.body;
    assert_eq!(validate().await, json!({ "valid": true, "kind": "household" }));
    assert_eq!(register(&server.client, "ADA", Some(&token)).await.refused(), (409, "username-taken"));
    assert_eq!(register(&server.client, "bob", Some(&token)).await.status, 201, "a refusal must not use it up");
    assert_eq!(register(&server.client, "eve", Some(&token)).await.code(), "invite-link");
    assert_eq!(validate().await, json!({ "valid": false, "kind": null }));
    assert!(ada.invites().await.ok().invites.is_empty());
}

#[tokio::test]
async fn owners_invite_into_their_household_and_administrators_new_owners() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    assert_eq!(bob.account().await.ok().household.members.len(), 1);
    assert_eq!(bob.new_invite("owner").await.refused(), (403, "administrators-only"));
    let carol = bob.bring_in("household", "carol").await.account().await.ok();
    let names: Vec<_> = carol.household.members.iter().map(|member| (&*member.username, member.you)).collect();
    assert_eq!(names, [("bob", false), ("carol", true)]);
    assert!(!carol.administrator);
    for bad in [json!({}), json!({ "kind": "king" }), json!({ "kind": "household", "lifetime": "year" })] {
        assert_eq!(bob.new_invite_with(&bad).await.status, 400);
    }
    assert_eq!(server.client.new_invite("household").await.status, 401);
}

#[tokio::test]
async fn an_invite_is_taken_back_by_those_it_concerns_alone() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let carol = bob.bring_in("household", "carol").await;
    let made = bob.new_invite_with(&json!({ "kind": "household", "lifetime": "day" })).await.ok();
    assert!(ada.invites().await.ok().invites.is_empty(), "not an administrator's business");
    assert_eq!(ada.revoke_invite(&made.id).await.status, 404);
    carol.revoke_invite(&made.id).await.ok();
    assert_eq!(carol.revoke_invite(&made.id).await.status, 404);
    assert_eq!(carol.revoke_invite("nonsense").await.status, 404);
    assert_eq!(register(&server.client, "eve", Some(&made.token())).await.code(), "invite-link");
}

#[tokio::test]
async fn an_invite_is_worth_what_its_maker_may_do() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let id = bob.account_id().await;
    let validate = async |token: &str| server.client.validate_invite(token).await.ok().valid;
    ada.change_user(&id, To::MakeAdministrator).await.ok();
    let early = bob.new_invite("owner").await;
    assert_eq!(early.refused(), (403, "confirm-first"), "a new power needs a new proof");
    let bob = bob.confirmed(PASSWORD).await;
    let owner = bob.new_invite("owner").await.ok().token();
    let household = bob.new_invite("household").await.ok().token();
    ada.change_user(&id, To::MakeOwner).await.ok();
    assert!(!validate(&owner).await, "no administrator any more");
    assert!(validate(&household).await);
    ada.change_user(&id, To::Disable).await.ok();
    assert!(!validate(&household).await, "disabled");
    assert_eq!(register(&server.client, "eve", Some(&household)).await.code(), "invite-link");
}

#[tokio::test]
async fn an_open_server_takes_everybody_and_a_closed_one_nobody() {
    let server = TestApp::start_with(&[("accounts.registration", "open")]).await;
    let early = register(&server.client, "eve", None).await;
    assert_eq!(early.refused(), (403, "setup-needed"), "the first account is the operator's");
    assert!(!early.text.contains("no longer works"), "no link was sent: {}", early.text);
    let ada = server.owner().await;
    assert_eq!(server.client.registration().await, "open");
    let late = server.client.register(&Registration { username: "eve", ..server.first_account() }).await;
    assert_eq!(late.refused(), (403, "setup-link"), "an account that is no administrator's");
    register(&server.client, "bob", None).await.ok();
    let left = ada.new_invite("household").await.ok().token();

    let server = TestApp::start_in(server.stop().await, &[("accounts.registration", "closed")]).await;
    let ada = server.client.with_headers_of(&ada);
    assert_eq!(server.client.registration().await, "closed");
    for invite in [None, Some(left.as_str())] {
        assert_eq!(register(&server.client, "eve", invite).await.refused(), (403, "registration-closed"));
    }
    assert!(!server.client.validate_invite(&left).await.ok().valid);
    assert_eq!(ada.new_invite("owner").await.code(), "registration-closed");
}

#[tokio::test]
async fn there_are_as_many_accounts_as_the_operator_allows() {
    let server = TestApp::start_with(&[("accounts.max", "2")]).await;
    let ada = server.owner().await;
    ada.bring_in("owner", "bob").await;
    let token = ada.new_invite("owner").await.ok().token();
    assert_eq!(register(&server.client, "carol", Some(&token)).await.refused(), (409, "too-many-accounts"));
}

#[tokio::test]
async fn of_many_who_hold_one_invite_one_gets_in() {
    let server = TestApp::start().await;
    let token = server.owner().await.new_invite("owner").await.ok().token();
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
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("household", "bob").await;
    let eve = ada.bring_in("owner", "eve").await;
    let tag = ada.make_tag().await.ok();
    let listed = bob.tags().await.ok().tags;
    assert_eq!((&listed[0].id, &*listed[0].label), (&tag.id, "the van"));
    assert_eq!(bob.pause_tag(&tag.id).await.ok().state, "paused");
    assert_eq!(ada.resume_tag(&tag.id).await.ok().state, "active");
    assert!(eve.tags().await.ok().tags.is_empty());
    assert_eq!(eve.pause_tag(&tag.id).await.status, 404);
    assert_eq!(eve.revoke_tag(&tag.id).await.status, 404);
    bob.revoke_tag(&tag.id).await.ok();
    assert!(ada.tags().await.ok().tags.is_empty());
}
