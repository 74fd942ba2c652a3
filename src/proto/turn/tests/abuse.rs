//! What strangers and ill-meaning participants get.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use proptest::prelude::*;
use stun::message::METHOD_BINDING;

use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::testing::{ALLOCATE, Caller, UDP_RELAY, World, channel_data, send, udp};

/// The special ranges of the IANA registries, as first address and prefix length.
const SPECIAL_V4: [(&str, u32); 15] = [
    ("0.0.0.0", 8),
    ("10.0.0.0", 8),
    ("100.64.0.0", 10),
    ("127.0.0.0", 8),
    ("169.254.0.0", 16),
    ("172.16.0.0", 12),
    ("192.0.0.0", 24),
    ("192.0.2.0", 24),
    ("192.88.99.0", 24),
    ("192.168.0.0", 16),
    ("198.18.0.0", 15),
    ("198.51.100.0", 24),
    ("203.0.113.0", 24),
    ("224.0.0.0", 4),
    ("240.0.0.0", 4),
];
const SPECIAL_V6: [(&str, u32); 14] = [
    ("::", 128),
    ("::1", 128),
    ("::ffff:0:0", 96),
    ("64:ff9b::", 96),
    ("64:ff9b:1::", 48),
    ("100::", 64),
    ("2001::", 32),
    ("2001:20::", 28),
    ("2001:db8::", 32),
    ("2002::", 16),
    ("3fff::", 20),
    ("fc00::", 7),
    ("fe80::", 10),
    ("ff00::", 8),
];

/// First, middle and last address of every special range, the IPv4 ones also in every IPv6 spelling.
fn special_addresses() -> BTreeSet<IpAddr> {
    let mut all = BTreeSet::new();
    for (first, prefix) in SPECIAL_V4 {
        let first = u32::from(first.parse::<Ipv4Addr>().unwrap());
        let size = 1u64 << (32 - prefix);
        for offset in [0, size / 2, size - 1] {
            let v4 = Ipv4Addr::from(first + offset as u32);
            let bits = u128::from(u32::from(v4));
            all.insert(v4.into());
            for spelling in [
                bits | 0xFFFF << 32,                   // IPv4-mapped
                bits,                                  // IPv4-compatible
                0x2002 << 112 | bits << 80,            // 6to4
                0x0064_ff9b << 96 | bits,              // NAT64
                0x2001 << 112 | (!bits & 0xFFFF_FFFF), // Teredo
            ] {
                all.insert(Ipv6Addr::from(spelling).into());
            }
        }
    }
    for (first, prefix) in SPECIAL_V6 {
        let first = u128::from(first.parse::<Ipv6Addr>().unwrap());
        let last = first | 1u128.checked_shl(128 - prefix).map_or(u128::MAX, |size| size - 1);
        for address in [first, first + (last - first) / 2, last] {
            all.insert(Ipv6Addr::from(address).into());
        }
    }
    all
}

#[test]
fn no_special_address_can_be_reached_in_any_spelling_by_any_way() {
    let mut world = World::new();
    world.admit("call");
    let caller = Caller::new(&mut world, "call-0", 1);
    let (code, answer) = caller.ask(&mut world, ALLOCATE, &[UDP_RELAY, (0x8000, &[2, 0, 0, 0])]);
    assert_eq!(code, 0);
    let own = crate::proto::turn::testing::relayed(&answer).ip();
    let addresses = special_addresses();
    assert!(addresses.len() > 250);
    for ip in addresses.into_iter().filter(|ip| *ip != own) {
        let peer = SocketAddr::new(ip, 80);
        assert_eq!(caller.permit(&mut world, peer), 403, "{ip}");
        assert_eq!(caller.bind(&mut world, 0x4000, peer), 403, "{ip}");
        assert!(world.media(caller.client, &send(peer, b"GET /latest/meta-data/")).is_err(), "{ip}");
        assert!(world.media(caller.client, &channel_data(0x4000, b"GET /")).is_err(), "{ip}");
    }
}

#[test]
fn two_calls_cannot_reach_each_other() {
    let mut world = World::new();
    world.admit("one");
    world.admit("two");
    let (a, b) = (Caller::new(&mut world, "one-0", 1), Caller::new(&mut world, "two-0", 2));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    assert_eq!((a.permit(&mut world, at_b), b.permit(&mut world, at_a)), (403, 403));
    assert_eq!((a.bind(&mut world, 0x4000, at_b), b.bind(&mut world, 0x4000, at_a)), (403, 403));
    assert_eq!((a.permit(&mut world, at_a), b.permit(&mut world, at_b)), (0, 0));
    assert!(world.media(a.client, &send(at_b, b"x")).is_err());
    let guess = SocketAddr::new(at_a.ip(), at_b.port());
    if guess != at_a {
        assert!(world.media(a.client, &send(guess, b"x")).is_err(), "a port of another call is no port of this one");
    }
}

