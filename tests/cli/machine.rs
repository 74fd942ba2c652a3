//! Machines that lack something: each test makes one, in namespaces of its own.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use serde_json::Value;

use super::support::{Started, text};

/// Longer than any of these tests waits for something to be noticed.
const LONG: Duration = Duration::from_secs(60);

/// The binary in a network of its own, which `set_up` prepares in a shell.
fn in_network(directory: &Path, set_up: &str, words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    if !geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let script = format!("set -e; ip link set lo up; {set_up}; exec \"$0\" \"$@\"");
    command.args(["--net", "sh", "-c", &script, env!("CARGO_BIN_EXE_callqr")]).args(words).current_dir(directory);
    command
}

/// A command in the network of `started`.
fn beside(started: &Started, directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--target", &started.id().to_string(), "--net"]);
    if !geteuid().is_root() {
        command.args(["--user", "--preserve-credentials"]);
    }
    command.arg("--").arg(env!("CARGO_BIN_EXE_callqr")).args(words).current_dir(directory);
    command
}

/// What `healthcheck` says once it says that all is well.
fn becomes_healthy(mut check: impl FnMut() -> Command) -> Value {
    let began = Instant::now();
    loop {
        let output = check().output().unwrap();
        let health: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if health["status"] == "healthy" {
            assert_eq!(output.status.code(), Some(0));
            return health;
        }
        assert!(began.elapsed() < LONG, "{} {}", text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn a_machine_without_ipv6_is_healthy_and_says_what_was_not_tested() {
    let directory = tempfile::tempdir().unwrap();
    let without = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6";
    let started = Started::start(&mut in_network(directory.path(), without, &["--listen", "[::]:8443"]));
    let health = becomes_healthy(|| beside(&started, directory.path(), &["healthcheck"]));
    assert_eq!(health["services"]["relay"], "healthy", "{health}");
    assert_eq!(health["details"]["relay"]["code"], "left-out", "{health}");
    assert!(health["details"]["relay"]["message"].as_str().unwrap().contains("IPv6"), "{health}");
    let log = started.stop();
    assert!(log.contains("leaves IPv6 out") && !log.contains("WARN"), "{log}");
}

#[test]
fn a_machine_whose_ipv4_is_nowhere_is_healthy_over_ipv6_alone() {
    let directory = tempfile::tempdir().unwrap();
    let without = "ip -4 address flush dev lo";
    let started = Started::start(&mut in_network(directory.path(), without, &["--listen", "[::]:8443"]));
    let health = becomes_healthy(|| beside(&started, directory.path(), &["healthcheck"]));
    assert!(health["details"]["relay"]["message"].as_str().unwrap().contains("IPv4"), "{health}");
    started.stop();
}

#[test]
fn a_family_by_which_the_machine_does_not_reach_itself_is_left_out_though_it_has_addresses() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = "echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6; ip link add name near type veth peer name far; ip link set near up; ip link set far up; \
                     ip address add 2001:db8::5/64 dev near nodad";
    let started = Started::start(&mut in_network(directory.path(), elsewhere, &["--listen", "[::]:8443"]));
    let health = becomes_healthy(|| beside(&started, directory.path(), &["healthcheck"]));
    assert_eq!(health["details"]["relay"]["code"], "left-out", "{health}");
    started.stop();
}
