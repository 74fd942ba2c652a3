//! What a caller gets before the signalling begins.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

use crate::support::{Client, Server, make_tag};

#[tokio::test]
async fn initiating_gives_a_session_and_the_relays_addresses() {
    let server = Server::start().await;
    let tag = make_tag(&server.owner().await).await;
    let body = json!({ "scannedToken": tag["qrCodeData"], "callerAnonymousId": "anon_AAAAAAAAAAAAAAAAAAAAAA" });
    let reply = server.client.post("/api/v1/calls/initiate", &body).await;
    assert_eq!(reply.status, 201, "{:?}", reply.body);
    let session = reply.body["sessionId"].as_str().unwrap();
    assert!(session.starts_with("session_"));
    assert_eq!(reply.body["signalingEndpoint"], format!("/api/v1/calls/signaling/{session}"));
    let caller = reply.body["callerAnonymousId"].as_str().unwrap();
    assert!(
        caller.starts_with("anon_") && caller != "anon_AAAAAAAAAAAAAAAAAAAAAA",
        "a caller's own id would link calls"
    );
    assert!(!reply.body["ticket"].as_str().unwrap().is_empty());
    assert_eq!(reply.body["ringSeconds"], 45);

    let urls: Vec<String> = reply.body["iceServers"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|server| match &server["urls"] {
            serde_json::Value::Array(urls) => urls.iter().map(|url| url.as_str().unwrap().to_owned()).collect(),
            url => vec![url.as_str().unwrap().to_owned()],
        })
        .collect();
    let port = server.port;
    let expected = [
        format!("turn:localhost:{port}?transport=udp"),
        format!("turn:localhost:{port}?transport=tcp"),
        format!("turns:localhost:{port}?transport=tcp"),
    ];
    assert_eq!(urls, expected);
}

#[tokio::test]
async fn turns_is_offered_with_a_name_only() {
    let server = Server::start().await;
    let tag = make_tag(&server.owner().await).await;
    let by_number = server.client.with_header("host", &format!("127.0.0.1:{}", server.port));
    let reply = by_number.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await;
    let text = reply.body["iceServers"].to_string();
    assert!(text.contains("turn:127.0.0.1:") && !text.contains("turns:"), "{text}");
}

#[tokio::test]
async fn an_anonymous_id_that_is_none_is_refused() {
    let server = Server::start().await;
    let tag = make_tag(&server.owner().await).await;
    let body = json!({ "scannedToken": tag["qrCodeData"], "callerAnonymousId": "ada@example.org" });
    assert_eq!(server.client.post("/api/v1/calls/initiate", &body).await.status, 400);
}

#[tokio::test]
async fn signalling_needs_an_origin_of_ours() {
    let server = Server::start().await;
    let upgrade = server
        .client
        .with_header("connection", "upgrade")
        .with_header("upgrade", "websocket")
        .with_header("sec-websocket-version", "13")
        .with_header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
    let session = callqr::domain::ids::CallId::random();
    for path in [format!("/api/v1/calls/signaling/{session}"), "/api/v1/presence".to_owned()] {
        assert_eq!(upgrade.get(&path).await.status, 403, "no origin");
        for origin in ["null", "https://evil.example", "http://localhost"] {
            assert_eq!(upgrade.with_header("origin", origin).get(&path).await.status, 403, "{origin}");
        }
        assert_eq!(upgrade.with_header("origin", &server.client.origin()).get(&path).await.status, 101);
    }
}

/// What signalling says first to the caller of an initiated call.
async fn first_word(client: &Client, call: &Value) -> Value {
    let path = call["signalingEndpoint"].as_str().unwrap();
    let mut request = format!("wss://localhost{path}").into_client_request().unwrap();
    let host = client.origin().replace("https://", "");
    request.headers_mut().insert("host", host.parse().unwrap());
    request.headers_mut().insert("origin", client.origin().parse().unwrap());
    let (mut socket, _) = client_async(request, client.connect(&["http/1.1"]).await.unwrap()).await.unwrap();
    let hello = json!({ "type": "hello", "payload": { "ticket": call["ticket"], "fresh": true } });
    socket.send(Message::text(hello.to_string())).await.unwrap();
    serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
}

#[tokio::test]
async fn a_call_that_was_placed_before_its_tag_was_paused_or_revoked_does_not_ring() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let tag = make_tag(&owner).await;
    let path = format!("/api/v1/tokens/{}", tag["id"].as_str().unwrap());
    let initiate = async || {
        let reply = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        reply.body
    };
    assert_eq!(first_word(&server.client, &initiate().await).await["type"], "welcome");
    let call = initiate().await;
    assert_eq!(owner.post(&format!("{path}/pause"), &json!({})).await.status, 200);
    assert_eq!(first_word(&server.client, &call).await["payload"]["code"], "no-such-call");
    assert_eq!(owner.post(&format!("{path}/resume"), &json!({})).await.status, 200);
    let call = initiate().await;
    assert_eq!(owner.delete(&path).await.status, 204);
    assert_eq!(first_word(&server.client, &call).await["payload"]["code"], "no-such-call");
}

#[tokio::test]
async fn a_call_that_is_placed_while_its_tag_is_revoked_does_not_ring() {
    let server = Server::start().await;
    let owner = server.owner().await;
    for _ in 0..6 {
        let tag = make_tag(&owner).await;
        let path = format!("/api/v1/tokens/{}", tag["id"].as_str().unwrap());
        let code = json!({ "scannedToken": tag["qrCodeData"] });
        let (call, revoked) = tokio::join!(server.client.post("/api/v1/calls/initiate", &code), owner.delete(&path));
        assert_eq!(revoked.status, 204);
        match call.status {
            201 => assert_eq!(first_word(&server.client, &call.body).await["payload"]["code"], "no-such-call"),
            status => assert_eq!(status, 404, "{}", call.text),
        }
    }
}
