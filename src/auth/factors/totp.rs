//! One-time codes from an app on the phone: TOTP (RFC 6238) with what every such app understands, HMAC-SHA-1, six
//! digits and steps of 30 seconds. SHA-1 is sound inside HMAC, and apps ignore a request for another hash.
//!
//! The RFC's algorithm is one HMAC and a truncation, which `ring` has; a crate for it would bring three more along.

use std::time::SystemTime;

use ring::hmac;
use subtle::ConstantTimeEq as _;

use crate::domain::base32::RFC4648;
use crate::domain::credentials::secret::Secret;
use crate::domain::random;

/// Seconds of one step (RFC 6238 section 4.1, the default).
const STEP: u64 = 30;
/// Digits of a code.
const DIGITS: u32 = 6;
/// Codes this many steps before or after the current one are accepted (RFC 6238 section 5.2).
const TOLERANCE: i64 = 1;
/// Codes this many steps before or after show that a clock is wrong: ten minutes.
const RECOGNISED: i64 = 20;

/// What the app and the server share: 160 random bits, as RFC 4226 section 4 recommends.
pub type Seed = Secret<[u8; 20]>;

/// Steps whose codes are no longer accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// Each code works once: codes of this step and earlier ones are over.
    pub last: i64,
    /// The code of this step was given while the clocks differed, and is over too.
    pub barred: i64,
}

/// What a code is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is right, for this step; the step has to be spent.
    Right(i64),
    /// It is not right, or was used before.
    Wrong,
    /// It would be right if the clocks agreed. It must not be accepted, and its step is barred: someone who guessed
    /// it must not learn that it will be right in a few minutes.
    Clock {
        /// The step that it belongs to.
        step: i64,
        /// By how many minutes the clocks differ, rounded, at least 1.
        minutes: u64,
    },
}

/// A new seed.
pub fn seed() -> Seed {
    Secret::new(random::bytes())
}

/// Judges a typed code.
///
/// All 41 codes are made and compared whatever is typed, so that the time tells nothing.
pub fn judge(seed: &Seed, typed: &str, now: SystemTime, spent: Spent) -> Verdict {
    let Some(typed) = parse(typed) else { return Verdict::Wrong };
    let key = key(seed.expose());
    let current = step_at(now);
    let mut nearest: Option<i64> = None;
    for offset in (0..=RECOGNISED).flat_map(|offset| [-offset, offset]) {
        let fits: bool = code(&key, current.saturating_add(offset), DIGITS).ct_eq(&typed).into();
        if fits && nearest.is_none() {
            nearest = Some(offset);
        }
    }
    let Some(offset) = nearest else { return Verdict::Wrong };
    let step = current.saturating_add(offset);
    match offset.abs() {
        _ if step <= spent.last || step == spent.barred => Verdict::Wrong,
        0..=TOLERANCE => Verdict::Right(step),
        away => Verdict::Clock { step, minutes: (away.unsigned_abs() * STEP).div_ceil(60) },
    }
}

/// The seed as people type it: base32 (RFC 4648 section 6) without padding.
pub fn base32(seed: &Seed) -> Secret<String> {
    Secret::new(RFC4648.encode(seed.expose()).collect())
}

/// The seed that [`base32`] wrote.
pub fn from_base32(text: &str) -> Option<Seed> {
    RFC4648.decode(text.chars()).map(Secret::new)
}

/// The address that a QR code tells an authenticator app (Google's Key URI format), for an account of `host`, whose port
/// is left out.
///
/// The label is `ISSUER:ACCOUNT`, and the format forbids a colon in either: apps would cut the label at the wrong one. So a
/// port is left out, and an IPv6 address is written as in Windows' `ipv6-literal.net`.
pub fn uri(seed: &Seed, username: &str, host: &str) -> Secret<String> {
    let (issuer, account) = (percent_encode(&issuer(host)), percent_encode(&username.replace(':', "-")));
    Secret::new(format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", base32(seed).expose()))
}

/// The name or address in `HOST[:PORT]`, without a colon.
fn issuer(host: &str) -> String {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name.replace(':', "-")
}

fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

/// Six digits, as people type them: in groups, or with spaces around.
fn parse(typed: &str) -> Option<u32> {
    let mut digits = typed.chars().filter(|c| !c.is_whitespace());
    let code: String = digits.by_ref().take(DIGITS as usize + 1).collect();
    (code.len() == DIGITS as usize && code.bytes().all(|byte| byte.is_ascii_digit())).then(|| code.parse().ok())?
}

/// What the app shows.
#[cfg(test)]
pub fn code_at(seed: &Seed, now: SystemTime) -> String {
    format!("{:06}", code(&key(seed.expose()), step_at(now), DIGITS))
}

fn step_at(now: SystemTime) -> i64 {
    let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    i64::try_from(seconds / STEP).unwrap_or(i64::MAX)
}

fn key(seed: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, seed)
}

