//! The secret keys, as whoever runs the server changes them.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use super::appliances::{Server, make_tag};
use super::support::{callqr, say};

fn field_keys(data: &Path) -> Vec<String> {
    let text = fs::read_to_string(data.join("keys/master.key")).unwrap();
    text.lines().filter(|line| line.starts_with("field ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn new_keys_are_made_while_the_server_runs_and_while_it_does_not() {
    let server = Server::start().await;
    let owner = server.owner().await;
    make_tag(&owner).await;
    let (data, first) = (server.data_dir(), field_keys(&server.data_dir()));

    let said = say(&data, &["keys", "rotate", "--json"]).await;
    assert_eq!((said.code, &said.json()["replaceWith"]), (0, &serde_json::Value::Null), "{said:?}");
    assert!(said.json()["resealed"].as_u64().unwrap() >= 3, "a name and two texts: {said:?}");
    let second = field_keys(&data);
    assert!(second.len() == 1 && second != first);
    assert_eq!(owner.get("/api/v1/tokens").await.body["tokens"][0]["label"], "the van");
    assert_eq!(owner.get("/api/v1/account").await.body["username"], "ada");

    let directory = server.stop().await;
    let said = say(&data, &["keys", "rotate"]).await;
    assert!(said.code == 0 && said.out.contains("encrypted with a new key; the old one is gone"), "{said:?}");
    assert!(field_keys(&data).len() == 1 && field_keys(&data) != second);

    let again = Server::start_in(directory, &[]).await;
    let owner = again.client.with_headers_of(&owner);
    assert_eq!(owner.get("/api/v1/tokens").await.body["tokens"][0]["label"], "the van");
    let events = owner.get("/api/v1/admin/audit").await.body["events"].to_string();
    assert!(events.contains("keys-rotated"), "{events}");
}

#[tokio::test]
async fn keys_that_are_given_are_left_alone_and_whoever_gives_them_is_told_what_to_do() {
    let server = Server::start().await;
    let owner = server.owner().await;
    make_tag(&owner).await;
    let data = server.data_dir();
    let directory = server.stop().await;
    let given = directory.path().join("given.key");
    fs::rename(data.join("keys/master.key"), &given).unwrap();
    let settings = [("keys.file", given.to_str().unwrap())];

    let server = Server::start_in(directory, &settings).await;
    let before = fs::read(&given).unwrap();
    let said = say(&data, &["keys", "rotate", "--json"]).await;
    let left = data.join("keys/rotated.key");
    assert_eq!((said.code, said.json()["replaceWith"].as_str()), (0, left.to_str()), "{said:?}");
    assert_eq!(fs::read(&given).unwrap(), before);

    let directory = server.stop().await;
    fs::rename(&left, &given).unwrap();
    let server = Server::start_in(directory, &settings).await;
    while !left.exists() {
        tokio::task::yield_now().await;
    }
    let owner = server.client.with_headers_of(&owner);
    assert_eq!(owner.get("/api/v1/tokens").await.body["tokens"][0]["label"], "the van");
    let fields = fs::read_to_string(&left).unwrap();
    assert_eq!(fields.lines().filter(|line| line.starts_with("field ")).count(), 1);
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
        let two_keys = || field_keys(&data).len() == 2;
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
    let login = serde_json::json!({ "username": "ada", "password": "correct horse battery" });
    assert_eq!(server.client.post("/api/v1/auth/login", &login).await.status, 200);
    let said = say(&data, &["keys", "rotate"]).await;
    assert_eq!((said.code, field_keys(&data).len()), (0, 1), "{said:?}");
    let left = fs::read_dir(data.join("keys")).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["master.key"]);
}
