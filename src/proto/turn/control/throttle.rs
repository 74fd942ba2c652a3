//! How often strangers get an answer: tables of fixed size, so that a flood of forged sources costs no memory.
//!
//! There are three kinds of strangers, and none can use up what another is allowed. Sources from which somebody takes part
//! in a live call come first. A stream's source is proven, and its client does not ask again by itself. What is left are
//! datagrams, whose source may be forged; and of those, Binding requests, which no client of ours sends, have no more than
//! half.

use std::hash::{BuildHasher as _, Hasher as _};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use foldhash::quality::FixedState;

use super::callers::key_of;
use crate::proto::turn::meter::{Bucket, Rate};

/// Sources remembered at the same time, of each kind. Two sources in one slot share its rate: forgotten is never
/// unlimited.
const SLOTS: usize = 8192;
/// How much of the rate may come at once. Whom that leaves without an answer asks again in half a second (RFC 8489,
/// section 6.2.1).
const BURST: Duration = Duration::from_secs(1);

/// Who asks, and for what, without having authenticated.
#[derive(Debug, Clone, Copy)]
pub struct Stranger {
    /// From where.
    pub source: IpAddr,
    /// Over a stream.
    pub is_stream: bool,
    /// For an answer to a Binding request.
    pub is_binding: bool,
    /// Somebody takes part in a live call from there.
    pub has_call: bool,
}

/// Limits answers to what has not authenticated, per source and in all.
#[derive(Debug)]
pub struct Throttle {
    epoch: Instant,
    hasher: FixedState,
    per_source: Rate,
    in_all: Rate,
    half: Rate,
    callers: Budget,
    streams: Budget,
    datagrams: Budget,
    bindings: Bucket,
}

/// What one kind of strangers is allowed.
#[derive(Debug)]
struct Budget {
    slots: Box<[Bucket]>,
    all: Bucket,
}

impl Budget {
    fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Bucket::new()).collect(), all: Bucket::new() }
    }
}

impl Throttle {
    /// `seed` keeps an attacker from choosing who shares a slot. `in_all` is for each kind of strangers.
    pub fn new(seed: u64, epoch: Instant, per_source: u32, in_all: u32) -> Self {
        Self {
            epoch,
            hasher: FixedState::with_seed(seed),
            per_source: Rate::new(per_source.into(), BURST),
            in_all: Rate::new(in_all.into(), BURST),
            half: Rate::new((in_all / 2).into(), BURST),
            callers: Budget::new(),
            streams: Budget::new(),
            datagrams: Budget::new(),
            bindings: Bucket::new(),
        }
    }

    /// Whether this one may have one more answer.
    pub fn allows(&self, stranger: Stranger, now: Instant) -> bool {
        let now = u64::try_from(now.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX);
        let budget = match stranger {
            // Whose source is proven cannot be helped or harmed by who forges it.
            Stranger { is_stream: true, has_call: false, .. } => &self.streams,
            Stranger { has_call: true, is_binding: false, .. } | Stranger { is_stream: true, .. } => &self.callers,
            _ => &self.datagrams,
        };
        let is_forgeable_binding = stranger.is_binding && !stranger.is_stream;
        let mut hasher = self.hasher.build_hasher();
        hasher.write_u128(key_of(stranger.source));
        hasher.write_u8(stranger.is_stream.into());
        let slot = &budget.slots[(hasher.finish() % SLOTS as u64) as usize];
        // What all of them have used up is charged to none of them: a flood must not fill the slots of others.
        let fits =
            budget.all.fits(1, self.in_all, now) && (!is_forgeable_binding || self.bindings.fits(1, self.half, now));
        fits && slot.take(1, self.per_source, now)
            && budget.all.take(1, self.in_all, now)
            && (!is_forgeable_binding || self.bindings.take(1, self.half, now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::turn::testing::start;

    fn datagram(source: IpAddr) -> Stranger {
        Stranger { source, is_stream: false, is_binding: false, has_call: false }
    }

    #[test]
    fn ten_answers_a_second_for_an_address_or_a_64_and_a_cap_for_all() {
        let t = start();
        let throttle = Throttle::new(1, t, 10, 1000);
        let from = |ip: &str| datagram(ip.parse().unwrap());
        let in_a_minute =
            (0..60_000u64).filter(|ms| throttle.allows(from("192.0.2.1"), t + Duration::from_millis(*ms))).count();
        assert!((600..=610).contains(&in_a_minute), "{in_a_minute}");
        let later = t + Duration::from_secs(120);
        let of_one_64 = (0..1000u32).filter(|n| throttle.allows(from(&format!("2001:db8::{n:x}")), later)).count();
        assert_eq!(of_one_64, 10);
        let later = t + Duration::from_secs(240);
        let of_all = (0..200_000u32).filter(|n| throttle.allows(datagram(IpAddr::V4((*n).into())), later)).count();
        assert_eq!(of_all, 1000);
    }

    #[test]
    fn no_kind_of_strangers_uses_up_what_another_is_allowed() {
        let t = start();
        let throttle = Throttle::new(1, t, 10, 1000);
        let count = |sources: std::ops::Range<u32>, like: Stranger| {
            sources.filter(|n| throttle.allows(Stranger { source: IpAddr::V4((*n).into()), ..like }, t)).count()
        };
        let forged = datagram(IpAddr::V4(0.into()));
        let bindings = Stranger { is_binding: true, ..forged };
        assert_eq!(count(0..100_000, bindings), 500, "half of what datagrams are allowed");
        assert_eq!(count(100_000..200_000, bindings), 0);
        assert_eq!(count(200_000..300_000, forged), 500, "Allocate has the other half");
        let proven = Stranger { is_stream: true, ..bindings };
        assert_eq!(count(0..200, proven), 200, "streams have their own, even of the same sources");
        assert_eq!(count(300_000..400_000, Stranger { is_stream: true, ..forged }), 800);
        let called = Stranger { has_call: true, ..forged };
        assert_eq!(count(0..200, called), 200, "and so have those with a call");
        assert_eq!(count(400_000..400_200, Stranger { has_call: true, ..proven }), 200);
        assert_eq!(
            count(0..1, Stranger { is_binding: true, ..called }),
            0,
            "a Binding request is not what a call needs"
        );
    }
}
