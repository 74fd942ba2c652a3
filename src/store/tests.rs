#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::account::Member;
use crate::domain::household::tag::Token;
use crate::domain::household::vault::{PossessionProof, SealedVault, UnlockMethod, WrappedKey};
use crate::domain::ids::{AccountId, DeviceId, HouseholdId, SessionId, TagId};
use crate::domain::random;

mod endings;
mod trouble;

const HOUR: Duration = Duration::from_secs(3600);

fn at(hours: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + HOUR * hours
}

struct Opened {
    store: Store,
    directory: tempfile::TempDir,
}

fn open() -> Opened {
    let directory = tempfile::tempdir().unwrap();
    Opened { store: Store::open(&directory.path().join("callqr.db")).unwrap(), directory }
}

const HASH: &str = "$argon2id$";

fn account() -> NewAccountRow {
    NewAccountRow {
        member: Member { account: AccountId::random(), household: HouseholdId::random(), administrator: true },
        username_index: random::bytes(),
        username_sealed: vec![1],
        emergency_contact_sealed: None,
        vehicle_number_sealed: None,
        password_hash: HASH.into(),
        wrapped: None,
    }
}

fn session(account: AccountId, expires_at: SystemTime) -> NewSession {
    session_on(DeviceId::random(), account, expires_at)
}

fn session_on(device: DeviceId, account: AccountId, expires_at: SystemTime) -> NewSession {
    let (id, secret_hash) = (SessionId::random(), random::bytes());
    NewSession { id, account, secret_hash, device_sealed: vec![1], device, expires_at }
}

fn tag(household: HouseholdId, token: &Token, expires_at: Option<SystemTime>) -> NewTagRow {
    NewTagRow {
        id: TagId::random(),
        household,
        token_hash: token.hash(),
        token_digest: std::array::from_fn(|at| !token.hash().as_bytes()[at]),
        label_sealed: vec![2],
        public_text_sealed: vec![3],
        expires_at,
        identity: None,
        sealed_text: None,
    }
}

async fn begin(store: &Store, session: NewSession, most: u32, now: SystemTime) -> Vec<SessionId> {
    let room = Room { most, in_use: Vec::new() };
    let ended = store.sessions().create(session, HASH.into(), room, now).await.unwrap();
    ended.expect("the password is the right one").sessions
}

async fn with_account(store: &Store) -> Member {
    store.setup().renew([7; 32], at(1)).await.unwrap();
    let account = account();
    let member = account.member;
    store
        .accounts()
        .create(account, Some(session(member.account, at(100))), Entry::Setup([7; 32]), 9, at(0))
        .await
        .unwrap();
    member
}

#[tokio::test]
async fn the_first_account_needs_the_current_token_and_spends_it() {
    let Opened { store, directory } = open();
    let attempt = |hash: [u8; 32], now| {
        let account = account();
        let session = session(account.member.account, at(100));
        let store = store.clone();
        async move {
            store
                .accounts()
                .create(account, Some(session), Entry::Setup(hash), 9, now)
                .await
                .map_err(|error| error.code)
        }
    };
    assert_eq!(attempt([1; 32], at(0)).await, Err("setup-link"), "no token was made yet");
    assert!(store.setup().renew([1; 32], at(1)).await.unwrap());
    assert!(store.setup().renew([2; 32], at(1)).await.unwrap());
    assert_eq!(attempt([1; 32], at(0)).await, Err("setup-link"), "an older token was replaced");
    assert_eq!(attempt([2; 32], at(1)).await, Err("setup-link"), "the token has expired");
    assert_eq!(store.accounts().check_entry(Entry::Setup([2; 32]), at(0)).await, Ok(None));
    assert_eq!(attempt([2; 32], at(0)).await, Ok(()));
    assert_eq!(attempt([2; 32], at(0)).await, Err("setup-link"));
    let beside = rusqlite::Connection::open(directory.path().join("callqr.db")).unwrap();
    let tokens: i64 = beside.query_row("SELECT count(*) FROM setup_token", [], |row| row.get(0)).unwrap();
    assert_eq!(tokens, 0, "the spent token was kept");
    assert!(!store.setup().renew([3; 32], at(1)).await.unwrap(), "a token was made though there is an account");
}

