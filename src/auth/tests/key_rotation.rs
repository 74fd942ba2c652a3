#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::Path;
use std::pin::pin;
use std::task::Poll;

use crate::domain::identity::Identity;
use crate::keys::{Field, Keys, Rotation};
use crate::testing::{House, day, house, house_in};

async fn lived_in() -> (House, Identity) {
    let house = house();
    house.keys.check(&house.store).await.unwrap();
    let owner = house.owner().await;
    for _ in 0..5 {
        house.tag(owner, None).await;
    }
    (house, owner)
}

async fn log_in(house: &House) -> crate::auth::sessions::Begun {
    house.log_in("ada.lovelace", "correct horse", day(0)).await.unwrap()
}

/// Whether everything that people wrote can be read.
async fn assert_readable(house: &House, owner: Identity) {
    let profile = house.accounts.profile(owner).await.unwrap();
    assert_eq!(
        (&*profile.username, profile.emergency_contact.as_deref()),
        ("ada.lovelace", Some("Charles, next door"))
    );
    let tags = house.tags.list(owner, day(0)).await.unwrap();
    assert_eq!(tags.iter().map(|tag| &*tag.label).collect::<Vec<_>>(), ["my van"; 5]);
}

async fn key_ids_in_use(house: &House) -> BTreeSet<u8> {
    let mut ids = BTreeSet::new();
    for field in Field::ALL {
        let values = house.store.sealed().stale(field.column(), 0, 1000).await.unwrap();
        ids.extend(values.iter().map(|value| value.sealed[0]));
    }
    ids
}

/// Polls `future` so often and then drops it, as a crash would: what it asked the database for is still done.
async fn cut<F: Future>(future: F, polls: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

#[tokio::test]
async fn rotating_seals_everything_with_a_new_key_and_the_old_one_is_gone() {
    let (house, owner) = lived_in().await;
    let file = house.data.keys().join("master.key");
    let old = std::fs::read_to_string(&file).unwrap();
    let token = log_in(&house).await.token;
    let name = crate::domain::credentials::username::Username::parse("ada").unwrap();
    let (index, ticket) = (house.keys.username_index(&name), house.keys.ticket_key());
    assert_eq!(key_ids_in_use(&house).await, [1].into());

    let done = house.rotate_keys(day(0)).await.unwrap();
    assert_eq!(done, Rotation::Done { resealed: 2 + 2 + 5 * 2 });
    assert_eq!(key_ids_in_use(&house).await, [2].into());
    assert_readable(&house, owner).await;
    let new = std::fs::read_to_string(&file).unwrap();
    let key = |text: &str| text.lines().find(|line| line.starts_with("field")).unwrap().to_owned();
    assert!(!new.contains(key(&old).rsplit(' ').next().unwrap()), "the old key is kept");
    assert!(!house.keys.is_rotating());

    assert_eq!((index, ticket), (house.keys.username_index(&name), house.keys.ticket_key()), "these last");
    assert!(house.sessions.by_token(token.expose(), day(1)).await.is_ok(), "an API client is logged out");
    let again = log_in(&house).await.token;
    assert!(house.sessions.by_token(again.expose(), day(1)).await.is_ok());
    let events = house.audit.list(None, 99).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.event == "keys-rotated").count(), 1);

    let house = house_in(house.close().await);
    house.keys.check(&house.store).await.unwrap();
    assert_readable(&house, owner).await;
    assert!(house.sessions.by_token(token.expose(), day(1)).await.is_ok());
}

#[tokio::test]
async fn a_rotation_that_is_cut_short_at_any_moment_loses_nothing_and_is_finished_later() {
    let mut cuts = 0;
    loop {
        let (house, owner) = lived_in().await;
        let finished = cut(house.rotate_keys(day(0)), cuts).await.is_some();
        let house = house_in(house.close().await);
        house.keys.check(&house.store).await.unwrap();
        assert_readable(&house, owner).await;
        let begun = house.keys.is_rotating();
        if begun {
            house.rotate_keys(day(0)).await.unwrap();
            assert_eq!(key_ids_in_use(&house).await, [2].into(), "cut after {cuts}");
            assert!(!house.keys.is_rotating());
            assert_readable(&house, owner).await;
        }
        if finished {
            break;
        }
        cuts += 1;
    }
    assert!(cuts > 10, "only {cuts} moments were tried");
}

