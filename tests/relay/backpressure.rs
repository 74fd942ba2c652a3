//! A stream whose client does not read: old media goes, memory stays, others do not notice.

use std::sync::Arc;
use std::time::Duration;

use callqr::relay::Transport;
use tokio::io::AsyncReadExt as _;
use tokio::net::UdpSocket;

use crate::support::{PASSWORDS, USERNAMES, options, start};
use crate::wire::Participant;

const PACKETS: usize = 3000;

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_loses_the_oldest_media() {
    let mut options = options();
    options.limits.bits_per_second = None;
    let running = start(options).await;
    running.admit();
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    socket.connect(running.address("127.0.0.1")).await.unwrap();
    // A pipe of 8 KiB stands for a connection that the network holds up.
    let (client, server) = tokio::io::duplex(8192);
    let relay = running.relay.clone();
    tokio::spawn(async move { relay.serve_stream(server, "192.0.2.1:5000".parse().unwrap(), Transport::Tcp).await });
    let mut sender = Participant::udp(socket, USERNAMES[0], PASSWORDS[0]);
    let mut reader = Participant::stream(client, USERNAMES[1], PASSWORDS[1]);
    let (at_sender, at_reader) = (sender.allocate().await, reader.allocate().await);
    sender.bind(0x4000, at_reader).await;
    reader.bind(0x4000, at_sender).await;
    for n in 0..PACKETS {
        sender.channel_data(0x4000, &[&(n as u32).to_be_bytes()[..], &[0; 996]].concat()).await;
        if n % 50 == 49 {
            // The server's answer shows that it has taken in what was sent before.
            sender.refresh().await;
        }
    }
    let stats = running.relay.stats();
    assert!(stats.traffic.overflowed as usize > PACKETS / 2, "{stats:?}");
    let mut arrived = Vec::new();
    let mut stream = reader.into_stream();
    let mut frame = [0; 1004];
    while let Ok(Ok(_)) = tokio::time::timeout(Duration::from_secs(20), stream.read_exact(&mut frame)).await {
        arrived.push(u32::from_be_bytes(frame[4..8].try_into().unwrap()) as usize);
        if arrived.last() == Some(&(PACKETS - 1)) {
            break;
        }
    }
    assert_eq!(arrived.last(), Some(&(PACKETS - 1)), "the newest is there");
    assert!(arrived.is_sorted() && arrived.len() < 100, "{} packets waited", arrived.len());
}
