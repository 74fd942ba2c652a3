//! What is left of calls that are over.

use serde_json::{Value, json};

use crate::support::{Client, Server, Socket, make_tag};

const SDP: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 AB:CD:EF\r\n";

/// A call that is answered and ended; what its caller was told at the beginning.
async fn talk(server: &Server, owner: &Client) -> Value {
    let tag = make_tag(owner).await;
    let presence = owner.post("/api/v1/presence/ticket", &json!({})).await.body;
    let mut phone = Socket::open(&server.client, "/api/v1/presence", presence["ticket"].as_str().unwrap()).await;
    let call = server.client.post("/api/v1/calls/initiate", &json!({ "scannedToken": tag["qrCodeData"] })).await.body;
    let endpoint = call["signalingEndpoint"].as_str().unwrap();
    let mut caller = Socket::open(&server.client, endpoint, call["ticket"].as_str().unwrap()).await;
    let ring = phone.hear("ring").await;
    let mut device = Socket::open(&server.client, endpoint, ring["ticket"].as_str().unwrap()).await;
    device.say("accept", json!({})).await;
    device.hear("accepted").await;
    caller.hear("answered").await;
    caller.say("offer", json!({ "sdp": SDP })).await;
    device.hear("offer").await;
    device.say("answer", json!({ "sdp": SDP })).await;
    caller.hear("answer").await;
    device.say("hangup", json!({})).await;
    caller.hear("ended").await;
    call
}

/// A row of calls: session id, status, when it began, was answered and ended, fingerprints.
type Record = (Vec<u8>, String, i64, Option<i64>, i64, Option<Vec<u8>>);

fn records(data: &std::path::Path) -> Vec<Record> {
    let database = rusqlite::Connection::open(data.join("callqr.db")).unwrap();
    let sql = "SELECT call_id, status, started_at, answered_at, ended_at, fingerprints_hash FROM call_records";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?)));
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn nothing_is_left_of_a_call_by_default() {
    let server = Server::start().await;
    let owner = server.owner().await;
    talk(&server, &owner).await;
    assert_eq!(owner.get("/api/v1/calls/missed").await.body, json!({ "calls": [] }));
    let data = server.data_dir();
    let _directory = server.stop().await;
    assert_eq!(records(&data), []);
}

#[tokio::test]
async fn an_operator_who_asks_for_records_finds_one_for_each_call() {
    let server = Server::start_with(&[("retention.call_records", "1d")]).await;
    let owner = server.owner().await;
    let call = talk(&server, &owner).await;
    let data = server.data_dir();
    while records(&data).is_empty() {
        tokio::task::yield_now().await;
    }
    let (session, status, started, answered, ended, fingerprints) = records(&data).remove(0);
    let named: callqr::domain::ids::CallId = call["sessionId"].as_str().unwrap().parse().unwrap();
    assert_eq!((session.as_slice(), status.as_str()), (&named.as_bytes()[..], "hung-up"));
    assert!(started <= answered.unwrap() && answered.unwrap() <= ended);
    assert_eq!(fingerprints.unwrap().len(), 32);

    let without = Server::start_in(server.stop().await, &[]).await;
    while !records(&data).is_empty() {
        tokio::task::yield_now().await;
    }
    drop(without);
}

#[tokio::test]
async fn missed_calls_are_their_owners() {
    let server = Server::start().await;
    let owner = server.owner().await;
    for (method, path) in [("GET", "missed"), ("DELETE", "missed"), ("DELETE", "missed/missed_x")] {
        let method = method.parse().unwrap();
        let reply = server.client.send(method, &format!("/api/v1/calls/{path}"), String::new()).await;
        assert_eq!(reply.status, 401, "{path}");
    }
    assert_eq!(owner.delete("/api/v1/calls/missed").await.status, 204);
    let unknown = callqr::domain::ids::MissedCallId::random().to_string();
    for id in ["missed_x", &unknown] {
        let reply = owner.delete(&format!("/api/v1/calls/missed/{id}")).await;
        assert_eq!((reply.status, reply.code()), (404, "no-such-call"));
    }
}
