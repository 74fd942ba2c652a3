//! What waits to be sent to one connection: bounded in bytes, and the slow reader loses.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::proto::signal::CloseReason;

/// Filled by the hub's task, emptied by the connection's.
pub struct Outbox {
    /// The most bytes that wait.
    limit: usize,
    state: Mutex<State>,
    /// Something is there for the one who empties it.
    filled: Notify,
    /// The connection is to be cut, whatever is being written.
    cut: Notify,
}

#[derive(Default)]
struct State {
    queue: VecDeque<String>,
    bytes: usize,
    closing: Option<CloseReason>,
}

/// The connection does not take its messages.
#[derive(Debug, PartialEq, Eq)]
pub struct Overflow;

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub enum Next {
    Send(String),
    Close(CloseReason),
}

impl Outbox {
    /// An empty one, for at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), filled: Notify::new(), cut: Notify::new() }
    }

    /// Adds a message.
    pub fn push(&self, text: String) -> Result<(), Overflow> {
        let mut state = self.state();
        if state.bytes + text.len() > self.limit {
            return Err(Overflow);
        }
        state.bytes += text.len();
        state.queue.push_back(text);
        self.filled.notify_one();
        Ok(())
    }

    /// Closes the connection once what was pushed is sent, and an explanation after it; a slow one at once.
    pub fn close(&self, reason: CloseReason, explanation: Option<String>) {
        let mut state = self.state();
        if state.closing.is_some() {
            return;
        }
        state.closing = Some(reason);
        if reason == CloseReason::TooSlow {
            state.queue.clear();
            state.bytes = 0;
            self.cut.notify_one();
        }
        state.bytes += explanation.as_ref().map_or(0, String::len);
        state.queue.extend(explanation);
        self.filled.notify_one();
    }

    /// The next thing to be done; loses nothing when it is dropped before it is ready.
    pub async fn next(&self) -> Next {
        loop {
            if let Some(next) = self.take() {
                return next;
            }
            self.filled.notified().await;
        }
    }

    /// Ready when the connection is to be cut.
    pub async fn cut(&self) {
        self.cut.notified().await;
    }

    fn take(&self) -> Option<Next> {
        let mut state = self.state();
        if let Some(text) = state.queue.pop_front() {
            state.bytes -= text.len();
            if state.queue.is_empty() {
                // An idle connection keeps no room for its busiest moment.
                state.queue = VecDeque::new();
            }
            return Some(Next::Send(text));
        }
        state.closing.map(Next::Close)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn what_was_pushed_goes_before_the_close() {
        let outbox = Outbox::new(256 * 1024);
        outbox.push("one".into()).unwrap();
        outbox.close(CloseReason::Ended, Some("two".into()));
        assert_eq!(outbox.next().await, Next::Send("one".into()));
        assert_eq!(outbox.next().await, Next::Send("two".into()));
        assert_eq!(outbox.next().await, Next::Close(CloseReason::Ended));
    }

    #[tokio::test]
    async fn what_is_not_taken_overflows_and_is_cut() {
        let outbox = Outbox::new(256 * 1024);
        let message = || "x".repeat(64 * 1024);
        for _ in 0..4 {
            outbox.push(message()).unwrap();
        }
        assert_eq!(outbox.push("y".into()), Err(Overflow));
        assert_eq!(outbox.next().await, Next::Send(message()));
        outbox.push(message()).unwrap();
        outbox.close(CloseReason::TooSlow, None);
        outbox.cut().await;
        assert_eq!(outbox.next().await, Next::Close(CloseReason::TooSlow), "the rest is thrown away");
    }

    #[tokio::test]
    async fn the_first_reason_counts() {
        let outbox = Outbox::new(256 * 1024);
        outbox.close(CloseReason::Ended, None);
        outbox.close(CloseReason::Replaced, Some("late".into()));
        assert_eq!(outbox.next().await, Next::Close(CloseReason::Ended));
    }
}
