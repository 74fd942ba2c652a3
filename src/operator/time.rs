//! Times as text: RFC 3339 in UTC, to the second.

use std::time::SystemTime;

use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _, ser::Error as _};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub fn serialize<S: Serializer>(at: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    let at = OffsetDateTime::from(*at).replace_nanosecond(0).map_err(S::Error::custom)?;
    serializer.serialize_str(&at.format(&Rfc3339).map_err(S::Error::custom)?)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text, &Rfc3339).map(SystemTime::from).map_err(D::Error::custom)
}

/// The day of a time.
pub fn day(at: SystemTime) -> String {
    OffsetDateTime::from(at).date().to_string()
}

/// Times that there need not be.
pub mod option {
    use super::{Deserializer, Serializer, SystemTime};
    use serde::{Deserialize, Serialize};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Time(#[serde(with = "super")] SystemTime);

    pub fn serialize<S: Serializer>(at: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(Time).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Time>::deserialize(deserializer)?.map(|Time(at)| at))
    }
}
