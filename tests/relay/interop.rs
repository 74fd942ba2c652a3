//! Other people's clients.

use std::net::SocketAddr;
use std::process::Output;
use std::sync::Arc;

use tokio::net::UdpSocket;
use tokio::process::Command;
use turn::client::{Client, ClientConfig};
use webrtc_util::Conn;

use crate::support::{PASSWORDS, Running, USERNAMES, options, start};

/// Runs coturn's test client against the relay, client to client, and returns what it says.
async fn uclient(running: &Running, server: &str, flags: &[&str]) -> Output {
    let port = running.port.to_string();
    let mut command = Command::new("turnutils_uclient");
    command.args(["-y", "-c", "-n", "50", "-m", "2", "-l", "172", "-u", USERNAMES[0], "-w", PASSWORDS[0], "-p", &port]);
    command.args(flags).arg(server).kill_on_drop(true);
    let run = command.output();
    let output = tokio::time::timeout(std::time::Duration::from_secs(60), run).await.expect("turnutils_uclient ends");
    output.expect("turnutils_uclient is needed: install the package coturn (apt-get install coturn)")
}

async fn passes(server: &str, flags: &[&str]) {
    let running = start(options()).await;
    running.admit();
    let output = uclient(&running, server, flags).await;
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("Total lost packets 0 (0.000000%)"), "{text}");
    assert!(text.contains("tot_send_msgs=100, tot_recv_msgs=100") || text.contains("tot_recv_msgs=200"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_over_udp() {
    passes("127.0.0.1", &["-v"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_over_udp_with_send_indications() {
    passes("127.0.0.1", &["-s", "-v"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_over_ipv6() {
    passes("::1", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_over_ipv6_with_ipv6_relayed_addresses() {
    passes("::1", &["-x"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_over_tcp() {
    passes("127.0.0.1", &["-t"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn coturns_client_over_tls() {
    passes("127.0.0.1", &["-t", "-S"]).await;
}

/// A client of the crate `turn` that has allocated for participant `side`.
async fn webrtc_rs(running: &Running, side: usize) -> (Client, impl Conn + use<>) {
    let server = running.address("127.0.0.1").to_string();
    let client = Client::new(ClientConfig {
        stun_serv_addr: server.clone(),
        turn_serv_addr: server,
        username: USERNAMES[side].into(),
        password: PASSWORDS[side].into(),
        realm: "callqr".into(),
        software: String::new(),
        rto_in_ms: 0,
        conn: Arc::new(UdpSocket::bind("127.0.0.1:0").await.unwrap()),
        vnet: None,
    });
    let client = client.await.unwrap();
    client.listen().await.unwrap();
    let conn = client.allocate().await.unwrap();
    (client, conn)
}

/// Sends until it arrives: the client's first packet to a peer goes out before the peer permits it.
async fn exchange(from: &impl Conn, to: &impl Conn, payload: &[u8]) {
    let (peer, expected) = (to.local_addr().unwrap(), from.local_addr().unwrap());
    let mut buffer = [0; 1500];
    for _ in 0..20 {
        from.send_to(payload, peer).await.unwrap();
        let wait = std::time::Duration::from_millis(500);
        while let Ok(received) = tokio::time::timeout(wait, to.recv_from(&mut buffer)).await {
            let (length, source) = received.unwrap();
            assert_eq!(source, expected);
            if buffer[..length] == *payload {
                return;
            }
        }
    }
    panic!("nothing arrives");
}

#[tokio::test(flavor = "multi_thread")]
async fn webrtc_rs_client_to_client() {
    let running = start(options()).await;
    running.admit();
    let (caller, caller_conn) = webrtc_rs(&running, 0).await;
    let (_owner, owner_conn) = webrtc_rs(&running, 1).await;
    assert!(caller.send_binding_request().await.unwrap().ip().is_loopback());
    // Each asks for its permission with its first packet.
    owner_conn.send_to(b"opens the way", caller_conn.local_addr().unwrap()).await.unwrap();
    for n in 0..100u8 {
        exchange(&caller_conn, &owner_conn, &[n; 172]).await;
        exchange(&owner_conn, &caller_conn, &[n; 1200]).await;
    }
    let outside: SocketAddr = "203.0.113.1:9".parse().unwrap();
    assert!(caller_conn.send_to(b"out", outside).await.is_err(), "403 for any other address");
}

/// aioice in a virtual environment of the tests' own, which is made the first time.
async fn aioice() -> std::path::PathBuf {
    let environment = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("aioice-0.13.0");
    let python = environment.join("bin/python");
    let installed = environment.join("installed");
    if !installed.exists() {
        let made = Command::new("python3").arg("-m").arg("venv").arg("--clear").arg(&environment).status().await;
        assert!(made.is_ok_and(|s| s.success()), "python3 with venv is needed: apt-get install python3-venv");
        let pip = Command::new(&python).args(["-m", "pip", "install", "--quiet", "aioice==0.13.0"]).status().await;
        assert!(pip.is_ok_and(|s| s.success()), "aioice is needed, and pip cannot install it into {environment:?}");
        std::fs::write(installed, "").unwrap();
    }
    python
}

#[tokio::test(flavor = "multi_thread")]
async fn aioice_connects_two_agents_through_the_relay_alone() {
    let python = aioice().await;
    let running = start(options()).await;
    running.admit();
    for transport in ["udp", "tcp"] {
        let mut command = Command::new(&python);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/relay/aioice_pair.py"));
        command.args([&running.port.to_string(), transport]).args(USERNAMES).args(PASSWORDS).kill_on_drop(true);
        let output = tokio::time::timeout(std::time::Duration::from_secs(60), command.output()).await;
        let output = output.expect("aioice ends").unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && text.contains("both directions"), "{transport}: {text}");
    }
}
