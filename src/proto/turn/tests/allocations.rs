//! Allocate and Refresh (RFC 8656, sections 7 and 8).

use std::net::SocketAddr;

use stun::attributes::{ATTR_LIFETIME, ATTR_XOR_RELAYED_ADDRESS};
use stun::message::Message;

use crate::proto::turn::control::Input;
use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::header::{mask, xor_address};
use crate::proto::turn::limits::Limits;
use crate::proto::turn::testing::{ALLOCATE, Attribute, Caller, REFRESH, UDP_RELAY, World, relayed, send, udp};

const V4: Attribute<'static> = (0x0017, &[1, 0, 0, 0]);
const V6: Attribute<'static> = (0x0017, &[2, 0, 0, 0]);
const ALSO_V6: Attribute<'static> = (0x8000, &[2, 0, 0, 0]);
const NOW: Attribute<'static> = (0x000D, &[0; 4]);

fn world() -> (World, Caller) {
    let mut world = World::new();
    world.admit("call");
    let caller = Caller::new(&mut world, "call-0", 1);
    (world, caller)
}

fn lifetime(answer: &Message) -> u32 {
    u32::from_be_bytes(answer.get(ATTR_LIFETIME).unwrap().try_into().unwrap())
}

#[test]
fn relayed_addresses_are_names_one_per_call() {
    let (mut world, caller) = world();
    let first = caller.allocate(&mut world);
    let second = Caller::new(&mut world, "call-1", 2).allocate(&mut world);
    world.admit("else");
    let foreign = Caller::new(&mut world, "else-0", 3).allocate(&mut world);
    for address in [first, second, foreign] {
        let SocketAddr::V4(address) = address else { panic!("IPv4 unless asked") };
        assert!(address.ip().octets()[0] == 198 && address.ip().octets()[1] & 0xFE == 18 && address.port() >= 49152);
    }
    assert_eq!(first.ip(), second.ip());
    assert_ne!(first.port(), second.port());
    assert_ne!(first.ip(), foreign.ip());
}

