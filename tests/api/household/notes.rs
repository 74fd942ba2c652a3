//! Notes, from a caller who leaves one to an owner who deletes it. What is in them the server never sees.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::people::belongings::{Keyed, envelope, minute};
use crate::support::{Client, Server, Socket, invited, make_tag};

async fn notes(owner: &Client) -> Vec<Value> {
    owner.get("/api/v1/notes").await.body["notes"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_note_reaches_its_owner_as_it_was_sealed() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = Keyed::make(&owner).await;
    let sealed = envelope(512);
    let sent = minute(0);
    let left = server.client.post("/api/v1/notes", &tag.note(&sealed, sent)).await;
    assert_eq!(left.status, 201, "{}", left.text);
    assert!(!left.header("date").is_empty(), "a page whose clock is wrong takes the time from it");

    let inbox = owner.get("/api/v1/notes").await.body;
    assert_eq!((&inbox["unread"], &inbox["next"]), (&json!(1), &Value::Null));
    let note = &inbox["notes"][0];
    let id = note["id"].as_str().unwrap();
    assert!(id.starts_with("note_"));
    let expected = json!({
        "id": id, "tagId": tag.id, "kind": "text", "minute": sent, "envelope": sealed, "read": false,
        "expiresAt": left.body["keptUntil"],
    });
    assert_eq!(*note, expected);
    let until = note["expiresAt"].as_str().unwrap();
    assert!(until.ends_with(":00Z"), "the second in which it came is not kept: {until}");

    // By the whole code as well, which programs may send.
    let code = json!({ "scannedToken": tag.code, "kind": "text", "minute": sent, "envelope": envelope(4096) });
    assert_eq!(server.client.post("/api/v1/notes", &code).await.status, 201);
    assert_eq!(notes(&owner).await.len(), 2);
}

#[tokio::test]
async fn what_is_sent_again_because_its_receipt_was_lost_is_kept_once() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = Keyed::make(&owner).await;
    let note = tag.note(&envelope(256), minute(0));
    let receipts = [server.client.post("/api/v1/notes", &note).await, server.client.post("/api/v1/notes", &note).await];
    assert_eq!(receipts.map(|receipt| receipt.status), [201, 201]);
    assert_eq!(notes(&owner).await.len(), 1);
}

#[tokio::test]
async fn notes_are_refused_as_calls_are() {
    let server = Server::start_with(&[("limits.note", "100 per 1m")]).await;
    let owner = server.owner().await;
    let tag = Keyed::make(&owner).await;
    let leave = async |note: &Value| {
        let reply = server.client.post("/api/v1/notes", note).await;
        (reply.status, reply.code().to_owned())
    };
    let refused = |status: u16, code: &str| (status, code.to_owned());
    let good = tag.note(&envelope(256), minute(0));
    let plain = make_tag(&owner).await;
    for (field, value, answer) in [
        ("scannedToken", json!(callqr::domain::household::tag::Token::random().code()), refused(404, "unknown-code")),
        ("scannedToken", plain["qrCodeData"].clone(), refused(409, "no-key")),
        ("scannedToken", json!("hello"), refused(400, "bad-code")),
        ("kind", json!("voice"), refused(400, "bad-json")),
        ("minute", json!(-1), refused(400, "bad-json")),
        ("minute", json!(0), refused(400, "clock-differs")),
        ("minute", json!(minute(-7)), refused(400, "clock-differs")),
        ("minute", json!(minute(7)), refused(400, "clock-differs")),
        ("minute", json!(u64::MAX), refused(400, "clock-differs")),
        ("envelope", json!("in clear: your lights are on"), refused(400, "bad-note")),
        ("envelope", json!(envelope(300)), refused(400, "bad-note")),
        ("envelope", json!(envelope(8192)), refused(400, "bad-note")),
    ] {
        let mut note = good.clone();
        note[field] = value.clone();
        assert_eq!(leave(&note).await, answer, "{field}: {value}");
    }
    let path = format!("/api/v1/tokens/{}", tag.id);
    assert_eq!(owner.post(&format!("{path}/pause"), &json!({})).await.status, 200);
    assert_eq!(leave(&good).await, refused(409, "paused"));
    assert_eq!(owner.post(&format!("{path}/resume"), &json!({})).await.status, 200);
    assert!(notes(&owner).await.is_empty());
    assert_eq!(leave(&good).await.0, 201);
    // The owner's page sees the note go with its sticker, and whoever scans it learns that it is unknown.
    assert_eq!(owner.delete(&path).await.status, 204);
    assert!(notes(&owner).await.is_empty());
    assert_eq!(leave(&good).await, refused(404, "unknown-code"));
}

