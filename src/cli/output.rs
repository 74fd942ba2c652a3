//! What goes to standard output and to standard error.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::time::SystemTime;

use serde::Serialize;
use time::OffsetDateTime;
use time::macros::format_description;

use super::OutputFormat;
use crate::domain::{Error, Kind};
use crate::operator::Refusal;

/// Writes to standard output. A reader that closed it is not a failure; a full disk is.
///
/// # Errors
/// When it cannot be written.
pub fn say(text: &str) -> Result<(), Refusal> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let message = format!("The command succeeded, but its output cannot be written: {error}.");
            Err(Error::new(Kind::Internal, "output", message).into())
        }
        _ => Ok(()),
    }
}

/// Writes one line of JSON.
///
/// # Errors
/// When it cannot be written.
pub fn json<T: Serialize>(value: &T) -> Result<(), Refusal> {
    let text = serde_json::to_string(value).map_err(Error::internal)?;
    // JSON leaves some controls of terminals as they are; within its strings they can be written as numbers.
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        if is_control(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                // Writing to a String cannot fail.
                let _ = write!(line, "\\u{unit:04x}");
            }
        } else {
            line.push(c);
        }
    }
    line.push('\n');
    say(&line)
}

/// Prints why something was not done.
pub fn explain(refusal: &Refusal, json: bool) {
    if json {
        let Refusal { code, message, hint, .. } = refusal;
        complain(&serde_json::json!({ "error": { "code": code, "message": message, "hint": hint } }).to_string());
        return;
    }
    // Our own messages have line breaks of their own.
    let lines: Vec<_> = refusal.message.split('\n').map(shown).collect();
    complain(&format!("callqr: {}", lines.join("\n")));
    if !refusal.hint.is_empty() {
        complain(&format!("        {}", shown(&refusal.hint)));
    }
}

/// Writes a line to standard error. Where even that fails there is nobody to tell; the exit code remains.
fn complain(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints a warning for people; programs find it in the answer.
pub fn warn(text: Option<&str>, format: &OutputFormat) {
    if let (Some(text), false) = (text, format.json) {
        complain(&format!("callqr: {}", shown(text)));
    }
}

/// Untrusted text with everything escaped that a terminal would act on.
pub fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let escape = |c: char| if is_control(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escape).collect())
}

/// Control characters, and those that change the direction of text.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A time for people, in UTC and to the minute.
pub fn stamp(at: SystemTime) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]");
    OffsetDateTime::from(at).format(format).unwrap_or_default()
}

/// One or more of something.
pub fn count(number: usize, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_gets_through() {
        assert_eq!(shown("ada"), "ada");
        assert_eq!(shown("a\x1b[2Jb\u{9b}c\u{202e}d\n"), "a\\u{1b}[2Jb\\u{9b}c\\u{202e}d\\u{a}");
    }
}
