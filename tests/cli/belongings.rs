//! Database and key file belong together: where one is missing, the start says so and makes none in its place.

use std::fs;
use std::path::Path;

use callqr::app::App;

use super::appliances::{PASSWORD, TestApp, config};
use super::support::say;

/// The data of an appliance with an account, without its log.
async fn data() -> tempfile::TempDir {
    let server = TestApp::start().await;
    server.owner().await;
    server.stop().await
}

/// Every file with its content.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().unwrap() != "lock" {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found.sort();
    found
}

async fn refused(directory: &Path, settings: &[(&str, &str)]) -> callqr::domain::Error {
    let before = files(directory);
    let error = App::bind(config(directory, settings)).await.map(|_| ()).unwrap_err();
    let names = |files: Vec<(String, Vec<u8>)>| {
        let names = files.into_iter().map(|(name, _)| name);
        names.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect::<Vec<_>>()
    };
    assert_eq!(names(files(directory)), names(before), "{error}");
    error
}

#[tokio::test]
async fn a_missing_key_file_is_named_and_not_made() {
    let directory = data().await;
    let key = directory.path().join("data/keys/master.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let error = refused(directory.path(), &[]).await;
    assert_eq!(error.code, "no-keys");
    assert!(error.message.contains("master.key is missing"), "{error}");
    // Commands make none either.
    let said = say(&directory.path().join("data"), &["user", "list"]).await;
    assert!(said.code != 0 && said.err.contains("master.key is missing"), "{said:?}");
    assert!(!key.exists());

    callqr::files::write_private(&key, &kept).unwrap();
    let server = TestApp::start_in(directory, &[]).await;
    server.client.log_in("ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn a_missing_or_empty_database_is_named_and_not_made() {
    for empty in [false, true] {
        let directory = data().await;
        let database = directory.path().join("data/callqr.db");
        fs::remove_file(&database).unwrap();
        if empty {
            fs::write(&database, b"").unwrap();
        }
        let error = refused(directory.path(), &[]).await;
        assert_eq!(error.code, "no-database");
        assert!(error.message.contains("callqr.db is missing or empty"), "{error}");
        // The same with keys that the operator gives.
        let given = directory.path().join("given.key");
        fs::rename(directory.path().join("data/keys/master.key"), &given).unwrap();
        assert_eq!(refused(directory.path(), &[("keys.file", given.to_str().unwrap())]).await.code, "no-database");
    }
}

#[tokio::test]
async fn a_start_that_was_cut_off_can_be_repeated() {
    let server = TestApp::start().await;
    let directory = server.stop().await;
    // The database is made first: it has no accounts yet, and takes any keys.
    fs::remove_file(directory.path().join("data/keys/master.key")).unwrap();
    TestApp::start_in(directory, &[]).await.owner().await;
}

#[tokio::test]
async fn keys_that_are_given_may_come_before_the_first_start() {
    let directory = data().await;
    let given = directory.path().join("data/keys/master.key");
    let elsewhere = tempfile::tempdir().unwrap();
    TestApp::start_in(elsewhere, &[("keys.file", given.to_str().unwrap())]).await.owner().await;
}
