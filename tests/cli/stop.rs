//! Starting and stopping when something is in the way.

use std::fs::File;
use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::appliances::TestApp;
use super::support::{Started, callqr, output};

#[test]
fn an_output_that_cannot_be_written_ends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    let mut child =
        callqr(directory.path(), &["--listen", "127.0.0.1:0"]).stdout(full()).stderr(full()).spawn().unwrap();
    let began = Instant::now();
    while output(directory.path(), &["healthcheck", "--listen", "127.0.0.1:1"]).status.code() != Some(0) {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        assert!(began.elapsed() < Duration::from_secs(30));
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    // A command that cannot even say why it failed still has its exit code.
    let refused = callqr(directory.path(), &["--data-dir", "/dev/null/x"]).stderr(full()).status().unwrap();
    assert_eq!(refused.code(), Some(1));
}

#[test]
fn the_end_of_the_terminal_drains_unless_it_is_to_be_ignored() {
    let directory = tempfile::tempdir().unwrap();
    // Whatever these tests themselves were started with.
    let mut heeding = Command::new("env");
    heeding.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_callqr"), "--listen", "127.0.0.1:0"]);
    let log = Started::start(heeding.current_dir(directory.path())).stop_by("HUP");
    assert!(log.contains("stopped"), "{log}");

    let mut ignoring = Command::new("sh");
    let script = "trap '' HUP; exec \"$0\" --listen 127.0.0.1:0";
    ignoring.args(["-c", script, env!("CARGO_BIN_EXE_callqr")]).current_dir(directory.path());
    let started = Started::start(&mut ignoring);
    assert!(Command::new("kill").args(["-s", "HUP", &started.id().to_string()]).status().unwrap().success());
    let address = format!("127.0.0.1:{}", started.port());
    assert_eq!(output(directory.path(), &["healthcheck", "--listen", &address]).status.code(), Some(0));
    started.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_nothing_does_not_hold_up_the_stop() {
    let server = TestApp::start().await;
    let address = server.client.address();
    let mut plain = Vec::new();
    for bytes in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00\x01\x00", b"GET / HTTP/1.1\r\nHo"] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(bytes).unwrap();
        plain.push(stream);
    }
    let mut inside = Vec::new();
    for (protocol, bytes) in [
        ("http/1.1", &b""[..]),
        ("http/1.1", b"GET / HTTP/1.1\r\nHo"),
        ("h2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"),
    ] {
        let mut stream = server.client.connect(&[protocol]).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, bytes).await.unwrap();
        inside.push(stream);
    }
    let _silent = UnixStream::connect(server.data_dir().join("control.sock")).unwrap();
    // What was sent has been read when this is answered.
    assert_eq!(server.client.get("/health").await.status, 200);
    let began = Instant::now();
    server.stop().await;
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
