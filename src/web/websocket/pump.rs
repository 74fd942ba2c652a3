//! Between one socket and the hub, until either ends it.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use crate::hub::{Connection, Endpoint, Hub, Outgoing, Way};
use crate::proto::signal::wire::FromClient;
use crate::proto::signal::{Bucket, CloseReason, Rate};

/// How long a client may take for `hello`.
const HELLO: Duration = Duration::from_secs(10);
/// How often an idle client is asked whether it is there.
const PING: Duration = Duration::from_secs(15);
/// After how much silence it is taken for dead.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a closing handshake may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// Control frames are answered by the library, unseen by the switchboard's own limit.
const CONTROL_FRAMES: Rate = Rate { burst: 40, per_second: 4 };

/// How a pump ends.
enum End {
    /// With a closing handshake.
    Close(CloseReason),
    /// With a close, though what the client sends cannot be read any further.
    Broken(CloseReason),
    /// The socket is gone or stuck.
    Cut,
}

/// Serves one socket from `hello` to its end.
pub async fn run<S>(mut socket: WebSocketStream<S>, endpoint: Endpoint, way: Way, hub: Hub)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let greeted = tokio::select! {
        greeted = timeout(HELLO, greet(&mut socket, endpoint, way, &hub)) => greeted,
        () = hub.stopped() => Ok(Err(End::Close(CloseReason::Restarting))),
    };
    // From here on the connection holds what is needed: an idle socket carries as little as possible.
    drop(hub);
    let end = match greeted {
        Ok(Ok(connection)) => relay(&mut socket, &connection).await,
        Ok(Err(end)) => explain(&mut socket, end).await,
        Err(_) => explain(&mut socket, End::Close(CloseReason::BadTicket)).await,
    };
    // Who does not say goodbye in time is left without one.
    let _ = timeout(CLOSE_TIMEOUT, say_goodbye(&mut socket, end)).await;
}

/// Waits for `hello` and connects.
async fn greet<S>(socket: &mut WebSocketStream<S>, endpoint: Endpoint, way: Way, hub: &Hub) -> Result<Connection, End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut control = Bucket::new(Instant::now().into_std());
    loop {
        let text = match socket.next().await {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                if !control.take(CONTROL_FRAMES, Instant::now().into_std()) {
                    return Err(End::Close(CloseReason::TooMany));
                }
                continue;
            }
            Some(Ok(_)) => return Err(End::Close(CloseReason::BadMessage)),
            Some(Err(error)) => return Err(fault(&error).map_or(End::Cut, End::Broken)),
            None => return Err(End::Cut),
        };
        return match FromClient::parse(text.as_str()) {
            // On the heap, and for a moment: as a part of this future, every idle connection would carry it.
            Ok(FromClient::Hello(hello)) => Box::pin(hub.connect(endpoint, &hello, way)).await.map_err(End::Close),
            Ok(_) => Err(End::Close(CloseReason::BadTicket)),
            Err(reason) => Err(End::Close(reason)),
        };
    }
}

/// Passes messages in both directions.
async fn relay<S>(socket: &mut WebSocketStream<S>, connection: &Connection) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut heard = Instant::now();
    let mut control = Bucket::new(heard.into_std());
    let mut ping_at = heard + PING;
    loop {
        tokio::select! {
            incoming = socket.next() => {
                heard = Instant::now();
                match incoming {
                    Some(Ok(Message::Text(text))) => connection.receive(text.as_str()).await,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                        if !control.take(CONTROL_FRAMES, heard.into_std()) {
                            connection.fault(CloseReason::TooMany).await;
                        }
                    }
                    // The library answers a close; the next turn finds the end of the stream.
                    Some(Ok(Message::Close(_))) => {}
                    Some(Ok(Message::Binary(_) | Message::Frame(_))) => {
                        connection.fault(CloseReason::BadMessage).await;
                    }
                    Some(Err(error)) => match fault(&error) {
                        Some(reason) => return refuse(socket, connection, reason, End::Broken).await,
                        None => return End::Cut,
                    },
                    None => return End::Cut,
                }
            }
            outgoing = connection.next() => {
                let text = match outgoing {
                    Outgoing::Text(text) => text,
                    Outgoing::Close(reason) => return End::Close(reason),
                };
                if let Some(end) = write(socket, connection, Message::text(text)).await {
                    return end;
                }
            }
            () = sleep_until(ping_at.min(heard + SILENCE_TIMEOUT)) => {
                ping_at = Instant::now() + PING;
                if heard.elapsed() >= SILENCE_TIMEOUT {
                    return refuse(socket, connection, CloseReason::TooSlow, End::Close).await;
                } else if let Some(end) = write(socket, connection, Message::Ping(Bytes::new())).await {
                    return end;
                }
            }
        }
    }
}

