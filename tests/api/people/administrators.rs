//! What administrators do with accounts, and what they do not get to see.

use crate::support::{Changes, Described, PASSWORD, TagWish, TestApp, To};

const NEW: &str = "another horse battery";

#[tokio::test]
async fn the_list_tells_who_has_an_account_and_no_more() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let users = async || ada.users().await.ok().users;
    let listed = users().await;
    assert_eq!((&*listed[0].username, listed[0].administrator), ("ada", true));
    assert_eq!((&*listed[1].username, listed[1].administrator), ("bob", false));
    assert_eq!((listed[1].sessions, listed[1].disabled), (1, false));
    let day = listed[1].last_seen_day.as_deref().unwrap();
    assert!(listed[1].created_at.starts_with(day) && day.len() == 10);
    assert!(!listed[1].second_factor);
    let secret = bob.begin_totp().await.ok().secret;
    assert!(!users().await[1].second_factor, "one that was begun is none");
    bob.confirm_totp(&crate::support::totp::code(&secret, 0)).await.ok();
    let listed = users().await;
    assert_eq!((listed[0].second_factor, listed[1].second_factor), (false, true));
    bob.log_out().await.ok();
    let listed = users().await;
    assert_eq!((listed[1].sessions, &listed[1].last_seen_day), (0, &None));
}

#[tokio::test]
async fn what_is_for_administrators_is_for_nobody_else() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let id = ada.account_id().await;
    let mut asked = 0;
    for Described { method, path, operation } in server.client.described().await {
        let told = operation["responses"]["403"]["description"].as_str().unwrap_or_default();
        if !path.contains("/admin/") {
            let is_other = told.contains("administrators-only") && !path.ends_with("/invites");
            assert!(!is_other, "{method} {path} is asked here as well");
            continue;
        }
        assert!(told.contains("administrators-only"), "{method} {path} does not say whom it is for");
        let path = path.replace("{id}", &id);
        let refused = bob.send(method.clone(), &path, String::new()).await;
        assert_eq!(refused.refused(), (403, "administrators-only"), "{method} {path}");
        assert_eq!(server.client.send(method, &path, String::new()).await.status, 401);
        asked += 1;
    }
    assert_eq!(asked, 9, "a new one is counted here");
    assert_eq!(bob.new_invite("owner").await.refused(), (403, "administrators-only"));
    assert_eq!(ada.account().await.status, 200);
}

#[tokio::test]
async fn an_administrator_reads_nothing_that_others_wrote() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let personal = Changes {
        emergency_contact: Some("canary contact"),
        vehicle_number: Some("canary vehicle"),
        ..Changes::default()
    };
    bob.change_account(&personal).await.ok();
    let wish = TagWish { label: Some("canary label"), public_text: Some("canary text"), ..TagWish::default() };
    let tag = bob.make_tag_with(&wish).await.ok();
    let invite = bob.new_invite("household").await.ok();
    let household_mate = bob.bring_in("household", "carol").await;
    let id = bob.account_id().await;
    let code = tag.code.split(':').nth(2).unwrap();

    let mut texts = vec![];
    let described = server.client.described().await;
    // Whatever an administrator can ask for, about him where a place can be filled; deletion comes last.
    for Described { method, path, .. } in described.iter().filter(|request| request.method != hyper::Method::DELETE) {
        let ends_ones_own_session = path.contains("logout") || path.ends_with("/auth/register");
        for place in [&id, &tag.id, &invite.id] {
            let path = path.replace("{id}", place);
            if !ends_ones_own_session && !path.ends_with("/disable") {
                let client = ada.with_header("content-type", "application/json");
                texts.push((path.clone(), client.send(method.clone(), &path, "{}".into()).await.text));
            }
        }
    }
    texts.push(("delete".into(), ada.revoke_tag(&tag.id).await.text));
    texts.push(("disable".into(), ada.change_user(&id, To::Disable).await.text));
    texts.push(("delete".into(), ada.delete_user(&id).await.text));
    assert!(
        texts.len() > 40 && texts.iter().any(|(_, text)| text.contains("\"bob\"")),
        "the search finds what is there"
    );
    for (path, text) in &texts {
        for canary in ["canary", &tag.id, code, &invite.id] {
            assert!(!text.contains(canary), "{path} says {canary}: {text}");
        }
    }
    assert_eq!(household_mate.tags().await.ok().tags[0].id, tag.id, "and it is still there");
}

