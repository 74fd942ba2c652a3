//! One connection's HTTP, with a limit on everything that a client may draw out.

use std::convert::Infallible;
use std::future::pending;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1::Builder as Http1;
use hyper::server::conn::http2::Builder as Http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;
use tower_service::Service as _;

use crate::net::accept::closed;
use crate::web::extract::request::{Authority, Peer};
use crate::web::middleware::{headers, host};

/// How long the answers that are on their way may take once no more requests are taken.
const LAST_ANSWERS: Duration = Duration::from_secs(60);

/// What is taken in of a body that came over plain HTTP, and how long it may take.
const UNREAD_BODY: usize = 64 * 1024;
const UNREAD_BODY_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a connection on which no request is handled is kept when the program stops: an answer may be on its way.
const NOTHING_ASKED: Duration = Duration::from_secs(1);

/// What one connection may draw out.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// How long a request's head may take, counted from the end of the answer before it: also the idle time of a
    /// kept-alive connection.
    pub head_time: Duration,
    /// The most bytes of a request's head.
    pub head_size: usize,
    /// Streams that an HTTP/2 connection may have open.
    pub streams: u32,
}

/// Which HTTP the TLS handshake agreed on (ALPN); a client that offers nothing speaks HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1, which WebSockets are upgraded from.
    Http1,
    /// HTTP/2.
    Http2,
}

/// Answers requests until the client leaves, breaks a limit, or `closing` turns true and the answers under way are out.
pub async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    version: Version,
    router: Router,
    limits: ConnectionLimits,
    mut closing: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (handling, handled) = watch::channel(0_usize);
    let handling = Arc::new(handling);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let answer = router.clone().call(request);
        let under_way = UnderWay::begin(handling.clone());
        async move {
            let answer = answer.await;
            drop(under_way);
            answer
        }
    });
    let io = TokioIo::new(stream);
    // How a connection ends is up to the client: there is nobody to tell and nothing to fix.
    macro_rules! run {
        ($connection:expr, $idle:expr) => {{
            let mut connection = pin!($connection);
            tokio::select! {
                _ = connection.as_mut() => return,
                () = closed(&mut closing) => {}
                () = $idle => {}
            }
            connection.as_mut().graceful_shutdown();
            let last_answers = timeout(LAST_ANSWERS, connection);
            if *closing.borrow() {
                // Who asks for nothing now, or never finishes asking, must not hold up the stop.
                tokio::select! {
                    _ = last_answers => {}
                    () = idle(handled.clone(), NOTHING_ASKED) => {}
                }
            } else {
                let _ = last_answers.await;
            }
        }};
    }
    match version {
        Version::Http1 => run!(
            Http1::new()
                // hyper's limit does nothing without a timer.
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head_time)
                .max_buf_size(limits.head_size)
                .serve_connection(io, service)
                .with_upgrades(),
            // The limit on the next head is one on idling too.
            pending()
        ),
        Version::Http2 => run!(
            Http2::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(limits.streams)
                .max_header_list_size(u32::try_from(limits.head_size).unwrap_or(u32::MAX))
                .keep_alive_interval(Duration::from_secs(20))
                .keep_alive_timeout(Duration::from_secs(10))
                .serve_connection(io, service),
            // Keep-alive finds out who is gone, not who stays for nothing.
            idle(handled.clone(), limits.head_time)
        ),
    }
}

/// One request that a handler works on.
struct UnderWay(Arc<watch::Sender<usize>>);

