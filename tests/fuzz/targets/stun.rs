//! Any bytes as a message, to a server that has a call.
#![no_main]

use callqr::proto::stun::message::Received;
use callqr::proto::turn::testing::{World, udp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut world = World::new();
    world.admit("call");
    let answer = world.packet(udp(1), bytes);
    if let Some(answer) = answer {
        assert!(Received::parse(&answer).is_ok(), "what is sent is well-formed");
        assert!(answer.len() <= bytes.len() * 3, "and not much longer than what it answers");
    }
    assert_eq!(world.server.control().counts().allocations, 0, "nobody guesses a key");
});
