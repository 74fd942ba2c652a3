//! Reads settings from a file and from overrides, and reports every problem at once, each with its place and remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use super::edge::{CorsOrigin, TrustedProxies};
use super::fault::Fault;
use super::period::Period;
use super::suggest;
use super::values::{
    self, HostName, Lifetime, Listen, LogFormat, LogLevel, LoopbackAddress, PublicUrl, Rate, Registration, Size,
};

/// One setting that is wrong, unknown or unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the setting was made: a file's name, an environment variable or a flag.
    pub source: String,
    /// The line in the file, counted from 1; `None` outside files.
    pub line: Option<usize>,
    /// The setting's path, such as `calls.ring_time`; empty when the file as a whole is meant.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if !self.key.is_empty() && self.key != self.source {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}. {}", self.wrong, self.remedy)
    }
}

/// A setting from outside the file: a flag or an environment variable. Later ones win.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The setting's path, such as `calls.ring_time`.
    pub key: String,
    /// The value as text; lists are separated by commas.
    pub value: String,
    /// What to call it in messages, such as `--listen` or `CALLQR_LISTEN`.
    pub source: String,
}

impl Override {
    /// The setting `key`, as given by `source`.
    pub fn new(key: impl Into<String>, value: impl Into<String>, source: impl Into<String>) -> Self {
        Self { key: key.into(), value: value.into(), source: source.into() }
    }

    /// The environment variable of a setting: `calls.ring_time` is `CALLQR_CALLS_RING_TIME`.
    pub fn variable(key: &str) -> String {
        format!("CALLQR_{}", key.to_uppercase().replace('.', "_"))
    }
}

/// The sources of settings, and the problems found in them.
pub(super) struct Sources<'a> {
    file: String,
    text: &'a str,
    table: DeTable<'a>,
    overrides: &'a [Override],
    keys: Vec<String>,
    problems: Vec<Problem>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(file: &Path, text: &'a str, overrides: &'a [Override]) -> Self {
        let (table, errors) = DeTable::parse_recoverable(text);
        let file = file.display().to_string();
        let problems = errors
            .iter()
            .map(|error| Problem {
                source: file.clone(),
                line: error.span().map(|span| line_of(text, span.start)),
                key: String::new(),
                wrong: format!("invalid TOML: {}", error.message()),
                remedy: "Compare with config.example.toml.".into(),
            })
            .collect();
        Self { file, text, table: table.into_inner(), overrides, keys: Vec::new(), problems }
    }

    /// Puts what the file, then what the overrides say about `key` into `target`.
    fn fill<T: Setting>(&mut self, key: &str, target: &mut T) {
        self.keys.push(key.to_owned());
        if let Some((value, line)) = self.find(key) {
            match T::from_toml(value).unwrap_or_else(|| Err(wrong_type(key, value, target))) {
                Ok(value) => *target = value,
                Err(fault) => self.report_at(self.file.clone(), Some(line), key, fault),
            }
        }
        for given in self.overrides.iter().filter(|given| given.key == key) {
            match T::parse(&given.value) {
                Ok(value) => *target = value,
                Err(fault) => self.report_at(given.source.clone(), None, key, fault),
            }
        }
    }

    /// Reports a value that is well formed but does not fit.
    pub(super) fn report(&mut self, key: &str, fault: Fault) {
        match self.overrides.iter().rev().find(|given| given.key == key) {
            Some(given) => self.report_at(given.source.clone(), None, key, fault),
            None => {
                let line = self.find(key).map(|(_, line)| line);
                self.report_at(self.file.clone(), line, key, fault);
            }
        }
    }

    /// Ends reading: what was not asked for is unknown. Problems come in the order of the file.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        let mut unknown = Vec::new();
        self.collect_unknown("", &self.table, &mut unknown);
        for (key, line, fault) in unknown {
            self.report_at(self.file.clone(), Some(line), &key, fault);
        }
        let overrides = self.overrides;
        for given in overrides {
            if self.keys.contains(&given.key) {
                continue;
            }
            let fault = self.unknown(&given.key);
            self.report_at(given.source.clone(), None, &given.key, fault);
        }
        self.problems.sort_by_key(|problem| problem.line.unwrap_or(usize::MAX));
        self.problems
    }

    pub(super) fn into_keys(self) -> Vec<String> {
        self.keys
    }

    fn find(&self, key: &str) -> Option<(&DeValue<'a>, usize)> {
        let mut table = &self.table;
        let mut parts = key.split('.').peekable();
        while let Some(part) = parts.next() {
            let (name, value) = table.iter().find(|(name, _)| name.get_ref() == part)?;
            if parts.peek().is_none() {
                return Some((value.get_ref(), line_of(self.text, name.span().start)));
            }
            table = value.get_ref().as_table()?;
        }
        None
    }

    fn collect_unknown(&self, prefix: &str, table: &DeTable<'_>, found: &mut Vec<(String, usize, Fault)>) {
        for (name, value) in table {
            let key =
                if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
            let is_section = self.keys.iter().any(|known| known.starts_with(&format!("{key}.")));
            let line = line_of(self.text, name.span().start);
            match value.get_ref() {
                _ if self.keys.contains(&key) => {}
                DeValue::Table(inner) if is_section => self.collect_unknown(&key, inner, found),
                _ if is_section => found.push((
                    key.clone(),
                    line,
                    Fault::new("this is a section, not a setting", format!("Write [{key}] and its settings below it.")),
                )),
                _ => {
                    let fault = self.unknown(&key);
                    found.push((key, line, fault));
                }
            }
        }
    }

    fn unknown(&self, key: &str) -> Fault {
        Fault::new("there is no such setting", suggest::remedy(key, &self.keys))
    }

    fn report_at(&mut self, source: String, line: Option<usize>, key: &str, fault: Fault) {
        let Fault { wrong, remedy } = fault;
        self.problems.push(Problem { source, line, key: key.to_owned(), wrong, remedy });
    }
}

