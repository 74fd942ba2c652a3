//! The command line, as text: what a person types and what they read.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{TcpListener, UdpSocket};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

fn callqr(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callqr"));
    command.current_dir(directory).args(words).env_remove("CALLQR_DATA_DIR").env_remove("CALLQR_CONFIG");
    command
}

fn output(directory: &Path, words: &[&str]) -> Output {
    callqr(directory, words).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A started appliance, killed when dropped.
struct Started {
    child: Child,
    welcome: String,
}

impl Started {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut welcome = String::new();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap());
        while !welcome.contains("Ctrl-C stops it.") {
            assert_ne!(lines.read_line(&mut welcome).unwrap(), 0, "it ended: {welcome}");
        }
        Self { child, welcome }
    }

    fn port(&self) -> u16 {
        let url = self.welcome.lines().find_map(|line| line.split("https://localhost:").nth(1)).unwrap();
        url.split('/').next().unwrap().trim().parse().unwrap()
    }

    /// Sends SIGTERM, and gives what was logged.
    fn stop(mut self) -> String {
        let kill = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
        assert!(self.child.wait().unwrap().success(), "SIGTERM is a wish, not a failure");
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_first_start_tells_what_to_do_next_and_the_second_again() {
    let directory = tempfile::tempdir().unwrap();
    let first = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    let link = |started: &Started| started.welcome.lines().find(|line| line.contains("/setup#")).unwrap().to_owned();
    assert!(first.welcome.contains("SHA-256 "), "{}", first.welcome);
    assert!(first.welcome.contains('█') || first.welcome.contains('▀'), "the link stands there as a QR code too");
    assert!(directory.path().join("data").is_dir());
    let first_link = link(&first);
    let log = first.stop();
    assert!(!log.contains(first_link.split('#').nth(1).unwrap()), "the set-up token must not be logged");

    let second = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    assert_ne!(link(&second), first_link);
}

#[test]
fn a_healthy_appliance_says_so_and_a_missing_one_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let none = output(directory.path(), &["healthcheck"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("Has callqr been started"), "{}", text(&none.stderr));

    let started = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    let address = format!("127.0.0.1:{}", started.port());
    let healthy = output(directory.path(), &["healthcheck", "--listen", &address]);
    assert_eq!(healthy.status.code(), Some(0), "{}", text(&healthy.stderr));
    assert!(text(&healthy.stdout).contains("\"database\":\"healthy\""));
    started.stop();
    let stopped = output(directory.path(), &["healthcheck", "--listen", &address]);
    assert_eq!(stopped.status.code(), Some(1));
    assert!(text(&stopped.stderr).contains("does not answer"), "{}", text(&stopped.stderr));
}

#[test]
fn a_reader_who_leaves_early_stops_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = callqr(directory.path(), &["print-config"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_port_in_use_is_one_clear_message() {
    let directory = tempfile::tempdir().unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap().to_string();
    let refused = output(directory.path(), &["--listen", &address]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("TCP port") && told.contains("in use") && told.contains("--listen"), "{told}");
    assert!(!told.contains("panicked"));

    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = udp.local_addr().unwrap().to_string();
    let refused = output(directory.path(), &["--listen", &address]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("UDP port") && told.contains("in use"), "{told}");
}

#[test]
fn two_appliances_do_not_share_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let _first = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    let refused = output(directory.path(), &["--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("Another callqr is running"), "{}", text(&refused.stderr));
}

#[test]
fn a_directory_that_cannot_be_used_is_one_clear_message() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "").unwrap();
    let refused = output(directory.path(), &["--listen", "127.0.0.1:0", "--data-dir", "file/data"]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("file/data") && told.contains("--data-dir"), "{told}");
}

#[test]
fn every_problem_of_the_configuration_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file =
        "public_url = \"http://x\"\n\n[calls]\nring_time = \"soon\"\nring_tmie = \"45s\"\n\n[limits]\nlogin = 7\n";
    std::fs::write(directory.path().join("callqr.toml"), file).unwrap();
    for words in [&["check-config"][..], &["run"], &["--log-level", "loud", "check-config"]] {
        let refused = output(directory.path(), words);
        let told = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{told}");
        for place in [
            "callqr.toml:1: public_url",
            "callqr.toml:4: calls.ring_time",
            "callqr.toml:5: calls.ring_tmie",
            "callqr.toml:8: limits.login",
        ] {
            assert!(told.contains(place), "{place} is missing in:\n{told}");
        }
        assert_eq!(told.contains("--log-level"), words.len() > 1, "{told}");
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("callqr.toml"), "data_dir = \"of-file\"\n[calls]\nring_time = \"30s\"\n")
        .unwrap();
    let printed = |command: &mut Command| text(&command.output().unwrap().stdout);
    let of_file = printed(&mut callqr(directory.path(), &["print-config"]));
    assert!(of_file.contains("data_dir = \"of-file\"") && of_file.contains("ring_time = \"30s\""), "{of_file}");
    let of_environment = printed(callqr(directory.path(), &["print-config"]).env("CALLQR_DATA_DIR", "of-environment"));
    assert!(of_environment.contains("data_dir = \"of-environment\""), "{of_environment}");
    let words = ["print-config", "--data-dir", "of-flag"];
    let of_flag = printed(callqr(directory.path(), &words).env("CALLQR_DATA_DIR", "of-environment"));
    assert!(of_flag.contains("data_dir = \"of-flag\""), "{of_flag}");
}

#[test]
fn what_is_printed_is_a_configuration_file() {
    let directory = tempfile::tempdir().unwrap();
    let printed = output(directory.path(), &["print-config"]);
    std::fs::write(directory.path().join("again.toml"), &printed.stdout).unwrap();
    let again = output(directory.path(), &["--config", "again.toml", "print-config"]);
    assert_eq!(text(&again.stdout), text(&printed.stdout));
    assert_eq!(text(&output(directory.path(), &["check-config"]).stdout), "The configuration is good.\n");
}

#[test]
fn words_that_are_not_understood_have_their_own_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let refused = output(directory.path(), &["rnu"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("Usage"), "{}", text(&refused.stderr));
    let version = output(directory.path(), &["--version"]);
    assert_eq!(text(&version.stdout), format!("callqr {}\n", env!("CARGO_PKG_VERSION")));
}
