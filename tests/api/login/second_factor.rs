//! Logging in with an authenticator app and with recovery codes.

use serde_json::{Value, json};

use crate::support::{Client, Reply, Server, totp};

const PASSWORD: &str = "correct horse battery";

async fn first_step(client: &Client) -> Value {
    let reply = client.post("/api/v1/auth/login", &json!({ "username": "ada", "password": PASSWORD })).await;
    assert_eq!((reply.status, &reply.body["token"]), (200, &Value::Null), "{:?}", reply.body);
    reply.body["secondFactor"].clone()
}

async fn second_step(client: &Client, step: &Value, proof: Value) -> Reply {
    let mut body = proof;
    body["ticket"] = step["ticket"].clone();
    client.post("/api/v1/auth/second-factor", &body).await
}

/// Sets an app up; its secret and the recovery codes. The code of the current step is spent with it.
async fn app(owner: &Client) -> (String, Vec<String>) {
    let begun = owner.post("/api/v1/account/totp", &json!({})).await;
    assert_eq!(begun.status, 200, "{:?}", begun.body);
    let secret = begun.body["secret"].as_str().unwrap().to_owned();
    assert!(begun.body["uri"].as_str().unwrap().contains(&format!("secret={secret}")));
    assert!(begun.body["qr"]["svg"].as_str().unwrap().starts_with("<svg"));
    assert!(begun.body["qr"]["png"].as_str().unwrap().starts_with("data:image/png"));
    let done = owner.post("/api/v1/account/totp/confirm", &json!({ "code": totp::code(&secret, 0) })).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    let codes = done.body["backupCodes"].as_array().unwrap();
    (secret, codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn an_app_is_set_up_used_and_removed() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let before = owner.get("/api/v1/account").await.body;
    assert_eq!(before["secondFactor"], json!({ "totp": false, "backupCodesLeft": 0, "passkeys": [] }));
    let (secret, codes) = app(&owner).await;
    assert_eq!(codes.len(), 10);
    let after = owner.get("/api/v1/account").await.body;
    assert_eq!(after["secondFactor"], json!({ "totp": true, "backupCodesLeft": 10, "passkeys": [] }));

    let step = first_step(&server.client).await;
    assert_eq!(step["methods"], json!(["totp", "backup-code"]));
    assert!(step["expiresAt"].as_str().unwrap().ends_with('Z'));
    let wrong = second_step(&server.client, &step, json!({ "totp": "000000000" })).await;
    assert_eq!((wrong.status, wrong.code()), (401, "wrong-code"));
    let both = second_step(&server.client, &step, json!({ "totp": "000000", "backupCode": "x" })).await;
    assert_eq!((both.status, both.code()), (400, "one-proof"));
    let right = totp::code(&secret, 1);
    let done = second_step(&server.client, &step, json!({ "totp": right })).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    let client = server.client.with_token(done.body["token"].as_str().unwrap());
    assert_eq!(client.get("/api/v1/account").await.status, 200);

    let replayed = second_step(&server.client, &first_step(&server.client).await, json!({ "totp": right })).await;
    assert_eq!((replayed.status, replayed.code()), (401, "wrong-code"));
    let used = second_step(&server.client, &step, json!({ "backupCode": codes[0] })).await;
    assert_eq!((used.status, used.code()), (401, "ticket-expired"), "each ticket once");

    assert_eq!(client.delete("/api/v1/account/totp").await.status, 204);
    assert_eq!(client.delete("/api/v1/account/totp").await.code(), "no-totp");
    let plain = server.client.post("/api/v1/auth/login", &json!({ "username": "ada", "password": PASSWORD })).await;
    assert!(plain.body["token"].is_string(), "{:?}", plain.body);
}

#[tokio::test]
async fn a_phone_whose_clock_is_wrong_is_told_so_and_not_let_in() {
    let server = Server::start().await;
    let (secret, codes) = app(&server.owner().await).await;
    let step = first_step(&server.client).await;
    let ahead = second_step(&server.client, &step, json!({ "totp": totp::code(&secret, 10) })).await;
    assert_eq!((ahead.status, ahead.code()), (401, "server-clock"));
    let message = ahead.body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("The phone's clock and this server's clock are about 5 minutes apart"), "{message}");
    let in_by = second_step(&server.client, &step, json!({ "backupCode": codes[3] })).await;
    assert_eq!(in_by.status, 200, "{:?}", in_by.body);
    let again = second_step(&server.client, &first_step(&server.client).await, json!({ "backupCode": codes[3] })).await;
    assert_eq!((again.status, again.code()), (401, "wrong-code"));
}