/// Reads a file of settings; a problem when it cannot be read.
pub(super) fn read_file(path: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(path).map_err(|error| Problem {
        source: path.display().to_string(),
        line: None,
        key: String::new(),
        wrong: format!("the file cannot be read: {error}"),
        remedy: "Name a configuration file that this user can read, or leave it out to use the defaults.".into(),
    })
}

/// Something that can be filled from the sources: one setting or a section of them.
pub(super) trait Node {
    fn fill(&mut self, sources: &mut Sources<'_>, key: &str);
}

impl<T: Setting> Node for T {
    fn fill(&mut self, sources: &mut Sources<'_>, key: &str) {
        sources.fill(key, self);
    }
}

/// The type of one setting.
pub(super) trait Setting: Sized + Serialize {
    /// One, as a file has it, for messages about settings that have none by default.
    const EXAMPLE: &'static str;
    /// Whether a file may have a list of [`Setting::EXAMPLE`]s.
    const TAKES_LISTS: bool = false;

    /// What it is, for messages: "a length of time".
    fn expected() -> String;

    /// From an override's text.
    fn parse(text: &str) -> Result<Self, Fault>;

    /// From the file, where most settings are text too; `None` when it is of another type.
    fn from_toml(value: &DeValue<'_>) -> Option<Result<Self, Fault>> {
        value.as_str().map(Self::parse)
    }
}

macro_rules! text_value {
    ($($name:ty: $expected:literal, $example:literal;)+) => { $(impl Setting for $name {
        const EXAMPLE: &'static str = $example;

        fn expected() -> String {
            $expected.into()
        }

        fn parse(text: &str) -> Result<Self, Fault> {
            <$name>::parse(text)
        }
    })+ };
}
text_value! {
    CorsOrigin: "an origin", "\"https://app.example.org\"";
    TrustedProxies: "an address or a network", "\"127.0.0.1\"";
    Period: "a length of time", "\"30m\"";
    Size: "a size", "\"64KiB\"";
    Rate: "a rate", "\"30 per 1m\"";
    LoopbackAddress: "an address of this machine with a port", "\"127.0.0.1:9464\"";
    PublicUrl: "an https address", "\"https://call.example.org\"";
    HostName: "a name or an IP address", "\"callqr.lan\"";
}

macro_rules! word_value {
    ($($name:ty: $words:expr, $example:literal;)+) => { $(impl Setting for $name {
        const EXAMPLE: &'static str = $example;

        fn expected() -> String {
            format!("one of {}", values::list($words))
        }

        fn parse(text: &str) -> Result<Self, Fault> {
            values::one_of(text, $words)
        }
    })+ };
}
word_value! {
    LogFormat: Self::WORDS, "\"auto\"";
    LogLevel: Self::WORDS, "\"info\"";
    Registration: &[("invite", Self::Invite), ("open", Self::Open), ("closed", Self::Closed)], "\"invite\"";
}

impl Setting for Lifetime {
    const EXAMPLE: &'static str = "\"year\"";

