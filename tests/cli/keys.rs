//! The secret keys, as the operator changes them.

use std::fs;
use std::path::Path;

use super::appliances::{PASSWORD, TestApp};
use super::support::say;

fn field_keys(data: &Path) -> Vec<String> {
    let text = fs::read_to_string(data.join("keys/master.key")).unwrap();
    text.lines().filter(|line| line.starts_with("field ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn new_keys_are_made_while_the_server_runs_and_while_it_does_not() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    owner.make_tag().await.ok();
    let (data, first) = (server.data_dir(), field_keys(&server.data_dir()));

    let said = say(&data, &["keys", "rotate", "--json"]).await;
    assert_eq!((said.code, &said.json()["replaceWith"]), (0, &serde_json::Value::Null), "{said:?}");
    assert!(said.json()["resealed"].as_u64().unwrap() >= 3, "a name and two texts: {said:?}");
    let second = field_keys(&data);
    assert!(second.len() == 1 && second != first);
    assert_eq!(owner.tags().await.ok().tags[0].label, "the van");
    assert_eq!(owner.account().await.ok().username, "ada");

    let directory = server.stop().await;
    let said = say(&data, &["keys", "rotate"]).await;
    assert!(said.code == 0 && said.out.contains("with a new key and removed the old one"), "{said:?}");
    assert!(field_keys(&data).len() == 1 && field_keys(&data) != second);

    let again = TestApp::start_in(directory, &[]).await;
    let owner = again.client.with_headers_of(&owner);
    assert_eq!(owner.tags().await.ok().tags[0].label, "the van");
    assert!(owner.count_events("keys-rotated").await >= 1);
}

#[tokio::test]
async fn keys_that_are_given_are_left_alone_and_the_operator_is_told_what_to_do() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    owner.make_tag().await.ok();
    let data = server.data_dir();
    let directory = server.stop().await;
    let given = directory.path().join("given.key");
    fs::rename(data.join("keys/master.key"), &given).unwrap();
    let settings = [("keys.file", given.to_str().unwrap())];

    let server = TestApp::start_in(directory, &settings).await;
    let before = fs::read(&given).unwrap();
    let said = say(&data, &["keys", "rotate", "--json"]).await;
    let left = data.join("keys/rotated.key");
    assert_eq!((said.code, said.json()["replaceWith"].as_str()), (0, left.to_str()), "{said:?}");
    assert_eq!(fs::read(&given).unwrap(), before);

    let directory = server.stop().await;
    fs::rename(&left, &given).unwrap();
    let server = TestApp::start_in(directory, &settings).await;
    while !left.exists() {
        tokio::task::yield_now().await;
    }
    let owner = server.client.with_headers_of(&owner);
    assert_eq!(owner.tags().await.ok().tags[0].label, "the van");
    let fields = fs::read_to_string(&left).unwrap();
    assert_eq!(fields.lines().filter(|line| line.starts_with("field ")).count(), 1);
}

/// Which key signed a session token.
fn key_id(token: &str) -> String {
    use base64::Engine as _;
    let header = token.split('.').next().unwrap();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    serde_json::from_slice::<serde_json::Value>(&header).unwrap()["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn session_tokens_outlive_the_change_of_their_key_but_not_its_time() {
    let server = TestApp::start().await;
    let old = server.owner().await;
    let log_in = async || server.client.log_in("ada", PASSWORD).await.ok().logged_in().token.unwrap();
    let (data, first, ended) = (server.data_dir(), log_in().await, server.client.with_token(&log_in().await));
    assert_eq!(say(&data, &["keys", "rotate"]).await.code, 0);
    assert_eq!(old.account().await.status, 200, "an API client goes on with the token that it has");
    let second = log_in().await;
    assert_ne!(key_id(&second), key_id(&first));
    let new = server.client.with_token(&second);
    new.account().await.ok();
    ended.log_out().await.ok();
    assert_eq!(ended.account().await.status, 401, "an ended session is over, whatever signed its token");

    let directory = server.stop().await;
    let file = data.join("keys/master.key");
    let signing = || {
        let text = fs::read_to_string(&file).unwrap();
        text.lines().filter(|line| line.starts_with("signing ")).map(str::to_owned).collect::<Vec<_>>()
    };
    let retired = signing().remove(0);
    let (key, until) = retired.rsplit_once(' ').unwrap();
    assert!(signing().len() == 2 && until.parse::<u64>().is_ok(), "the old one has an end");
    let text = fs::read_to_string(&file).unwrap().replace(&retired, &format!("{key} 1000000000"));
    fs::write(&file, text).unwrap();
    let again = TestApp::start_in(directory, &[]).await;
    assert_eq!(again.client.with_headers_of(&old).account().await.status, 401, "its time is over");
    again.client.with_headers_of(&new).account().await.ok();
    let dropped = async {
        while signing().len() > 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), dropped).await.unwrap();
    assert!(!signing()[0].starts_with(key), "the other one is kept");
}
