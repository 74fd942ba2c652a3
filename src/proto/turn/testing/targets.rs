//! What must hold for any bytes: the fuzz targets of `tests/fuzz`, which the tests run over a fixed set of inputs, too.
//!
//! The fourth target is [`super::schedule::run`].

use crate::proto::stun::frame::{CHANNEL_HEADER, LONGEST_FRAME, Next, next};
use crate::proto::stun::message::Received;
use crate::proto::turn::testing::{Caller, World, udp};

/// Where the payload of a Data indication from an IPv4 address begins.
const DATA: usize = 20 + 12 + 4;

/// Any bytes as a message, to a server that has a call.
///
/// # Panics
/// When an answer is malformed or too long, or a stranger gets an allocation.
pub fn stun(bytes: &[u8]) {
    let mut world = World::new();
    world.admit("call");
    if let Some(answer) = world.packet(udp(1), bytes) {
        assert!(Received::parse(&answer).is_ok(), "what is sent is well-formed");
        let most = if bytes[..2] == [0, 1] { 2 } else { 3 };
        assert!(answer.len() <= bytes.len() * most, "and not much longer than what it answers");
    }
    assert_eq!(world.server.control().counts().allocations, 0, "nobody guesses a key");
}

/// Any bytes as ChannelData or a Send indication, from a client that may send.
///
/// # Panics
/// When something else than a part of the bytes arrives, or at another client than the permitted one.
pub fn media(bytes: &[u8]) {
    let mut world = World::with(|limits| limits.bits_per_second = None);
    world.admit("call");
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-1", 2));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    assert_eq!((a.bind(&mut world, 0x4000, at_b), b.bind(&mut world, 0x4001, at_a)), (0, 0));
    for packet in [bytes, &[&[0x40, 0], bytes].concat()] {
        let Ok((to, out)) = world.media(a.client, packet) else { continue };
        // To the one who is permitted, or to its own address, which it is permitted as well.
        let (begins, payload) = if to == b.client {
            ([0x40, 0x01], &out[CHANNEL_HEADER..])
        } else {
            assert_eq!(to, a.client);
            let length = usize::from(u16::from_be_bytes([out[DATA - 2], out[DATA - 1]]));
            ([0x00, 0x17], &out[DATA..DATA + length])
        };
        assert_eq!(out[..2], begins);
        assert!(packet.windows(payload.len().max(1)).any(|window| window == payload) || payload.is_empty());
    }
}

/// Any bytes as a stream: frames never reach beyond what is there, and cutting the stream elsewhere changes nothing.
///
/// # Panics
/// When they do.
pub fn framing(bytes: &[u8]) {
    let (whole, broken) = frames(bytes);
    for cut in [bytes.len() / 2, bytes.len().saturating_sub(1)] {
        let (early, _) = frames(&bytes[..cut]);
        assert!(whole.starts_with(&early), "a frame that is complete early is the same later");
    }
    assert!(broken || whole.iter().map(|frame| frame.len()).sum::<usize>() <= bytes.len());
}

/// The frames of a stream, and whether it ends in what is no frame.
fn frames(mut bytes: &[u8]) -> (Vec<&[u8]>, bool) {
    let mut frames = Vec::new();
    loop {
        match next(bytes) {
            Next::Frame { len, taken } => {
                assert!(len > 0 && len <= taken && taken <= bytes.len());
                frames.push(&bytes[..len]);
                bytes = &bytes[taken..];
            }
            Next::Need(needed) => {
                assert!(needed > bytes.len() && needed <= LONGEST_FRAME);
                return (frames, false);
            }
            Next::Broken => return (frames, true),
        }
    }
}
