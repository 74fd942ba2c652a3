//! An invalid value, before its place is known.

/// What is wrong with a value, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub(super) wrong: String,
    pub(super) remedy: String,
}

impl Fault {
    /// A fault; `wrong` has no full stop, `remedy` is a sentence.
    pub fn new(wrong: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { wrong: wrong.into(), remedy: remedy.into() }
    }
}
