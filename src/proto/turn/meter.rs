//! A leaky bucket in one word, and what a call has used: its bytes, and when each of its allocations last sent media.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A generic cell rate algorithm: the state is the one moment at which everything taken so far will have drained.
///
/// It is atomic because a participant's allocations may be served by different cores; the word is not contended.
#[derive(Debug)]
pub struct Bucket {
    drained_at: AtomicU64,
}

/// How fast a [`Bucket`] drains and how much it holds.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// Nanoseconds that one unit costs, times 2^16.
    cost: u64,
    /// Nanoseconds of debt that are tolerated.
    burst: u64,
}

impl Rate {
    /// `units` per second, of which `burst` worth may come at once.
    pub fn new(units: u64, burst: Duration) -> Self {
        Self { cost: (1_000_000_000 << 16) / units.max(1), burst: u64::try_from(burst.as_nanos()).unwrap_or(u64::MAX) }
    }
}

impl Bucket {
    /// An empty bucket.
    pub const fn new() -> Self {
        Self { drained_at: AtomicU64::new(0) }
    }

    /// Takes `units` if they fit at `now`, which is counted in nanoseconds from any fixed moment.
    pub fn take(&self, units: u64, rate: Rate, now: u64) -> bool {
        let cost = (units.saturating_mul(rate.cost)) >> 16;
        let fits = |drained_at: u64| {
            let next = drained_at.max(now).saturating_add(cost);
            (next - now <= rate.burst).then_some(next)
        };
        self.drained_at.fetch_update(Relaxed, Relaxed, fits).is_ok()
    }

    /// Whether `units` would fit at `now`.
    pub fn fits(&self, units: u64, rate: Rate, now: u64) -> bool {
        let cost = (units.saturating_mul(rate.cost)) >> 16;
        self.drained_at.load(Relaxed).max(now).saturating_add(cost) - now <= rate.burst
    }

    /// Whether nothing is in it at `now`.
    pub fn is_empty(&self, now: u64) -> bool {
        self.drained_at.load(Relaxed) <= now
    }
}

impl Default for Bucket {
    fn default() -> Self {
        Self::new()
    }
}

/// Activity is noted in units of 2^24 ns (17 ms), which fit 32 bits for longer than any call lasts.
const TICK: u32 = 24;

/// What one call has used of its limits, and what those are.
#[derive(Debug)]
pub struct Meters {
    epoch: Instant,
    rate: Option<Rate>,
    budget: u64,
    sides: [Bucket; 2],
    bytes: AtomicU64,
    /// By an allocation's place: the tick in which its client last sent media, or in which it was made.
    active: Box<[AtomicU32]>,
}

/// Why a packet is over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The participant sends faster than it may.
    Rate,
    /// The call has used up its bytes.
    Budget,
}

impl Meters {
    /// Meters of a new call with `places` places for allocations. `rate` counts bytes; both limits are optional.
    pub fn new(epoch: Instant, rate: Option<Rate>, budget: Option<u64>, places: usize) -> Self {
        let budget = budget.unwrap_or(u64::MAX);
        let active = (0..places).map(|_| AtomicU32::new(0)).collect();
        Self { epoch, rate, budget, sides: [Bucket::new(), Bucket::new()], bytes: AtomicU64::new(0), active }
    }

    /// Accounts for `bytes` of media from participant `side`, sent by the client of the allocation at `place`.
    pub fn take(&self, side: usize, slot: u8, bytes: usize, now: Instant) -> Result<(), Over> {
        let (bytes, now) = (bytes as u64, self.nanoseconds(now));
        if let Some(active) = self.active.get(usize::from(slot)) {
            active.store((now >> TICK) as u32, Relaxed);
        }
        if let Some(rate) = self.rate
            && !self.sides[side & 1].take(bytes, rate, now)
        {
            return Err(Over::Rate);
        }
        if self.bytes.fetch_add(bytes, Relaxed).saturating_add(bytes) > self.budget {
            self.bytes.fetch_sub(bytes, Relaxed);
            return Err(Over::Budget);
        }
        Ok(())
    }

    /// Begins to watch the new allocation at `place`.
    pub fn begin(&self, slot: u8, now: Instant) {
        if let Some(active) = self.active.get(usize::from(slot)) {
            active.store((self.nanoseconds(now) >> TICK) as u32, Relaxed);
        }
    }

    /// For how long the client of the allocation at `place` has sent no media, in units of 17 ms.
    pub fn silence(&self, slot: u8, now: Instant) -> u32 {
        let last = self.active.get(usize::from(slot)).map_or(0, |active| active.load(Relaxed));
        let silence = ((self.nanoseconds(now) >> TICK) as u32).wrapping_sub(last) as i32;
        // Another core's clock may have been read a moment later than `now`: that is no silence, not a long one.
        silence.max(0) as u32
    }

    fn nanoseconds(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_its_rate_for_ever() {
        let (bucket, rate) = (Bucket::new(), Rate::new(1000, Duration::from_millis(100)));
        let at_once = (0..1000).filter(|_| bucket.take(1, rate, 0)).count();
        assert_eq!(at_once, 100);
        let later = (1..=10_000u64).filter(|ms| bucket.take(1, rate, ms * 1_000_000)).count();
        assert!((9_990..=10_000).contains(&later), "{later}");
        assert!(bucket.is_empty(u64::MAX) && !bucket.is_empty(0));
    }

    #[test]
    fn the_two_directions_have_their_own_rate_and_share_the_budget() {
        let t = crate::proto::turn::testing::start();
        let meters = Meters::new(t, Some(Rate::new(1000, Duration::from_secs(1))), Some(1500), 2);
        assert_eq!(meters.take(0, 0, 1000, t), Ok(()));
        assert_eq!(meters.take(0, 0, 1, t), Err(Over::Rate));
        assert_eq!(meters.take(1, 1, 500, t), Ok(()));
        assert_eq!(meters.take(1, 1, 1, t), Err(Over::Budget));
    }

    #[test]
    fn silence_is_since_the_last_packet_and_a_clock_that_was_read_later_is_none() {
        let t = crate::proto::turn::testing::start();
        let (meters, second) = (Meters::new(t, None, None, 2), Duration::from_secs(1));
        meters.begin(0, t + second);
        assert_eq!(meters.take(1, 1, 100, t + 3 * second), Ok(()));
        let in_seconds = |slot, at| f64::from(meters.silence(slot, at)) * (1u64 << TICK) as f64 / 1e9;
        assert!((3.9..4.1).contains(&in_seconds(0, t + 5 * second)));
        assert!((1.9..2.1).contains(&in_seconds(1, t + 5 * second)));
        assert_eq!(meters.silence(1, t + 2 * second), 0);
        assert_eq!(meters.take(1, 9, 100, t), Ok(()), "a place that does not exist is nobody's");
    }
}
