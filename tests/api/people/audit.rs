//! What happened, as administrators read it.

use serde_json::json;

use crate::support::{Client, Server, make_tag};

async fn events(client: &Client, query: &str) -> Vec<serde_json::Value> {
    let reply = client.get(&format!("/api/v1/admin/audit{query}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    reply.body["events"].as_array().unwrap().clone()
}

fn names(events: &[serde_json::Value]) -> Vec<&str> {
    events.iter().map(|event| event["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_administrator_reads_what_happened_without_names_addresses_or_tokens() {
    let server = Server::start_with(&[("limits.validate", "1 per 1h")]).await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let id = tag["id"].as_str().unwrap();
    assert_eq!(owner.delete(&format!("/api/v1/tokens/{id}")).await.status, 204);
    let code = json!({ "token": tag["qrCodeData"] });
    for status in [200, 429, 429, 429] {
        assert_eq!(server.client.post("/api/v1/tokens/validate", &code).await.status, status);
    }

    let reply = owner.get("/api/v1/admin/audit").await;
    let found = events(&owner, "").await;
    let hit = found.iter().find(|event| event["event"] == "limit-hit").unwrap();
    assert_eq!((&hit["detail"], &hit["account"], &hit["actor"]), (&json!("validate"), &json!(null), &json!(null)));
    let account = owner.get("/api/v1/account").await.body["id"].clone();
    let revoked = found.iter().find(|event| event["event"] == "tag-revoked").unwrap();
    assert_eq!((&revoked["account"], &revoked["count"]), (&account, &json!(1)));
    assert!(revoked["at"].as_str().unwrap().ends_with(":00Z"), "the time is coarse");
    for canary in ["ada", "127.0.0.1", "the van", "Blue van", id, tag["qrCodeData"].as_str().unwrap()] {
        assert!(!reply.text.contains(canary), "{canary} stands in the trail");
    }
}

/// Makes a tag, and gives up after so many turns of everything else that runs here; how many it took.
async fn make_tag_impatiently(owner: &Client, patience: usize) -> Option<usize> {
    let mut request = Box::pin(make_tag(owner));
    for turn in 0..patience {
        if futures_util::poll!(request.as_mut()).is_ready() {
            return Some(turn);
        }
        tokio::task::yield_now().await;
    }
    None
}

#[tokio::test]
async fn what_was_done_over_a_connection_that_broke_is_in_the_trail() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let whole = make_tag_impatiently(&owner, usize::MAX).await.unwrap();
    for part in 0..64 {
        make_tag_impatiently(&owner, whole * (65 + part) / 128).await;
    }
    // A request that was given up a moment ago may still be under way: what is stored, and what is told of it, settle.
    let made = async || owner.get("/api/v1/tokens").await.body["tokens"].as_array().unwrap().len();
    let told = async || {
        let found = events(&owner, "?limit=500").await;
        let made = found.iter().filter(|event| event["event"] == "tag-created");
        made.map(|event| usize::try_from(event["count"].as_u64().unwrap()).unwrap()).sum::<usize>()
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
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    for what in ["pause", "resume"] {
        let path = format!("/api/v1/tokens/{}/{what}", tag["id"].as_str().unwrap());
        assert_eq!(owner.post(&path, &json!({})).await.status, 200);
    }
    let all = events(&owner, "").await;
    assert_eq!(names(&all)[..3], ["tag-resumed", "tag-paused", "tag-created"]);
    let first = events(&owner, "?limit=1").await;
    assert_eq!(first, all[..1]);
    assert_eq!(events(&owner, &format!("?limit=1&before={}", first[0]["id"])).await, all[1..2]);
    assert_eq!(events(&owner, "?limit=500&before=-1").await.len(), 0);
    for query in ["?limit=x", "?limit=0", "?limit=501", "?other=1", "?limit=-1", "?before=1&before=2", "?limit=%FF"] {
        let reply = owner.get(&format!("/api/v1/admin/audit{query}")).await;
        assert_eq!((reply.status, reply.code()), (400, "bad-query"), "{query}");
    }
}

#[tokio::test]
async fn strangers_read_nothing() {
    let server = Server::start().await;
    server.owner().await;
    assert_eq!(server.client.get("/api/v1/admin/audit").await.status, 401);
}

#[tokio::test]
async fn another_configuration_is_noted_at_the_next_start_and_everything_is_still_there() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let before = events(&owner, "").await;
    let directory = server.stop().await;
    let again = Server::start_in(directory, &[]).await;
    let owner = again.client.with_headers_of(&owner);
    assert_eq!(events(&owner, "").await, before, "nothing was changed");
    let changed = Server::start_in(again.stop().await, &[("calls.ring_time", "20s")]).await;
    let after = events(&changed.client.with_headers_of(&owner), "").await;
    assert_eq!((names(&after)[0], &after[1..]), ("configuration-changed", &before[..]));
}
