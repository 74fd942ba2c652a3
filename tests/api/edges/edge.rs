//! What is true of every answer, and of requests that are not quite right.

use std::time::Duration;

use hyper::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;

use crate::support::{PASSWORD, TestApp};

#[tokio::test]
async fn the_api_describes_itself_to_programs_and_to_people() {
    let server = TestApp::start().await;
    let reply = server.client.openapi().await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/json"));
    assert_eq!(reply.body["openapi"], "3.1.0");
    let login = &reply.body["paths"]["/api/v1/auth/login"]["post"];
    assert_eq!(login["security"], serde_json::Value::Null);
    for status in ["200", "400", "401", "408", "413", "415", "429", "500", "503"] {
        assert!(login["responses"][status].is_object(), "{status}");
    }
    let page = server.client.get("/api").await;
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.text.contains("<h3><code>POST /api/v1/auth/login</code></h3>") && !page.text.contains("<script"));
    let style = page.text.split('"').find(|text| text.ends_with(".css")).unwrap();
    assert_eq!(server.client.get(style).await.status, 200);
    let endpoints = server.client.index().await.ok().endpoints;
    let initiate = "POST /api/v1/calls/initiate {callerAnonymousId?, scannedToken}";
    assert!(endpoints.iter().any(|line| line == initiate), "{endpoints:?}");
}

#[tokio::test]
async fn pages_are_fresh_and_their_files_immutable() {
    let server = TestApp::start().await;
    for path in ["/", "/c", "/setup"] {
        let page = server.client.get(path).await;
        assert_eq!((page.status, page.header("cache-control")), (200, "no-store"), "{path}");
        let file = page.text.split('"').find(|text| text.starts_with("/a/") && text.ends_with(".js")).unwrap();
        let plain = server.client.get(file).await;
        assert_eq!((plain.status, plain.header("content-type")), (200, "text/javascript; charset=utf-8"));
        assert!(plain.header("cache-control").contains("immutable"));
        for (accepted, coding) in [("gzip, br", "br"), ("gzip", "")] {
            let packed = server.client.with_header("accept-encoding", accepted).get(file).await;
            assert_eq!(packed.header("content-encoding"), coding);
        }
        let stale = file.replacen(file.split('/').nth(2).unwrap(), "0123456789abcdef", 1);
        assert_eq!(server.client.get(&stale).await.status, 404);
    }
}

#[tokio::test]
async fn no_answer_of_the_api_may_be_kept() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let mut replies = vec![
        owner.index().await.erased(),
        owner.account().await.erased(),
        owner.tags().await.erased(),
        owner.make_tag().await.erased(),
        owner.presence_ticket().await.erased(),
        owner.validate(&tag.code).await.erased(),
        owner.initiate(&tag.code).await.erased(),
        owner.pause_tag(&tag.id).await.erased(),
        owner.resume_tag(&tag.id).await.erased(),
        owner.revoke_tag(&tag.id).await.erased(),
        owner.log_out().await.erased(),
    ];
    assert!(replies.iter().all(|reply| reply.status < 300), "{replies:?}");
    replies.push(server.client.log_in("ada", PASSWORD).await.erased());
    replies.push(server.client.account().await.erased());
    replies.push(server.client.get("/health").await);
    for (at, reply) in replies.iter().enumerate() {
        assert_eq!(reply.header("cache-control"), "no-store", "answer {at}: {}", reply.status);
    }
}

#[tokio::test]
async fn health_names_each_part() {
    let server = TestApp::start().await;
    // The relay counts as degraded until its first self-test is done.
    let examined = async {
        loop {
            let reply = server.client.get("/health").await;
            assert_eq!(reply.status, 200, "{}", reply.text);
            if reply.body["services"]["relay"] != "degraded" {
                return reply;
            }
        }
    };
    let reply = tokio::time::timeout(std::time::Duration::from_secs(20), examined).await.unwrap();
    assert_eq!(reply.body["status"], "healthy", "{}", reply.text);
    for part in ["database", "relay", "signaling", "certificates"] {
        assert_eq!(reply.body["services"][part], "healthy", "{part}");
    }
}

