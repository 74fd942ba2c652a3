#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::accounts::{self, Accounts, Registering};
use super::audit::Audit;
use super::factors::Factors;
use super::jwt::Bearer;
use super::keys::Keys;
use super::login::{self, Knock, LogIn, Outcome};
use super::passkeys::Site;
use super::passwords::Passwords;
use super::sessions::{self, Arrival, Begun, Identity, Sessions};
use super::tags::{self, Options, State, Tags};
use super::{data_dir::DataDir, setup};
use crate::domain::account::{Password, Registration};
use crate::domain::identity::PublicIdentity;
use crate::domain::ids::{AccountId, HouseholdId, LoginId, TagId};
use crate::domain::tag::{Lifetime, TagText, Token};
use crate::domain::{Kind, Result};
use crate::store::Store;

mod factors;
mod login_flow;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn day(n: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + DAY * n
}

/// Everything below the edges, on a real database in a directory of its own.
pub(super) struct House {
    pub(super) accounts: Accounts,
    pub(super) sessions: Sessions,
    pub(super) factors: Factors,
    pub(super) login: LogIn,
    pub(super) passwords: Passwords,
    pub(super) tags: Tags,
    pub(super) audit: Audit,
    pub(super) store: Store,
    pub(super) keys: Arc<Keys>,
    pub(super) data: DataDir,
    root: tempfile::TempDir,
}

pub(super) fn house() -> House {
    house_in(tempfile::tempdir().unwrap())
}

/// In what another one left behind.
pub(super) fn house_in(root: tempfile::TempDir) -> House {
    let data = DataDir::open(&root.path().join("data")).unwrap();
    let keys = Arc::new(Keys::open(&data.keys()).unwrap());
    let store = Store::open(&data.database()).unwrap();
    let audit = Audit::new(store.clone());
    let options = sessions::Options { idle: DAY * 14, lifetime: DAY * 30 };
    let sessions = Sessions::new(store.clone(), keys.clone(), options);
    let factors = Factors::new(store.clone(), keys.clone(), audit.clone());
    let passwords = Passwords::new(keys.clone());
    let options = accounts::Options { registration: Registration::Invite, max: 9 };
    let accounts =
        Accounts::new(store.clone(), keys.clone(), passwords.clone(), sessions.clone(), audit.clone(), options);
    let login = LogIn::new(login::Parts {
        store: store.clone(),
        keys: keys.clone(),
        passwords: passwords.clone(),
        accounts: accounts.clone(),
        sessions: sessions.clone(),
        factors: factors.clone(),
        audit: audit.clone(),
    });
    let options = Options { default_lifetime: Lifetime::Week, max_per_household: 5 };
    let tags = Tags::new(store.clone(), keys.clone(), audit.clone(), options);
    House { accounts, sessions, factors, login, passwords, tags, audit, store, keys, data, root }
}

impl House {
    pub(super) async fn setup_token(&self) -> String {
        setup::renew(&self.store, day(0)).await.unwrap().unwrap().expose().clone()
    }

    /// Leaves everything as a process that ended would.
    pub(super) async fn close(self) -> tempfile::TempDir {
        self.store.close().await;
        self.root
    }

    pub(super) async fn owner(&self) -> Identity {
        let token = self.setup_token().await;
        self.accounts.register(registration("Ada.Lovelace", Some(&token)), day(0)).await.unwrap().identity
    }

    /// Begins a session as one who has proven who they are.
    async fn begin(&self, owner: Identity) -> Begun {
        let account = self.store.accounts().by_id(owner.account).await.unwrap().unwrap();
        self.sessions.begin(owner.member(), account.password_hash, &arrival(), day(0)).await.unwrap()
    }

    /// Confirms with the password alone, of an account that has no more.
    pub(super) async fn confirmed(&self, identity: Identity, now: SystemTime) -> Begun {
        let given = login::Confirmation::Password("correct horse".into());
        match self.login.confirm(identity, given, &knock(1), now).await.unwrap() {
            Outcome::Begun(begun) => begun,
            Outcome::SecondFactor(_) => panic!("a second factor is asked for"),
        }
    }

    /// Logs in from a place and a device that nobody knows.
    pub(super) async fn log_in(&self, username: &str, password: &str, now: SystemTime) -> Result<Begun> {
        match self.login.with_password(username, password.into(), &knock(1), now).await? {
            Outcome::Begun(begun) => Ok(begun),
            Outcome::SecondFactor(_) => panic!("a second factor is asked for"),
        }
    }

    pub(super) async fn tag(&self, owner: Identity, lifetime: Option<Lifetime>) -> (TagId, Token) {
        let text = |text| TagText::parse(text).unwrap();
        let new = self.tags.create(owner, text("my van"), text("Blue van, ring me"), lifetime, day(0)).await.unwrap();
        (new.tag.id, new.token)
    }
}

