//! From an HTTP/1.1 request to a WebSocket.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse as _;
use http::uri::Authority;
use http::{HeaderValue, Request, Response, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::pump;
use crate::domain::{Error, Kind, Result};
use crate::hub::{Endpoint, Hub, Way};
use crate::limits::concurrency::Permit;
use crate::web::error::ApiError;
use crate::web::origin::{OriginPolicy, is_from_elsewhere};

/// Of the protocol (RFC 6455, 4.1).
const VERSION: &str = "13";

/// Checks the request, answers it, and starts the pump once the connection has changed protocols.
pub fn upgrade(
    mut request: Request<Body>,
    endpoint: Endpoint,
    (seat, source): (Option<Permit>, Option<IpAddr>),
    origins: &OriginPolicy,
    hub: &Hub,
) -> Result<Response<Body>> {
    let authority = authority(&request)?;
    // Browsers let any page try to connect, so the server must look who it is (RFC 6455, 10.2).
    let mut origin = request.headers().get_all(header::ORIGIN).iter();
    let named = origin.next();
    let is_allowed = origins.allows_socket(named, authority.as_str()) && origin.next().is_none();
    if !is_allowed || (named.is_none() && is_from_elsewhere(request.headers())) {
        return Err(foreign_origin());
    }
    if is_of_another_version(&request) {
        return Ok(another_version());
    }
    let response = create_response_with_body(&request, Body::empty).map_err(|_| not_a_websocket())?;
    let upgraded = request.extensions_mut().remove::<OnUpgrade>().ok_or_else(not_a_websocket)?;
    let room = hub.admit_socket().ok_or_else(full)?;
    let limits = limits(hub.socket_bounds());
    let hub = hub.clone();
    tokio::spawn(async move {
        // Without an upgrade the client has left; there is nobody to tell.
        if let Ok(upgraded) = upgraded.await {
            let io = TokioIo::new(upgraded);
            let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(limits)).await;
            pump::run(socket, endpoint, Way { authority: authority.as_str().into(), source }, hub).await;
        }
        drop((room, seat));
    });
    Ok(response)
}

/// Whether a request for a WebSocket is not for version 13 of it, the only one there is.
fn is_of_another_version(request: &Request<Body>) -> bool {
    let version = request.headers().get(header::SEC_WEBSOCKET_VERSION);
    let asks = |wanted: &HeaderValue| wanted.as_bytes().eq_ignore_ascii_case(b"websocket");
    request.headers().get(header::UPGRADE).is_some_and(asks) && version.is_none_or(|version| version != VERSION)
}

/// RFC 6455, 4.4: the answer names the version that would do.
fn another_version() -> Response<Body> {
    let error = Error::invalid("not-a-websocket", "This server speaks version 13 of WebSocket only.")
        .hint("Send Sec-WebSocket-Version: 13.");
    let mut response = ApiError::with_status(error, StatusCode::UPGRADE_REQUIRED).into_response();
    response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION));
    response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    response
}

/// How the client reached this server: what its browser has to use for the relay too.
fn authority(request: &Request<Body>) -> Result<Authority> {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    host.and_then(|host| Authority::from_str(host).ok()).ok_or_else(not_a_websocket)
}

/// The defaults would cost an idle connection 141 KB, and let one message have 64 MiB.
fn limits((max_message, max_queue): (usize, usize)) -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(2 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(max_queue)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message))
}

fn not_a_websocket() -> Error {
    Error::invalid("not-a-websocket", "This address speaks WebSocket over HTTP/1.1 only.")
        .hint("Open it with WebSocket, from a page of this server.")
}

fn foreign_origin() -> Error {
    Error::new(Kind::Forbidden, "foreign-origin", "Only this server's own pages may connect here.")
        .hint("Open the page from this server's own address.")
}

/// There is no room for one more socket.
pub fn full() -> Error {
    Error::new(Kind::Unavailable, "too-many-connections", "The server has reached its connection limit.")
        .hint("Try again in a minute.")
        .retry_after(Duration::from_secs(30))
}
