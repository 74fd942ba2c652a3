//! What the operator can do, with a running server and without one.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tokio::process::Command as AsyncCommand;

use super::appliances::{self, Registration, TestApp};
use super::support::{Said, output, say, say_with};

/// Tells the same story with a server that runs, then with its data alone.
async fn both_ways(story: impl AsyncFn(&Path)) {
    let server = TestApp::start().await;
    server.owner().await;
    story(&server.data_dir()).await;
    let directory = server.stop().await;
    story(&directory.path().join("data")).await;
}

async fn json(data: &Path, words: &[&str]) -> Value {
    let said = say(data, &[words, &["--json"]].concat()).await;
    assert_eq!(said.code, 0, "{said:?}");
    said.json()
}

fn refused(said: &Said, code: i32, part: &str) {
    assert!(said.code == code && said.err.contains(part) && said.out.is_empty(), "{code} {part}: {said:?}");
}

#[tokio::test]
async fn people_are_listed() {
    both_ways(async |data| {
        let users = json(data, &["user", "list"]).await;
        let ada = &users["users"][0];
        assert_eq!(
            (&ada["username"], &ada["administrator"], &ada["disabled"]),
            (&"ada".into(), &true.into(), &false.into())
        );
        assert_eq!(ada["sessions"], 1);
        assert!(ada["createdAt"].as_str().unwrap().ends_with('Z') && ada["lastSeenDay"].as_str().unwrap().len() == 10);
        let shown = say(data, &["user", "list"]).await;
        let lines: Vec<_> = shown.out.lines().collect();
        assert!(
            lines[0].starts_with("USERNAME  ROLE") && lines[1].starts_with("ada       administrator  active"),
            "{shown:?}"
        );
        assert!(lines[1].ends_with(ada["id"].as_str().unwrap()));
    })
    .await;
}

#[tokio::test]
async fn a_tag_is_made_listed_and_revoked() {
    both_ways(async |data| {
        let files = tempfile::tempdir().unwrap();
        let (png, svg) = (files.path().join("a.png"), files.path().join("a.svg"));
        let (png_word, svg_word) = (png.display().to_string(), svg.display().to_string());
        let words = [
            "tag",
            "new",
            "ada",
            "--label",
            "secret label",
            "--lifetime",
            "week",
            "--png",
            &png_word,
            "--svg",
            &svg_word,
        ];
        let made = say(data, &words).await;
        assert_eq!(made.code, 0, "{made:?}");
        let url = made.out.lines().find_map(|line| line.trim().strip_prefix("https://")).unwrap();
        assert!(!made.out.contains('█'), "no code where nobody looks: {}", made.out);
        assert!(made.err.contains("Set public_url"), "the address may not last: {}", made.err);
        assert_eq!(scan(&png), format!("https://{url}"));
        assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg "));

        let tags = json(data, &["tag", "list", "ada"]).await;
        let tag = &tags["tags"][0];
        assert_eq!((&tag["state"], &tag["household"]["members"][0]), (&"active".into(), &"ada".into()));
        let shown = say(data, &["tag", "list"]).await;
        assert!(shown.out.contains("secret label") && tag["label"] == "secret label", "{shown:?}");
        let id = tag["id"].as_str().unwrap();
        let edited = say(data, &["tag", "edit", id, "--label", "front door", "--lifetime", "90d"]).await;
        assert!(edited.code == 0 && edited.out.starts_with(&format!("Changed {id}. It works until ")), "{edited:?}");
        assert!(say(data, &["tag", "list"]).await.out.contains("front door"));
        refused(&say(data, &["tag", "edit", id]).await, 2, "--lifetime");
        refused(&say(data, &["tag", "edit", id, "--lifetime", "soon"]).await, 2, "`30d`");
        assert!(shown.out.contains(id) && shown.out.contains("active"), "{shown:?}");

        let revoked = say(data, &["tag", "revoke", id]).await;
        assert!(revoked.code == 0 && revoked.out.contains(id), "{revoked:?}");
        refused(&say(data, &["tag", "revoke", id]).await, 3, "no such tag");
        assert_eq!(say(data, &["tag", "list"]).await.out, "There are no tags.\n");
    })
    .await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let data = server.data_dir();
    let sessions = json(&data, &["session", "list", "ada"]).await;
    let id = sessions["sessions"][0]["id"].as_str().unwrap();
    assert_eq!(sessions["sessions"][0]["user"]["username"], "ada");
    assert!(sessions["sessions"][0]["device"].is_string());
    let shown = say(&data, &["session", "list"]).await;
    assert!(shown.out.lines().nth(1).unwrap().starts_with(&format!("{id}  ada")), "{shown:?}");

    let mut socket = owner.present().await;
    assert_eq!(say(&data, &["session", "end", id]).await.out, "1 session ended.\n");
    assert_eq!(socket.closed().await, 4402, "the device is sent away at once");
    assert_eq!(owner.account().await.code(), "no-session");
    refused(&say(&data, &["session", "end", id]).await, 3, "no such session");

    // Without a server, the same is in the database alone.
    for _ in 0..2 {
        server.client.log_in("ada", appliances::PASSWORD).await.ok();
    }
    let directory = server.stop().await;
    let data = directory.path().join("data");
    let ended = json(&data, &["session", "end", "--all", "ada"]).await;
    assert_eq!(ended["ended"].as_array().unwrap().len(), 2);
    assert_eq!(say(&data, &["session", "list"]).await.out, "No devices are logged in.\n");
}

