//! How times are written: RFC 3339 in UTC, to the second.

use std::time::SystemTime;

use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A time as text.
pub fn rfc3339(at: SystemTime) -> String {
    OffsetDateTime::from(at).replace_nanosecond(0).ok().and_then(|at| at.format(&Rfc3339).ok()).unwrap_or_default()
}

/// The day in UTC, `YYYY-MM-DD`.
pub fn day(at: SystemTime) -> String {
    OffsetDateTime::from(at).date().to_string()
}

/// For `#[serde(with = "timestamp")]`.
///
/// # Errors
/// The serializer's.
pub fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&rfc3339(*at))
}

/// For `#[serde(with = "timestamp")]`.
///
/// # Errors
/// When the text is no time.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text, &Rfc3339).map(SystemTime::from).map_err(D::Error::custom)
}

/// Times that there need not be.
pub mod option {
    use super::{Deserializer, Serializer, SystemTime};
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Time(#[serde(with = "super")] SystemTime);

    /// For `#[serde(with = "timestamp::option")]`.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(at: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Time).serialize(serializer)
    }

    /// For `#[serde(with = "timestamp::option")]`.
    ///
    /// # Errors
    /// When the text is no time.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Time>::deserialize(deserializer)?.map(|Time(at)| at))
    }
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
