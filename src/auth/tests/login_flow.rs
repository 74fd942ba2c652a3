//! Logging in: what everybody is told, how fast one may try, known devices, sessions and their secrets.

use crate::accounts::Registering;
use crate::auth::login::{self, LoginContext, Outcome};
use crate::domain::Kind;
use crate::domain::account::Password;
use crate::domain::effect::Effect;
use crate::domain::identity::Identity;
use crate::testing::*;
use std::sync::Arc;
use std::time::Duration;

const PASSWORD: &str = "correct horse";

async fn attempt(house: &House, username: &str, password: &str, context: &LoginContext) -> &'static str {
    match house.login.with_password(username, password.into(), context, day(0)).await {
        Ok(_) => "in",
        Err(error) => error.code,
    }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_account_answers_like_a_wrong_password() {
    let house = house();
    house.owner().await;
    let eve = house.accounts.add(registration("eve", None), None, false, day(0)).await.unwrap();
    assert_eq!(attempt(&house, "eve", PASSWORD, &context(1)).await, "in");
    house.accounts.disable(eve, None).await.unwrap();
    let disabled = house.login.with_password("eve", PASSWORD.into(), &context(1), day(0)).await.unwrap_err();
    let wrong = house.login.with_password("ada.lovelace", "wrong".into(), &context(1), day(0)).await.unwrap_err();
    assert_eq!(disabled, wrong);
}

#[tokio::test(start_paused = true)]
async fn a_password_that_goes_on_too_long_is_wrong() {
    let house = house();
    let long = "correct horse battery staple ".repeat(40)[..Password::MAX_BYTES].to_owned();
    let token = house.setup_token().await;
    let registering = Registering { password: long.clone().into(), ..registration("ada", Some(&token)) };
    house.accounts.register(registering, day(0)).await.unwrap();
    assert_eq!(attempt(&house, "ada", &format!("{long}x"), &context(1)).await, "wrong-credentials");
    assert_eq!(attempt(&house, "ada", &long, &context(1)).await, "in");
}

#[tokio::test(start_paused = true)]
async fn every_refusal_costs_one_hash_of_full_strength_and_a_limited_one_none() {
    let house = house();
    house.owner().await;
    let eve = house.accounts.add(registration("eve", None), None, false, day(0)).await.unwrap();
    house.accounts.disable(eve, None).await.unwrap();
    let long = "x".repeat(5000);
    let kinds = [
        ("nobody", PASSWORD),
        ("ada.lovelace", "wrong horse"),
        ("ada.lovelace", ""),
        ("ada.lovelace", long.as_str()),
        ("eve", PASSWORD),
        ("not a name!", PASSWORD),
        ("", ""),
    ];
    for (n, (username, password)) in (10..).zip(kinds) {
        let before = house.passwords.hashed();
        assert_eq!(attempt(&house, username, password, &context(n)).await, "wrong-credentials");
        // Blocks of memory times passes: what Argon2's time depends on.
        assert_eq!(house.passwords.hashed() - before, 19 * 1024 * 2 + 600_000, "{username:?} {}", password.len());
    }
    while attempt(&house, "ada.lovelace", "wrong", &context(9)).await == "wrong-credentials" {}
    let before = house.passwords.hashed();
    assert_eq!(attempt(&house, "ada.lovelace", "wrong", &context(9)).await, "too-many-attempts");
    assert_eq!(house.passwords.hashed(), before);
}

#[tokio::test(start_paused = true)]
async fn guessing_at_a_name_slows_down_for_known_and_unknown_names_alike() {
    let house = house();
    house.owner().await;
    let mut told = Vec::new();
    for (n, username) in [(1, "ada.lovelace"), (2, "nobody")] {
        let mut answers = Vec::new();
        for _ in 0..8 {
            answers.push(attempt(&house, username, "wrong", &context(n)).await);
        }
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0][5..], ["wrong-credentials", "too-many-attempts", "too-many-attempts"]);
    let error = house.login.with_password("ada.lovelace", PASSWORD.into(), &context(1), day(0)).await.unwrap_err();
    assert_eq!((error.code, error.kind), ("too-many-attempts", Kind::TooMany), "the right password, too");
    assert!(error.retry_after.is_some());
    assert_eq!(attempt(&house, "ada.lovelace", PASSWORD, &context(3)).await, "in", "from elsewhere it goes on");
}

