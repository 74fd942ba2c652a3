//! What another site's page can do in the name of somebody who is logged in here: nothing.

use hyper::Method;
use serde_json::json;

use crate::support::{Described, PASSWORD, TestApp};

/// Every request of the API that somebody who is logged in can make, by the API's own description.
async fn of_sessions(server: &TestApp) -> Vec<(Method, String)> {
    let needs_session =
        |request: &Described| request.operation["security"].as_array().is_some_and(|needs| !needs.is_empty());
    let described = server.client.described().await.into_iter().filter(needs_session);
    described.map(|request| (request.method, request.path.replace("{id}", "acct_AAAAAAAAAAAAAAAAAAAAAA"))).collect()
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_on_the_way_from_another_site() {
    let server = TestApp::start().await;
    server.owner().await;
    let own = server.client.origin();
    let cookie = server.client.as_page().log_in_by_cookie("ada", PASSWORD).await.cookie();
    let holder = server.client.with_header("cookie", &cookie);

    let requests = of_sessions(&server).await;
    assert!(requests.len() > 15, "the description was not understood");
    for (method, path) in &requests {
        let elsewhere = [
            ("https://evil.example", "cross-site", true),
            ("null", "cross-site", true),
            (own.as_str(), "cross-site", true),
            (own.as_str(), "same-site", true),
            ("https://sibling.localhost", "same-site", true),
            ("", "", *method != Method::GET),
        ];
        for (origin, site, refused) in elsewhere {
            let mut client = holder.with_header("content-type", "application/json");
            if !origin.is_empty() {
                client = client.with_header("origin", origin).with_header("sec-fetch-site", site);
            }
            let reply = client.send(method.clone(), path, "{}".into()).await;
            let was_refused = (reply.status, reply.code()) == (403, "foreign-origin");
            assert_eq!(was_refused, refused, "{method} {path} from {origin:?} {site:?}: {}", reply.text);
        }
    }

    assert_eq!(holder.account().await.status, 200, "nothing of all that was done");
    holder.as_page().with_header("sec-fetch-site", "same-origin").log_out().await.ok();
}

#[tokio::test]
async fn nobody_is_logged_in_by_another_sites_page() {
    let server = TestApp::start().await;
    server.owner().await;
    let page = server.client.as_page().with_header("sec-fetch-site", "cross-site");
    assert_eq!(page.log_in_by_cookie("ada", PASSWORD).await.refused(), (403, "foreign-origin"));
    let form = server.client.with_header("content-type", "application/x-www-form-urlencoded");
    let body = json!({ "username": "ada", "password": PASSWORD, "cookie": true }).to_string();
    assert_eq!(form.send(Method::POST, "/api/v1/auth/login", body).await.status, 415);
}

#[tokio::test]
async fn another_sites_page_uses_up_nothing_of_what_its_visitors_network_is_allowed() {
    let few = "3 per 1h";
    let limits =
        ["validate", "initiate", "login", "register", "note"].map(|name| (format!("limits.{name}"), few.to_owned()));
    let limits: Vec<_> = limits.iter().map(|(name, few)| (name.as_str(), few.as_str())).collect();
    let server = TestApp::start_with(&limits).await;
    let requests = server.client.described().await;
    assert!(requests.len() > 30, "the description was not understood");
    let ways: [&[(&str, &str)]; 4] = [
        &[("origin", "https://evil.example")],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")],
        &[("origin", "https://sibling.localhost"), ("sec-fetch-site", "same-site")],
    ];
    for request in &requests {
        // What says the same to everybody is not counted.
        if !request.path.starts_with("/api/v1/") || request.path == "/api/v1/openapi.json" {
            continue;
        }
        let path = request.path.replace("{id}", "x").replace("{session}", "x");
        for way in ways {
            let client = server.client.with_header("content-type", "application/json");
            let client = way.iter().fold(client, |client, (name, value)| client.with_header(name, value));
            let reply = client.send(request.method.clone(), &path, "{}".into()).await;
            assert_eq!(reply.refused(), (403, "foreign-origin"), "{} {path} by {way:?}", request.method);
        }
    }
    // Nothing was counted: every one of these is still allowed.
    let page = server.client.as_page().with_header("sec-fetch-site", "same-origin");
    assert_eq!(page.begin_passkey_login().await.status, 200);
    assert_eq!(page.log_in("ada", PASSWORD).await.code(), "wrong-credentials");
    assert_ne!(page.validate("pqc:1:x:y").await.status, 429);
    assert_ne!(page.initiate("pqc:1:x:y").await.status, 429);
    // A link that somebody follows from another site, and a program, which says nothing of itself.
    let followed = server.client.with_header("sec-fetch-site", "cross-site").with_header("sec-fetch-mode", "navigate");
    assert_ne!(followed.get("/api/v1/auth/register").await.status, 403);
    assert_eq!(server.client.log_in("ada", PASSWORD).await.code(), "wrong-credentials");
}
