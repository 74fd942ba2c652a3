//! Set-up, log-in, log-out, and what a session is good for.

use tokio::task::JoinSet;

use crate::support::{Login, PASSWORD, Registration, TestApp};

#[tokio::test]
async fn the_setup_link_makes_one_account_and_no_second() {
    let server = TestApp::start().await;
    assert_eq!(server.client.registration().await, "setup");
    let first = server.first_account();
    let forged = Registration { setup_token: Some("wrong"), ..first.clone() };
    assert_eq!(server.client.register(&forged).await.refused(), (403, "setup-link"));
    let weak = Registration { password: Some("too short"), ..first.clone() };
    assert_eq!(server.client.register(&weak).await.refused(), (400, "password-too-short"));
    assert_eq!(server.client.register(&first).await.status, 201, "a refusal must not use the link up");
    assert_eq!(server.client.register(&first).await.refused(), (403, "invite-needed"));
    assert_eq!(server.client.registration().await, "invite");
}

#[tokio::test]
async fn a_token_is_good_until_its_session_ends() {
    let server = TestApp::start().await;
    server.owner().await;
    let reply = server.client.log_in("Ada", PASSWORD).await;
    let session = reply.ok().logged_in();
    assert!(session.expires_at.ends_with('Z'));
    assert_eq!(reply.header("set-cookie"), "", "an API client gets no cookie");

    let client = server.client.holding(&session);
    assert_eq!(client.account().await.ok().username, "ada");
    client.log_out().await.ok();
    assert_eq!(client.account().await.refused(), (401, "no-session"));
}

#[tokio::test]
async fn a_page_gets_a_cookie_that_scripts_and_other_sites_cannot_use() {
    let server = TestApp::start().await;
    server.owner().await;
    let foreign = server.client.with_header("origin", "https://evil.example");
    assert_eq!(foreign.log_in_by_cookie("ada", PASSWORD).await.refused(), (403, "foreign-origin"));

    let reply = server.client.as_page().log_in_by_cookie("ada", PASSWORD).await;
    assert_eq!(reply.ok().logged_in().token, None);
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-callqr="), "{cookie}");
    for attribute in ["Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} is missing");
    }

    let holder = server.client.with_header("cookie", &reply.cookie());
    holder.account().await.ok();
    assert_eq!(holder.log_out().await.refused(), (403, "foreign-origin"));
    let done = holder.as_page().log_out().await;
    done.ok();
    assert!(done.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(holder.account().await.status, 401);
}

#[tokio::test]
async fn wrong_names_and_passwords_look_alike() {
    let server = TestApp::start().await;
    server.owner().await;
    let wrong = server.client.log_in("ada", "wrong horse battery").await;
    assert_eq!(wrong.refused(), (401, "wrong-credentials"));
    for (username, password) in [("nobody", PASSWORD), ("!", ""), ("ada", &"x".repeat(5000))] {
        let other = server.client.log_in(username, password).await;
        assert_eq!((other.status, &other.body), (401, &wrong.body));
    }
}

#[tokio::test]
async fn a_flood_of_log_ins_is_bounded_and_says_when_to_come_back() {
    const LET_THROUGH: usize = 30;
    let server = TestApp::start().await;
    server.owner().await;
    let attempt = |n: usize| {
        let client = server.client.clone();
        async move {
            let reply = client.log_in(&format!("name-{n}"), "wrong horse battery").await;
            if matches!(reply.status, 429 | 503) {
                assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
            }
            reply.status
        }
    };
    let attempts: Vec<_> = (0..200).map(|n| tokio::spawn(attempt(n))).collect();
    let mut counts = std::collections::BTreeMap::new();
    for attempt in attempts {
        *counts.entry(attempt.await.unwrap()).or_insert(0) += 1;
    }
    // How many of the others find the queue full, and how many have to wait, is a matter of how fast hashing is.
    assert!(counts.keys().all(|status| matches!(status, 401 | 429 | 503)), "{counts:?}");
    assert!((1..=LET_THROUGH).contains(&counts[&401]), "{counts:?}");

    // Those who come one after the other find no queue, and are let through until the source has failed too often.
    let mut failed = counts[&401];
    loop {
        match attempt(200 + failed).await {
            401 => failed += 1,
            status => break assert_eq!(status, 429),
        }
        assert!(failed <= LET_THROUGH, "{failed} were let through");
    }
}