#[tokio::test(start_paused = true)]
async fn strangers_who_hammer_a_name_do_not_stop_a_device_that_was_there_before() {
    let house = house();
    house.owner().await;
    let begun = house.log_in("ada.lovelace", PASSWORD, day(0)).await.unwrap();
    let known = LoginContext { device_token: Some(begun.device.unwrap().expose().clone()), ..context(1) };
    assert!(house.login.knows("Ada.Lovelace", &known, day(1)).is_some());
    assert!(house.login.knows("eve", &known, day(1)).is_none(), "it is known for one name");
    assert!(house.login.knows("ada.lovelace", &context(1), day(1)).is_none());

    for n in 0..40 {
        attempt(&house, "ada.lovelace", "wrong", &context(n)).await;
    }
    while attempt(&house, "ada.lovelace", "wrong", &context(1)).await == "wrong-credentials" {}
    assert_eq!(attempt(&house, "ada.lovelace", PASSWORD, &context(1)).await, "too-many-attempts");
    let again = house.login.with_password("ada.lovelace", PASSWORD.into(), &known, day(1)).await.unwrap();
    let Outcome::Begun(again) = again else { panic!("there is no second factor") };
    let later = LoginContext { device_token: Some(again.device.unwrap().expose().clone()), ..context(1) };
    assert!(house.login.knows("ada.lovelace", &later, day(400)).is_some(), "each login renews it");

    while attempt(&house, "ada.lovelace", "wrong", &later).await == "wrong-credentials" {}
    assert_eq!(attempt(&house, "ada.lovelace", PASSWORD, &later).await, "too-many-attempts", "nor is it above the law");
}

