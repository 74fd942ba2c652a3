//! What the key file holds.
//!
//! A text of lines: a base secret, from which HKDF-SHA-256 (RFC 5869) makes the keys that stay for ever; and the keys that
//! are rotated, each for itself, so that a retired one is gone.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hkdf;

use crate::domain::credentials::secret::Secret;
use crate::domain::random;

/// Larger than any key file.
pub const MAX_BYTES: u64 = 64 * 1024;
/// The most signing keys that are kept; rotating more often ends sessions of API clients earlier.
const MAX_SIGNING: usize = 16;

const FIRST_LINE: &str = "callqr keys 2";
const NO_END: &str = "its last line break is missing, so it may be cut off; if it is whole, add one";
/// What the first line of every version begins with.
const ANY_VERSION: &str = "callqr keys ";

/// A secret of 32 bytes.
pub type Key = Secret<[u8; 32]>;

/// All secrets of an installation.
#[derive(Clone)]
pub struct Secrets {
    base: Key,
    /// Keys that seal fields, by their ids; the last one seals, the others only open.
    pub fields: Vec<(u8, Key)>,
    /// Seeds of the keys that sign session tokens; the last one signs.
    pub signing: Vec<Signing>,
}

/// The seed of a key that signs session tokens.
#[derive(Clone)]
pub struct Signing {
    pub seed: Key,
    /// When nothing that it has signed is valid any longer; `None` while it signs.
    pub until: Option<SystemTime>,
}

impl Secrets {
    /// Secrets of a new installation.
    pub fn random() -> Self {
        Self { base: fresh(), fields: vec![(1, fresh())], signing: vec![Signing { seed: fresh(), until: None }] }
    }

    /// What a key file says. An editor may have changed the ends of its lines or put a byte order mark before it.
    ///
    /// # Errors
    /// What is wrong with it, as the rest of a sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.is_empty() {
            return Err("it is empty");
        }
        if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            return Err("it was saved as UTF-16; save it as UTF-8");
        }
        let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
        // What editors and copying leave behind: other line ends, spaces, empty lines, the end-of-file mark of old systems.
        let text = text
            .map_err(|_| "it isn't text")?
            .trim_end_matches(['\0', '\x1a'])
            .replace("\r\n", "\n")
            .replace('\r', "\n");
        let is_ended = text.trim_end_matches([' ', '\t']).ends_with('\n');
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let text = &*lines.join("\n");
        match text.lines().next() {
            Some(FIRST_LINE) => {
                let secrets = parse(text).ok_or("it is damaged or cut off")?;
                // Keys that were never rotated have one line of each kind. Of others, the end may be missing.
                let is_first = matches!(secrets.fields[..], [(1, _)]) && secrets.signing.len() == 1;
                if is_ended || is_first { Ok(secrets) } else { Err(NO_END) }
            }
            Some(line) if line.starts_with(ANY_VERSION) => Err("another version of callqr has written it"),
            _ => Err("it isn't a callqr key file, or its beginning is missing"),
        }
    }

    /// The lasting key for one purpose.
    pub fn lasting(&self, purpose: &str) -> Key {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"callqr keys, version 2").extract(self.base.expose());
        expand(&root, purpose)
    }

    /// The same with new keys for fields and signing in front; what the old ones signed is good until `old_until`.
    pub fn rotated(&self, now: SystemTime, old_until: SystemTime) -> Self {
        let mut next = self.clone();
        let newest = self.fields.last().map_or(0, |(id, _)| *id);
        // Ids go round after 255 rotations; those of keys in use are left out.
        let ids = (1..=u8::MAX).map(|step| newest.wrapping_add(step)).filter(|id| *id != 0);
        let id = ids.into_iter().find(|id| self.fields.iter().all(|(used, _)| used != id)).unwrap_or(1);
        next.fields.push((id, fresh()));
        for signing in &mut next.signing {
            signing.until.get_or_insert(old_until);
        }
        next.signing.retain(|signing| signing.is_good(now));
        next.signing.push(Signing { seed: fresh(), until: None });
        let too_many = next.signing.len().saturating_sub(MAX_SIGNING);
        next.signing.drain(..too_many);
        next
    }

    /// The same without keys for fields that are retired. The newest stays in any case.
    pub fn without(&self, retired: &[u8]) -> Self {
        let mut next = self.clone();
        let newest = self.fields.last().map_or(0, |(id, _)| *id);
        next.fields.retain(|(id, _)| *id == newest || !retired.contains(id));
        next
    }

    /// The same without keys for signing whose tokens are all over.
    pub fn without_over(&self, now: SystemTime) -> Self {
        let mut next = self.clone();
        next.signing.retain(|signing| signing.is_good(now));
        next
    }

    /// The key file's content.
    pub fn to_text(&self) -> Secret<String> {
        let encode = |key: &Key| URL_SAFE_NO_PAD.encode(key.expose());
        let mut text = format!("{FIRST_LINE}\nbase {}\n", encode(&self.base));
        for (id, key) in &self.fields {
            let _ = writeln!(text, "field {id} {}", encode(key));
        }
        for Signing { seed, until } in &self.signing {
            let until = until.map_or(String::new(), |until| format!(" {}", seconds(until)));
            let _ = writeln!(text, "signing {}{until}", encode(seed));
        }
        Secret::new(text)
    }
}

