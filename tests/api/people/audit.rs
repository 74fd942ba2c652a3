//! What happened, as administrators read it.

use crate::support::{Client, Event, TestApp};

async fn events(client: &Client, query: &str) -> Vec<Event> {
    client.audit_of(query).await.ok().events
}

fn names(events: &[Event]) -> Vec<&str> {
    events.iter().map(|event| event.event.as_str()).collect()
}

#[tokio::test]
async fn an_administrator_reads_what_happened_without_names_addresses_or_tokens() {
    let server = TestApp::start_with(&[("limits.validate", "1 per 1h")]).await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    owner.revoke_tag(&tag.id).await.ok();
    for status in [200, 429, 429, 429] {
        assert_eq!(server.client.validate(&tag.code).await.status, status);
    }

    let reply = owner.audit().await;
    let found = events(&owner, "").await;
    let hit = found.iter().find(|event| event.event == "limit-hit").unwrap();
    assert_eq!((hit.detail.as_deref(), &hit.account, &hit.actor), (Some("validate"), &None, &None));
    let revoked = found.iter().find(|event| event.event == "tag-revoked").unwrap();
    assert_eq!((&revoked.account, revoked.count), (&Some(owner.account_id().await), 1));
    assert!(revoked.at.ends_with(":00Z"), "the time is coarse");
    for canary in ["ada", "127.0.0.1", "the van", "Blue van", &tag.id, &tag.code] {
        assert!(!reply.text.contains(canary), "{canary} stands in the trail");
    }
}

/// Makes a tag, and gives up after so many turns of everything else that runs here; how many it took.
async fn make_tag_impatiently(owner: &Client, patience: usize) -> Option<usize> {
    let mut request = Box::pin(owner.make_tag());
    for turn in 0..patience {
        if let std::task::Poll::Ready(made) = futures_util::poll!(request.as_mut()) {
            made.ok();
            return Some(turn);
        }
        tokio::task::yield_now().await;
    }
    None
}

#[tokio::test]
async fn what_was_done_over_a_connection_that_broke_is_in_the_trail() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let whole = make_tag_impatiently(&owner, usize::MAX).await.unwrap();
    for part in 0..64 {
        make_tag_impatiently(&owner, whole * (65 + part) / 128).await;
    }
    // A request that was given up a moment ago may still be under way: what is stored, and what is told of it, settle.
    let made = async || owner.tags().await.ok().tags.len();
    let told = async || {
        let found = events(&owner, "?limit=500").await;
        found.iter().filter(|event| event.event == "tag-created").map(|event| event.count).sum::<usize>()
    };
    let settled = async {
        while made().await != told().await {
            tokio::task::yield_now().await;
        }
    };
    let settled = tokio::time::timeout(std::time::Duration::from_secs(20), settled).await;
    assert!(settled.is_ok(), "{} are made, {} are told", made().await, told().await);
    assert!(made().await > 1, "all were given up too soon");
}

#[tokio::test]
async fn the_trail_is_read_in_pieces_and_nonsense_is_answered() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    owner.pause_tag(&tag.id).await.ok();
    owner.resume_tag(&tag.id).await.ok();
    let all = events(&owner, "").await;
    assert_eq!(names(&all)[..3], ["tag-resumed", "tag-paused", "tag-created"]);
    let first = events(&owner, "?limit=1").await;
    assert_eq!(first, all[..1]);
    assert_eq!(events(&owner, &format!("?limit=1&before={}", first[0].id)).await, all[1..2]);
    assert_eq!(events(&owner, "?limit=500&before=-1").await.len(), 0);
    for query in ["?limit=x", "?limit=0", "?limit=501", "?other=1", "?limit=-1", "?before=1&before=2", "?limit=%FF"] {
        assert_eq!(owner.audit_of(query).await.refused(), (400, "bad-query"), "{query}");
    }
}

#[tokio::test]
async fn strangers_read_nothing() {
    let server = TestApp::start().await;
    server.owner().await;
    assert_eq!(server.client.audit().await.status, 401);
}

#[tokio::test]
async fn another_configuration_is_noted_at_the_next_start_and_everything_is_still_there() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let before = events(&owner, "").await;
    let directory = server.stop().await;
    let again = TestApp::start_in(directory, &[]).await;
    let owner = again.client.with_headers_of(&owner);
    assert_eq!(events(&owner, "").await, before, "nothing was changed");
    let changed = TestApp::start_in(again.stop().await, &[("calls.ring_time", "20s")]).await;
    let after = events(&changed.client.with_headers_of(&owner), "").await;
    assert_eq!((names(&after)[0], &after[1..]), ("configuration-changed", &before[..]));
}
