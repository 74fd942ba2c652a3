//! What every answer says, to anybody and about anything.

use hyper::Method;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Described, Reply, TestApp, certificate};

/// The headers of each answer; without HSTS, which depends on the certificate.
fn check(reply: &Reply, what: &str) {
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none';") && policy.contains("frame-ancestors 'none'"), "{what}: {policy}");
    // What the browser refuses, and not only tells of: text becomes a script by the one policy that names our worker.
    let trusted = "; require-trusted-types-for 'script'; trusted-types callqr";
    assert!(policy.ends_with(trusted), "{what}: {policy}");
    let policy = policy.trim_end_matches(trusted);
    assert_eq!(reply.header("content-security-policy-report-only"), "", "{what}");
    for word in policy.split([' ', ';']).filter(|word| !word.is_empty()) {
        let is_directive = word.ends_with("-src") || ["base-uri", "form-action", "frame-ancestors"].contains(&word);
        assert!(is_directive || ["'none'", "'self'", "data:", "blob:"].contains(&word), "{what}: {word}");
    }
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
    assert_eq!(scripts.trim(), "script-src 'self'", "{what}");
    for (name, value) in [
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        assert_eq!(reply.header(name), value, "{what}: {name}");
        assert_eq!(reply.headers.get_all(name).iter().count(), 1, "{what}: {name} twice");
    }
    let permissions = reply.header("permissions-policy");
    assert!(
        permissions.contains("microphone=(self)") && permissions.contains("camera=(self)"),
        "{what}: {permissions}"
    );
    assert!(!reply.header("cache-control").is_empty(), "{what}: may be kept by anybody");
    assert_eq!(reply.header("access-control-allow-origin"), "", "{what}");
}

/// Every request that the API describes, the pages, and what is not there, is refused or is malformed.
async fn every_answer(server: &TestApp) -> Vec<(String, Reply)> {
    let owner = server.owner().await;
    let mut answers = Vec::new();
    for Described { method, path, .. } in server.client.described().await {
        let places = [
            ("{id}", "tag_AAAAAAAAAAAAAAAAAAAAAA"),
            ("{session}", "call_AAAAAAAAAAAAAAAAAAAAAA"),
            ("{way}", "password"),
        ];
        let path = places.iter().fold(path, |path, (place, value)| path.replace(place, value));
        assert!(!path.contains('{'), "{path}: name something for this place");
        answers.push((format!("TRACE {path}"), server.client.send(Method::TRACE, &path, String::new()).await));
        // The owner's own session is needed to the end.
        let ends_a_session = path.ends_with("/logout") || method == Method::DELETE;
        for (who, client) in [("a stranger", &server.client), ("the owner", &owner)] {
            if who == "a stranger" || !ends_a_session {
                let json = client.with_header("content-type", "application/json");
                let answer = json.send(method.clone(), &path, "{}".into()).await;
                answers.push((format!("{method} {path} by {who}"), answer));
            }
        }
    }
    for path in
        ["/", "/c", "/setup", "/api", "/favicon.ico", "/robots.txt", "/nothing", "/a/0/x.js", "/a/0/%ff", "/api/v1/x"]
    {
        answers.push((path.into(), server.client.get(path).await));
        answers.push((format!("HEAD {path}"), server.client.send(Method::HEAD, path, String::new()).await));
        answers.push((format!("OPTIONS {path}"), server.client.send(Method::OPTIONS, path, String::new()).await));
    }
    let style = server.client.get("/api").await.text;
    let style = style.split('"').find(|text| text.ends_with(".css")).unwrap().to_owned();
    answers.push((style.clone(), server.client.get(&style).await));
    assert!(answers.len() > 60);
    answers
}

#[tokio::test]
async fn every_answer_tells_the_browser_what_is_allowed() {
    let server = TestApp::start().await;
    for (what, reply) in every_answer(&server).await {
        check(&reply, &what);
        assert_eq!(
            reply.header("strict-transport-security"),
            "",
            "{what}: the local authority is not trusted for ever"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_somebody_else_vouches_for_makes_browsers_insist_on_https() {
    let directory = tempfile::tempdir().unwrap();
    let own = certificate(directory.path());
    let settings = [("tls.certificate", own.chain.as_str()), ("tls.key", own.key.as_str())];
    let server = TestApp::start_trusting(&own.authority, &settings).await;
    for (what, reply) in every_answer(&server).await {
        check(&reply, &what);
        assert_eq!(reply.header("strict-transport-security"), "max-age=31536000", "{what}");
    }
}

#[tokio::test]
async fn answers_outside_tls_do_not_speak_of_it() {
    let server = TestApp::start().await;
    let mut stream = TcpStream::connect(server.client.address()).await.unwrap();
    stream.write_all(b"GET /c HTTP/1.1\r\nHost: door.local:8443\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    let head = text.split("\r\n\r\n").next().unwrap().to_ascii_lowercase();
    assert!(head.contains("content-security-policy: default-src 'none'") && head.contains("nosniff"), "{head}");
    assert!(!head.contains("strict-transport-security"), "{head}");
}

/// hyper itself answers what is no request, without a body: there is nothing that a browser could misunderstand.
#[tokio::test]
async fn what_is_no_request_gets_a_bare_refusal() {
    let server = TestApp::start().await;
    let long = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(17 * 1024));
    for (request, status) in
        [("GET / HTTP/9.9\r\n\r\n", "400"), ("GET /\0 HTTP/1.1\r\n\r\n", "400"), (long.as_str(), "431")]
    {
        let mut stream = server.client.connect(&["http/1.1"]).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // It may be cut off behind its answer: what was sent is not read to its end.
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer:?}");
        assert!(answer.contains("content-length: 0\r\n") && answer.ends_with("\r\n\r\n"), "{answer:?}");
    }
}
