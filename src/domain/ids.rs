//! Identifiers. One type per role, so that a tag's id is never taken for an account's.
//!
//! All are 128 random bits, so nobody can guess one and nothing links two of them. `Debug` prints the type's
//! name alone: an identifier in a log line would tell which line belongs to which call.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::{Error, Result};
use super::random;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What its text form begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new one from the operating system's generator.
            pub fn random() -> Self {
                Self(random::bytes())
            }

            /// The one that these stored bytes stand for.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The bytes to store.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, URL_SAFE_NO_PAD.encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }

        impl FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                let mut bytes = [0; 16];
                text.strip_prefix($prefix)
                    .filter(|rest| rest.len() == 22)
                    .and_then(|rest| URL_SAFE_NO_PAD.decode_slice(rest, &mut bytes).ok())
                    .filter(|written| *written == bytes.len())
                    .map(|_| Self(bytes))
                    .ok_or_else(|| Error::invalid("bad-id", concat!("This isn't an ID of the form ", $prefix, "….")))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A person who logs in.
    AccountId,
    "acct_"
);
id!(
    /// What tags belong to: one account, or several that share them.
    HouseholdId,
    "house_"
);
id!(
    /// One invitation to register.
    InviteId,
    "invite_"
);
id!(
    /// One sticker.
    TagId,
    "tag_"
);
id!(
    /// One session of one device; ending it ends what the device may do.
    SessionId,
    "login_"
);
id!(
    /// One device that has logged in to one account; means nothing elsewhere.
    DeviceId,
    "device_"
);
id!(
    /// One passkey of an account.
    PasskeyId,
    "passkey_"
);
id!(
    /// One call, from the caller's tap to its end.
    CallId,
    "session_"
);
id!(
    /// One entry of an account's list of missed calls.
    MissedCallId,
    "missed_"
);
id!(
    /// One note that a caller left.
    NoteId,
    "note_"
);
id!(
    /// One participant of one call; says nothing about who that is.
    AnonymousId,
    "anon_"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_form_round_trips_and_carries_its_prefix() {
        let id = CallId::random();
        assert!(id.to_string().starts_with("session_"));
        assert_eq!(id.to_string().parse::<CallId>().unwrap(), id);
    }

    #[test]
    fn other_roles_and_damaged_text_are_refused() {
        let text = CallId::random().to_string();
        assert!(text.parse::<TagId>().is_err());
        for bad in ["", "session_", &text[..text.len() - 1], &format!("{text}A"), "session_!!!!!!!!!!!!!!!!!!!!!!"] {
            assert!(bad.parse::<CallId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_output_identifies_nobody() {
        assert_eq!(format!("{:?}", AccountId::random()), "AccountId");
    }
}
