#![allow(clippy::unwrap_used)]

use super::*;
use crate::auth::sessions::SessionOptions;
use crate::domain::call::EndedCall;
use crate::domain::effect::Effect;
use crate::domain::household::lifetime::Lifetime;
use crate::domain::household::tag::TagText;
use crate::domain::identity::Identity;
use crate::domain::ids::SessionId;
use crate::household::call_log::{CallLog, CallLogOptions};
use crate::testing::{DAY, House, day, house};
use crate::upkeep::clock::built;

const MINUTE: Duration = Duration::from_secs(60);

/// A house in which time passes as a test says.
struct Passing {
    house: House,
    cleaner: Cleaner,
    connected: Arc<Mutex<Vec<SessionId>>>,
    now: SystemTime,
    steady: Instant,
}

impl Passing {
    async fn new() -> Self {
        let (mut house, steady) = (house(), Instant::now());
        // The cleaner looks every half minute: of longer times the tests would only see more of the same.
        let options = SessionOptions { idle: DAY, lifetime: DAY * 30, max_per_account: 50 };
        house.sessions = Sessions::new(house.store.clone(), house.keys.clone(), house.audit.clone(), options);
        let connected = Arc::<Mutex<Vec<_>>>::default();
        let cleaner = Self::cleaner(&house, &connected, steady).await;
        Self { house, cleaner, connected, now: day(0), steady }
    }

    async fn cleaner(house: &House, connected: &Arc<Mutex<Vec<SessionId>>>, steady: Instant) -> Cleaner {
        let connected = connected.clone();
        let connected: Connected = Box::new(move || {
            let connected = connected.lock().unwrap().clone();
            Box::pin(async move { connected })
        });
        let kept = Retention { audit: 2 * MINUTE, call_records: MINUTE };
        let (store, sessions, audit) = (house.store.clone(), house.sessions.clone(), house.audit.clone());
        Cleaner::new(store, sessions, audit, kept, connected, steady).await.unwrap()
    }

    async fn step(&mut self) -> Duration {
        self.cleaner.step(self.now, self.steady).await
    }

    /// Lets the cleaner work and rest for `time`; how often it looked.
    async fn pass(&mut self, time: Duration) -> u32 {
        let end = self.now + time;
        for looks in 1.. {
            let rest = self.step().await;
            assert!(rest >= MIN_PAUSE);
            if self.now + rest > end {
                let left = end.duration_since(self.now).unwrap();
                self.now += left;
                self.steady += left;
                return looks;
            }
            self.now += rest;
            self.steady += rest;
        }
        unreachable!()
    }

    /// Lets nothing happen for `time`.
    fn sleep(&mut self, time: Duration) {
        self.now += time;
        self.steady += time;
    }

