//! Packets that real clients sent to this server, replayed: two peer connections in one page of Chromium 156 (relay
//! policy, a data channel), the same of Firefox 153, and two agents of aioice 0.13.
//!
//! Each line is a client's number and a datagram. Their nonces were another server's, whose key is gone; their
//! credentials are known, so what must hold is that every request is well-formed, authentic and understood.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use stun::message::{CLASS_REQUEST, METHOD_BINDING};

use crate::proto::stun::frame::{Kind, kind};
use crate::proto::stun::integrity::{Keys, PasswordAlgorithm, Protection, verify};
use crate::proto::stun::message::Received;
use crate::proto::turn::data_plane::{DataPlane, Dropped};
use crate::proto::turn::header::parse_send;
use crate::proto::turn::testing::{REALM, World, code, udp};

pub const CAPTURES: [(&str, &str); 3] = [
    ("chromium", include_str!("captures/chromium.txt")),
    ("firefox", include_str!("captures/firefox.txt")),
    ("aioice", include_str!("captures/aioice.txt")),
];

/// The clients' numbers and their packets.
pub fn packets(text: &str) -> Vec<(u8, Vec<u8>)> {
    let packet = |line: &str| {
        let (client, hex) = line.split_once(' ').unwrap();
        let bytes = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
        (client.parse().unwrap(), bytes.collect())
    };
    text.lines().map(packet).collect()
}

#[test]
fn every_request_is_authentic_and_understood() {
    for (name, text) in CAPTURES {
        let mut world = World::new();
        world.admit("call");
        let (mut codes, mut methods) = (BTreeSet::new(), BTreeSet::new());
        for (client, packet) in packets(text).into_iter().filter(|(_, p)| kind(p[0]) == Kind::Stun) {
            if DataPlane::is_media(&packet) {
                continue;
            }
            let received = Received::parse(&packet).unwrap();
            assert_eq!(received.message.typ.class, CLASS_REQUEST);
            methods.insert(received.message.typ.value());
            if let Some(at) = received.integrity {
                let username = received.value(stun::attributes::ATTR_USERNAME).unwrap();
                let keys = Keys::derive(std::str::from_utf8(username).unwrap(), REALM, "password");
                let key = keys.key(PasswordAlgorithm::Md5);
                assert!(verify(&received, Protection::Sha1, at, key), "{name}");
            }
            let answer = world.packet(udp(client), &packet).unwrap();
            let expected = if received.message.typ.method == METHOD_BINDING { 0 } else { 401 };
            assert_eq!(code(&answer), expected, "{name}: 401 because this server has no such user; never 400 or 420");
            codes.insert(expected);
        }
        // Firefox never binds a channel.
        let meets = if name == "firefox" { 8 } else { 9 };
        assert!(methods.contains(&3) && methods.contains(&meets), "{name}: {methods:?}");
        assert!(codes.contains(&401));
    }
}

#[test]
fn every_packet_of_media_is_understood() {
    for (name, text) in CAPTURES {
        let mut world = World::new();
        let mut seen = [0; 2];
        for (client, packet) in packets(text).into_iter().filter(|(_, p)| DataPlane::is_media(p)) {
            // Nobody has allocated here: the header is right, and the client is unknown.
            assert_eq!(world.media(udp(client), &packet), Err(Dropped::NoAllocation), "{name}");
            if kind(packet[0]) == Kind::Stun {
                let send = parse_send(&packet).unwrap();
                assert!(send.peer.ip() >= Ipv4Addr::new(198, 18, 0, 0) && !send.payload.is_empty());
                seen[0] += 1;
            } else {
                let length = usize::from(u16::from_be_bytes([packet[2], packet[3]]));
                assert!((4 + length..4 + length.next_multiple_of(4) + 1).contains(&packet.len()));
                seen[1] += 1;
            }
        }
        assert!(seen[usize::from(name != "firefox")] > 0, "{name} sends media");
    }
}
