//! Whether the clock can be believed: a wrong one must not make the cleaner delete what people still need.
//!
//! A small computer without a battery starts in 1970, or at the time of its last shutdown, until it learns the
//! time; a faulty one may start in 2036. So a time before this program was built is wrong, and one that is more than a day
//! away from where it should be, by the steady clock or by what was noted before the last stop, is doubted. A
//! doubted time that keeps pace with the steady clock for an hour is believed: after a long power cut it is right.

use std::time::{Duration, Instant, SystemTime};

/// How far the clock may be set without being doubted.
const JUMP: Duration = Duration::from_secs(24 * 60 * 60);
/// For how long a doubted time must keep pace to be believed.
const PROBATION: Duration = Duration::from_secs(60 * 60);
/// How far it may stray meanwhile.
const STRAY: Duration = Duration::from_secs(60);

/// What is wrong with the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// It shows a time at which this program did not exist.
    BeforeBuild,
    /// It was set by more than a day.
    Jumped,
}

/// Judges the clock from one look to the next.
#[derive(Debug)]
pub struct Clock {
    /// A moment that was believed.
    believed: Option<Moment>,
    /// The first moment of a time that is doubted.
    doubted: Option<Moment>,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    wall: SystemTime,
    steady: Instant,
}

impl Moment {
    /// How far `wall` is from where it should be at `steady`.
    fn strays(&self, wall: SystemTime, steady: Instant) -> Duration {
        let expected = self.wall + steady.saturating_duration_since(self.steady);
        wall.duration_since(expected).unwrap_or_else(|error| error.duration())
    }
}

impl Clock {
    /// A clock that last was right at `seen`, in an earlier process that stopped some time before `steady`.
    pub fn new(seen: Option<SystemTime>, steady: Instant) -> Self {
        Self { believed: seen.map(|wall| Moment { wall, steady }), doubted: None }
    }

    /// Judges the time `wall` at `steady`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&mut self, wall: SystemTime, steady: Instant) -> Result<(), Doubt> {
        let now = Moment { wall, steady };
        if wall < built() {
            self.doubted = None;
            return Err(Doubt::BeforeBuild);
        }
        if self.believed.is_some_and(|believed| believed.strays(wall, steady) > JUMP) {
            match self.doubted {
                Some(doubted) if doubted.strays(wall, steady) <= STRAY => {
                    if steady.saturating_duration_since(doubted.steady) < PROBATION {
                        return Err(Doubt::Jumped);
                    }
                }
                _ => {
                    self.doubted = Some(now);
                    return Err(Doubt::Jumped);
                }
            }
        }
        *self = Self { believed: Some(now), doubted: None };
        Ok(())
    }
}

/// The day on which this program was built.
pub fn built() -> SystemTime {
    let seconds = env!("BUILT_AT").parse().unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const DAY: Duration = JUMP;

    /// A wall clock and a steady one, in a test's hands.
    struct Clocks {
        wall: SystemTime,
        steady: Instant,
    }

    impl Clocks {
        fn new() -> Self {
            Self { wall: built() + 100 * DAY, steady: Instant::now() }
        }

        fn pass(&mut self, time: Duration) {
            self.wall += time;
            self.steady += time;
        }
    }

    #[test]
    fn a_clock_that_goes_is_believed_and_may_be_set_by_a_day() {
        let mut at = Clocks::new();
        let mut clock = Clock::new(None, at.steady);
        for _ in 0..100 {
            assert_eq!(clock.check(at.wall, at.steady), Ok(()));
            at.pass(10 * DAY);
            assert_eq!(clock.check(at.wall, at.steady), Ok(()));
            at.wall += DAY - HOUR;
            assert_eq!(clock.check(at.wall, at.steady), Ok(()));
            at.wall -= DAY;
        }
    }

    #[test]
    fn a_time_before_the_program_was_built_is_never_believed() {
        let mut at = Clocks::new();
        let mut clock = Clock::new(None, at.steady);
        at.wall = SystemTime::UNIX_EPOCH;
        for _ in 0..100 {
            assert_eq!(clock.check(at.wall, at.steady), Err(Doubt::BeforeBuild));
            at.pass(HOUR);
        }
        at.wall = built() + DAY;
        assert_eq!(clock.check(at.wall, at.steady), Ok(()), "it was never right before: nothing to compare with");
    }

    #[test]
    fn a_jump_is_doubted_until_the_clock_is_right_again() {
        for jump in [DAY + HOUR, 3650 * DAY] {
            let mut at = Clocks::new();
            let mut clock = Clock::new(None, at.steady);
            assert_eq!(clock.check(at.wall, at.steady), Ok(()));
            at.wall += jump;
            for _ in 0..50 {
                assert_eq!(clock.check(at.wall, at.steady), Err(Doubt::Jumped));
                at.pass(Duration::from_secs(60));
            }
            at.wall -= jump;
            assert_eq!(clock.check(at.wall, at.steady), Ok(()));
        }
    }

    #[test]
    fn a_time_that_keeps_pace_for_an_hour_is_believed_and_one_that_does_not_is_not() {
        let mut at = Clocks::new();
        let mut clock = Clock::new(Some(at.wall), at.steady);
        at.wall += 7 * DAY;
        assert_eq!(clock.check(at.wall, at.steady), Err(Doubt::Jumped), "after a week without power");
        at.pass(HOUR - Duration::from_secs(1));
        assert_eq!(clock.check(at.wall, at.steady), Err(Doubt::Jumped));
        at.wall += Duration::from_secs(3600);
        at.pass(Duration::from_secs(1));
        assert_eq!(clock.check(at.wall, at.steady), Err(Doubt::Jumped), "it was set again: the hour starts over");
        at.pass(HOUR);
        assert_eq!(clock.check(at.wall, at.steady), Ok(()));
        at.pass(HOUR);
        assert_eq!(clock.check(at.wall, at.steady), Ok(()));
    }

    #[test]
    fn a_start_before_the_last_stop_is_doubted() {
        let mut at = Clocks::new();
        let mut clock = Clock::new(Some(at.wall), at.steady);
        at.wall -= 2 * DAY;
        assert_eq!(clock.check(at.wall, at.steady), Err(Doubt::Jumped));
    }
}
