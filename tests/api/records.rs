//! What is left of calls that are over.

use serde_json::json;

use crate::support::{Call, Client, Say, TestApp};

const SDP: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 AB:CD:EF\r\n";

/// A call that is answered and ended; what its caller was told at the beginning.
async fn talk(server: &TestApp, owner: &Client) -> Call {
    let tag = owner.make_tag().await.ok();
    let mut talk = server.client.talk(&tag.code, &mut owner.present().await).await;
    talk.caller.say(Say::Offer(SDP.into())).await;
    talk.device.wait_for("offer").await;
    talk.device.say(Say::Answer(SDP.into())).await;
    talk.caller.wait_for("answer").await;
    talk.device.say(Say::Hangup).await;
    talk.caller.ended().await;
    talk.call
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
    let server = TestApp::start().await;
    let owner = server.owner().await;
    talk(&server, &owner).await;
    assert_eq!(owner.missed_calls().await.body, json!({ "calls": [] }));
    let data = server.data_dir();
    let _directory = server.stop().await;
    assert_eq!(records(&data), []);
}

#[tokio::test]
async fn an_operator_who_asks_for_records_finds_one_for_each_call() {
    let server = TestApp::start_with(&[("retention.call_records", "1d")]).await;
    let owner = server.owner().await;
    let call = talk(&server, &owner).await;
    let data = server.data_dir();
    while records(&data).is_empty() {
        tokio::task::yield_now().await;
    }
    let (session, status, started, answered, ended, fingerprints) = records(&data).remove(0);
    let named: callqr::domain::ids::CallId = call.session_id.parse().unwrap();
    assert_eq!((session.as_slice(), status.as_str()), (&named.as_bytes()[..], "hung-up"));
    assert!(started <= answered.unwrap() && answered.unwrap() <= ended);
    assert_eq!(fingerprints.unwrap().len(), 32);

    let without = TestApp::start_in(server.stop().await, &[]).await;
    while !records(&data).is_empty() {
        tokio::task::yield_now().await;
    }
    drop(without);
}

#[tokio::test]
async fn missed_calls_are_their_owners() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    assert_eq!(server.client.missed_calls().await.status, 401);
    assert_eq!(server.client.forget_missed_calls().await.status, 401);
    assert_eq!(server.client.forget_missed_call("missed_x").await.status, 401);
    owner.forget_missed_calls().await.ok();
    let unknown = callqr::domain::ids::MissedCallId::random().to_string();
    for id in ["missed_x", &unknown] {
        assert_eq!(owner.forget_missed_call(id).await.refused(), (404, "no-such-call"));
    }
}
