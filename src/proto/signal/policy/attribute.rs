//! The attributes of a description that a call needs.

use super::address::network_address;
use super::candidate;
use super::words::{ice_chars, mid, number, payload_type, port, small_number};

/// What becomes of an attribute.
pub enum Admitted {
    /// Passed on, written like this, without `a=`.
    Kept(String),
    /// Passed on if its payload type is.
    OfPayload(String, String),
    /// Which codec a payload type is; `None` where calls do not use it.
    Codec(String, Option<String>),
    /// No call needs it.
    LeftOut,
}

/// Codecs and formats that voices are sent in.
const CODECS: [&str; 7] = ["opus", "red", "pcmu", "pcma", "g722", "cn", "telephone-event"];
/// Of `a=fmtp`, with a number each (RFC 7587, 6.1).
const PARAMETERS: [&str; 11] = [
    "maxplaybackrate",
    "sprop-maxcapturerate",
    "maxptime",
    "ptime",
    "minptime",
    "maxaveragebitrate",
    "stereo",
    "sprop-stereo",
    "cbr",
    "useinbandfec",
    "usedtx",
];
/// Header extensions. Not the voice's level (RFC 6464), which the relay could read.
const EXTENSIONS: [&str; 3] = [
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
];
/// Says which offer an answer belongs to: `assets/js/call/sdp.js`.
pub const ANSWERS: &str = "x-callqr-answers";

/// Reads `text`, which stands behind `a=`. `None` when it is one that a call needs, and not written like one.
pub fn admit(text: &str) -> Option<Admitted> {
    use Admitted::{Codec, Kept, LeftOut, OfPayload};

    let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
    let Some(value) = value else {
        let flag = matches!(
            name,
            "sendrecv"
                | "sendonly"
                | "recvonly"
                | "inactive"
                | "rtcp-mux"
                | "rtcp-mux-only"
                | "rtcp-rsize"
                | "bundle-only"
                | "end-of-candidates"
        );
        return Some(if flag { Kept(text.into()) } else { LeftOut });
    };
    let words: Vec<&str> = value.split(' ').collect();
    let kept_if = |fits: bool| fits.then(|| Kept(text.into()));
    match (name, words.as_slice()) {
        // Names that programs make of their user's and machine's; a call has one voice each way, whatever it is called.
        ("ssrc", [source, cname]) if number(source) && cname.starts_with("cname:") => {
            Some(Kept(format!("ssrc:{source} cname:voice")))
        }
        ("msid", _) => Some(Kept("msid:- voice".into())),
        ("extmap", [id, uri, ..]) => {
            let (number_of, direction) =
                id.split_once('/').map_or((*id, None), |(id, direction)| (id, Some(direction)));
            let known = words.len() == 2
                && EXTENSIONS.contains(uri)
                && small_number(number_of)
                && direction.is_none_or(|way| matches!(way, "sendrecv" | "sendonly" | "recvonly" | "inactive"));
            Some(if known { Kept(text.into()) } else { LeftOut })
        }
        ("ice-options", options) => {
            let known: Vec<&str> = options
                .iter()
                .copied()
                .filter(|option| matches!(*option, "trickle" | "renomination" | "ice2"))
                .collect();
            Some(if known.is_empty() { LeftOut } else { Kept(format!("ice-options:{}", known.join(" "))) })
        }
        ("rtcp-fb", [payload, feedback]) if *payload == "*" || payload_type(payload) => {
            Some(if !matches!(*feedback, "transport-cc" | "nack") {
                LeftOut
            } else if *payload == "*" {
                Kept(text.into())
            } else {
                OfPayload((*payload).into(), text.into())
            })
        }
        ("rtcp-fb", _) => Some(LeftOut),
        ("rtpmap", [payload, codec]) if payload_type(payload) => {
            Some(Codec((*payload).into(), codec_is_known(codec).then(|| text.into())))
        }
        ("fmtp", [payload, ..]) if payload_type(payload) => {
            let parameters = parameters(value.strip_prefix(payload)?);
            Some(match parameters {
                Some(parameters) => OfPayload((*payload).into(), format!("fmtp:{payload} {parameters}")),
                None => LeftOut,
            })
        }
        ("group", ["BUNDLE", mids @ ..]) => kept_if(mids.iter().all(|name| mid(name))),
        ("group", _) => Some(LeftOut),
        ("mid", [name]) => kept_if(mid(name)),
        ("ice-ufrag" | ANSWERS, [name]) => kept_if(ice_chars(name, 256)),
        ("ice-pwd", [password]) => kept_if(ice_chars(password, 256)),
        ("fingerprint", [hash, digest]) => kept_if(is_hash(hash) && is_digest(digest)),
        ("setup", [role]) => kept_if(matches!(*role, "active" | "passive" | "actpass" | "holdconn")),
        ("ptime" | "maxptime", [milliseconds]) => kept_if(small_number(milliseconds)),
        ("rtcp", [own_port]) => kept_if(port(own_port)),
        ("rtcp", [own_port, address @ ..]) if port(own_port) => {
            network_address(address).map(|nowhere| Kept(format!("rtcp:9 {nowhere}")))
        }
        ("candidate", _) => candidate::admit(text).map(Kept),
        ("rtpmap" | "fmtp" | "mid" | "ice-ufrag" | "ice-pwd" | "fingerprint" | "setup" | "rtcp" | ANSWERS, _)
        | ("ptime" | "maxptime", _) => None,
        _ => Some(LeftOut),
    }
}

