//! Sessions that end soon without use.

use std::time::Duration;

use crate::auth::sessions::{SessionOptions, Sessions};
use crate::testing::*;

#[tokio::test]
async fn a_session_that_is_used_does_not_end_though_it_may_rest_for_half_an_hour_only() {
    let house = house();
    let minutes = |n: u64| day(0) + Duration::from_secs(n * 60);
    let options = SessionOptions { idle: Duration::from_secs(30 * 60), lifetime: DAY, max_per_account: 50 };
    let sessions = Sessions::new(house.store.clone(), house.keys.clone(), house.audit.clone(), options);
    let token = house.setup_token().await;
    let begun = house.accounts.register(registration("ada", Some(&token)), day(0)).await.unwrap();
    let held = begun.token.expose();
    for minute in (0..12 * 60).step_by(25) {
        assert!(sessions.by_token(held, minutes(minute)).await.is_ok(), "after {minute} minutes");
    }
    let last = 12 * 60 / 25 * 25;
    assert!(sessions.by_token(held, minutes(last + 26)).await.is_ok());
    assert_eq!(code(sessions.by_token(held, minutes(last + 26 + 31)).await), "no-session");
    assert!(sessions.touch_after() * 4 < options.idle);
}
