#![allow(clippy::unwrap_used)]

use crate::keys::Keys;
use crate::testing::*;

#[tokio::test]
async fn keys_that_do_not_belong_to_the_database_are_noticed() {
    let house = house();
    house.keys.check(&house.store).await.unwrap();
    house.owner().await;
    house.keys.check(&house.store).await.unwrap();
    std::fs::remove_file(house.data.keys().join("master.key")).unwrap();
    let others = Keys::open(&house.data.keys()).unwrap();
    assert_eq!(code(others.check(&house.store).await), "wrong-keys");
}

#[tokio::test]
async fn nothing_that_people_wrote_stands_in_the_files() {
    let house = house();
    let owner = house.owner().await;
    let (_, token) = house.tag(owner, None).await;
    let begun = house.log_in("ada.lovelace", "correct horse", day(0)).await.unwrap();
    let code = token.code();
    let canaries = [
        "ada.lovelace",
        "Charles",
        "correct horse",
        "my van",
        "Blue van",
        code.split(':').nth(2).unwrap(),
        &begun.cookie.expose()[22..],
        begun.token.expose(),
    ];
    for closed in [false, true] {
        if closed {
            house.store.close().await;
        }
        for entry in std::fs::read_dir(house.data.path()).unwrap() {
            let path = entry.unwrap().path();
            let bytes = if path.is_file() { std::fs::read(&path).unwrap() } else { continue };
            for canary in canaries {
                let found = bytes.windows(canary.len()).any(|window| window == canary.as_bytes());
                assert!(!found, "{canary:?} stands in {}", path.display());
            }
        }
    }
}
