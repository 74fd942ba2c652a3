//! Calls that are over and whose tickets could still be shown: those must not bring them back.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::domain::ids::CallId;

/// How many are remembered, in well under 1 MiB. Beyond this, a ticket could bring one of the oldest calls back, for as
/// long as the ticket is good and to end like any other call.
const CAPACITY: usize = 4096;

/// Each until the last ticket that could bring it back is too old.
#[derive(Debug, Default)]
pub struct EndedCalls {
    until: HashMap<CallId, Instant>,
    queue: BTreeSet<(Instant, CallId)>,
}

impl EndedCalls {
    /// The call is over, and may come back after `until`.
    pub fn remember(&mut self, call_id: CallId, until: Instant, now: Instant) {
        self.forget(now);
        if let Some(before) = self.until.insert(call_id, until) {
            self.queue.remove(&(before, call_id));
        }
        self.queue.insert((until, call_id));
        if self.queue.len() > CAPACITY {
            self.forget_first();
        }
    }

    /// Whether the call is known to be over.
    pub fn contains(&mut self, call_id: CallId, now: Instant) -> bool {
        self.forget(now);
        self.until.contains_key(&call_id)
    }

    fn forget(&mut self, now: Instant) {
        while self.queue.first().is_some_and(|(until, _)| *until <= now) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, call_id)) = self.queue.pop_first() {
            self.until.remove(&call_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_is_remembered_for_its_own_time() {
        let (mut ended, now) = (EndedCalls::default(), Instant::now());
        let (long, short) = (CallId::random(), CallId::random());
        let second = Duration::from_secs(1);
        ended.remember(long, now + 60 * second, now);
        ended.remember(short, now + 2 * second, now);
        assert!(ended.contains(short, now + second) && ended.contains(long, now + second));
        assert!(!ended.contains(short, now + 2 * second) && ended.contains(long, now + 2 * second));
        assert!(!ended.contains(CallId::random(), now));
        ended.remember(long, now + 90 * second, now + 3 * second);
        assert!(ended.contains(long, now + 89 * second) && !ended.contains(long, now + 90 * second));
    }

    #[test]
    fn the_memory_is_bounded() {
        let (mut ended, now) = (EndedCalls::default(), Instant::now());
        let calls: Vec<_> = (0..=CAPACITY).map(|_| CallId::random()).collect();
        for (at, call) in calls.iter().enumerate() {
            ended.remember(*call, now + Duration::from_secs(60 + at as u64), now);
        }
        assert_eq!((ended.until.len(), ended.queue.len()), (CAPACITY, CAPACITY));
        assert!(!ended.contains(calls[0], now), "the one that was nearest to its end is forgotten");
        assert!(ended.contains(calls[1], now) && ended.contains(calls[CAPACITY], now));
    }
}
