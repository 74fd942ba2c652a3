//! A new password: who may set it, and what it ends.

use crate::support::{PASSWORD, TestApp};

const NEW: &str = "another horse battery";

#[tokio::test]
async fn a_new_password_ends_all_other_sessions_and_gives_this_one_new_secrets() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let phone = server.client.enter("ada", PASSWORD).await;
    let mut socket = phone.present().await;

    let done = owner.change_password(NEW).await.ok();
    assert_eq!(socket.closed().await, 4402);
    for ended in [&owner, &phone] {
        assert_eq!(ended.account().await.code(), "no-session");
    }
    let renewed = server.client.holding(&done);
    let sessions = renewed.sessions().await.ok().sessions;
    assert_eq!((sessions.len(), sessions[0].current), (1, true));
    assert_eq!(server.client.log_in("ada", PASSWORD).await.code(), "wrong-credentials");
    server.client.log_in("ada", NEW).await.ok();
    assert_eq!(renewed.count_events("password-changed").await, 1);
}

#[tokio::test]
async fn a_new_password_ends_the_invites_that_a_thief_may_have_made() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let bob = owner.bring_in("household", "bob").await;
    let of_owner = owner.new_invite("household").await.ok().token();
    let of_bob = bob.new_invite("household").await.ok().token();
    owner.change_password(NEW).await.ok();
    for (token, valid) in [(of_owner, false), (of_bob, true)] {
        assert_eq!(server.client.validate_invite(&token).await.ok().valid, valid);
    }
}

#[tokio::test]
async fn a_pages_cookie_is_replaced_with_the_password() {
    let server = TestApp::start().await;
    server.owner().await;
    let page = server.client.as_page();
    let old = page.log_in_by_cookie("ada", PASSWORD).await.cookie();
    assert!(old.starts_with("__Host-callqr="));
    let holder = page.with_header("cookie", &old);
    let done = holder.change_password(NEW).await;
    assert_eq!(done.ok().token, None);
    let new = done.cookie();
    assert!(new.starts_with("__Host-callqr=") && new != old);
    assert_eq!(holder.account().await.code(), "no-session");
    page.with_header("cookie", &new).account().await.ok();
}

#[tokio::test]
async fn a_password_is_changed_only_by_its_owner_and_only_into_a_good_one() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    assert_eq!(server.client.change_password(NEW).await.status, 401);
    for (password, why) in [
        ("too short", "password-too-short"),
        ("password123", "password-too-common"),
        ("1234567890", "password-too-common"),
        ("aaaaaaaaaaaaaaa", "password-too-common"),
    ] {
        let refused = owner.change_password(password).await;
        assert_eq!(refused.refused(), (400, why), "{password}");
        assert!(!refused.text.contains(password));
    }
    server.age_sessions();
    assert_eq!(owner.change_password(NEW).await.refused(), (403, "confirm-first"));

    assert_eq!(owner.count_events("password-changed").await, 0);
    assert_eq!(owner.account().await.status, 200, "a refusal ends nothing");
    server.client.log_in("ada", PASSWORD).await.ok();
    owner.confirmed(PASSWORD).await.change_password(NEW).await.ok();
}
