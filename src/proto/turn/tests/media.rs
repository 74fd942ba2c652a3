//! What goes through, as what, and what does not.

use std::net::SocketAddr;

use stun::message::{Getter as _, Message};
use turn::proto::data::Data;
use turn::proto::peeraddr::PeerAddress;

use crate::proto::turn::data_plane::Dropped;
use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::testing::{ALLOCATE, Caller, REFRESH, UDP_RELAY, World, channel_data, relayed, send, udp};

struct Pair {
    world: World,
    a: Caller,
    b: Caller,
    at_a: SocketAddr,
    at_b: SocketAddr,
}

fn pair_in(mut world: World) -> Pair {
    world.admit("call");
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-1", 2));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    Pair { world, a, b, at_a, at_b }
}

fn permitted(world: World) -> Pair {
    let mut pair = pair_in(world);
    assert_eq!(pair.a.permit(&mut pair.world, pair.at_b), 0);
    assert_eq!(pair.b.permit(&mut pair.world, pair.at_a), 0);
    pair
}

fn data(bytes: &[u8]) -> (SocketAddr, Vec<u8>) {
    let mut message = Message::new();
    message.unmarshal_binary(bytes).unwrap();
    let (mut peer, mut data) = (PeerAddress::default(), Data::default());
    peer.get_from(&message).unwrap();
    data.get_from(&message).unwrap();
    (SocketAddr::new(peer.ip, peer.port), data.0)
}

#[test]
fn send_becomes_data_and_with_a_channel_at_the_far_end_channel_data() {
    let Pair { mut world, a, b, at_a, at_b } = permitted(World::new());
    let (to, bytes) = world.media(a.client, &send(at_b, b"hello")).unwrap();
    assert_eq!((to, data(&bytes)), (b.client, (at_a, b"hello".to_vec())));
    assert_eq!(b.bind(&mut world, 0x4001, at_a), 0);
    let (to, bytes) = world.media(a.client, &send(at_b, b"hello")).unwrap();
    assert_eq!((to, bytes), (b.client, channel_data(0x4001, b"hello")));
    let (to, bytes) = world.media(b.client, &channel_data(0x4001, b"well?")).unwrap();
    assert_eq!((to, data(&bytes)), (a.client, (at_b, b"well?".to_vec())));
}

#[test]
fn every_length_goes_through_unchanged() {
    let Pair { mut world, a, b, at_a, at_b } = permitted(World::with(|l| l.bits_per_second = None));
    assert_eq!(a.bind(&mut world, 0x4000, at_b), 0);
    for length in (0..70).chain([1199, 1200, 1201, 65_000, 65_503]) {
        let payload: Vec<u8> = (0..length).map(|i| i as u8).collect();
        assert_eq!(world.media(b.client, &send(at_a, &payload)).unwrap().1, channel_data(0x4000, &payload));
        let indication = world.media(a.client, &channel_data(0x4000, &payload));
        if length < 65_400 {
            assert_eq!(data(&indication.unwrap().1), (at_b.with_port_of(at_a), payload));
        } else {
            assert_eq!(indication.unwrap_err(), Dropped::TooLong);
        }
    }
}

trait WithPortOf {
    fn with_port_of(self, other: SocketAddr) -> SocketAddr;
}

impl WithPortOf for SocketAddr {
    /// All addresses of a call share the IP.
    fn with_port_of(self, other: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.ip(), other.port())
    }
}

#[test]
fn streams_get_their_channel_data_padded_and_datagrams_do_not() {
    let mut world = World::new();
    world.admit("call");
    let stream = FiveTuple::Stream { id: 1, peer: udp(2).peer() };
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::at(&mut world, "call-1", stream));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    assert_eq!((a.bind(&mut world, 0x4000, at_b), b.bind(&mut world, 0x4000, at_a)), (0, 0));
    let unpadded = channel_data(0x4000, b"hello");
    let padded = [&unpadded[..], &[0; 3]].concat();
    assert_eq!(world.media(a.client, &unpadded), Ok((stream, padded.clone())));
    assert_eq!(world.media(a.client, &padded), Ok((stream, padded)), "padding in a datagram is not payload");
    assert_eq!(world.media(b.client, &unpadded), Ok((a.client, unpadded.clone())));
    assert_eq!(world.media(a.client, &[&unpadded[..], &[0; 4]].concat()), Err(Dropped::Malformed));
}