#[tokio::test]
async fn what_is_not_there_says_so_in_the_one_shape() {
    let server = TestApp::start().await;
    for (method, path, status) in [
        (Method::GET, "/api/v1/nothing", 404),
        (Method::GET, "/nothing", 404),
        (Method::GET, "/api/v1/calls/signaling/%ff", 404),
        (Method::GET, "/a/0/%ff", 404),
        (Method::GET, "/a/x/../../etc/passwd", 404),
        (Method::DELETE, "/api/v1/auth/login", 405),
        (Method::PUT, "/health", 405),
    ] {
        let reply = server.client.send(method, path, String::new()).await;
        assert_eq!(reply.status, status, "{path}");
        if status == 405 {
            assert!(!reply.header("allow").is_empty(), "{path} does not say what it takes instead");
        }
        let error = &reply.body["error"];
        assert!(
            error["code"].is_string() && error["message"].is_string() && error["hint"].is_string(),
            "{path}: {error}"
        );
    }
}

#[tokio::test]
async fn a_person_finds_a_page_where_there_is_nothing_and_a_program_json() {
    let server = TestApp::start().await;
    let person = server.client.with_header("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    for path in ["/nothing", "/c/", "/C", "/c%23pqc:1:x", "/c%2523pqc:1:x", "/c/pqc:1:x", "/api/v2", "/%ff", "/setup/"]
    {
        let page = person.get(path).await;
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"), "{path}");
        assert!(page.text.contains("There’s nothing here") && page.text.contains("/js/lost/main.js"), "{path}");
        assert!(!page.text.contains("pqc:"), "what was asked for is not repeated");
        assert!(page.headers.get_all("vary").iter().any(|vary| vary == "accept"), "{path}");
        for accept in ["*/*", "application/json", ""] {
            let reply = server.client.with_header("accept", accept).get(path).await;
            assert_eq!(reply.refused(), (404, "not-found"), "{path} {accept}");
        }
        assert_eq!(person.post(path, &json!({})).await.refused(), (404, "not-found"), "{path}");
    }
}

#[tokio::test]
async fn bodies_are_bounded_json() {
    let server = TestApp::start().await;
    let path = "/api/v1/tokens/validate";
    let form = server.client.with_header("content-type", "text/plain").send(Method::POST, path, "{}".into()).await;
    assert_eq!((form.status, form.code()), (415, "not-json"));
    let json = server.client.with_header("content-type", "application/json; charset=utf-8");
    let broken = json.send(Method::POST, path, "{\"token\": ".into()).await;
    assert_eq!((broken.status, broken.code()), (400, "bad-json"));
    let deep = json.send(Method::POST, path, "[".repeat(60_000)).await;
    assert_eq!((deep.status, deep.code()), (400, "bad-json"));
    let large = json.send(Method::POST, path, json!({ "token": "x".repeat(70_000) }).to_string()).await;
    assert_eq!((large.status, large.code()), (413, "body-too-large"));
    assert_eq!(json.send(Method::POST, path, json!({ "token": 7 }).to_string()).await.status, 400);
}

#[tokio::test]
async fn one_source_has_so_many_requests_under_way_and_no_more() {
    let server = TestApp::start().await;
    let request = b"POST /api/v1/tokens/validate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
        Content-Length: 64000\r\n\r\n{";
    let mut unfinished = Vec::new();
    for _ in 0..64 {
        let mut stream = server.client.connect(&["http/1.1"]).await.unwrap();
        stream.write_all(request).await.unwrap();
        unfinished.push(stream);
    }
    // The last of them may not have been read yet.
    let crowded = async {
        loop {
            let reply = server.client.get("/health").await;
            if reply.status != 200 {
                return reply;
            }
        }
    };
    let refused = tokio::time::timeout(Duration::from_secs(10), crowded).await.unwrap();
    assert_eq!((refused.status, refused.code(), refused.header("retry-after")), (503, "crowded", "1"));
    drop(unfinished);
    let freed = async { while server.client.get("/health").await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(10), freed).await.unwrap();
}

#[tokio::test]
async fn a_fault_in_the_body_does_not_quote_it() {
    let server = TestApp::start().await;
    let body = "{\"username\":\"ada\",\"password\":{\"canary-secret\":1}}".to_owned();
    let json = server.client.with_header("content-type", "application/json");
    let reply = json.send(Method::POST, "/api/v1/auth/login", body).await;
    assert_eq!(reply.status, 400);
    assert!(!reply.text.contains("canary"), "{}", reply.text);
}
