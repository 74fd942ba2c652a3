//! Slows down guessing: each failure in a bucket makes the next attempt wait longer, up to a bound.
//!
//! Nobody is ever locked out for good, and no bucket that strangers can fill stands between a person and a device that
//! has logged in before: such a device is counted in a bucket of its own, in a table of its own. An attempt is charged
//! when it begins and refunded when it succeeds, so that many at the same time are counted like many in a row.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::table::{Row, Table, TableKey};
use crate::domain::ids::{AccountId, DeviceId, SessionId};
use crate::domain::network::Network;
use crate::domain::{Error, Kind, Result};

/// What failures are counted by.
#[derive(Debug, Clone, Copy)]
pub enum Bucket {
    /// All attempts from one source, for any name.
    Source(IpAddr),
    /// One name, from one source.
    NameFrom([u8; 32], IpAddr),
    /// One name, from all devices that have not logged in before; and from where this one tries.
    Name([u8; 32], IpAddr),
    /// One name, from a site, while strangers keep [`Bucket::Name`] busy.
    NameWhileBusy([u8; 32], IpAddr),
    /// One name, from a device that has logged in to it before.
    Device([u8; 32], DeviceId),
    /// The second factor of an account, tried after the first, from one known device or from all others.
    SecondFactor(AccountId, Option<DeviceId>),
    /// Confirming who you are in one session.
    StepUp(SessionId),
    /// The same one's second factor, once the first was right.
    SecondFactorAgain(SessionId),
}

/// How failures turn into waiting.
struct BackoffPolicy {
    /// How many failures cost nothing: people mistype.
    free: u32,
    /// The wait after the first one that counts; each further one doubles it.
    first: Duration,
    /// The longest wait.
    most: Duration,
    /// One failure is forgotten in this time.
    forget: Duration,
}

const fn policy(free: u32, first: u64, most: u64, forget: u64) -> BackoffPolicy {
    let seconds = Duration::from_secs;
    BackoffPolicy { free, first: seconds(first), most: seconds(most), forget: seconds(forget) }
}

/// A minute and an hour, in seconds.
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

impl Bucket {
    const fn policy(self) -> BackoffPolicy {
        match self {
            Self::Source(_) => policy(20, 1, 5 * MINUTE, MINUTE),
            Self::NameFrom(..) | Self::Device(..) | Self::StepUp(_) => policy(5, 2, 15 * MINUTE, 15 * MINUTE),
            // Strangers everywhere can fill this one, so it never makes its owner's new device wait for long: it keeps
            // a thousand machines together to two guesses in a minute.
            Self::Name(..) => policy(30, 1, MINUTE / 2, MINUTE / 2),
            // Strangers who try all the time are first whenever that bucket allows an attempt. So each site has
            // three tries of its own a day: enough for someone who knows the password, and few for a thousand machines.
            Self::NameWhileBusy(..) => policy(2, 24 * HOUR, 24 * HOUR, 24 * HOUR),
            // An attacker here knows the password and guesses among a million codes.
            Self::SecondFactor(..) | Self::SecondFactorAgain(_) => policy(5, 2, HOUR, HOUR),
        }
    }

    /// Whether strangers can make such buckets.
    const fn is_public(self) -> bool {
        matches!(self, Self::Source(_) | Self::NameFrom(..) | Self::Name(..) | Self::NameWhileBusy(..))
    }
}

/// Counts failures.
pub struct Throttle {
    tables: Mutex<Tables>,
}

/// An attempt that was charged; one that is dropped has failed.
#[must_use]
pub struct Attempt {
    charged: Vec<(Bucket, TableKey)>,
}

struct Tables {
    public: Table<Failures>,
    known: Table<Failures>,
}

/// What has failed in one bucket.
#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last: Instant,
}

/// Those who failed least are forgotten first, of these the one whose last failure is the oldest.
impl Row for Failures {
    type Weight = (u32, Instant);

    fn weight(&self, _now: Instant) -> Option<Self::Weight> {
        Some((self.count, self.last))
    }
}

