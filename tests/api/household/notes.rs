//! Notes, from a caller who leaves one to an owner who deletes it. What is in them the server never sees.

use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::people::belongings::{Keyed, envelope, minute};
use crate::support::{NewNote, Say, TestApp};

#[tokio::test]
async fn a_note_reaches_its_owner_as_it_was_sealed() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = Keyed::make(&owner).await;
    let sealed = envelope(512);
    let sent = minute(0);
    let left = server.client.leave_note(&tag.note(&sealed, sent)).await;
    assert!(!left.header("date").is_empty(), "a page whose clock is wrong takes the time from it");

    let reply = owner.inbox().await;
    let inbox = reply.ok();
    assert_eq!((inbox.unread, inbox.next), (1, None));
    let id = &inbox.notes[0].id;
    assert!(id.starts_with("note_"));
    let until = left.ok().kept_until;
    let expected = json!({
        "id": id, "tagId": tag.id, "kind": "text", "minute": sent, "envelope": sealed, "read": false,
        "expiresAt": until,
    });
    assert_eq!(reply.body["notes"][0], expected);
    assert!(until.ends_with(":00Z"), "the second in which it came is not kept: {until}");

    // By the whole code as well, which programs may send.
    let note = NewNote { scanned_token: tag.code.clone(), ..tag.note(&envelope(4096), sent) };
    server.client.leave_note(&note).await.ok();
    assert_eq!(owner.notes().await.len(), 2);
}

#[tokio::test]
async fn what_is_sent_again_because_its_receipt_was_lost_is_kept_once() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let note = Keyed::make(&owner).await.note(&envelope(256), minute(0));
    for _ in 0..2 {
        server.client.leave_note(&note).await.ok();
    }
    assert_eq!(owner.notes().await.len(), 1);
}

#[tokio::test]
async fn notes_are_refused_as_calls_are() {
    let server = TestApp::start_with(&[("limits.note", "100 per 1m")]).await;
    let owner = server.owner().await;
    let tag = Keyed::make(&owner).await;
    let good = tag.note(&envelope(256), minute(0));
    let leave = async || server.client.leave_note(&good).await;
    let plain = owner.make_tag().await.ok();
    for (field, value, answer) in [
        ("scannedToken", json!(callqr::domain::household::tag::Token::random().code()), (404, "unknown-code")),
        ("scannedToken", json!(plain.code), (409, "no-key")),
        ("scannedToken", json!("hello"), (400, "bad-code")),
        ("kind", json!("voice"), (400, "bad-json")),
        ("minute", json!(-1), (400, "bad-json")),
        ("minute", json!(0), (400, "clock-differs")),
        ("minute", json!(minute(-7)), (400, "clock-differs")),
        ("minute", json!(minute(7)), (400, "clock-differs")),
        ("minute", json!(u64::MAX), (400, "clock-differs")),
        ("envelope", json!("in clear: your lights are on"), (400, "bad-note")),
        ("envelope", json!(envelope(300)), (400, "bad-note")),
        ("envelope", json!(envelope(8192)), (400, "bad-note")),
    ] {
        let mut note = json!(good);
        note[field] = value.clone();
        assert_eq!(server.client.leave_note(&note).await.refused(), answer, "{field}: {value}");
    }
    owner.pause_tag(&tag.id).await.ok();
    assert_eq!(leave().await.refused(), (409, "paused"));
    owner.resume_tag(&tag.id).await.ok();
    assert!(owner.notes().await.is_empty());
    leave().await.ok();
    // The owner's page sees the note go with its sticker, and a scan finds that it is unknown.
    owner.revoke_tag(&tag.id).await.ok();
    assert!(owner.notes().await.is_empty());
    assert_eq!(leave().await.refused(), (404, "unknown-code"));
}

#[tokio::test]
async fn a_full_inbox_refuses_and_loses_nothing() {
    let server = TestApp::start_with(&[
        ("notes.max_per_tag", "2"),
        ("notes.max_per_household", "3"),
        ("limits.note", "100 per 1m"),
    ])
    .await;
    let owner = server.owner().await;
    let (one, two) = (Keyed::make(&owner).await, Keyed::make(&owner).await);
    let leave = async |tag: &Keyed| server.client.leave_note(&tag_note(tag)).await;
    let full = (409, "inbox-full");
    let first = tag_note(&one);
    server.client.leave_note(&first).await.ok();
    leave(&one).await.ok();
    assert_eq!(leave(&one).await.refused(), full, "two for one tag");
    leave(&two).await.ok();
    assert_eq!(leave(&two).await.refused(), full, "three for the household");
    assert_eq!(server.client.leave_note(&first).await.status, 201, "it is there already");
    assert_eq!(owner.notes().await.len(), 3);
    let other = owner.bring_in("owner", "bob").await;
    assert_eq!(leave(&Keyed::make(&other).await).await.status, 201, "each household has its own");
    owner.delete_notes().await.ok();
    leave(&one).await.ok();
}

fn tag_note(tag: &Keyed) -> NewNote {
    tag.note(&envelope(256), minute(0))
}

#[tokio::test]
async fn notes_are_counted_per_source_and_per_tag() {
    let server = TestApp::start_with(&[("limits.note", "4 per 1h"), ("limits.note_per_tag", "2 per 1h")]).await;
    let owner = server.owner().await;
    let (one, two) = (Keyed::make(&owner).await, Keyed::make(&owner).await);
    let mut told = Vec::new();
    for tag in [&one, &one, &one, &two, &two] {
        let reply = server.client.leave_note(&tag_note(tag)).await;
        told.push((reply.status, !reply.header("retry-after").is_empty()));
    }
    assert_eq!(told, [(201, false), (201, false), (429, true), (201, false), (429, true)]);
}

