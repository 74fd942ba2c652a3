//! A stream that is given up when its other end does not take what is written to it.
//!
//! A client that reads a few bytes now and then would otherwise hold its connection, and the answer, for ever. Nothing
//! is asked of a client that has taken everything: how long it may be silent is decided where its words are understood.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::net::send_queue;

/// How long a client may take nothing at all.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a client of HTTP may take less than [`PACE`].
const SLOW_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the system may offer a client of HTTP what it was given last, when the connection ends.
const LAST_ANSWER: Duration = Duration::from_secs(5);
/// Bytes in a second that a client of HTTP must take in the mean after that: a tenth of what the slowest phone does.
const PACE: u64 = 512;

/// Something that can be ended without sending what waits in it.
pub trait Abort {
    /// Makes the end that follows an abrupt one: what the other end does not take must not be kept for it.
    fn abort(&self);

    /// How many bytes the other end has not acknowledged.
    fn unsent(&self) -> usize;
}

impl Abort for TcpStream {
    fn abort(&self) {
        // Without it the system keeps what waits and offers it for minutes more.
        let _ = self.set_zero_linger();
    }

    fn unsent(&self) -> usize {
        send_queue::bytes(self)
    }
}

/// The wrapper. Only writes are watched; reads pass.
pub struct StallTimeout<S: Abort> {
    stream: S,
    is_http: Arc<AtomicBool>,
    waiting: Option<Waiting>,
    /// When the last bytes were given to the system, which may hold them for longer.
    written: Instant,
}

/// Since when the other end has not taken everything.
struct Waiting {
    since: Instant,
    taken: u64,
    last_taken: Instant,
    timer: Pin<Box<Sleep>>,
}

impl<S: Abort> StallTimeout<S> {
    /// Waits for a minute; where `is_http` turns true, for an answer that is taken at a fair pace.
    pub fn new(stream: S, is_http: Arc<AtomicBool>) -> Self {
        Self { stream, is_http, waiting: None, written: Instant::now() }
    }
}

impl<S: Abort> StallTimeout<S> {
    /// Called when nothing could be written: ready when that has lasted too long.
    fn poll_lost(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let now = Instant::now();
        let is_http = self.is_http.load(Ordering::Relaxed);
        let waiting = self.waiting.get_or_insert_with(|| Waiting {
            since: now,
            taken: 0,
            last_taken: now,
            timer: Box::pin(sleep_until(now)),
        });
        let deadline = if is_http {
            waiting.since + SLOW_TIMEOUT + Duration::from_millis(waiting.taken * 1000 / PACE)
        } else {
            waiting.last_taken + STALL_TIMEOUT
        };
        if waiting.timer.deadline() != deadline {
            waiting.timer.as_mut().reset(deadline);
        }
        ready!(waiting.timer.as_mut().poll(context));
        self.stream.abort();
        Poll::Ready(io::Error::from(io::ErrorKind::TimedOut))
    }

    fn watch(&mut self, context: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Pending => self.poll_lost(context).map(Err),
            Poll::Ready(Ok(count)) => {
                self.written = Instant::now();
                if let Some(waiting) = &mut self.waiting {
                    waiting.taken += *count as u64;
                    waiting.last_taken = Instant::now();
                }
                result
            }
            Poll::Ready(Err(_)) => result,
        }
    }
}

/// A client that has not taken its last answer when its time for another request is over will not take it any more.
impl<S: Abort> Drop for StallTimeout<S> {
    fn drop(&mut self) {
        let is_late = self.written.elapsed() >= LAST_ANSWER;
        if is_late && self.is_http.load(Ordering::Relaxed) && self.stream.unsent() > 0 {
            self.stream.abort();
        }
    }
}

impl<S: AsyncWrite + Abort + Unpin> AsyncWrite for StallTimeout<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.watch(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A flush comes when nothing is left above: everything that there was has been taken.
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.waiting = None;
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl<S: AsyncRead + Abort + Unpin> AsyncRead for StallTimeout<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio::net::TcpListener;
    use tokio::time::sleep;

    impl Abort for DuplexStream {
        fn abort(&self) {}

        fn unsent(&self) -> usize {
            0
        }
    }

    /// How long a stream waits for a reader that takes so many bytes every so many seconds, until it has 1,000.
    async fn endured(is_http: bool, bytes: usize, every: u64) -> Result<u64, u64> {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut stream = StallTimeout::new(ours, Arc::new(AtomicBool::new(is_http)));
        let start = Instant::now();
        let reading = tokio::spawn(async move {
            let mut some = vec![0; bytes];
            loop {
                sleep(Duration::from_secs(every)).await;
                if theirs.read_exact(&mut some).await.is_err() {
                    return;
                }
            }
        });
        let written = stream.write_all(&[0; 1000]).await;
        let after = start.elapsed().as_secs();
        reading.abort();
        match written {
            Ok(()) => Ok(after),
            Err(error) => {
                assert_eq!(error.kind(), io::ErrorKind::TimedOut);
                Err(after)
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_takes_nothing_is_given_up() {
        assert_eq!(endured(false, 1, 1_000_000).await, Err(60));
        assert_eq!(endured(true, 1, 1_000_000).await, Err(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_of_http_that_drips_is_given_up_and_one_with_a_bad_network_is_not() {
        assert!(endured(true, 1, 9).await.is_err());
        assert!(matches!(endured(true, 10, 5).await, Err(10..12)));
        assert!(endured(true, 200, 2).await.is_ok());
        assert!(endured(true, 1000, 9).await.is_ok(), "one long gap");
        assert!(endured(false, 100, 59).await.is_ok(), "what is not HTTP may be as slow as it is");
    }

    #[tokio::test]
    async fn what_a_client_does_not_take_is_not_kept_by_the_system_either() {
        for (is_late, is_http) in [(true, true), (false, true), (true, false)] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = StallTimeout::new(stream, Arc::new(AtomicBool::new(is_http)));
            // More than fits into the client's side, so that some stays in ours.
            while let Ok(written) = tokio::time::timeout(Duration::from_millis(200), stream.write(&[0; 65536])).await {
                written.unwrap();
            }
            assert!(stream.stream.unsent() > 0);
            if is_late {
                stream.written = Instant::now().checked_sub(LAST_ANSWER).unwrap();
            }
            drop(stream);
            let mut rest = Vec::new();
            let is_cut = client.read_to_end(&mut rest).await.is_err();
            assert_eq!(is_cut, is_late && is_http, "late: {is_late}, HTTP: {is_http}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_gets_its_own_time() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut stream = StallTimeout::new(ours, Arc::new(AtomicBool::new(true)));
        tokio::spawn(async move {
            loop {
                sleep(Duration::from_secs(8)).await;
                theirs.read_exact(&mut [0; 32]).await.unwrap();
            }
        });
        for _ in 0..20 {
            stream.write_all(&[0; 32]).await.unwrap();
            stream.flush().await.unwrap();
        }
    }
}