impl Throttle {
    /// Nobody has failed yet.
    pub fn new(now: Instant) -> Self {
        // 8,192 and 2,048 rows of 32 bytes.
        let (public, known) = (Table::new(1024, now), Table::new(256, now));
        Self { tables: Mutex::new(Tables { public, known }) }
    }

    /// Charges an attempt to all of `buckets`, or to none of them if one has to wait.
    ///
    /// # Errors
    /// `too-many-attempts` with the time to wait.
    pub fn charge(&self, buckets: &[Bucket], now: Instant) -> Result<Attempt> {
        let mut tables = self.lock();
        tables.public.renew_salt(now);
        tables.known.renew_salt(now);
        let mut charged = Vec::with_capacity(buckets.len() + 1);
        let mut longest = Duration::ZERO;
        for bucket in buckets {
            let (key, wait) = tables.look(*bucket, now);
            charged.push((*bucket, key));
            match *bucket {
                Bucket::Name(of, source) if !wait.is_zero() => {
                    let spare = Bucket::NameWhileBusy(of, source);
                    let (key, spare_wait) = tables.look(spare, now);
                    if spare_wait.is_zero() {
                        charged.push((spare, key));
                    } else {
                        longest = longest.max(wait);
                    }
                }
                _ => longest = longest.max(wait),
            }
        }
        if let Some(wait) = Some(longest).filter(|wait| !wait.is_zero()) {
            return Err(Error::new(Kind::TooMany, "too-many-attempts", "Too many failed attempts.")
                .hint(format!("Try again in {} seconds.", wait.as_secs() + u64::from(wait.subsec_nanos() > 0)))
                .retry_after(wait));
        }
        for (bucket, key) in &charged {
            let table = tables.of(*bucket);
            let before = table.get(*key).map_or(0, |failures| failures.left(&bucket.policy(), now));
            table.put(*key, Failures { count: before.saturating_add(1), last: now }, now);
        }
        Ok(Attempt { charged })
    }

