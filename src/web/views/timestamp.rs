//! How the API writes times.

use std::time::SystemTime;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// RFC 3339 in UTC, to the second.
pub fn rfc3339(at: SystemTime) -> String {
    OffsetDateTime::from(at).replace_nanosecond(0).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// The day in UTC, `YYYY-MM-DD`.
pub fn day(at: SystemTime) -> String {
    OffsetDateTime::from(at).date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn fractions_are_left_out() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_900);
        assert_eq!(rfc3339(at), "2023-11-14T22:13:20Z");
        assert_eq!(day(at), "2023-11-14");
    }
}
