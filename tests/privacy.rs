//! What the real binary writes about a whole call: nothing that names anybody, at the most talkative log level.

#![allow(clippy::unwrap_used)]

#[path = "support/mod.rs"]
mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Stdio};

use support::{Client, Registration, Say, TagWish};

const USERNAME: &str = "canary-username";
const PASSWORD: &str = "canary password of many words";
const CONTACT: &str = "canary contact +49 0000";
const LABEL: &str = "canary label";
const PUBLIC_TEXT: &str = "canary public text";
const SDP: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=canary-sdp\r\nt=0 0\r\n";

/// Files below `directory`, each with its bytes.
fn files_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    files
}

fn contains(bytes: &[u8], canary: &[u8]) -> bool {
    bytes.windows(canary.len()).any(|window| window.eq_ignore_ascii_case(canary))
}

#[tokio::test]
async fn neither_the_log_nor_the_database_names_anybody() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_callqr"))
        .current_dir(directory.path())
        .args(["--listen", "127.0.0.1:0", "--log-level", "trace", "--log-format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut welcome = String::new();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap());
    while !welcome.contains("Press Ctrl-C to stop.") {
        assert_ne!(lines.read_line(&mut welcome).unwrap(), 0);
    }
    let link = welcome.lines().find(|line| line.contains("/setup#")).unwrap();
    let (url, setup_token) = link.trim().split_once("/setup#").unwrap();
    let port = url.rsplit(':').next().unwrap().parse().unwrap();
    let authority = fs::read_to_string(directory.path().join("data/tls/authority.pem")).unwrap();
    let client = Client::new(port, &authority);
    let mut canaries: Vec<String> =
        [USERNAME, PASSWORD, CONTACT, LABEL, PUBLIC_TEXT, "canary-sdp", setup_token].map(String::from).into();

    // An account, by cookie and by token; failures too, since it is failures that get logged.
    let registration = Registration {
        username: USERNAME,
        password: Some(PASSWORD),
        emergency_contact: Some(CONTACT),
        setup_token: Some(setup_token),
        ..Registration::default()
    };
    let session = client.register(&registration).await.ok();
    assert_eq!(client.log_in(USERNAME, "canary wrong password").await.status, 401);
    let owner = client.holding(&session);
    canaries.extend([session.token().into(), "canary wrong password".into()]);

    let wish = TagWish { label: Some(LABEL), public_text: Some(PUBLIC_TEXT), ..TagWish::default() };
    let tag = owner.make_tag_with(&wish).await.ok();
    let secret = tag.code.split(':').nth(2).unwrap();
    canaries.extend([secret.into(), tag.id.clone()]);
    client.validate(&tag.code).await.ok();
    assert_eq!(client.get("/api/v1/tokens/canary-path?canary=query").await.status, 405);
    canaries.extend(["canary-path".into(), "canary=query".into()]);

    // A call: rung, answered, an offer passed on, ended.
    let presence = owner.presence_ticket().await.ok();
    let mut phone = owner.join(&presence.signaling_endpoint, &presence.ticket).await;
    let mut talk = client.talk(&tag.code, &mut phone).await;
    talk.caller.say(Say::Offer(SDP.into())).await;
    talk.device.wait_for("offer").await;
    talk.device.say(Say::Hangup).await;
    talk.caller.ended().await;
    let call = talk.call;
    canaries.extend([call.session_id, call.caller_anonymous_id, call.ticket, presence.ticket]);

    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert!(child.wait().unwrap().success());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();

    // The search works: it finds what must be there.
    let files = files_below(&directory.path().join("data"));
    let database = files.iter().filter(|(name, _)| name.contains("callqr.db")).collect::<Vec<_>>();
    assert!(contains(log.as_bytes(), b"STARTED") && database.iter().any(|(_, bytes)| contains(bytes, b"create table")));

    let token_bytes = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(secret).unwrap()
    };
    for canary in &canaries {
        assert!(!contains(log.as_bytes(), canary.as_bytes()), "the log says {canary}:\n{log}");
        for (name, bytes) in &files {
            assert!(!contains(bytes, canary.as_bytes()), "{name} contains {canary}");
        }
    }
    for (name, bytes) in &files {
        assert!(!contains(bytes, &token_bytes), "{name} contains a sticker's token");
        assert!(!contains(bytes, b"127.0.0.1"), "{name} contains an address");
    }
    assert!(!log.contains("127.0.0.1"), "the log names an address:\n{log}");
}
