//! What is measured, or raced, and so wants the machine to itself: `make test` runs these one by one, after the other tests.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

#[path = "support/mod.rs"]
#[allow(dead_code)]
mod appliances;
#[path = "cli/support.rs"]
#[allow(dead_code)]
mod support;

use appliances::{Server, make_tag};
use support::{callqr, say};

/// In MiB, as the system counts it.
#[cfg(target_os = "linux")]
fn resident() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4 / 1024
}

/// With memory from the allocator as it is, 40 hashes kept 450 MiB (glibc 2.36).
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_memory_of_password_hashes_is_given_back() {
    let server = Server::start().await;
    server.owner().await;
    // Names without an account are checked, too. Each has pauses of its own, and 20 failures of one source cost nothing.
    let attempt = async |n: u32| {
        let login = json!({ "username": format!("nobody-{n}"), "password": "correct horse battery" });
        let reply = server.client.post("/api/v1/auth/login", &login).await;
        assert_eq!(reply.code(), "wrong-credentials", "{}", reply.text);
    };
    let before = resident();
    for n in 0..9 {
        tokio::join!(attempt(2 * n), attempt(2 * n + 1));
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 100, "{grown} MiB were kept after 18 hashes of 19 MiB");
}

fn field_keys(data: &Path) -> usize {
    let text = fs::read_to_string(data.join("keys/master.key")).unwrap();
    text.lines().filter(|line| line.starts_with("field ")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_go_on_writing_while_keys_are_rotated() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let data = server.data_dir();
    let over = AtomicBool::new(false);
    let writing = async {
        let mut written = 0;
        while !over.load(Ordering::Relaxed) {
            let text = json!({ "label": "the van", "publicText": "Blue van, ring me" });
            let made = owner.post("/api/v1/tokens/generate", &text).await;
            // One that comes between a key and its retirement may be asked to try again.
            assert!(made.status == 201 || made.code() == "busy", "{}", made.text);
            let Some(id) = made.body["id"].as_str() else { continue };
            assert_eq!(owner.delete(&format!("/api/v1/tokens/{id}")).await.status, 204);
            written += 1;
        }
        written
    };
    let rotating = async {
        for _ in 0..5 {
            let said = say(&data, &["keys", "rotate"]).await;
            assert_eq!((said.code, field_keys(&data)), (0, 1), "{said:?}");
        }
        over.store(true, Ordering::Relaxed);
    };
    let (written, ()) = tokio::join!(writing, rotating);
    assert!(written > 5, "only {written} were written meanwhile");
    make_tag(&owner).await;
    let tags = owner.get("/api/v1/tokens").await;
    assert_eq!(tags.body["tokens"][0]["label"], "the van", "{}", tags.text);
}

/// Kills it whenever it has got a bit farther, as far as its files show.
#[tokio::test]
async fn a_rotation_that_is_killed_loses_nothing_and_leaves_no_key_behind() {
    let server = Server::start().await;
    let owner = server.owner().await;
    for _ in 0..60 {
        make_tag(&owner).await;
    }
    let (data, directory) = (server.data_dir(), server.stop().await);
    let progress = || fs::metadata(data.join("callqr.db-wal")).map_or(0, |log| log.len());
    let mut in_between = 0;
    for round in 0..24 {
        let mut rotation = callqr(directory.path(), &["keys", "rotate", "--data-dir", data.to_str().unwrap()]);
        let mut rotation = rotation.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let two_keys = || field_keys(&data) == 2;
        while rotation.try_wait().unwrap().is_none() && !(two_keys() && progress() > round * 4096) {
            std::thread::yield_now();
        }
        rotation.kill().unwrap();
        rotation.wait().unwrap();
        in_between += usize::from(two_keys());
    }
    assert!(in_between > 0, "no rotation was killed before its end");

    let server = Server::start_in(directory, &[]).await;
    let owner = server.client.with_headers_of(&owner);
    let tags = owner.get("/api/v1/tokens").await;
    let whole = tags.body["tokens"].as_array().unwrap().iter().filter(|tag| tag["label"] == "the van");
    assert_eq!(whole.count(), 60, "{}", tags.text);
    let login = json!({ "username": "ada", "password": "correct horse battery" });
    assert_eq!(server.client.post("/api/v1/auth/login", &login).await.status, 200);
    let said = say(&data, &["keys", "rotate"]).await;
    assert_eq!((said.code, field_keys(&data)), (0, 1), "{said:?}");
    let left = fs::read_dir(data.join("keys")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["master.key"]);
}
