//! The signalling protocol as pages speak it (`src/proto/signal/README.md`), with types of its own: those of the product
//! would not notice a field that was renamed. Every Rust test and benchmark uses it; the pages, the browser tests and the
//! fuzzers speak the protocol in JavaScript and Python, and are independent of it.

#![allow(dead_code, clippy::unwrap_used)]

use std::fmt;

use futures_util::{SinkExt as _, StreamExt as _};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// Where devices wait to be rung.
pub const PRESENCE: &str = "/api/v1/presence";

/// Where a call is made.
pub fn call_path(call: impl fmt::Display) -> String {
    format!("/api/v1/calls/signaling/{call}")
}

/// What a page says.
#[derive(Debug, Clone)]
pub enum Say {
    Hello {
        ticket: String,
        fresh: bool,
    },
    Ready,
    Ping,
    Accept,
    Decline,
    Hangup,
    RestartIce,
    Offer(String),
    Answer(String),
    IceCandidate(Value),
    /// Whatever it is.
    Other(Value),
}

impl Say {
    pub fn json(&self) -> Value {
        let (kind, payload) = match self {
            Self::Hello { ticket, fresh } => ("hello", json!({ "ticket": ticket, "fresh": fresh })),
            Self::Ready => ("ready", json!({})),
            Self::Ping => ("ping", json!({})),
            Self::Accept => ("accept", json!({})),
            Self::Decline => ("decline", json!({})),
            Self::Hangup => ("hangup", json!({})),
            Self::RestartIce => ("restart-ice", json!({})),
            Self::Offer(sdp) => ("offer", json!({ "sdp": sdp })),
            Self::Answer(sdp) => ("answer", json!({ "sdp": sdp })),
            Self::IceCandidate(candidate) => ("ice-candidate", candidate.clone()),
            Self::Other(message) => return message.clone(),
        };
        json!({ "type": kind, "payload": payload })
    }
}

/// What a page hears.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Heard {
    Welcome(Welcome),
    Ring(Ring),
    Ringing {
        devices: u32,
    },
    Answered {
        ticket: String,
    },
    Accepted {
        ticket: String,
        ice_servers: Vec<IceServer>,
    },
    /// The payload, to the last field: the server passes it on.
    Offer(Value),
    Answer(Value),
    IceCandidate(Value),
    RestartIce {},
    RestartMedia {},
    Peer {
        connected: bool,
    },
    EndingSoon {
        seconds: u64,
    },
    Ended {
        reason: String,
    },
    RingStopped {
        session_id: String,
        reason: String,
    },
    NotesChanged {},
    MembersChanged {},
    Pong {},
    Error {
        code: String,
        message: String,
        hint: String,
    },
    /// A type that is not above.
    #[serde(skip)]
    Other(Value),
    /// The server closed the connection, with this code.
    #[serde(skip)]
    Closed(u16),
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Welcome {
    pub role: String,
    pub ticket: String,
    /// Of a call's.
    pub state: Option<String>,
    pub ice_servers: Option<Vec<IceServer>>,
    pub peer_connected: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ring {
    pub session_id: String,
    pub tag_id: String,
    pub signaling_endpoint: String,
    pub ticket: String,
    pub seconds: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct IceServer {
    pub urls: Vec<String>,
    pub username: String,
    pub credential: String,
}

impl Heard {
    /// # Panics
    /// If a message of a known type lacks a field, with the whole of it.
    pub fn read(text: &str) -> Self {
        let message: Value = serde_json::from_str(text).unwrap();
        match Self::deserialize(&message) {
            Ok(heard) => heard,
            Err(error) if error.to_string().starts_with("unknown variant") => Self::Other(message),
            Err(error) => panic!("{error}: {text}"),
        }
    }
}

/// In short words, for stories.
impl fmt::Display for Heard {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Welcome(Welcome { state: Some(state), .. }) => write!(out, "welcome {state}"),
            Self::Welcome(_) => out.write_str("welcome"),
            Self::Ring(_) => out.write_str("ring"),
            Self::Ringing { devices, .. } => write!(out, "ringing {devices}"),
            Self::Answered { .. } => out.write_str("answered"),
            Self::Accepted { .. } => out.write_str("accepted"),
            Self::Offer(_) => out.write_str("offer"),
            Self::Answer(_) => out.write_str("answer"),
            Self::IceCandidate(_) => out.write_str("ice-candidate"),
            Self::RestartIce {} => out.write_str("restart-ice"),
            Self::RestartMedia {} => out.write_str("restart-media"),
            Self::Peer { connected } => write!(out, "peer {connected}"),
            Self::EndingSoon { .. } => out.write_str("ending-soon"),
            Self::Ended { reason } => write!(out, "ended {reason}"),
            Self::RingStopped { reason, .. } => write!(out, "ring-stopped {reason}"),
            Self::NotesChanged {} => out.write_str("notes-changed"),
            Self::MembersChanged {} => out.write_str("members-changed"),
            Self::Pong {} => out.write_str("pong"),
            Self::Error { code, .. } => write!(out, "error {code}"),
            Self::Other(message) => write!(out, "{message}"),
            Self::Closed(code) => write!(out, "close {code}"),
        }
    }
}

pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// One WebSocket of a page.
pub struct Page {
    /// For what no page would send.
    pub socket: WebSocketStream<Box<dyn Stream>>,
    /// The newest ticket that came for the next connection.
    pub ticket: String,
    /// The newest call that rang.
    pub rung: Option<Ring>,
}

impl Page {
    /// Opens a WebSocket on a connection to `authority`, from a page of `origin`.
    ///
    /// # Errors
    /// A refused upgrade.
    pub async fn open(
        stream: impl Stream + 'static,
        authority: &str,
        path: &str,
        origin: Option<&str>,
    ) -> Result<Self, tungstenite::http::Response<Option<Vec<u8>>>> {
        let mut request = format!("wss://{authority}{path}").into_client_request().unwrap();
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match client_async(request, Box::new(stream) as Box<dyn Stream>).await {
            Ok((socket, _)) => Ok(Self { socket, ticket: String::new(), rung: None }),
            Err(tungstenite::Error::Http(response)) => Err(*response),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn hello(&mut self, ticket: &str, fresh: bool) {
        self.say(Say::Hello { ticket: ticket.into(), fresh }).await;
    }

    pub async fn say(&mut self, message: Say) {
        self.socket.send(Message::text(message.json().to_string())).await.unwrap();
    }

    pub async fn offer(&mut self) {
        self.say(Say::Offer("v=0\r\nc=IN IP4 0.0.0.0\r\n".into())).await;
    }

    /// The next thing that comes.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Text(text))) => return self.keep(Heard::read(&text)),
                Some(Ok(Message::Close(frame))) => return Heard::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(1006),
            }
        }
    }

    fn keep(&mut self, heard: Heard) -> Heard {
        match &heard {
            Heard::Ring(ring) => self.rung = Some(ring.clone()),
            Heard::Welcome(Welcome { ticket, .. }) | Heard::Answered { ticket } | Heard::Accepted { ticket, .. } => {
                self.ticket.clone_from(ticket);
            }
            _ => {}
        }
        heard
    }

    /// The same in short words.
    pub async fn hear(&mut self) -> String {
        self.next().await.to_string()
    }

    /// Everything up to and including this.
    pub async fn hear_until(&mut self, last: &str) -> Vec<String> {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|word| word != last) {
            heard.push(self.hear().await);
            assert!(
                heard.len() < 1000 && !heard.last().unwrap().starts_with("close") || heard.last().unwrap() == last,
                "{heard:?} has no {last}"
            );
        }
        heard
    }

    /// The first thing that is wanted; others are passed over, but for errors and the end.
    pub async fn wait<T>(&mut self, mut wanted: impl FnMut(&Heard) -> Option<T>) -> T {
        loop {
            let heard = self.next().await;
            if let Some(found) = wanted(&heard) {
                return found;
            }
            assert!(!matches!(heard, Heard::Error { .. } | Heard::Closed(_)), "{heard:?} in place of what was wanted");
        }
    }

    /// Waits until this is heard, in short words.
    pub async fn wait_for(&mut self, words: &str) {
        self.wait(|heard| (heard.to_string() == words).then_some(())).await;
    }

    pub async fn welcome(&mut self) -> Welcome {
        self.wait(|heard| if let Heard::Welcome(welcome) = heard { Some(welcome.clone()) } else { None }).await
    }

    pub async fn ring(&mut self) -> Ring {
        self.wait(|heard| if let Heard::Ring(ring) = heard { Some(ring.clone()) } else { None }).await
    }

    /// Waits for a person to answer, or to have answered; the ticket that goes with it.
    pub async fn talking(&mut self) -> String {
        self.wait(|heard| match heard {
            Heard::Answered { ticket } | Heard::Accepted { ticket, .. } => Some(ticket.clone()),
            _ => None,
        })
        .await
    }

    /// Accepts the call, and waits to be told so.
    pub async fn accept(&mut self) -> String {
        self.say(Say::Accept).await;
        self.talking().await
    }

    /// Why the call ended.
    pub async fn ended(&mut self) -> String {
        self.wait(|heard| if let Heard::Ended { reason } = heard { Some(reason.clone()) } else { None }).await
    }

    /// The code of the error that comes.
    pub async fn refused(&mut self) -> String {
        self.wait(|heard| if let Heard::Error { code, .. } = heard { Some(code.clone()) } else { None }).await
    }

    /// Waits for the server to close it; with which code. An error may come first.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code) = self.next().await {
                return code;
            }
        }
    }
}
