//! Logging in with an authenticator app and with recovery codes.

use serde_json::json;

use crate::support::{Client, PASSWORD, PendingSecondFactor, Proof, TestApp, totp};

async fn first_step(client: &Client) -> PendingSecondFactor {
    client.log_in("ada", PASSWORD).await.ok().second_factor()
}

/// Sets an app up; its secret and the recovery codes. The code of the current step is spent with it.
async fn app(owner: &Client) -> (String, Vec<String>) {
    let begun = owner.begin_totp().await.ok();
    assert!(begun.uri.contains(&format!("secret={}", begun.secret)));
    begun.qr.check();
    let done = owner.confirm_totp(&totp::code(&begun.secret, 0)).await.ok();
    (begun.secret, done.backup_codes)
}

#[tokio::test]
async fn an_app_is_set_up_used_and_removed() {
    let server = TestApp::start().await;
    let (owner, client) = (server.owner().await, &server.client);
    let before = owner.account().await.body;
    assert_eq!(before["secondFactor"], json!({ "totp": false, "backupCodesLeft": 0, "passkeys": [] }));
    let (secret, codes) = app(&owner).await;
    assert_eq!(codes.len(), 10);
    let after = owner.account().await.body;
    assert_eq!(after["secondFactor"], json!({ "totp": true, "backupCodesLeft": 10, "passkeys": [] }));

    let step = first_step(client).await;
    assert_eq!(step.methods, ["totp", "backup-code"]);
    assert!(step.expires_at.ends_with('Z'));
    let wrong = client.second_factor(&step.ticket, Proof::totp("000000000")).await;
    assert_eq!(wrong.refused(), (401, "wrong-code"));
    let both = Proof { totp: Some("000000".into()), ..Proof::backup_code("x") };
    assert_eq!(client.second_factor(&step.ticket, both).await.refused(), (400, "one-proof"));
    let right = Proof::totp(&totp::code(&secret, 1));
    let entered = client.holding(&client.second_factor(&step.ticket, right.clone()).await.ok());
    entered.account().await.ok();

    let replayed = client.second_factor(&first_step(client).await.ticket, right).await;
    assert_eq!(replayed.refused(), (401, "wrong-code"));
    let used = client.second_factor(&step.ticket, Proof::backup_code(&codes[0])).await;
    assert_eq!(used.refused(), (401, "ticket-expired"), "each ticket once");

    entered.remove_totp().await.ok();
    assert_eq!(entered.remove_totp().await.code(), "no-totp");
    assert!(client.log_in("ada", PASSWORD).await.ok().logged_in().token.is_some());
}

#[tokio::test]
async fn a_phone_whose_clock_is_wrong_is_told_so_and_not_let_in() {
    let server = TestApp::start().await;
    let client = &server.client;
    let (secret, codes) = app(&server.owner().await).await;
    let step = first_step(client).await;
    let ahead = client.second_factor(&step.ticket, Proof::totp(&totp::code(&secret, 10))).await;
    assert_eq!(ahead.refused(), (401, "server-clock"));
    let message = ahead.body["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("The phone's clock and this server's clock are about 5 minutes apart"), "{message}");
    let code = Proof::backup_code(&codes[3]);
    client.second_factor(&step.ticket, code.clone()).await.ok();
    let again = client.second_factor(&first_step(client).await.ticket, code).await;
    assert_eq!(again.refused(), (401, "wrong-code"));
}

#[tokio::test]
async fn guessing_codes_ends_with_the_ticket_and_then_slows_down() {
    let server = TestApp::start().await;
    app(&server.owner().await).await;
    let guess = async |step: &PendingSecondFactor| {
        server.client.second_factor(&step.ticket, Proof::backup_code("0000-0000-0000-0000")).await
    };
    let step = first_step(&server.client).await;
    for _ in 0..5 {
        assert_eq!(guess(&step).await.code(), "wrong-code");
    }
    assert_eq!(guess(&step).await.code(), "ticket-expired");
    let step = first_step(&server.client).await;
    assert_eq!(guess(&step).await.code(), "wrong-code");
    let slowed = guess(&step).await;
    assert_eq!(slowed.refused(), (429, "too-many-attempts"));
    assert!(slowed.header("retry-after").parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_page_gets_its_cookie_after_the_second_step_only() {
    let server = TestApp::start().await;
    let (_, codes) = app(&server.owner().await).await;
    let page = server.client.as_page();
    let first = page.log_in_by_cookie("ada", PASSWORD).await;
    assert_eq!((first.status, first.header("set-cookie")), (200, ""));
    let ticket = first.ok().second_factor().ticket;
    let proof = Proof::backup_code(&codes[0]).with_cookie();
    let foreign = server.client.with_header("origin", "https://evil.example");
    assert_eq!(foreign.second_factor(&ticket, proof.clone()).await.code(), "foreign-origin");
    let done = page.second_factor(&ticket, proof.clone()).await;
    assert_eq!(done.ok().token, None);
    let cookies: Vec<_> = done.headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap()).collect();
    assert!(cookies[0].starts_with("__Host-callqr=") && cookies[1].starts_with("__Host-callqr-device="), "{cookies:?}");
    for cookie in cookies {
        for attribute in ["; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age="] {
            assert!(cookie.contains(attribute), "{attribute} is missing");
        }
    }
    assert_eq!(page.second_factor("made up", proof).await.code(), "ticket-expired");
}

#[tokio::test]
async fn confirming_takes_what_logging_in_takes() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let (secret, codes) = app(&owner).await;
    for alone in [Proof::totp(&totp::code(&secret, 1)), Proof::backup_code(&codes[0])] {
        assert_eq!(owner.confirm(&alone).await.refused(), (400, "one-proof"), "not without the password");
    }
    let wrong = owner.confirm(&Proof::password("wrong horse battery")).await;
    assert_eq!(wrong.refused(), (403, "wrong-password"));
    let asked = owner.confirm(&Proof::password(PASSWORD)).await;
    let step = asked.ok().second_factor();
    assert_eq!(asked.header("set-cookie"), "");
    assert_eq!(step.methods, ["totp", "backup-code"]);
    assert_eq!(owner.account().await.status, 200, "nothing has changed yet");

    let wrong = owner.confirm_second_factor(&step.ticket, Proof::totp("000000000")).await;
    assert_eq!(wrong.refused(), (403, "wrong-code"), "the asker is still logged in");
    let none = owner.confirm_second_factor(&step.ticket, Proof::default()).await;
    assert_eq!(none.refused(), (400, "one-proof"));
    let right = Proof::totp(&totp::code(&secret, 1));
    let elsewhere = server.client.second_factor(&step.ticket, right.clone()).await;
    assert_eq!(elsewhere.refused(), (401, "ticket-expired"), "it logs nobody in");
    let done = owner.confirm_second_factor(&step.ticket, right.clone()).await.ok();
    assert_eq!(owner.account().await.status, 401, "the old secrets are worthless");
    let renewed = server.client.holding(&done);
    assert!(renewed.account().await.ok().confirmed_until.is_some());
    let again = renewed.confirm_second_factor(&step.ticket, right).await;
    assert_eq!(again.refused(), (403, "ticket-expired"));
}