#[tokio::test]
async fn a_disabled_account_is_cut_off_at_once_and_a_deleted_households_calls_end() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let data = server.data_dir();
    assert_eq!(say_with(&data, &["user", "add", "bob", "--password-stdin"], PASSWORD).await.code, 0);
    let bob = server.client.enter("bob", PASSWORD.trim_end()).await;
    let mut phone = bob.present().await;
    let tag = bob.make_tag().await.ok();

    assert_eq!(say(&data, &["user", "disable", "bob"]).await.code, 0);
    assert_eq!(phone.closed().await, 4402);
    assert_eq!(log_in(&server, "bob", PASSWORD).await, 401);

    let (_, mut caller) = server.client.call(&tag.code).await;
    let gone = json(&data, &["user", "delete", "bob", "--yes"]).await;
    assert_eq!(gone["revoked"], serde_json::json!([tag.id]));
    assert_eq!(caller.closed().await, 1000);
    assert_eq!(ada.account().await.status, 200, "nobody else is touched");
}

#[tokio::test]
async fn revoking_a_tag_ends_the_call_through_it() {
    let server = TestApp::start().await;
    let tag = server.owner().await.make_tag().await.ok();
    let (_, mut caller) = server.client.call(&tag.code).await;
    let revoked = say(&server.data_dir(), &["tag", "revoke", &tag.id]).await;
    assert_eq!(revoked.code, 0, "{revoked:?}");
    assert_eq!(caller.closed().await, 1000);
}

#[tokio::test]
async fn what_there_is_not_has_an_exit_code_of_its_own() {
    both_ways(async |data| {
        for words in [
            &["tag", "new", "nobody"][..],
            &["tag", "list", "nobody"],
            &["session", "list", "x"],
            &["session", "end", "--all", "no body"],
        ] {
            let said = say(data, words).await;
            refused(&said, 3, "There is no user");
            assert!(said.err.contains("callqr user list"), "{said:?}");
        }
        let said = say(data, &["tag", "new", "nobody", "--json"]).await;
        assert_eq!(said.json()["error"]["code"], "no-such-user");
        refused(&say(data, &["tag", "new", "ada", "--label", &"x".repeat(121)]).await, 4, "at most 120 characters");
        refused(&say(data, &["tag", "revoke", "tag_x"]).await, 2, "an ID of the form tag_");
        refused(&say(data, &["session", "end"]).await, 2, "Usage");
        refused(&say(data, &["tag", "new", "ada\u{1b}[31m"]).await, 3, "\\u{1b}");
    })
    .await;
}

