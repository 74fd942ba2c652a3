//! How many connections may be open, or requests under way, at the same time: in all and from one source.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::network::Network;

/// Counts what is held. It has at most three entries for each permit that is out.
#[derive(Clone)]
pub struct ConcurrencyLimit {
    state: Arc<Mutex<State>>,
    max: usize,
    max_per_source: usize,
}

#[derive(Default)]
struct State {
    open: usize,
    by_network: Counts<Network>,
}

impl State {
    fn is_full(&self, from: IpAddr, max_per_source: usize) -> bool {
        let is_full =
            |(network, shares)| self.by_network.of(&network) >= max_per_source.saturating_mul(shares as usize);
        Network::of_source(from).any(is_full)
    }

    fn add(&mut self, from: IpAddr) {
        for (network, _) in Network::of_source(from) {
            self.by_network.add(network);
        }
    }
}

impl ConcurrencyLimit {
    /// At most `max` permits, `max_per_source` of them for one source.
    pub fn new(max: usize, max_per_source: usize) -> Self {
        Self { state: Arc::default(), max, max_per_source }
    }

    /// A permit, given back when dropped; `None` if they are all taken.
    pub fn admit(&self, from: IpAddr) -> Option<Permit> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open >= self.max || state.is_full(from, self.max_per_source) {
            return None;
        }
        state.open += 1;
        state.add(from);
        Some(Permit { limit: self.clone(), source: Some(from), counts: true })
    }

    /// A permit for one source of which it is only now known that it came in by a permit of [`Self::admit_many`]: it
    /// counts for the source alone.
    pub fn admit_within(&self, from: IpAddr) -> Option<Permit> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_full(from, self.max_per_source) {
            return None;
        }
        state.add(from);
        Some(Permit { limit: self.clone(), source: Some(from), counts: false })
    }

    /// A permit that counts for no source.
    pub fn admit_many(&self) -> Option<Permit> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.open >= self.max {
            return None;
        }
        state.open += 1;
        Some(Permit { limit: self.clone(), source: None, counts: true })
    }
}

/// Lets one thing be, for as long as it is kept.
pub struct Permit {
    limit: ConcurrencyLimit,
    source: Option<IpAddr>,
    /// Among all of them.
    counts: bool,
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut state = self.limit.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open -= usize::from(self.counts);
        for (network, _) in self.source.into_iter().flat_map(Network::of_source) {
            state.by_network.remove(&network);
        }
    }
}

/// How many each has; those that have none take no memory.
#[derive(Debug)]
pub struct Counts<K>(HashMap<K, usize>);

impl<K> Default for Counts<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash> Counts<K> {
    /// How many this one has.
    pub fn of(&self, key: &K) -> usize {
        self.0.get(key).copied().unwrap_or(0)
    }

    /// One more.
    pub fn add(&mut self, key: K) {
        *self.0.entry(key).or_default() += 1;
    }

    /// One less; nothing where there is none.
    pub fn remove(&mut self, key: &K) {
        if let Some(count) = self.0.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(key);
            }
        }
    }

    /// Whether nobody has any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn one_source_cannot_take_all_permits() {
        let limit = ConcurrencyLimit::new(3, 2);
        let _a = limit.admit("192.0.2.1".parse().unwrap()).unwrap();
        let b = limit.admit("::ffff:192.0.2.1".parse().unwrap()).unwrap();
        assert!(limit.admit("192.0.2.1".parse().unwrap()).is_none());
        let _c = limit.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert!(limit.admit("192.0.2.2".parse().unwrap()).is_none(), "all permits are out");
        drop(b);
        assert!(limit.admit("192.0.2.1".parse().unwrap()).is_some());
    }

    #[test]
    fn an_ipv6_subscriber_is_one_source_and_leaves_nothing_behind() {
        let limit = ConcurrencyLimit::new(9, 1);
        let permit = limit.admit("2001:db8::1".parse().unwrap()).unwrap();
        assert!(limit.admit("2001:db8::ffff:2".parse().unwrap()).is_none());
        drop(permit);
        assert!(limit.state.lock().unwrap().by_network.is_empty());
    }

    #[test]
    fn a_household_with_many_ipv6_networks_has_the_permits_of_two() {
        let limit = ConcurrencyLimit::new(100, 3);
        let take = |address: String| limit.admit(address.parse().unwrap());
        let of_56: Vec<_> = (0..16).filter_map(|n| take(format!("2001:db8:1:20{n:x}::1"))).collect();
        assert_eq!(of_56.len(), 6, "of 16 times 3");
        let of_48: Vec<_> = (0..64).filter_map(|n| take(format!("2001:db8:1:{n:x}00::1"))).collect();
        assert_eq!(of_48.len(), 6, "four times 3, of which 6 were taken");
        assert!(take("2001:db8:2::1".into()).is_some(), "a neighbour has its own");
        drop((of_56, of_48));
        assert!(limit.state.lock().unwrap().by_network.is_empty());
    }

    #[test]
    fn a_proxy_brings_as_many_as_there_are_permits() {
        let limit = ConcurrencyLimit::new(5, 1);
        let permits: Vec<_> = std::iter::repeat_with(|| limit.admit_many()).map_while(|permit| permit).collect();
        assert_eq!(permits.len(), 5);
        drop(permits);
        assert!(limit.admit_many().is_some());
    }

    #[test]
    fn whom_a_proxy_brings_is_bounded_like_everybody_and_takes_one_place() {
        let limit = ConcurrencyLimit::new(3, 1);
        let proxied = || {
            let place = limit.admit_many()?;
            Some((place, limit.admit_within("192.0.2.1".parse().unwrap())?))
        };
        let first = proxied().unwrap();
        assert!(proxied().is_none(), "one for each source");
        assert!(limit.admit("192.0.2.1".parse().unwrap()).is_none(), "whichever way it comes");
        drop(first);
        assert!(proxied().is_some());
        assert_eq!(limit.state.lock().unwrap().open, 0);
        assert!(limit.state.lock().unwrap().by_network.is_empty());
    }
}
