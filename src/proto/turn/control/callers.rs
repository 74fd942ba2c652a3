//! From where people take part in live calls, as far as the call side knows: their first requests are answered before
//! those of strangers.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use crate::domain::ids::CallId;

/// Sources of one call: two people, each with a few networks. One more takes the place of the oldest.
const OF_CALL: usize = 8;

/// An IPv4 address, or the /64 that an IPv6 address is in: one customer holds at least that.
pub fn key_of(source: IpAddr) -> u128 {
    match source.to_canonical() {
        IpAddr::V4(ip) => ip.to_ipv6_mapped().into(),
        IpAddr::V6(ip) => u128::from(ip) >> 64 << 64,
    }
}

/// The sources of calls that are admitted; bounded by their number.
#[derive(Debug, Default)]
pub struct Callers {
    by_call: HashMap<CallId, VecDeque<u128>>,
    /// How many calls each is of.
    sources: HashMap<u128, usize>,
}

impl Callers {
    /// Somebody takes part in the call from there.
    pub fn expect(&mut self, call_id: CallId, source: IpAddr) {
        let key = key_of(source);
        let of_call = self.by_call.entry(call_id).or_default();
        if of_call.contains(&key) {
            return;
        }
        let oldest = if of_call.len() >= OF_CALL { of_call.pop_front() } else { None };
        of_call.push_back(key);
        *self.sources.entry(key).or_default() += 1;
        if let Some(oldest) = oldest {
            self.forget_source(oldest);
        }
    }

    /// The call is over.
    pub fn forget(&mut self, call_id: CallId) {
        for key in self.by_call.remove(&call_id).into_iter().flatten() {
            self.forget_source(key);
        }
    }

    /// Whether somebody takes part in a live call from there.
    pub fn has(&self, source: IpAddr) -> bool {
        self.sources.contains_key(&key_of(source))
    }

    fn forget_source(&mut self, key: u128) {
        if let Some(count) = self.sources.get_mut(&key) {
            *count -= 1;
            if *count == 0 {
                self.sources.remove(&key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_known_as_long_as_one_of_its_calls_lasts_and_leaves_nothing_behind() {
        let mut callers = Callers::default();
        let from = |n: u32| IpAddr::V4(n.into());
        let (one, other) = (CallId::from_bytes([1; 16]), CallId::from_bytes([2; 16]));
        for call_id in [one, one, other] {
            callers.expect(call_id, from(1));
        }
        callers.forget(one);
        assert!(callers.has(from(1)) && !callers.has(from(2)));
        (2..20).for_each(|n| callers.expect(other, from(n)));
        assert_eq!((2..20).filter(|n| callers.has(from(*n))).count(), OF_CALL);
        assert!(callers.has(from(19)) && !callers.has(from(1)), "the oldest has gone");
        callers.forget(other);
        assert!(callers.by_call.is_empty() && callers.sources.is_empty());
    }
}