#[test]
fn a_command_in_the_wrong_place_makes_nothing_there() {
    let directory = tempfile::tempdir().unwrap();
    let said = Said::from(output(directory.path(), &["user", "list"]));
    refused(&said, 5, "There is no callqr data in");
    assert!(
        said.err.contains("--data-dir") && said.err.contains(&format!("{}/data", directory.path().display())),
        "{said:?}"
    );
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    std::fs::write(directory.path().join("callqr.toml"), "nonsense = 1").unwrap();
    refused(&Said::from(output(directory.path(), &["user", "list"])), 1, "there is no such setting");
}

#[tokio::test]
async fn an_answer_that_cannot_be_written_is_a_failure_and_a_reader_who_leaves_is_none() {
    let server = TestApp::start().await;
    let data = server.data_dir();
    let binary = env!("CARGO_BIN_EXE_callqr");
    let list = format!("{binary} user list --data-dir {}", data.display());
    let shell = async |line: String| Said::from(AsyncCommand::new("bash").args(["-c", &line]).output().await.unwrap());
    refused(&shell(format!("{list} > /dev/full")).await, 1, "cannot be written");
    let left = shell(format!("set -o pipefail; {list} | true; echo $?")).await;
    assert_eq!((left.out.as_str(), left.err.as_str()), ("0\n", ""));
}

#[tokio::test]
async fn what_happened_is_told_without_names() {
    both_ways(async |data| {
        say(data, &["session", "end", "--all", "ada"]).await;
        let events = json(data, &["audit", "--limit", "1"]).await;
        let event = &events["events"][0];
        assert_eq!(event["event"], "sessions-ended", "{events}");
        assert!(event["count"].as_u64().unwrap() >= 1);
        assert!(event["at"].as_str().unwrap().ends_with(":00Z"));
        let shown = say(data, &["audit"]).await.out;
        assert!(shown.lines().nth(1).unwrap().contains("sessions-ended") && shown.contains("command line"), "{shown}");
        assert!(!shown.contains("ada "), "{shown}");
        let before = event["id"].as_i64().unwrap().to_string();
        let earlier = json(data, &["audit", "--before", &before]).await;
        let earlier = earlier["events"].as_array().unwrap();
        assert!(earlier.iter().all(|earlier| earlier["id"].as_i64() < event["id"].as_i64()), "{earlier:?}");
        refused(&say(data, &["audit", "--limit", "0"]).await, 2, "1..=500");
    })
    .await;
}

const PASSWORD: &str = "four unrelated words here\n";

async fn log_in(server: &TestApp, username: &str, password: &str) -> u16 {
    server.client.log_in(username, password.trim_end()).await.status
}

