//! Packets from every client to the other one of its call.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use stun::message::{CLASS_INDICATION, METHOD_SEND, Message, MessageType, Setter as _};
use turn::proto::data::Data;
use turn::proto::peeraddr::PeerAddress;

use crate::client::{CHANNEL, Clients};
use crate::load::{Framing, Load, TRAIN};
use crate::wire::Wire;

/// Packets under way at the same time when flat out: fewer than the server's socket holds, so that none is lost.
const WINDOW: u64 = 192;
/// Where in a payload the time stands: behind the address that the bare loop needs.
const STAMP: usize = 6;
/// When nothing has arrived for so long, all that was under way is lost.
const LOST: Duration = Duration::from_millis(20);
/// When nothing has arrived for so long, nothing will.
const SETTLED: Duration = Duration::from_millis(50);

pub struct Traffic {
    wire: Box<dyn Wire>,
    /// What each client sends, for every one of its turns.
    packets: Vec<Vec<u8>>,
    /// Bytes of one packet of a train.
    one: usize,
    /// Packets of one turn.
    each: u64,
    size: usize,
    next: usize,
    began: Instant,
    pub sent: u64,
    pub received: u64,
    pub latencies: Vec<f64>,
}

impl Traffic {
    pub fn new(wire: Box<dyn Wire>, clients: &Clients, count: usize, load: &Load) -> Self {
        let other = |n: usize| clients.relayed(n ^ 1).unwrap_or_else(|| wire.address(n ^ 1));
        let packets: Vec<Vec<u8>> = (0..count).map(|n| packet(wire.address(n ^ 1), other(n), load)).collect();
        let each = if load.framing == Framing::Trains { TRAIN } else { 1 };
        let one = packets.first().map_or(0, |packet| packet.len() / each);
        Self {
            wire,
            packets,
            one,
            each: each as u64,
            size: load.size,
            next: 0,
            began: Instant::now(),
            sent: 0,
            received: 0,
            latencies: Vec::new(),
        }
    }

    pub fn reset(&mut self) {
        (self.sent, self.received) = (0, 0);
        self.latencies.clear();
    }

    /// Lets packets flow: so many in a second, or as many as the server takes.
    pub fn run(&mut self, rate: Option<f64>, duration: Duration) {
        match rate {
            None => self.flat_out(duration),
            Some(rate) => self.paced(rate / self.each as f64, duration),
        }
    }

    /// Lets what is under way arrive.
    pub fn settle(&mut self) {
        let mut last = Instant::now();
        while last.elapsed() < SETTLED {
            if self.receive() > 0 {
                last = Instant::now();
            }
        }
    }

    /// As many packets under way as fit, all the time.
    fn flat_out(&mut self, duration: Duration) {
        let began = Instant::now();
        let (mut under_way, mut last) = (0, began);
        while began.elapsed() < duration {
            while under_way + self.each <= WINDOW {
                under_way += self.send();
            }
            let received = self.receive();
            if received > 0 {
                (under_way, last) = (under_way.saturating_sub(received), Instant::now());
            } else if last.elapsed() > LOST {
                (under_way, last) = (0, Instant::now());
            }
        }
    }

    /// Evenly, so many turns a second.
    fn paced(&mut self, turns: f64, duration: Duration) {
        let (began, mut due) = (Instant::now(), 0.0);
        while began.elapsed() < duration {
            while due <= began.elapsed().as_secs_f64() * turns {
                self.send();
                due += 1.0;
            }
            self.receive();
        }
    }

    /// Sends from the next client in turn; how many packets.
    fn send(&mut self) -> u64 {
        let client = self.next;
        self.next = (client + 1) % self.packets.len();
        let now = self.began.elapsed().as_nanos() as u64;
        let packet = &mut self.packets[client];
        for packet in packet.chunks_mut(self.one) {
            let at = packet.len() - self.size + STAMP;
            packet[at..at + 8].copy_from_slice(&now.to_be_bytes());
        }
        let taken = self.wire.send(client, packet, self.one);
        self.sent += if taken { self.each } else { 0 };
        self.each
    }

    /// Takes in what has arrived; how many packets.
    fn receive(&mut self) -> u64 {
        let (before, size) = (self.received, self.size);
        let (began, received, latencies) = (self.began, &mut self.received, &mut self.latencies);
        self.wire.receive(&mut |_, packet| {
            let Some(stamp) = payload(packet, size).and_then(|payload| payload[STAMP..].first_chunk()) else { return };
            let sent = Duration::from_nanos(u64::from_be_bytes(*stamp));
            *received += 1;
            latencies.push(began.elapsed().saturating_sub(sent).as_nanos() as f64 / 1000.0);
        });
        self.received - before
    }
}

/// The payload of ChannelData or of a Data indication, if it has this size.
fn payload(packet: &[u8], size: usize) -> Option<&[u8]> {
    let mut at = 4;
    if packet.first()? & 0xC0 == 0 {
        // DATA, wherever it stands among the attributes.
        at = 20;
        while packet.get(at..at + 2)? != [0, 0x13] {
            let length = usize::from(u16::from_be_bytes([*packet.get(at + 2)?, *packet.get(at + 3)?]));
            at += 4 + length.next_multiple_of(4);
        }
        at += 4;
    }
    packet.get(at..at + size)
}

/// What a client sends: its payload begins with the other one's own address, for the bare loop, and the time.
fn packet(own: SocketAddr, peer: SocketAddr, load: &Load) -> Vec<u8> {
    let mut payload = vec![0xAA; load.size];
    if let IpAddr::V4(ip) = own.ip() {
        payload[..4].copy_from_slice(&ip.octets());
    }
    payload[4..6].copy_from_slice(&own.port().to_be_bytes());
    let channel_data = || [&CHANNEL.to_be_bytes()[..], &(load.size as u16).to_be_bytes(), &payload].concat();
    match load.framing {
        Framing::ChannelData => channel_data(),
        Framing::Trains => channel_data().repeat(TRAIN),
        Framing::Send => {
            let mut message = Message::new();
            message.typ = MessageType::new(METHOD_SEND, CLASS_INDICATION);
            message.write_header();
            PeerAddress { ip: peer.ip(), port: peer.port() }.add_to(&mut message).unwrap();
            Data(payload).add_to(&mut message).unwrap();
            message.raw
        }
    }
}
