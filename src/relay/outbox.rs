//! Packets that one round of a shard sends: packed into one buffer, runs to one client sent by one system call.

use std::net::{IpAddr, SocketAddr};

use super::bind::Listener;
use super::stats::Counters;
use crate::proto::turn::client::Client;
use crate::proto::turn::switch::Forward;

/// Room for a round: 64 KiB for each of the packets received at once never all comes true, so a full outbox is flushed.
const CAPACITY: usize = 256 << 10;
/// The longest run: what one UDP send can carry, headers left out.
const LONGEST_RUN: usize = 65_000;

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
#[derive(Debug)]
pub struct Outbox {
    bytes: Vec<u8>,
    runs: Vec<Run>,
}

impl Outbox {
    pub fn new() -> Self {
        Self { bytes: Vec::with_capacity(CAPACITY), runs: Vec::with_capacity(1024) }
    }

    /// Adds a forwarded packet for a UDP client.
    pub fn push(&mut self, packet: &Forward<'_>, listeners: &[Listener], counters: &Counters) {
        let Client::Udp { peer, local, listener } = packet.to else { return };
        if self.bytes.len() + packet.len() > CAPACITY || self.runs.len() == self.runs.capacity() {
            self.flush(listeners, counters);
        }
        let start = self.bytes.len();
        packet.write_to(&mut self.bytes);
        let (end, size) = (self.bytes.len(), packet.len());
        let most = listeners.get(usize::from(listener)).map_or(1, |l| l.state.max_gso_segments());
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
        for run in self.runs.drain(..) {
            let Some(listener) = listeners.get(usize::from(run.listener)) else { continue };
            let bytes = &self.bytes[run.start..run.end];
            let segment = (bytes.len() > run.segment).then_some(run.segment);
            match (listener.send(run.peer, run.local, bytes, segment), segment) {
                (Err(_), Some(size)) => {
                    // A network card or a system that cannot segment: one by one then.
                    for packet in bytes.chunks(size) {
                        counters.sent(packet.len(), listener.send(run.peer, run.local, packet, None).is_ok());
                    }
                }
                (result, _) => counters.sent_run(bytes.len().div_ceil(run.segment), bytes.len(), result.is_ok()),
            }
        }
        self.bytes.clear();
    }
}
