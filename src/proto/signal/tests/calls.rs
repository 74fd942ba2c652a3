//! One owner with one phone, from the tap to the end.

use std::time::Duration;

use super::*;

const SDP: &str = "v=0\r\nc=IN IP4 0.0.0.0\r\n";

fn offer() -> Value {
    json!({"type": "offer", "payload": {"sdp": SDP}})
}

fn candidate(address: &str, kind: &str) -> Value {
    let candidate = format!("candidate:1 1 udp 1 {address} 9 typ {kind} raddr 0.0.0.0 rport 0");
    json!({"type": "ice-candidate", "payload": {"candidate": candidate}})
}

#[test]
fn the_end_of_a_call_is_told_once_with_what_became_of_it() {
    use crate::domain::call::EndReason;

    let with_fingerprint = |kind: &str, print: &str| json!({"type": kind, "payload": {"sdp": format!("{SDP}a=fingerprint:sha-256 {print}\r\n")}});
    let mut digests = Vec::new();
    for fingerprints in [false, true] {
        let mut scene = Scene::with(SignalOptions { fingerprints, ..SignalOptions::default() });
        let owner = scene.owner();
        let phone = scene.phone(owner);
        let caller = scene.call(owner);
        scene.wait(7.0);
        let device = scene.pick_up(phone);
        scene.say(device, "accept");
        scene.send(caller, with_fingerprint("offer", "AB:CD"));
        scene.send(device, with_fingerprint("answer", "EF:01"));
        scene.wait(20.0);
        assert_eq!(scene.over.len(), 0);
        scene.say(caller, "hangup");
        scene.drop(device);
        let [over] = scene.over[..] else { panic!("{} ends", scene.over.len()) };
        assert_eq!((over.tag, over.household, over.reason), (owner.tag, owner.household, EndReason::HungUp));
        assert_eq!((over.waited.as_secs(), over.talked.map(|talked| talked.as_secs())), (7, Some(20)));
        assert!(over.rang);
        digests.push(over.fingerprints);
    }
    assert!(digests[0].is_none() && digests[1].is_some(), "they are looked at only where they are asked for");
}

#[test]
fn a_call_that_nobody_answers_is_told_of_too_and_one_that_never_began_is_not() {
    use crate::domain::call::EndReason;

    let mut scene = Scene::new();
    let (nowhere, owner) = (scene.owner(), scene.owner());
    let phone = scene.phone(owner);
    scene.place(owner);
    scene.wait(31.0);
    assert_eq!(scene.over.len(), 0, "its caller never came");
    scene.call(nowhere);
    scene.call(owner);
    scene.pick_up(phone);
    scene.wait(46.0);
    let told: Vec<_> = scene.over.iter().map(|over| (over.tag, over.reason, over.rang, over.talked)).collect();
    assert_eq!(
        told,
        [(nowhere.tag, EndReason::Unreachable, false, None), (owner.tag, EndReason::NoAnswer, true, None)]
    );
}

#[test]
fn a_call_from_the_tap_to_the_end() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    assert_eq!(scene.heard(phone.presence), ["welcome"]);

    let caller = scene.call(owner);
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0"]);
    assert_eq!(scene.heard(phone.presence), ["ring 45"]);
    let device = scene.pick_up(phone);
    assert_eq!(scene.heard(device), ["welcome ringing"]);
    assert_eq!(scene.heard(caller), ["ringing 1"]);
    assert!(scene.relayed.is_empty(), "no media before a person answers");

    scene.say(device, "accept");
    assert_eq!(scene.heard(device), ["accepted"]);
    assert_eq!(scene.heard(caller), ["answered"]);
    assert_eq!(scene.relayed.len(), 1);
    assert_eq!((scene.board.calls(), scene.board.devices()), (1, 1));

    scene.send(caller, offer());
    scene.send(caller, candidate("198.18.0.1", "relay"));
    assert_eq!(scene.heard(device), ["offer", "ice-candidate"]);
    scene.send(device, json!({"type": "answer", "payload": {"sdp": SDP}}));
    scene.send(device, candidate("198.18.0.1", "relay"));
    scene.say(device, "restart-ice");
    assert_eq!(scene.heard(caller), ["answer", "ice-candidate", "restart-ice"]);
    scene.say(caller, "ping");
    assert_eq!(scene.heard(caller), ["pong"]);

    scene.say(caller, "hangup");
    assert_eq!(scene.heard(caller), ["ended hung-up", "close 1000"]);
    assert_eq!(scene.heard(device), ["ended hung-up", "close 1000"]);
    assert!(scene.heard(phone.presence).is_empty(), "the phone that answered was not told to stop ringing");
    assert!(scene.relayed.is_empty(), "the relay is closed");
    assert_eq!(scene.board.calls(), 0);
}

