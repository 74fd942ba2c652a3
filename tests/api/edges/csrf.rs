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
