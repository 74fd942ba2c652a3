//! What a caller gets before the signalling begins.

use crate::support::protocol::{PRESENCE, call_path};
use crate::support::{Call, Client, Heard, TestApp};

#[tokio::test]
async fn initiating_gives_a_session_and_the_relays_addresses() {
    let server = TestApp::start().await;
    let tag = server.owner().await.make_tag().await.ok();
    let call = server.client.initiate_as(&tag.code, "anon_AAAAAAAAAAAAAAAAAAAAAA").await.ok();
    assert!(call.session_id.starts_with("session_"));
    assert_eq!(call.signaling_endpoint, call_path(&call.session_id));
    let caller = &call.caller_anonymous_id;
    assert!(
        caller.starts_with("anon_") && caller != "anon_AAAAAAAAAAAAAAAAAAAAAA",
        "a caller's own id would link calls"
    );
    assert!(!call.ticket.is_empty());
    assert_eq!(call.ring_seconds, 45);

    let urls: Vec<_> = call.ice_servers.iter().flat_map(|server| server.urls.clone()).collect();
    let port = server.port;
    let expected = [
        format!("turn:localhost:{port}?transport=udp"),
        format!("turn:localhost:{port}?transport=tcp"),
        format!("turns:localhost:{port}?transport=tcp"),
    ];
    assert_eq!(urls, expected);
}

#[tokio::test]
async fn turns_is_offered_with_a_name_only() {
    let server = TestApp::start().await;
    let tag = server.owner().await.make_tag().await.ok();
    let call = server.client.by_number().initiate(&tag.code).await.ok();
    let text = format!("{:?}", call.ice_servers);
    assert!(text.contains("turn:127.0.0.1:") && !text.contains("turns:"), "{text}");
}

#[tokio::test]
async fn an_anonymous_id_of_the_callers_own_choosing_tells_nobody_anything() {
    let server = TestApp::start().await;
    let tag = server.owner().await.make_tag().await.ok();
    let placed = server.client.initiate_as(&tag.code, "ada@example.org").await;
    assert!(placed.is_ok() && !placed.text.contains("ada@example.org"), "{}", placed.text);
}

#[tokio::test]
async fn signalling_refuses_pages_of_others_and_lets_programs_show_their_ticket() {
    let server = TestApp::start().await;
    let upgrade = server.client.upgrading();
    for path in [call_path(callqr::domain::ids::CallId::random()), PRESENCE.to_owned()] {
        assert_eq!(upgrade.get(&path).await.status, 101, "a program");
        for origin in ["null", "https://evil.example", "http://localhost"] {
            assert_eq!(upgrade.with_header("origin", origin).get(&path).await.status, 403, "{origin}");
        }
        assert_eq!(upgrade.as_page().get(&path).await.status, 101);
        let hybi = server.client.with_header("connection", "upgrade").with_header("upgrade", "websocket");
        let other = hybi.with_header("sec-websocket-version", "8").get(&path).await;
        assert_eq!((other.status, other.code()), (426, "not-a-websocket"));
        assert_eq!(other.headers["sec-websocket-version"], "13");
    }
}

/// What signalling says first to the caller of an initiated call.
async fn first_word(client: &Client, call: &Call) -> Heard {
    client.greet(&call.signaling_endpoint, &call.ticket).await.next().await
}

#[tokio::test]
async fn a_call_that_was_placed_before_its_tag_was_paused_or_revoked_does_not_ring() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let initiate = async || server.client.initiate(&tag.code).await.ok();
    assert!(matches!(first_word(&server.client, &initiate().await).await, Heard::Welcome(_)));
    let call = initiate().await;
    owner.pause_tag(&tag.id).await.ok();
    assert_eq!(first_word(&server.client, &call).await.to_string(), "error no-such-call");
    owner.resume_tag(&tag.id).await.ok();
    let call = initiate().await;
    owner.revoke_tag(&tag.id).await.ok();
    assert_eq!(first_word(&server.client, &call).await.to_string(), "error no-such-call");
}

#[tokio::test]
async fn a_call_that_is_placed_while_its_tag_is_revoked_does_not_ring() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    for _ in 0..6 {
        let tag = owner.make_tag().await.ok();
        let (call, revoked) = tokio::join!(server.client.initiate(&tag.code), owner.revoke_tag(&tag.id));
        revoked.ok();
        if call.is_ok() {
            assert_eq!(first_word(&server.client, &call.ok()).await.to_string(), "error no-such-call");
        } else {
            assert_eq!(call.status, 404, "{}", call.text);
        }
    }
}
