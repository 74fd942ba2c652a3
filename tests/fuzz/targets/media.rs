//! Any bytes as ChannelData or a Send indication, from a client that may send.
#![no_main]

use callqr::proto::stun::frame::CHANNEL_HEADER;
use callqr::proto::turn::testing::{Caller, World};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut world = World::with(|limits| limits.bits_per_second = None);
    world.admit("call");
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-1", 2));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    assert_eq!((a.bind(&mut world, 0x4000, at_b), b.bind(&mut world, 0x4001, at_a)), (0, 0));
    for packet in [bytes, &[&[0x40, 0], bytes].concat()] {
        if let Ok((to, out)) = world.media(a.client, packet) {
            assert_eq!(to, b.client, "to the one who is permitted");
            assert_eq!(out[..2], [0x40, 0x01]);
            let payload = &out[CHANNEL_HEADER..];
            assert!(packet.windows(payload.len().max(1)).any(|window| window == payload) || payload.is_empty());
        }
    }
});