#[tokio::test]
async fn a_full_inbox_refuses_and_loses_nothing() {
    let server = Server::start_with(&[
        ("notes.max_per_tag", "2"),
        ("notes.max_per_household", "3"),
        ("limits.note", "100 per 1m"),
    ])
    .await;
    let owner = server.owner().await;
    let (one, two) = (Keyed::make(&owner).await, Keyed::make(&owner).await);
    let leave = async |tag: &Keyed| {
        let reply = server.client.post("/api/v1/notes", &tag.note(&envelope(256), minute(0))).await;
        (reply.status, reply.body["error"]["code"].as_str().map(str::to_owned))
    };
    let full = (409, Some("inbox-full".to_owned()));
    let first = tag_note(&one);
    assert_eq!(server.client.post("/api/v1/notes", &first).await.status, 201);
    assert_eq!(leave(&one).await, (201, None));
    assert_eq!(leave(&one).await, full, "two for one tag");
    assert_eq!(leave(&two).await, (201, None));
    assert_eq!(leave(&two).await, full, "three for the household");
    assert_eq!(server.client.post("/api/v1/notes", &first).await.status, 201, "it is there already");
    assert_eq!(notes(&owner).await.len(), 3);
    let other = invited(&owner, "owner", "bob").await;
    assert_eq!(leave(&Keyed::make(&other).await).await, (201, None), "each household has its own");
    assert_eq!(owner.delete("/api/v1/notes").await.status, 204);
    assert_eq!(leave(&one).await, (201, None));
}

fn tag_note(tag: &Keyed) -> Value {
    tag.note(&envelope(256), minute(0))
}

#[tokio::test]
async fn notes_are_counted_per_source_and_per_tag() {
    let server = Server::start_with(&[("limits.note", "4 per 1h"), ("limits.note_per_tag", "2 per 1h")]).await;
    let owner = server.owner().await;
    let (one, two) = (Keyed::make(&owner).await, Keyed::make(&owner).await);
    let mut told = Vec::new();
    for tag in [&one, &one, &one, &two, &two] {
        let reply = server.client.post("/api/v1/notes", &tag_note(tag)).await;
        told.push((reply.status, !reply.header("retry-after").is_empty()));
    }
    assert_eq!(told, [(201, false), (201, false), (429, true), (201, false), (429, true)]);
}

#[tokio::test]
async fn devices_hear_of_notes_that_come_are_opened_and_are_deleted() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let mate = invited(&owner, "household", "mate").await;
    let stranger = invited(&owner, "owner", "bob").await;
    let tag = Keyed::make(&owner).await;
    let phone = async |client: &Client| {
        let ticket = client.post("/api/v1/presence/ticket", &json!({})).await.body["ticket"].clone();
        Socket::open(&server.client, "/api/v1/presence", ticket.as_str().unwrap()).await
    };
    let (mut mine, mut others, mut strangers) = (phone(&owner).await, phone(&mate).await, phone(&stranger).await);
    for size in [256, 1024] {
        assert_eq!(server.client.post("/api/v1/notes", &tag.note(&envelope(size), minute(0))).await.status, 201);
        assert_eq!(mine.hear("notes-changed").await, json!({}));
        assert_eq!(others.hear("notes-changed").await, json!({}));
    }
    let ids: Vec<_> = notes(&mate).await.iter().map(|note| note["id"].clone()).collect();
    assert_eq!(mate.post("/api/v1/notes/read", &json!({ "notes": [ids[0]] })).await.status, 204);
    mine.hear("notes-changed").await;
    let inbox = owner.get("/api/v1/notes").await.body;
    assert_eq!((&inbox["unread"], &inbox["notes"][0]["read"]), (&json!(1), &json!(true)), "read by one, read for all");
    assert_eq!(mate.post("/api/v1/notes/read", &json!({ "notes": [ids[0]] })).await.status, 204);
    assert_eq!(owner.delete("/api/v1/notes?read=true").await.status, 204);
    mine.hear("notes-changed").await;
    let left = notes(&owner).await;
    assert_eq!((left.len(), &left[0]["id"]), (1, &ids[1]), "what nobody has opened stays");
    assert_eq!(owner.delete(&format!("/api/v1/notes/{}", ids[1].as_str().unwrap())).await.status, 204);
    mine.hear("notes-changed").await;
    strangers.say("ping", json!({})).await;
    assert_eq!(strangers.next().await["type"], "pong", "nobody else hears anything");
}