/// Somebody at the door, from the `n`th place.
fn knock(n: u8) -> Knock {
    Knock {
        source: [192, 0, 2, n].into(),
        device_token: None,
        device_name: "Firefox on Android".into(),
        site: Site::at("https://callqr.local:8443").ok(),
    }
}

/// What a log-in is of whose device nobody knows.
fn arrival() -> Arrival {
    Arrival { device_name: "curl".into(), username_index: [1; 32], known: None }
}

fn registration(username: &str, setup_token: Option<&str>) -> Registering {
    Registering {
        username: username.into(),
        password: "correct horse".into(),
        emergency_contact: Some("Charles, next door".into()),
        setup_token: setup_token.map(Into::into),
        ..Registering::default()
    }
}

fn code<T>(result: Result<T>) -> &'static str {
    result.map(|_| ()).unwrap_err().code
}

#[tokio::test]
async fn the_first_account_comes_through_the_set_up_link_and_no_second_one() {
    let house = house();
    assert_eq!(house.accounts.registration().await.unwrap(), None);
    let old = house.setup_token().await;
    let token = house.setup_token().await;
    for (attempt, why) in [
        (registration("ada", None), "setup-link"),
        (registration("ada", Some("")), "setup-link"),
        (registration("ada", Some(&old)), "setup-link"),
        (registration("a", Some(&token)), "username-length"),
        (Registering { password: "short".into(), ..registration("ada", Some(&token)) }, "password-too-short"),
        (
            Registering { emergency_contact: Some("x".repeat(201)), ..registration("ada", Some(&token)) },
            "personal-text-too-long",
        ),
    ] {
        assert_eq!(code(house.accounts.register(attempt, day(0)).await), why);
    }
    let late = day(0) + setup::LIFETIME;
    assert_eq!(code(house.accounts.register(registration("ada", Some(&token)), late).await), "setup-link");

    let begun = house.accounts.register(registration(" Ada ", Some(&token)), day(0)).await.unwrap();
    let profile = house.accounts.profile(begun.identity).await.unwrap();
    assert_eq!((profile.username.as_str(), profile.emergency_contact.as_deref()), ("ada", Some("Charles, next door")));
    assert_eq!(code(house.accounts.register(registration("eve", Some(&token)), day(0)).await), "invite-needed");
    assert_eq!(house.accounts.registration().await.unwrap(), Some(Registration::Invite));
    assert!(setup::renew(&house.store, day(0)).await.unwrap().is_none());
}

#[tokio::test]
async fn cookie_and_token_name_the_same_session_and_end_together() {
    let house = house();
    house.owner().await;
    let begun = house.log_in("ADA.Lovelace", "correct horse", day(0)).await.unwrap();
    let (cookie, token) = (begun.cookie.expose(), begun.token.expose());
    assert_eq!(house.sessions.by_cookie(cookie, day(1)).await.unwrap(), begun.identity);
    assert_eq!(house.sessions.by_token(token, day(1)).await.unwrap(), begun.identity);
    house.sessions.end(begun.identity.login).await.unwrap();
    assert_eq!(code(house.sessions.by_cookie(cookie, day(1)).await), "no-session");
    assert_eq!(code(house.sessions.by_token(token, day(1)).await), "no-session");
    house.sessions.end(begun.identity.login).await.unwrap();
}

#[tokio::test]
async fn wrong_names_and_wrong_passwords_look_the_same() {
    let house = house();
    house.owner().await;
    let mut answers = Vec::new();
    for (name, password) in
        [("ada.lovelace", "wrong horse!"), ("eve", "correct horse"), ("", ""), ("a b", "x"), ("ada.lovelace", "")]
    {
        answers.push(house.log_in(name, password, day(0)).await.unwrap_err());
    }
    assert!(answers.iter().all(|answer| *answer == answers[0] && answer.kind == Kind::Unauthenticated));
}

#[tokio::test]
async fn sessions_end_by_disuse_and_by_age() {
    let house = house();
    house.owner().await;
    let begun = house.log_in("ada.lovelace", "correct horse", day(0)).await.unwrap();
    let cookie = begun.cookie.expose();
    assert_eq!(code(house.sessions.by_cookie(cookie, day(14)).await), "no-session");
    for at in [13, 26, 29] {
        assert_eq!(house.sessions.by_cookie(cookie, day(at)).await.unwrap(), begun.identity, "day {at}");
    }
    assert_eq!(code(house.sessions.by_cookie(cookie, day(30)).await), "no-session");
    assert_eq!(code(house.sessions.by_token(begun.token.expose(), day(30)).await), "no-session");
    assert!(house.sessions.purge(day(30), Vec::new()).await.unwrap().contains(&begun.identity.login));
    assert_eq!(code(house.sessions.by_cookie(cookie, day(29)).await), "no-session", "the row was kept");
}

