//! One WebSocket's end of the hub.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::outbox::{Next, Outbox};
use super::task::Command;
use crate::proto::signal::wire::FromClient;
use crate::proto::signal::{CloseReason, ConnectionId, Input};

/// A participant or device that said hello. When it is dropped, the other side is told.
pub struct Connection {
    id: ConnectionId,
    outbox: Arc<Outbox>,
    commands: mpsc::Sender<Command>,
    gone: mpsc::UnboundedSender<ConnectionId>,
}

/// What the WebSocket has to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Send this text.
    Text(String),
    /// Close with this reason; nothing follows.
    Close(CloseReason),
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        outbox: Arc<Outbox>,
        commands: mpsc::Sender<Command>,
        gone: mpsc::UnboundedSender<ConnectionId>,
    ) -> Self {
        Self { id, outbox, commands, gone }
    }

    /// A text message came. Waits while the hub is busy, which slows the sender down.
    pub async fn receive(&self, text: &str) {
        match FromClient::parse(text) {
            Ok(message) => self.tell(Input::Message { connection: self.id, message, bytes: text.len() }).await,
            Err(reason) => self.fault(reason).await,
        }
    }

    /// The connection did what it must not do: it will be closed, with [`Outgoing::Close`].
    pub async fn fault(&self, reason: CloseReason) {
        self.tell(Input::Fault { connection: self.id, reason }).await;
    }

    /// What to do next; loses nothing when it is dropped before it is ready.
    pub async fn next(&self) -> Outgoing {
        match self.outbox.next().await {
            Next::Send(text) => Outgoing::Text(text),
            Next::Close(reason) => Outgoing::Close(reason),
        }
    }

    /// Ready when the connection must be cut at once, because it does not take its messages.
    pub async fn cut(&self) {
        self.outbox.cut().await;
    }

    async fn tell(&self, input: Input) {
        if self.commands.send(Command::Input(input)).await.is_err() {
            self.outbox.close(CloseReason::Restarting, None);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Without a task there is nobody left to be told.
        let _ = self.gone.send(self.id);
    }
}
