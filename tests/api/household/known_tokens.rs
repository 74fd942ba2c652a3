//! The token of a sticker that is gone: whoever kept it must not be called by those who scan it.

use serde_json::{Value, json};

use crate::support::{Client, Server, invited};

/// What a former member of the household has kept: what they would have to show.
fn kept() -> Value {
    let vectors: Value = serde_json::from_str(include_str!("../../fixtures/e2e.json")).unwrap();
    json!({ "access": vectors["sticker"]["access"], "identity": vectors["identity"]["identity"], "lifetime": "day" })
}

async fn register(client: &Client) -> Value {
    let made = client.post("/api/v1/tokens/register", &kept()).await;
    assert_eq!(made.status, 201, "{}", made.text);
    made.body["id"].clone()
}

async fn is_refused(client: &Client) {
    let refused = client.post("/api/v1/tokens/register", &kept()).await;
    assert_eq!((refused.status, refused.code()), (409, "token-taken"), "{}", refused.text);
    let known = client.post("/api/v1/tokens/validate", &json!({ "token": kept()["access"] })).await.body;
    assert_eq!(known["valid"], false);
}

#[tokio::test]
async fn a_sticker_that_was_revoked_is_taken_in_by_nobody() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let mallory = invited(&ada, "owner", "mallory").await;
    let id = register(&ada).await;
    assert_eq!(ada.delete(&format!("/api/v1/tokens/{}", id.as_str().unwrap())).await.status, 204);
    is_refused(&mallory).await;
    is_refused(&ada).await;

    let server = Server::start_in(server.stop().await, &[]).await;
    is_refused(&server.client.with_headers_of(&mallory)).await;
}

#[tokio::test]
async fn a_sticker_whose_time_is_over_is_taken_in_by_nobody() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let mallory = invited(&ada, "owner", "mallory").await;
    register(&ada).await;
    let (data, directory) = (server.data_dir(), server.stop().await);
    let database = rusqlite::Connection::open(data.join("callqr.db")).unwrap();
    assert_eq!(database.execute("UPDATE tags SET expires_at = 1", []), Ok(1));

    let server = Server::start_in(directory, &[]).await;
    while database.query_row("SELECT count(*) FROM tags", [], |row| row.get(0)) != Ok(0) {
        tokio::task::yield_now().await;
    }
    for client in [&ada, &mallory] {
        is_refused(&server.client.with_headers_of(client)).await;
    }
}

#[tokio::test]
async fn a_sticker_whose_household_is_gone_is_taken_in_by_nobody() {
    let server = Server::start().await;
    let ada = server.owner().await;
    let bob = invited(&ada, "owner", "bob").await;
    register(&bob).await;
    assert_eq!(bob.delete("/api/v1/account").await.status, 204);
    is_refused(&ada).await;
}
