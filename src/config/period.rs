//! Lengths of time, written with units: `45s`, `30m`, `1h 30m`, `30d`.
//!
//! docs/decisions/0010-own-durations.md says why no library reads and prints them.

use std::fmt;
use std::time::Duration;

use super::fault::Fault;

/// A length of time, written as numbers with units: `300us`, `500ms`, `45s`, `30m`, `1h 30m`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

/// In microseconds, the largest first.
const UNITS: [(&str, u64); 6] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

impl Period {
    /// That many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Reads numbers with their units, each unit smaller than the one before: "1h 30m" is good, "30m 1h" is not.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let fault = |why: &str| {
            Fault::new(
                format!("{text:?} is not a length of time{why}"),
                "Write a whole number and a unit (d, h, m, s, ms or us), such as \"45s\", \"30m\" or \"1h 30m\".",
            )
        };
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(fault(""));
        }
        let mut sum: u64 = 0;
        let mut units = &UNITS[..];
        while !rest.is_empty() {
            let (number, after) = split(rest, |c| c.is_ascii_digit());
            let (unit, after) = split(after.trim_start(), char::is_alphabetic);
            rest = after.trim_start();
            if number.is_empty() {
                return Err(fault(""));
            }
            if unit.is_empty() {
                return Err(fault(if rest.is_empty() { ": its unit is missing" } else { "" }));
            }
            let at = UNITS.iter().position(|(name, _)| *name == unit);
            let at = at.ok_or_else(|| fault(&format!(": there is no unit {unit:?}")))?;
            let at = (at + units.len()).checked_sub(UNITS.len()).ok_or_else(|| fault(": larger units come first"))?;
            let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(units[at].1));
            sum = part.and_then(|part| sum.checked_add(part)).ok_or_else(|| fault(": it is too long"))?;
            units = &units[at + 1..];
        }
        Ok(Self(Duration::from_micros(sum)))
    }
}

/// The characters that `text` begins with and `belongs` takes, and what follows them.
fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

impl fmt::Display for Period {
    /// In the largest unit that fits: `90m`, not `1h 30m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = self.0.as_micros();
        let fitting = UNITS.iter().find(|(_, scale)| us != 0 && us.is_multiple_of(u128::from(*scale)));
        let (unit, scale) = fitting.copied().unwrap_or(("s", 1_000_000));
        write!(f, "{}{unit}", us / u128::from(scale))
    }
}

impl From<Period> for Duration {
    fn from(period: Period) -> Self {
        period.0
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn periods_are_read_with_their_units() {
        for (text, ms) in [
            ("500ms", 500),
            ("45s", 45_000),
            ("30m", 1_800_000),
            ("2h", 7_200_000),
            ("168h", 604_800_000),
            ("7 d", 604_800_000),
            ("30d", 2_592_000_000),
            ("1h 30m", 5_400_000),
            ("1h30m", 5_400_000),
            (" 1 d  2 h 3m 4s 5ms ", 93_784_005),
            ("0s", 0),
        ] {
            assert_eq!(Period::parse(text).unwrap().0, Duration::from_millis(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_period_is_told_with_its_cause() {
        for (bad, why) in [
            ("", "a length of time"),
            (" ", "a length of time"),
            ("s", "a length of time"),
            ("1.5s", "a length of time"),
            ("-1s", "a length of time"),
            ("1h,30m", "a length of time"),
            ("1 30m", "a length of time"),
            ("\u{661}s", "a length of time"),
            ("45", "its unit is missing"),
            ("1h 30", "its unit is missing"),
            ("45 sec", "there is no unit \"sec\""),
            ("1M", "there is no unit \"M\""),
            ("1h 30µs", "there is no unit \"µs\""),
            ("30m 1h", "larger units come first"),
            ("1m 1m", "larger units come first"),
            ("99999999999999999999s", "too long"),
            ("999999999999999999d", "too long"),
            ("213503982d 18446744073709551615us", "too long"),
        ] {
            let fault = Period::parse(bad).unwrap_err();
            assert!(fault.wrong.ends_with(why), "{bad:?}: {}", fault.wrong);
            assert!(fault.remedy.contains("1h 30m"), "{}", fault.remedy);
        }
    }

    proptest! {
        #[test]
        fn a_period_that_is_printed_reads_as_itself(us in any::<u64>()) {
            let period = Period(Duration::from_micros(us));
            prop_assert_eq!(Period::parse(&period.to_string()).unwrap(), period);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "([0-9]{0,20} ?([a-zµ]{0,2}|.) ?){0,8}") {
            let _ = Period::parse(&text);
        }
    }
}
