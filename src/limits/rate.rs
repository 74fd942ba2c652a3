//! How often one source may ask: token buckets in a table of fixed size.
//!
//! A source is an IPv4 address or an IPv6 /64 network. The wider networks that an IPv6 source may have to itself are
//! counted with it, each with a wider rate.
//!
//! What comes to a good end gives most of its charge back: a household behind one address, where everybody logs in on one
//! evening, is not a source that guesses.
//!
//! There is no rate for all sources together: with one, any stranger could use it up for everybody. What all sources
//! together may cost is bounded where it is spent: connections, requests, hashes, calls.

use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::table::{Row, Table, TableKey};
use crate::domain::ids::{DeviceId, TagId};
use crate::domain::network::Network;
use crate::domain::token_bucket::TokenBucket;
use crate::domain::{Error, Kind, Result};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Whether a sticker can be called.
    Validate,
    /// A call.
    Initiate,
    /// To be logged in.
    LogIn,
    /// To be registered.
    Register,
    /// To leave a note.
    Note,
    /// To leave a note through one tag, no matter who leaves it.
    NoteOfTag,
}

impl Action {
    /// The name of its limit in the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validate => "validate",
            Self::Initiate => "initiate",
            Self::LogIn => "login",
            Self::Register => "register",
            Self::Note => "note",
            Self::NoteOfTag => "note_per_tag",
        }
    }
}

/// How many are allowed at once, and again over a time.
#[derive(Debug, Clone, Copy)]
pub struct RateLimit {
    /// How many may come at once; at least 1.
    pub count: u32,
    /// The time in which as many more are allowed; more than zero.
    pub per: Duration,
}

/// The rates of one source.
#[derive(Debug, Clone, Copy)]
pub struct RateOptions {
    /// For [`Action::Validate`].
    pub validate: RateLimit,
    /// For [`Action::Initiate`].
    pub initiate: RateLimit,
    /// For [`Action::LogIn`].
    pub login: RateLimit,
    /// For [`Action::Register`].
    pub register: RateLimit,
    /// For [`Action::Note`].
    pub note: RateLimit,
    /// For [`Action::NoteOfTag`].
    pub note_per_tag: RateLimit,
}

/// What a success keeps of its charge: one part of so many.
const SUCCESS: u32 = 10;
/// Tells devices from sources in the table.
const DEVICE: u8 = 0x80;

/// 1,024 sets of 8 rows of 24 bytes: 192 KiB, whatever happens outside.
const SETS: usize = 1024;

/// Counts what sources ask for.
pub struct RateLimits {
    options: RateOptions,
    table: Mutex<Table<TokenBucket>>,
    hit: Box<dyn Fn(Action) + Send + Sync>,
}

impl RateLimits {
    /// An empty table; `hit` hears of every refusal.
    pub fn new(options: RateOptions, now: Instant, hit: impl Fn(Action) + Send + Sync + 'static) -> Self {
        Self { options, table: Mutex::new(Table::new(SETS, now)), hit: Box::new(hit) }
    }

    /// Counts one request, or refuses it.
    ///
    /// # Errors
    /// `too-many-requests` with the time after which the next one will be allowed.
    pub fn check(&self, action: Action, source: IpAddr, now: Instant) -> Result<()> {
        let named = |table: &Table<TokenBucket>| {
            let networks = Network::of_source(source);
            networks.map(|(network, shares)| (table.key(action as u8, &[&network.bytes()]), shares)).collect()
        };
        self.charge(action, named, "Too many requests from your network.", now)
    }

    /// Counts one attempt to log in from a device that has logged in before, wherever it is, or refuses it.
    ///
    /// # Errors
    /// As [`RateLimits::check`].
    pub fn check_device(&self, device: DeviceId, now: Instant) -> Result<()> {
        let named = |table: &Table<TokenBucket>| vec![(table.key(DEVICE, &[device.as_bytes()]), 1)];
        self.charge(Action::LogIn, named, "Too many log-ins from your device.", now)
    }

    /// What was counted for this source came to a good end: most of it is given back.
    pub fn succeeded(&self, action: Action, source: IpAddr) {
        self.give_back(action, |table| {
            let networks = Network::of_source(source);
            networks.map(|(network, shares)| (table.key(action as u8, &[&network.bytes()]), shares)).collect()
        });
    }

    /// The device logged in: most of what was counted is given back.
    pub fn device_succeeded(&self, device: DeviceId) {
        self.give_back(Action::LogIn, |table| vec![(table.key(DEVICE, &[device.as_bytes()]), 1)]);
    }