#[tokio::test(flavor = "multi_thread")]
async fn people_go_on_writing_while_keys_are_rotated() {
    let (house, owner) = lived_in().await;
    let tags = house.tags.list(owner, day(0)).await.unwrap();
    let writing = tokio::spawn({
        let service = house.tags.clone();
        async move {
            for round in 0..50 {
                for tag in &tags {
                    service.revoke(owner, tag.id).await.ok();
                    let text = |text| crate::domain::household::tag::TagText::parse(text).unwrap();
                    // One that comes between a key and its retirement may be asked to try again.
                    let made = service.create(owner, text("my van"), text("x"), None, day(0)).await;
                    assert!(
                        made.as_ref().is_ok_and(|_| true)
                            || matches!(made.err().unwrap().code, "busy" | "too-many-tags"),
                        "{round}"
                    );
                }
            }
        }
    });
    for _ in 0..5 {
        let rotation = house.rotate_keys(day(0)).await.unwrap();
        assert!(matches!(rotation, Rotation::Done { .. }));
    }
    writing.await.unwrap();
    house.rotate_keys(day(0)).await.unwrap();
    assert!(!house.tags.list(owner, day(0)).await.unwrap().is_empty());
    assert_eq!(key_ids_in_use(&house).await, [7].into());
}

#[tokio::test]
async fn a_value_of_a_retired_key_is_refused_when_it_comes_late() {
    let (house, _) = lived_in().await;
    let column = Field::TagLabel.column();
    let late = house.store.sealed().stale(column, 0, 1).await.unwrap().remove(0);
    house.rotate_keys(day(0)).await.unwrap();
    let now = house.store.sealed().stale(column, 0, 99).await.unwrap();
    let now = now.into_iter().find(|value| value.row == late.row).unwrap();
    let refused = house.store.sealed().replace(column, vec![(now, late.sealed)]).await.unwrap_err();
    assert_eq!(refused.code, "busy");
    assert_eq!(key_ids_in_use(&house).await, [2].into());
}

#[tokio::test]
async fn keys_and_database_of_different_times_are_noticed() {
    let (house, _) = lived_in().await;
    let file = house.data.keys().join("master.key");
    let (old_key, old_data) = (std::fs::read(&file).unwrap(), house.data.database());
    let copy = house.data.path().join("copy.db");
    let house = house_in(house.close().await);
    std::fs::copy(&old_data, &copy).unwrap();
    house.rotate_keys(day(0)).await.unwrap();
    let new_key = std::fs::read(&file).unwrap();
    let root = house.close().await;

    let check = async |root, key: &[u8]| {
        std::fs::write(&file, key).unwrap();
        let house: House = house_in(root);
        let checked = house.keys.check(&house.store).await.map_err(|error| error.code);
        (checked, house.close().await)
    };
    let (checked, root) = check(root, &old_key).await;
    assert_eq!(checked, Err("wrong-keys"), "an old key file with a new database");
    let (checked, root) = check(root, &new_key).await;
    assert_eq!(checked, Ok(()));
    std::fs::copy(&copy, &old_data).unwrap();
    let (checked, root) = check(root, &new_key).await;
    assert_eq!(checked, Err("wrong-keys"), "a new key file with an old database");
    let (checked, _root) = check(root, &old_key).await;
    assert_eq!(checked, Ok(()));
}

#[tokio::test]
async fn given_keys_are_rotated_by_the_operator() {
    let (house, _) = lived_in().await;
    let (directory, given) = (house.data.keys(), house.data.path().join("given"));
    std::fs::rename(directory.join("master.key"), &given).unwrap();
    let rotated = directory.join("rotated.key");
    let open = || Keys::open_given(&directory, Some(&given)).unwrap();
    let replace = |with: &Path| std::fs::copy(with, &given).unwrap();

    let keys = open();
    keys.check(&house.store).await.unwrap();
    let asked = keys.rotate(&house.store, day(0), || {}).await.unwrap();
    assert_eq!(asked, Rotation::Replace { with: rotated.clone() });
    assert_eq!(key_ids_in_use(&house).await, [1].into(), "nothing is sealed with a key that could get lost");

    replace(&rotated);
    let keys = open();
    assert!(!rotated.exists(), "it has been taken over");
    keys.check(&house.store).await.unwrap();
    assert!(keys.is_rotating());
    let asked = keys.rotate(&house.store, day(0), || {}).await.unwrap();
    assert_eq!(asked, Rotation::Replace { with: rotated.clone() });
    assert_eq!(key_ids_in_use(&house).await, [2].into());

    let keys = open();
    keys.check(&house.store).await.unwrap();
    assert!(!keys.is_rotating(), "the given file's old key is known to be retired");
    replace(&rotated);
    open().check(&house.store).await.unwrap();
    let house = house_in(house.close().await);
    assert_eq!(house.keys.check(&house.store).await.unwrap_err().code, "wrong-keys", "a newly made key file");
}

#[tokio::test]
async fn every_sealed_column_is_a_field() {
    let house = house();
    let columns = house.store.sealed().columns().await.unwrap();
    let fields: BTreeSet<_> =
        Field::ALL.iter().map(|field| (field.column().table.to_owned(), field.column().column.to_owned())).collect();
    assert_eq!(columns.into_iter().collect::<BTreeSet<_>>(), fields, "add the column to Field: rotation must reach it");
}
