//! How many messages a connection may send.

use std::time::{Duration, Instant};

use crate::domain::token_bucket::TokenBucket;

/// How many messages one connection may send; one counts once more for each whole KiB that it has.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    /// At once, after a rest.
    pub burst: u32,
    /// In the long run.
    pub per_second: u32,
}

/// One connection's allowance.
#[derive(Debug)]
pub struct Bucket(TokenBucket);

impl Bucket {
    /// A full one.
    pub fn new(now: Instant) -> Self {
        Self(TokenBucket::full(now))
    }

    /// Takes one token; `false` if the bucket is empty.
    pub fn take(&mut self, rate: Rate, now: Instant) -> bool {
        self.take_many(1, rate, now)
    }

    /// Takes this many tokens; takes nothing and returns `false` if there are fewer.
    pub fn take_many(&mut self, tokens: u32, rate: Rate, now: Instant) -> bool {
        let one = Duration::from_secs(1) / rate.per_second.max(1);
        self.0.take(one.saturating_mul(tokens), one * rate.burst, now).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let (rate, start) = (Rate { burst: 200, per_second: 20 }, Instant::now());
        let mut bucket = Bucket::new(start);
        let now = start + Duration::from_secs(3600);
        assert!((0..200).all(|_| bucket.take(rate, now)), "an hour's rest gives the burst");
        assert!(!bucket.take(rate, now), "and no more");
        assert!(bucket.take(rate, now + Duration::from_millis(50)));
        assert!(!bucket.take(rate, now + Duration::from_millis(50)));
        assert!(!bucket.take_many(2, rate, now + Duration::from_millis(100)), "one is not two");
        let later = now + Duration::from_secs(1);
        assert_eq!((0..100).filter(|_| bucket.take(rate, later)).count(), 19);
    }
}