    fn expected() -> String {
        format!("a lifetime: {}", Self::EXPECTED.replace('`', "\""))
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        text.parse().map_err(|_| {
            Fault::new(format!("{text:?} is no lifetime"), format!("Write {}.", Self::EXPECTED.replace('`', "\"")))
        })
    }
}

impl Setting for Listen {
    const EXAMPLE: &'static str = "\"[::]:8443\"";
    const TAKES_LISTS: bool = true;

    fn expected() -> String {
        "an address with a port, or a list of them".into()
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        Self::parse(text)
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Result<Self, Fault>> {
        match value {
            DeValue::Array(items) => {
                let texts: Vec<&str> = items.iter().map(|item| item.get_ref().as_str()).collect::<Option<_>>()?;
                Some(Self::parse_list(texts))
            }
            other => other.as_str().map(Self::parse),
        }
    }
}

impl Setting for u32 {
    const EXAMPLE: &'static str = "100";

    fn expected() -> String {
        "a whole number".into()
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        text.trim().parse().map_err(|_| {
            Fault::new(format!("{text:?} is not a whole number from 0 to {}", Self::MAX), "Write digits only.")
        })
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Result<Self, Fault>> {
        match value {
            DeValue::Integer(number) if number.radix() == 10 => Some(Self::parse(number.as_str())),
            DeValue::Integer(_) => Some(Err(Fault::new("the number is not decimal", "Write digits only."))),
            _ => None,
        }
    }
}

impl Setting for PathBuf {
    const EXAMPLE: &'static str = "\"/etc/callqr/file\"";

    fn expected() -> String {
        "a path".into()
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "" => Err(Fault::new("the path is empty", "Write a path, or remove the setting.")),
            _ => Ok(Self::from(text)),
        }
    }
}

impl<T: Setting> Setting for Option<T> {
    const EXAMPLE: &'static str = T::EXAMPLE;

    fn expected() -> String {
        T::expected()
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Result<Self, Fault>> {
        Some(T::from_toml(value)?.map(Some))
    }
}

impl<T: Setting> Setting for Vec<T> {
    const EXAMPLE: &'static str = T::EXAMPLE;
    const TAKES_LISTS: bool = true;

    fn expected() -> String {
        format!("a list, each entry {}", T::expected())
    }

    fn parse(text: &str) -> Result<Self, Fault> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::parse).collect()
    }

    fn from_toml(value: &DeValue<'_>) -> Option<Result<Self, Fault>> {
        value.as_array()?.iter().map(|item| T::from_toml(item.get_ref())).collect()
    }
}

/// Says what was found at `key`, what belongs there, and how to write it.
fn wrong_type<T: Setting>(key: &str, found: &DeValue<'_>, default: &T) -> Fault {
    let name = key.rsplit('.').next().unwrap_or(key);
    let list = || format!("[{}]", T::EXAMPLE);
    let example = match toml::Value::try_from(default) {
        _ if T::TAKES_LISTS && found.is_array() => list(),
        Ok(toml::Value::Array(_)) => list(),
        Ok(value) => value.to_string(),
        Err(_) => T::EXAMPLE.to_owned(),
    };
    let is_text = example.starts_with('"');
    let (found, how) = match found {
        DeValue::Table(_) => ("a section", "Write one line instead"),
        DeValue::Array(_) if T::TAKES_LISTS => ("a list of something else", "Write it like this"),
        DeValue::Array(_) => ("a list", "Write it without brackets"),
        DeValue::String(_) if T::TAKES_LISTS => ("text", "Write it in brackets"),
        DeValue::String(_) => ("text", "Write it without quotes"),
        DeValue::Integer(_) if is_text => ("a number", "Write it in quotes"),
        DeValue::Integer(_) => ("a number", "Write it like this"),
        DeValue::Float(_) => ("a number with a decimal point", "Write it like this"),
        DeValue::Boolean(_) => ("true or false", "Write it like this"),
        DeValue::Datetime(_) => ("a date or a time", "Write it like this"),
    };
    Fault::new(format!("expected {}, found {found}", T::expected()), format!("{how}: {name} = {example}"))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