/// RFC 4226 section 5.3: HMAC of the counter, dynamically truncated to 31 bits, of which the last digits.
fn code(key: &hmac::Key, step: i64, digits: u32) -> u32 {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = usize::from(tag[tag.len() - 1] & 15);
    let bits = u32::from_be_bytes([tag[at], tag[at + 1], tag[at + 2], tag[at + 3]]);
    (bits & 0x7fff_ffff) % 10_u32.pow(digits)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    /// The seed of both RFCs' vectors.
    const RFC: [u8; 20] = *b"12345678901234567890";

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn code_at(seconds: u64) -> String {
        format!("{:06}", code(&key(&RFC), step_at(at(seconds)), 6))
    }

    fn judged(typed: &str, now: u64, spent: Spent) -> Verdict {
        judge(&Secret::new(RFC), typed, at(now), spent)
    }

    #[test]
    fn the_vectors_of_rfc_6238_appendix_b() {
        for (seconds, expected) in [
            (59, 94_287_082),
            (1_111_111_109, 7_081_804),
            (1_111_111_111, 14_050_471),
            (1_234_567_890, 89_005_924),
            (2_000_000_000, 69_279_037),
            (20_000_000_000, 65_353_130),
        ] {
            assert_eq!(code(&key(&RFC), step_at(at(seconds)), 8), expected, "{seconds}");
        }
    }

    #[test]
    fn the_vectors_of_rfc_4226_appendix_d() {
        let expected = [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (step, expected) in expected.into_iter().enumerate() {
            assert_eq!(code(&key(&RFC), i64::try_from(step).unwrap(), 6), expected, "{step}");
        }
    }

    #[test]
    fn one_step_around_is_right_and_each_code_once() {
        let now: u64 = 1_800_000_000;
        let step = step_at(at(now));
        for (offset, expected) in [(-30_i64, step - 1), (0, step), (30, step + 1)] {
            let typed = code_at(now.checked_add_signed(offset).unwrap());
            assert_eq!(judged(&typed, now, Spent::default()), Verdict::Right(expected));
            let spent = Spent { last: expected, ..Spent::default() };
            assert_eq!(judged(&typed, now, spent), Verdict::Wrong, "the same code again");
        }
        let later = Spent { last: step + 1, ..Spent::default() };
        assert_eq!(judged(&code_at(now), now, later), Verdict::Wrong, "an older code than the last one");
    }

    #[test]
    fn a_wrong_clock_is_told_from_a_wrong_code() {
        let now: u64 = 1_800_000_000;
        for (offset, minutes) in [(-60_i64, 1), (60, 1), (90, 2), (-300, 5), (600, 10), (-600, 10)] {
            let seconds = now.checked_add_signed(offset).unwrap();
            let step = step_at(at(seconds));
            assert_eq!(judged(&code_at(seconds), now, Spent::default()), Verdict::Clock { step, minutes }, "{offset}");
            let barred = Spent { barred: step, ..Spent::default() };
            assert_eq!(judged(&code_at(seconds), now, barred), Verdict::Wrong, "it is told once");
            assert_eq!(judged(&code_at(seconds), seconds, barred), Verdict::Wrong, "and not taken when its time comes");
        }
        assert_eq!(judged(&code_at(now + 630), now, Spent::default()), Verdict::Wrong);
        assert_eq!(judged(&code_at(now - 630), now, Spent::default()), Verdict::Wrong);
    }

    #[test]
    fn codes_are_read_as_people_type_them() {
        let now: u64 = 1_800_000_000;
        let typed = code_at(now);
        let grouped = format!(" {} {} ", &typed[..3], &typed[3..]);
        assert!(matches!(judged(&grouped, now, Spent::default()), Verdict::Right(_)));
        for bad in ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", &format!("{typed}0"), &format!("+{}", &typed[1..])]
        {
            assert_eq!(judged(bad, now, Spent::default()), Verdict::Wrong, "{bad}");
        }
    }

    #[test]
    fn the_address_for_the_app_is_what_apps_read() {
        let seed = Secret::new(RFC);
        assert_eq!(base32(&seed).expose(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        for (host, issuer) in [
            ("call.example:8443", "call.example"),
            ("door.local", "door.local"),
            ("192.168.1.7:8443", "192.168.1.7"),
            ("[2001:db8::7]:8443", "2001-db8--7"),
            ("[::1]", "--1"),
        ] {
            let expected =
                format!("otpauth://totp/{issuer}:ada%40home?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer={issuer}");
            assert_eq!(*uri(&seed, "ada@home", host).expose(), expected);
        }
    }

    proptest! {
        #[test]
        fn a_seed_is_written_and_read(bytes in any::<[u8; 20]>(), text in any::<String>()) {
            let read = from_base32(base32(&Secret::new(bytes)).expose()).unwrap();
            prop_assert_eq!(read.expose(), &bytes);
            let _ = from_base32(&text);
        }

        #[test]
        fn no_text_is_a_panic(typed in any::<String>(), seconds in any::<u32>(), last in any::<i64>()) {
            judged(&typed, u64::from(seconds), Spent { last, barred: last });
        }
    }
}
