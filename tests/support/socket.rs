//! A WebSocket as the pages open it.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

use super::Client;

/// A page's WebSocket, after its `hello`.
pub struct Socket(WebSocketStream<tokio_rustls::client::TlsStream<tokio::net::TcpStream>>);

impl Socket {
    /// Connects and waits for `welcome`.
    pub async fn open(client: &Client, path: &str, ticket: &str) -> Self {
        let mut socket = Self::greet(client, path, ticket).await;
        socket.hear("welcome").await;
        socket.say("ready", json!({})).await;
        socket
    }

    /// Connects and says `hello`.
    pub async fn greet(client: &Client, path: &str, ticket: &str) -> Self {
        let stream = client.connect(&["http/1.1"]).await.unwrap();
        let mut request = format!("wss://localhost:{}{path}", client.address().port()).into_client_request().unwrap();
        request.headers_mut().insert("origin", HeaderValue::from_str(&client.origin()).unwrap());
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
        let mut socket = Self(socket);
        socket.say("hello", json!({ "ticket": ticket, "fresh": false })).await;
        socket
    }

    pub async fn say(&mut self, kind: &str, payload: Value) {
        let text = json!({ "type": kind, "payload": payload }).to_string();
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message, whatever it is.
    pub async fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    /// The payload of the next message of this type; others are passed over.
    pub async fn hear(&mut self, kind: &str) -> Value {
        loop {
            let Message::Text(text) = self.0.next().await.unwrap().unwrap() else { continue };
            let message: Value = serde_json::from_str(&text).unwrap();
            assert!(message["type"] != "error" || kind == "error", "{message}");
            if message["type"] == kind {
                return message["payload"].clone();
            }
        }
    }

    /// Waits for the server to close it; with which code.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Message::Close(Some(frame)) = self.0.next().await.unwrap().unwrap() {
                return frame.code.into();
            }
        }
    }
}
