//! RFC 8489, section 9.2.4, one story for each way to fail.

use stun::attributes::{
    ATTR_NONCE, ATTR_PASSWORD_ALGORITHM, ATTR_PASSWORD_ALGORITHMS, ATTR_REALM, ATTR_SOFTWARE, ATTR_USERNAME,
};
use stun::message::Message;

use crate::proto::stun::integrity::{PasswordAlgorithm, Protection, protect};
use crate::proto::stun::message::Received;
use crate::proto::turn::testing::{ALLOCATE, Caller, REFRESH, UDP_RELAY, World, code, udp};

fn world() -> (World, Caller) {
    let mut world = World::new();
    world.admit("call");
    let caller = Caller::new(&mut world, "call-0", 1);
    (world, caller)
}

#[test]
fn a_stranger_is_challenged_with_realm_nonce_and_algorithms() {
    let mut world = World::new();
    let request = world.build(ALLOCATE, &[UDP_RELAY]);
    let answer = world.packet(udp(1), &request.raw).unwrap();
    assert_eq!(code(&answer), 401);
    let received = Received::parse(&answer).unwrap();
    assert_eq!(received.value(ATTR_REALM), Some(&b"callqr"[..]));
    assert!(received.value(ATTR_NONCE).unwrap().starts_with(b"obMatJos2gAAA"));
    assert_eq!(received.value(ATTR_PASSWORD_ALGORITHMS), Some(&[0, 2, 0, 0, 0, 1, 0, 0][..]));
}

#[test]
fn integrity_without_username_realm_or_nonce_is_a_bad_request_and_no_challenge() {
    let (mut world, caller) = world();
    for left_out in [ATTR_USERNAME, ATTR_REALM, ATTR_NONCE] {
        let mut message = world.build(ALLOCATE, &[UDP_RELAY]);
        for (attribute, text) in
            [(ATTR_USERNAME, &caller.username[..]), (ATTR_REALM, "callqr"), (ATTR_NONCE, &caller.nonce)]
        {
            if attribute != left_out {
                message.add(attribute, text.as_bytes());
            }
        }
        protect(&mut message, Protection::Sha1, caller.key().key(PasswordAlgorithm::Md5));
        let answer = world.packet(caller.client, &message.raw).unwrap();
        assert_eq!(code(&answer), 400, "{left_out}");
        assert_eq!(Received::parse(&answer).unwrap().value(ATTR_NONCE), None);
    }
}

#[test]
fn who_does_not_know_the_password_gets_401() {
    let (mut world, caller) = world();
    let strangers = [
        Caller { username: "nobody".into(), ..caller.clone() },
        Caller { username: "call-1".into(), ..caller.clone() },
        Caller { password: "guess".into(), ..caller.clone() },
    ];
    for stranger in strangers {
        assert_eq!(stranger.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 401);
    }
    let (code, answer) = Caller { password: "guess".into(), ..caller }.ask(&mut world, REFRESH, &[]);
    assert!(code == 401 && answer.contains(ATTR_NONCE), "with a new nonce");
}

#[test]
fn another_realm_is_not_ours() {
    let (mut world, caller) = world();
    let mut message = world.build(ALLOCATE, &[UDP_RELAY]);
    for (attribute, text) in
        [(ATTR_USERNAME, &caller.username[..]), (ATTR_REALM, "elsewhere"), (ATTR_NONCE, &caller.nonce)]
    {
        message.add(attribute, text.as_bytes());
    }
    protect(&mut message, Protection::Sha1, caller.key().key(PasswordAlgorithm::Md5));
    assert_eq!(code(&world.packet(caller.client, &message.raw).unwrap()), 401);
}

#[test]
fn an_old_nonce_is_stale_and_a_new_one_comes_with_the_answer() {
    let (mut world, old) = world();
    world.pass(3601);
    world.admit("call");
    let (code, answer) = old.ask(&mut world, ALLOCATE, &[UDP_RELAY]);
    assert_eq!(code, 438);
    let renewed = Caller { nonce: String::from_utf8(answer.get(ATTR_NONCE).unwrap()).unwrap(), ..old };
    assert_eq!(renewed.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 0);
}

#[test]
fn a_nonce_given_to_another_source_is_stale() {
    let (mut world, caller) = world();
    let thief = Caller { client: udp(2), ..caller };
    assert_eq!(thief.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 438);
}

#[test]
fn every_combination_of_integrity_and_password_algorithm_works() {
    for protection in [Protection::Sha1, Protection::Sha256] {
        for algorithm in [None, Some(PasswordAlgorithm::Md5), Some(PasswordAlgorithm::Sha256)] {
            let (mut world, caller) = world();
            let caller = Caller { protection, algorithm, ..caller };
            // `ask` checks that the answer is protected in the same way.
            assert_eq!(caller.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 0, "{protection:?} {algorithm:?}");
        }
    }
}

#[test]
fn password_algorithms_that_were_tampered_with_are_a_bad_request() {
    let (mut world, caller) = world();
    let ask = |world: &mut World, attributes: &[(stun::attributes::AttrType, &[u8])]| {
        let mut message: Message = world.build(ALLOCATE, &[UDP_RELAY]);
        for (attribute, value) in attributes {
            message.add(*attribute, value);
        }
        code(&world.packet(caller.client, &caller.protect(message)).unwrap())
    };
    let (list, one) = (ATTR_PASSWORD_ALGORITHMS, ATTR_PASSWORD_ALGORITHM);
    let ours: &[u8] = &[0, 2, 0, 0, 0, 1, 0, 0];
    assert_eq!(ask(&mut world, &[(list, ours)]), 400, "a list and no choice");
    assert_eq!(ask(&mut world, &[(one, &[0, 1, 0, 0])]), 400, "a choice and no list");
    assert_eq!(ask(&mut world, &[(list, &[0, 1, 0, 0]), (one, &[0, 1, 0, 0])]), 400, "the better one was taken out");
    assert_eq!(ask(&mut world, &[(list, ours), (one, &[0, 3, 0, 0])]), 400, "not in the list");
    assert_eq!(ask(&mut world, &[(list, ours), (one, &[0, 1, 0, 0])]), 0);
}

#[test]
fn attributes_after_integrity_are_ignored() {
    let (mut world, caller) = world();
    let mut message = Message::new();
    message.unmarshal_binary(&caller.protect(world.build(ALLOCATE, &[UDP_RELAY]))).unwrap();
    // Unknown and comprehension-required, or a reason for 508: neither is seen.
    message.add(stun::attributes::AttrType(0x7FFE), &[]);
    message.add(stun::attributes::ATTR_EVEN_PORT, &[0x80]);
    message.add(ATTR_SOFTWARE, b"any");
    assert_eq!(code(&world.packet(caller.client, &message.raw).unwrap()), 0);
}

#[test]
fn unknown_required_attributes_are_looked_for_after_authentication() {
    let (mut world, caller) = world();
    let unknown: (u16, &[u8]) = (0x7FFE, &[1]);
    let bare = world.build(ALLOCATE, &[UDP_RELAY, unknown]);
    assert_eq!(code(&world.packet(udp(1), &bare.raw).unwrap()), 401);
    assert_eq!(caller.ask(&mut world, ALLOCATE, &[UDP_RELAY, unknown]).0, 420);
}
