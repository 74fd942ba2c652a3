#![allow(clippy::unwrap_used)]

use crate::accounts::Registering;
use crate::accounts::setup;
use crate::auth::jwt::Bearer;
use crate::domain::Kind;
use crate::domain::account::Registration;
use crate::domain::effect::Effect;
use crate::domain::ids::SessionId;
use crate::keys::Keys;
use crate::testing::*;

mod factors;
mod idle;
mod key_rotation;
mod login_flow;

#[tokio::test]
async fn the_first_account_comes_through_the_set_up_link_and_no_second_one() {
    let house = house();
    assert_eq!(house.accounts.registration().await.unwrap(), None);
    let old = house.setup_token().await;
    let token = house.setup_token().await;
    for (attempt, why) in [
        (registration("ada", None), "setup-needed"),
        (registration("ada", Some("")), "setup-needed"),
        (Registering { invite_token: Some("x".into()), ..registration("ada", None) }, "setup-needed"),
        (registration("ada", Some(&old)), "setup-link"),
        (registration("a", Some(&token)), "username-length"),
        (Registering { password: "short".into(), ..registration("ada", Some(&token)) }, "password-too-short"),
        (
            Registering { emergency_contact: Some("x".repeat(201)), ..registration("ada", Some(&token)) },
            "personal-text-too-long",
        ),
    ] {
        assert_eq!(code(house.accounts.register(attempt, day(0)).await), why);
    }
    let late = day(0) + setup::LIFETIME;
    assert_eq!(code(house.accounts.register(registration("ada", Some(&token)), late).await), "setup-link");

    let begun = house.accounts.register(registration(" Ada ", Some(&token)), day(0)).await.unwrap();
    let profile = house.accounts.profile(begun.identity).await.unwrap();
    assert_eq!((profile.username.as_str(), profile.emergency_contact.as_deref()), ("ada", Some("Charles, next door")));
    assert_eq!(code(house.accounts.register(registration("eve", Some(&token)), day(0)).await), "invite-needed");
    assert_eq!(house.accounts.registration().await.unwrap(), Some(Registration::Invite));
    assert!(setup::renew(&house.store, day(0)).await.unwrap().is_none());
}

#[tokio::test]
async fn cookie_and_token_name_the_same_session_and_end_together() {
    let house = house();
    house.owner().await;
    let begun = house.log_in("ADA.Lovelace", "correct horse", day(0)).await.unwrap();
    let (cookie, token) = (begun.cookie.expose(), begun.token.expose());
    assert_eq!(house.sessions.by_cookie(cookie, day(1)).await.unwrap(), begun.identity);
    assert_eq!(house.sessions.by_token(token, day(1)).await.unwrap(), begun.identity);
    house.sessions.end(begun.identity.session).await.unwrap();
    assert_eq!(code(house.sessions.by_cookie(cookie, day(1)).await), "no-session");
    assert_eq!(code(house.sessions.by_token(token, day(1)).await), "no-session");
    house.sessions.end(begun.identity.session).await.unwrap();
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_look_the_same() {
    let house = house();
    house.owner().await;
    let mut answers = Vec::new();
    for (name, password) in
        [("ada.lovelace", "wrong horse!"), ("eve", "correct horse"), ("", ""), ("a b", "x"), ("ada.lovelace", "")]
    {
        answers.push(house.log_in(name, password, day(0)).await.unwrap_err());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.kind == Kind::Unauthenticated));
}

#[tokio::test]
async fn sessions_end_by_disuse_and_by_age() {
    let house = house();
    house.owner().await;
    let begun = house.log_in("ada.lovelace", "correct horse", day(0)).await.unwrap();
    let cookie = begun.cookie.expose();
    assert_eq!(code(house.sessions.by_cookie(cookie, day(14)).await), "no-session");
    for at in [13, 26, 29] {
        assert_eq!(house.sessions.by_cookie(cookie, day(at)).await.unwrap(), begun.identity, "day {at}");
    }
    assert_eq!(code(house.sessions.by_cookie(cookie, day(30)).await), "no-session");
    assert_eq!(code(house.sessions.by_token(begun.token.expose(), day(30)).await), "no-session");
    house.sessions.purge(day(30), Vec::new()).await.unwrap();
    assert!(house.raised().contains(&Effect::SessionEnded(begun.identity.session)));
    assert_eq!(code(house.sessions.by_cookie(cookie, day(29)).await), "no-session", "the row was kept");
}

#[tokio::test]
async fn a_device_that_stays_connected_stays_logged_in_until_its_time_is_over() {
    let house = house();
    let owner = house.owner().await;
    let (tablet, lost) = (owner.session, house.begin(owner).await.identity.session);
    for (at, ended) in [(13, vec![]), (15, vec![Effect::SessionEnded(lost)]), (30, vec![Effect::SessionEnded(tablet)])]
    {
        house.sessions.purge(day(at), vec![tablet]).await.unwrap();
        assert_eq!(house.raised(), ended, "day {at}");
    }
}

#[tokio::test]
async fn made_up_cookies_and_tokens_are_nobodys() {
    let house = house();
    let owner = house.owner().await;
    let begun = house.begin(owner).await;
    let cookie = begun.cookie.expose();
    let mut other_secret = cookie.clone();
    other_secret.replace_range(60..64, if cookie.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    for bad in ["", "x", &cookie[1..], &format!("{cookie}A"), &other_secret, &"é".repeat(32), begun.token.expose()] {
        assert_eq!(code(house.sessions.by_cookie(bad, day(0)).await), "no-session", "{bad}");
    }
    let other = house_with_other_keys_signs(begun.identity.session);
    for bad in ["", "a.b.c", cookie, &other] {
        assert_eq!(code(house.sessions.by_token(bad, day(0)).await), "no-session", "{bad}");
    }
}

fn house_with_other_keys_signs(session: SessionId) -> String {
    let directory = tempfile::tempdir().unwrap();
    let keys = Keys::open(directory.path()).unwrap();
    crate::auth::jwt::sign(&keys.signing(), Bearer { session, generation: 0 }, day(0), day(9))
}
