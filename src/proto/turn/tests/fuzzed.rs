//! The fuzz targets over inputs that are the same in every run: captured packets, changed ones, and noise.

use stun::message::METHOD_BINDING;

use super::captures::{CAPTURES, packets};
use crate::proto::turn::testing::{ALLOCATE, Caller, UDP_RELAY, World, channel_data, send};
use crate::proto::turn::testing::{schedule, targets};

/// xorshift64: the same numbers every time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }

    fn noise(&mut self, longest: usize) -> Vec<u8> {
        (0..self.below(longest)).map(|_| self.below(256) as u8).collect()
    }

    /// The same bytes with a few of them changed, cut off or doubled.
    fn changed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len());
            match self.below(4) {
                0 => bytes.truncate(at),
                1 => bytes.extend_from_within(at..),
                2 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ if at < bytes.len() => bytes[at] = [0, 1, 3, 4, 0x40, 0x7F, 0x80, 0xFF][self.below(8)],
                _ => {}
            }
        }
        bytes
    }
}

/// Packets that real clients sent, and some of our own.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus: Vec<Vec<u8>> =
        CAPTURES.iter().flat_map(|(_, text)| packets(text)).map(|(_, packet)| packet).collect();
    corpus.sort();
    corpus.dedup_by_key(|packet| (packet[..2].to_vec(), packet.len()));
    let mut world = World::new();
    // Whom the target does not know, though its world is made of the same numbers.
    world.admit("else");
    let caller = Caller::new(&mut world, "else-0", 1);
    corpus.push(world.build(METHOD_BINDING, &[]).raw);
    corpus.push(caller.protect(world.build(ALLOCATE, &[UDP_RELAY])));
    corpus.push(channel_data(0x4000, &[7; 172]));
    let peer = caller.allocate(&mut world);
    corpus.push(send(peer, &[7; 172]));
    corpus
}

fn over_inputs(target: fn(&[u8]), seed: u64, each: usize) {
    let (mut numbers, corpus) = (Numbers(seed), corpus());
    assert!(corpus.len() > 10);
    for packet in &corpus {
        target(packet);
        for _ in 0..each {
            target(&numbers.changed(packet));
        }
    }
    for _ in 0..each * 10 {
        target(&numbers.noise(300));
    }
    // As a stream has them: one after the other.
    target(&corpus.concat());
}

#[test]
fn any_bytes_as_a_message() {
    over_inputs(targets::stun, 1, 20);
}

#[test]
fn any_bytes_as_media() {
    over_inputs(targets::media, 2, 20);
}

#[test]
fn any_bytes_as_a_stream() {
    over_inputs(targets::framing, 3, 200);
}

#[test]
fn any_bytes_as_a_schedule() {
    let mut numbers = Numbers(4);
    for _ in 0..200 {
        schedule::run(&numbers.noise(1600));
    }
}
