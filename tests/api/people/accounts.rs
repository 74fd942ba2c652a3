//! What belongs to an account, and what is left when it is deleted.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::types::ValueRef;
use serde_json::json;

use crate::people::belongings::{Belongings, furnish};
use crate::support::{Changes, PASSWORD, Registration, Say, TestApp, To};

#[tokio::test]
async fn personal_fields_are_written_changed_and_removed_by_their_owner() {
    let server = TestApp::start().await;
    let registration = Registration {
        emergency_contact: Some(" Charles,\nnext door "),
        vehicle_number: Some("B-AB 1815"),
        ..server.first_account()
    };
    let ada = server.client.holding(&server.client.register(&registration).await.ok());
    let account = ada.account().await.ok();
    assert_eq!((&*account.username, account.administrator), ("ada", true));
    assert_eq!(account.emergency_contact.as_deref(), Some("Charles, next door"));
    assert_eq!((account.vehicle_number.as_deref(), account.keep_missed_calls), (Some("B-AB 1815"), false));
    assert!(account.confirmed_until.is_some());

    let changed = ada.change_account(&json!({ "vehicleNumber": null, "keepMissedCalls": true })).await;
    assert_eq!(changed.body, ada.account().await.body);
    let account = changed.ok();
    assert_eq!((account.vehicle_number, account.keep_missed_calls), (None, true));
    assert_eq!(account.emergency_contact.as_deref(), Some("Charles, next door"), "what is not named stays");
    let removed = ada.change_account(&Changes { emergency_contact: Some("  "), ..Changes::default() }).await;
    assert_eq!(removed.ok().emergency_contact, None);
    let long = "x".repeat(201);
    let refused = ada.change_account(&Changes { vehicle_number: Some(&long), ..Changes::default() }).await;
    assert_eq!(refused.refused(), (400, "personal-text-too-long"));
    assert_eq!(ada.change_account(&json!({ "keepMissedCalls": "yes" })).await.status, 400);
    assert_eq!(server.client.change_account(&Changes::default()).await.status, 401);
}

#[tokio::test]
async fn a_name_is_one_name_however_it_is_typed_and_no_other_looks_like_it() {
    let server = TestApp::start_with(&[("accounts.registration", "open")]).await;
    let register = async |username| {
        let registration = Registration { username, password: Some(PASSWORD), ..Registration::default() };
        server.client.register(&registration).await
    };
    server.owner().await;
    for name in ["jos\u{e9}", "İstanbul", "王芳", "сосо"] {
        register(name).await.ok();
    }
    for (typed, username) in [
        ("jose\u{301}", "jos\u{e9}"),
        ("JOSE\u{301}", "jos\u{e9}"),
        ("İSTANBUL", "istanbul"),
        ("istanbul", "istanbul"),
        ("ıstanbul", "istanbul"),
        ("王芳", "王芳"),
        ("Сосо", "сосо"),
    ] {
        assert_eq!(register(typed).await.refused(), (409, "username-taken"), "{typed}");
        assert_eq!(server.client.enter(typed, PASSWORD).await.account().await.ok().username, username, "{typed}");
    }
    for (name, why) in [
        ("coco", (409, "username-taken")),
        ("οο.ada", (400, "username-scripts")),
        ("аda", (400, "username-scripts")),
        ("ab", (400, "username-length")),
        ("ada\u{202e}", (400, "username-characters")),
    ] {
        assert_eq!(register(name).await.refused(), why, "{name}");
    }
}

#[tokio::test]
async fn passwords_that_everybody_tries_first_are_refused() {
    let server = TestApp::start().await;
    for (password, why) in [
        ("too short", "password-too-short"),
        ("ada.lovelace", "password-too-common"),
        ("password123", "password-too-common"),
        ("1234567890", "password-too-common"),
        ("aaaaaaaaaaaaaaa", "password-too-common"),
    ] {
        let weak = Registration { username: "ada.lovelace", password: Some(password), ..server.first_account() };
        let refused = server.client.register(&weak).await;
        assert_eq!(refused.refused(), (400, why), "{password}");
        assert!(!refused.text.contains(password));
    }
}

