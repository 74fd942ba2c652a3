//! What is left of a request's body when its answer is ready: taken in, so that the connection can go on.
//!
//! A handler that refuses does not read the body. An HTTP/1.1 connection cannot carry another request before the body
//! is through (RFC 9112, 9.3), so hyper closes it unless the rest happens to be there already: a client that reuses the
//! connection then loses its next request to a race. On HTTP/2 hyper resets the stream right behind the answer (RFC 9113,
//! 8.1), and there are clients that lose an answer to that (Debian's curl 7.88). What is small and comes soon is therefore
//! taken in before the answer goes out, on both; an HTTP/1.1 client that would have to be waited for is told that the
//! connection ends.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Response, Version, header};
use axum::middleware::Next;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, timeout_at};

use crate::web::state::SharedState;

/// The most bytes that are taken in, where bodies may not be larger still: as much as an HTTP/2 client may send without
/// being asked for more (hyper's window of a stream).
const DRAIN_SIZE: usize = 1024 * 1024;

/// How long an answer is held back for a body that nobody wants.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);

/// The middleware.
pub async fn take_in(State(state): State<SharedState>, request: Request, next: Next) -> Response<Body> {
    let size = state.body_size.max(DRAIN_SIZE);
    around(request, size, state.body_time, async |request| next.run(request).await).await
}

