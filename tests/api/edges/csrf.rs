//! What another site's page can do in the name of somebody who is logged in here: nothing.

use hyper::Method;
use serde_json::{Value, json};

use crate::support::Server;

/// Every request of the API that somebody who is logged in can make, by the API's own description.
async fn of_sessions(server: &Server) -> Vec<(Method, String)> {
    let document = server.client.get("/api/v1/openapi.json").await.body;
    let mut requests = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let needs_session = operation["security"].as_array().is_some_and(|needs| !needs.is_empty());
            if needs_session {
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                requests.push((method, path.replace("{id}", "acct_AAAAAAAAAAAAAAAAAAAAAA")));
            }
        }
    }
    requests
}

#[tokio::test]
async fn a_cookie_is_worth_nothing_on_the_way_from_another_site() {
    let server = Server::start().await;
    server.owner().await;
    let body = json!({ "username": "ada", "password": "correct horse battery", "cookie": true });
    let own = server.client.origin();
    let reply = server.client.with_header("origin", &own).post("/api/v1/auth/login", &body).await;
    let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
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

    assert_eq!(holder.get("/api/v1/account").await.status, 200, "nothing of all that was done");
    let page = holder.with_header("origin", &own).with_header("sec-fetch-site", "same-origin");
    assert_eq!(page.post("/api/v1/auth/logout", &Value::Null).await.status, 204);
}

#[tokio::test]
async fn nobody_is_logged_in_by_another_sites_page() {
    let server = Server::start().await;
    server.owner().await;
    let body = json!({ "username": "ada", "password": "correct horse battery", "cookie": true });
    let page = server.client.with_header("origin", &server.client.origin());
    let refused = page.with_header("sec-fetch-site", "cross-site").post("/api/v1/auth/login", &body).await;
    assert_eq!((refused.status, refused.code()), (403, "foreign-origin"));
    let form = server.client.with_header("content-type", "application/x-www-form-urlencoded");
    assert_eq!(form.send(Method::POST, "/api/v1/auth/login", body.to_string()).await.status, 415);
}