#[tokio::test]
async fn all_phones_of_a_household_ring_and_one_answers() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("household", "bob").await;
    let eve = ada.bring_in("owner", "eve").await;
    let tag = ada.make_tag().await.ok();
    let (mut phone_a, mut phone_b) = (ada.present().await, bob.present().await);
    let mut phone_e = eve.present().await;
    let (_, mut caller) = server.client.call(&tag.code).await;
    let (ring_a, ring_b) = (phone_a.ring().await, phone_b.ring().await);
    assert_eq!((&ring_a.tag_id, &ring_b.tag_id), (&tag.id, &tag.id));
    let mut device_a = server.client.pick_up(&ring_a).await;
    let mut device_b = server.client.pick_up(&ring_b).await;
    caller.wait_for("ringing 2").await;
    device_b.accept().await;
    caller.wait_for("answered").await;
    assert_eq!(device_a.ended().await, "answered-elsewhere");

    // The other household heard nothing: the first message after its welcome is the answer to its ping.
    phone_e.say(Say::Ping).await;
    assert_eq!(phone_e.hear().await, "pong");

    ada.pause_tag(&tag.id).await.ok();
    assert_eq!(caller.ended().await, "withdrawn", "what one pauses is paused for all");
}

#[tokio::test]
async fn what_cannot_be_undone_needs_a_fresh_proof() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let id = bob.account_id().await;
    server.age_sessions();
    assert_eq!(ada.account().await.ok().confirmed_until, None);
    let mut answers = vec![ada.export().await, ada.delete_account().await.erased()];
    answers.push(bob.new_invite("household").await.erased());
    for to in [To::Disable, To::Enable, To::MakeAdministrator, To::MakeOwner] {
        answers.push(ada.change_user(&id, to).await.erased());
    }
    answers.push(ada.new_reset_link(&id).await.erased());
    answers.push(ada.delete_user(&id).await.erased());
    for answer in answers {
        assert_eq!(answer.refused(), (403, "confirm-first"));
        assert!(answer.body["error"]["hint"].as_str().unwrap().contains("/account/confirm"));
    }
    assert_eq!(bob.account().await.status, 200);
    assert_eq!(ada.users().await.status, 200, "looking is not changing");

    // A clock that was set back does not make an old proof a fresh one.
    server.database().execute("UPDATE sessions SET confirmed_at = confirmed_at + 86400000", []).unwrap();
    assert_eq!(ada.export().await.code(), "confirm-first");
}

/// Every file below a directory, by its name.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    let of_entry = |entry: std::fs::DirEntry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files(&entry.path()),
        kind if kind.is_file() => {
            vec![(entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap())]
        }
        _ => vec![],
    };
    entries.flat_map(of_entry).collect()
}

/// Every byte string of a table that is long enough to be somebody's.
fn blobs_of(server: &TestApp, table: &str) -> BTreeSet<Vec<u8>> {
    let database = server.database();
    let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let mut rows = statement.query([]).unwrap();
    let mut found = BTreeSet::new();
    while let Some(row) = rows.next().unwrap() {
        for column in 0..columns {
            match row.get_ref(column).unwrap() {
                ValueRef::Blob(bytes) | ValueRef::Text(bytes) if bytes.len() >= 12 => found.insert(bytes.to_vec()),
                _ => false,
            };
        }
    }
    found
}

/// Every byte string of the database that is long enough to be somebody's, but for the audit trail's opaque ids, and the
/// digests of tokens, which are nobody's and stay so that no sticker is ever registered twice.
fn blobs(server: &TestApp) -> BTreeSet<Vec<u8>> {
    let database = server.database();
    let mut names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names: Vec<String> = names.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let of_the_trail = blobs_of(server, "audit");
    let lasting = ["audit", "known_tokens"];
    let others = names.iter().filter(|name| !lasting.contains(&name.as_str())).flat_map(|name| blobs_of(server, name));
    others.filter(|bytes| !of_the_trail.contains(bytes)).collect()
}