/// Waits for a body of at most `size` bytes, and for nothing of it any longer than `time` after its head.
async fn around(
    request: Request,
    size: usize,
    time: Duration,
    answer: impl AsyncFnOnce(Request) -> Response<Body>,
) -> Response<Body> {
    if request.body().is_end_stream() {
        return answer(request).await;
    }
    let version = request.version();
    let deadline = Instant::now() + time;
    // A client that waits to be asked for the body (RFC 9110, 10.1.1) would be asked for nothing, unless the handler has.
    let waits = request.headers().contains_key(header::EXPECT);
    let (parts, body) = request.into_parts();
    let body = Shared(Arc::new((Mutex::new(body), AtomicBool::new(!waits))));
    let mut response = answer(Request::from_parts(parts, Body::new(body.clone()))).await;
    let is_through = body.is_end_stream() || (body.is_asked_for() && body.take_in(size, deadline).await);
    // HTTP/2 ends a stream without ending the connection, and forbids the header (RFC 9113, 8.2.2).
    if !is_through && version <= Version::HTTP_11 {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A body that can still be reached when its handler has let go of it.
///
/// Beside it, whether the client was asked for it, or sends it without.
#[derive(Clone)]
struct Shared(Arc<(Mutex<Body>, AtomicBool)>);

impl Shared {
    fn with<T>(&self, use_it: impl FnOnce(&mut Body) -> T) -> T {
        use_it(&mut self.0.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_asked_for(&self) -> bool {
        self.0.1.load(Ordering::Relaxed)
    }

    /// Whether it came to its end, soon and within the size.
    async fn take_in(self, size: usize, deadline: Instant) -> bool {
        if self.size_hint().lower() > size as u64 {
            return false;
        }
        let mut rest = Limited::new(self, size);
        let drained = timeout_at(deadline.min(Instant::now() + DRAIN_TIMEOUT), async {
            while let Some(frame) = rest.frame().await {
                if frame.is_err() {
                    return false;
                }
            }
            true
        });
        drained.await.unwrap_or(false)
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.0.1.store(true, Ordering::Relaxed);
        self.with(|body| Pin::new(body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::middleware::from_fn;
    use axum::routing::post;
    use hyper::server::conn::http1::Builder as Http1;
    use hyper::server::conn::http2::Builder as Http2;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    use hyper_util::service::TowerToHyperService;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
    use tokio::time::{sleep, timeout};

    const SIZE: usize = 100;
    const TIME: Duration = Duration::from_secs(15);

    /// A connection to a server that refuses everything unread.
    fn connect() -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(4096);
        tokio::spawn(Http1::new().serve_connection(TokioIo::new(theirs), TowerToHyperService::new(router())));
        ours
    }

    fn router() -> Router {
        let middleware = from_fn(|request: Request, next: Next| async move {
            around(request, SIZE, TIME, async |request| next.run(request).await).await
        });
        Router::new().route("/", post(async || StatusCode::FORBIDDEN)).route("/reads", post(reads)).layer(middleware)
    }

    const DATA: u8 = 0;
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const SETTINGS: u8 = 4;
    const END_STREAM: u8 = 1;

    /// The same over HTTP/2, written by hand: clients' libraries hide what breaks other clients.
    async fn connect_http_2() -> DuplexStream {
        let (mut ours, theirs) = tokio::io::duplex(1 << 20);
        let server = Http2::new(TokioExecutor::new());
        tokio::spawn(server.serve_connection(TokioIo::new(theirs), TowerToHyperService::new(router())));
        ours.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        send_frame(&mut ours, SETTINGS, 0, &[]).await;
        // POST https://a/ (RFC 7541, appendix A), and END_HEADERS.
        send_frame(&mut ours, HEADERS, 4, b"\x83\x87\x84\x01\x01a").await;
        ours
    }

    /// A frame (RFC 9113, 4.1) of the connection or of its first stream.
    async fn send_frame(stream: &mut DuplexStream, kind: u8, flags: u8, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let id = u8::from(kind != SETTINGS);
        stream.write_all(&[length[1], length[2], length[3], kind, flags, 0, 0, 0, id]).await.unwrap();
        stream.write_all(payload).await.unwrap();
    }

    /// The kinds of frames of the first stream until it goes silent for a minute, and when each came.
    async fn frames(stream: &mut DuplexStream) -> Vec<(u8, u64)> {
        let (start, mut frames) = (Instant::now(), Vec::new());
        loop {
            let mut head = [0; 9];
            match timeout(Duration::from_secs(60), stream.read_exact(&mut head)).await {
                Ok(Ok(_)) => {}
                _ => return frames,
            }
            let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
            stream.read_exact(&mut payload).await.unwrap();
            if head[5..] == [0, 0, 0, 1] {
                frames.push((head[3], start.elapsed().as_secs()));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn http_2_answers_once_the_body_is_in_and_does_not_reset_its_stream() {
        let mut stream = connect_http_2().await;
        sleep(Duration::from_secs(1)).await;
        send_frame(&mut stream, DATA, 0, b"12").await;
        sleep(Duration::from_secs(1)).await;
        send_frame(&mut stream, DATA, END_STREAM, b"345").await;
        let frames = frames(&mut stream).await;
        assert!(frames.iter().any(|(kind, _)| *kind == HEADERS), "{frames:?}");
        assert!(frames.iter().all(|(kind, _)| *kind != RESET), "{frames:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn http_2_takes_in_no_more_than_its_bound() {
        for (size, resets) in [(SIZE, false), (SIZE + 1, true)] {
            let mut stream = connect_http_2().await;
            send_frame(&mut stream, DATA, 0, &[0; SIZE / 2]).await;
            sleep(Duration::from_secs(1)).await;
            send_frame(&mut stream, DATA, 0, &vec![0; size - SIZE / 2]).await;
            sleep(Duration::from_secs(1)).await;
            send_frame(&mut stream, DATA, END_STREAM, &[]).await;
            let frames = frames(&mut stream).await;
            assert!(frames.iter().any(|(kind, _)| *kind == HEADERS), "{frames:?}");
            assert_eq!(frames.iter().any(|(kind, _)| *kind == RESET), resets, "{size}: {frames:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn http_2_does_not_wait_for_a_body_that_does_not_come() {
        let mut stream = connect_http_2().await;
        let frames = frames(&mut stream).await;
        assert_eq!(frames.first(), Some(&(HEADERS, DRAIN_TIMEOUT.as_secs())), "{frames:?}");
    }

    /// A handler that wants the body, for as long as it may come.
    async fn reads(body: Body) -> StatusCode {
        timeout(TIME, body.collect()).await.map_or(StatusCode::REQUEST_TIMEOUT, |_| StatusCode::OK)
    }

    /// The head of the next answer, which has no body.
    async fn head(stream: &mut DuplexStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        String::from_utf8(head).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_comes_after_its_head_leaves_the_connection_usable() {
        for (field, body) in [("Content-Length: 5", "12345"), ("Transfer-Encoding: chunked", "5\r\n12345\r\n0\r\n\r\n")]
        {
            let mut stream = connect();
            for _ in 0..3 {
                stream.write_all(format!("POST / HTTP/1.1\r\n{field}\r\n\r\n").as_bytes()).await.unwrap();
                sleep(Duration::from_secs(1)).await;
                stream.write_all(body.as_bytes()).await.unwrap();
                let head = head(&mut stream).await;
                assert!(head.starts_with("HTTP/1.1 403") && !head.contains("connection: close"), "{head}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_would_have_to_be_waited_for_is_told_that_the_connection_ends() {
        for (fields, waits) in [
            ("Content-Length: 5", DRAIN_TIMEOUT),
            ("Content-Length: 101", Duration::ZERO),
            ("Content-Length: 5\r\nExpect: 100-continue", Duration::ZERO),
        ] {
            let (mut stream, start) = (connect(), Instant::now());
            stream.write_all(format!("POST / HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).await.unwrap();
            let head = head(&mut stream).await;
            assert!(head.starts_with("HTTP/1.1 403") && head.contains("connection: close"), "{head}");
            assert_eq!(start.elapsed().as_secs(), waits.as_secs(), "{fields}");
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_handler_has_waited_for_in_vain_is_not_waited_for_again() {
        let (mut stream, start) = (connect(), Instant::now());
        stream.write_all(b"POST /reads HTTP/1.1\r\nContent-Length: 5\r\n\r\n1").await.unwrap();
        let head = head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 408") && head.contains("connection: close"), "{head}");
        assert_eq!(start.elapsed().as_secs(), TIME.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_body_is_not_taken_in() {
        let mut stream = connect();
        stream.write_all(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").await.unwrap();
        let endless = [b"20\r\n".as_slice(), &[b'x'; 32], b"\r\n"].concat().repeat(5);
        stream.write_all(&endless).await.unwrap();
        assert!(head(&mut stream).await.contains("connection: close"));
    }
}