/// Writes a message, for as long as the connection is worth waiting for.
async fn write<S>(socket: &mut WebSocketStream<S>, connection: &Connection, message: Message) -> Option<End>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    tokio::select! {
        // What can be written at once is written, even by a connection that is to be cut.
        biased;
        written = timeout(SILENCE_TIMEOUT, socket.send(message)) => match written {
            Ok(Ok(())) => None,
            Ok(Err(_)) | Err(_) => Some(End::Cut),
        },
        () = connection.cut() => Some(End::Cut),
    }
}

/// Tells the hub of a fault that was found here, and sends what the hub says to it.
async fn refuse<S>(
    socket: &mut WebSocketStream<S>,
    connection: &Connection,
    reason: CloseReason,
    end: fn(CloseReason) -> End,
) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    connection.fault(reason).await;
    loop {
        match connection.next().await {
            Outgoing::Close(reason) => return end(reason),
            Outgoing::Text(text) => {
                if let Some(end) = write(socket, connection, Message::text(text)).await {
                    return end;
                }
            }
        }
    }
}

/// What a library error says about the client; `None` when the socket is of no more use.
fn fault(error: &Error) -> Option<CloseReason> {
    match error {
        Error::Capacity(_) => Some(CloseReason::TooLarge),
        Error::Utf8(_) => Some(CloseReason::NotText),
        Error::Protocol(_) => Some(CloseReason::BadFrame),
        _ => None,
    }
}

/// Sends the `error` of a refusal that the hub has not seen.
async fn explain<S>(socket: &mut WebSocketStream<S>, end: End) -> End
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if let End::Close(reason) | End::Broken(reason) = &end
        && let Some(error) = reason.error()
    {
        // The close code says it again.
        let _ = timeout(CLOSE_TIMEOUT, socket.send(Message::text(error.to_text()))).await;
    }
    end
}

async fn say_goodbye<S>(socket: &mut WebSocketStream<S>, end: End) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (End::Close(reason) | End::Broken(reason)) = end else { return Ok(()) };
    let frame = CloseFrame { code: CloseCode::from(reason.code()), reason: "".into() };
    socket.close(Some(frame)).await?;
    if matches!(end, End::Close(_)) {
        while socket.next().await.is_some_and(|message| message.is_ok()) {}
    } else {
        // Closing a socket with unread bytes resets it, and the client would not learn why.
        let stream = socket.get_mut();
        stream.shutdown().await?;
        // On the heap: as a part of this future, every idle connection would carry it.
        let mut unread = vec![0; 4096];
        while stream.read(&mut unread).await? > 0 {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::ice::{CallAdmission, Credentials, Ice};
    use crate::hub::tickets::Tickets;

    use std::sync::Arc;
    use tokio_tungstenite::tungstenite::protocol::Role;

    struct NoRelay;

    impl CallAdmission for NoRelay {
        fn admit(&self, _: crate::domain::ids::CallId, _: [Credentials; 2], _: Duration) {}
        fn expect(&self, _: crate::domain::ids::CallId, _: std::net::IpAddr) {}
        fn revoke(&self, _: crate::domain::ids::CallId) {}
    }

    /// What is held across an await is paid for by every owner whose page is open.
    #[tokio::test]
    async fn the_task_of_an_idle_connection_is_small() {
        let (hub, _) = Hub::start(
            crate::hub::SignalOptions::default(),
            Arc::new(Ice::new(Arc::new(NoRelay))),
            Tickets::new(&[7; 32]).unwrap(),
            Box::new(|_, _| Box::pin(async { Ok(true) })),
        );
        let (_, stream) = tokio::io::duplex(1);
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        let pump = run(socket, Endpoint::Presence, Way { authority: "localhost".into(), source: None }, hub);
        assert!(size_of_val(&pump) < 2500, "{} bytes", size_of_val(&pump));
    }
}