impl UnderWay {
    fn begin(count: Arc<watch::Sender<usize>>) -> Self {
        count.send_modify(|count| *count += 1);
        Self(count)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Ready when no request was being handled for `time`. Handlers end by themselves: what they wait for is bounded.
async fn idle(mut handled: watch::Receiver<usize>, time: Duration) {
    loop {
        // A service that is gone takes no more requests.
        let gone = handled.wait_for(|count| *count == 0).await.is_err();
        if gone || timeout(time, handled.changed()).await.is_err() {
            return;
        }
    }
}

/// Tells a client that speaks plain HTTP to the TLS port where to go, and closes. A probe for health gets its answer: it
/// has nothing secret, and many supervisors cannot be told which certificate to trust.
pub async fn serve_plain<S>(stream: S, peer: SocketAddr, router: Router, limits: ConnectionLimits)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move {
            if request.uri().path() != "/health" || !request.method().is_safe() {
                return Ok::<_, Infallible>(https_hint(request).await);
            }
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            let mut answer = router.call(request).await?;
            // Only over TLS may browsers be told to insist on TLS (RFC 6797, 7.2).
            answer.headers_mut().remove(header::STRICT_TRANSPORT_SECURITY);
            Ok(answer)
        }
    });
    let connection = Http1::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(limits.head_size)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}

async fn https_hint(request: Request<Incoming>) -> Response<Body> {
    let is_certain = host::check(request.version(), request.uri(), request.headers()).is_ok();
    let authority = Authority::of(request.uri(), request.headers()).filter(|_| is_certain);
    let location = authority.and_then(|authority| {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        HeaderValue::from_str(&format!("https://{}{path}", authority.0)).ok()
    });
    let mut response =
        Response::new(Body::from("This port speaks HTTPS: open the same address with https:// in front.\n"));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers::add_to(response.headers_mut());
    *response.status_mut() = match location {
        Some(location) => {
            response.headers_mut().insert(header::LOCATION, location);
            StatusCode::PERMANENT_REDIRECT
        }
        None => StatusCode::BAD_REQUEST,
    };
    // A connection that is closed over an unread body may take the answer with it.
    let rest = Limited::new(request.into_body(), UNREAD_BODY).collect();
    let _ = timeout(UNREAD_BODY_TIMEOUT, rest).await;
    response
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use http_body_util::Empty;
    use hyper::client::conn::http2::{Builder as Http2Client, SendRequest};
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    const LIMITS: ConnectionLimits =
        ConnectionLimits { head_time: Duration::from_secs(10), head_size: 16 * 1024, streams: 100 };

    type Sender = SendRequest<Empty<bytes::Bytes>>;

    /// A client with a window of `window` bytes for each answer, and when the server lets go of it.
    async fn connect(window: u32) -> (Sender, JoinHandle<Instant>, watch::Sender<bool>) {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let router = Router::new().route("/", axum::routing::get(async || "an answer"));
        let (stop, closing) = watch::channel(false);
        let peer = SocketAddr::from(([192, 0, 2, 1], 1));
        let serving = tokio::spawn(async move {
            serve(theirs, peer, Version::Http2, router, LIMITS, closing).await;
            Instant::now()
        });
        let mut builder = Http2Client::new(TokioExecutor::new());
        builder.initial_stream_window_size(window);
        let (sender, connection) = builder.handshake(TokioIo::new(ours)).await.unwrap();
        tokio::spawn(connection);
        (sender, serving, stop)
    }

    fn question() -> Request<Empty<bytes::Bytes>> {
        Request::builder().uri("https://localhost/").body(Empty::new()).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn http_2_is_let_go_when_nothing_is_asked_though_it_answers_pings() {
        let (mut sender, serving, _stop) = connect(65_535).await;
        for _ in 0..10 {
            tokio::time::sleep(Duration::from_secs(9)).await;
            let answer = sender.send_request(question()).await.unwrap();
            assert_eq!(answer.collect().await.unwrap().to_bytes(), "an answer");
        }
        let asked_last = Instant::now();
        let ended = timeout(Duration::from_secs(3600), serving).await.unwrap().unwrap();
        assert_eq!((ended - asked_last).as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_is_never_taken_is_given_up() {
        let (mut sender, serving, _stop) = connect(0).await;
        let _untaken = sender.send_request(question()).await.unwrap();
        let asked = Instant::now();
        let ended = timeout(Duration::from_secs(3600), serving).await.unwrap().unwrap();
        assert_eq!((ended - asked).as_secs(), 10 + LAST_ANSWERS.as_secs());
    }
}