#[test]
fn families_are_as_asked_and_ipv4_for_who_does_not_ask() {
    let cases: [(&[Attribute<'_>], &[u8]); 4] = [(&[], b"4"), (&[V4], b"4"), (&[V6], b"6"), (&[ALSO_V6], b"46")];
    for (asked, given) in cases {
        let (mut world, _) = world();
        let local = std::net::Ipv6Addr::LOCALHOST.into();
        let client = FiveTuple::Udp { peer: "[2001:db8:ffff::1]:5000".parse().unwrap(), local, listener: 1 };
        let caller = Caller::at(&mut world, "call-0", client);
        let (code, answer) = caller.ask(&mut world, ALLOCATE, &[&[UDP_RELAY], asked].concat());
        assert_eq!(code, 0);
        let relayed = answer.attributes.0.iter().filter(|a| a.typ == ATTR_XOR_RELAYED_ADDRESS);
        let addresses: Vec<SocketAddr> = relayed.map(|a| xor_address(&a.value, mask(&answer.raw)).unwrap()).collect();
        let families: Vec<u8> = addresses.iter().map(|a| if a.is_ipv4() { b'4' } else { b'6' }).collect();
        assert_eq!(families, given);
    }
}

#[test]
fn requests_that_cannot_be_met_say_why() {
    let cases: [(&[Attribute<'_>], u16); 14] = [
        (&[], 400),
        (&[(0x0019, &[17])], 400),
        (&[(0x0019, &[6, 0, 0, 0])], 442),
        (&[UDP_RELAY, (0x0017, &[3, 0, 0, 0])], 440),
        (&[UDP_RELAY, (0x0017, &[1])], 400),
        (&[UDP_RELAY, V4, ALSO_V6], 400),
        (&[UDP_RELAY, (0x8000, &[1, 0, 0, 0])], 400),
        (&[UDP_RELAY, (0x0018, &[0x80])], 508),
        (&[UDP_RELAY, (0x0018, &[])], 400),
        (&[UDP_RELAY, (0x0022, &[0; 8])], 508),
        (&[UDP_RELAY, (0x0022, &[0; 8]), (0x0018, &[0])], 400),
        (&[UDP_RELAY, (0x0022, &[0; 8]), V4], 400),
        (&[UDP_RELAY, ALSO_V6, (0x0018, &[0x80])], 400),
        (&[UDP_RELAY, (0x000D, &[0, 1])], 400),
    ];
    for (attributes, expected) in cases {
        let (mut world, caller) = world();
        assert_eq!(caller.ask(&mut world, ALLOCATE, attributes).0, expected, "{attributes:?}");
        assert_eq!(world.server.control().counts().allocations, 0);
    }
}

#[test]
fn an_even_port_and_dont_fragment_are_granted() {
    for _ in 0..20 {
        let (mut world, caller) = world();
        let (code, answer) = caller.ask(&mut world, ALLOCATE, &[UDP_RELAY, (0x0018, &[0]), (0x001A, &[])]);
        assert_eq!((code, relayed(&answer).port() % 2), (0, 0));
    }
}

#[test]
fn a_retransmitted_allocate_is_answered_alike_and_a_second_one_gets_437() {
    let (mut world, caller) = world();
    let request = caller.protect(world.build(ALLOCATE, &[UDP_RELAY]));
    let answer = world.packet(caller.client, &request).unwrap();
    world.pass(1);
    assert_eq!(world.packet(caller.client, &request), Some(answer));
    assert_eq!(caller.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 437);
    assert_eq!(world.server.control().counts().allocations_made, 1);
}

#[test]
fn an_allocation_lives_as_long_as_it_is_refreshed() {
    let (mut world, caller) = world();
    let (_, answer) = caller.ask(&mut world, ALLOCATE, &[UDP_RELAY, (0x000D, &[0, 1, 0, 0])]);
    assert_eq!(lifetime(&answer), 600, "at most what is configured");
    for _ in 0..3 {
        world.pass(599);
        let (code, answer) = caller.ask(&mut world, REFRESH, &[]);
        assert_eq!((code, lifetime(&answer)), (0, 600));
    }
    world.pass(599);
    assert_eq!(world.server.control().counts().allocations, 1);
    world.pass(1);
    assert_eq!(world.server.control().counts().allocations, 0);
    assert_eq!(world.gone, [caller.client]);
}

#[test]
fn refresh_to_zero_ends_an_allocation_and_the_next_refresh_gets_437() {
    let (mut world, caller) = world();
    caller.allocate(&mut world);
    let (code, answer) = caller.ask(&mut world, REFRESH, &[NOW]);
    assert_eq!((code, lifetime(&answer)), (0, 0));
    assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 437);
    assert_eq!(caller.ask(&mut world, REFRESH, &[NOW]).0, 437);
    caller.allocate(&mut world);
}

#[test]
fn refresh_to_zero_of_one_family_leaves_the_other() {
    let (mut world, caller) = world();
    caller.ask(&mut world, ALLOCATE, &[UDP_RELAY, ALSO_V6]);
    assert_eq!(caller.ask(&mut world, REFRESH, &[NOW, V4]).0, 0);
    assert_eq!(caller.ask(&mut world, REFRESH, &[V4]).0, 443);
    assert_eq!(caller.ask(&mut world, REFRESH, &[V6]).0, 0);
    assert_eq!(caller.ask(&mut world, REFRESH, &[(0x0017, &[9, 0, 0, 0])]).0, 440);
    assert_eq!(caller.ask(&mut world, REFRESH, &[NOW, V6]).0, 0);
    assert_eq!(caller.ask(&mut world, REFRESH, &[V6]).0, 437);
}

#[test]
fn nobody_touches_an_allocation_with_another_ones_credentials() {
    let (mut world, caller) = world();
    world.admit("else");
    let address = caller.allocate(&mut world);
    for other in ["call-1", "else-0"] {
        let thief = Caller::at(&mut world, other, caller.client);
        assert_eq!(thief.ask(&mut world, REFRESH, &[NOW]).0, 441, "{other}");
        assert_eq!(thief.permit(&mut world, address), 441);
        assert_eq!(thief.bind(&mut world, 0x4000, address), 441);
        assert_eq!(thief.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 437);
    }
    assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 0);
}

#[test]
fn a_participant_has_eight_allocations_and_the_longest_silent_one_makes_room_for_another() {
    let (mut world, _) = world();
    let quota = Limits::default().allocations_per_participant;
    assert_eq!(quota, 8);
    let owner = Caller::new(&mut world, "call-1", 60);
    let at_owner = owner.allocate(&mut world);
    let callers: Vec<Caller> = (1..=11).map(|n| Caller::new(&mut world, "call-0", n)).collect();
    let at: Vec<SocketAddr> = callers[..quota].iter().map(|caller| caller.allocate(&mut world)).collect();
    for (caller, here) in callers.iter().zip(&at) {
        assert_eq!((caller.permit(&mut world, at_owner), owner.permit(&mut world, *here)), (0, 0));
    }
    // Seven speak, the third one last of all; the fifth is silent, though its peer sends to it.
    for n in [7, 1, 0, 3, 5, 6, 2] {
        world.pass(1);
        assert!(world.media(callers[n].client, &send(at_owner, b"x")).is_ok());
        assert!(world.media(owner.client, &send(at[4], b"x")).is_ok());
    }
    world.pass(1);
    for (n, silent) in [(8, 4), (9, 7), (10, 1)] {
        callers[n].allocate(&mut world);
        assert_eq!(world.gone.pop(), Some(callers[silent].client));
        assert!(world.media(callers[silent].client, &send(at_owner, b"x")).is_err());
        assert_eq!(callers[silent].ask(&mut world, REFRESH, &[]).0, 437, "which makes a browser allocate again");
    }
    assert!(world.media(callers[2].client, &send(at_owner, b"x")).is_ok(), "who spoke last goes on");
    let counts = world.server.control().counts();
    assert_eq!((counts.allocations, counts.allocations_evicted), (8 + 1, 3), "the other participant has its own");
}

#[test]
fn the_voice_survives_a_browser_that_allocates_again_and_again() {
    let (mut world, caller) = world();
    let owner = Caller::new(&mut world, "call-1", 60);
    let (here, there) = (caller.allocate(&mut world), owner.allocate(&mut world));
    assert_eq!((caller.permit(&mut world, there), owner.permit(&mut world, here)), (0, 0));
    // Five restarts of six candidates each, made within half a second; the selected path speaks every 20 ms.
    for n in 2..=31 {
        Caller::new(&mut world, "call-0", n).allocate(&mut world);
        for _ in 0..4 {
            world.now += std::time::Duration::from_millis(20);
            assert!(world.media(caller.client, &send(there, b"x")).is_ok());
        }
    }
    assert!(!world.gone.contains(&caller.client));
}

#[test]
fn a_phone_that_left_its_network_gets_all_its_new_allocations_and_keeps_them() {
    let (mut world, _) = world();
    for network in 0..5 {
        world.pass(3);
        let new: Vec<Caller> = (1..=6).map(|n| Caller::new(&mut world, "call-0", network * 6 + n)).collect();
        for caller in &new {
            caller.allocate(&mut world);
        }
        for caller in &new {
            assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 0, "the new ones didn't make room for one another");
        }
    }
}

#[test]
fn a_request_that_fails_makes_nobody_go() {
    let (mut world, _) = world();
    for n in 1..=8 {
        Caller::new(&mut world, "call-0", n).allocate(&mut world);
    }
    let ninth = Caller::new(&mut world, "call-0", 9);
    assert_eq!(ninth.ask(&mut world, ALLOCATE, &[UDP_RELAY, (0x000D, &[0, 1])]).0, 400);
    assert_eq!(world.server.control().counts().allocations_evicted, 0);
}

#[test]
fn hanging_up_makes_credentials_worthless_and_closes_allocations() {
    let (mut world, caller) = world();
    let call_id = world.admit("call");
    let callee = Caller::new(&mut world, "call-1", 2);
    let (there, here) = (callee.allocate(&mut world), caller.allocate(&mut world));
    assert_eq!((caller.permit(&mut world, there), callee.permit(&mut world, here)), (0, 0));
    assert!(world.media(caller.client, &send(there, b"x")).is_ok());
    world.revoke(call_id);
    assert!(world.media(caller.client, &send(there, b"x")).is_err());
    assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 401);
    assert_eq!(caller.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 401);
    let counts = world.server.control().counts();
    assert_eq!((counts.calls, counts.allocations, world.server.switch().clients()), (0, 0, 0));
    assert_eq!(world.gone.len(), 2);
}

#[test]
fn a_call_ends_by_itself_and_media_stops_at_that_moment() {
    let mut world = World::new();
    let call_id = crate::domain::ids::CallId::from_bytes([1; 16]);
    world.admit_for("call", call_id, 30);
    let (caller, callee) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-1", 2));
    let (here, there) = (caller.allocate(&mut world), callee.allocate(&mut world));
    assert_eq!((caller.permit(&mut world, there), callee.permit(&mut world, here)), (0, 0));
    assert_eq!(world.server.poll_timeout(), Some(world.now + std::time::Duration::from_secs(30)));
    world.now += std::time::Duration::from_secs(30);
    assert!(world.media(caller.client, &send(there, b"x")).is_err(), "without any timer having run");
    world.pass(0);
    assert_eq!(world.server.control().counts().calls, 0);
    assert_eq!(world.server.poll_timeout(), None);
}

#[test]
fn admitting_a_call_again_keeps_known_participants_and_closes_what_others_allocated() {
    let (mut world, caller) = world();
    let call_id = world.admit("call");
    let address = caller.allocate(&mut world);
    world.admit_for("call", call_id, 600);
    assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 0);
    world.admit_for("again", call_id, 600);
    assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 401);
    assert_eq!(world.gone, [caller.client]);
    let new = Caller::new(&mut world, "again-0", 1).allocate(&mut world);
    assert_eq!(new.ip(), address.ip(), "the call keeps its address");
}

#[test]
fn the_end_of_a_stream_is_the_end_of_its_allocation() {
    let (mut world, _) = world();
    let client = FiveTuple::Stream { id: 7, peer: udp(1).peer() };
    Caller::at(&mut world, "call-0", client).allocate(&mut world);
    world.server.handle(Input::Closed(client), world.now);
    assert_eq!(world.server.control().counts().allocations, 0);
}

#[test]
fn a_full_relay_admits_no_more_calls_and_keeps_those_it_has() {
    let mut world = World::with(|limits| limits.calls = 2);
    for name in ["one", "two", "three", "one"] {
        world.admit(name);
    }
    Caller::new(&mut world, "two-1", 1).allocate(&mut world);
    let late = Caller::new(&mut world, "three-0", 2);
    assert_eq!(late.ask(&mut world, ALLOCATE, &[UDP_RELAY]).0, 401);
    assert_eq!(world.server.control().counts().calls_refused, 1);
}