#[tokio::test]
async fn guessing_codes_ends_with_the_ticket_and_then_slows_down() {
    let server = Server::start().await;
    app(&server.owner().await).await;
    let step = first_step(&server.client).await;
    let wrong = json!({ "backupCode": "0000-0000-0000-0000" });
    for _ in 0..5 {
        assert_eq!(second_step(&server.client, &step, wrong.clone()).await.code(), "wrong-code");
    }
    assert_eq!(second_step(&server.client, &step, wrong.clone()).await.code(), "ticket-expired");
    let step = first_step(&server.client).await;
    assert_eq!(second_step(&server.client, &step, wrong.clone()).await.code(), "wrong-code");
    let slowed = second_step(&server.client, &step, wrong).await;
    assert_eq!((slowed.status, slowed.code()), (429, "too-many-attempts"));
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_page_gets_its_cookie_after_the_second_step_only() {
    let server = Server::start().await;
    let (_, codes) = app(&server.owner().await).await;
    let page = server.client.with_header("origin", &server.client.origin());
    let body = json!({ "username": "ada", "password": PASSWORD, "cookie": true });
    let first = page.post("/api/v1/auth/login", &body).await;
    assert_eq!((first.status, first.header("set-cookie")), (200, ""));
    let mut body = json!({ "ticket": first.body["secondFactor"]["ticket"], "backupCode": codes[0], "cookie": true });
    let foreign = server.client.with_header("origin", "https://evil.example");
    assert_eq!(foreign.post("/api/v1/auth/second-factor", &body).await.code(), "foreign-origin");
    let done = page.post("/api/v1/auth/second-factor", &body).await;
    assert_eq!((done.status, &done.body["token"]), (200, &Value::Null));
    let cookies: Vec<_> = done.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies[0].starts_with("__Host-callqr=") && cookies[1].starts_with("__Host-callqr-device="), "{cookies:?}");
    for cookie in cookies {
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age="] {
            assert!(cookie.contains(attribute), "{attribute} is missing");
        }
    }
    body["ticket"] = json!("made up");
    assert_eq!(page.post("/api/v1/auth/second-factor", &body).await.code(), "ticket-expired");
}

#[tokio::test]
async fn confirming_takes_what_logging_in_takes() {
    let server = Server::start().await;
    let owner = server.owner().await;
    let (secret, codes) = app(&owner).await;
    let confirm = async |body: Value| owner.post("/api/v1/account/confirm", &body).await;
    let finish = async |body: Value| owner.post("/api/v1/account/confirm/second-factor", &body).await;
    for alone in [json!({ "totp": totp::code(&secret, 1) }), json!({ "backupCode": codes[0] })] {
        let refused = confirm(alone).await;
        assert_eq!((refused.status, refused.code()), (400, "one-proof"), "not without the password");
    }
    let wrong = confirm(json!({ "password": "wrong horse battery" })).await;
    assert_eq!((wrong.status, wrong.code()), (403, "wrong-password"));
    let asked = confirm(json!({ "password": PASSWORD })).await;
    assert_eq!((asked.status, asked.header("set-cookie"), &asked.body["token"]), (200, "", &Value::Null));
    let ticket = asked.body["secondFactor"]["ticket"].clone();
    assert_eq!(asked.body["secondFactor"]["methods"], json!(["totp", "backup-code"]));
    assert_eq!(owner.get("/api/v1/account").await.status, 200, "nothing has changed yet");

    let wrong = finish(json!({ "ticket": ticket, "totp": "000000000" })).await;
    assert_eq!((wrong.status, wrong.code()), (403, "wrong-code"), "the asker is still logged in");
    let none = finish(json!({ "ticket": ticket })).await;
    assert_eq!((none.status, none.code()), (400, "one-proof"));
    let right = json!({ "ticket": ticket, "totp": totp::code(&secret, 1) });
    let elsewhere = server.client.post("/api/v1/auth/second-factor", &right).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (401, "ticket-expired"), "it logs nobody in");
    let done = finish(right.clone()).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    assert_eq!(owner.get("/api/v1/account").await.status, 401, "the secrets of before are worthless");
    let renewed = server.client.with_token(done.body["token"].as_str().unwrap());
    assert!(renewed.get("/api/v1/account").await.body["confirmedUntil"].is_string());
    let again = renewed.post("/api/v1/account/confirm/second-factor", &right).await;
    assert_eq!((again.status, again.code()), (403, "ticket-expired"));
}