#[test]
fn both_sides_must_permit() {
    let Pair { mut world, a, b, at_a, at_b } = pair_in(World::new());
    assert_eq!(world.media(a.client, &send(at_b, b"x")), Err(Dropped::NoPermission));
    assert_eq!(a.permit(&mut world, at_b), 0);
    assert_eq!(world.media(a.client, &send(at_b, b"x")), Err(Dropped::NoPermission), "the peer has not");
    assert_eq!(world.media(b.client, &send(at_a, b"x")), Err(Dropped::NoPermission), "the sender has not");
    assert_eq!(b.permit(&mut world, at_a), 0);
    assert!(world.media(a.client, &send(at_b, b"x")).is_ok());
}

#[test]
fn every_cause_of_silence_has_its_name() {
    let Pair { mut world, a, b, at_a, at_b } = permitted(World::new());
    let nobody = SocketAddr::new(at_b.ip(), if at_b.port() == 49152 || at_a.port() == 49152 { 49153 } else { 49152 });
    assert_eq!(world.media(udp(99), &send(at_b, b"x")), Err(Dropped::NoAllocation));
    assert_eq!(world.media(a.client, &channel_data(0x4000, b"x")), Err(Dropped::NoChannel));
    assert_eq!(world.media(a.client, &send(nobody, b"x")), Err(Dropped::NoPeer));
    assert_eq!(world.media(a.client, &send("203.0.113.1:1".parse().unwrap(), b"x")), Err(Dropped::NoPeer));
    assert_eq!(world.media(a.client, &[0x40, 0, 0, 9, 1]), Err(Dropped::Malformed));
    assert_eq!(world.media(a.client, &[0x40]), Err(Dropped::Malformed));
    assert_eq!(world.media(a.client, &send(at_b, b"x")[..30]), Err(Dropped::Malformed));
    assert_eq!(b.ask(&mut world, REFRESH, &[(0x000D, &[0; 4])]).0, 0);
    assert_eq!(world.media(a.client, &send(at_b, b"x")), Err(Dropped::NoPeer));
}

#[test]
fn ipv6_names_reach_ipv6_names_only() {
    let mut world = World::new();
    world.admit("call");
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-1", 2));
    let at_a = relayed(&a.ask(&mut world, ALLOCATE, &[UDP_RELAY, (0x0017, &[2, 0, 0, 0])]).1);
    let at_b = relayed(&b.ask(&mut world, ALLOCATE, &[UDP_RELAY, (0x0017, &[2, 0, 0, 0])]).1);
    assert!(at_a.is_ipv6() && at_b.is_ipv6());
    assert_eq!((a.permit(&mut world, at_b), b.permit(&mut world, at_a)), (0, 0));
    let (to, bytes) = world.media(a.client, &send(at_b, b"six")).unwrap();
    assert_eq!((to, data(&bytes)), (b.client, (at_a, b"six".to_vec())));
    let as_v4 = SocketAddr::new("198.18.0.1".parse().unwrap(), at_b.port());
    assert_eq!(world.media(a.client, &send(as_v4, b"x")), Err(Dropped::NoPeer));
}

#[test]
fn a_participants_own_allocations_reach_each_other() {
    let mut world = World::new();
    world.admit("call");
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-0", 2));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    assert_eq!((a.permit(&mut world, at_b), b.permit(&mut world, at_a)), (0, 0));
    assert!(world.media(a.client, &send(at_b, b"x")).is_ok());
}

#[test]
fn the_rate_limit_is_for_a_direction_and_the_budget_for_the_call() {
    let limits = |l: &mut crate::proto::turn::limits::Limits| {
        l.bits_per_second = Some(80_000);
        l.burst = std::time::Duration::from_secs(1);
        l.bytes_per_call = Some(30_000);
    };
    let Pair { mut world, a, b, at_a, at_b } = permitted(World::with(limits));
    let packet = send(at_b, &[0; 1000]);
    let through = (0..100).filter(|_| world.media(a.client, &packet).is_ok()).count();
    assert_eq!(through, 10, "80 kbit/s for a second are ten times a thousand bytes");
    assert_eq!(world.media(a.client, &packet), Err(Dropped::Rate));
    assert!(world.media(b.client, &send(at_a, &[0; 1000])).is_ok(), "the other direction is its own");
    world.pass(100);
    let more = (0..10).filter(|_| world.media(a.client, &packet).is_ok()).count();
    world.pass(100);
    let rest = (0..10).filter(|_| world.media(a.client, &packet).is_ok()).count();
    assert_eq!((more, rest), (10, 9), "thirty thousand bytes are all that the call has");
    assert_eq!(world.media(b.client, &send(at_a, &[0; 1000])), Err(Dropped::Budget));
}
