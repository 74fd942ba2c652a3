//! Binding, and what gets no answer at all.

use stun::attributes::ATTR_UNKNOWN_ATTRIBUTES;
use stun::message::{CLASS_INDICATION, CLASS_SUCCESS_RESPONSE, METHOD_BINDING, METHOD_CONNECT, MessageType};

use crate::proto::stun::message::Received;
use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::header::{mask, xor_address};
use crate::proto::turn::testing::{ALLOCATE, World, code, udp};

#[test]
fn a_client_learns_its_own_address() {
    let mut world = World::new();
    let request = world.build(METHOD_BINDING, &[]);
    let answer = world.packet(udp(9), &request.raw).unwrap();
    let received = Received::parse(&answer).unwrap();
    assert_eq!(received.message.transaction_id, request.transaction_id);
    let mapped = received.value(stun::attributes::ATTR_XORMAPPED_ADDRESS).unwrap();
    assert_eq!(xor_address(mapped, mask(&answer)), Some(udp(9).peer()));
    assert_eq!(answer.len(), 32, "nothing else stands in it");
}

#[test]
fn over_ipv6_a_request_too_short_for_twice_its_length_gets_no_answer_unless_its_source_is_proven() {
    let mut world = World::new();
    let peer = "[2001:db8::9]:9".parse().unwrap();
    let forged = FiveTuple::Udp { peer, local: std::net::Ipv6Addr::LOCALHOST.into(), listener: 0 };
    let bare = world.build(METHOD_BINDING, &[]).raw;
    assert_eq!(world.packet(forged, &bare), None);
    assert_eq!(world.server.control().counts().unanswered, 1);
    assert_eq!(world.packet(FiveTuple::Stream { id: 1, peer }, &bare).map(|answer| answer.len()), Some(44));
    // FINGERPRINT, as every ICE agent sends it.
    let mut with_fingerprint = world.build(METHOD_BINDING, &[]);
    stun::message::Setter::add_to(&stun::fingerprint::FINGERPRINT, &mut with_fingerprint).unwrap();
    let answer = world.packet(forged, &with_fingerprint.raw).unwrap();
    let mapped = Received::parse(&answer).unwrap();
    let mapped = mapped.value(stun::attributes::ATTR_XORMAPPED_ADDRESS).unwrap();
    assert_eq!(xor_address(mapped, mask(&answer)), Some(peer));
}

#[test]
fn unknown_comprehension_required_attributes_get_420_and_are_named_once() {
    let mut world = World::new();
    let request = world.build(METHOD_BINDING, &[(0x0024, &[0; 4]), (0x7FFF, &[]), (0x0024, &[]), (0x8FFF, &[1])]);
    let answer = world.packet(udp(9), &request.raw).unwrap();
    assert_eq!(code(&answer), 420);
    let named = Received::parse(&answer).unwrap().value(ATTR_UNKNOWN_ATTRIBUTES).unwrap().to_vec();
    assert_eq!(named, [0x00, 0x24, 0x7F, 0xFF]);
}

#[test]
fn nothing_but_known_requests_is_answered() {
    let mut world = World::new();
    for (method, class) in [
        (METHOD_BINDING, CLASS_INDICATION),
        (METHOD_BINDING, CLASS_SUCCESS_RESPONSE),
        (ALLOCATE, CLASS_SUCCESS_RESPONSE),
        (METHOD_CONNECT, stun::message::CLASS_REQUEST),
    ] {
        let mut message = world.build(method, &[]);
        message.set_type(MessageType::new(method, class));
        assert_eq!(world.packet(udp(9), &message.raw), None, "{method} {class}");
    }
    for junk in [&b""[..], b"\0", b"GET / HTTP/1.1\r\n\r\n", &[0xFF; 40], &[0; 20]] {
        assert_eq!(world.packet(udp(9), junk), None);
    }
    assert_eq!(world.server.control().counts().malformed, 9);
}
