//! The token of a sticker that is gone: a scan must not call a person who has kept it.

use crate::people::belongings::vectors;
use crate::support::{Client, KeyedTag, RegisteredTag, Reply, TestApp};

/// Registers what a former member of the household has kept.
async fn register(client: &Client) -> Reply<RegisteredTag> {
    let vectors = vectors();
    let access = vectors["sticker"]["access"].as_str().unwrap();
    let identity = vectors["identity"]["identity"].as_str().unwrap();
    client.register_tag(&KeyedTag { access, identity, lifetime: Some("day"), ..KeyedTag::default() }).await
}

async fn is_refused(client: &Client) {
    assert_eq!(register(client).await.refused(), (409, "token-taken"));
    assert!(!client.validate(vectors()["sticker"]["access"].as_str().unwrap()).await.ok().valid);
}

#[tokio::test]
async fn a_sticker_that_was_revoked_is_taken_in_by_nobody() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let mallory = ada.bring_in("owner", "mallory").await;
    let id = register(&ada).await.ok().tag.id;
    ada.revoke_tag(&id).await.ok();
    is_refused(&mallory).await;
    is_refused(&ada).await;

    let server = TestApp::start_in(server.stop().await, &[]).await;
    is_refused(&server.client.with_headers_of(&mallory)).await;
}

#[tokio::test]
async fn a_sticker_whose_time_is_over_is_taken_in_by_nobody() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let mallory = ada.bring_in("owner", "mallory").await;
    register(&ada).await.ok();
    let (data, directory) = (server.data_dir(), server.stop().await);
    let database = rusqlite::Connection::open(data.join("callqr.db")).unwrap();
    assert_eq!(database.execute("UPDATE tags SET expires_at = 1", []), Ok(1));

    let server = TestApp::start_in(directory, &[]).await;
    while database.query_row("SELECT count(*) FROM tags", [], |row| row.get(0)) != Ok(0) {
        tokio::task::yield_now().await;
    }
    for client in [&ada, &mallory] {
        is_refused(&server.client.with_headers_of(client)).await;
    }
}

#[tokio::test]
async fn a_sticker_whose_household_is_gone_is_taken_in_by_nobody() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("owner", "bob").await;
    register(&bob).await.ok();
    bob.delete_account().await.ok();
    is_refused(&ada).await;
}
