//! What ends: told when it is on disk, whole or not at all, and even if no one waits for the answer.

use std::sync::Mutex;

use super::*;
use crate::domain::account::Member;
use crate::domain::household::note::{Envelope, Minute, NoteKind};
use crate::domain::household::vault::RewrappedKey;

/// An account with two sessions, a tag, a vault, an invite and a link for a new password, and what is raised from then on.
struct House {
    store: Store,
    _directory: tempfile::TempDir,
    member: Member,
    own: SessionId,
    other: SessionId,
    tag: TagId,
    raised: Arc<Mutex<Vec<Effect>>>,
}

impl House {
    async fn new() -> Self {
        let Opened { store, directory } = open();
        let member = with_account(&store).await;
        // Another administrator, so that this one can be disabled and deleted.
        store.accounts().create(account(), None, Entry::Operator, 9, at(0)).await.unwrap();
        let first = store.sessions().of(member.account, HOUR * 99, at(1)).await.unwrap()[0].id;
        store.sessions().end(first).await.unwrap();
        let (own, other) = (session(member.account, at(100)), session(member.account, at(100)));
        let (own_id, other_id) = (own.id, other.id);
        begin(&store, own, 9, at(0)).await;
        begin(&store, other, 9, at(0)).await;
        let new = tag(member.household, &Token::random(), None);
        let tag = new.id;
        store.tags().create(new, 9, at(0)).await.unwrap();
        assert!(store.vaults().create(member.household, member.account, vault(1), holder(1), way_in(1)).await.unwrap());
        let invite = InviteRow {
            id: crate::domain::ids::InviteId::random(),
            account: Some(member.account),
            household: Some(member.household),
            created_at: at(0),
            expires_at: at(100),
            wrapped: None,
        };
        store.invites().create(invite, [3; 32], None).await.unwrap();
        store.accounts().begin_reset(member.account, [4; 32], at(100)).await.unwrap();
        let raised = recorder(&store);
        Self { store, _directory: directory, member, own: own_id, other: other_id, tag, raised }
    }

    fn raised(&self) -> Vec<Effect> {
        std::mem::take(&mut self.raised.lock().unwrap())
    }

    fn new_secret(&self) -> NewSecret {
        NewSecret { id: self.own, generation: 0, secret_hash: [5; 32] }
    }

    async fn renew_vault(&self) -> Result<()> {
        let (household, by) = (self.member.household, (self.member.account, self.own));
        let vaults = self.store.vaults();
        vaults.renew(household, by, vault(2), holder(2), way_in(2), Some(holder(1))).await.map(|renewed| {
            assert!(renewed, "it is the next revision");
        })
    }

    async fn change_password(&self) -> Result<()> {
        let key = RewrappedKey { wrapped: way_in(3).wrapped, holder: holder(1) };
        let (account, new) = (self.member.account, self.new_secret());
        let changed = self.store.accounts().change_password(account, "$new".into(), Some(key), new, at(2)).await;
        changed.map(|session| assert_eq!(session.map(|session| session.generation), Some(1)))
    }

    /// Every row of every table, as text.
    async fn rows(&self) -> Vec<String> {
        self.store
            .reader
            .transaction(|transaction| {
                let mut tables = transaction.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")?;
                let names = tables.query_map([], |row| row.get::<_, String>(0))?;
                let mut rows = Vec::new();
                for name in names {
                    let name = name?;
                    let mut statement = transaction.prepare(&format!("SELECT * FROM {name}"))?;
                    let columns = statement.column_count();
                    let mut found = statement.query([])?;
                    while let Some(row) = found.next()? {
                        let values = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
                        rows.push(format!("{name} {:?}", values.collect::<rusqlite::Result<Vec<_>>>()?));
                    }
                }
                rows.sort();
                Ok(rows)
            })
            .await
            .unwrap()
    }

    async fn execute(&self, sql: &'static str) {
        self.store.writer.transaction(move |transaction| Ok(transaction.execute_batch(sql)?)).await.unwrap();
    }

    /// Does something in whose middle a session cannot be removed, and then without that fault; what is raised in the end.
    async fn despite_a_fault(&self, what: &str, work: impl AsyncFn() -> Result<()>) -> Vec<Effect> {
        let before = self.rows().await;
        self.execute("CREATE TRIGGER fault BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'a fault'); END").await;
        assert_eq!(work().await.map_err(|error| error.kind), Err(Kind::Internal), "{what}: the fault is reached");
        self.execute("DROP TRIGGER fault").await;
        assert_eq!(self.rows().await, before, "{what}: a part was left behind");
        assert_eq!(self.raised(), [], "{what}: what did not happen was raised");
        work().await.unwrap();
        assert_ne!(self.rows().await, before, "{what}");
        assert!(self.store.sessions().current(self.other, HOUR * 99, at(1)).await.unwrap().is_none(), "{what}");
        self.raised()
    }
}

