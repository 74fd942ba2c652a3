//! Reads settings from a file and from overrides, and reports every problem at once, each with its place and remedy.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::edge::{CorsOrigin, TrustedProxies};
use super::fault::Fault;
use super::values::{
    self, HostName, Lifetime, Listen, LogFormat, LogLevel, LoopbackAddress, Period, PublicUrl, Rate, Registration, Size,
};

/// One setting that is wrong, unknown or unreadable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the setting was made: a file's name, an environment variable or a flag.
    pub source: String,
    /// The line in the file, counted from 1; none outside files.
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

/// The places that settings come from, and what was found wrong with them.
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
                wrong: format!("this is not TOML: {}", error.message()),
                remedy: "Compare with config.example.toml.".into(),
            })
            .collect();
        Self { file, text, table: table.into_inner(), overrides, keys: Vec::new(), problems }
    }

    /// Puts what the file, then what the overrides say about `key` into `target`.
    fn fill<T: Value>(&mut self, key: &str, target: &mut T) {
        self.keys.push(key.to_owned());
        if let Some((value, line)) = self.find(key) {
            match T::from_toml(value) {
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

    /// `name` is a key, or a whole environment variable where that names none.
    fn unknown(&self, name: &str) -> Fault {
        let spelt = |key: &String| if name.starts_with("CALLQR_") { Override::variable(key) } else { key.clone() };
        let nearest = self.keys.iter().map(|known| (distance(name, &spelt(known)), spelt(known))).min();
        let remedy = match nearest {
            Some((steps, known)) if steps <= 3 => format!("Did you mean {known:?}?"),
            _ => "Remove it, or look its name up in config.example.toml.".into(),
        };
        Fault::new("there is no such setting", remedy)
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
        remedy: "Give the path of a configuration file that this user may read, or none to use the defaults.".into(),
    })
}

/// Something that can be filled from the sources: one setting or a section of them.
pub(super) trait Node {
    fn fill(&mut self, sources: &mut Sources<'_>, key: &str);
}

impl<T: Value> Node for T {
    fn fill(&mut self, sources: &mut Sources<'_>, key: &str) {
        sources.fill(key, self);
    }
}

/// The type of one setting.
pub(super) trait Value: Sized {
    /// From an override's text.
    fn parse(text: &str) -> Result<Self, Fault>;

    /// From the file; most settings are text there too.
    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::String(text) => Self::parse(text),
            other => Err(wrong_type(other, "Write it in quotes.")),
        }
    }
}

macro_rules! value {
    ($($name:ty),+) => { $(impl Value for $name {
        fn parse(text: &str) -> Result<Self, Fault> { <$name>::parse(text) }
    })+ };
}
value!(
    CorsOrigin,
    TrustedProxies,
    Period,
    Size,
    Rate,
    Listen,
    LoopbackAddress,
    PublicUrl,
    HostName,
    LogFormat,
    LogLevel
);

impl Value for Registration {
    fn parse(text: &str) -> Result<Self, Fault> {
        let words = [("invite", Self::Invite), ("open", Self::Open), ("closed", Self::Closed)];
        values::one_of(text, &words)
    }
}

impl Value for Lifetime {
    fn parse(text: &str) -> Result<Self, Fault> {
        let choices =
            [("day", Self::Day), ("week", Self::Week), ("year", Self::Year), ("until-revoked", Self::UntilRevoked)];
        values::one_of(text, &choices)
    }
}

impl Value for u32 {
    fn parse(text: &str) -> Result<Self, Fault> {
        text.trim().parse().map_err(|_| {
            Fault::new(format!("{text:?} is not a whole number from 0 to {}", Self::MAX), "Write digits only.")
        })
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::Integer(number) if number.radix() == 10 => Self::parse(number.as_str()),
            other => Err(wrong_type(other, "Write a whole number without quotes.")),
        }
    }
}

impl Value for PathBuf {
    fn parse(text: &str) -> Result<Self, Fault> {
        match text {
            "" => Err(Fault::new("the path is empty", "Write a path, or remove the setting.")),
            _ => Ok(Self::from(text)),
        }
    }
}

impl<T: Value> Value for Option<T> {
    fn parse(text: &str) -> Result<Self, Fault> {
        if text.is_empty() { Ok(None) } else { T::parse(text).map(Some) }
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        T::from_toml(value).map(Some)
    }
}

impl<T: Value> Value for Vec<T> {
    fn parse(text: &str) -> Result<Self, Fault> {
        text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(T::parse).collect()
    }

    fn from_toml(value: &DeValue<'_>) -> Result<Self, Fault> {
        match value {
            DeValue::Array(items) => items.iter().map(|item| T::from_toml(item.get_ref())).collect(),
            other => Err(wrong_type(other, "Write a list, such as [\"a\", \"b\"].")),
        }
    }
}

fn wrong_type(value: &DeValue<'_>, remedy: &str) -> Fault {
    Fault::new(format!("this setting cannot be of the type {}", value.type_str()), remedy)
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Edit distance (Levenshtein), to guess what a mistyped key was meant to be.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(64).enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}
