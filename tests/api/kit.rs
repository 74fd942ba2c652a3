//! The kit itself: a test that uses it fails when the server answers wrong, and says what the answer was.

use hyper::HeaderMap;
use serde_json::json;

use crate::support::{Heard, Reply, Say, Tag, TestApp};

fn answered(status: u16, body: &str) -> Reply<Tag> {
    Reply::new(Some(200), status, HeaderMap::new(), body.as_bytes())
}

const PAUSED: &str =
    r#"{"id":"tag_x","label":"","publicText":"","state":"paused","expiresAt":null,"expiryNotice":null,"keyHash":null}"#;

#[test]
fn a_success_is_what_the_api_promises() {
    assert_eq!(answered(200, PAUSED).ok().state, "paused");
}

#[test]
#[should_panic(expected = "503 in place of Some(200): what went wrong")]
fn a_refusal_is_no_success() {
    answered(503, "what went wrong").ok();
}

#[test]
#[should_panic(expected = "201 in place of Some(200)")]
fn another_status_of_success_is_none() {
    answered(201, PAUSED).ok();
}

#[test]
#[should_panic(expected = "missing field `keyHash`")]
fn a_field_that_may_be_null_is_missed_when_it_is_renamed() {
    answered(200, &PAUSED.replace("keyHash", "keyhash")).ok();
}

#[test]
#[should_panic(expected = "it was not refused: 200")]
fn a_success_is_no_refusal() {
    answered(200, PAUSED).refused();
}

#[tokio::test]
#[should_panic(expected = "username-taken")]
async fn a_story_that_goes_wrong_ends_with_the_servers_own_words() {
    let server = TestApp::start().await;
    server.owner().await.bring_in("owner", "ada").await;
}

#[test]
#[should_panic(expected = "missing field `devices`")]
fn a_known_message_has_all_its_fields() {
    Heard::read(r#"{"type":"ringing","payload":{"phones":1}}"#);
}

#[tokio::test]
#[should_panic(expected = "no-such-call")]
async fn an_error_in_place_of_what_is_waited_for_is_told() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let call = server.client.initiate(&tag.code).await.ok();
    owner.revoke_tag(&tag.id).await.ok();
    server.client.join(&call.signaling_endpoint, &call.ticket).await;
}

/// The examples of the protocol's own description, which the product and the pages read, too.
#[test]
fn every_message_of_the_protocol_is_understood() {
    let fixtures: serde_json::Value = serde_json::from_str(include_str!("../fixtures/wire.json")).unwrap();
    let mut unknown = Vec::new();
    for to in ["call", "presence"] {
        for entry in fixtures["toClient"][to].as_array().unwrap() {
            if let Heard::Other(message) = Heard::read(&entry["message"].to_string()) {
                unknown.push(message["type"].clone());
            }
        }
    }
    unknown.dedup();
    assert_eq!(unknown, ["reveal", "signature", "confirmation"], "the pages alone say these");
    let valid = fixtures["fromClient"]["valid"].as_array().unwrap();
    for say in [Say::Ready, Say::Ping, Say::Accept, Say::Decline, Say::RestartIce, Say::Hangup] {
        assert!(valid.iter().any(|entry| entry["message"] == say.json()), "{say:?}");
    }
    assert_eq!(Say::Other(json!("anything")).json(), json!("anything"));
}
