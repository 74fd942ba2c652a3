//! One connection's HTTP, with a limit on everything that a client may draw out.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tower_service::Service as _;

use super::request::{Authority, Peer};

/// The most bytes of a request's head.
const MAX_HEAD: usize = 16 * 1024;
/// Streams that one HTTP/2 connection may have open.
const MAX_STREAMS: u32 = 100;

/// Which HTTP the TLS handshake agreed on (ALPN); a client that offers nothing speaks HTTP/1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.1, which WebSockets are upgraded from.
    Http1,
    /// HTTP/2.
    Http2,
}

/// Answers requests until the client leaves, breaks a limit, or `closing` turns true and the answers under way are out.
///
/// `head_time` is how long a request's head may take, counted from the end of the answer before it: also the idle time
/// of a kept-alive connection.
pub async fn serve<S>(
    stream: S,
    peer: SocketAddr,
    version: Version,
    router: Router,
    head_time: Duration,
    mut closing: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        router.clone().call(request)
    });
    let io = TokioIo::new(stream);
    // How a connection ends is the client's affair: there is nobody to tell and nothing to mend.
    macro_rules! run {
        ($connection:expr) => {{
            let mut connection = pin!($connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                () = closed(&mut closing) => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
        }};
    }
    match version {
        Version::Http1 => run!(
            http1::Builder::new()
                // hyper's limit does nothing without a timer.
                .timer(TokioTimer::new())
                .header_read_timeout(head_time)
                .max_buf_size(MAX_HEAD)
                .serve_connection(io, service)
                .with_upgrades()
        ),
        Version::Http2 => run!(
            http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(MAX_STREAMS)
                .max_header_list_size(MAX_HEAD as u32)
                .keep_alive_interval(Duration::from_secs(20))
                .keep_alive_timeout(Duration::from_secs(10))
                .serve_connection(io, service)
        ),
    }
}

/// Ready when the program stops.
pub async fn closed(closing: &mut watch::Receiver<bool>) {
    // A sender that is gone has stopped too.
    let _ = closing.wait_for(|closing| *closing).await;
}

/// Tells a client that speaks plain HTTP to the TLS port where to go, and closes.
pub async fn redirect_to_https<S>(stream: S, head_time: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(|request: Request<Incoming>| async move { Ok::<_, Infallible>(https_hint(&request)) });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head_time)
        .max_buf_size(MAX_HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}

fn https_hint(request: &Request<Incoming>) -> Response<Body> {
    let location = Authority::of(request.uri(), request.headers()).and_then(|authority| {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        HeaderValue::from_str(&format!("https://{}{path}", authority.0)).ok()
    });
    let mut response =
        Response::new(Body::from("This port speaks HTTPS: open the same address with https:// in front.\n"));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    *response.status_mut() = match location {
        Some(location) => {
            response.headers_mut().insert(header::LOCATION, location);
            StatusCode::PERMANENT_REDIRECT
        }
        None => StatusCode::BAD_REQUEST,
    };
    response
}