#[tokio::test]
async fn of_two_first_accounts_at_the_same_time_one_wins() {
    let Opened { store, directory: _directory } = open();
    store.setup().renew([7; 32], at(1)).await.unwrap();
    let attempts = (0..8).map(|_| {
        let (store, account) = (store.clone(), account());
        tokio::spawn(async move {
            let session = session(account.member.account, at(100));
            store.accounts().create(account, Some(session), Entry::Setup([7; 32]), 9, at(0)).await.is_ok()
        })
    });
    let mut won = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        won += u32::from(attempt.await.unwrap());
    }
    assert_eq!(won, 1);
}

#[tokio::test]
async fn accounts_are_found_by_their_names_digest_and_by_id() {
    let Opened { store, directory: _directory } = open();
    store.setup().renew([7; 32], at(1)).await.unwrap();
    let account = account();
    let (id, index) = (account.member.account, account.username_index);
    store.accounts().create(account, Some(session(id, at(100))), Entry::Setup([7; 32]), 9, at(0)).await.unwrap();
    let found = store.accounts().by_username(index).await.unwrap().unwrap();
    assert_eq!((found.member.account, found.member.administrator, found.created_at), (id, true, at(0)));
    assert!(store.accounts().by_id(id).await.unwrap().is_some());
    assert!(store.accounts().by_username([9; 32]).await.unwrap().is_none());
    assert!(store.accounts().by_id(AccountId::random()).await.unwrap().is_none());
}

#[tokio::test]
async fn log_ins_end_by_time_by_idleness_and_by_hand() {
    let Opened { store, directory: _directory } = open();
    let account = with_account(&store).await.account;
    let new = session(account, at(10));
    let (id, secret) = (new.id, new.secret_hash);
    begin(&store, new, 10, at(0)).await;
    let current = |now| {
        let store = store.clone();
        async move { store.sessions().current(id, HOUR * 4, now).await.unwrap() }
    };
    assert_eq!(current(at(3)).await.unwrap().secret_hash, secret);
    assert!(current(at(4)).await.is_none(), "unused for four hours");
    store.sessions().touch(id, at(3)).await.unwrap();
    store.sessions().touch(id, at(2)).await.unwrap();
    assert_eq!(current(at(6)).await.unwrap().last_used_at, at(3));
    store.sessions().touch(id, at(9)).await.unwrap();
    assert!(current(at(10)).await.is_none(), "its time is over");
    assert!(current(at(9)).await.is_some());
    assert!(store.sessions().end(id).await.unwrap());
    assert!(!store.sessions().end(id).await.unwrap());
    assert!(current(at(9)).await.is_none());
}

#[tokio::test]
async fn nobody_is_logged_in_by_what_was_right_before() {
    let Opened { store, directory: _directory } = open();
    let account = with_account(&store).await.account;
    let create = async |hash: &str| {
        let new = session(account, at(10));
        let id = new.id;
        let created = store
            .sessions()
            .create(new, hash.into(), Room { most: 10, in_use: Vec::new() }, at(0))
            .await
            .unwrap()
            .is_some();
        assert_eq!(store.sessions().current(id, HOUR, at(0)).await.unwrap().is_some(), created);
        created
    };
    assert!(create(HASH).await);
    store.accounts().set_password(account, "$argon2id$new".into()).await.unwrap();
    assert!(!create(HASH).await, "the password was changed");
    assert!(create("$argon2id$new").await);
    // There must be another administrator before one is disabled.
    store.accounts().create(super::tests::account(), None, Entry::Operator, 9, at(0)).await.unwrap();
    store.accounts().disable(account).await.unwrap();
    assert!(!create("$argon2id$new").await, "the account is disabled");
    store.accounts().enable(account).await.unwrap();
    assert!(create("$argon2id$new").await);
}

#[tokio::test]
async fn the_log_in_unused_for_longest_makes_room() {
    let Opened { store, directory: _directory } = open();
    let account = with_account(&store).await.account;
    let mut ids = Vec::new();
    for hour in 1..=3 {
        let new = session(account, at(100));
        ids.push(new.id);
        assert!(begin(&store, new, 4, at(hour)).await.is_empty());
    }
    store.sessions().touch(ids[0], at(5)).await.unwrap();
    let displaced = begin(&store, session(account, at(100)), 3, at(6)).await;
    assert_eq!(displaced.len(), 2, "the one made at registration and the one of hour 2");
    assert!(displaced.contains(&ids[1]) && !displaced.contains(&ids[0]));
}

