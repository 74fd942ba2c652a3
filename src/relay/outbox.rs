//! Packets that one round of a shard sends: packed into one buffer, runs to one client sent by one system call.

use std::net::{IpAddr, SocketAddr};

use super::bind::Listener;
use super::mmsg::{BATCH, Outgoing, Sender};
use super::stats::Counters;
use crate::proto::turn::data_plane::Forward;
use crate::proto::turn::five_tuple::FiveTuple;

/// Room for a round: 64 KiB for each of the packets received at once never all comes true, so a full outbox is flushed.
const CAPACITY: usize = 256 << 10;
/// The longest run: what one UDP send can carry, headers left out.
const LONGEST_RUN: usize = 65_000;

/// The most packets that the kernel cuts a run into.
const MOST_SEGMENTS: usize = 64;

/// One or more packets of one size to one client.
#[derive(Debug, Clone, Copy)]
struct Run {
    peer: SocketAddr,
    local: IpAddr,
    listener: u8,
    start: usize,
    end: usize,
    /// The size of each packet but the last, which may be shorter and then ends the run.
    segment: usize,
}

/// Packets in the order in which they are to be sent.
pub struct Outbox {
    bytes: Vec<u8>,
    runs: Vec<Run>,
    sender: Sender,
    /// Whether the system can cut a run into packets.
    segments: bool,
}

impl Outbox {
    pub fn new() -> Self {
        let (bytes, runs) = (Vec::with_capacity(CAPACITY), Vec::with_capacity(1024));
        Self { bytes, runs, sender: Sender::new(BATCH), segments: true }
    }

    /// Adds a forwarded packet for a UDP client.
    pub fn push(&mut self, packet: &Forward<'_>, listeners: &[Listener], counters: &Counters) {
        let FiveTuple::Udp { peer, local, listener } = packet.to else { return };
        if self.bytes.len() + packet.len() > CAPACITY || self.runs.len() == self.runs.capacity() {
            self.flush(listeners, counters);
        }
        let start = self.bytes.len();
        packet.write_to(&mut self.bytes);
        let (end, size) = (self.bytes.len(), packet.len());
        let most = if self.segments { MOST_SEGMENTS } else { 1 };
        if let Some(run) = self.runs.last_mut() {
            let length = end - run.start;
            let whole = (start - run.start).is_multiple_of(run.segment);
            let same = run.peer == peer && run.listener == listener && run.local == local;
            if same && whole && size <= run.segment && length <= LONGEST_RUN && length.div_ceil(run.segment) <= most {
                run.end = end;
                return;
            }
        }
        self.runs.push(Run { peer, local, listener, start, end, segment: size });
    }

    /// Sends everything. What the system does not take at once is lost, as it would be on the wire.
    pub fn flush(&mut self, listeners: &[Listener], counters: &Counters) {
        let (mut runs, bytes) = (&self.runs[..], &self.bytes[..]);
        while let Some(first) = runs.first() {
            // One system call for as many as go through one socket.
            let mut packets = [Outgoing { to: first.peer, from: None, bytes: &[], segment: 1 }; BATCH];
            let Some(listener) = listeners.get(usize::from(first.listener)) else { break };
            let mut count = 0;
            for (packet, run) in packets.iter_mut().zip(runs.iter().take_while(|run| run.listener == first.listener)) {
                let (from, bytes) = (listener.source(run.local), &bytes[run.start..run.end]);
                *packet = Outgoing { to: run.peer, from, bytes, segment: run.segment };
                count += 1;
            }
            let sent = match self.sender.send(&listener.socket, &packets[..count]) {
                Ok(sent) => {
                    packets[..sent]
                        .iter()
                        .for_each(|packet| counters.sent_run(packet.count(), packet.bytes.len(), true));
                    sent
                }
                Err(error) => {
                    // The first one is refused: a full socket, no route, or a system that cannot segment.
                    let helped = one_by_one(&packets[0], listener, counters);
                    self.segments &= !helped || error.kind() == std::io::ErrorKind::WouldBlock;
                    1
                }
            };
            runs = &runs[sent.max(1)..];
        }
        self.runs.clear();
        self.bytes.clear();
    }
}

/// Sends what was refused as a whole; returns whether cutting it helped, so that the whole should not be tried again.
fn one_by_one(run: &Outgoing<'_>, listener: &Listener, counters: &Counters) -> bool {
    let mut any = false;
    for packet in run.bytes.chunks(run.segment) {
        let sent = match run.from {
            _ if run.count() == 1 => false,
            from => listener.send(run.to, from.unwrap_or(listener.address.ip()), packet).is_ok(),
        };
        counters.sent(packet.len(), sent);
        any |= sent;
    }
    any
}
