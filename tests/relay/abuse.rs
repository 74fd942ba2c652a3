//! What streams that mean no good get.

use std::time::Duration;

use callqr::relay::Transport;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{options, start};

const LIMIT: Duration = Duration::from_secs(20);

/// Whether the server ends this connection; reads what comes before.
async fn is_ended(stream: &mut TcpStream) -> bool {
    let mut buffer = [0; 1024];
    let read = async {
        loop {
            match stream.read(&mut buffer).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
    };
    tokio::time::timeout(LIMIT, read).await.is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_does_not_authenticate_is_closed() {
    let mut options = options();
    // Long enough for an answer on a busy machine.
    options.authenticate_within = Duration::from_secs(2);
    let running = start(options).await;
    let binding = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    let mut chatty = TcpStream::connect(running.address("127.0.0.1")).await.unwrap();
    chatty.write_all(&binding).await.unwrap();
    let mut answer = [0; 32];
    chatty.read_exact(&mut answer).await.unwrap();
    let mut slow = TcpStream::connect(running.address("127.0.0.1")).await.unwrap();
    slow.write_all(&binding[..7]).await.unwrap();
    assert!(is_ended(&mut chatty).await, "asking is not authenticating");
    assert!(is_ended(&mut slow).await, "nor is half a request");
    // The books are closed a moment after the connections.
    let closed = async {
        while running.relay.stats().streams > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, closed).await.expect("no stream is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_may_have_so_many_streams_without_allocation() {
    let mut options = options();
    options.strange_streams_per_source = 3;
    let running = start(options).await;
    let mut kept = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(running.address("127.0.0.1")).await.unwrap();
        let binding = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
        stream.write_all(&binding).await.unwrap();
        stream.read_exact(&mut [0; 32]).await.unwrap();
        kept.push(stream);
    }
    let mut one_more = TcpStream::connect(running.address("127.0.0.1")).await.unwrap();
    one_more.write_all(&[0; 20]).await.unwrap();
    assert!(is_ended(&mut one_more).await);
    let stats = running.relay.stats();
    assert_eq!((stats.streams, stats.streams_refused), (3, 1));
    // Another source has its own count.
    let mut elsewhere = TcpStream::connect(running.address("::1")).await.unwrap();
    elsewhere.write_all(&[0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]).await.unwrap();
    assert!(elsewhere.read_exact(&mut [0; 32]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_turn_ends_a_stream() {
    let running = start(options()).await;
    for junk in [&[0, 1, 0, 3][..], &[0, 1, 0xFF, 0xFC, 0, 0, 0, 0], &[3; 64], &[0x40, 0, 0xFF, 0xFF]] {
        let (client, server) = tokio::io::duplex(4096);
        let relay = running.relay.clone();
        let served = tokio::spawn(async move {
            relay.serve_stream(server, "192.0.2.1:5000".parse().unwrap(), Transport::Tcp).await;
        });
        let (_reader, mut writer) = tokio::io::split(client);
        writer.write_all(junk).await.unwrap();
        tokio::time::timeout(LIMIT, served).await.expect("the stream ends").unwrap();
    }
}
