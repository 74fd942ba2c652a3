//! The secret keys, as whoever runs the server changes them.

use std::fs;
use std::path::Path;

use super::appliances::{Server, make_tag};
use super::support::say;

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