/// `NAME/RATE[/CHANNELS]` (RFC 8866, 6.6).
fn codec_is_known(codec: &str) -> bool {
    let mut parts = codec.split('/');
    let known = parts.next().is_some_and(|name| CODECS.iter().any(|codec| name.eq_ignore_ascii_case(codec)));
    known && (1..=2).contains(&codec.matches('/').count()) && parts.all(small_number)
}

/// Payload types (`111/111` of RED, RFC 2198), events (`0-16`, RFC 4733) or what is known of `NAME=NUMBER;…`.
fn parameters(text: &str) -> Option<String> {
    let text = text.trim_matches(' ');
    if is_redundancy(text) || are_events(text) {
        return Some(text.into());
    }
    let known = |pair: &&str| {
        pair.split_once('=').is_some_and(|(name, value)| PARAMETERS.contains(&name) && small_number(value))
    };
    let known: Vec<&str> = text.split(';').map(str::trim).filter(known).collect();
    (!known.is_empty()).then(|| known.join(";"))
}

/// At most three payload types: four numbers could be an address.
fn is_redundancy(text: &str) -> bool {
    text.split('/').count() <= 3 && text.split('/').all(payload_type)
}

/// At most three events or ranges of them, in ascending order.
fn are_events(text: &str) -> bool {
    let mut next = 0;
    text.split(',').count() <= 3
        && text.split(',').all(|events| {
            let (first, last) = events.split_once('-').unwrap_or((events, events));
            let ascending =
                matches!((event(first), event(last)), (Some(first), Some(last)) if next <= first && first <= last);
            next = event(last).map_or(u16::MAX, |last| last + 1);
            ascending
        })
}

fn event(text: &str) -> Option<u16> {
    number(text).then(|| text.parse::<u8>().ok()).flatten().map(u16::from)
}

fn is_hash(name: &str) -> bool {
    ["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"].iter().any(|hash| name.eq_ignore_ascii_case(hash))
}

/// `AB:CD:…` (RFC 8122, 5), of at most 64 bytes.
fn is_digest(text: &str) -> bool {
    text.len() <= 64 * 3
        && text.split(':').all(|pair| pair.len() == 2 && pair.bytes().all(|digit| digit.is_ascii_hexdigit()))
}
