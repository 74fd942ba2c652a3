//! What a call can see and do outside of itself.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use super::super::CloseReason;
use super::super::bucket::Bucket;
use super::super::grant::Party;
use super::super::io::{ConnectionId, Output, SignalOptions};
use super::super::presence::Presence;
use super::super::wire::ToClient;
use crate::domain::ids::{CallId, SessionId};

/// Who a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// A participant of a call.
    Call(CallId, Party),
    /// A device that waits to be rung.
    Presence(SessionId),
}

/// A connection that said hello.
#[derive(Debug)]
pub struct Connection {
    /// Who it is.
    pub endpoint: Endpoint,
    /// The generation of the ticket that it came with.
    pub generation: u32,
    /// What it may still send.
    pub bucket: Bucket,
}

/// The switchboard's other parts, while one call acts.
pub struct Context<'a> {
    /// The time of the input.
    pub now: Instant,
    /// Times and bounds.
    pub options: &'a SignalOptions,
    /// The owners' devices.
    pub presence: &'a mut Presence,
    /// Every connection that said hello.
    pub connections: &'a mut HashMap<ConnectionId, Connection>,
    /// What is to be done.
    pub outputs: &'a mut VecDeque<Output>,
}

impl Context<'_> {
    /// Sends a message; to nobody, when there is no connection.
    pub fn send(&mut self, to: impl Into<Option<ConnectionId>>, message: ToClient) {
        if let Some(connection) = to.into() {
            self.outputs.push_back(Output::Send { connection, message });
        }
    }

    /// Closes a connection, which is then unknown.
    pub fn close(&mut self, connection: impl Into<Option<ConnectionId>>, reason: CloseReason) {
        if let Some(connection) = connection.into() {
            self.connections.remove(&connection);
            self.outputs.push_back(Output::Close { connection, reason });
        }
    }
}
