//! Lengths of time, written with units: `45s`, `30m`, `1h 30m`, `30d`.

use std::fmt;
use std::time::Duration;

use super::fault::Fault;
use crate::domain::period;

/// A length of time, written as numbers with units: `300us`, `500ms`, `45s`, `30m`, `1h 30m`, `7d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Period(pub Duration);

impl Period {
    /// That many seconds.
    pub const fn seconds(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// Reads numbers with their units, each unit smaller than the one before: "1h 30m" is good, "30m 1h" is not.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        period::parse(text).map(Self).map_err(|why| {
            Fault::new(
                format!("{text:?} is not a length of time{why}"),
                "Write a whole number and a unit (d, h, m, s, ms or us), such as \"45s\", \"30m\" or \"1h 30m\".",
            )
        })
    }
}

impl fmt::Display for Period {
    /// In the largest unit that fits: `90m`, not `1h 30m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&period::text(self.0))
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
