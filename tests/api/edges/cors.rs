//! Web applications elsewhere: those that the operator lists may use the API, and nobody else.

use hyper::Method;
use serde_json::json;

use crate::support::protocol::PRESENCE;
use crate::support::{PASSWORD, TestApp};

const APP: &str = "https://app.example.org";

#[tokio::test]
async fn nobody_is_listed_by_default() {
    let server = TestApp::start().await;
    let page = server.client.with_header("origin", APP);
    let preflight =
        page.with_header("access-control-request-method", "GET").send(Method::OPTIONS, "/api/v1", String::new()).await;
    for reply in [preflight, page.get("/api/v1").await, page.get("/health").await] {
        assert!(reply.headers.keys().all(|name| !name.as_str().starts_with("access-control")), "{:?}", reply.headers);
    }
}

#[tokio::test]
async fn a_listed_application_uses_the_api_with_a_token() {
    let server = TestApp::start_with(&[("http.cors_origins", "https://other.example, https://app.example.org")]).await;
    let owner = server.owner().await;
    let preflight = server
        .client
        .with_header("origin", APP)
        .with_header("access-control-request-method", "DELETE")
        .with_header("access-control-request-headers", "authorization, content-type")
        .send(Method::OPTIONS, "/api/v1/tokens/x", String::new())
        .await;
    assert_eq!((preflight.status, preflight.text.as_str()), (204, ""));
    assert_eq!(preflight.header("access-control-allow-origin"), APP);
    assert!(preflight.header("access-control-allow-methods").contains("DELETE"));
    assert_eq!(preflight.header("access-control-allow-headers"), "authorization, content-type");
    assert_eq!(preflight.header("access-control-max-age"), "600");

    let app = owner.with_header("origin", APP);
    for reply in [
        app.get("/api/v1/account").await,
        app.post("/api/v1/tokens/generate", &json!({})).await,
        app.get("/api/v1/nothing").await,
        app.post("/api/v1/tokens/validate", &json!([])).await,
    ] {
        assert_eq!(reply.header("access-control-allow-origin"), APP, "{}", reply.status);
        assert_eq!(reply.header("access-control-allow-credentials"), "", "no cookie ever works");
        assert_eq!(reply.header("cross-origin-resource-policy"), "cross-origin");
        // `clock-differs` sends clients to the answer's `Date`.
        let exposed: Vec<_> = reply.header("access-control-expose-headers").split(", ").collect();
        assert!(exposed.contains(&"date") && !reply.header("date").is_empty(), "{exposed:?}");
        assert!(reply.headers.get_all("vary").iter().any(|vary| vary == "origin"));
    }
    let page = app.get("/").await;
    assert_eq!(page.header("access-control-allow-origin"), "", "pages are no part of the API");
}

#[tokio::test]
async fn nobody_else_is_let_in_by_a_list() {
    let server = TestApp::start_with(&[("http.cors_origins", APP)]).await;
    for origin in [
        "null",
        "https://evil.example",
        "https://app.example.org.evil.example",
        "https://sub.app.example.org",
        "http://app.example.org",
        "https://app.example.org:443",
        "https://APP.example.org",
        "https://app.example.org, https://evil.example",
        "*",
    ] {
        let page = server.client.with_header("origin", origin);
        let preflight = page
            .with_header("access-control-request-method", "POST")
            .send(Method::OPTIONS, "/api/v1", String::new())
            .await;
        for reply in [preflight, page.get("/api/v1").await] {
            assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
            assert_eq!(reply.header("cross-origin-resource-policy"), "same-origin", "{origin}");
            assert!(reply.headers.get_all("vary").iter().any(|vary| vary == "origin"), "{origin}");
        }
    }
}

#[tokio::test]
async fn a_listed_application_cannot_use_the_cookie() {
    let server = TestApp::start_with(&[("http.cors_origins", APP)]).await;
    server.owner().await;
    let cookie = server.client.as_page().log_in_by_cookie("ada", PASSWORD).await.cookie();
    assert!(cookie.starts_with("__Host-callqr="));
    let app = server.client.with_header("origin", APP);
    assert_eq!(app.log_in_by_cookie("ada", PASSWORD).await.code(), "foreign-origin");
    assert_eq!(app.with_header("cookie", &cookie).make_tag().await.refused(), (403, "foreign-origin"));
}

#[tokio::test]
async fn a_listed_application_may_open_sockets_and_others_may_not() {
    let server = TestApp::start_with(&[("http.cors_origins", APP)]).await;
    let socket = server.client.upgrading();
    assert_eq!(socket.with_header("origin", APP).get(PRESENCE).await.status, 101);
    let foreign = socket.with_header("origin", "https://evil.example");
    let two = socket.with_header("origin", APP).with_header("origin", &server.client.origin());
    // A page without an Origin would be strange, but browsers say all the same where it comes from.
    let elsewhere = socket.with_header("sec-fetch-site", "cross-site");
    for client in [foreign, two, socket.with_header("origin", "null"), elsewhere] {
        assert_eq!(client.get(PRESENCE).await.refused(), (403, "foreign-origin"));
    }
}

#[tokio::test]
async fn a_program_without_an_origin_is_let_in_by_its_ticket() {
    let server = TestApp::start().await;
    assert_eq!(server.client.upgrading().get(PRESENCE).await.status, 101);
}
