//! The command line's end.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::address::Address;
use super::{MAX_ANSWER, MAX_REQUEST, NAME};
use crate::domain::{Error, Kind, Result};
use crate::operator::{Answer, Reply, Request, ServerHealth};

/// How long an answer may take: rotating keys rewrites every row.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Asks the server that runs with this data directory how it is; `None` without one, or when it does not say.
///
/// # Errors
/// As [`ask`].
pub async fn ask_health(directory: &Path) -> Result<Option<ServerHealth>> {
    match ask(directory, &Request::Health).await? {
        Some(Reply::Done(Answer::Health(health))) => Ok(Some(health)),
        _ => Ok(None),
    }
}

/// Asks the server that runs with this data directory; `None` without one.
///
/// # Errors
/// `control-socket` when it cannot be reached, `no-answer` when it stops in between.
pub async fn ask(directory: &Path, request: &Request) -> Result<Option<Reply>> {
    let shown = directory.display();
    let unreachable = |error: io::Error| {
        let hint = match error.kind() {
            ErrorKind::PermissionDenied => "Run this as the user that runs callqr, or as root.",
            _ => "Check that it is still running, then try again.",
        };
        let message = format!("The callqr in {shown} cannot be reached: {error}.");
        Error::new(Kind::Unavailable, "control-socket", message).hint(hint)
    };
    let address = match Address::of(directory, NAME) {
        Ok(address) => address,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreachable(error)),
    };
    let mut stream = match UnixStream::connect(address.path()).await {
        Ok(stream) => stream,
        // No socket, or one that a crashed server left.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => return Ok(None),
        Err(error) => return Err(unreachable(error)),
    };
    let mut line = Zeroizing::new(serde_json::to_vec(request).map_err(Error::internal)?);
    line.push(b'\n');
    if line.len() as u64 > MAX_REQUEST {
        return Err(Error::invalid("too-long", "The request is too long."));
    }
    timeout(ANSWER_TIMEOUT, exchange(&mut stream, &line))
        .await
        .unwrap_or_else(|_| Err(no_answer("it took too long")))
        .map(Some)
}

async fn exchange(stream: &mut UnixStream, request: &[u8]) -> Result<Reply> {
    let broken = |error: io::Error| no_answer(&error.to_string());
    stream.write_all(request).await.map_err(broken)?;
    let mut line = Vec::new();
    BufReader::new(stream.take(MAX_ANSWER)).read_until(b'\n', &mut line).await.map_err(broken)?;
    if line.last() != Some(&b'\n') {
        return Err(no_answer("it stopped before answering"));
    }
    serde_json::from_slice(&line).map_err(|_| no_answer("this program does not understand its answer"))
}

fn no_answer(why: &str) -> Error {
    Error::new(Kind::Unavailable, "no-answer", format!("The running callqr did not answer: {why}."))
        .hint("Check whether it was done before you try again.")
}
