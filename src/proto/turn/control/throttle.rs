//! How often strangers get an answer: a table of fixed size, so that a flood of forged sources costs no memory.

use std::hash::{BuildHasher as _, Hasher as _};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use foldhash::quality::FixedState;

use crate::proto::turn::meter::{Bucket, Rate};

/// Sources remembered at the same time. Two sources in one slot share its rate: forgotten is never unlimited.
const SLOTS: usize = 8192;
/// How much of the rate may come at once. Whom that leaves without an answer asks again in half a second (RFC 8489,
/// section 6.2.1).
const BURST: Duration = Duration::from_secs(1);

/// Limits answers to what has not authenticated, per source and in all.
#[derive(Debug)]
pub struct Throttle {
    epoch: Instant,
    hasher: FixedState,
    per_source: Rate,
    in_all: Rate,
    slots: Box<[Bucket]>,
    all: Bucket,
}

impl Throttle {
    /// `seed` keeps an attacker from choosing who shares a slot.
    pub fn new(seed: u64, epoch: Instant, per_source: u32, in_all: u32) -> Self {
        Self {
            epoch,
            hasher: FixedState::with_seed(seed),
            per_source: Rate::new(per_source.into(), BURST),
            in_all: Rate::new(in_all.into(), BURST),
            slots: (0..SLOTS).map(|_| Bucket::new()).collect(),
            all: Bucket::new(),
        }
    }

    /// Whether this source may have one more answer.
    pub fn allows(&self, source: IpAddr, now: Instant) -> bool {
        let now = u64::try_from(now.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX);
        let mut hasher = self.hasher.build_hasher();
        match source.to_canonical() {
            IpAddr::V4(ip) => hasher.write_u32(ip.into()),
            // One customer holds a /64.
            IpAddr::V6(ip) => hasher.write_u64((u128::from(ip) >> 64) as u64),
        }
        let slot = &self.slots[(hasher.finish() % SLOTS as u64) as usize];
        slot.take(1, self.per_source, now) && self.all.take(1, self.in_all, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::turn::testing::start;

    #[test]
    fn ten_answers_a_second_for_an_address_or_a_64_and_a_cap_for_all() {
        let t = start();
        let throttle = Throttle::new(1, t, 10, 1000);
        let from = |ip: &str| ip.parse::<IpAddr>().unwrap();
        let in_a_minute =
            (0..60_000u64).filter(|ms| throttle.allows(from("192.0.2.1"), t + Duration::from_millis(*ms))).count();
        assert!((600..=610).contains(&in_a_minute), "{in_a_minute}");
        let later = t + Duration::from_secs(120);
        let of_one_64 = (0..1000u32).filter(|n| throttle.allows(from(&format!("2001:db8::{n:x}")), later)).count();
        assert_eq!(of_one_64, 10);
        let later = t + Duration::from_secs(240);
        let of_all = (0..200_000u32).filter(|n| throttle.allows(IpAddr::V4((*n).into()), later)).count();
        assert_eq!(of_all, 1000);
    }
}
