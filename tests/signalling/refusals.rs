//! What the server does not take.

use std::time::SystemTime;

use callqr::domain::ids::{CallId, HouseholdId, TagId};
use callqr::proto::signal::{Rate, SignalOptions};
use futures_util::SinkExt as _;
use http::StatusCode;
use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;

use crate::support::{Heard, ORIGIN, Owner, PRESENCE, Page, Say, Server, call_path};

fn fixtures() -> Value {
    serde_json::from_str(include_str!("../fixtures/wire.json")).unwrap()
}

#[tokio::test]
async fn pages_of_others() {
    let server = Server::start();
    for origin in [Some("null"), Some("https://evil.example"), Some("http://callqr.test:8443"), Some("")] {
        for path in [PRESENCE, &call_path(CallId::random())] {
            let refused = server.try_open(server.tcp().await, path, origin).await.err();
            let (status, body) = refused.unwrap_or_else(|| panic!("{origin:?} came in"));
            assert_eq!((status, body.as_str()), (StatusCode::FORBIDDEN, "foreign-origin"), "{origin:?}");
        }
    }
}

#[tokio::test]
async fn a_program_is_let_in_by_its_ticket_alone() {
    let server = Server::start();
    let (path, ticket) = server.place(Owner::new());
    let mut program = server.try_open(server.tcp().await, &path, None).await.unwrap();
    program.hello(&ticket, false).await;
    assert!(matches!(program.next().await, Heard::Welcome(_)));
    let mut without = server.try_open(server.tcp().await, &path, None).await.unwrap();
    without.hello("x", false).await;
    assert!(matches!(without.next().await, Heard::Error { .. }));
}

#[tokio::test]
async fn more_sockets_than_there_is_room_for() {
    let server = Server::with(SignalOptions { max_connections: 1, ..SignalOptions::default() });
    let only = server.open(PRESENCE).await;
    let refused = server.try_open(server.tcp().await, PRESENCE, Some(ORIGIN)).await.err();
    assert_eq!(refused.unwrap().0, StatusCode::SERVICE_UNAVAILABLE);
    drop(only);
}

#[tokio::test]
async fn a_full_server_places_no_calls() {
    let server = Server::with(SignalOptions { max_calls: 1, ..SignalOptions::default() });
    let talk = server.talk().await;
    let refused = server.hub.place(TagId::random(), HouseholdId::random(), "callqr.test", SystemTime::now());
    assert_eq!(refused.err().unwrap().code, "too-many-calls");
    drop(talk);
    server.hub.shutdown().await;
    server.hub.stopped().await;
    let refused = server.hub.place(TagId::random(), HouseholdId::random(), "callqr.test", SystemTime::now());
    assert_eq!(refused.err().unwrap().code, "stopping");
}

#[tokio::test]
async fn tickets_that_are_none() {
    let server = Server::start();
    let (path, ticket) = server.place(Owner::new());
    let elsewhere = call_path(CallId::random());
    let other = if ticket.starts_with('A') { 'B' } else { 'A' };
    let damaged = format!("{other}{}", &ticket[1..]);
    for (path, ticket) in
        [(path.as_str(), "x"), (&path, ""), (&path, &damaged), (&elsewhere, &ticket), (PRESENCE, &ticket)]
    {
        let mut page = server.open(path).await;
        page.hello(ticket, true).await;
        assert_eq!(page.hear_until("close 4401").await, ["error bad-ticket", "close 4401"]);
    }
    let mut page = server.open(&path).await;
    page.say(Say::Ready).await;
    assert_eq!(page.hear_until("close 4401").await, ["error bad-ticket", "close 4401"]);
}

#[tokio::test]
async fn what_is_not_a_message() {
    let server = Server::start();
    for entry in fixtures()["fromClient"]["invalid"].as_array().unwrap() {
        let (path, ticket) = server.place(Owner::new());
        let mut page = server.enter(&path, &ticket, true).await;
        page.socket.send(Message::text(entry["text"].as_str().unwrap())).await.unwrap();
        page.hear_until("error bad-message").await;
        assert_eq!(page.hear().await, "close 4400", "{}", entry["name"]);
    }
    let (path, ticket) = server.place(Owner::new());
    let mut page = server.enter(&path, &ticket, true).await;
    page.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    page.hear_until("close 4400").await;
}

#[tokio::test]
async fn candidates_that_would_show_an_address() {
    let server = Server::start();
    for entry in fixtures()["fromClient"]["refused"].as_array().unwrap() {
        let (mut caller, mut device, _presence, _) = server.talk().await;
        caller.say(Say::Other(entry["message"].clone())).await;
        assert_eq!(caller.hear_until("close 4422").await, ["error not-relayed", "close 4422"], "{}", entry["name"]);
        assert_eq!(device.hear().await, "peer false", "{}", entry["name"]);
    }
}

