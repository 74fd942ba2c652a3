//! How people come into a household, and how long the links work that let them.

use crate::accounts::Registering;
use crate::domain::account::InviteKind;
use crate::domain::account::InviteLifetime;
use crate::domain::account::Registration;
use crate::domain::effect::Effect;
use crate::domain::identity::Identity;
use crate::domain::ids::AccountId;
use crate::testing::*;
use std::time::Duration;

const MOMENT: Duration = Duration::from_millis(1);

fn with_invite(username: &str, token: &str) -> Registering {
    Registering { invite_token: Some(token.into()), ..registration(username, None) }
}

async fn invite(house: &House, by: Identity, kind: InviteKind, lifetime: InviteLifetime) -> String {
    let made = house.accounts.invite(by.member(), kind, lifetime, day(0)).await.unwrap();
    made.token.expose().clone()
}

#[tokio::test]
async fn an_invite_works_for_its_lifetime_and_not_a_moment_longer() {
    let house = house();
    let ada = house.owner().await;
    for (lifetime, end) in [(InviteLifetime::Day, day(1)), (InviteLifetime::Week, day(7))] {
        let token = invite(&house, ada, InviteKind::Household, lifetime).await;
        assert_eq!(house.accounts.validate_invite(&token, end).await.unwrap(), None);
        assert_eq!(code(house.accounts.register(with_invite("bob", &token), end).await), "invite-link");
        assert!(house.accounts.invites(Some(ada.member()), end).await.unwrap().is_empty());
        let valid = house.accounts.validate_invite(&token, end - MOMENT).await.unwrap();
        assert_eq!(valid, Some(InviteKind::Household));
        let username = format!("bob.{lifetime:?}");
        let bob = house.accounts.register(with_invite(&username, &token), end - MOMENT).await.unwrap().identity;
        assert_eq!((bob.household, bob.administrator), (ada.household, false));
    }
}

#[tokio::test]
async fn a_reset_link_works_for_a_day_and_not_a_moment_longer() {
    let house = house();
    let ada = house.owner().await;
    let reset = house.accounts.begin_reset(ada.account, None, day(0)).await.unwrap();
    let finish = |at| house.accounts.finish_reset(reset.token.expose(), "another horse".into(), at);
    assert_eq!(code(finish(day(1)).await), "reset-link");
    assert_eq!(finish(day(1) - MOMENT).await.unwrap(), ada.member());
    assert_eq!(house.raised(), [Effect::SessionEnded(ada.session)]);
    assert!(!house.sessions.stands_since(ada.session, day(0), day(0)).await.unwrap());
}

#[tokio::test]
async fn invites_accounts_and_households_are_bounded() {
    let house = house();
    let ada = house.owner().await;
    for _ in 0..50 {
        invite(&house, ada, InviteKind::Owner, InviteLifetime::Day).await;
    }
    let one_more = house.accounts.invite(ada.member(), InviteKind::Owner, InviteLifetime::Day, day(0)).await;
    assert_eq!(code(one_more), "too-many-invites");
    for n in 1..9 {
        let household = (n % 2 == 0).then_some(ada.household);
        house.accounts.add(registration(&format!("eve{n}"), None), household, false, day(0)).await.unwrap();
    }
    let tenth = house.accounts.add(registration("mallory", None), None, false, day(0)).await;
    assert_eq!(code(tenth), "too-many-accounts");
    assert_eq!(house.accounts.profile(ada).await.unwrap().household.members.len(), 5);
}

#[tokio::test]
async fn the_operator_makes_accounts_and_invites_without_an_account() {
    let house = house();
    let id = house.accounts.add(registration("ada", None), None, true, day(0)).await.unwrap();
    assert_eq!(house.accounts.registration().await.unwrap(), Some(Registration::Invite));
    let made = house.accounts.invite_as_operator(None, InviteLifetime::Week, day(0)).await.unwrap();
    let bob = house.accounts.register(with_invite("bob", made.token.expose()), day(0)).await.unwrap().identity;
    let made = house.accounts.invite_as_operator(Some(bob.household), InviteLifetime::Week, day(0)).await.unwrap();
    let carol = house.accounts.register(with_invite("carol", made.token.expose()), day(0)).await.unwrap().identity;
    assert_eq!(carol.household, bob.household);
    let made = house.accounts.invite_as_operator(Some(bob.household), InviteLifetime::Week, day(0)).await.unwrap();
    assert_eq!(house.accounts.invites(None, day(0)).await.unwrap().len(), 1);
    house.accounts.revoke_invite(None, made.invite.id).await.unwrap();
    assert_eq!(code(house.accounts.revoke_invite(None, made.invite.id).await), "no-such-invite");

    let users = house.accounts.users().await.unwrap();
    let names: Vec<_> = users.iter().map(|user| (user.username.as_str(), user.administrator)).collect();
    assert_eq!(names.len(), 3);
    assert!(names.contains(&("ada", true)) && names.contains(&("bob", false)) && names.contains(&("carol", false)));
    assert!(users.iter().any(|user| user.id == id && user.sessions == 0 && user.last_seen_day.is_none()));
}

#[tokio::test]
async fn what_was_done_to_an_account_is_on_record_with_whose_doing_it_was() {
    let house = house();
    let ada = house.owner().await;
    let token = invite(&house, ada, InviteKind::Owner, InviteLifetime::Day).await;
    let bob = house.accounts.register(with_invite("bob", &token), day(0)).await.unwrap().identity.account;
    let by = Some(ada.account);
    house.accounts.set_administrator(bob, true, by).await.unwrap();
    house.accounts.disable(bob, by).await.unwrap();
    house.accounts.enable(bob, by).await.unwrap();
    assert_eq!(code(house.accounts.disable(AccountId::random(), by).await), "no-such-user");
    house.accounts.export(ada, day(0)).await.unwrap();
    house.accounts.delete(bob, by).await.unwrap();
    let entries = house.audit.list(None, 100).await.unwrap();
    let told: Vec<_> = entries.iter().rev().map(|entry| (entry.event.as_str(), entry.account, entry.actor)).collect();
    let expected = [
        ("account-created", Some(ada.account), None),
        ("invite-created", Some(ada.account), None),
        ("account-created", Some(bob), None),
        ("invite-used", Some(bob), None),
        ("role-changed", Some(bob), by),
        ("account-disabled", Some(bob), by),
        ("account-enabled", Some(bob), by),
        ("exported", Some(ada.account), None),
        ("account-deleted", Some(bob), by),
    ];
    assert_eq!(told, expected);
}
