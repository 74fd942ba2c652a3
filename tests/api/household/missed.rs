//! Calls that nobody answered, from the wish to keep them until they are forgotten.

use serde_json::{Value, json};

use crate::people::belongings::{call_in_vain, missed_calls};
use crate::support::{Client, Server, Socket, invited};

async fn tag(owner: &Client, label: &str) -> Value {
    owner.post("/api/v1/tokens/generate", &json!({ "label": label })).await.body
}

async fn keep(owner: &Client, wanted: bool) {
    assert_eq!(owner.patch("/api/v1/account", &json!({ "keepMissedCalls": wanted })).await.status, 200);
}

async fn phone(server: &Server, owner: &Client) -> Socket {
    let ticket = owner.post("/api/v1/presence/ticket", &json!({})).await.body["ticket"].clone();
    Socket::open(&server.client, "/api/v1/presence", ticket.as_str().unwrap()).await
}

/// A call that rings on `phone`, with both its ends.
async fn ring(server: &Server, phone: &mut Socket, tag: &Value) -> (Socket, Socket) {
    let call = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await.body;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let mut caller = Socket::open(&server.client, endpoint, call["ticket"].as_str().unwrap()).await;
    let ticket = phone.hear("ring").await["ticket"].clone();
    let device = Socket::open(&server.client, endpoint, ticket.as_str().unwrap()).await;
    while caller.hear("ringing").await["devices"] != 1 {}
    (caller, device)
}

#[tokio::test]
async fn calls_that_nobody_answers_are_listed_for_those_who_want_it() {
    let server = Server::start_with(&[("calls.ring_time", "5s")]).await;
    let owner = server.owner().await;
    let mate = invited(&owner, "household", "mate").await;
    let (before, unheard) = (tag(&owner, "before").await, tag(&owner, "unheard").await);
    let (silent, hasty, answered) =
        (tag(&owner, "silent").await, tag(&owner, "hasty").await, tag(&owner, "answered").await);
    assert_eq!(call_in_vain(&server, &before).await.1, "unreachable");
    keep(&owner, true).await;
    assert_eq!(call_in_vain(&server, &unheard).await.1, "unreachable");

    let mut phone = phone(&server, &owner).await;
    let (mut caller, mut device) = ring(&server, &mut phone, &answered).await;
    device.say("accept", json!({})).await;
    caller.hear("answered").await;
    device.say("hangup", json!({})).await;
    assert_eq!(caller.hear("ended").await["reason"], "hung-up");
    let (mut caller, mut device) = ring(&server, &mut phone, &hasty).await;
    caller.say("hangup", json!({})).await;
    assert_eq!(device.hear("ended").await["reason"], "gave-up");
    let (mut caller, _device) = ring(&server, &mut phone, &silent).await;
    assert_eq!(caller.hear("ended").await["reason"], "no-answer");

    let calls = missed_calls(&owner, 3).await;
    let mut told: Vec<_> =
        calls.iter().map(|call| (call["label"].as_str().unwrap(), call["rang"].as_bool().unwrap())).collect();
    assert_eq!(told[0].0, "silent", "the latest comes first");
    told.sort_unstable();
    assert_eq!(told, [("hasty", true), ("silent", true), ("unheard", false)]);
    assert_eq!(calls[0]["tagId"], silent["id"]);
    assert!(calls.iter().all(|call| call["at"].as_str().unwrap().ends_with('Z')));
    assert_eq!(mate.get("/api/v1/calls/missed").await.body, json!({ "calls": [] }), "who did not ask keeps nothing");

    let path = format!("/api/v1/tokens/{}", silent["id"].as_str().unwrap());
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(missed_calls(&owner, 3).await[0]["label"], Value::Null, "the tag is gone, the call was");
}

#[tokio::test]
async fn missed_calls_are_forgotten_one_by_one_or_all_at_once_by_their_owner_alone() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let mate = invited(&owner, "household", "mate").await;
    let tag = tag(&owner, "the van").await;
    keep(&owner, true).await;
    keep(&mate, true).await;
    for count in 1..=3 {
        call_in_vain(&server, &tag).await;
        missed_calls(&owner, count).await;
    }
    let ids = |calls: Vec<Value>| calls.iter().map(|call| call["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let mine = ids(missed_calls(&owner, 3).await);
    let path = format!("/api/v1/calls/missed/{}", mine[1]);
    assert_eq!(mate.delete(&path).await.code(), "no-such-call", "each member of a household has a list of their own");
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(owner.delete(&path).await.code(), "no-such-call");
    let left = ids(missed_calls(&owner, 2).await);
    assert!(left.len() == 2 && !left.contains(&mine[1]));
    assert_eq!(owner.delete("/api/v1/calls/missed").await.status, 204);
    assert_eq!(owner.get("/api/v1/calls/missed").await.body, json!({ "calls": [] }));
    assert_eq!(missed_calls(&mate, 3).await.len(), 3);

    keep(&mate, false).await;
    assert_eq!(mate.get("/api/v1/calls/missed").await.body, json!({ "calls": [] }));
    let database = rusqlite::Connection::open(server.data_dir().join("callqr.db")).unwrap();
    let rows = || -> u32 { database.query_row("SELECT count(*) FROM missed_calls", [], |row| row.get(0)).unwrap() };
    assert_eq!(rows(), 0);
    keep(&mate, true).await;
    assert_eq!(mate.get("/api/v1/calls/missed").await.body, json!({ "calls": [] }), "what was kept does not come back");
    call_in_vain(&server, &tag).await;
    missed_calls(&mate, 1).await;
    assert_eq!(rows(), 2, "the search finds what is there");
}
