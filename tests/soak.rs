//! What is measured, or raced, and so wants the machine to itself: `make test` runs these one by one, after the other tests.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};

#[path = "support/mod.rs"]
#[allow(dead_code)]
mod appliances;
#[path = "cli/support.rs"]
#[allow(dead_code)]
mod support;

use appliances::{PASSWORD, TestApp};
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
    let server = TestApp::start().await;
    server.owner().await;
    // Names without an account are checked, too. Each has pauses of its own, and 20 failures of one source cost nothing.
    let attempt = async |n: u32| {
        let reply = server.client.log_in(&format!("nobody-{n}"), PASSWORD).await;
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
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let data = server.data_dir();
    let over = AtomicBool::new(false);
    let writing = async {
        let mut written = 0;
        while !over.load(Ordering::Relaxed) {
            let made = owner.make_tag().await;
            // One that comes between a key and its retirement may be asked to try again.
            if made.code() != "busy" {
                owner.revoke_tag(&made.ok().id).await.ok();
                written += 1;
            }
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
    owner.make_tag().await.ok();
    assert_eq!(owner.tags().await.ok().tags[0].label, "the van");
}

/// Kills it whenever it has got a bit farther, as far as its files show.
#[tokio::test]
async fn a_rotation_that_is_killed_loses_nothing_and_leaves_no_key_behind() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    for _ in 0..60 {
        owner.make_tag().await.ok();
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

    let server = TestApp::start_in(directory, &[]).await;
    let owner = server.client.with_headers_of(&owner);
    let whole = owner.tags().await.ok().tags.iter().filter(|tag| tag.label == "the van").count();
    assert_eq!(whole, 60);
    server.client.log_in("ada", PASSWORD).await.ok();
    let said = say(&data, &["keys", "rotate"]).await;
    assert_eq!((said.code, field_keys(&data)), (0, 1), "{said:?}");
    let left = fs::read_dir(data.join("keys")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["master.key"]);
}