impl Signing {
    /// Whether a token that it signed may be in force.
    pub fn is_good(&self, now: SystemTime) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

fn parse(text: &str) -> Option<Secrets> {
    let lines = text.lines().skip(1);
    let mut base = None;
    let (mut fields, mut signing) = (Vec::<(u8, Key)>::new(), Vec::new());
    for line in lines {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["base", key] if base.is_none() => base = Some(decode(key)?),
            ["field", id, key] => {
                let id = id.parse().ok().filter(|id| *id != 0 && fields.iter().all(|(used, _)| used != id))?;
                fields.push((id, decode(key)?));
            }
            ["signing", seed] => signing.push(Signing { seed: decode(seed)?, until: None }),
            ["signing", seed, until] => {
                let until = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(until.parse().ok()?))?;
                signing.push(Signing { seed: decode(seed)?, until: Some(until) });
            }
            _ => return None,
        }
    }
    let whole = !fields.is_empty() && signing.last()?.until.is_none();
    whole.then_some(Secrets { base: base?, fields, signing })
}

fn fresh() -> Key {
    Secret::new(random::bytes())
}

fn expand(root: &hkdf::Prk, purpose: &str) -> Key {
    let mut key = [0; 32];
    root.expand(&[purpose.as_bytes()], hkdf::HKDF_SHA256)
        .and_then(|material| material.fill(&mut key))
        .unwrap_or_else(|_| unreachable!("32 bytes are within HKDF's limit"));
    Secret::new(key)
}

fn decode(text: &str) -> Option<Key> {
    let mut key = [0; 32];
    // 43 characters are 32 bytes: a longer text would not fit, a shorter one leave zeros.
    let written = if text.len() == 43 { URL_SAFE_NO_PAD.decode_slice(text, &mut key).ok()? } else { 0 };
    (written == 32).then(|| Secret::new(key))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn text(secrets: &Secrets) -> String {
        secrets.to_text().expose().clone()
    }

    #[test]
    fn what_is_written_reads_as_itself() {
        for secrets in [Secrets::random(), Secrets::random().rotated(at(5), at(9)).rotated(at(6), at(10)).without(&[1])]
        {
            let again = Secrets::parse(text(&secrets).as_bytes()).unwrap();
            assert_eq!(text(&again), text(&secrets));
            for purpose in ["username index", "call tickets", "key check", "something new"] {
                assert_eq!(again.lasting(purpose).expose(), secrets.lasting(purpose).expose());
            }
        }
    }

    #[test]
    fn rotating_replaces_what_seals_and_signs_and_nothing_else() {
        let old = Secrets::random();
        let new = old.rotated(at(100), at(200));
        assert_eq!(new.fields.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1, 2]);
        assert_ne!(new.fields[1].1.expose(), old.fields[0].1.expose());
        assert_eq!((new.signing[0].until, new.signing[1].until), (Some(at(200)), None));
        assert_eq!(new.lasting("username index").expose(), old.lasting("username index").expose());
        let later = new.without(&[1]).rotated(at(200), at(300));
        assert_eq!(later.fields.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 3]);
        assert_eq!(later.signing.len(), 2, "what the first one signed is over");
    }

    #[test]
    fn ids_go_round_and_signing_keys_are_bounded() {
        let mut secrets = Secrets::random();
        for round in 0..600 {
            let newest = secrets.fields.last().unwrap().0;
            secrets = secrets.rotated(at(round), at(10_000)).without(&[newest]);
            let expected = if newest == u8::MAX { 1 } else { newest + 1 };
            assert_eq!(secrets.fields.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [expected]);
            assert!(secrets.signing.len() <= MAX_SIGNING);
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        let good = text(&Secrets::random());
        for (from, to) in [
            ("keys 2", "keys 3"),
            ("base ", "bass "),
            ("field 1", "field 0"),
            ("field 1", "field 256"),
            ("\nsigning", "\nother x\nsigning"),
        ] {
            assert!(good.contains(from));
            assert!(Secrets::parse(good.replacen(from, to, 1).as_bytes()).is_err(), "{from:?} -> {to:?}");
        }
        // Without its last line break alone it says all that it said.
        for cut in 0..good.len() - 1 {
            assert!(Secrets::parse(&good.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
        let rotated = text(&Secrets::random().rotated(at(5), at(1_900_000_000)));
        for cut in 0..rotated.len() - 1 {
            assert!(Secrets::parse(&rotated.as_bytes()[..cut]).is_err(), "cut at {cut}");
        }
        let line = good.lines().find(|line| line.starts_with("field")).unwrap();
        assert!(Secrets::parse(format!("{good}{line}\n").as_bytes()).is_err(), "an id twice");
    }

    #[test]
    fn what_an_editor_does_to_a_file_changes_nothing() {
        let good = text(&Secrets::random());
        let bare = good.trim_end();
        for edited in [
            bare.to_owned(),
            good.replace('\n', "\r\n"),
            bare.replace('\n', "\r\n"),
            format!("{good}\n \n"),
            format!("\u{feff}{good}"),
            good.replace('\n', "\r"),
            good.replace('\n', " \t\n"),
            format!("\n\n{good}"),
            good.replace('\n', "\n\n"),
            format!("{good}\0"),
            format!("{good}\x1a"),
        ] {
            assert_eq!(text(&Secrets::parse(edited.as_bytes()).unwrap()), good, "{edited:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told() {
        let good = text(&Secrets::random());
        let wide: Vec<u8> = good.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (bytes, says) in [
            (Vec::new(), "empty"),
            ([&[0xff, 0xfe], &wide[..]].concat(), "UTF-16"),
            (vec![0xc0; 40], "isn't text"),
            (good.replacen("keys 2", "keys 3", 1).into_bytes(), "another version"),
            (b"-----BEGIN PRIVATE KEY-----\n".to_vec(), "isn't a callqr key file"),
            (good.as_bytes()[..good.len() / 2].to_vec(), "cut off"),
        ] {
            let why = Secrets::parse(&bytes).map(|_| ()).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Secrets::parse(&bytes).is_err());
        }
    }
}
