//! What becomes of changes when the disk, another program or the operator gets in the way: none is confirmed and lost.

use std::fs;
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;

use super::*;
use crate::audit::{Audit, Event};

/// A database with an account and a tag in it, all of it in the file and none in the log.
async fn filled() -> (Opened, Member, PathBuf) {
    let opened = open();
    let member = with_account(&opened.store).await;
    opened.store.tags().create(tag(member.household, &Token::random(), None), 9, at(0)).await.unwrap();
    opened.store.expiry().sweep(SystemTime::UNIX_EPOCH).await.unwrap();
    let path = opened.directory.path().join("callqr.db");
    (opened, member, path)
}

async fn write(store: &Store) -> Result<()> {
    store.expiry().see_clock(at(3)).await
}

fn code(result: Result<()>) -> &'static str {
    result.map_or_else(|error| error.code, |()| "")
}

#[tokio::test]
async fn a_read_only_disk_is_told_and_reading_goes_on() {
    let (Opened { store, directory: _directory }, ..) = filled().await;
    let set =
        |on: bool| store.writer.outside_transactions(move |writer| Ok(writer.pragma_update(None, "query_only", on)?));
    // Long ago, or what was saved then would prove that something can be saved.
    store.guard.forget_commit();
    set(true).await.unwrap();
    assert_eq!(code(store.can_write().await), "disk-read-only");
    assert_eq!(code(write(&store).await), "disk-read-only");
    assert_eq!(store.can_read().await, Ok(()));
    set(false).await.unwrap();
    assert_eq!(store.can_write().await, Ok(()), "it recovers by itself");
}

#[tokio::test]
async fn a_file_that_is_gone_takes_no_writes_and_is_rescued() {
    for suffix in ["", "-wal", "-shm"] {
        let (Opened { store, directory }, _, path) = filled().await;
        let file = PathBuf::from(format!("{}{suffix}", path.display()));
        let aside = directory.path().join("aside");
        fs::rename(&file, &aside).unwrap();
        assert_eq!(code(write(&store).await), "database-moved", "{suffix}");
        assert_eq!(code(store.can_write().await), "database-moved");
        assert_eq!(store.can_read().await, Ok(()));

        store.look_after_file().await;
        let rescued = Store::open(&directory.path().join("callqr.rescued.db")).unwrap();
        assert_eq!(rescued.operator().tags(None).await.unwrap().len(), 1);

        fs::rename(&aside, &file).unwrap();
        assert_eq!(write(&store).await, Ok(()), "it is there again");
    }
}

#[tokio::test]
async fn another_file_in_the_place_of_the_open_one_is_left_as_it_is() {
    let (Opened { store: _other_store, directory: _other }, _, other) = filled().await;
    for by_copy in [true, false] {
        let (Opened { store, directory }, _, path) = filled().await;
        if by_copy {
            // The same inode with other content.
            fs::copy(&other, &path).unwrap();
        } else {
            let new = directory.path().join("new");
            fs::copy(&other, &new).unwrap();
            fs::rename(&new, &path).unwrap();
        }
        store.look_after_file().await;
        let expected = if by_copy { "database-replaced" } else { "database-moved" };
        assert_eq!(code(write(&store).await), expected);
        assert_eq!(code(store.expiry().sweep(SystemTime::UNIX_EPOCH).await), expected);
        let before = fs::read(&path).unwrap();
        store.close().await;
        assert_eq!(fs::read(&path).unwrap(), before, "closing wrote into it");
    }
}

#[tokio::test]
async fn a_file_that_is_as_it_was_is_left_alone() {
    let (Opened { store, directory }, ..) = filled().await;
    for _ in 0..3 {
        store.look_after_file().await;
        store.examine().await.unwrap();
        assert_eq!(write(&store).await, Ok(()));
        store.expiry().sweep(SystemTime::UNIX_EPOCH).await.unwrap();
    }
    assert!(!directory.path().join("callqr.rescued.db").exists());
}

/// Changes two bytes in the middle of where `needle` stands in the file.
fn damage(path: &std::path::Path, needle: &[u8]) {
    let bytes = fs::read(path).unwrap();
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap() + needle.len() / 2;
    let changed = [bytes[at] ^ 0x55, bytes[at + 1] ^ 0xaa];
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(&changed, at as u64).unwrap();
}

#[tokio::test]
async fn damage_that_only_a_thorough_look_sees_refuses_the_start() {
    let (Opened { store, directory: _directory }, member, path) = filled().await;
    let known: [u8; 32] = store
        .reader
        .transaction(|transaction| Ok(transaction.query_row("SELECT token_hash FROM tags", [], |row| row.get(0))?))
        .await
        .unwrap();
    store.close().await;
    let whole = fs::read(&path).unwrap();
    // A value that an index repeats, and a reference to what is not there.
    for needle in [&known[..], member.household.as_bytes()] {
        fs::write(&path, &whole).unwrap();
        damage(&path, needle);
        assert!(Store::open(&path).map(|_| ()).unwrap_err().message.contains("damaged"));
    }
    fs::write(&path, &whole).unwrap();
    assert!(Store::open(&path).is_ok());
}

#[tokio::test]
async fn damage_that_is_found_while_running_leaves_the_database_to_readers() {
    let (Opened { store, directory: _directory }, _, path) = filled().await;
    let known: [u8; 32] = store
        .reader
        .transaction(|transaction| Ok(transaction.query_row("SELECT token_hash FROM tags", [], |row| row.get(0))?))
        .await
        .unwrap();
    damage(&path, &known);
    store.examine().await.unwrap();
    assert_eq!(code(store.can_write().await), "database-damaged");
    assert_eq!(code(write(&store).await), "database-damaged");
    assert_eq!(store.can_read().await, Ok(()));
}

#[tokio::test]
async fn pages_that_cannot_be_read_are_damage_at_the_first_sight() {
    let (Opened { store, directory: _directory }, _, path) = filled().await;
    let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.write_all_at(&vec![0x5a; usize::try_from(length - 4096).unwrap()], 4096).unwrap();
    // Another connection than ours, which knows the pages by heart.
    store.reader.outside_transactions(|reader| Ok(reader.release_memory()?)).await.unwrap();
    let read = store
        .reader
        .transaction(|transaction| Ok(transaction.query_row("SELECT count(*) FROM invites", [], |_| Ok(()))?));
    assert_eq!(code(read.await), "database-damaged");
    assert_eq!(code(write(&store).await), "database-damaged");
}

#[tokio::test]
async fn security_events_survive_a_locked_database_and_a_caller_who_gives_up() {
    let (Opened { store, directory: _directory }, _, path) = filled().await;
    let audit = Audit::new(store.clone());
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    audit.note(Event::KeysRotated, None, None);
    tokio::select! {
        biased;
        _ = audit.write() => unreachable!("the database is locked"),
        () = tokio::task::yield_now() => {}
    }
    // Behind what was begun above, and refused as that is.
    assert_eq!(code(write(&store).await), "database-locked");
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(audit.list(None, 9).await.unwrap().len(), 1);
}
