//! How many connections may be open, or requests under way, at the same time: in all and from one source.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::network::Network;

/// Counts what is held. It has at most three entries for each place that is taken.
#[derive(Clone)]
pub struct Admission {
    state: Arc<Mutex<State>>,
    max: usize,
    max_per_source: usize,
}

#[derive(Default)]
struct State {
    open: usize,
    by_network: HashMap<Network, usize>,
}

impl Admission {
    /// At most `max` places, `max_per_source` of them for one source.
    pub fn new(max: usize, max_per_source: usize) -> Self {
        Self { state: Arc::default(), max, max_per_source }
    }

    /// A place, given back when dropped; `None` when there is none left.
    pub fn admit(&self, from: IpAddr) -> Option<Place> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |(network, shares)| {
            let here = state.by_network.get(&network).copied().unwrap_or(0);
            here >= self.max_per_source.saturating_mul(shares as usize)
        };
        if state.open >= self.max || Network::of_source(from).any(is_full) {
            return None;
        }
        state.open += 1;
        for (network, _) in Network::of_source(from) {
            *state.by_network.entry(network).or_default() += 1;
        }
        Some(Place { admission: self.clone(), source: Some(from) })
    }

    /// A place that counts for no source.
    pub fn admit_many(&self) -> Option<Place> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open >= self.max {
            return None;
        }
        state.open += 1;
        Some(Place { admission: self.clone(), source: None })
    }
}

/// A place that is taken.
pub struct Place {
    admission: Admission,
    source: Option<IpAddr>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.admission.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open -= 1;
        for (network, _) in self.source.into_iter().flat_map(Network::of_source) {
            if let Some(here) = state.by_network.get_mut(&network) {
                *here -= 1;
                if *here == 0 {
                    state.by_network.remove(&network);
                }
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
        assert!(admission.state.lock().unwrap().by_network.is_empty());
    }

    #[test]
    fn a_household_with_many_ipv6_networks_has_the_places_of_two() {
        let admission = Admission::new(100, 3);
        let take = |address: String| admission.admit(address.parse().unwrap());
        let of_56: Vec<_> = (0..16).filter_map(|n| take(format!("2001:db8:1:20{n:x}::1"))).collect();
        assert_eq!(of_56.len(), 6, "of 16 times 3");
        let of_48: Vec<_> = (0..64).filter_map(|n| take(format!("2001:db8:1:{n:x}00::1"))).collect();
        assert_eq!(of_48.len(), 6, "four times 3, of which 6 were taken");
        assert!(take("2001:db8:2::1".into()).is_some(), "a neighbour has its own");
        drop((of_56, of_48));
        assert!(admission.state.lock().unwrap().by_network.is_empty());
    }

    #[test]
    fn a_proxy_brings_as_many_as_there_are_places() {
        let admission = Admission::new(5, 1);
        let places: Vec<_> = std::iter::repeat_with(|| admission.admit_many()).map_while(|place| place).collect();
        assert_eq!(places.len(), 5);
        drop(places);
        assert!(admission.admit_many().is_some());
    }
}
