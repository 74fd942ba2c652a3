//! The server's end.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixSocket, UnixStream};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::address::Address;
use super::{MAX_REQUEST, NAME};
use crate::domain::{Error, Kind, Result};
use crate::keys::data_dir::DataDir;
use crate::operator::{Answer, Operator, Reply, Request, ServerHealth};

/// Under this name a socket is made ready before it takes the place of [`NAME`].
const UNREADY: &str = "control.new";
/// Connections that wait to be accepted, and connections that are served.
const WAITING: u32 = 16;
const SERVED: usize = 8;
/// How long a client may take to send its request, and to take its answer.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait after a connection could not be accepted.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Says how the running server is.
pub type HealthCheck = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = ServerHealth> + Send>> + Send + Sync>;

/// A socket that listens; its file is removed when this is dropped.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Listens in a data directory. A socket found there was left by a server that crashed, because the caller holds
    /// the directory's lock.
    ///
    /// # Errors
    /// `control-socket` when the directory's file system takes no socket.
    pub fn bind(directory: &DataDir) -> Result<Self> {
        let path = directory.path().join(NAME);
        let unready = directory.path().join(UNREADY);
        let bound = || -> io::Result<UnixListener> {
            match fs::remove_file(&unready) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let socket = UnixSocket::new_stream()?;
            socket.bind(Address::of(directory.path(), UNREADY)?.path())?;
            // No one can connect before it listens, and by then its mode is right.
            fs::set_permissions(&unready, fs::Permissions::from_mode(0o600))?;
            let listener = socket.listen(WAITING)?;
            fs::rename(&unready, &path)?;
            Ok(listener)
        };
        let listener = bound().map_err(|error| {
            let message = format!("The control socket {} cannot be created: {error}.", path.display());
            Error::new(Kind::Unavailable, "control-socket", message)
                .hint("Put the data directory on a local file system.")
        })?;
        Ok(Self { listener, path })
    }

    /// Serves until `closing` says so. Pending requests are finished; waiting for `open` shows when.
    pub async fn serve(
        self,
        operator: Operator,
        health: HealthCheck,
        mut closing: watch::Receiver<bool>,
        open: mpsc::Sender<()>,
    ) {
        let places = Arc::new(Semaphore::new(SERVED));
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = closing.wait_for(|closing| *closing) => return,
            };
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                continue;
            };
            let Ok(place) = places.clone().acquire_owned().await else { return };
            let (operator, health, open) = (operator.clone(), health.clone(), open.clone());
            let closing = closing.clone();
            tokio::spawn(async move {
                // A client that leaves early needs no answer.
                let _ = serve_one(stream, &operator, &health, closing).await;
                drop((place, open));
            });
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // One that stays behind is replaced by the next server.
        let _ = fs::remove_file(&self.path);
    }
}

async fn serve_one(
    mut stream: UnixStream,
    operator: &Operator,
    health: &HealthCheck,
    mut closing: watch::Receiver<bool>,
) -> io::Result<()> {
    let reply = if may_ask(stream.peer_cred()?.uid(), rustix::process::geteuid().as_raw()) {
        let request = tokio::select! {
            request = timeout(REQUEST_TIMEOUT, read(&mut stream)) => request?,
            // Who has not asked by now is not answered any more.
            _ = closing.wait_for(|closing| *closing) => return Ok(()),
        };
        match request {
            Ok(Request::Health) => Reply::Done(Answer::Health(health().await)),
            Ok(request) => Reply::from(operator.run(request, SystemTime::now()).await),
            Err(error) => Reply::Refused(error.into()),
        }
    } else {
        let error = Error::new(Kind::Forbidden, "not-yours", "This callqr belongs to another user.");
        Reply::Refused(error.hint("Run this as the user that runs callqr, or as root.").into())
    };
    let mut line = Zeroizing::new(serde_json::to_vec(&reply)?);
    line.push(b'\n');
    timeout(REQUEST_TIMEOUT, stream.write_all(&line)).await?
}

/// The file's mode says the same; this holds even if the mode was changed.
fn may_ask(peer: u32, own: u32) -> bool {
    peer == own || peer == 0
}

async fn read(stream: &mut UnixStream) -> Result<Request> {
    let not_understood = |message: &str| {
        Error::invalid("not-understood", message)
            .hint("The running callqr may be another version: restart it with this one.")
    };
    // Passwords pass through here.
    let mut line = Zeroizing::new(Vec::new());
    let read = BufReader::new(stream.take(MAX_REQUEST)).read_until(b'\n', &mut line).await;
    read.map_err(|_| not_understood("The request arrived incomplete."))?;
    if line.last() != Some(&b'\n') {
        return Err(not_understood("The request is not a single line, or it is too long."));
    }
    serde_json::from_slice(&line).map_err(|_| not_understood("The running callqr does not understand the request."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_user_and_root_may_ask() {
        assert!(may_ask(1000, 1000) && may_ask(0, 1000));
        assert!(!may_ask(1001, 1000) && !may_ask(1000, 0));
    }
}