#[tokio::test]
async fn a_device_that_stays_connected_stays_logged_in_until_its_time_is_over() {
    let house = house();
    let owner = house.owner().await;
    let (tablet, lost) = (owner.login, house.begin(owner).await.identity.login);
    assert_eq!(house.sessions.purge(day(13), vec![tablet]).await.unwrap(), []);
    assert_eq!(house.sessions.purge(day(15), vec![tablet]).await.unwrap(), [lost]);
    assert_eq!(house.sessions.purge(day(30), vec![tablet]).await.unwrap(), [tablet]);
}

#[tokio::test]
async fn made_up_cookies_and_tokens_are_nobodys() {
    let house = house();
    let owner = house.owner().await;
    let begun = house.begin(owner).await;
    let cookie = begun.cookie.expose();
    let mut other_secret = cookie.clone();
    other_secret.replace_range(60..64, if cookie.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    for bad in ["", "x", &cookie[1..], &format!("{cookie}A"), &other_secret, &"é".repeat(32), begun.token.expose()] {
        assert_eq!(code(house.sessions.by_cookie(bad, day(0)).await), "no-session", "{bad}");
    }
    let other = house_with_other_keys_signs(begun.identity.login);
    for bad in ["", "a.b.c", cookie, &other] {
        assert_eq!(code(house.sessions.by_token(bad, day(0)).await), "no-session", "{bad}");
    }
}

fn house_with_other_keys_signs(login: LoginId) -> String {
    let directory = tempfile::tempdir().unwrap();
    let keys = Keys::open(directory.path()).unwrap();
    super::jwt::sign(&keys.signing(), Bearer { login, generation: 0 }, day(0), day(9))
}

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
    assert_eq!((listed.len(), listed[0].label.as_str(), listed[0].state), (1, "my van", State::Active));
    assert_eq!(listed[0].expires_at, Some(day(7)), "the default lifetime");

    assert_eq!(house.tags.pause(owner, id, day(1)).await.unwrap().state, State::Paused);
    assert!(house.tags.find(&token, day(1)).await.unwrap().unwrap().paused);
    assert_eq!(house.tags.resume(owner, id, day(1)).await.unwrap().state, State::Active);

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
    for (lifetime, days) in [(Lifetime::Day, 1), (Lifetime::Week, 7), (Lifetime::Year, 365)] {
        let (_, token) = house.tag(owner, Some(lifetime)).await;
        assert!(house.tags.find(&token, day(days) - moment).await.unwrap().is_some());
        assert!(house.tags.find(&token, day(days)).await.unwrap().is_none());
    }
    let (_, token) = house.tag(owner, Some(Lifetime::UntilRevoked)).await;
    assert!(house.tags.find(&token, day(36_500)).await.unwrap().is_some());
    for (now, expired) in [(day(7) - moment, 1), (day(7), 2), (day(365), 3), (day(36_500), 3)] {
        let listed = house.tags.list(owner, now).await.unwrap();
        assert_eq!(listed.iter().filter(|tag| tag.state == State::Expired).count(), expired);
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
    // Whoever has seen the sticker shows its token as one that their browser made.
    let thief = taking(Token::parse_access(bare).unwrap(), identity(9));
    let refused = house.tags.register(owner, thief, day(0)).await.map(|_| ()).unwrap_err();
    assert_eq!(refused.code, "token-taken");
    // The same with a token that was never a tag's: it is the sticker that names no keys.
    let printed = Token::random().code();
    let thief = taking(Token::parse_access(printed.split(':').nth(2).unwrap()).unwrap(), identity(9));
    house.tags.register(owner, thief, day(0)).await.unwrap();
    let found = async |scanned: &str| house.tags.find(&Token::parse(scanned).unwrap(), day(1)).await.unwrap().is_some();
    assert!(!found(&printed).await, "a sticker that names no keys leads to somebody who has some");

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
    house.keys.rotate(&house.store, &house.audit, day(1)).await.unwrap();
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
        login: LoginId::random(),
        generation: 0,
        administrator: true,
        confirmed_until: day(1),
    };
    assert!(house.tags.list(stranger, day(1)).await.unwrap().is_empty());
    assert_eq!(code(house.tags.pause(stranger, id, day(1)).await), "no-such-tag");
    assert_eq!(code(house.tags.revoke(stranger, id).await), "no-such-tag");
    assert!(house.tags.find(&Token::random(), day(1)).await.unwrap().is_none());
}

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

mod households;