    fn give_back(&self, action: Action, named: impl FnOnce(&Table<TokenBucket>) -> Vec<(TableKey, u32)>) {
        let rate = self.rate(action);
        let one = rate.per / rate.count.max(1);
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, shares) in named(&table) {
            if let Some(bucket) = table.get_mut(key) {
                bucket.give_back(one / shares / SUCCESS * (SUCCESS - 1));
            }
        }
    }

    fn rate(&self, action: Action) -> RateLimit {
        match action {
            Action::Validate => self.options.validate,
            Action::Initiate => self.options.initiate,
            Action::LogIn => self.options.login,
            Action::Register => self.options.register,
            Action::Note => self.options.note,
            Action::NoteOfTag => self.options.note_per_tag,
        }
    }

    /// Counts one note left through this tag, no matter who leaves it, or refuses it.
    ///
    /// # Errors
    /// As [`RateLimits::check`].
    pub fn check_note_of(&self, tag: TagId, now: Instant) -> Result<()> {
        let action = Action::NoteOfTag;
        let named = |table: &Table<TokenBucket>| vec![(table.key(action as u8, &[tag.as_bytes()]), 1)];
        self.charge(action, named, "Too many notes have been left through this sticker.", now)
    }

    fn charge(
        &self,
        action: Action,
        named: impl FnOnce(&Table<TokenBucket>) -> Vec<(TableKey, u32)>,
        message: &str,
        now: Instant,
    ) -> Result<()> {
        let rate = self.rate(action);
        // The table is whole at every moment, so a panic elsewhere does not spoil it.
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.renew_salt(now);
        let sources = named(&table);
        take(&mut table, &sources, rate, now).map_err(|wait| {
            (self.hit)(action);
            Error::new(Kind::TooMany, "too-many-requests", message)
                .hint(format!("Try again in {} seconds.", wait.as_secs() + 1))
                .retry_after(wait)
        })
    }
}

/// Charges each of these sources, given with its shares of the rate.
fn take(
    table: &mut Table<TokenBucket>,
    sources: &[(TableKey, u32)],
    rate: RateLimit,
    now: Instant,
) -> Result<(), Duration> {
    let one = rate.per / rate.count.max(1);
    // First all of them are asked, then all are charged: a refusal costs nothing.
    let mut charged = Vec::with_capacity(sources.len());
    for &(source, shares) in sources {
        let mut bucket = table.get(source).unwrap_or(TokenBucket::full(now));
        bucket.take(one / shares, rate.per, now)?;
        charged.push((source, bucket));
    }
    for (source, bucket) in charged {
        table.put(source, bucket, now);
    }
    Ok(())
}

/// In a flood the sources that asked least are forgotten first. A bucket that is full says nothing.
impl Row for TokenBucket {
    type Weight = Instant;

