//! What waits to be written to a stream: bounded, and media that is late is dropped first.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::Notify;

use super::lock;
use crate::proto::turn::data_plane::Forward;

/// A second and a half of voice with its overhead, or a fifth of a second at the rate limit: older media is useless.
const MEDIA_BYTES: usize = 64 << 10;
/// Answers wait for as long as the stream lives; a client with this many waiting is not reading.
const ANSWERS: usize = 64;
/// Buffers that are kept for the next frames.
const SPARE: usize = 16;

/// The frames of one stream.
#[derive(Debug, Default)]
pub struct Queue {
    state: Mutex<State>,
    ready: Notify,
}

#[derive(Debug, Default)]
struct State {
    answers: VecDeque<Vec<u8>>,
    media: VecDeque<Vec<u8>>,
    media_bytes: usize,
    spare: Vec<Vec<u8>>,
    closed: bool,
}

impl Queue {
    /// Adds media; returns how many older packets had to go.
    pub fn push_media(&self, packet: &Forward<'_>) -> usize {
        let mut state = lock(&self.state);
        if state.closed {
            return 0;
        }
        let mut dropped = 0;
        while state.media_bytes + packet.len() > MEDIA_BYTES {
            let Some(oldest) = state.media.pop_front() else { break };
            state.media_bytes -= oldest.len();
            state.recycle(oldest);
            dropped += 1;
        }
        let mut frame = state.spare.pop().unwrap_or_default();
        packet.write_to(&mut frame);
        state.media_bytes += frame.len();
        state.media.push_back(frame);
        drop(state);
        self.ready.notify_one();
        dropped
    }

    /// Adds an answer. Too many unread answers close the queue.
    pub fn push_answer(&self, bytes: &[u8]) {
        let mut state = lock(&self.state);
        if state.answers.len() >= ANSWERS {
            state.closed = true;
        } else if !state.closed {
            state.answers.push_back(bytes.to_vec());
        }
        drop(state);
        self.ready.notify_one();
    }

    /// The next frame, answers first; `None` when the queue is closed. `written` is the buffer of the last one.
    pub async fn next(&self, written: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let mut written = written;
        loop {
            {
                let mut state = lock(&self.state);
                if let Some(buffer) = written.take() {
                    state.recycle(buffer);
                }
                if state.closed {
                    return None;
                }
                if let Some(frame) = state.answers.pop_front() {
                    return Some(frame);
                }
                if let Some(frame) = state.media.pop_front() {
                    state.media_bytes -= frame.len();
                    return Some(frame);
                }
            }
            self.ready.notified().await;
        }
    }

    /// Ends the queue: nothing more is taken or given.
    pub fn close(&self) {
        lock(&self.state).closed = true;
        self.ready.notify_one();
    }
}

impl State {
    fn recycle(&mut self, mut buffer: Vec<u8>) {
        if self.spare.len() < SPARE {
            buffer.clear();
            self.spare.push(buffer);
        }
    }
}
