#![allow(clippy::unwrap_used)]

use crate::domain::household::lifetime::Lifetime;
use crate::domain::household::public_identity::PublicIdentity;
use crate::domain::household::tag::TagState;
use crate::domain::household::tag::Token;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, HouseholdId, SessionId};
use crate::household::tags::{self};
use crate::keys::Keys;
use crate::testing::*;
use std::time::Duration;

#[tokio::test]
async fn tags_are_made_listed_paused_resumed_and_revoked() {
    let house = house();
    let owner = house.owner().await;
    let (id, token) = house.tag(owner, None).await;
    let found = house.tags.find(&token, day(1)).await.unwrap().unwrap();
    assert_eq!(
        (found.tag, found.household, found.paused, found.public_text.as_str()),
        (id, owner.household, false, "Blue van, ring me")
    );
    let listed = house.tags.list(owner, day(1)).await.unwrap();
    assert_eq!((listed.len(), listed[0].label.as_str(), listed[0].state), (1, "my van", TagState::Active));
    assert_eq!(listed[0].expires_at, Some(day(7)), "the default lifetime");

    assert_eq!(house.tags.pause(owner, id, day(1)).await.unwrap().state, TagState::Paused);
    assert!(house.tags.find(&token, day(1)).await.unwrap().unwrap().paused);
    assert_eq!(house.tags.resume(owner, id, day(1)).await.unwrap().state, TagState::Active);

    house.tags.revoke(owner, id).await.unwrap();
    assert!(house.tags.find(&token, day(1)).await.unwrap().is_none());
    assert_eq!(code(house.tags.revoke(owner, id).await), "no-such-tag");
    assert_eq!(code(house.tags.pause(owner, id, day(1)).await), "no-such-tag");
}

#[tokio::test]
async fn a_tag_works_for_its_lifetime_and_not_a_moment_longer() {
    let house = house();
    let owner = house.owner().await;
    let moment = Duration::from_millis(1);
    for (lifetime, days) in [(Lifetime::DAY, 1), (Lifetime::WEEK, 7), (Lifetime::YEAR, 365)] {
        let (_, token) = house.tag(owner, Some(lifetime)).await;
        assert!(house.tags.find(&token, day(days) - moment).await.unwrap().is_some());
        assert!(house.tags.find(&token, day(days)).await.unwrap().is_none());
    }
    let (_, token) = house.tag(owner, Some(Lifetime::UntilRevoked)).await;
    assert!(house.tags.find(&token, day(36_500)).await.unwrap().is_some());
    for (now, expired) in [(day(7) - moment, 1), (day(7), 2), (day(365), 3), (day(36_500), 3)] {
        let listed = house.tags.list(owner, now).await.unwrap();
        assert_eq!(listed.iter().filter(|tag| tag.state == TagState::Expired).count(), expired);
    }
}

#[tokio::test]
async fn nobody_can_take_a_revoked_sticker_over() {
    let house = house();
    let owner = house.owner().await;
    let (id, token) = house.tag(owner, None).await;
    house.tags.revoke(owner, id).await.unwrap();
    let code = token.code();
    let bare = code.split(':').nth(2).unwrap();
    let identity = |byte: u8| {
        let mut bytes = [byte; PublicIdentity::LENGTH];
        (bytes[0], bytes[1], bytes[66]) = (1, 4, 4);
        PublicIdentity::from_bytes(&bytes).unwrap()
    };
    let taking = |access: Token, identity| tags::Registration { access, identity, sealed_text: None, lifetime: None };
    // A thief who has seen the sticker claims that their browser made its token.
    let thief = taking(Token::parse_access(bare).unwrap(), identity(9));
    let refused = house.tags.register(owner, thief, day(0)).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.code, "token-taken");
    // The same with a token that was never a tag's: it is the sticker that names no keys.
    let printed = Token::random().code();
    let thief = taking(Token::parse_access(printed.split(':').nth(2).unwrap()).unwrap(), identity(9));
    house.tags.register(owner, thief, day(0)).await.unwrap();
    let found = async |scanned: &str| house.tags.find(&Token::parse(scanned).unwrap(), day(1)).await.unwrap().is_some();
    assert!(!found(&printed).await, "a sticker without keys reaches a tag that has keys");

    let keyed = Token::random().code();
    let access = Token::parse(&format!("{keyed}:{}", identity(7).key_hash())).unwrap();
    house.tags.register(owner, taking(access, identity(9)), day(0)).await.unwrap();
    assert!(!found(&format!("{keyed}:{}", identity(7).key_hash())).await, "it names other keys");
    assert!(found(&format!("{keyed}:{}", identity(9).key_hash())).await);
}

#[tokio::test]
async fn what_a_token_is_known_by_outlives_a_change_of_keys_and_is_not_its_hash() {
    let house = house();
    house.keys.check(&house.store).await.unwrap();
    house.owner().await;
    let token = Token::random().hash();
    let digest = house.keys.token_digest(token);
    assert_ne!(digest, token.as_bytes()[..16]);
    house.rotate_keys(day(1)).await.unwrap();
    assert_eq!(house.keys.token_digest(token), digest);
    let others = Keys::open(&house.data.path().join("others")).unwrap();
    assert_ne!(others.token_digest(token), digest);
}

#[tokio::test]
async fn what_happens_to_tags_is_on_record_and_what_was_refused_is_not() {
    let house = house();
    let owner = house.owner().await;
    let (id, _) = house.tag(owner, None).await;
    house.tags.pause(owner, id, day(1)).await.unwrap();
    house.tags.resume(owner, id, day(1)).await.unwrap();
    house.tags.revoke(owner, id).await.unwrap();
    assert!(house.tags.revoke(owner, id).await.is_err());
    let entries = house.audit.list(None, 10).await.unwrap();
    assert_eq!(
        entries.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>(),
        ["tag-revoked", "tag-resumed", "tag-paused", "tag-created", "account-created"]
    );
    assert!(entries.iter().all(|entry| (entry.account, entry.count) == (Some(owner.account), 1)));
}

#[tokio::test]
async fn other_peoples_tags_do_not_exist() {
    let house = house();
    let owner = house.owner().await;
    let (id, _) = house.tag(owner, None).await;
    let stranger = Identity {
        account: AccountId::random(),
        household: HouseholdId::random(),
        session: SessionId::random(),
        generation: 0,
        administrator: true,
        recent_until: day(1),
    };
    assert!(house.tags.list(stranger, day(1)).await.unwrap().is_empty());
    assert_eq!(code(house.tags.pause(stranger, id, day(1)).await), "no-such-tag");
    assert_eq!(code(house.tags.revoke(stranger, id).await), "no-such-tag");
    assert!(house.tags.find(&Token::random(), day(1)).await.unwrap().is_none());
}