#[test]
fn proofs_pass_from_the_side_that_owes_them_and_a_mismatch_ends_the_call_for_both() {
    let mut scene = Scene::new();
    let (owner, nonce, signature) = (scene.owner(), "A".repeat(43), "A".repeat(86));
    let reveal = json!({"type": "reveal", "payload": {"nonce": nonce}});
    let signed = json!({"type": "signature", "payload": {"signature": signature}});
    let confirmed = json!({"type": "confirmation", "payload": {"confirmation": nonce}});

    for (wrong, of_caller) in [(&signed, true), (&reveal, false), (&confirmed, false)] {
        let (caller, device) = scene.talk(owner);
        scene.send(if of_caller { caller } else { device }, wrong.clone());
        let heard = scene.heard(if of_caller { caller } else { device });
        assert_eq!(heard.last().map(String::as_str), Some("close 4400"), "{wrong}");
        scene.say(if of_caller { device } else { caller }, "hangup");
        scene.heard(if of_caller { device } else { caller });
    }

    let (caller, device) = scene.talk(owner);
    scene.send(caller, json!({"type": "offer", "payload": {"sdp": SDP, "commitment": nonce}}));
    scene.send(device, json!({"type": "answer", "payload": {"sdp": SDP, "nonce": nonce}}));
    scene.send(caller, reveal);
    scene.send(device, signed);
    scene.send(caller, confirmed);
    assert_eq!(scene.heard(device), ["offer", "reveal", "confirmation"]);
    assert_eq!(scene.heard(caller), ["answer", "signature"]);
    scene.say(device, "mismatch");
    assert_eq!(scene.heard(caller), ["ended mismatch", "close 1000"]);
    assert_eq!(scene.heard(device), ["ended mismatch", "close 1000"]);
    assert!(scene.relayed.is_empty(), "the relay is closed");
}

#[test]
fn nothing_can_be_wrong_before_somebody_answers() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    scene.phone(owner);
    let caller = scene.call(owner);
    scene.heard(caller);
    scene.say(caller, "mismatch");
    assert_eq!(scene.heard(caller).last().map(String::as_str), Some("close 4400"));
}

#[test]
fn nobody_rings_before_the_caller_is_on_the_line() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    scene.forget(phone.presence);
    let grant = scene.place(owner);
    scene.wait(29.0);
    assert!(scene.heard(phone.presence).is_empty());
    assert_eq!(scene.board.calls(), 0, "and the owner is not busy");
    scene.wait(1.0);
    let late = scene.join(grant);
    assert_eq!(scene.heard(late), ["close 4404"]);
    assert_eq!(scene.board.poll_timeout(), None);
}

#[test]
fn nobody_answers_for_45_seconds() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    scene.wait(44.9);
    scene.forget(caller);
    scene.forget(device);
    scene.forget(phone.presence);
    scene.wait(0.1);
    assert_eq!(scene.heard(caller), ["ended no-answer", "close 1000"]);
    assert_eq!(scene.heard(device), ["ended no-answer", "close 1000"]);
    assert_eq!(scene.heard(phone.presence), ["ring-stopped no-answer"]);
}

#[test]
fn an_answer_after_the_ringing_time_comes_too_late() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    scene.forget(caller);
    scene.now += Duration::from_secs(46);
    scene.say(device, "accept");
    assert_eq!(scene.heard(caller), ["ended no-answer", "close 1000"]);
    assert!(scene.relayed.is_empty());
}

#[test]
fn the_caller_gives_up() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    scene.forget(phone.presence);
    scene.forget(caller);
    scene.say(caller, "hangup");
    assert_eq!(scene.heard(caller), ["ended gave-up", "close 1000"]);
    assert_eq!(scene.heard(phone.presence), ["ring-stopped gave-up"]);
}

