//! Hanging up, with real sockets: at once, over every transport.

use std::sync::Arc;
use std::time::Duration;

use callqr::proto::turn::credentials::CallAdmission as _;
use callqr::relay::Transport;
use tokio::io::AsyncReadExt as _;
use tokio::net::UdpSocket;

use crate::support::{PASSWORDS, USERNAMES, options, start};
use crate::wire::Participant;

const PAYLOAD: &[u8] = b"after the call";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_goes_through_once_a_call_is_revoked_and_streams_end() {
    let mut options = options();
    // Long enough for two allocations on a busy machine.
    options.authenticate_within = Duration::from_secs(2);
    let running = start(options).await;
    let call_id = running.admit();
    let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap());
    socket.connect(running.address("127.0.0.1")).await.unwrap();
    let (client, server) = tokio::io::duplex(65_536);
    let relay = running.relay.clone();
    let served = tokio::spawn(async move {
        relay.serve_stream(server, "192.0.2.1:5000".parse().unwrap(), Transport::Tls).await;
    });
    let mut caller = Participant::udp(Arc::clone(&socket), USERNAMES[0], PASSWORDS[0]);
    let mut owner = Participant::stream(client, USERNAMES[1], PASSWORDS[1]);
    let (at_caller, at_owner) = (caller.allocate().await, owner.allocate().await);
    caller.bind(0x4000, at_owner).await;
    owner.bind(0x4001, at_caller).await;
    caller.channel_data(0x4000, b"hello").await;
    let mut stream = owner.into_stream();
    let mut frame = [0; 12];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(&frame, b"\x40\x01\0\x05hello\0\0\0");

    running.relay.revoke(call_id);
    let before = running.relay.stats();
    assert_eq!((before.control.calls, before.control.allocations), (0, 0));
    caller.channel_data(0x4000, PAYLOAD).await;
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the stream of a call that is over ends");
    assert_eq!(rest, b"", "and brings nothing more");
    served.await.unwrap();
    // The packet was looked at, and dropped: its answer-to-be has been counted.
    let counted = async {
        while running.relay.stats().traffic.dropped.iter().sum::<u64>() == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), counted).await.expect("the packet is dropped");
}
