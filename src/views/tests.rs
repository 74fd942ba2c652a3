//! Who sees what of each noun. A field that is missing was promised; one too many may be one that its reader must not see.

use std::collections::BTreeSet;
use std::time::SystemTime;

use serde_json::Value;

use super::event::{AuditEvent, OwnEvent};
use super::household::NamedHousehold;
use super::invite::{Invite, InviteWithInviter};
use super::session::{OwnSession, Session, SessionWithUser};
use super::tag::{OwnTag, Tag, TagWithHousehold};
use super::user::{NamedAccount, User, UserWithHousehold};
use crate::domain::account::{InviteKind, Member};
use crate::domain::household::tag::TagState;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, HouseholdId, InviteId, SessionId, TagId};
use crate::{accounts, audit, auth, household};

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

#[test]
fn only_the_operator_sees_who_lives_with_whom() {
    let user = || accounts::UserRecord {
        id: AccountId::random(),
        household: HouseholdId::random(),
        username: "ada".into(),
        administrator: true,
        disabled: false,
        created_at: NOW,
        last_seen_day: Some(NOW),
        sessions: 2,
        second_factor: true,
    };
    let shared = "id username administrator disabled createdAt lastSeenDay sessions secondFactor";
    assert_fields(&User::from(user()), shared);
    assert_fields(&UserWithHousehold::from(user()), &format!("{shared} household"));
}

#[test]
fn only_the_household_sees_what_it_wrote_on_a_tag() {
    let tag = || household::tags::TagRecord {
        id: TagId::random(),
        label: "front door".into(),
        public_text: "Ada".into(),
        state: TagState::Active,
        created_at: NOW,
        expires_at: None,
        expiry_notice: None,
        identity: None,
    };
    let household = NamedHousehold { id: HouseholdId::random(), members: vec!["ada".into()] };
    let shared = "id state createdAt expiresAt expiryNotice";
    assert_fields(&OwnTag::from(tag()), &format!("{shared} label publicText keyHash"));
    let listed = TagWithHousehold { tag: Tag::from(tag()), label: Some("front door".into()), household };
    assert_fields(&listed, &format!("{shared} label household"));
    let keyed = TagWithHousehold { label: None, ..listed };
    assert_fields(&keyed, &format!("{shared} household"));
}

#[test]
fn only_the_operator_sees_who_invited() {
    let invite = accounts::InviteRecord {
        id: InviteId::random(),
        kind: InviteKind::Owner,
        account: Some(AccountId::random()),
        created_at: NOW,
        expires_at: NOW,
    };
    let shared = "id kind createdAt expiresAt";
    assert_fields(&Invite::from(invite), shared);
    assert_fields(&InviteWithInviter { invite: invite.into(), by: Some(ada()) }, &format!("{shared} by"));
}

#[test]
fn an_owner_sees_which_session_is_theirs_and_the_operator_whose_it_is() {
    let session = || auth::sessions::SessionRecord {
        id: SessionId::random(),
        account: AccountId::random(),
        device: "Firefox on Android".into(),
        created_at: NOW,
        last_used_at: NOW,
        expires_at: NOW,
    };
    let member = Member { account: AccountId::random(), household: HouseholdId::random(), administrator: false };
    let asker = Identity::of(member, (SessionId::random(), 0), NOW);
    let shared = "id device createdAt lastUsedAt expiresAt";
    assert_fields(&OwnSession::new(session(), asker), &format!("{shared} current"));
    assert_fields(&SessionWithUser { session: Session::from(session()), user: ada() }, &format!("{shared} user"));
}

#[test]
fn an_owner_learns_that_somebody_else_did_it_and_not_who() {
    let entry = || audit::Entry {
        id: 1,
        event: "account-disabled".into(),
        detail: None,
        account: Some(AccountId::random()),
        actor: Some(AccountId::random()),
        at: NOW,
        count: 1,
    };
    assert_fields(&AuditEvent::from(entry()), "id at event account actor count");
    assert_fields(&OwnEvent::new(entry(), AccountId::random()), "at event count byAnother");
}

fn ada() -> NamedAccount {
    NamedAccount { id: AccountId::random(), username: "ada".into() }
}

#[track_caller]
fn assert_fields(view: &impl serde::Serialize, expected: &str) {
    let json = serde_json::to_value(view).expect("JSON");
    let Value::Object(fields) = json else { panic!("not an object: {json}") };
    let found: BTreeSet<&str> = fields.keys().map(String::as_str).collect();
    assert_eq!(found, expected.split(' ').collect());
}