#[test]
fn answers_to_strangers_stay_small() {
    for (peer, binding, challenge) in [("192.0.2.1:9", 1.6, 3.0), ("[2001:db8::9]:9", 2.0, 3.0)] {
        let client = FiveTuple::Udp { peer: peer.parse().unwrap(), local: Ipv4Addr::LOCALHOST.into(), listener: 0 };
        let mut world = World::new();
        let ratio = |world: &mut World, request: Vec<u8>| {
            let answer = world.packet(client, &request).map_or(0, |answer| answer.len());
            answer as f64 / request.len() as f64
        };
        for software in [None, Some(&b""[..]), Some(b"some browser")] {
            let attributes: Vec<(u16, &[u8])> = software.map(|text| (0x8022, text)).into_iter().collect();
            let request = world.build(METHOD_BINDING, &attributes).raw;
            let length = request.len();
            assert!(ratio(&mut world, request) <= binding, "{peer}, {length} bytes");
        }
        for method in [ALLOCATE, stun::message::METHOD_REFRESH, stun::message::METHOD_CHANNEL_BIND] {
            for attributes in [&[][..], &[UDP_RELAY], &[UDP_RELAY, (0x8022, b"some browser")]] {
                let request = world.build(method, attributes).raw;
                let length = request.len();
                assert!(ratio(&mut world, request) <= challenge, "{method} of {length} bytes");
            }
        }
        let unknown: Vec<(u16, &[u8])> = (0x7000..0x7100).map(|attribute| (attribute, &[][..])).collect();
        let request = world.build(METHOD_BINDING, &unknown).raw;
        assert!(ratio(&mut world, request) <= 1.0);
    }
}

#[test]
fn a_source_gets_ten_answers_a_second_and_all_sources_have_a_cap() {
    let defaults = crate::proto::turn::limits::Limits::default();
    let mut world = World::with(|limits| *limits = defaults);
    let mut answered = 0;
    for _ in 0..100 {
        world.now += std::time::Duration::from_millis(100);
        for _ in 0..10 {
            let request = world.build(ALLOCATE, &[UDP_RELAY]);
            answered += usize::from(world.packet(udp(1), &request.raw).is_some());
        }
    }
    assert!((100..=110).contains(&answered), "{answered} of 1000 in ten seconds");
    assert_eq!(world.server.control().counts().unanswered, 1000 - answered as u64);
    let request = world.build(METHOD_BINDING, &[]);
    assert!(world.packet(udp(2), &request.raw).is_some(), "others are not affected");
}

#[test]
fn a_flood_of_bindings_leaves_streams_and_those_with_a_call_alone() {
    let defaults = crate::proto::turn::limits::Limits::default();
    let mut world = World::with(|limits| *limits = defaults);
    let call_id = world.admit("call");
    let datagram = |source: u32| FiveTuple::Udp {
        peer: SocketAddr::from((Ipv4Addr::from(source), 4000)),
        local: Ipv4Addr::LOCALHOST.into(),
        listener: 0,
    };
    let (flood, phone) = (0x0a00_0000, 0xcb00_7107);
    world.expect(call_id, Ipv4Addr::from(phone).into());
    // Every second of three, ten thousand from three thousand sources; a flood of Allocates after that.
    for second in 0..3 {
        world.now += std::time::Duration::from_secs(1);
        for n in 0..10_000 {
            let binding = world.build(METHOD_BINDING, &[(0x8022, b"flood")]);
            world.packet(datagram(flood + n % 3000), &binding.raw);
        }
        let allocate = |world: &mut World, from| {
            let request = world.build(ALLOCATE, &[UDP_RELAY]);
            world.packet(from, &request.raw).is_some()
        };
        for n in 0..30 {
            let peer = SocketAddr::from((Ipv4Addr::from(flood + n), 4000));
            let stream = FiveTuple::Stream { id: u64::from(second * 30 + n), peer };
            assert!(allocate(&mut world, stream), "a stream's source is proven");
        }
        assert!(allocate(&mut world, datagram(0xc633_6407)), "Binding requests leave half to Allocate");
        for n in 0..5000 {
            allocate(&mut world, datagram(flood + 0x1_0000 + n));
        }
        assert!(!allocate(&mut world, datagram(0xc633_6408)), "the rest is used up");
        assert!(allocate(&mut world, datagram(phone)), "who has a call goes first");
    }
    world.revoke(call_id);
    world.expect(call_id, Ipv4Addr::from(phone).into());
    assert!(!world.server.control().expects(Ipv4Addr::from(phone).into()), "for as long as the call lasts");
}

#[test]
fn what_an_authenticated_client_asks_is_not_rationed() {
    let defaults = crate::proto::turn::limits::Limits::default();
    let mut world = World::with(|limits| *limits = defaults);
    world.admit("call");
    let caller = Caller::new(&mut world, "call-0", 1);
    caller.allocate(&mut world);
    for _ in 0..1000 {
        assert_eq!(caller.ask(&mut world, stun::message::METHOD_REFRESH, &[]).0, 0);
    }
}

proptest! {
    #[test]
    fn no_bytes_make_the_machine_panic(bytes in proptest::collection::vec(any::<u8>(), 0..600), at in 0usize..200, byte: u8) {
        let mut world = World::new();
        world.admit("call");
        let caller = Caller::new(&mut world, "call-0", 1);
        world.packet(caller.client, &bytes);
        let _ = world.media(caller.client, &bytes);
        let mut nearly = caller.protect(world.build(ALLOCATE, &[UDP_RELAY]));
        let at = at % nearly.len();
        if nearly[at] != byte {
            nearly[at] = byte;
            world.packet(caller.client, &nearly);
            prop_assert_eq!(world.server.control().counts().allocations, 0, "a changed request is not authentic");
        }
    }

    #[test]
    fn any_schedule_agrees_with_the_model(bytes in proptest::collection::vec(any::<u8>(), 0..1600)) {
        crate::proto::turn::testing::schedule::run(&bytes);
    }
}
