//! A token bucket that is one moment large: the generic cell rate algorithm in its form of "virtual scheduling" (ITU-T
//! I.371).

use std::time::{Duration, Instant};

/// How much of an allowance is left, as the moment at which all of it will be there again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenBucket {
    full_at: Instant,
}

impl TokenBucket {
    /// A full one.
    pub const fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    /// When it will be full again; in the past for one that is.
    pub const fn full_at(&self) -> Instant {
        self.full_at
    }

    /// Takes what comes back in the time `cost`, from a bucket that fills in the time `capacity`. Both may differ from
    /// one call to the next.
    ///
    /// # Errors
    /// The time after which there will be enough. Then nothing is taken.
    pub fn take(&mut self, cost: Duration, capacity: Duration, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + cost;
        let wait = (full_at - now).saturating_sub(capacity);
        if !wait.is_zero() {
            return Err(wait);
        }
        self.full_at = full_at;
        Ok(())
    }

    /// Gives back what was taken before.
    pub fn give_back(&mut self, cost: Duration) {
        self.full_at = self.full_at.checked_sub(cost).unwrap_or(self.full_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn it_gives_what_it_holds_at_once_and_then_what_comes_back() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(start);
        let mut take = |cost: u32, after: u32| bucket.take(SECOND * cost, SECOND * 10, start + SECOND * after);
        assert_eq!((take(4, 0), take(6, 0)), (Ok(()), Ok(())));
        assert_eq!(take(3, 0), Err(SECOND * 3));
        assert_eq!(take(3, 2), Err(SECOND), "a refusal costs nothing");
        assert_eq!(take(3, 3), Ok(()));
        assert_eq!(take(11, 1000), Err(SECOND), "more than it holds");
        assert_eq!((take(10, 1000), take(1, 1000)), (Ok(()), Err(SECOND)), "full again, and not fuller");
    }

    #[test]
    fn what_is_given_back_can_be_taken_again_and_no_more() {
        let start = Instant::now();
        let mut bucket = TokenBucket::full(start);
        assert_eq!(bucket.take(SECOND * 10, SECOND * 10, start), Ok(()));
        bucket.give_back(SECOND * 4);
        assert_eq!(bucket.take(SECOND * 5, SECOND * 10, start), Err(SECOND));
        assert_eq!(bucket.take(SECOND * 4, SECOND * 10, start), Ok(()));
        bucket.give_back(SECOND * 100);
        assert_eq!(bucket.take(SECOND * 11, SECOND * 10, start), Err(SECOND), "it holds no more than before");
    }
}
