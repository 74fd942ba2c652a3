//! The control socket: who may speak, what becomes of nonsense, and who answers when nobody listens.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener as StdListener;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use super::appliances::{TestApp, config};
use super::support::{Started, callqr, say};
use callqr::app::App;

async fn exchange(server: &TestApp, request: &[u8]) -> Value {
    let mut stream = UnixStream::connect(server.data_dir().join("control.sock")).await.unwrap();
    stream.write_all(request).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    serde_json::from_slice(&answer).unwrap()
}

#[tokio::test]
async fn the_socket_is_its_users_alone_and_goes_with_the_server() {
    let server = TestApp::start().await;
    let socket = server.data_dir().join("control.sock");
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(server.data_dir()).unwrap().permissions().mode() & 0o777, 0o700);
    let _directory = server.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn nonsense_is_refused_in_bounded_room() {
    let server = TestApp::start().await;
    let endless = vec![b'x'; 64 * 1024];
    let missing_end = br#""list-users""#;
    let cases: [&[u8]; 6] = [
        b"\n",
        b"GET / HTTP/1.1\n",
        b"\"format-disk\"\n",
        b"{\"list-tags\":{\"user\":null,\"x\":1}}\n",
        &endless,
        missing_end,
    ];
    for request in cases {
        let answer = exchange(&server, request).await;
        assert_eq!(answer["refused"]["code"], "not-understood", "{:?}", &request[..request.len().min(40)]);
    }
    assert_eq!(exchange(&server, b"\"list-users\"\n").await["done"]["answer"], "users");
}

#[tokio::test]
async fn connections_that_say_nothing_hold_nobody_up_for_long() {
    let server = TestApp::start().await;
    let socket = server.data_dir().join("control.sock");
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(UnixStream::connect(&socket).await.unwrap());
    }
    // Served when the silent ones have been sent away.
    assert_eq!(say(&server.data_dir(), &["user", "list"]).await.code, 0);
}

#[tokio::test]
async fn what_a_crashed_server_left_is_passed_over_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let started = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    let data = directory.path().join("data");
    // Killed, as by a power cut.
    drop(started);
    assert!(data.join("control.sock").exists());
    assert_eq!(say(&data, &["user", "list"]).await.out, "There are no accounts yet.\n");
    let started = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    assert_eq!(say(&data, &["user", "list"]).await.code, 0);
    started.stop();
}

#[tokio::test]
async fn a_path_that_is_too_long_for_a_socket_is_no_obstacle() {
    let directory = tempfile::tempdir().unwrap();
    let deep = directory.path().join("x".repeat(120));
    let app = App::bind(config(&deep, &[])).await.unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let running = tokio::spawn(app.run(async move {
        let _ = stopped.await;
    }));
    let data = deep.join("data");
    assert!(data.join("control.sock").exists());
    assert_eq!(say(&data, &["user", "list"]).await.code, 0);
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(say(&data, &["user", "list"]).await.code, 0);
}

#[tokio::test]
async fn data_that_something_else_holds_is_told_of() {
    let server = TestApp::start().await;
    let data = server.data_dir();
    let directory = server.stop().await;
    let lock = File::options().write(true).open(data.join("lock")).unwrap();
    lock.lock().unwrap();
    drop(StdListener::bind(data.join("control.sock")).unwrap());
    let said = say(&data, &["user", "list"]).await;
    assert!(said.code == 5 && said.err.contains("Another process is using"), "{said:?}");
    drop((lock, directory));
}