#[tokio::test]
async fn log_ins_are_counted_per_source() {
    let server = TestApp::start_with(&[("limits.login", "2 per 1h")]).await;
    for _ in 0..2 {
        assert_eq!(server.client.log_in("ada", "x").await.status, 401);
    }
    let refused = server.client.log_in("ada", "x").await;
    assert_eq!(refused.refused(), (429, "too-many-requests"));
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 60);
}

#[tokio::test]
async fn the_word_before_a_token_may_be_written_in_any_case() {
    let server = TestApp::start().await;
    let session = server.client.register(&server.first_account()).await.ok();
    let token = session.token();
    for (value, status) in [(format!("bearer {token}"), 200), (format!("Basic {token}"), 401), (token.to_owned(), 401)]
    {
        assert_eq!(server.client.with_header("authorization", &value).account().await.status, status);
    }
}

#[tokio::test]
async fn who_succeeds_is_not_counted_like_who_fails() {
    let settings = [("limits.login", "10 per 5m"), ("limits.register", "10 per 1h"), ("limits.validate", "10 per 1h")];
    let server = TestApp::start_with(&settings).await;
    let owner = server.owner().await;
    for n in 0..20 {
        let login = server.client.log_in("ada", PASSWORD).await;
        assert_eq!(login.status, 200, "log-in {n} of one evening: {}", login.text);
    }
    let tag = owner.make_tag().await.ok();
    for n in 0..20 {
        assert!(server.client.validate(&tag.code).await.ok().valid, "scan {n} of a sticker that exists");
    }
    for n in 0..15 {
        // Each would panic if it were refused.
        owner.bring_in("household", &format!("guest{n}")).await;
    }

    let mut tried = 0;
    let refused = loop {
        let wrong = server.client.log_in(&format!("nobody{tried}"), PASSWORD).await;
        if wrong.status == 429 {
            break wrong;
        }
        assert_eq!(wrong.code(), "wrong-credentials");
        tried += 1;
    };
    assert!(tried <= 10, "{tried} failures of one network");
    assert_eq!(refused.code(), "too-many-requests");
    let invite = Registration { username: "eve", password: Some(PASSWORD), ..Registration::default() };
    let statuses: Vec<_> = [(); 12].into_iter().map(|()| invite.clone()).collect();
    let mut refusals = 0;
    for registration in &statuses {
        refusals += u32::from(server.client.register(registration).await.status == 429);
    }
    assert!(refusals > 0, "attempts without a link count in full");
}

#[tokio::test]
async fn who_repeats_a_right_log_in_takes_no_place_from_others() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    owner.bring_in("owner", "eve").await;
    let device_of =
        async |username: &str| server.client.log_in(username, PASSWORD).await.ok().logged_in().device_token.unwrap();
    let (eve, ada) = (device_of("eve").await, device_of("ada").await);
    let log_in = |username: &'static str, device: String| {
        let client = server.client.as_nobody();
        async move {
            let device_token = Some(device.as_str());
            client.log_in_with(&Login { username, password: Some(PASSWORD), device_token, ..Login::default() }).await
        }
    };
    let mut repeated = JoinSet::new();
    for _ in 0..24 {
        repeated.spawn(log_in("eve", eve.clone()));
    }
    let mut others = JoinSet::new();
    others.spawn(log_in("ada", ada));
    let other = others.join_next().await.unwrap().unwrap();
    assert_eq!(other.status, 200, "{}", other.text);
    let mut done = 0;
    while let Some(reply) = repeated.join_next().await {
        let reply = reply.unwrap();
        match reply.status {
            200 => done += 1,
            _ => assert!([(429, "too-many-at-once"), (429, "too-many-attempts")].contains(&reply.refused())),
        }
    }
    assert!((1..24).contains(&done), "{done} of 24");
}

#[tokio::test]
async fn right_log_ins_of_a_known_device_count_too_though_little() {
    let server = TestApp::start_with(&[("limits.login", "2 per 1h")]).await;
    server.owner().await;
    let session = server.client.log_in("ada", PASSWORD).await.ok().logged_in();
    let known = Login {
        username: "ada",
        password: Some(PASSWORD),
        device_token: session.device_token.as_deref(),
        ..Login::default()
    };
    let mut right = 0;
    let refused = loop {
        let reply = server.client.log_in_with(&known).await;
        if reply.status != 200 {
            break reply;
        }
        right += 1;
        assert!(right <= 20, "ten times as many as failures");
    };
    assert_eq!(refused.refused(), (429, "too-many-requests"));
    assert!(right >= 10, "{right}");
}