#[tokio::test]
async fn an_account_is_made_disabled_enabled_and_deleted() {
    both_ways(async |data| {
        let add = ["user", "add", "Bob", "--household", "ada", "--password-stdin"];
        let made = say_with(data, &add, PASSWORD).await;
        assert_eq!((made.code, made.out.as_str()), (0, "bob can log in.\n"), "{made:?}");
        let users = json(data, &["user", "list"]).await;
        let (ada, bob) = (&users["users"][0], &users["users"][1]);
        assert_eq!((&bob["username"], &bob["household"]), (&"bob".into(), &ada["household"]));
        assert_eq!((&bob["administrator"], &bob["lastSeenDay"]), (&false.into(), &Value::Null));
        refused(&say_with(data, &add, PASSWORD).await, 4, "taken");

        assert_eq!(json(data, &["user", "role", "bob", "administrator"]).await["administrator"], true);
        assert_eq!(say(data, &["user", "role", "bob", "owner"]).await.out, "bob is an owner, not an administrator.\n");
        refused(&say(data, &["user", "role", "ada", "owner"]).await, 4, "administrator");
        refused(&say(data, &["user", "disable", "ada"]).await, 4, "administrator");

        assert_eq!(json(data, &["user", "disable", bob["id"].as_str().unwrap()]).await["disabled"], true);
        assert!(say(data, &["user", "list"]).await.out.contains("owner          disabled"));
        assert_eq!(say(data, &["user", "enable", "bob"]).await.out, "bob can log in again.\n");

        refused(&say(data, &["user", "delete", "bob"]).await, 2, "--yes");
        let gone = json(data, &["user", "delete", "bob", "--yes"]).await;
        assert_eq!((&gone["username"], gone["revoked"].as_array().unwrap().len()), (&"bob".into(), 0));
        for words in [&["user", "delete", "bob", "--yes"][..], &["user", "disable", "bob"], &["user", "enable", "bob"]]
        {
            refused(&say(data, words).await, 3, "There is no user \"bob\"");
        }
    })
    .await;
}

#[tokio::test]
async fn the_first_account_can_be_made_here_and_operates_the_server() {
    let server = TestApp::start().await;
    let data = server.data_dir();
    let made = say_with(&data, &["user", "add", "eve", "--password-stdin", "--json"], PASSWORD).await;
    assert_eq!(made.json()["administrator"], true, "{made:?}");
    assert_eq!(log_in(&server, "eve", PASSWORD).await, 200);
}

#[tokio::test]
async fn passwords_that_break_a_rule_are_refused_and_none_is_taken_from_the_words() {
    let server = TestApp::start().await;
    server.owner().await;
    let data = server.data_dir();
    for (input, part) in
        [("short\n", "at least 10"), ("", "at least 10"), ("two lines of\nwords\n", "more than one line")]
    {
        refused(&say_with(&data, &["user", "add", "bob", "--password-stdin"], input).await, 4, part);
        refused(&say_with(&data, &["user", "reset-password", "ada", "--password-stdin"], input).await, 4, part);
    }
    let long = "x".repeat(5000);
    refused(&say_with(&data, &["user", "add", "bob", "--password-stdin"], &long).await, 4, "at most");
    refused(&say(&data, &["user", "add", "bob", "four unrelated words here"]).await, 2, "unexpected argument");
    refused(
        &say(&data, &["user", "add", "bob", "--password", "four unrelated words here"]).await,
        2,
        "unexpected argument",
    );
    refused(&say_with(&data, &["user", "reset-password", "nobody", "--password-stdin"], PASSWORD).await, 3, "no user");
}

#[tokio::test]
async fn somebody_who_lost_the_second_factor_gets_in_with_the_password() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let data = server.data_dir();
    owner.add_totp().await.1.ok();
    let log_in = async || server.client.log_in("ada", appliances::PASSWORD).await.ok();
    assert!(!log_in().await.second_factor().ticket.is_empty());

    let reset = say(&data, &["user", "reset-mfa", "ada"]).await;
    assert_eq!(reset.out, "ada has no second factor and logs in with the password alone.\n", "{reset:?}");
    assert!(log_in().await.logged_in().token.is_some());
    refused(&say(&data, &["user", "reset-mfa", "nobody"]).await, 3, "no user");
}

