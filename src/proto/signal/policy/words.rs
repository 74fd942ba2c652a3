//! The words of the grammars. None of them can be an address that is written with dots, colons or hyphens, nor a host name.
//! What ICE draws by chance is letters and digits, in which two sides that agree on it can hide anything.

/// `ice-char` of RFC 8839, 5.1: letters, digits, `+` and `/`; at least one, at most `most`.
pub fn ice_chars(text: &str, most: usize) -> bool {
    made_of(text, most, b"+/")
}

/// An identification tag (RFC 5888): a word and a small number, as `0`, `audio` or `audio0`. The RFC's token could be a host
/// name, or an address with hyphens.
pub fn mid(text: &str) -> bool {
    let digits = text.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let word = text.len() - digits.len();
    !text.is_empty() && word <= 8 && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// A number of one to ten digits.
pub fn number(text: &str) -> bool {
    number_below(text, 10)
}

/// A number of few digits, too short for an address as one number.
pub fn small_number(text: &str) -> bool {
    number_below(text, 6)
}

fn number_below(text: &str, digits: usize) -> bool {
    (1..=digits).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
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
