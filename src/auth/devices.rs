//! Devices that have logged in before: each keeps a signed token that identifies it at the next login.
//!
//! The token proves nothing about who is using the device and lets nobody in. It only says that this device once logged
//! in to this account, so that strangers guessing its password are not counted together with it (the "device cookies" of
//! OWASP). It is signed for one username, and its holder learns nothing from it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;

use crate::domain::credentials::secret::Secret;
use crate::domain::ids::DeviceId;

/// How long a device is remembered: as long as browsers keep a cookie at most (RFC 6265bis, 400 days).
pub const LIFETIME: Duration = Duration::from_secs(400 * 24 * 60 * 60);
/// Bytes of a token: the device, when it was made, the signature.
const BYTES: usize = 16 + 8 + 32;

/// Makes and recognises tokens.
pub(in crate::auth) struct Devices {
    key: hmac::Key,
}

impl Devices {
    /// Tokens signed with `key`, which outlives the process.
    pub(in crate::auth) const fn new(key: hmac::Key) -> Self {
        Self { key }
    }

    /// A token for `device`, which has logged in to the account that `username_index` finds.
    pub fn issue(&self, device: DeviceId, username_index: &[u8; 32], now: SystemTime) -> Secret<String> {
        let made_at = seconds(now).to_be_bytes();
        let tag = hmac::sign(&self.key, &message(&device, made_at, username_index));
        Secret::new(URL_SAFE_NO_PAD.encode([&device.as_bytes()[..], &made_at, tag.as_ref()].concat()))
    }

    /// The device that holds this token for that name; `None` when we did not make it so, or too long ago.
    pub fn recognise(&self, token: &str, username_index: &[u8; 32], now: SystemTime) -> Option<DeviceId> {
        let mut bytes = [0; BYTES];
        if token.len() != BYTES.div_ceil(3) * 4 - 1 || URL_SAFE_NO_PAD.decode_slice(token, &mut bytes).ok()? != BYTES {
            return None;
        }
        let (device, rest) = bytes.split_first_chunk::<16>()?;
        let (made_at, tag) = rest.split_first_chunk::<8>()?;
        let device = DeviceId::from_bytes(*device);
        hmac::verify(&self.key, &message(&device, *made_at, username_index), tag).ok()?;
        let age = seconds(now).saturating_sub(u64::from_be_bytes(*made_at));
        (age < LIFETIME.as_secs()).then_some(device)
    }
}

fn message(device: &DeviceId, made_at: [u8; 8], username_index: &[u8; 32]) -> Vec<u8> {
    [&device.as_bytes()[..], &made_at, username_index].concat()
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn devices(key: u8) -> Devices {
        Devices::new(hmac::Key::new(hmac::HMAC_SHA256, &[key; 32]))
    }

    fn day(n: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(n * 24 * 60 * 60)
    }

    #[test]
    fn a_device_is_known_for_its_name_and_for_its_time() {
        let device = DeviceId::random();
        let token = devices(1).issue(device, &[7; 32], day(1000));
        let recognised = |devices: Devices, name, now| devices.recognise(token.expose(), &[name; 32], now);
        assert_eq!(recognised(devices(1), 7, day(1399)), Some(device));
        assert_eq!(recognised(devices(1), 7, day(1400)), None, "too old");
        assert_eq!(recognised(devices(1), 8, day(1001)), None, "another name");
        assert_eq!(recognised(devices(2), 7, day(1001)), None, "another server");
        assert_eq!(recognised(devices(1), 7, day(999)), Some(device), "a clock that was set back");
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let token = devices(1).issue(DeviceId::random(), &[7; 32], day(1000));
        for at in 0..token.expose().len() {
            let mut changed = token.expose().clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(devices(1).recognise(&changed, &[7; 32], day(1000)), None, "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_a_device(text in any::<String>(), long in 70..80_usize) {
            prop_assert_eq!(devices(1).recognise(&text, &[7; 32], day(1)), None);
            prop_assert_eq!(devices(1).recognise(&"A".repeat(long), &[7; 32], day(1)), None);
        }
    }
}
