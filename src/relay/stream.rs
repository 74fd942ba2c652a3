//! TURN over TCP and TLS: frames in, frames out (RFC 8656, section 2.1 and 12.5).

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Notify;

use super::Inner;
use super::admission::Admission;
use super::mailbox::Mailbox;
use super::queue::Queue;
use crate::domain::random;
use crate::proto::stun::frame::{self, Next};
use crate::proto::turn::control::Input;
use crate::proto::turn::data_plane::DataPlane;
use crate::proto::turn::five_tuple::FiveTuple;

/// What a stream's buffer begins with; it grows to the longest frame only for who has an allocation.
const BUFFER: usize = 4 << 10;
/// The longest frame of a stream without an allocation: a request.
const STRANGERS_FRAME: usize = 2 << 10;

/// What carries the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// TCP.
    Tcp,
    /// TLS over TCP, after the handshake.
    Tls,
}

/// What others know of a stream.
#[derive(Debug)]
pub struct StreamHandle {
    pub mailbox: Mailbox,
    pub queue: Queue,
    peer: SocketAddr,
    allocated: AtomicBool,
    changed: Notify,
}

impl StreamHandle {
    /// Tells the stream whether it has an allocation. Called under the control plane's lock.
    pub fn set_allocated(&self, allocated: bool, admission: &Admission) {
        if self.allocated.swap(allocated, Relaxed) != allocated {
            if allocated {
                admission.known(self.peer.ip())
            } else {
                admission.unknown(self.peer.ip())
            }
            self.changed.notify_one();
        }
    }
}

/// Serves a stream to its end.
pub async fn serve<S>(inner: &Arc<Inner>, stream: S, peer: SocketAddr, transport: Transport)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    if !inner.admission.enter(peer.ip()) {
        return;
    }
    let id = inner.next_stream.fetch_add(1, Relaxed);
    let client = FiveTuple::Stream { id, peer };
    let handle = Arc::new(StreamHandle {
        mailbox: Mailbox::default(),
        queue: Queue::default(),
        peer,
        allocated: AtomicBool::new(false),
        changed: Notify::new(),
    });
    let guard = Registered::enter(inner, id, client, Arc::clone(&handle));
    let (reader, writer) = tokio::io::split(stream);
    tokio::select! {
        () = read(inner, &handle, client, reader) => {}
        () = write(&handle.queue, writer, transport) => {}
        () = watch(inner, &handle) => {}
    }
    drop(guard);
}

/// Whatever ends the stream, a cancelled task included, takes it out of the books.
struct Registered<'a> {
    inner: &'a Inner,
    id: u64,
    client: FiveTuple,
    handle: Arc<StreamHandle>,
}

impl<'a> Registered<'a> {
    fn enter(inner: &'a Inner, id: u64, client: FiveTuple, handle: Arc<StreamHandle>) -> Self {
        let mut streams = inner.streams.write().unwrap_or_else(PoisonError::into_inner);
        streams.insert(id, Arc::clone(&handle));
        drop(streams);
        Self { inner, id, client, handle }
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.inner.streams.write().unwrap_or_else(PoisonError::into_inner).remove(&self.id);
        self.handle.queue.close();
        self.inner.drive(Input::Closed(self.client), Instant::now());
        // From here on `set_allocated` is no longer called for this stream.
        let stranger = !self.handle.allocated.load(Relaxed);
        self.inner.admission.leave(self.handle.peer.ip(), stranger);
    }
}

/// Reads frames until the stream ends or is no TURN.
async fn read(inner: &Inner, handle: &StreamHandle, client: FiveTuple, mut reader: impl AsyncRead + Unpin) {
    let mut switch = DataPlane::new(u64::from_be_bytes(random::bytes()));
    let mut buffer = vec![0; BUFFER];
    let (mut start, mut end) = (0, 0);
    loop {
        match frame::next(&buffer[start..end]) {
            Next::Frame { len, taken } => {
                frame_in(inner, handle, &mut switch, &client, &buffer[start..start + len]);
                start += taken;
            }
            Next::Need(needed) => {
                let most = if handle.allocated.load(Relaxed) { frame::LONGEST_FRAME } else { STRANGERS_FRAME };
                if needed > most {
                    return;
                }
                buffer.copy_within(start..end, 0);
                (start, end) = (0, end - start);
                if buffer.len() < needed {
                    buffer.resize(needed, 0);
                }
                match reader.read(&mut buffer[end..]).await {
                    Ok(0) | Err(_) => return,
                    Ok(more) => end += more,
                }
            }
            Next::Broken => return,
        }
    }
}

fn frame_in(inner: &Inner, handle: &StreamHandle, switch: &mut DataPlane, client: &FiveTuple, frame: &[u8]) {
    let (now, counters) = (Instant::now(), &inner.stream_traffic);
    counters.received(1, frame.len());
    if !DataPlane::is_media(frame) {
        return inner.drive(Input::Message { from: *client, bytes: frame }, now);
    }
    handle.mailbox.deliver(switch);
    // A call that is over is not announced to streams: see `Inner::publish`.
    if !handle.allocated.load(Relaxed) {
        return;
    }
    match switch.forward(client, frame, now) {
        Ok(forward) if forward.to.is_stream() => {
            if let Some(stream) = inner.stream(&forward.to) {
                counters.overflowed(stream.queue.push_media(&forward));
                counters.sent(forward.len(), true);
            }
        }
        Ok(forward) => {
            let mut packet = Vec::with_capacity(forward.len());
            forward.write_to(&mut packet);
            inner.send(&forward.to, &packet);
        }
        Err(cause) => counters.dropped(cause),
    }
}

/// Writes what waits. Each frame is one write and one flush, so that over TLS it is one record: some clients lose the
/// second frame of a record.
async fn write(queue: &Queue, mut writer: impl AsyncWrite + Unpin, _transport: Transport) {
    let mut written = None;
    while let Some(frame) = queue.next(written.take()).await {
        if writer.write_all(&frame).await.is_err() || writer.flush().await.is_err() {
            return;
        }
        written = Some(frame);
    }
}

/// Ends when the stream has been without an allocation for too long.
async fn watch(inner: &Inner, handle: &StreamHandle) {
    loop {
        if handle.allocated.load(Relaxed) {
            handle.changed.notified().await;
        } else {
            let time = tokio::time::timeout(inner.options.authenticate_within, handle.changed.notified());
            if time.await.is_err() {
                return;
            }
        }
    }
}