#[tokio::test]
async fn devices_hear_of_notes_that_come_are_opened_and_are_deleted() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let mate = owner.bring_in("household", "mate").await;
    let stranger = owner.bring_in("owner", "bob").await;
    let tag = Keyed::make(&owner).await;
    let (mut mine, mut others) = (owner.present().await, mate.present().await);
    let mut strangers = stranger.present().await;
    for size in [256, 1024] {
        server.client.leave_note(&tag.note(&envelope(size), minute(0))).await.ok();
        mine.wait_for("notes-changed").await;
        others.wait_for("notes-changed").await;
    }
    let ids: Vec<_> = mate.notes().await.into_iter().map(|note| note.id).collect();
    mate.read_notes(&[&ids[0]]).await.ok();
    mine.wait_for("notes-changed").await;
    let inbox = owner.inbox().await.ok();
    assert_eq!((inbox.unread, inbox.notes[0].read), (1, true), "read by one, read for all");
    mate.read_notes(&[&ids[0]]).await.ok();
    owner.delete_read_notes().await.ok();
    mine.wait_for("notes-changed").await;
    let left = owner.notes().await;
    assert_eq!((left.len(), &left[0].id), (1, &ids[1]), "what nobody has opened stays");
    owner.delete_note(&ids[1]).await.ok();
    mine.wait_for("notes-changed").await;
    strangers.say(Say::Ping).await;
    assert_eq!(strangers.hear().await, "pong", "nobody else hears anything");
}

#[tokio::test]
async fn notes_are_their_households_alone() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    let tag = Keyed::make(&bob).await;
    server.client.leave_note(&tag_note(&tag)).await.ok();
    let id = bob.notes().await.remove(0).id;
    assert!(ada.notes().await.is_empty());
    assert_eq!(ada.delete_note(&id).await.code(), "no-such-note");
    assert_eq!(ada.delete_note("none").await.code(), "no-such-note");
    ada.delete_notes().await.ok();
    ada.read_notes(&[&id]).await.ok();
    let left = bob.notes().await;
    assert_eq!((left.len(), left[0].read), (1, false));
    assert_eq!(server.client.inbox().await.status, 401);
    assert_eq!(server.client.delete_notes().await.status, 401);
    assert_eq!(ada.read_notes(&["x"]).await.code(), "bad-id");
    assert_eq!(ada.read_notes(&[&*id; 101]).await.code(), "too-many-notes");
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let server = TestApp::start_with(&[("limits.note", "100 per 1m"), ("limits.note_per_tag", "100 per 1m")]).await;
    let owner = server.owner().await;
    let tag = Keyed::make(&owner).await;
    let now = minute(0);
    let mut sent = Vec::new();
    for n in 0..7 {
        let (at, sealed) = (now - n % 3, envelope(256));
        server.client.leave_note(&tag.note(&sealed, at)).await.ok();
        sent.push((at, n, sealed));
    }
    sent.sort_unstable_by(|a, b| b.cmp(a));
    let all = owner.notes().await;
    let listed: Vec<_> = all.iter().map(|note| note.envelope.as_str()).collect();
    assert_eq!(listed, sent.iter().map(|(_, _, sealed)| sealed.as_str()).collect::<Vec<_>>(), "the latest first");
    let (mut found, mut next) = (Vec::new(), String::new());
    for length in [3, 3, 1] {
        let page = owner.inbox_of(&format!("?limit=3{next}")).await.ok();
        assert_eq!((page.unread, page.notes.len()), (7, length));
        found.extend(page.notes);
        next = page.next.map(|next| format!("&before={next}")).unwrap_or_default();
    }
    assert_eq!((found, next), (all.clone(), String::new()));
    let page = owner.inbox_of("?limit=3").await.ok();
    owner.delete_note(&page.notes[2].id).await.ok();
    let next = owner.inbox_of(&format!("?before={}", page.next.unwrap())).await.ok();
    for note in &all[3..] {
        assert!(next.notes.contains(note), "none is left out because another was deleted");
    }
    for query in ["limit=0", "limit=101", "limit=x", "before=x", "before=1.x", "before=x.note_", "after=1"] {
        assert_eq!(owner.inbox_of(&format!("?{query}")).await.code(), "bad-query", "{query}");
    }
}

#[tokio::test]
async fn a_note_ends_with_its_time_or_with_its_sticker() {
    let server = TestApp::start_with(&[("retention.notes", "2h")]).await;
    let owner = server.owner().await;
    let lasting = Keyed::make(&owner).await;
    let until = server.client.leave_note(&tag_note(&lasting)).await.ok().kept_until;
    let ends = time::OffsetDateTime::parse(&until, &time::format_description::well_known::Rfc3339);
    let in_two_hours = SystemTime::now() + Duration::from_secs(2 * 60 * 60);
    let off = in_two_hours.duration_since(ends.unwrap().into()).unwrap();
    assert!(off < Duration::from_secs(60 + 20), "{off:?}");
    drop(server);

    let server = TestApp::start_with(&[("retention.notes", "30d")]).await;
    let owner = server.owner().await;
    let brief = Keyed::make_for(&owner, "day").await;
    let until = server.client.leave_note(&tag_note(&brief)).await.ok().kept_until;
    assert_eq!(Some(until), owner.tags().await.ok().tags[0].expires_at);
}
