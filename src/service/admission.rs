//! How many connections may be open, or requests under way, at the same time: in all and from one source.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts what is held. It has no more entries than there are places taken.
#[derive(Clone)]
pub struct Admission {
    state: Arc<Mutex<State>>,
    max: usize,
    max_per_source: usize,
}

#[derive(Default)]
struct State {
    open: usize,
    by_source: HashMap<Source, usize>,
}

/// An IPv4 address, or the /64 that one IPv6 subscriber has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Source {
    V4(u32),
    V6(u64),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

impl Admission {
    /// At most `max` places, `max_per_source` of them for one source.
    pub fn new(max: usize, max_per_source: usize) -> Self {
        Self { state: Arc::default(), max, max_per_source }
    }

    /// A place, given back when dropped; `None` when there is none left.
    pub fn admit(&self, from: IpAddr) -> Option<Place> {
        let source = Source::from(from);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let here = state.by_source.get(&source).copied().unwrap_or(0);
        if state.open >= self.max || here >= self.max_per_source {
            return None;
        }
        state.open += 1;
        state.by_source.insert(source, here + 1);
        Some(Place { admission: self.clone(), source })
    }
}

/// A place that is taken.
pub struct Place {
    admission: Admission,
    source: Source,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.admission.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open -= 1;
        if let Some(here) = state.by_source.get_mut(&self.source) {
            *here -= 1;
            if *here == 0 {
                state.by_source.remove(&self.source);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_source_cannot_take_all_places() {
        let admission = Admission::new(3, 2);
        let _a = admission.admit("192.0.2.1".parse().unwrap()).unwrap();
        let b = admission.admit("::ffff:192.0.2.1".parse().unwrap()).unwrap();
        assert!(admission.admit("192.0.2.1".parse().unwrap()).is_none());
        let _c = admission.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert!(admission.admit("192.0.2.2".parse().unwrap()).is_none(), "all places are taken");
        drop(b);
        assert!(admission.admit("192.0.2.1".parse().unwrap()).is_some());
    }

    #[test]
    fn an_ipv6_subscriber_is_one_source_and_leaves_nothing_behind() {
        let admission = Admission::new(9, 1);
        let place = admission.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert!(admission.admit("2001:db8::ffff:2".parse().unwrap()).is_none());
        drop(place);
        assert!(admission.state.lock().unwrap().by_source.is_empty());
    }
}
