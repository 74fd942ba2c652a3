//! What the relay counts. No address, no user.

use std::ops::AddAssign;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::proto::turn::counts::Counts;
use crate::proto::turn::data_plane::Dropped;

/// Counters of one shard, or of all streams.
#[derive(Debug, Default)]
pub struct Counters {
    received: AtomicU64,
    received_bytes: AtomicU64,
    sent: AtomicU64,
    sent_bytes: AtomicU64,
    unsent: AtomicU64,
    overflowed: AtomicU64,
    dropped: [AtomicU64; Dropped::CAUSES],
}

/// What went through the relay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets that arrived, of any kind.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
    /// Packets that were sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Packets that the system did not take.
    pub unsent: u64,
    /// Media that a slow stream had no room for.
    pub overflowed: u64,
    /// Media that was dropped, by the place of its cause in [`Dropped`].
    pub dropped: [u64; Dropped::CAUSES],
}

/// Everything that is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stats {
    /// Requests, calls and allocations.
    pub control: Counts,
    /// Packets.
    pub traffic: Traffic,
    /// TCP and TLS connections open now.
    pub streams: u64,
    /// TCP and TLS connections that were turned away.
    pub streams_refused: u64,
}

impl Counters {
    pub fn received(&self, packets: usize, bytes: usize) {
        add(&self.received, packets);
        add(&self.received_bytes, bytes);
    }

    pub fn sent(&self, bytes: usize, taken: bool) {
        self.sent_run(1, bytes, taken);
    }

    pub fn sent_run(&self, packets: usize, bytes: usize, taken: bool) {
        if taken {
            add(&self.sent, packets);
            add(&self.sent_bytes, bytes);
        } else {
            add(&self.unsent, packets);
        }
    }

    pub fn dropped(&self, cause: Dropped) {
        add(&self.dropped[cause as usize], 1);
    }

    pub fn overflowed(&self, packets: usize) {
        add(&self.overflowed, packets);
    }

    pub fn read(&self) -> Traffic {
        Traffic {
            received: self.received.load(Relaxed),
            received_bytes: self.received_bytes.load(Relaxed),
            sent: self.sent.load(Relaxed),
            sent_bytes: self.sent_bytes.load(Relaxed),
            unsent: self.unsent.load(Relaxed),
            overflowed: self.overflowed.load(Relaxed),
            dropped: self.dropped.each_ref().map(|count| count.load(Relaxed)),
        }
    }
}

fn add(counter: &AtomicU64, amount: usize) {
    counter.fetch_add(amount as u64, Relaxed);
}

impl AddAssign for Traffic {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.received_bytes += other.received_bytes;
        self.sent += other.sent;
        self.sent_bytes += other.sent_bytes;
        self.unsent += other.unsent;
        self.overflowed += other.overflowed;
        for (mine, theirs) in self.dropped.iter_mut().zip(other.dropped) {
            *mine += theirs;
        }
    }
}