    /// The attempt succeeded. What it was charged is given back, and buckets of the one who succeeded are emptied:
    /// `own` says which of the charged ones these are. One from before the salt was replaced has been forgotten.
    pub fn refund(&self, attempt: Attempt, own: impl Fn(usize) -> bool) {
        let mut tables = self.lock();
        for (at, (bucket, key)) in attempt.charged.into_iter().enumerate() {
            let table = tables.of(bucket);
            let Some(failures) = table.get_mut(key) else { continue };
            failures.count = if own(at) { 0 } else { failures.count.saturating_sub(1) };
            if failures.count == 0 {
                table.remove(key);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // The tables are whole at every moment, so a panic elsewhere does not spoil them.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// A bucket's key, and how long its next attempt still has to wait.
    fn look(&mut self, bucket: Bucket, now: Instant) -> (TableKey, Duration) {
        let table = self.of(bucket);
        let key = bucket.key(table);
        (key, table.get(key).map_or(Duration::ZERO, |failures| failures.wait(&bucket.policy(), now)))
    }

    const fn of(&mut self, bucket: Bucket) -> &mut Table<Failures> {
        if bucket.is_public() { &mut self.public } else { &mut self.known }
    }
}

impl Bucket {
    fn key(self, table: &Table<Failures>) -> TableKey {
        let network = |source: IpAddr| match source.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().octets(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).octets(),
        };
        match self {
            Self::Source(source) => table.key(b's', &[&network(source)]),
            Self::NameFrom(name, source) => table.key(b'f', &[&name, &network(source)]),
            Self::Name(name, _) => table.key(b'n', &[&name]),
            Self::NameWhileBusy(name, source) => {
                let site = Network::of_source(source).last().map(|(network, _)| network.bytes());
                table.key(b'b', &[&name, &site.unwrap_or_default()])
            }
            Self::Device(name, device) => table.key(b'd', &[&name, device.as_bytes()]),
            Self::SecondFactor(account, device) => {
                let device = device.as_ref().map_or(&[][..], |device| device.as_bytes());
                table.key(b'2', &[account.as_bytes(), device])
            }
            Self::StepUp(login) => table.key(b'c', &[login.as_bytes()]),
            Self::SecondFactorAgain(login) => table.key(b'a', &[login.as_bytes()]),
        }
    }
}

impl Failures {
    /// How many are not forgotten yet.
    fn left(&self, policy: &BackoffPolicy, now: Instant) -> u32 {
        let times = now.saturating_duration_since(self.last).as_secs() / policy.forget.as_secs().max(1);
        self.count.saturating_sub(u32::try_from(times).unwrap_or(u32::MAX))
    }

    /// How long the next attempt still has to wait.
    fn wait(&self, policy: &BackoffPolicy, now: Instant) -> Duration {
        let Some(doublings) = self.left(policy, now).checked_sub(policy.free + 1) else { return Duration::ZERO };
        let wait = policy.first.saturating_mul(1 << doublings.min(20)).min(policy.most);
        (self.last + wait).saturating_duration_since(now)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const NAME: [u8; 32] = [7; 32];

    fn source(n: u32) -> IpAddr {
        IpAddr::from((0x0a00_0000 + n).to_be_bytes())
    }

    fn fail(throttle: &Throttle, bucket: Bucket, now: Instant) -> Result<(), Duration> {
        throttle.charge(&[bucket], now).map(drop).map_err(|error| error.retry_after.unwrap())
    }

    #[test]
    fn a_few_mistakes_are_free_then_the_delay_grows_to_a_bound() {
        let start = Instant::now();
        let throttle = Throttle::new(start);
        let bucket = Bucket::NameFrom(NAME, source(1));
        for _ in 0..6 {
            assert_eq!(fail(&throttle, bucket, start), Ok(()));
        }
        let mut now = start;
        let mut waits = Vec::new();
        for _ in 0..12 {
            let wait = fail(&throttle, bucket, now).unwrap_err();
            waits.push(wait.as_secs());
            assert!(fail(&throttle, bucket, now + wait - SECOND / 10).is_err(), "too early");
            now += wait;
            assert_eq!(fail(&throttle, bucket, now), Ok(()), "after the wait it said");
        }
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
    }

    #[test]
    fn a_refused_attempt_costs_nothing_and_time_forgets() {
        let start = Instant::now();
        let throttle = Throttle::new(start);
        let bucket = Bucket::NameFrom(NAME, source(1));
        while fail(&throttle, bucket, start).is_ok() {}
        for _ in 0..100 {
            assert_eq!(fail(&throttle, bucket, start), Err(SECOND * 2));
        }
        let later = start + Duration::from_secs(6 * 15 * MINUTE);
        for _ in 0..6 {
            assert_eq!(fail(&throttle, bucket, later), Ok(()), "as if nothing had been");
        }
        assert!(fail(&throttle, bucket, later).is_err());
    }

    #[test]
    fn success_empties_ones_own_bucket_and_gives_back_the_rest() {
        let now = Instant::now();
        let throttle = Throttle::new(now);
        let (own, shared) = (Bucket::NameFrom(NAME, source(1)), Bucket::Source(source(1)));
        for _ in 0..5 {
            drop(throttle.charge(&[own, shared], now).unwrap());
        }
        for _ in 0..100 {
            let attempt = throttle.charge(&[own, shared], now).unwrap();
            throttle.refund(attempt, |at| at == 0);
        }
        let left = (0..100).take_while(|_| fail(&throttle, shared, now).is_ok()).count();
        assert_eq!(left, 21 - 5, "five failures of the source still count");
        assert_eq!((0..100).take_while(|_| fail(&throttle, own, now).is_ok()).count(), 6);
    }

    #[test]
    fn attempts_at_the_same_time_count_like_attempts_in_a_row() {
        let now = Instant::now();
        let throttle = Throttle::new(now);
        let under_way: Vec<_> =
            (0..100).map_while(|_| throttle.charge(&[Bucket::NameFrom(NAME, source(1))], now).ok()).collect();
        assert_eq!(under_way.len(), 6);
    }

    #[test]
    fn strangers_who_hammer_a_name_neither_stop_a_known_device_nor_delay_its_owner_for_long() {
        let start = Instant::now();
        let throttle = Throttle::new(start);
        let mut now = start;
        for n in 0..100_000 {
            let buckets = [Bucket::Source(source(n)), Bucket::NameFrom(NAME, source(n)), Bucket::Name(NAME, source(n))];
            drop(throttle.charge(&buckets, now));
            now += SECOND / 100;
        }
        let device = DeviceId::random();
        assert_eq!(fail(&throttle, Bucket::Device(NAME, device), now), Ok(()));
        let owner = source(200_000);
        for _ in 0..3 {
            assert_eq!(
                fail(&throttle, Bucket::Name(NAME, owner), now),
                Ok(()),
                "who comes from elsewhere need not wait"
            );
        }
        let wait = fail(&throttle, Bucket::Name(NAME, owner), now).unwrap_err();
        assert!(wait <= SECOND * 30, "{wait:?}");
    }

    #[test]
    fn while_a_name_is_busy_a_site_has_three_tries_in_a_day_however_many_addresses_it_has() {
        let start = Instant::now();
        let throttle = Throttle::new(start);
        let busy = |now| (0..40).for_each(|n| drop(throttle.charge(&[Bucket::Name(NAME, source(n))], now)));
        let of_site = |n: u128, now| {
            let address = IpAddr::from((0x2001_0db8_u128 << 96 | n << 64).to_be_bytes());
            busy(now);
            fail(&throttle, Bucket::Name(NAME, address), now).is_ok()
        };
        let taken = (0..100).filter(|n| of_site(*n, start)).count();
        assert_eq!(taken, 3, "of 100 networks of one site");
        assert!(of_site(1 << 16, start), "another site");
        assert!(!of_site(0, start + Duration::from_secs(23 * HOUR)));
    }

    #[test]
    fn names_sources_devices_and_accounts_are_counted_apart() {
        let now = Instant::now();
        let throttle = Throttle::new(now);
        let (account, device, login) = (AccountId::random(), DeviceId::random(), SessionId::random());
        let buckets = [
            Bucket::Source(source(1)),
            Bucket::NameFrom(NAME, source(1)),
            Bucket::NameFrom(NAME, source(2)),
            Bucket::NameFrom([8; 32], source(1)),
            Bucket::Name(NAME, source(1)),
            Bucket::NameWhileBusy(NAME, source(2)),
            Bucket::Device(NAME, device),
            Bucket::SecondFactor(account, None),
            Bucket::SecondFactor(account, Some(device)),
            Bucket::StepUp(login),
            Bucket::SecondFactorAgain(login),
        ];
        for bucket in buckets {
            assert_eq!(fail(&throttle, bucket, now), Ok(()), "{bucket:?}");
            while fail(&throttle, bucket, now).is_ok() {}
        }
    }

    #[test]
    fn a_flood_of_names_neither_grows_the_table_nor_frees_the_busiest() {
        let now = Instant::now();
        let throttle = Throttle::new(now);
        while fail(&throttle, Bucket::Name(NAME, source(1)), now).is_ok() {}
        for n in 0..100_000 {
            drop(throttle.charge(&[Bucket::NameFrom(NAME, source(n))], now));
        }
        assert_eq!(throttle.lock().public.rows(), 8192);
        assert!(fail(&throttle, Bucket::Name(NAME, source(1)), now).is_err());
    }

    #[test]
    fn failures_are_forgotten_daily_and_an_attempt_from_before_with_them() {
        let start = Instant::now();
        let throttle = Throttle::new(start);
        let attempt = throttle.charge(&[Bucket::Name(NAME, source(1))], start).unwrap();
        let key = || Bucket::Name(NAME, source(1)).key(&throttle.lock().public);
        let before = key();
        let day = Duration::from_secs(24 * HOUR);
        drop(throttle.charge(&[Bucket::Name([9; 32], source(1))], start + day).unwrap());
        assert_ne!(before, key());
        throttle.refund(attempt, |_| true);
        assert_eq!(throttle.lock().public.rows(), 1);
    }
}
