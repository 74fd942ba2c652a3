//! How many streams may be open: in all, and without an allocation per source.

use std::net::IpAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use super::lock;
use crate::domain::network::Network;
use crate::limits::concurrency::Counts;

/// Counts streams. A source stands in its map only while it has a stream without allocation, so the map is bounded by
/// the number of streams.
#[derive(Debug)]
pub struct Admission {
    per_source: usize,
    in_all: usize,
    strangers: Mutex<Counts<Network>>,
    open: AtomicUsize,
    refused: AtomicU64,
}

impl Admission {
    pub fn new(per_source: usize, in_all: usize) -> Self {
        let (strangers, open, refused) = (Mutex::default(), AtomicUsize::new(0), AtomicU64::new(0));
        Self { per_source, in_all, strangers, open, refused }
    }

    /// Whether one more stream of this source may be; if so, it counts as a stranger's until told otherwise.
    pub fn enter(&self, source: IpAddr) -> bool {
        let mut strangers = lock(&self.strangers);
        if strangers.of(&key(source)) >= self.per_source || self.open.load(Relaxed) >= self.in_all {
            self.refused.fetch_add(1, Relaxed);
            return false;
        }
        strangers.add(key(source));
        self.open.fetch_add(1, Relaxed);
        true
    }

    /// A stream of this source has an allocation now.
    pub fn known(&self, source: IpAddr) {
        lock(&self.strangers).remove(&key(source));
    }

    /// A stream of this source no longer has one.
    pub fn unknown(&self, source: IpAddr) {
        lock(&self.strangers).add(key(source));
    }

    /// A stream has ended.
    pub fn leave(&self, source: IpAddr, stranger: bool) {
        self.open.fetch_sub(1, Relaxed);
        if stranger {
            self.known(source);
        }
    }

    /// How many streams were turned away.
    pub fn refused(&self) -> u64 {
        self.refused.load(Relaxed)
    }
}

/// What counts as one source: an IPv4 address, or the /64 that one IPv6 customer has.
fn key(source: IpAddr) -> Network {
    Network::of(source, 64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_may_have_so_many_strange_streams_and_all_together_so_many() {
        let admission = Admission::new(2, 3);
        let (a, b): (IpAddr, IpAddr) = ([192, 0, 2, 1].into(), [192, 0, 2, 2].into());
        assert!(admission.enter(a) && admission.enter(a) && !admission.enter(a));
        admission.known(a);
        assert!(admission.enter(a), "a stream with an allocation is no stranger");
        assert!(!admission.enter(b), "three in all");
        admission.leave(a, true);
        assert!(admission.enter(b));
        assert_eq!(admission.refused(), 2);
        admission.leave(b, true);
        admission.leave(a, true);
        assert!(lock(&admission.strangers).is_empty());
    }
}
