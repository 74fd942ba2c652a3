//! `tests/fixtures/wire.json`, which the JavaScript tests read too, against the types of [`super::wire`].
#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::wire::*;
use crate::domain::call::{EndReason, Role};
use crate::domain::credentials::secret::Secret;
use crate::domain::ice::IceServer;
use crate::domain::ids::{AnonymousId, CallId, TagId};

fn fixtures() -> Value {
    serde_json::from_str(include_str!("../../../tests/fixtures/wire.json")).unwrap()
}

fn list<'a>(fixtures: &'a Value, side: &str, group: &str) -> &'a Vec<Value> {
    let list = fixtures[side][group].as_array().unwrap();
    assert!(!list.is_empty(), "{side}.{group} shows something");
    list
}

fn type_of(entry: &Value) -> &str {
    entry["message"]["type"].as_str().unwrap()
}

#[test]
fn every_valid_message_of_a_client_is_read() {
    let fixtures = fixtures();
    let mut types = Vec::new();
    for entry in list(&fixtures, "fromClient", "valid") {
        let name = &entry["name"];
        let message = FromClient::parse(&entry["message"].to_string()).unwrap_or_else(|_| panic!("{name} is refused"));
        types.push(type_of(entry));
        // What is passed on arrives as it was sent.
        if let FromClient::Media(media) = message {
            let sent = serde_json::to_value(ToClient::Media(media)).unwrap();
            assert_eq!(sent, entry["message"], "{name}");
        }
    }
    types.sort_unstable();
    types.dedup();
    let all = [
        "accept",
        "answer",
        "confirmation",
        "decline",
        "hangup",
        "hello",
        "ice-candidate",
        "microphone",
        "mismatch",
        "offer",
        "ping",
        "ready",
        "restart-ice",
        "reveal",
        "rings",
        "signature",
    ];
    assert_eq!(types, all);
}

#[test]
fn every_invalid_message_of_a_client_is_refused() {
    for entry in list(&fixtures(), "fromClient", "invalid") {
        let refused = FromClient::parse(entry["text"].as_str().unwrap()).expect_err(entry["name"].as_str().unwrap());
        assert_eq!(refused.code(), entry["closeCode"], "{}", entry["name"]);
    }
}

#[test]
fn what_the_policy_refuses_is_understood_at_first() {
    for entry in list(&fixtures(), "fromClient", "refused") {
        assert!(
            matches!(FromClient::parse(&entry["message"].to_string()), Ok(FromClient::Media(_))),
            "{}",
            entry["name"]
        );
    }
}

#[test]
fn a_message_beyond_the_limit_is_refused_unread() {
    let text = json!({"type": "offer", "payload": {"sdp": "x".repeat(MAX_MESSAGE)}}).to_string();
    assert_eq!(FromClient::parse(&text), Err(super::CloseReason::TooLarge));
}

const PASSED_ON: [&str; 7] = ["offer", "answer", "ice-candidate", "restart-ice", "reveal", "signature", "confirmation"];

/// The same messages in the same order as in the fixtures.
fn call_messages(fixtures: &Value) -> Vec<ToClient> {
    let id = AnonymousId::from_bytes([2; 16]);
    let ticket = || String::from("sealed-ticket");
    let ice = || {
        let host = "ring.example.org:8443";
        vec![IceServer {
            urls: vec![
                format!("turn:{host}?transport=udp"),
                format!("turn:{host}?transport=tcp"),
                format!("turns:{host}?transport=tcp"),
            ],
            username: id.to_string(),
            credential: Secret::new("c2VjcmV0".into()),
        }]
    };
    let welcome = |role, standing| ToClient::Welcome(Welcome { role, participant_id: id, ticket: ticket(), standing });
    let passed_on: Vec<Media> = list(fixtures, "toClient", "call")
        .iter()
        .filter(|entry| PASSED_ON.contains(&type_of(entry)))
        .map(|entry| serde_json::from_value(entry["message"].clone()).unwrap())
        .collect();
    let mut messages = vec![
        welcome(Role::Caller, CallStatus::Ringing),
        welcome(Role::Owner, CallStatus::Ringing),
        welcome(Role::Caller, CallStatus::Talking { ice_servers: ice(), seconds: 61, peer_connected: true }),
        ToClient::Ringing { devices: 0, silent: 0 },
        ToClient::Ringing { devices: 2, silent: 0 },
        ToClient::Ringing { devices: 0, silent: 1 },
        ToClient::Answered { ticket: ticket() },
        ToClient::Accepted { ticket: ticket(), ice_servers: ice() },
    ];
    messages.extend(passed_on.into_iter().map(ToClient::Media));
    messages.extend([
        ToClient::Peer { connected: false },
        ToClient::Peer { connected: true },
        ToClient::RestartMedia {},
        ToClient::EndingSoon { seconds: 60 },
    ]);
    messages.extend(
        [
            EndReason::HungUp,
            EndReason::GaveUp,
            EndReason::Declined,
            EndReason::NoAnswer,
            EndReason::Unreachable,
            EndReason::Busy,
            EndReason::AnsweredElsewhere,
            EndReason::TimeLimit,
            EndReason::Lost,
            EndReason::Withdrawn,
            EndReason::Mismatch,
        ]
        .map(|reason| ToClient::Ended { reason }),
    );
    messages.extend([ToClient::Pong {}, super::CloseReason::NoSuchCall.error().unwrap()]);
    messages
}

fn presence_messages() -> Vec<ToClient> {
    let call_id = CallId::from_bytes([1; 16]);
    let mut messages = vec![
        ToClient::PresenceWelcome { role: PresenceRole::Presence, ticket: "sealed-ticket".into() },
        ToClient::Ring(Ring {
            call_id,
            tag_id: TagId::from_bytes([3; 16]),
            signaling_endpoint: format!("/api/v1/calls/signaling/{call_id}"),
            ticket: "sealed-ticket".into(),
            seconds: 45,
        }),
    ];
    messages.extend(
        [
            EndReason::AnsweredElsewhere,
            EndReason::GaveUp,
            EndReason::NoAnswer,
            EndReason::Declined,
            EndReason::Withdrawn,
        ]
        .map(|reason| ToClient::RingStopped { call_id, reason }),
    );
    messages.extend([
        ToClient::NotesChanged {},
        ToClient::MembersChanged {},
        ToClient::Pong {},
        super::CloseReason::LoggedOut.error().unwrap(),
    ]);
    messages
}

#[test]
fn every_message_of_the_server_is_written_as_shown() {
    let fixtures = fixtures();
    for (group, messages) in [("call", call_messages(&fixtures)), ("presence", presence_messages())] {
        let written: Vec<Value> = messages.iter().map(|m| serde_json::from_str(&m.to_text()).unwrap()).collect();
        let shown: Vec<Value> = list(&fixtures, "toClient", group).iter().map(|e| e["message"].clone()).collect();
        for (written, shown) in written.iter().zip(&shown) {
            assert_eq!(written, shown);
        }
        assert_eq!(written.len(), shown.len(), "{group}");
    }
}

proptest::proptest! {
    #[test]
    fn no_text_is_too_much(text in proptest::prelude::any::<String>()) {
        let _ = FromClient::parse(&text);
        let payload = format!(r#"{{"type":"ice-candidate","payload":{text}}}"#);
        let _ = FromClient::parse(&payload);
    }
}
