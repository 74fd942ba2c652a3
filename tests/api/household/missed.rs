//! Calls that nobody answered, from the wish to keep them until they are forgotten.

use serde_json::json;

use crate::support::{Client, MissedCall, NewTag, Page, Say, TagWish, TestApp};

async fn tag(owner: &Client, label: &str) -> NewTag {
    owner.make_tag_with(&TagWish { label: Some(label), ..TagWish::default() }).await.ok()
}

/// A call that rings on `phone`, with both its ends.
async fn ring(server: &TestApp, phone: &mut Page, tag: &NewTag) -> (Page, Page) {
    let (_, mut caller) = server.client.call(&tag.code).await;
    let device = server.client.pick_up(&phone.ring().await).await;
    caller.wait_for("ringing 1").await;
    (caller, device)
}

#[tokio::test]
async fn calls_that_nobody_answers_are_listed_for_those_who_want_it() {
    let server = TestApp::start_with(&[("calls.ring_time", "5s")]).await;
    let owner = server.owner().await;
    let mate = owner.bring_in("household", "mate").await;
    let (before, unheard) = (tag(&owner, "before").await, tag(&owner, "unheard").await);
    let (silent, hasty, answered) =
        (tag(&owner, "silent").await, tag(&owner, "hasty").await, tag(&owner, "answered").await);
    assert_eq!(server.client.call_in_vain(&before.code).await.1, "unreachable");
    owner.keep_missed_calls(true).await;
    assert_eq!(server.client.call_in_vain(&unheard.code).await.1, "unreachable");

    let mut phone = owner.present().await;
    let (mut caller, mut device) = ring(&server, &mut phone, &answered).await;
    device.accept().await;
    caller.wait_for("answered").await;
    device.say(Say::Hangup).await;
    assert_eq!(caller.ended().await, "hung-up");
    let (mut caller, mut device) = ring(&server, &mut phone, &hasty).await;
    caller.say(Say::Hangup).await;
    assert_eq!(device.ended().await, "gave-up");
    let (mut caller, _device) = ring(&server, &mut phone, &silent).await;
    assert_eq!(caller.ended().await, "no-answer");

    let calls = owner.missed(3).await;
    let mut told: Vec<_> = calls.iter().map(|call| (call.label.as_deref().unwrap(), call.rang)).collect();
    assert_eq!(told[0].0, "silent", "the latest comes first");
    told.sort_unstable();
    assert_eq!(told, [("hasty", true), ("silent", true), ("unheard", false)]);
    assert_eq!(calls[0].tag_id, silent.id);
    assert!(calls.iter().all(|call| call.at.ends_with('Z')));
    assert_eq!(mate.missed_calls().await.body, json!({ "calls": [] }), "who did not ask keeps nothing");

    owner.revoke_tag(&silent.id).await.ok();
    assert_eq!(owner.missed(3).await[0].label, None, "the tag is gone, the call was");
}

#[tokio::test]
async fn missed_calls_are_forgotten_one_by_one_or_all_at_once_by_their_owner_alone() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let mate = owner.bring_in("household", "mate").await;
    let tag = tag(&owner, "the van").await;
    owner.keep_missed_calls(true).await;
    mate.keep_missed_calls(true).await;
    for count in 1..=3 {
        server.client.call_in_vain(&tag.code).await;
        owner.missed(count).await;
    }
    let ids = |calls: Vec<MissedCall>| calls.into_iter().map(|call| call.id).collect::<Vec<_>>();
    let mine = ids(owner.missed(3).await);
    let others = mate.forget_missed_call(&mine[1]).await;
    assert_eq!(others.code(), "no-such-call", "each member of a household has a list of their own");
    owner.forget_missed_call(&mine[1]).await.ok();
    assert_eq!(owner.forget_missed_call(&mine[1]).await.code(), "no-such-call");
    let left = ids(owner.missed(2).await);
    assert!(left.len() == 2 && !left.contains(&mine[1]));
    owner.forget_missed_calls().await.ok();
    let none = json!({ "calls": [] });
    assert_eq!(owner.missed_calls().await.body, none);
    assert_eq!(mate.missed(3).await.len(), 3);

    mate.keep_missed_calls(false).await;
    assert_eq!(mate.missed_calls().await.body, none);
    let database = server.database();
    let rows = || -> u32 { database.query_row("SELECT count(*) FROM missed_calls", [], |row| row.get(0)).unwrap() };
    assert_eq!(rows(), 0);
    mate.keep_missed_calls(true).await;
    assert_eq!(mate.missed_calls().await.body, none, "what was kept does not come back");
    server.client.call_in_vain(&tag.code).await;
    mate.missed(1).await;
    assert_eq!(rows(), 2, "the search finds what is there");
}
