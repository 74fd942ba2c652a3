//! Set-up, log-in, log-out, and what a session is good for.

use serde_json::json;

use crate::support::{Client, Reply, Server};

async fn log_in(client: &Client, username: &str, password: &str) -> Reply {
    client.post("/api/v1/auth/login", &json!({ "username": username, "password": password })).await
}

#[tokio::test]
async fn the_setup_link_makes_one_account_and_no_second() {
    let server = Server::start().await;
    assert_eq!(server.client.get("/api/v1").await.body["registration"], "setup");

    let mut body = json!({ "username": "ada", "password": "correct horse battery", "setupToken": "wrong" });
    let refused = server.client.post("/api/v1/auth/register", &body).await;
    assert_eq!((refused.status, refused.code()), (403, "setup-link"));

    body["setupToken"] = json!(server.setup_token);
    body["password"] = json!("too short");
    let refused = server.client.post("/api/v1/auth/register", &body).await;
    assert_eq!((refused.status, refused.code()), (400, "password-too-short"));

    body["password"] = json!("correct horse battery");
    assert_eq!(
        server.client.post("/api/v1/auth/register", &body).await.status,
        201,
        "a refusal must not use the link up"
    );
    let again = server.client.post("/api/v1/auth/register", &body).await;
    assert_eq!((again.status, again.code()), (403, "invite-needed"));
    assert_eq!(server.client.get("/api/v1").await.body["registration"], "invite");
}

#[tokio::test]
async fn a_token_is_good_until_its_session_ends() {
    let server = Server::start().await;
    server.owner().await;
    let reply = log_in(&server.client, "Ada", "correct horse battery").await;
    assert_eq!(reply.status, 200);
    assert!(reply.body["expiresAt"].as_str().unwrap().ends_with('Z'));
    assert_eq!(reply.header("set-cookie"), "", "an API client gets no cookie");

    let client = server.client.with_token(reply.body["token"].as_str().unwrap());
    let account = client.get("/api/v1/account").await;
    assert_eq!((account.status, account.body["username"].as_str()), (200, Some("ada")));
    assert_eq!(client.post("/api/v1/auth/logout", &json!({})).await.status, 204);
    let after = client.get("/api/v1/account").await;
    assert_eq!((after.status, after.code()), (401, "no-session"));
}

#[tokio::test]
async fn a_page_gets_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let server = Server::start().await;
    server.owner().await;
    let body = json!({ "username": "ada", "password": "correct horse battery", "cookie": true });
    let foreign = server.client.with_header("origin", "https://evil.example").post("/api/v1/auth/login", &body).await;
    assert_eq!((foreign.status, foreign.code()), (403, "foreign-origin"));

    let page = server.client.with_header("origin", &server.client.origin());
    let reply = page.post("/api/v1/auth/login", &body).await;
    assert_eq!((reply.status, reply.body["token"].as_str()), (200, None));
    let cookie = reply.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-callqr="), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} is missing");
    }

    let pair = cookie.split(';').next().unwrap();
    let holder = server.client.with_header("cookie", pair);
    assert_eq!(holder.get("/api/v1/account").await.status, 200);
    let unsourced = holder.post("/api/v1/auth/logout", &json!({})).await;
    assert_eq!((unsourced.status, unsourced.code()), (403, "foreign-origin"));
    let done = holder.with_header("origin", &server.client.origin()).post("/api/v1/auth/logout", &json!({})).await;
    assert_eq!(done.status, 204);
    assert!(done.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(holder.get("/api/v1/account").await.status, 401);
}

#[tokio::test]
async fn wrong_names_and_passwords_look_alike() {
    let server = Server::start().await;
    server.owner().await;
    let wrong = log_in(&server.client, "ada", "wrong horse battery").await;
    for (username, password) in [("nobody", "correct horse battery"), ("!", ""), ("ada", &"x".repeat(5000))] {
        let other = log_in(&server.client, username, password).await;
        assert_eq!((other.status, &other.body), (401, &wrong.body));
    }
    assert_eq!(wrong.code(), "wrong-credentials");
}

#[tokio::test]
async fn a_flood_of_log_ins_is_bounded_and_says_when_to_come_back() {
    let server = Server::start().await;
    server.owner().await;
    let attempts = (0..200).map(|n| {
        let client = server.client.clone();
        tokio::spawn(async move { log_in(&client, &format!("name-{n}"), "wrong horse battery").await })
    });
    let mut counts = std::collections::BTreeMap::new();
    for attempt in attempts.collect::<Vec<_>>() {
        let reply = attempt.await.unwrap();
        if matches!(reply.status, 429 | 503) {
            assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
        }
        *counts.entry(reply.status).or_insert(0) += 1;
    }
    assert!(counts.keys().all(|status| matches!(status, 401 | 429 | 503)), "{counts:?}");
    // How many of the others find the queue full, and how many have to wait, is a matter of how fast hashing is.
    assert!(counts[&401] <= 30 && counts.contains_key(&429), "{counts:?}");
}

#[tokio::test]
async fn log_ins_are_counted_per_source() {
    let server = Server::start_with(&[("limits.login", "2 per 1h")]).await;
    for _ in 0..2 {
        assert_eq!(log_in(&server.client, "ada", "x").await.status, 401);
    }
    let refused = log_in(&server.client, "ada", "x").await;
    assert_eq!((refused.status, refused.code()), (429, "too-many-requests"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 60);
}

#[tokio::test]
async fn the_word_before_a_token_may_be_written_in_any_case() {
    let server = Server::start().await;
    let body = json!({ "username": "ada", "password": "correct horse battery", "setupToken": server.setup_token });
    let token = server.client.post("/api/v1/auth/register", &body).await.body["token"].as_str().unwrap().to_owned();
    for (value, status) in [(format!("bearer {token}"), 200), (format!("Basic {token}"), 401), (token.clone(), 401)] {
        assert_eq!(server.client.with_header("authorization", &value).get("/api/v1/account").await.status, status);
    }
}