/// What those who are connected would learn from now on.
fn recorder(store: &Store) -> Arc<Mutex<Vec<Effect>>> {
    let raised = Arc::<Mutex<Vec<_>>>::default();
    store.raise_to({
        let raised = raised.clone();
        move |effect| raised.lock().unwrap().push(effect)
    });
    raised
}

fn holder(byte: u8) -> PossessionProof {
    PossessionProof::parse(&[byte; 32]).unwrap()
}

#[tokio::test]
async fn a_vault_is_renewed_and_the_other_sessions_end_or_neither() {
    let house = House::new().await;
    let raised = house.despite_a_fault("renewal", || house.renew_vault()).await;
    assert_eq!(raised, [Effect::SessionEnded(house.other)]);
    assert!(house.store.sessions().current(house.own, HOUR * 99, at(1)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_password_is_changed_with_the_secrets_of_this_session_and_the_end_of_the_others_or_nothing_is() {
    let house = House::new().await;
    let raised = house.despite_a_fault("password", || house.change_password()).await;
    assert_eq!(raised, [Effect::SessionEnded(house.other), Effect::LoginRenewed(house.own)]);

    let before = house.rows().await;
    let (account, late) = (house.member.account, house.new_secret());
    let changed = house.store.accounts().change_password(account, "$late".into(), None, late, at(3)).await.unwrap();
    assert!(changed.is_none(), "by secrets that are not the session's any more");
    assert_eq!((house.rows().await, house.raised()), (before, vec![]));
}

#[tokio::test]
async fn whatever_else_ends_sessions_happens_whole_or_not_at_all() {
    type Change = for<'a> fn(&'a House) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + 'a>>;
    let changes: [(&str, bool, Change); 7] = [
        ("reset", false, |house| {
            Box::pin(async { house.store.accounts().finish_reset([4; 32], "$new".into(), at(1)).await.map(drop) })
        }),
        ("password of the operator's", false, |house| {
            Box::pin(async { house.store.accounts().set_password(house.member.account, "$new".into()).await.map(drop) })
        }),
        ("disabling", false, |house| {
            Box::pin(async { house.store.accounts().disable(house.member.account).await.map(drop) })
        }),
        ("deletion", false, |house| {
            Box::pin(async { house.store.accounts().delete(house.member.account).await.map(drop) })
        }),
        ("an app", true, |house| {
            Box::pin(async {
                let whose = (house.member.account, house.own);
                house.store.factors().set_totp(whose, vec![1], 1, vec![[6; 32]], at(1)).await.map(drop)
            })
        }),
        ("others", true, |house| {
            Box::pin(async {
                house.store.sessions().end_all_but(house.member.account, Some(house.own)).await.map(drop)
            })
        }),
        ("one", true, |house| {
            Box::pin(async { house.store.sessions().end_of(house.member.account, house.other).await.map(drop) })
        }),
    ];
    for (what, keeps_own, change) in changes {
        let house = House::new().await;
        let mut expected = vec![Effect::SessionEnded(house.other)];
        if !keeps_own {
            expected.push(Effect::SessionEnded(house.own));
        }
        if what == "deletion" {
            expected.push(Effect::TagWithdrawn(house.tag));
        }
        let raised = house.despite_a_fault(what, || change(&house)).await;
        assert_eq!(raised.len(), expected.len(), "{what}: {raised:?}");
        assert!(expected.iter().all(|effect| raised.contains(effect)), "{what}: {raised:?}");
    }
}

#[tokio::test]
async fn tags_and_notes_raise_what_those_who_are_connected_must_learn() {
    let house = House::new().await;
    let (household, tag) = (house.member.household, house.tag);
    let (tags, notes) = (house.store.tags(), house.store.notes());
    assert!(tags.set_paused(household, tag, true).await.unwrap().is_some());
    assert_eq!(house.raised(), [Effect::TagWithdrawn(tag)]);
    assert!(tags.set_paused(household, tag, false).await.unwrap().is_some());
    assert!(tags.set_paused(HouseholdId::random(), tag, true).await.unwrap().is_none());
    assert!(!tags.delete(Some(HouseholdId::random()), tag).await.unwrap());
    assert_eq!(house.raised(), []);

    let mut envelope = vec![0; 65 + 12 + 16 + 256];
    (envelope[0], envelope[1]) = (1, 4);
    let envelope = Envelope::from_bytes(envelope);
    let id = envelope.id(tag);
    let most = MostNotes { per_tag: 9, per_household: 9 };
    let leave = async || {
        let note =
            NewNoteRow { tag, kind: NoteKind::Text, minute: Minute(1), envelope: envelope.clone(), expires_at: at(50) };
        assert!(notes.leave(note, most).await.unwrap().is_some());
        house.raised()
    };
    let changed = [Effect::NotesChanged(household)];
    assert_eq!(leave().await, changed);
    assert_eq!(leave().await, [], "it is there already");
    notes.mark_read(household, vec![id]).await.unwrap();
    assert_eq!(house.raised(), changed);
    notes.mark_read(household, vec![id]).await.unwrap();
    assert_eq!(house.raised(), [], "it was read already");
    notes.delete_all(household, true).await.unwrap();
    assert_eq!(house.raised(), changed);
    notes.delete_all(household, true).await.unwrap();
    assert!(!notes.delete(household, id).await.unwrap());
    assert_eq!(house.raised(), []);
    leave().await;
    assert!(notes.delete(household, id).await.unwrap());
    assert_eq!(house.raised(), changed);

    assert!(tags.delete(None, tag).await.unwrap(), "at the operator's word");
    assert_eq!(house.raised(), [Effect::TagWithdrawn(tag), changed[0]]);
}

#[tokio::test]
async fn sessions_raise_their_end_however_they_end() {
    let house = House::new().await;
    let (account, sessions) = (house.member.account, house.store.sessions());
    assert!(sessions.rotate(house.new_secret(), at(1)).await.unwrap().is_some());
    assert_eq!(house.raised(), [Effect::LoginRenewed(house.own)]);
    assert!(sessions.rotate(house.new_secret(), at(1)).await.unwrap().is_none());
    assert!(!sessions.end_of(AccountId::random(), house.own).await.unwrap());
    assert_eq!(house.raised(), []);
    // The one unused for longest makes room.
    begin(&house.store, session(account, at(100)), 2, at(2)).await;
    assert_eq!(house.raised(), [Effect::SessionEnded(house.other)]);
    assert!(sessions.end(house.own).await.unwrap());
    assert!(!sessions.end(house.own).await.unwrap());
    assert_eq!(house.raised(), [Effect::SessionEnded(house.own)]);
    house.store.purge(at(101), HOUR * 999, Vec::new()).await.unwrap();
    assert_eq!(house.raised().len(), 1, "by age");
}

/// A connection that breaks takes the request with it, which then never hears that its change is on disk.
#[tokio::test]
async fn what_is_committed_is_raised_though_nobody_waits_for_it_any_more() {
    let Opened { store, directory } = open();
    let account = with_account(&store).await.account;
    let raised = recorder(&store);
    let id = store.sessions().of(account, HOUR * 99, at(1)).await.unwrap()[0].id;
    let other = rusqlite::Connection::open(directory.path().join("callqr.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let sessions = store.sessions();
    tokio::select! {
        biased;
        ended = sessions.end_of(account, id) => panic!("it did not wait for the other writer: {ended:?}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(*raised.lock().unwrap(), [], "it is not on disk yet");
    other.execute_batch("COMMIT").unwrap();
    // What is written next has waited for it.
    store.writer.transaction(|_| Ok(())).await.unwrap();
    assert_eq!(*raised.lock().unwrap(), [Effect::SessionEnded(id)]);
    assert!(store.sessions().current(id, HOUR * 99, at(1)).await.unwrap().is_none());
}

/// Between the two the vault may get another key: what is kept for others then would bring the old one.
#[tokio::test]
async fn a_key_is_handed_over_only_by_a_member_that_has_it() {
    let house = House::new().await;
    let Member { account, household, .. } = house.member;
    let wrapped = way_in(1).wrapped;
    let share_key = async |by| house.store.vaults().share_key(household, account, holder(by), wrapped, at(9)).await;
    let invite = async |by| {
        let id = crate::domain::ids::InviteId::random();
        let invite = InviteRow {
            id,
            account: Some(account),
            household: Some(household),
            created_at: at(0),
            expires_at: at(9),
            wrapped: Some(wrapped),
        };
        house.store.invites().create(invite, random::bytes(), Some(holder(by))).await
    };
    assert_eq!(share_key(1).await, Ok(true));
    assert_eq!(invite(1).await, Ok(()));
    house.renew_vault().await.unwrap();
    let before = house.rows().await;
    assert_eq!(share_key(1).await.map_err(|error| error.code), Err("not-a-holder"));
    assert_eq!(invite(1).await.map_err(|error| error.code), Err("not-a-holder"));
    assert_eq!(house.rows().await, before);
}