#[test]
fn a_call_that_rang_nowhere_is_not_one_that_nobody_answered() {
    let ring_time = Duration::from_secs(5);
    let mut scene = Scene::with(SignalOptions { ring_time, search: ring_time * 2, ..SignalOptions::default() });
    let owner = scene.owner();
    let caller = scene.call(owner);
    scene.forget(caller);
    scene.wait(5.0);
    assert_eq!(scene.heard(caller), ["ended unreachable", "close 1000"]);
}

#[test]
fn without_a_device_one_is_looked_for() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let caller = scene.call(owner);
    scene.forget(caller);
    scene.wait(4.9);
    assert!(scene.heard(caller).is_empty());
    scene.wait(0.1);
    assert_eq!(scene.heard(caller), ["ended unreachable", "close 1000"]);

    let caller = scene.call(owner);
    scene.wait(4.0);
    let phone = scene.phone(owner);
    assert_eq!(scene.heard(phone.presence), ["welcome", "ring 41"]);
    scene.wait(7.0);
    scene.forget(caller);
    scene.pick_up(phone);
    assert_eq!(scene.heard(caller), ["ringing 1"]);
}

#[test]
fn a_long_call_is_warned_and_ends() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    scene.wait(29.0 * 60.0 - 0.1);
    assert!(scene.heard(caller).is_empty());
    scene.wait(0.1);
    for side in [caller, device] {
        assert_eq!(scene.heard(side), ["ending-soon 60"]);
    }
    scene.wait(60.0);
    for side in [caller, device] {
        assert_eq!(scene.heard(side), ["ended time-limit", "close 1000"]);
    }
    assert!(scene.relayed.is_empty());
}

#[test]
fn what_would_show_an_address_ends_the_connection_and_goes_nowhere() {
    let fixtures: Value = serde_json::from_str(include_str!("../../../../tests/fixtures/wire.json")).unwrap();
    for entry in fixtures["fromClient"]["refused"].as_array().unwrap() {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let (caller, device) = scene.talk(owner);
        scene.send(caller, entry["message"].clone());
        assert_eq!(scene.heard(caller), ["close 4422"], "{}", entry["name"]);
        assert_eq!(scene.heard(device), ["peer false"], "{}", entry["name"]);
    }
    for entry in fixtures["fromClient"]["valid"].as_array().unwrap() {
        let message = &entry["message"];
        if ["offer", "ice-candidate"].contains(&message["type"].as_str().unwrap()) {
            let mut scene = Scene::new();
            let owner = scene.owner();
            let (caller, device) = scene.talk(owner);
            scene.send(caller, message.clone());
            assert_eq!(scene.heard(device), [message["type"].as_str().unwrap()], "{}", entry["name"]);
        }
    }
}

#[test]
fn the_wrong_role_and_the_wrong_state_are_refused() {
    let answer = json!({"type": "answer", "payload": {"sdp": SDP}});
    let plain = |kind: &str| json!({"type": kind, "payload": {}});
    let hello = json!({"type": "hello", "payload": {"ticket": "x", "fresh": true}});
    let early = [offer(), candidate("198.18.0.1", "relay"), plain("accept"), plain("decline"), hello.clone()];
    for message in early {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let phone = scene.phone(owner);
        let caller = scene.call(owner);
        scene.forget(caller);
        scene.send(caller, message.clone());
        assert_eq!(scene.heard(caller), ["close 4400"], "{message} of a caller while it rings");
        assert!(scene.rings.contains_key(&phone.presence));
    }
    for message in [answer.clone(), candidate("198.18.0.1", "relay"), plain("restart-ice"), offer(), hello] {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let phone = scene.phone(owner);
        scene.call(owner);
        let device = scene.pick_up(phone);
        scene.forget(device);
        scene.send(device, message.clone());
        assert_eq!(scene.heard(device), ["close 4400"], "{message} of a device while it rings");
    }
    for (of_caller, message) in
        [(true, answer), (true, plain("restart-ice")), (false, offer()), (false, plain("decline"))]
    {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let (caller, device) = scene.talk(owner);
        let (sender, other) = if of_caller { (caller, device) } else { (device, caller) };
        scene.send(sender, message.clone());
        assert_eq!(scene.heard(sender), ["close 4400"], "{message} while talking");
        assert_eq!(scene.heard(other), ["peer false"]);
    }
}

#[test]
fn a_second_tap_on_answer_changes_nothing() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    scene.say(device, "accept");
    assert!(scene.heard(device).is_empty() && scene.heard(caller).is_empty());
}
