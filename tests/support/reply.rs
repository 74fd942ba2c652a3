//! What the server answered.

use std::marker::PhantomData;

use hyper::HeaderMap;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// An answer that has the shape `T` if it is not a refusal.
#[derive(Debug)]
pub struct Reply<T = Value> {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON, `null` where it is none: for what must not be in it, and for what has no type.
    pub body: Value,
    /// The documented status of success, where one is expected.
    success: Option<u16>,
    shape: PhantomData<fn() -> T>,
}

impl<T> Reply<T> {
    pub fn new(success: Option<u16>, status: u16, headers: HeaderMap, body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body).into_owned();
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        Self { status, headers, text, body, success, shape: PhantomData }
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The cookie that it sets first, as a browser sends it back.
    pub fn cookie(&self) -> String {
        self.header("set-cookie").split(';').next().unwrap().to_owned()
    }

    /// The error's code, where the answer is one.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }

    /// The status and the code of a refusal.
    #[track_caller]
    pub fn refused(&self) -> (u16, &str) {
        assert!(self.status >= 400 && !self.code().is_empty(), "it was not refused: {} {}", self.status, self.text);
        (self.status, self.code())
    }

    /// Whether it has the status of success, for those who expect a refusal now and then.
    pub fn is_ok(&self) -> bool {
        self.success.map_or((200..300).contains(&self.status), |success| self.status == success)
    }

    /// The same, for a list of answers of all kinds.
    pub fn erased(self) -> Reply {
        let Self { status, headers, text, body, success, shape: _ } = self;
        Reply { status, headers, text, body, success, shape: PhantomData }
    }
}

impl<T: DeserializeOwned> Reply<T> {
    /// What a success says.
    #[track_caller]
    pub fn ok(&self) -> T {
        assert!(self.is_ok(), "{} in place of {:?}: {}", self.status, self.success, self.text);
        match serde_json::from_value(self.body.clone()) {
            Ok(said) => said,
            Err(error) => panic!("{error}: {}", self.text),
        }
    }
}

/// A field that may be `null` and has to be there.
pub fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de>>(field: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(field)
}