    async fn tags(&self, owner: Identity) -> usize {
        self.house.tags.list(owner, self.now).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_tag_is_removed_within_a_minute_of_the_time_when_it_could_be_extended_and_leaves_an_event() {
    let mut passing = Passing::new().await;
    let owner = passing.house.owner().await;
    passing.house.tag(owner, Some(Lifetime::DAY)).await;
    passing.house.tag(owner, Some(Lifetime::UntilRevoked)).await;
    passing.sleep(DAY + Lifetime::EXTENDABLE_AFTER_END - 2 * MINUTE);
    passing.pass(2 * MINUTE - Duration::from_millis(1)).await;
    assert_eq!(passing.tags(owner).await, 2, "not a moment too early");
    passing.pass(MINUTE).await;
    assert_eq!(passing.tags(owner).await, 1);
    let events = passing.house.audit.list(None, 9).await.unwrap();
    assert_eq!((events[0].event.as_str(), events[0].account), ("tag-expired", None));
}

#[tokio::test]
async fn the_next_end_is_known_and_not_searched_for() {
    let mut passing = Passing::new().await;
    let owner = passing.house.owner().await;
    passing.house.tag(owner, Some(Lifetime::DAY)).await;
    passing.sleep(DAY + Lifetime::EXTENDABLE_AFTER_END - Duration::from_secs(7));
    assert!(passing.step().await <= Duration::from_secs(7));
    passing.sleep(Duration::from_secs(7));
    passing.step().await;
    assert_eq!(passing.tags(owner).await, 0, "it is removed at its second");
}

#[tokio::test]
async fn events_sessions_and_links_end_within_a_minute_of_their_time() {
    let mut passing = Passing::new().await;
    passing.house.setup_token().await;
    passing.house.audit.note_at(Event::Exported, None, None, day(0));
    passing.house.audit.write().await.unwrap();
    passing.pass(2 * MINUTE - Duration::from_millis(1)).await;
    assert_eq!(passing.house.audit.list(None, 9).await.unwrap().len(), 1);
    passing.pass(MINUTE).await;
    assert_eq!(passing.house.audit.list(None, 9).await.unwrap().len(), 0);

    let owner = passing.house.owner().await;
    let idle = passing.house.sessions.idle();
    let since = passing.now.duration_since(day(0)).unwrap();
    passing.pass(idle - since - Duration::from_millis(1)).await;
    assert_eq!(passing.house.raised(), []);
    passing.pass(MINUTE).await;
    assert_eq!(passing.house.raised(), [Effect::SessionEnded(owner.session)], "what hangs on the session ends with it");
}

#[tokio::test]
async fn what_is_kept_of_calls_ends_within_a_minute_of_its_time() {
    let mut passing = Passing::new().await;
    let owner = passing.house.owner().await;
    let (tag, _) = passing.house.tag(owner, None).await;
    passing.house.store.calls().set_keeps(owner.account, true).await;
    let options = CallLogOptions { missed_calls: 3 * MINUTE, call_records: MINUTE, tickets: MINUTE };
    let log = CallLog::new(passing.house.store.clone(), passing.house.keys.clone(), options);
    log.note(EndedCall::unanswered(owner.household, tag), day(0)).await.unwrap();
    passing.pass(MINUTE - Duration::from_millis(1)).await;
    assert_eq!(passing.house.store.calls().records().await.len(), 1);
    passing.pass(MINUTE).await;
    assert_eq!(passing.house.store.calls().records().await.len(), 0);
    assert_eq!(log.missed(owner).await.unwrap().len(), 1);
    passing.pass(MINUTE).await;
    passing.pass(MINUTE).await;
    assert_eq!(log.missed(owner).await.unwrap(), []);
}

#[tokio::test]
async fn a_device_that_stays_connected_stays_logged_in() {
    let mut passing = Passing::new().await;
    let owner = passing.house.owner().await;
    passing.connected.lock().unwrap().push(owner.session);
    passing.pass(passing.house.sessions.idle() + 60 * MINUTE).await;
    assert_eq!(passing.house.raised(), []);
    assert!(passing.house.sessions.stands_since(owner.session, passing.now, passing.now).await.unwrap());
}

#[tokio::test]
async fn nothing_is_removed_while_the_clock_is_wrong_and_it_goes_on_when_it_is_right() {
    let mut passing = Passing::new().await;
    let owner = passing.house.owner().await;
    passing.house.tag(owner, Some(Lifetime::YEAR)).await;
    passing.pass(MINUTE).await;
    let health = passing.cleaner.health();
    for wrong in [built() - MINUTE, SystemTime::UNIX_EPOCH, day(400)] {
        let right = std::mem::replace(&mut passing.now, wrong);
        passing.pass(30 * MINUTE).await;
        assert!(health.doubt().is_some());
        passing.now = right + 30 * MINUTE;
        passing.pass(MINUTE).await;
        assert_eq!((passing.tags(owner).await, health.doubt()), (1, None));
    }
    // The same across a restart, which the steady clock does not see.
    passing.cleaner = Passing::cleaner(&passing.house, &passing.connected, passing.steady).await;
    passing.now = day(400);
    passing.pass(30 * MINUTE).await;
    assert_eq!((passing.tags(owner).await, passing.cleaner.health().doubt()), (1, Some(Doubt::Jumped)));
    passing.pass(31 * MINUTE).await;
    assert_eq!((passing.tags(owner).await, passing.cleaner.health().doubt()), (0, None), "it keeps pace: it is right");
}

#[tokio::test]
async fn nothing_that_was_removed_stands_in_the_files_a_minute_later() {
    let mut passing = Passing::new().await;
    let owner = passing.house.owner().await;
    let text = |text| TagText::parse(text).unwrap();
    let new = passing.house.tags.create(owner, text("x"), text("y"), Some(Lifetime::DAY), day(0)).await.unwrap();
    let (hash, id) = (new.token.hash(), new.tag.id);
    let directory = passing.house.data.path().to_owned();
    let stands = |needle: &[u8]| {
        let files = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        let contents = files.filter(|path| path.is_file()).map(|path| std::fs::read(path).unwrap());
        contents.into_iter().any(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
    };
    assert!(stands(hash.as_bytes()) && stands(id.as_bytes()), "the canary is looked for in the right place");
    passing.sleep(DAY + Lifetime::EXTENDABLE_AFTER_END);
    passing.step().await;
    assert!(!stands(hash.as_bytes()) && !stands(id.as_bytes()), "in the database or its write-ahead log");
}

#[tokio::test]
async fn an_idle_appliance_looks_twice_a_minute() {
    let mut passing = Passing::new().await;
    let looks = passing.pass(60 * MINUTE).await;
    assert!((115..=125).contains(&looks), "{looks}");
}

#[tokio::test]
async fn the_key_of_tokens_that_are_over_is_dropped() {
    let mut passing = Passing::new().await;
    passing.house.keys.check(&passing.house.store).await.unwrap();
    let year = 365 * 24 * 60 * MINUTE;
    passing.house.rotate_keys(day(0) - year + 90 * MINUTE).await.unwrap();
    let file = passing.house.data.keys().join("master.key");
    let signing = || std::fs::read_to_string(&file).unwrap().lines().filter(|line| line.starts_with("signing")).count();
    passing.pass(60 * MINUTE).await;
    assert_eq!((signing(), passing.house.keys.verifying(passing.now).len()), (2, 2));
    passing.pass(31 * MINUTE).await;
    assert_eq!(passing.house.keys.verifying(passing.now).len(), 1, "it counts no more from the moment on");
    passing.pass(60 * MINUTE).await;
    assert_eq!(signing(), 1);
}

#[tokio::test]
async fn what_was_made_by_a_wrong_clock_is_alive_when_the_clock_is_right() {
    let text = |text| TagText::parse(text).unwrap();
    for restarted in [false, true] {
        let mut passing = Passing::new().await;
        let owner = passing.house.owner().await;
        if !restarted {
            passing.step().await;
        }
        let wrong = SystemTime::UNIX_EPOCH + 5 * MINUTE;
        passing.now = wrong;
        passing.step().await;
        let tags = passing.house.tags.clone();
        let made = tags.create(owner, text("van"), text("Ring me"), Some(Lifetime::DAY), wrong).await.unwrap();
        passing.house.log_in("ada.lovelace", "correct horse", wrong).await.unwrap();
        if restarted {
            passing.cleaner = Passing::cleaner(&passing.house, &passing.connected, passing.steady).await;
        }
        passing.now = day(0) + MINUTE;
        passing.step().await;
        let listed = tags.list(owner, passing.now).await.unwrap();
        assert_eq!(listed.iter().map(|tag| tag.id).collect::<Vec<_>>(), [made.tag.id], "restarted: {restarted}");
        assert_eq!(listed[0].expires_at, Some(passing.now + DAY));
        passing.sleep(DAY + Lifetime::EXTENDABLE_AFTER_END);
        passing.pass(MINUTE).await;
        assert_eq!(passing.tags(owner).await, 0, "and it ends");
    }
}