#[tokio::test]
async fn notes_are_their_households_alone() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    let tag = Keyed::make(&bob).await;
    assert_eq!(server.client.post("/api/v1/notes", &tag_note(&tag)).await.status, 201);
    let id = notes(&bob).await[0]["id"].as_str().unwrap().to_owned();
    assert!(notes(&ada).await.is_empty());
    assert_eq!(ada.delete(&format!("/api/v1/notes/{id}")).await.code(), "no-such-note");
    assert_eq!(ada.delete("/api/v1/notes/none").await.code(), "no-such-note");
    assert_eq!(ada.delete("/api/v1/notes").await.status, 204);
    assert_eq!(ada.post("/api/v1/notes/read", &json!({ "notes": [id] })).await.status, 204);
    assert_eq!((notes(&bob).await.len(), &notes(&bob).await[0]["read"]), (1, &json!(false)));
    assert_eq!(server.client.get("/api/v1/notes").await.status, 401);
    assert_eq!(server.client.delete("/api/v1/notes").await.status, 401);
    assert_eq!(ada.post("/api/v1/notes/read", &json!({ "notes": ["x"] })).await.code(), "bad-id");
    let many = vec![id; 101];
    assert_eq!(ada.post("/api/v1/notes/read", &json!({ "notes": many })).await.code(), "too-many-notes");
}

#[tokio::test]
async fn a_long_list_comes_in_pages() {
    let server = Server::start_with(&[("limits.note", "100 per 1m"), ("limits.note_per_tag", "100 per 1m")]).await;
    let owner = server.owner().await;
    let tag = Keyed::make(&owner).await;
    let now = minute(0);
    let mut sent = Vec::new();
    for n in 0..7 {
        let (at, sealed) = (now - n % 3, envelope(256));
        assert_eq!(server.client.post("/api/v1/notes", &tag.note(&sealed, at)).await.status, 201);
        sent.push((at, n, sealed));
    }
    sent.sort_unstable_by(|a, b| b.cmp(a));
    let all = notes(&owner).await;
    let listed: Vec<_> = all.iter().map(|note| note["envelope"].as_str().unwrap()).collect();
    assert_eq!(listed, sent.iter().map(|(_, _, sealed)| sealed.as_str()).collect::<Vec<_>>(), "the latest first");
    let (mut found, mut next) = (Vec::new(), String::new());
    for length in [3, 3, 1] {
        let page = owner.get(&format!("/api/v1/notes?limit=3{next}")).await.body;
        assert_eq!(page["unread"], 7);
        assert_eq!(page["notes"].as_array().unwrap().len(), length);
        found.extend(page["notes"].as_array().unwrap().clone());
        next = page["next"].as_str().map(|next| format!("&before={next}")).unwrap_or_default();
    }
    assert_eq!((found, next), (all.clone(), String::new()));
    let page = owner.get("/api/v1/notes?limit=3").await.body;
    let last = page["notes"][2]["id"].as_str().unwrap();
    assert_eq!(owner.delete(&format!("/api/v1/notes/{last}")).await.status, 204);
    let next = owner.get(&format!("/api/v1/notes?before={}", page["next"].as_str().unwrap())).await.body;
    for note in &all[3..] {
        assert!(next["notes"].as_array().unwrap().contains(note), "none is left out because another was deleted");
    }
    for query in ["limit=0", "limit=101", "limit=x", "before=x", "before=1.x", "before=x.note_", "after=1"] {
        assert_eq!(owner.get(&format!("/api/v1/notes?{query}")).await.code(), "bad-query", "{query}");
    }
}

#[tokio::test]
async fn a_note_ends_with_its_time_or_with_its_sticker() {
    let server = Server::start_with(&[("retention.notes", "2h")]).await;
    let owner = server.owner().await;
    let lasting = Keyed::make(&owner).await;
    let left = server.client.post("/api/v1/notes", &tag_note(&lasting)).await.body;
    let ends = time::OffsetDateTime::parse(
        left["keptUntil"].as_str().unwrap(),
        &time::format_description::well_known::Rfc3339,
    );
    let in_two_hours = SystemTime::now() + Duration::from_secs(2 * 60 * 60);
    let off = in_two_hours.duration_since(ends.unwrap().into()).unwrap();
    assert!(off < Duration::from_secs(60 + 20), "{off:?}");
    drop(server);

    let server = Server::start_with(&[("retention.notes", "30d")]).await;
    let owner = server.owner().await;
    let brief = Keyed::make_for(&owner, "day").await;
    let left = server.client.post("/api/v1/notes", &tag_note(&brief)).await.body;
    let tags = owner.get("/api/v1/tokens").await.body;
    assert_eq!(left["keptUntil"], tags["tokens"][0]["expiresAt"]);
}