    fn weight(&self, now: Instant) -> Option<Instant> {
        Some(self.full_at()).filter(|full_at| *full_at > now)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn limits(now: Instant) -> RateLimits {
        let rate = RateLimit { count: 3, per: SECOND * 30 };
        let options =
            RateOptions { validate: rate, initiate: rate, login: rate, register: rate, note: rate, note_per_tag: rate };
        RateLimits::new(options, now, |_| {})
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_then_the_rate_then_a_time_to_wait() {
        let start = Instant::now();
        let limits = limits(start);
        let ask = |after: u32| limits.check(Action::LogIn, ip("192.0.2.1"), start + SECOND * after);
        for _ in 0..3 {
            assert_eq!(ask(0), Ok(()));
        }
        let refused = ask(0).unwrap_err();
        assert_eq!((refused.kind, refused.retry_after), (Kind::TooMany, Some(SECOND * 10)));
        assert_eq!(ask(9).unwrap_err().retry_after, Some(SECOND));
        assert_eq!(ask(10), Ok(()), "a refused request must not cost anything");
        assert!(ask(10).is_err());
        for _ in 0..3 {
            assert_eq!(ask(100), Ok(()), "the bucket is full again, and not fuller");
        }
        assert!(ask(100).is_err());
    }

    #[test]
    fn actions_and_sources_are_counted_apart() {
        let now = Instant::now();
        let limits = limits(now);
        let drain = |action, source: &str| (0..9).filter(|_| limits.check(action, ip(source), now).is_ok()).count();
        assert_eq!(drain(Action::LogIn, "192.0.2.1"), 3);
        assert_eq!(drain(Action::Validate, "192.0.2.1"), 3);
        assert_eq!(drain(Action::LogIn, "192.0.2.2"), 3);
        assert_eq!(drain(Action::LogIn, "::ffff:192.0.2.1"), 0, "the same address in another spelling");
    }

    #[test]
    fn a_tag_is_counted_by_itself_no_matter_who_leaves_notes() {
        let now = Instant::now();
        let limits = limits(now);
        let [one, other] = [1, 2].map(|byte| TagId::from_bytes([byte; 16]));
        let left = (0..9).filter(|_| limits.check_note_of(one, now).is_ok()).count();
        assert_eq!((left, limits.check_note_of(other, now)), (3, Ok(())));
        assert_eq!(limits.check_note_of(one, now).unwrap_err().retry_after, Some(SECOND * 10));
        assert_eq!(limits.check(Action::Note, ip("192.0.2.1"), now), Ok(()));
    }

    #[test]
    fn a_success_costs_a_tenth_of_a_failure() {
        let now = Instant::now();
        let limits = limits(now);
        let succeeds = |address: &str| {
            let allowed = limits.check(Action::LogIn, ip(address), now).is_ok();
            if allowed {
                limits.succeeded(Action::LogIn, ip(address));
            }
            allowed
        };
        let right = (0..100).take_while(|_| succeeds("192.0.2.1")).count();
        assert!((20..=30).contains(&right), "{right} where 3 failures are allowed");
        assert!(limits.check(Action::LogIn, ip("192.0.2.1"), now).is_err());
        let right = (0..100).take_while(|n| succeeds(&format!("2001:db8::{n}"))).count();
        assert!((20..=30).contains(&right), "{right} of an IPv6 network");
        let device = DeviceId::random();
        let failed = (0..9).filter(|_| limits.check_device(device, now).is_ok()).count();
        assert_eq!((failed, limits.check_device(DeviceId::random(), now)), (3, Ok(())));
    }

    #[test]
    fn an_ipv6_network_is_one_source() {
        let now = Instant::now();
        let limits = limits(now);
        let allowed =
            (0..9).filter(|n| limits.check(Action::LogIn, ip(&format!("2001:db8::{n}")), now).is_ok()).count();
        assert_eq!(allowed, 3);
        assert!(limits.check(Action::LogIn, ip("2001:db8:0:1::1"), now).is_ok());
    }

    #[test]
    fn a_household_with_many_ipv6_networks_has_the_rate_of_two_and_a_site_of_four() {
        let now = Instant::now();
        let limits = limits(now);
        let allowed = |addresses: Vec<String>| {
            addresses.iter().filter(|address| limits.check(Action::LogIn, ip(address), now).is_ok()).count()
        };
        assert_eq!(allowed((0..256).map(|n| format!("2001:db8:1:2{n:02x}::1")).collect()), 6);
        assert_eq!(allowed((0..256).map(|n| format!("2001:db8:1:{n:02x}00::1")).collect()), 6, "6 of 12 are taken");
        assert_eq!(allowed(vec!["2001:db8:2::1".into()]), 1, "a neighbour has its own");
        let refused = limits.check(Action::LogIn, ip("2001:db8:1:2ff::1"), now).unwrap_err();
        assert!(refused.retry_after.is_some_and(|wait| wait <= SECOND * 10));
    }

    #[test]
    fn a_flood_of_sources_neither_grows_the_table_nor_frees_the_busiest() {
        let now = Instant::now();
        let limits = limits(now);
        while limits.check(Action::LogIn, ip("192.0.2.1"), now).is_ok() {}
        for n in 0..200_000_u32 {
            limits.check(Action::LogIn, IpAddr::from((0x0a00_0000 + n).to_be_bytes()), now).unwrap();
        }
        assert_eq!(limits.table.lock().unwrap().rows(), SETS * 8);
        assert!(limits.check(Action::LogIn, ip("192.0.2.1"), now).is_err());
    }

    #[test]
    fn what_was_asked_is_forgotten_daily() {
        let start = Instant::now();
        let limits = limits(start);
        let day = SECOND * 24 * 60 * 60;
        let key = || limits.table.lock().unwrap().key(0, &[b"192.0.2.1"]);
        let before = key();
        limits.check(Action::LogIn, ip("192.0.2.1"), start).unwrap();
        limits.check(Action::Validate, ip("192.0.2.9"), start + day).unwrap();
        assert_ne!(before, key());
        assert_eq!(limits.table.lock().unwrap().rows(), 1);
    }
}