#[tokio::test]
async fn the_wrong_role_and_the_wrong_state() {
    let server = Server::start();
    let (mut caller, mut device, _presence, _) = server.talk().await;
    caller.say(Say::Accept).await;
    assert_eq!(caller.hear_until("close 4400").await, ["error bad-message", "close 4400"]);
    assert_eq!(device.hear().await, "peer false");
    device.offer().await;
    assert_eq!(device.hear_until("close 4400").await, ["error bad-message", "close 4400"]);

    let owner = Owner::new();
    let _presence = server.device(owner).await;
    let (mut early, _) = server.call(owner).await;
    early.hear_until("ringing 0").await;
    early.offer().await;
    assert_eq!(early.hear_until("close 4400").await, ["error bad-message", "close 4400"]);
}

#[tokio::test]
async fn messages_that_are_too_large() {
    let server = Server::start();
    for (size, fragments) in [(64 * 1024 + 1, 1), (300 * 1024, 1), (100 * 1024, 10)] {
        let (mut caller, mut device, _presence, _) = server.talk().await;
        let text = Say::Offer("x".repeat(size)).json().to_string();
        send_in(&mut caller, &text, fragments).await;
        assert_eq!(caller.hear_until("close 1009").await, ["error too-large", "close 1009"], "{size} in {fragments}");
        assert_eq!(device.hear().await, "peer false");
    }
    // Before hello too.
    let mut stranger = server.open(PRESENCE).await;
    stranger.socket.send(Message::text("x".repeat(64 * 1024 + 1))).await.unwrap();
    assert_eq!(stranger.hear_until("close 1009").await, ["error too-large", "close 1009"]);
}

/// Sends one message as several frames.
async fn send_in(page: &mut Page, text: &str, fragments: usize) {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
    let parts: Vec<&[u8]> = text.as_bytes().chunks(text.len().div_ceil(fragments)).collect();
    for (at, part) in parts.iter().enumerate() {
        let code = if at == 0 { Data::Text } else { Data::Continue };
        let frame = Frame::message(part.to_vec(), OpCode::Data(code), at + 1 == parts.len());
        // The server may have closed before the last part.
        if page.socket.send(Message::Frame(frame)).await.is_err() {
            break;
        }
    }
}

#[tokio::test]
async fn a_flood() {
    let server = Server::start();
    let (mut caller, mut device, _presence, _) = server.talk().await;
    for _ in 0..400 {
        caller.socket.feed(Message::text(Say::Ping.json().to_string())).await.unwrap();
    }
    caller.socket.flush().await.unwrap();
    let heard = caller.hear_until("close 4429").await;
    assert!((190..=230).contains(&heard.len()), "{}", heard.len());
    assert_eq!(heard[heard.len() - 2], "error too-many");
    assert_eq!(device.hear().await, "peer false");

    let mut pinging = server.open(PRESENCE).await;
    for _ in 0..200 {
        pinging.socket.feed(Message::Ping("x".into())).await.unwrap();
    }
    pinging.socket.flush().await.unwrap();
    assert_eq!(pinging.hear_until("close 4429").await, ["error too-many", "close 4429"]);
}

/// Nearly as large as a message may be.
fn large_offer() -> Say {
    Say::Offer(format!("v=0\r\n{}", "a=candidate:1 1 udp 1 198.18.0.1 9 typ relay\r\n".repeat(1200)))
}

/// What one side sends at once fits into the other's queue: who floods is closed, and not who is flooded.
#[tokio::test]
async fn a_flood_of_large_messages() {
    let server = Server::start();
    let (mut caller, mut device, _presence, _) = server.talk().await;
    let offer = large_offer();
    for _ in 0..20 {
        caller.socket.feed(Message::text(offer.json().to_string())).await.unwrap();
    }
    // The server may have closed before the last one.
    let _ = caller.socket.flush().await;
    let heard = device.hear_until("peer false").await;
    assert!((2..=4).contains(&heard.iter().filter(|heard| *heard == "offer").count()), "{heard:?}");
    device.say(Say::Ping).await;
    assert_eq!(device.hear().await, "pong", "the innocent side stays");
}

#[tokio::test]
async fn who_does_not_read() {
    let rate = Rate { burst: 10_000, per_second: 1_000 };
    let server = Server::with(SignalOptions { rate, ..SignalOptions::default() });
    let owner = Owner::new();
    let mut presence = server.device(owner).await;
    let (mut caller, path) = server.call(owner).await;
    assert_eq!(presence.hear().await, "ring");
    let ring = presence.rung.clone().unwrap();
    // Over a connection that holds 16 KiB, so that what is not read piles up in the server at once.
    let mut device = server.open_on(server.memory(), &path).await;
    device.hello(&ring.ticket, true).await;
    device.say(Say::Accept).await;
    caller.hear_until("answered").await;
    assert_eq!(device.hear_until("accepted").await, ["welcome ringing", "accepted"]);

    let offer = large_offer();
    let size = offer.json().to_string().len();
    assert!(size < 64 * 1024);
    for sent in 1.. {
        caller.say(offer.clone()).await;
        caller.say(Say::Ping).await;
        // One is being written, the others wait.
        if sent > 1 + 256 * 1024 / size {
            assert_eq!(caller.hear_until("pong").await, ["peer false", "pong"]);
            break;
        }
        assert_eq!(caller.hear().await, "pong", "after {sent}");
    }
    assert_eq!(device.next().await, Heard::Closed(1006), "cut in the middle of a message");
}