#[tokio::test]
async fn a_deleted_account_leaves_nothing_behind_and_ends_what_is_under_way() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let mine = ada.make_tag().await.ok();
    // The trail knows an account by its id, and keeps it.
    ada.audit().await.ok();
    let before = blobs(&server);
    let bob = ada.bring_in("owner", "bob").await;
    let Belongings { account: id, tag, .. } = furnish(&server, &bob, "bob").await;
    ada.new_reset_link(&id).await.ok();
    ada.audit().await.ok();
    let bobs: Vec<_> = blobs(&server).difference(&before).cloned().collect();
    assert!(bobs.len() >= 30, "{} byte strings of his were found", bobs.len());
    for table in
        ["sessions", "totp", "backup_codes", "passkeys", "missed_calls", "notes", "vaults", "vault_wraps", "invites"]
    {
        let of_table = blobs_of(&server, table);
        assert!(of_table.iter().any(|bytes| bobs.contains(bytes)), "{table} has something of his");
    }

    let mut presence = bob.present().await;
    let mut talk = server.client.talk(&tag.code, &mut presence).await;
    let copy = server.data_dir().join("callqr.before-v2.db");
    server.database().execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
    let gone = bob.delete_account().await;
    gone.ok();
    assert!(!copy.exists(), "a copy from before is still there");
    for (name, content) in files(&server.data_dir()) {
        let stands = |bytes: &&Vec<u8>| content.windows(bytes.len()).any(|window| window == **bytes);
        // The file itself may be written a little later: it is looked at below, once the server has stopped.
        assert!(name == "callqr.db" || bobs.iter().find(stands).is_none(), "{name} has something still");
    }
    assert!(gone.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(talk.caller.ended().await, "withdrawn");
    assert_eq!(presence.refused().await, "logged-out");
    assert_eq!(bob.account().await.code(), "no-session");
    assert!(!server.client.validate(&tag.code).await.ok().valid);
    assert_eq!(server.client.log_in("bob", PASSWORD).await.code(), "wrong-credentials");
    assert_eq!(ada.users().await.ok().users.len(), 1);
    assert_eq!(blobs(&server), before);

    let data = server.data_dir();
    let directory = server.stop().await;
    let files = files(&data);
    let stands = |bytes: &[u8]| files.iter().find(|(_, content)| content.windows(bytes.len()).any(|w| w == bytes));
    assert!(before.iter().filter(|bytes| stands(bytes).is_some()).count() >= 8, "the search finds what is there");
    for bytes in &bobs {
        assert_eq!(stands(bytes).map(|(name, _)| name), None, "{} bytes of his are still there", bytes.len());
    }
    let server = TestApp::start_in(directory, &[]).await;
    assert!(server.client.validate(&mine.code).await.ok().valid);
}

#[tokio::test]
async fn a_household_keeps_its_tags_while_somebody_is_left_in_it() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let carol = bob.bring_in("household", "carol").await;
    let tag = bob.make_tag().await.ok();
    bob.delete_account().await.ok();
    assert!(server.client.validate(&tag.code).await.ok().valid);
    assert_eq!(carol.tags().await.ok().tags[0].id, tag.id);
    carol.delete_account().await.ok();
    assert!(!server.client.validate(&tag.code).await.ok().valid);
}

#[tokio::test]
async fn the_last_administrator_leaves_last() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    assert_eq!(ada.delete_account().await.refused(), (409, "last-administrator"));
    bob.delete_account().await.ok();
    ada.delete_account().await.ok();
    assert_eq!(server.client.registration().await, "setup");
    let server = TestApp::start_in(server.stop().await, &[]).await;
    assert!(server.setup_token.is_some(), "an empty server can be set up again");
    server.owner().await;
}
