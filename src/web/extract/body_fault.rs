//! What is wrong with a request's JSON: which field, what was found there, and what is expected. serde's own words can quote
//! what was sent, which may hold a password: only numbers and words in place of a listed word are repeated here.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::domain::{Error, Result};

/// The longest word that is repeated.
const MAX_WORD: usize = 40;

/// Reads an object.
///
/// # Errors
/// `bad-json`, with words that help to mend the body.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    // Some editors put it in front of every file (RFC 8259, 8.1).
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if matches!(bytes, [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] | [0, _, ..] | [_, 0, ..]) {
        return Err(bad_json("The body is UTF-16 or UTF-32; expected UTF-8."));
    }
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => return Err(bad_json("The body is empty; expected a JSON object.")),
        Some(b'{') => {}
        // serde would take an array for the list of an object's values.
        Some(_) => {
            let value: Value = serde_json::from_slice(bytes).map_err(|fault| not_json("", &fault))?;
            return Err(bad_json(format!("The body must be an object; found {}.", kind(&value))));
        }
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|fault| {
        let (path, fault) = (fault.path().clone(), fault.into_inner());
        if fault.is_data() {
            return unfit(&path, &fault, bytes);
        }
        // A listed word is read without asking what stands there: what is none breaks the grammar, as serde has it.
        let found: Option<Value> = serde_json::from_slice(bytes).ok();
        match found.as_ref().and_then(|value| at(value, &path)) {
            Some(found) => bad_json(format!("{} must be a string; found {}.", named(&path), kind(found))),
            None => not_json(&join(&path, ""), &fault),
        }
    })?;
    reader.end().map_err(|fault| not_json("", &fault))?;
    Ok(parsed)
}

fn bad_json(message: impl Into<String>) -> Error {
    Error::invalid("bad-json", message).hint("GET /api/v1 lists what each path expects.")
}

/// What breaks JSON's grammar, in which field where that is known. These words of serde's are fixed.
fn not_json(field: &str, fault: &serde_json::Error) -> Error {
    let why = if fault.is_eof() { "it ends too early".into() } else { words(fault) };
    let within = if field.is_empty() { String::new() } else { format!("`{field}`, ") };
    bad_json(format!("The body isn't JSON: {why} ({within}line {}, column {}).", fault.line(), fault.column()))
}

/// What is JSON and not what the path expects.
fn unfit(path: &Path, fault: &serde_json::Error, bytes: &[u8]) -> Error {
    let words = words(fault);
    if let Some(name) = quoted(&words, "missing field `") {
        return bad_json(format!("`{}` is missing.", join(path, name)));
    }
    if let Some(name) = quoted(&words, "duplicate field `") {
        return bad_json(format!("`{}` is there twice.", join(path, name)));
    }
    let field = named(path);
    // What follows the last of these is the type's own; what comes before may quote the body.
    let Some((fault, expected)) = words.rsplit_once(", expected ") else {
        return bad_json(format!("{field} isn't valid: {words}"));
    };
    let value = serde_json::from_slice(bytes).ok();
    let found = match value.as_ref().and_then(|value| at(value, path)) {
        Some(Value::String(word))
            if (fault.starts_with("unknown variant") || fault.starts_with("invalid value"))
                && word.chars().count() <= MAX_WORD =>
        {
            format!("{word:?}")
        }
        Some(Value::Number(number)) if fault.starts_with("invalid value") => number.to_string(),
        Some(value) => kind(value).into(),
        None => "something else".into(),
    };
    bad_json(format!("{field} must be {}; found {found}.", plain(expected)))
}

/// serde's words without the place, which says less than a field's name.
fn words(fault: &serde_json::Error) -> String {
    let text = fault.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(words, _)| words.to_owned())
}

fn quoted<'a>(words: &'a str, before: &str) -> Option<&'a str> {
    words.strip_prefix(before)?.strip_suffix('`')
}

fn named(path: &Path) -> String {
    match join(path, "") {
        field if field.is_empty() => "The body".into(),
        field => format!("`{field}`"),
    }
}

/// `notes[1].name`.
fn join(path: &Path, name: &str) -> String {
    let mut joined = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => joined += &format!("[{index}]"),
            Segment::Map { key } if joined.is_empty() => joined += key,
            Segment::Map { key } => joined += &format!(".{key}"),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    match (joined.is_empty(), name.is_empty()) {
        (_, true) => joined,
        (true, false) => name.into(),
        (false, false) => format!("{joined}.{name}"),
    }
}

fn at<'a>(value: &'a Value, path: &Path) -> Option<&'a Value> {
    path.iter().try_fold(value, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } => value.get(key),
        Segment::Enum { .. } | Segment::Unknown => Some(value),
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// The names of Rust's types in words that hold for JSON.
fn plain(expected: &str) -> String {
    match expected {
        "a boolean" => "true or false".into(),
        "a sequence" => "an array".into(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of at least 0".into(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "a map" => "an object".into(),
        _ if expected.starts_with("struct ") => "an object".into(),
        _ => expected.into(),
    }
}
