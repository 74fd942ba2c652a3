//! Other people's clients.

use std::process::Output;

use tokio::process::Command;

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