#[tokio::test(start_paused = true)]
async fn sessions_are_listed_and_ended_one_by_one_or_all_at_once() {
    let house = house();
    let owner = house.owner().await;
    let phone = house.log_in("ada.lovelace", PASSWORD, day(1)).await.unwrap();
    let tablet = house.log_in("ada.lovelace", PASSWORD, day(2)).await.unwrap();
    let stranger = house.accounts.add(registration("eve", None), None, false, day(0)).await.unwrap();
    let listed = house.sessions.list(owner, day(3)).await.unwrap();
    let told: Vec<_> = listed.iter().map(|session| (session.id, session.device.as_str())).collect();
    assert_eq!(
        told,
        [
            (tablet.identity.session, "Firefox on Android"),
            (phone.identity.session, "Firefox on Android"),
            (owner.session, "")
        ]
    );
    let eve = Identity { account: stranger, ..owner };
    assert_eq!(code(house.sessions.end_one(eve, phone.identity.session).await), "no-such-session");
    house.sessions.end_one(owner, phone.identity.session).await.unwrap();
    assert_eq!(code(house.sessions.end_one(owner, phone.identity.session).await), "no-such-session");
    house.sessions.end_others(owner).await.unwrap();
    assert_eq!(house.raised(), [phone, tablet].map(|begun| Effect::SessionEnded(begun.identity.session)));
    assert_eq!(house.sessions.list(owner, day(3)).await.unwrap().len(), 1);
    let entries = house.audit.list(None, 20).await.unwrap();
    for (event, account) in [("session-ended", owner.account), ("sessions-ended", owner.account)] {
        assert!(entries.iter().any(|entry| (entry.event.as_str(), entry.account) == (event, Some(account))), "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_proof_of_who_is_asking_replaces_the_secrets_and_lasts_ten_minutes() {
    let house = house();
    house.owner().await;
    let begun = house.log_in("ada.lovelace", PASSWORD, day(1)).await.unwrap();
    assert!(begun.identity.is_recently_authenticated(day(1)), "a fresh login is a proof");
    let minutes = |n: u64| Duration::from_secs(n * 60);
    let stale = house.sessions.by_cookie(begun.cookie.expose(), day(1) + minutes(10)).await.unwrap();
    assert!(!stale.is_recently_authenticated(day(1) + minutes(10)));

    let now = day(2);
    for wrong in ["", "wrong horse", &"x".repeat(5000)] {
        let given = login::StepUp::Password(wrong.into());
        assert_eq!(code(house.login.confirm(stale, given, &context(1), now).await), "wrong-password");
    }
    let again = house.confirmed(stale, now).await;
    assert_eq!(again.identity.session, begun.identity.session, "what hangs on the session goes on");
    assert_eq!(again.expires_at, begun.expires_at, "it does not live longer for it");
    for (cookie, token, works) in
        [(begun.cookie.expose(), begun.token.expose(), false), (again.cookie.expose(), again.token.expose(), true)]
    {
        assert_eq!(house.sessions.by_cookie(cookie, now).await.is_ok(), works);
        assert_eq!(house.sessions.by_token(token, now).await.is_ok(), works);
    }
    let identity = house.sessions.by_token(again.token.expose(), now + minutes(9)).await.unwrap();
    assert!(
        identity.is_recently_authenticated(now + minutes(9)) && !identity.is_recently_authenticated(now + minutes(10))
    );
}

#[tokio::test(start_paused = true)]
async fn a_session_is_no_way_to_guess_the_password() {
    let house = house();
    let owner = house.owner().await;
    let wrong = || login::StepUp::Password("wrong".into());
    let guess = async || code(house.login.confirm(owner, wrong(), &context(1), day(1)).await);
    for _ in 0..6 {
        assert_eq!(guess().await, "wrong-password");
    }
    assert_eq!(guess().await, "too-many-attempts");
    assert_eq!(attempt(&house, "ada.lovelace", PASSWORD, &context(1)).await, "in", "its owner still logs in");
}

#[tokio::test(start_paused = true)]
async fn log_ins_are_on_record() {
    let house = house();
    let owner = house.owner().await;
    attempt(&house, "ada.lovelace", "wrong", &context(1)).await;
    attempt(&house, "nobody", "wrong", &context(1)).await;
    attempt(&house, "ada.lovelace", PASSWORD, &context(1)).await;
    let entries = house.audit.list(None, 20).await.unwrap();
    let told: Vec<_> = entries.iter().map(|entry| (entry.event.as_str(), entry.account)).collect();
    for expected in
        [("login-failed", Some(owner.account)), ("login-failed", None), ("login-succeeded", Some(owner.account))]
    {
        assert!(told.contains(&expected), "{expected:?} is missing in {told:?}");
    }
}

/// Trying the old password again and again must not leave a session over.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_under_way_does_not_outlive_the_password_that_it_was_made_with() {
    let house = Arc::new(house());
    let owner = house.owner().await;
    let before = house.passwords.hashed();
    let attempt = tokio::spawn({
        let house = house.clone();
        async move { house.login.with_password("ada.lovelace", PASSWORD.into(), &context(1), day(0)).await }
    });
    // The old hash is known by now, and being compared.
    while house.passwords.hashed() == before {
        tokio::task::yield_now().await;
    }
    house.store.accounts().set_password(owner.account, "another".into()).await.unwrap();
    if let Ok(Outcome::Begun(begun)) = attempt.await.unwrap() {
        assert_eq!(code(house.sessions.by_cookie(begun.cookie.expose(), day(0)).await), "no-session");
    }
    assert!(house.sessions.list(owner, day(0)).await.unwrap().is_empty());
}
