//! The accept loop: lets connections in for as long as the program runs, each into a task of its own.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long the loop waits when the process has run out of file descriptors.
const RETRY_DELAY: Duration = Duration::from_millis(100);

/// Accepts until `closing` turns true. Nothing is awaited here but the next connection. `admit` is asked for what a
/// connection holds while `serve` serves it; without that it is dropped at once.
pub async fn run<P, S>(
    listener: TcpListener,
    mut closing: watch::Receiver<bool>,
    admit: impl Fn(IpAddr) -> Option<P>,
    serve: impl Fn(TcpStream, SocketAddr) -> S,
) where
    P: Send + 'static,
    S: Future<Output = ()> + Send + 'static,
{
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = closed(&mut closing) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                failing = false;
                if let Some(held) = admit(peer.ip()) {
                    let serving = serve(stream, peer);
                    tokio::spawn(async move {
                        serving.await;
                        drop(held);
                    });
                }
            }
            Err(fault) => {
                // Logged once, not ten times a second while it lasts.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%fault, "connections cannot be accepted");
                }
                tokio::time::sleep(RETRY_DELAY).await;
            }
        }
    }
}

/// Completes when the program stops.
pub async fn closed(closing: &mut watch::Receiver<bool>) {
    // A dropped sender means the program is stopping, too.
    let _ = closing.wait_for(|closing| *closing).await;
}
