#![allow(clippy::unwrap_used)]

use super::*;
use crate::testing::{House, day, house};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn log(house: &House, call_records: Duration) -> CallLog {
    let options = CallLogOptions { missed_calls: 7 * DAY, call_records, tickets: DAY / 24 };
    CallLog::new(house.store.clone(), house.keys.clone(), options)
}

fn ended(owner: Identity, tag: TagId, reason: EndReason, talked: Option<Duration>) -> EndedCall {
    EndedCall { reason, talked, ..EndedCall::unanswered(owner.household, tag) }
}

#[tokio::test]
async fn nothing_is_kept_of_a_call_unless_somebody_wants_it() {
    let house = house();
    let owner = house.owner().await;
    let (tag, _) = house.tag(owner, None).await;
    let log = log(&house, Duration::ZERO);
    let tables = async || {
        let missed = house.store.calls().missed(owner.account).await.unwrap().len();
        (missed, house.store.calls().records().await.len())
    };
    log.note(ended(owner, tag, EndReason::NoAnswer, None), day(0)).await.unwrap();
    log.note(ended(owner, tag, EndReason::HungUp, Some(DAY)), day(0)).await.unwrap();
    assert_eq!(tables().await, (0, 0));
}

#[tokio::test]
async fn that_a_call_is_over_is_known_until_its_tickets_are_worthless_and_says_nothing_else() {
    let house = house();
    let owner = house.owner().await;
    let (tag, _) = house.tag(owner, None).await;
    let log = log(&house, Duration::ZERO);
    let call = ended(owner, tag, EndReason::HungUp, Some(DAY));
    log.note(call, day(1)).await.unwrap();
    assert!(log.has_ended(call.call_id).await.unwrap());
    assert!(!log.has_ended(CallId::random()).await.unwrap());
    let kept = crate::store::Kept { session_idle: 900 * DAY, audit: DAY, call_records: DAY };
    let left = async |after| {
        house.store.expiry().remove(day(1) + after, kept).await.unwrap();
        log.has_ended(call.call_id).await.unwrap()
    };
    assert!(left(DAY / 24).await, "as long as its tickets");
    assert!(!left(DAY / 24 + 2 * PRECISION).await);

    log.note(call, day(1)).await.unwrap();
    house.store.close().await;
    let file = std::fs::read(house.data.database()).unwrap();
    let stands = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    assert!(!stands(call.call_id.as_bytes()) && !stands(call.call_id.to_string().as_bytes()));
}

#[tokio::test]
async fn an_owner_who_keeps_a_list_finds_unanswered_calls_there_and_nobody_else_reads_them() {
    let house = house();
    let owner = house.owner().await;
    let (tag, _) = house.tag(owner, None).await;
    let log = log(&house, Duration::ZERO);
    house.store.calls().set_keeps(owner.account, true).await;
    for (at, reason, talked) in [
        (1, EndReason::NoAnswer, None),
        (2, EndReason::GaveUp, None),
        (3, EndReason::HungUp, Some(DAY)),
        (4, EndReason::Withdrawn, None),
        (5, EndReason::Busy, None),
        (6, EndReason::Declined, None),
    ] {
        log.note(ended(owner, tag, reason, talked), day(at)).await.unwrap();
    }
    let missed = log.missed(owner).await.unwrap();
    assert_eq!(missed.iter().map(|call| call.at).collect::<Vec<_>>(), [day(5), day(2), day(1)]);
    assert_eq!((missed[0].tag, missed[0].label.as_deref(), missed[0].rang), (tag, Some("my van"), true));

    house.tags.revoke(owner, tag).await.unwrap();
    house.store.close().await;
    let file = std::fs::read(house.data.database()).unwrap();
    let stands = |needle: &[u8]| file.windows(needle.len()).any(|window| window == needle);
    assert!(stands(missed[0].id.as_bytes()), "the list is looked for in the right place");
    assert!(!stands(tag.as_bytes()) && !stands(tag.to_string().as_bytes()), "the list says which tag was scanned");
}

#[tokio::test]
async fn missed_calls_are_forgotten_one_by_one_together_and_with_the_wish() {
    let house = house();
    let owner = house.owner().await;
    let (tag, _) = house.tag(owner, None).await;
    let log = log(&house, Duration::ZERO);
    let stranger = Identity { account: crate::domain::ids::AccountId::random(), ..owner };
    house.store.calls().set_keeps(owner.account, true).await;
    for at in 0..205 {
        log.note(ended(owner, tag, EndReason::NoAnswer, None), day(at)).await.unwrap();
    }
    let missed = log.missed(owner).await.unwrap();
    assert_eq!((missed.len(), missed[199].at), (200, day(5)), "the oldest make room");
    assert_eq!(log.forget(stranger, missed[0].id).await.unwrap_err().code, "no-such-call");
    log.forget_all(stranger).await.unwrap();
    log.forget(owner, missed[0].id).await.unwrap();
    assert_eq!(log.forget(owner, missed[0].id).await.unwrap_err().code, "no-such-call");
    assert_eq!(log.missed(owner).await.unwrap(), missed[1..]);
    house.tags.revoke(owner, tag).await.unwrap();
    assert_eq!(log.missed(owner).await.unwrap()[0].label, None);
    house.store.calls().set_keeps(owner.account, false).await;
    assert_eq!(log.missed(owner).await.unwrap(), []);
    house.store.calls().set_keeps(owner.account, true).await;
    log.note(ended(owner, tag, EndReason::NoAnswer, None), day(9)).await.unwrap();
    log.forget_all(owner).await.unwrap();
    assert_eq!(log.missed(owner).await.unwrap(), []);
}

#[tokio::test]
async fn an_operator_who_asks_for_records_gets_names_of_one_call_and_times_and_nothing_else() {
    let house = house();
    let owner = house.owner().await;
    let (tag, _) = house.tag(owner, None).await;
    let log = log(&house, DAY);
    let second = Duration::from_secs(1);
    let call = ended(owner, tag, EndReason::TimeLimit, Some(30 * second));
    log.note(call, day(1)).await.unwrap();
    log.note(ended(owner, tag, EndReason::NoAnswer, None), day(2)).await.unwrap();
    let records = house.store.calls().records().await;
    let expected = CallRecord {
        call_id: call.call_id,
        caller: call.caller,
        owner: call.owner,
        status: "time-limit".into(),
        started_at: day(1) - 40 * second,
        answered_at: Some(day(1) - 30 * second),
        ended_at: day(1),
        fingerprints: Some([7; 32]),
    };
    assert_eq!(records[0], expected);
    assert_eq!((records[1].status.as_str(), records[1].answered_at), ("no-answer", None));
}
