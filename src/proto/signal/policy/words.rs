//! The words of the grammars. None of them can be a dotted or colon-separated address, nor a host name.

/// `ice-char` of RFC 8839, 5.1: letters, digits, `+` and `/`; at least one, at most `most`.
pub fn ice_chars(text: &str, most: usize) -> bool {
    made_of(text, most, b"+/")
}

/// An identification tag (RFC 5888): narrower than the RFC's token, which could be a host name.
pub fn mid(text: &str) -> bool {
    made_of(text, 32, b"_-")
}

/// A name that a browser drew by chance: a CNAME, a stream's or a track's id. Other programs write `user@host` there.
pub fn opaque(text: &str) -> bool {
    made_of(text, 64, b"+/=_-{}")
}

/// A number of one to ten digits.
pub fn number(text: &str) -> bool {
    (1..=10).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A payload type (RFC 3551, 6).
pub fn payload_type(text: &str) -> bool {
    text.len() <= 3 && number(text) && text.parse::<u8>().is_ok_and(|number| number < 128)
}

/// A port.
pub fn port(text: &str) -> bool {
    number(text) && text.parse::<u16>().is_ok()
}

fn made_of(text: &str, most: usize, others: &[u8]) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || others.contains(&byte))
}
