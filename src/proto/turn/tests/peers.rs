//! CreatePermission and ChannelBind (RFC 8656, sections 9, 10 and 12).

use std::net::SocketAddr;

use crate::proto::turn::testing::{CHANNEL_BIND, CREATE_PERMISSION, Caller, REFRESH, World, channel_data, send, xor};

fn pair() -> (World, Caller, Caller, SocketAddr, SocketAddr) {
    let mut world = World::new();
    world.admit("call");
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-1", 2));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    (world, a, b, at_a, at_b)
}

#[test]
fn requests_about_peers_need_an_allocation() {
    let (mut world, a, _, _, at_b) = pair();
    let nowhere = Caller::new(&mut world, &a.username, 9);
    assert_eq!(nowhere.permit(&mut world, at_b), 437);
    assert_eq!(nowhere.bind(&mut world, 0x4000, at_b), 437);
}

#[test]
fn malformed_requests_about_peers_get_400() {
    let (mut world, a, _, _, at_b) = pair();
    assert_eq!(a.ask(&mut world, CREATE_PERMISSION, &[]).0, 400);
    assert_eq!(a.ask(&mut world, CREATE_PERMISSION, &[(0x0012, &[0, 1, 2])]).0, 400);
    assert_eq!(a.ask(&mut world, CREATE_PERMISSION, &[(0x0012, &[0, 3, 0, 0, 1, 2, 3, 4])]).0, 400);
    let peer = xor(&world, at_b);
    assert_eq!(a.ask(&mut world, CHANNEL_BIND, &[(0x0012, &peer)]).0, 400);
    assert_eq!(a.ask(&mut world, CHANNEL_BIND, &[(0x000C, &[0x40, 0, 0, 0])]).0, 400);
    for number in [0, 0x3FFF, 0x8000, 0xFFFF] {
        assert_eq!(a.bind(&mut world, number, at_b), 400, "{number:x}");
    }
    assert_eq!((a.bind(&mut world, 0x7FFF, at_b)), 0);
}

#[test]
fn several_peers_in_one_request_are_all_or_nothing() {
    let (mut world, a, b, at_a, at_b) = pair();
    assert_eq!(b.permit(&mut world, at_a), 0);
    let (good, bad) = (xor(&world, at_b), xor(&world, "203.0.113.1:1000".parse().unwrap()));
    assert_eq!(a.ask(&mut world, CREATE_PERMISSION, &[(0x0012, &good), (0x0012, &bad)]).0, 403);
    assert!(world.media(a.client, &send(at_b, b"x")).is_err(), "nothing was installed");
    let (good, other) = (xor(&world, at_b), xor(&world, SocketAddr::new(at_b.ip(), 1)));
    assert_eq!(a.ask(&mut world, CREATE_PERMISSION, &[(0x0012, &other), (0x0012, &good)]).0, 0);
    assert!(world.media(a.client, &send(at_b, b"x")).is_ok());
    let peer = xor(&world, at_b);
    let too_many: Vec<(u16, &[u8])> = vec![(0x0012, &peer); 11];
    assert_eq!(a.ask(&mut world, CREATE_PERMISSION, &too_many).0, 508);
}

#[test]
fn a_peer_of_a_family_that_was_not_allocated_is_a_mismatch() {
    let (mut world, a, ..) = pair();
    let six = "[2001:db8::1]:50000".parse().unwrap();
    assert_eq!(a.permit(&mut world, six), 443);
    assert_eq!(a.bind(&mut world, 0x4000, six), 443);
}

#[test]
fn a_permission_lasts_five_minutes_and_a_channel_ten() {
    let (mut world, a, b, at_a, at_b) = pair();
    assert_eq!((a.bind(&mut world, 0x4000, at_b), b.permit(&mut world, at_a)), (0, 0));
    let packet = channel_data(0x4000, b"x");
    world.pass(299);
    assert!(world.media(a.client, &packet).is_ok());
    assert!(world.media(b.client, &send(at_a, b"x")).is_ok());
    world.pass(1);
    assert!(world.media(a.client, &packet).is_err(), "permissions are over");
    assert_eq!((a.permit(&mut world, at_b), b.permit(&mut world, at_a)), (0, 0));
    assert!(world.media(a.client, &packet).is_ok(), "the channel is not");
    for caller in [&a, &b] {
        assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 0);
    }
    world.pass(299);
    assert!(world.media(a.client, &packet).is_ok());
    world.pass(1);
    assert_eq!((a.permit(&mut world, at_b), b.permit(&mut world, at_a)), (0, 0));
    assert!(world.media(a.client, &packet).is_err(), "now it is");
}

#[test]
fn a_channel_number_and_a_peer_are_bound_to_each_other_until_the_binding_ends() {
    let (mut world, a, b, _, at_b) = pair();
    let third = Caller::new(&mut world, "call-1", 3);
    let at_third = third.allocate(&mut world);
    assert_eq!(a.bind(&mut world, 0x4000, at_b), 0);
    assert_eq!(a.bind(&mut world, 0x4000, at_b), 0, "a refresh");
    assert_eq!(a.bind(&mut world, 0x4000, at_third), 400, "the number is taken");
    assert_eq!(a.bind(&mut world, 0x4001, at_b), 400, "the peer has one");
    assert_eq!(a.bind(&mut world, 0x4001, at_third), 0);
    for _ in 0..3 {
        world.pass(200);
        for caller in [&a, &b, &third] {
            assert_eq!(caller.ask(&mut world, REFRESH, &[]).0, 0);
        }
    }
    assert_eq!(a.bind(&mut world, 0x4001, at_b), 0, "after ten minutes both may be bound again");
    assert_eq!(a.bind(&mut world, 0x4000, at_third), 0, "crosswise, too");
}

#[test]
fn the_eleventh_channel_gets_508() {
    let (mut world, a, _, _, at_b) = pair();
    for n in 0..10 {
        assert_eq!(a.bind(&mut world, 0x4000 + n, SocketAddr::new(at_b.ip(), 60_000 + n)), 0);
    }
    assert_eq!(a.bind(&mut world, 0x4FFF, at_b), 508);
    assert_eq!(a.bind(&mut world, 0x4003, SocketAddr::new(at_b.ip(), 60_003)), 0, "a refresh needs no room");
}
