//! Session descriptions (RFC 8866): read line by line, and written again from what was understood.

use super::address::network_address;
use super::attribute::{self, Admitted};
use super::words::{number, payload_type, port};
use crate::proto::signal::wire::MAX_MESSAGE;

/// What a description has around it when it is written as a message.
const ENVELOPE: usize = 256;

/// The order in which the lines of a session, and of a media section, stand (RFC 8866, 9).
const SESSION: &str = "vosiuepcbtrzka";
const SECTION: &str = "micbka";

/// The lines of `sdp` that a call needs; `None` when it is not a description of one.
///
/// A line that is missing is left to the other side's browser, which knows best what it can do without.
pub fn admit(sdp: &str) -> Option<String> {
    let mut lines =
        sdp.strip_suffix('\n').unwrap_or(sdp).split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if lines.next() != Some("v=0") {
        return None;
    }
    let mut written = String::from("v=0\r\n");
    let mut section: Option<Section> = None;
    let mut place = 0;
    let mut once = Once::default();
    for line in lines {
        // A carriage return ends a line for some readers, and nothing at all for others.
        if line.contains(['\r', '\0']) {
            return None;
        }
        let (kind, value) = line.split_once('=').filter(|(kind, _)| kind.len() == 1)?;
        if kind == "m" {
            // A call has one voice each way.
            if section.is_some() {
                return None;
            }
            section = Some(Section::begin(value)?);
            once.clear();
            place = 0;
            continue;
        }
        let order = if section.is_some() { SECTION } else { SESSION };
        let at = order.find(kind)?;
        let repeats = matches!(kind, "e" | "p" | "b" | "t" | "r" | "a") || (kind == "c" && section.is_some());
        if at < place || (at == place && !repeats) {
            return None;
        }
        place = at;
        if kind == "a" && !once.admits(value) {
            return None;
        }
        match (kind, &mut section) {
            ("a", Some(section)) => section.attribute(value)?,
            ("a", None) => match attribute::admit(value)? {
                Admitted::Kept(text) => push(&mut written, "a", &text),
                // These belong to a section.
                Admitted::OfPayload(..) | Admitted::Codec(..) | Admitted::LeftOut => {}
            },
            ("c", section) => {
                let address = network_address(&value.split(' ').collect::<Vec<_>>())?;
                match section {
                    Some(section) => section.lines.push(Line { kind: "c", text: address, payload: None }),
                    None => push(&mut written, "c", &address),
                }
            }
            ("o", _) => push(&mut written, "o", &origin(value)?),
            // A name and times say nothing that a call needs, but readers want the lines.
            ("s", _) => push(&mut written, "s", "-"),
            ("t", _) => {
                let fits = value.split(' ').count() == 2 && value.split(' ').all(number);
                push(&mut written, "t", fits.then_some("0 0")?);
            }
            _ => {}
        }
    }
    if let Some(done) = section {
        done.write(&mut written)?;
    }
    // A line that ended with LF has CRLF now, and in JSON each of the two takes two bytes.
    let as_json = written.len() + 2 * written.matches("\r\n").count() + ENVELOPE;
    (as_json <= MAX_MESSAGE).then_some(written)
}

/// What may stand once in a session, and once in a section: of two that differ each reader believes another one.
#[derive(Default)]
struct Once<'a>(Vec<&'a str>);

impl<'a> Once<'a> {
    const NAMES: [&'static str; 8] =
        ["mid", "ice-ufrag", "ice-pwd", "setup", "rtcp", "ptime", "maxptime", attribute::ANSWERS];

    fn admits(&mut self, attribute: &'a str) -> bool {
        let name = attribute.split(':').next().unwrap_or_default();
        let again = self.0.contains(&name);
        if Self::NAMES.contains(&name) {
            self.0.push(name);
        }
        !again
    }

    fn clear(&mut self) {
        self.0.clear();
    }
}

/// `USERNAME SESSION VERSION IN IP4 ADDRESS`; the name stays here.
fn origin(value: &str) -> Option<String> {
    let words: Vec<&str> = value.split(' ').collect();
    let [_name, session, version, address @ ..] = words.as_slice() else { return None };
    let long = |text: &str| (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let address = network_address(address).filter(|_| long(session) && long(version))?;
    Some(format!("- {session} {version} {address}"))
}

/// One media section: a voice.
struct Section<'a> {
    port: &'a str,
    profile: &'a str,
    payloads: Vec<&'a str>,
    lines: Vec<Line>,
    /// Payload types of codecs that calls do not use.
    unused: Vec<String>,
}

struct Line {
    kind: &'static str,
    text: String,
    /// Passed on only if this payload type is.
    payload: Option<String>,
}

impl<'a> Section<'a> {
    /// `audio PORT UDP/TLS/RTP/SAVPF PAYLOAD…`
    fn begin(value: &'a str) -> Option<Self> {
        let words: Vec<&str> = value.split(' ').collect();
        let ["audio", own_port, profile, payloads @ ..] = words.as_slice() else { return None };
        let fits = port(own_port)
            && matches!(*profile, "UDP/TLS/RTP/SAVPF" | "UDP/TLS/RTP/SAVP" | "RTP/SAVPF" | "RTP/SAVP")
            && payloads.iter().all(|payload| payload_type(payload));
        fits.then(|| Self {
            port: own_port,
            profile,
            payloads: payloads.to_vec(),
            lines: Vec::new(),
            unused: Vec::new(),
        })
    }

    fn attribute(&mut self, value: &str) -> Option<()> {
        let (text, payload) = match attribute::admit(value)? {
            Admitted::Kept(text) => (text, None),
            Admitted::OfPayload(payload, text) | Admitted::Codec(payload, Some(text)) => (text, Some(payload)),
            Admitted::Codec(payload, None) => {
                self.unused.push(payload);
                return Some(());
            }
            Admitted::LeftOut => return Some(()),
        };
        self.lines.push(Line { kind: "a", text, payload });
        Some(())
    }

    /// Writes what is left; `None` when that is no voice.
    fn write(mut self, written: &mut String) -> Option<()> {
        self.payloads.retain(|payload| !self.unused.iter().any(|unused| unused == payload));
        if self.payloads.is_empty() {
            return None;
        }
        // Nowhere, as in `c=`; but 0 means that the section is not wanted.
        let port = if self.port == "0" { "0" } else { "9" };
        push(written, "m", &format!("audio {port} {} {}", self.profile, self.payloads.join(" ")));
        for Line { kind, text, payload } in &self.lines {
            if payload.as_ref().is_none_or(|payload| self.payloads.contains(&payload.as_str())) {
                push(written, kind, text);
            }
        }
        Some(())
    }
}

fn push(written: &mut String, kind: &str, text: &str) {
    for part in [kind, "=", text, "\r\n"] {
        written.push_str(part);
    }
}