#[tokio::test]
async fn a_disabled_account_is_out_at_once_and_looks_like_any_wrong_name() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let tag = bob.make_tag().await.ok();
    let id = bob.account_id().await;
    let mut presence = bob.present().await;
    let _call = server.client.call(&tag.code).await;
    let ring = presence.ring().await;

    ada.change_user(&id, To::Disable).await.ok();
    assert_eq!(presence.refused().await, "logged-out");
    assert_eq!(bob.account().await.code(), "no-session");
    assert_eq!(bob.presence_ticket().await.status, 401);
    let mut late = server.client.greet(&ring.signaling_endpoint, &ring.ticket).await;
    assert_eq!(late.refused().await, "no-such-call", "a ring that was heard before is no way in");
    let wrong = server.client.log_in("bob", "wrong horse battery").await;
    let nobody = server.client.log_in("eve", "x").await;
    let right = server.client.log_in("bob", PASSWORD).await;
    assert_eq!((right.status, &right.body, &right.body), (401, &wrong.body, &nobody.body));
    assert!(ada.users().await.ok().users[1].disabled);

    ada.change_user(&id, To::Enable).await.ok();
    assert_eq!(bob.account().await.status, 401, "an ended session stays ended");
    server.client.log_in("bob", PASSWORD).await.ok();
}

#[tokio::test]
async fn there_is_always_an_administrator() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let (ada_id, bob_id) = (ada.account_id().await, bob.account_id().await);
    for to in [To::Disable, To::MakeOwner] {
        assert_eq!(ada.change_user(&ada_id, to).await.refused(), (409, "last-administrator"), "{to:?}");
    }
    assert_eq!(ada.delete_user(&ada_id).await.code(), "last-administrator");
    ada.change_user(&bob_id, To::MakeAdministrator).await.ok();
    let early = bob.change_user(&ada_id, To::Disable).await;
    assert_eq!(early.code(), "confirm-first", "a new power needs a new proof");
    ada.change_user(&bob_id, To::Disable).await.ok();
    let alone = ada.change_user(&ada_id, To::MakeOwner).await;
    assert_eq!(alone.code(), "last-administrator", "a disabled one does not count");
    ada.change_user(&bob_id, To::Enable).await.ok();
    ada.change_user(&ada_id, To::MakeOwner).await.ok();
    assert_eq!(ada.users().await.code(), "administrators-only", "from that moment on");
}

#[tokio::test]
async fn two_administrators_cannot_demote_each_other_at_the_same_time() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let (ada_id, bob_id) = (ada.account_id().await, bob.account_id().await);
    ada.change_user(&bob_id, To::MakeAdministrator).await.ok();
    let bob = server.client.enter("bob", PASSWORD).await;
    let (one, other) = tokio::join!(ada.change_user(&bob_id, To::MakeOwner), bob.change_user(&ada_id, To::MakeOwner));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    // The second is refused by what it would do, or because its asker has lost the right to ask.
    assert!(statuses == [204, 409] || statuses == [204, 403], "{statuses:?}");
    let left = if one.is_ok() { &ada } else { &bob };
    left.users().await.ok();
}

#[tokio::test]
async fn users_that_do_not_exist_are_not_found() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let nobody = callqr::domain::ids::AccountId::random().to_string();
    for id in [nobody.as_str(), "nonsense", "acct_"] {
        for to in [To::Disable, To::Enable, To::MakeAdministrator, To::MakeOwner] {
            assert_eq!(ada.change_user(id, to).await.refused(), (404, "no-such-user"), "{to:?} {id}");
        }
        assert_eq!(ada.new_reset_link(id).await.refused(), (404, "no-such-user"), "{id}");
        assert_eq!(ada.delete_user(id).await.code(), "no-such-user");
    }
}

#[tokio::test]
async fn a_reset_link_sets_a_password_once_and_ends_all_sessions() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let id = bob.account_id().await;
    let link = async || {
        let link = ada.new_reset_link(&id).await.ok();
        link.qr.check();
        link.token()
    };
    let reset = async |token: &str, password: &str| server.client.reset_password(token, password).await;
    let (old, new) = (link().await, link().await);
    assert_eq!(bob.account().await.status, 200, "a link alone changes nothing");
    assert_eq!(reset(&old, NEW).await.code(), "reset-link", "the newest link counts");
    assert_eq!(reset("made up", NEW).await.code(), "reset-link");
    assert_eq!(reset(&new, "short").await.code(), "password-too-short");
    let done = reset(&new, NEW).await;
    assert_eq!(done.status, 200, "a refusal must not use it up: {}", done.text);
    assert_eq!(bob.account().await.status, 401);
    let bob = server.client.holding(&done.ok().logged_in());
    assert_eq!(bob.account().await.ok().username, "bob");
    assert_eq!(reset(&new, "a third horse battery").await.code(), "reset-link");
    assert_eq!(server.client.log_in("bob", PASSWORD).await.status, 401);
    server.client.log_in("bob", NEW).await.ok();

    let unused = link().await;
    ada.change_user(&id, To::Disable).await.ok();
    assert_eq!(ada.new_reset_link(&id).await.code(), "user-disabled");
    assert_eq!(reset(&unused, NEW).await.code(), "reset-link");
}