#[tokio::test]
async fn a_lost_password_is_replaced_and_what_the_old_one_opened_ends() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let data = server.data_dir();
    let words = ["user", "reset-password", "ada", "--password-stdin"];
    let set = say_with(&data, &words, PASSWORD).await;
    assert_eq!(set.out, "ada has a new password; 1 session ended.\n", "{set:?}");
    assert!(set.err.contains("does not unlock the keys of their stickers"), "{set:?}");
    assert_eq!(owner.account().await.status, 401);
    assert_eq!(log_in(&server, "ada", appliances::PASSWORD).await, 401);
    assert_eq!(log_in(&server, "ada", PASSWORD).await, 200);

    let link = json(&data, &["user", "reset-password", "ada", "--link"]).await;
    let (_, token) = link["url"].as_str().unwrap().split_once("/reset#").unwrap();
    server.client.reset_password(token, "another set of words").await.ok();
    assert_eq!(log_in(&server, "ada", "another set of words").await, 200);
    refused(&say(&data, &["user", "reset-password", "ada", "--link", "--password-stdin"]).await, 2, "cannot be used");
    refused(&say(&data, &["user", "reset-password", "ada", "--qr"]).await, 2, "--link");

    let directory = server.stop().await;
    let data = directory.path().join("data");
    assert_eq!(say_with(&data, &words, PASSWORD).await.code, 0);
    let shown = say(&data, &["user", "reset-password", "ada", "--link", "--qr"]).await;
    assert!(shown.out.contains("/reset#") && shown.out.contains('█'), "{shown:?}");
    let server = TestApp::start_in(directory, &[]).await;
    assert_eq!(log_in(&server, "ada", PASSWORD).await, 200);
}

#[tokio::test]
async fn a_person_who_lost_a_second_factor_gets_in_with_the_password() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let data = server.data_dir();
    owner.add_totp().await.1.ok();
    assert_eq!(json(&data, &["user", "list"]).await["users"][0]["secondFactor"], true);
    let log_in = async || server.client.log_in("ada", appliances::PASSWORD).await.ok();
    log_in().await.second_factor();

    let reset = say(&data, &["user", "reset-mfa", "ada"]).await;
    assert_eq!(reset.out, "ada has no second factor and logs in with the password alone.\n", "{reset:?}");
    assert!(log_in().await.logged_in().token.is_some());
    refused(&say(&data, &["user", "reset-mfa", "nobody"]).await, 3, "no user");

    let directory = server.stop().await;
    let reset = json(&directory.path().join("data"), &["user", "reset-mfa", "ada"]).await;
    assert_eq!(reset["secondFactor"], false);
}

#[tokio::test]
async fn an_invite_is_made_listed_revoked_and_used() {
    both_ways(async |data| {
        let shown = say(data, &["invite", "new", "--household", "ada", "--lifetime", "day"]).await;
        assert!(shown.err.contains("does not carry the keys"), "{shown:?}");
        assert!(shown.code == 0 && shown.out.contains("join a household") && shown.out.contains("/join#"), "{shown:?}");
        let invites = json(data, &["invite", "list"]).await;
        let invite = &invites["invites"][0];
        assert_eq!((&invite["kind"], &invite["by"]), (&"household".into(), &Value::Null));
        let id = invite["id"].as_str().unwrap();
        let listed = say(data, &["invite", "list"]).await.out;
        assert!(listed.contains(id) && listed.contains("command line"), "{listed}");
        assert!(say(data, &["invite", "revoke", id]).await.out.contains("Its link no longer works"));
        refused(&say(data, &["invite", "revoke", id]).await, 3, "callqr invite list");
        refused(&say(data, &["invite", "new", "--household", "nobody"]).await, 3, "no user");
        assert_eq!(say(data, &["invite", "list"]).await.out, "There are no unused invites.\n");
    })
    .await;
    let server = TestApp::start().await;
    server.owner().await;
    let invite = json(&server.data_dir(), &["invite", "new"]).await;
    let (_, token) = invite["url"].as_str().unwrap().split_once("/join#").unwrap();
    let (password, invite_token) = (Some("four unrelated words"), Some(token));
    let bob = Registration { username: "bob", password, invite_token, ..Registration::default() };
    server.client.register(&bob).await.ok();
}

fn scan(picture: &Path) -> String {
    let run = Command::new("zbarimg").args(["--quiet", "--raw", "--nodbus"]).arg(picture).output();
    let output = run.expect("this test needs zbarimg: apt-get install zbar-tools");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}
