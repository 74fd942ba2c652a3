//! `/calls` and `/presence`, and what follows on the WebSockets.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::protocol::{IceServer, PRESENCE, Page, Ring, Say};
use super::reply::nullable;
use super::{Client, Reply};

/// A call that was placed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Call {
    pub session_id: String,
    pub caller_anonymous_id: String,
    pub signaling_endpoint: String,
    pub ticket: String,
    pub ice_servers: Vec<IceServer>,
    pub ring_seconds: u64,
}

#[derive(Debug, Deserialize)]
pub struct CallTicket {
    pub ticket: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceTicket {
    pub ticket: String,
    pub signaling_endpoint: String,
}

#[derive(Debug, Deserialize)]
pub struct MissedCalls {
    pub calls: Vec<MissedCall>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissedCall {
    pub id: String,
    pub tag_id: String,
    #[serde(deserialize_with = "nullable")]
    pub label: Option<String>,
    pub at: String,
    pub rang: bool,
}

requests! {
    initiate(scanned: &str) = POST "/calls/initiate", json!({ "scannedToken": scanned }) => 201 Call;
    initiate_as(scanned: &str, anonymous_id: &str) =
        POST "/calls/initiate", json!({ "scannedToken": scanned, "callerAnonymousId": anonymous_id }) => 201 Call;
    /// Another ticket for a call that this device is in.
    call_ticket(session_id: &str) = POST "/calls/signaling/{session_id}/ticket", json!({}) => 200 CallTicket;
    presence_ticket() = POST "/presence/ticket", json!({}) => 200 PresenceTicket;
    missed_calls() = GET "/calls/missed" => 200 MissedCalls;
    forget_missed_calls() = DELETE "/calls/missed" => 204 ();
    forget_missed_call(id: &str) = DELETE "/calls/missed/{id}" => 204 ();
}

impl Client {
    /// The list, once it has this many: they are written after the caller was told the end.
    pub async fn missed(&self, count: usize) -> Vec<MissedCall> {
        let listed = async {
            loop {
                let calls = self.missed_calls().await.ok().calls;
                if calls.len() >= count {
                    return calls;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(30), listed).await.unwrap()
    }
}

/// Pages of this client.
impl Client {
    /// Opens a WebSocket and says `hello`.
    pub async fn greet(&self, path: &str, ticket: &str) -> Page {
        let stream = self.connect(&["http/1.1"]).await.unwrap();
        let authority = format!("localhost:{}", self.address().port());
        let mut page = Page::open(stream, &authority, path, Some(&self.origin())).await.unwrap();
        page.hello(ticket, false).await;
        page
    }

    /// The same, and waits for `welcome`.
    pub async fn join(&self, path: &str, ticket: &str) -> Page {
        let mut page = self.greet(path, ticket).await;
        page.welcome().await;
        page.say(Say::Ready).await;
        page
    }

    pub async fn greet_presence(&self, ticket: &str) -> Page {
        self.greet(PRESENCE, ticket).await
    }

    /// A device of this account's that can be rung.
    pub async fn present(&self) -> Page {
        let ticket = self.presence_ticket().await.ok();
        self.join(&ticket.signaling_endpoint, &ticket.ticket).await
    }

    /// A caller on the line.
    pub async fn call(&self, scanned: &str) -> (Call, Page) {
        let call = self.initiate(scanned).await.ok();
        let caller = self.join(&call.signaling_endpoint, &call.ticket).await;
        (call, caller)
    }

    /// A device that shows the call which rang on it.
    pub async fn pick_up(&self, ring: &Ring) -> Page {
        self.join(&ring.signaling_endpoint, &ring.ticket).await
    }

    /// A call whose caller waits for its end; the call and why it ended.
    pub async fn call_in_vain(&self, scanned: &str) -> (Call, String) {
        let call = self.initiate(scanned).await.ok();
        let reason = self.greet(&call.signaling_endpoint, &call.ticket).await.ended().await;
        (call, reason)
    }

    /// Calls through a sticker, and answers on its owner's `phone`.
    pub async fn talk(&self, scanned: &str, phone: &mut Page) -> Talk {
        let (call, mut caller) = self.call(scanned).await;
        let mut device = self.pick_up(&phone.ring().await).await;
        let device_ticket = device.accept().await;
        let caller_ticket = caller.talking().await;
        Talk { call, caller, device, caller_ticket, device_ticket }
    }
}

/// A call that was answered.
pub struct Talk {
    pub call: Call,
    pub caller: Page,
    pub device: Page,
    /// For the next connections.
    pub caller_ticket: String,
    pub device_ticket: String,
}
