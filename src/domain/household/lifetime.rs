//! How long a sticker works: a word, or any time.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use serde::de::{Error as _, Unexpected};

use crate::domain::error::{Error, Result};
use crate::domain::period;

const DAY_LONG: Duration = Duration::from_secs(24 * 60 * 60);

/// How long a sticker works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    /// For this long.
    For(Duration),
    /// Until its owner revokes it.
    UntilRevoked,
}

impl Lifetime {
    /// 24 hours.
    pub const DAY: Self = Self::For(DAY_LONG);
    /// 7 days.
    pub const WEEK: Self = Self::For(DAY_LONG.saturating_mul(7));
    /// 365 days.
    pub const YEAR: Self = Self::For(DAY_LONG.saturating_mul(365));
    /// The shortest.
    pub const MIN: Duration = Duration::from_secs(1);
    /// The longest: a thousand years, so that every end is a date.
    pub const MAX: Duration = DAY_LONG.saturating_mul(365_000);
    /// How long a sticker whose time is over can still be extended: a printed one must not die silently.
    pub const EXTENDABLE_AFTER_END: Duration = DAY_LONG.saturating_mul(30);
    /// How many days before its end a sticker's owner is reminded, the first time first.
    pub const REMINDERS: [u64; 3] = [30, 7, 1];

    /// What can be written.
    pub const EXPECTED: &str =
        "`day`, `week`, `year`, `until-revoked` or a time from 1 second to 1000 years, such as `168h` or `30d`";

    const WORDS: [(&str, Self); 4] =
        [("day", Self::DAY), ("week", Self::WEEK), ("year", Self::YEAR), ("until-revoked", Self::UntilRevoked)];

    /// The last of the [reminders](Self::REMINDERS) that is due before an end, or 0 when the time is over; `None` while it is
    /// far away. What was to last for a week needs no reminder 30 days before.
    pub fn reminder(created: SystemTime, end: SystemTime, now: SystemTime) -> Option<u64> {
        let Ok(left) = end.duration_since(now) else { return Some(0) };
        if left.is_zero() {
            return Some(0);
        }
        let whole = end.duration_since(created).unwrap_or_default();
        let days = |days: u64| DAY_LONG.saturating_mul(u32::try_from(days).unwrap_or(0));
        Self::REMINDERS.into_iter().rev().find(|due| left <= days(*due) && whole > days(*due))
    }

    /// The time until expiry; `None` for a tag that does not expire.
    pub const fn duration(self) -> Option<Duration> {
        match self {
            Self::For(time) => Some(time),
            Self::UntilRevoked => None,
        }
    }
}

impl FromStr for Lifetime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        if let Some((_, known)) = Self::WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*known);
        }
        let time = period::parse(text).ok().filter(|time| (Self::MIN..=Self::MAX).contains(time));
        let expected = || Error::invalid("bad-lifetime", format!("{text:?} is not {}.", Self::EXPECTED));
        time.map(Self::For).ok_or_else(expected)
    }
}

/// As it is read: a word where there is one.
impl fmt::Display for Lifetime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (Self::WORDS.iter().find(|(_, known)| known == self), self) {
            (Some((word, _)), _) => f.write_str(word),
            (None, Self::For(time)) => f.write_str(&period::text(*time)),
            (None, Self::UntilRevoked) => f.write_str("until-revoked"),
        }
    }
}

impl serde::Serialize for Lifetime {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Lifetime {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(|_| D::Error::invalid_value(Unexpected::Str(&text), &Self::EXPECTED))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn owners_are_reminded_a_month_a_week_and_a_day_before_the_end() {
        let now = SystemTime::UNIX_EPOCH + DAY_LONG * 20_000;
        let second = Duration::from_secs(1);
        for (left, due) in [
            (DAY_LONG * 365, None),
            (DAY_LONG * 30 + second, None),
            (DAY_LONG * 30, Some(30)),
            (DAY_LONG * 7 + second, Some(30)),
            (DAY_LONG * 7, Some(7)),
            (DAY_LONG, Some(1)),
            (second, Some(1)),
            (Duration::ZERO, Some(0)),
        ] {
            assert_eq!(Lifetime::reminder(now - DAY_LONG * 400, now + left, now), due, "{left:?}");
        }
        assert_eq!(Lifetime::reminder(now - DAY_LONG * 10, now - DAY_LONG * 9, now), Some(0));
        for (whole, first) in [(1, None), (2, Some(1)), (7, Some(1)), (8, Some(7)), (30, Some(7)), (31, Some(30))] {
            let end = now + DAY_LONG * whole;
            assert_eq!(Lifetime::reminder(now, end, now), None, "a sticker of {whole} days is new");
            let due = (0..whole).find_map(|day| Lifetime::reminder(now, end, now + DAY_LONG * day));
            assert_eq!(due, first, "of {whole} days");
        }
    }

    #[test]
    fn any_time_is_read_and_a_word_is_written_where_there_is_one() {
        for (text, seconds, written) in [
            ("day", 86_400, "day"),
            ("24h", 86_400, "day"),
            ("168h", 604_800, "week"),
            ("30d", 2_592_000, "30d"),
            ("1h 30m", 5_400, "90m"),
            (" 90 s ", 90, "90s"),
            ("365000d", 31_536_000_000, "365000d"),
        ] {
            let lifetime: Lifetime = text.parse().unwrap();
            assert_eq!(lifetime.duration(), Some(Duration::from_secs(seconds)), "{text}");
            assert_eq!(lifetime.to_string(), written, "{text}");
            assert_eq!(serde_json::from_value::<Lifetime>(serde_json::json!(written)).unwrap(), lifetime);
        }
        assert_eq!("until-revoked".parse::<Lifetime>().unwrap().duration(), None);
        for bad in ["", "0s", "500ms", "365001d", "30", "d", "-1d", "1.5d", "century", "1m 1d", "99999999999999999999d"]
        {
            assert_eq!(bad.parse::<Lifetime>().unwrap_err().code, "bad-lifetime", "{bad}");
        }
    }
}
