//! Lengths of time as text: `45s`, `30m`, `1h 30m`, `30d`.
//!
//! docs/decisions/0010-own-durations.md says why no library reads and prints them.

use std::time::Duration;

/// In microseconds, the largest first.
const UNITS: [(&str, u64); 6] =
    [("d", 86_400_000_000), ("h", 3_600_000_000), ("m", 60_000_000), ("s", 1_000_000), ("ms", 1_000), ("us", 1)];

/// Reads numbers with their units, each unit smaller than the one before: "1h 30m" is good, "30m 1h" is not.
///
/// # Errors
/// What is wrong, to be put behind "it is not a length of time"; empty where there is nothing to add.
pub fn parse(text: &str) -> Result<Duration, String> {
    let fault = |why: &str| why.to_owned();
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
    Ok(Duration::from_micros(sum))
}

/// In the largest unit that fits: `90m`, not `1h 30m`.
pub fn text(period: Duration) -> String {
    let us = period.as_micros();
    let fitting = UNITS.iter().find(|(_, scale)| us != 0 && us.is_multiple_of(u128::from(*scale)));
    let (unit, scale) = fitting.copied().unwrap_or(("s", 1_000_000));
    format!("{}{unit}", us / u128::from(scale))
}

/// The characters that `text` begins with and `belongs` takes, and what follows them.
fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}