#[tokio::test]
async fn purging_leaves_what_is_current() {
    let Opened { store, directory: _directory } = open();
    let account = with_account(&store).await.account;
    let (expired, kept) = (session(account, at(2)), session(account, at(50)));
    let (expired_id, kept_id) = (expired.id, kept.id);
    begin(&store, expired, 10, at(0)).await;
    begin(&store, kept, 10, at(0)).await;
    assert_eq!(store.purge(at(3), HOUR * 10, Vec::new()).await.unwrap().sessions, [expired_id]);
    let idle = HOUR * 10;
    assert!(store.sessions().current(expired_id, idle, at(1)).await.unwrap().is_none());
    assert!(store.sessions().current(kept_id, idle, at(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_tag_lives_until_it_is_deleted_by_its_owner() {
    let Opened { store, directory: _directory } = open();
    let owner = with_account(&store).await.household;
    let stranger = HouseholdId::random();
    let token = Token::random();
    let new = tag(owner, &token, Some(at(5)));
    let id = new.id;
    store.tags().create(new, 10, at(0)).await.unwrap();
    let found = store.tags().by_token(token.hash()).await.unwrap().unwrap();
    assert_eq!((found.id, found.household, found.paused, found.expires_at), (id, owner, false, Some(at(5))));
    assert!(store.tags().by_token(Token::random().hash()).await.unwrap().is_none());

    assert!(store.tags().set_paused(stranger, id, true).await.unwrap().is_none());
    assert!(store.tags().set_paused(owner, id, true).await.unwrap().unwrap().paused);
    assert!(store.tags().by_token(token.hash()).await.unwrap().unwrap().paused);

    assert!(!store.tags().delete(Some(stranger), id).await.unwrap());
    assert!(store.tags().delete(Some(owner), id).await.unwrap());
    assert!(store.tags().by_token(token.hash()).await.unwrap().is_none());
    assert!(store.tags().of(owner).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_household_has_a_bounded_number_of_tags_newest_first() {
    let Opened { store, directory: _directory } = open();
    let owner = with_account(&store).await.household;
    for hour in 0..3 {
        store.tags().create(tag(owner, &Token::random(), None), 3, at(hour)).await.unwrap();
    }
    let error = store.tags().create(tag(owner, &Token::random(), None), 3, at(9)).await.unwrap_err();
    assert_eq!(error.code, "too-many-tags");
    let times: Vec<_> = store.tags().of(owner).await.unwrap().iter().map(|tag| tag.created_at).collect();
    assert_eq!(times, [at(2), at(1), at(0)]);
}

#[tokio::test]
async fn a_token_is_taken_only_once() {
    let Opened { store, directory: _directory } = open();
    let owner = with_account(&store).await;
    let token = Token::random();
    let first = tag(owner.household, &token, None);
    let id = first.id;
    let refused = async || store.tags().create(tag(owner.household, &token, None), 3, at(1)).await.unwrap_err().code;
    store.tags().create(first, 3, at(0)).await.unwrap();
    assert_eq!(refused().await, "token-taken", "it stands");
    store.tags().delete(Some(owner.household), id).await.unwrap();
    assert_eq!(refused().await, "token-taken", "it was revoked");
}

#[tokio::test]
async fn what_a_household_can_make_altogether_is_bounded_because_each_token_is_known_for_ever() {
    let Opened { store, directory: _directory } = open();
    let owner = with_account(&store).await.household;
    for _ in 0..super::tags::MADE_FOR_EACH {
        let made = tag(owner, &Token::random(), None);
        let id = made.id;
        store.tags().create(made, 1, at(0)).await.unwrap();
        // What was refused does not count.
        assert_eq!(
            store.tags().create(tag(owner, &Token::random(), None), 1, at(0)).await.unwrap_err().code,
            "too-many-tags"
        );
        assert!(store.tags().delete(Some(owner), id).await.unwrap());
    }
    let refused = store.tags().create(tag(owner, &Token::random(), None), 1, at(0)).await.unwrap_err();
    assert_eq!(refused.code, "too-many-tags");
    assert!(refused.message.contains("in total"), "{refused}");
    store.tags().create(tag(owner, &Token::random(), None), 2, at(0)).await.unwrap();
}

#[tokio::test]
async fn a_tag_of_nobody_is_refused() {
    let Opened { store, directory: _directory } = open();
    let orphan = tag(HouseholdId::random(), &Token::random(), None);
    assert_eq!(store.tags().create(orphan, 3, at(0)).await.unwrap_err().kind, Kind::Internal);
}

#[tokio::test]
async fn everything_is_there_after_a_restart_and_no_log_is_left() {
    let Opened { store, directory } = open();
    let owner = with_account(&store).await.household;
    let token = Token::random();
    store.tags().create(tag(owner, &token, None), 3, at(0)).await.unwrap();
    store.close().await;
    assert_eq!(store.tags().of(owner).await.map(|_| ()).unwrap_err().code, "stopping");
    assert!(!directory.path().join("callqr.db-wal").exists());
    let again = Store::open(&directory.path().join("callqr.db")).unwrap();
    assert!(again.tags().by_token(token.hash()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_revoked_tag_leaves_no_trace_in_the_file() {
    let Opened { store, directory } = open();
    let owner = with_account(&store).await.household;
    let token = Token::random();
    let mut new = tag(owner, &token, None);
    new.label_sealed = b"a canary that sings".to_vec();
    let id = new.id;
    store.tags().create(new, 3, at(0)).await.unwrap();
    store.tags().delete(Some(owner), id).await.unwrap();
    store.close().await;
    let file = std::fs::read(directory.path().join("callqr.db")).unwrap();
    assert!(!file.windows(8).any(|window| window == b"a canary"));
    assert!(!file.windows(32).any(|window| window == token.hash().as_bytes()));
}

#[tokio::test]
async fn the_keys_proof_is_fixed_by_the_first_account() {
    let Opened { store, directory: _directory } = open();
    assert_eq!(store.setup().key_check([1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.setup().key_check([2; 32]).await.unwrap(), [2; 32], "no account depends on the old keys");
    with_account(&store).await;
    assert_eq!(store.setup().key_check([3; 32]).await.unwrap(), [2; 32]);
}

#[tokio::test]
async fn another_writer_that_holds_the_file_for_a_moment_is_waited_for() {
    let Opened { store, directory } = open();
    let other = rusqlite::Connection::open(directory.path().join("callqr.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let examined = tokio::spawn({
        let store = store.clone();
        async move { store.can_write().await }
    });
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(examined.await.unwrap(), Ok(()));
}

#[tokio::test]
async fn a_file_that_stays_locked_can_be_read_and_not_written() {
    let Opened { store, directory } = open();
    let other = rusqlite::Connection::open(directory.path().join("callqr.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.can_read().await, Ok(()));
    assert_eq!(store.can_write().await.unwrap_err().code, "database-locked");
    other.execute_batch("COMMIT").unwrap();
}

#[tokio::test]
async fn more_work_than_the_queue_holds_is_refused_and_the_rest_is_done() {
    let Opened { store, directory } = open();
    let other = rusqlite::Connection::open(directory.path().join("callqr.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let waiting: Vec<_> = (0..300)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.sessions().touch(SessionId::random(), at(0)).await })
        })
        .collect();
    tokio::task::yield_now().await;
    while waiting.iter().filter(|task| task.is_finished()).count() < 300 - 257 {
        tokio::task::yield_now().await;
    }
    other.execute_batch("COMMIT").unwrap();
    let mut refused = 0;
    for task in waiting {
        if let Err(error) = task.await.unwrap() {
            assert_eq!((error.code, error.retry_after.is_some()), ("busy", true));
            refused += 1;
        }
    }
    assert!((43..=44).contains(&refused), "{refused} were refused");
}

#[tokio::test]
async fn a_household_has_a_bounded_number_of_accounts() {
    let Opened { store, directory: _directory } = open();
    let household = with_account(&store).await.household;
    let join = |household| {
        let mut account = account();
        account.member.household = household;
        let store = store.clone();
        async move { store.accounts().create(account, None, Entry::Operator, 99, at(0)).await.map_err(|e| e.code) }
    };
    for _ in 1..32 {
        assert_eq!(join(household).await, Ok(()));
    }
    assert_eq!(join(household).await, Err("household-full"));
    assert_eq!(join(HouseholdId::random()).await, Ok(()), "others have room");
}

fn vault(revision: u64) -> SealedVault {
    let mut blob = vec![0; 1 + 8 + 12 + 4096 + 16];
    blob[0] = 1;
    blob[1..9].copy_from_slice(&revision.to_be_bytes());
    SealedVault::parse(blob).unwrap()
}

fn way_in(holder: u8) -> vaults::WrappedKeyRow {
    let mut wrapped = [holder; WrappedKey::LENGTH];
    wrapped[..2].copy_from_slice(&[1, 1]);
    vaults::WrappedKeyRow::by_password(WrappedKey::parse(&wrapped, UnlockMethod::Password).unwrap())
}

#[tokio::test]
async fn only_who_holds_the_key_of_a_vault_changes_it() {
    let Opened { store, directory: _directory } = open();
    let Member { account, household, .. } = with_account(&store).await;
    let [first, other] = [1, 2].map(|byte| PossessionProof::parse(&[byte; 32]).unwrap());
    let refused = |result: Result<()>| assert_eq!(result.unwrap_err().code, "not-a-holder");
    // Where there is no vault nobody holds its key.
    refused(store.vaults().check_holder(household, first).await);
    assert!(store.vaults().create(household, account, vault(1), first, way_in(1)).await.unwrap());
    refused(store.vaults().check_holder(household, other).await);
    let renewed =
        store.vaults().renew(household, (account, SessionId::random()), vault(2), other, way_in(2), Some(other)).await;
    refused(renewed.map(|_| ()));
    store.vaults().check_holder(household, first).await.unwrap();
    // Who is too late with a change has not made one.
    assert!(!store.vaults().replace(household, vault(3), first).await.unwrap());
    assert!(store.vaults().replace(household, vault(2), first).await.unwrap());
    refused(store.vaults().check_holder(household, other).await);
    refused(store.vaults().replace(household, vault(3), other).await.map(|_| ()));
    refused(store.vaults().put_wrap(household, account, other, way_in(2), 9).await);
    assert!(store.vaults().replace(household, vault(3), first).await.unwrap());
}

#[tokio::test]
async fn a_device_makes_room_for_itself_first_and_one_in_use_for_nobody() {
    let Opened { store, directory: _directory } = open();
    let account = with_account(&store).await.account;
    let first = store.sessions().of(account, Duration::MAX, at(1)).await.unwrap()[0].id;
    let script = DeviceId::random();
    let phone = session(account, at(1000));
    let phone_id = phone.id;
    begin(&store, phone, 4, at(1)).await;
    let mut of_script = Vec::new();
    for n in 0..20 {
        let new = session_on(script, account, at(1000));
        let before = if of_script.len() > 1 { of_script.last().copied() } else { None };
        of_script.push(new.id);
        // Used much later than the phone's, and yet the script's own.
        assert_eq!(begin(&store, new, 4, at(10 + n)).await, Vec::from_iter(before));
    }

    let full = async |in_use: Vec<SessionId>, most| {
        let new = session(account, at(1000));
        let (id, room) = (new.id, Room { most, in_use });
        store.sessions().create(new, HASH.into(), room, at(50)).await.map(|ended| (id, ended.unwrap().sessions))
    };
    // A script that says of no device what it is.
    let (mut latest, displaced) = full(vec![], 4).await.unwrap();
    assert_eq!(displaced, [of_script[19]], "the latest that nobody has used, not the phone, which is offline");
    for _ in 0..20 {
        let (new, displaced) = full(vec![], 4).await.unwrap();
        assert_eq!(displaced, [latest], "itself");
        latest = new;
    }
    assert_eq!(full(vec![latest, of_script[0]], 4).await.unwrap().1, [phone_id], "what is in use stays");
    let all: Vec<_> = store.sessions().of(account, Duration::MAX, at(51)).await.unwrap().iter().map(|s| s.id).collect();
    assert_eq!(full(all.clone(), 4).await.unwrap_err().code, "too-many-sessions");
    assert!(all.contains(&first));
}
