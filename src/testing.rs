//! A household on a real database in a directory of its own: what the tests of several rooms live in.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use crate::accounts::setup;
use crate::accounts::{self, Accounts, Registering};
use crate::audit::{Audit, Event};
use crate::auth::factors::Factors;
use crate::auth::factors::passkeys::Site;
use crate::auth::login::{self, LogIn, LoginContext, Outcome};
use crate::auth::passwords::Passwords;
use crate::auth::sessions::{self, Arrival, Begun, Sessions};
use crate::domain::Result;
use crate::domain::account::Registration;
use crate::domain::effect::Effect;
use crate::domain::household::lifetime::Lifetime;
use crate::domain::household::tag::{TagText, Token};
use crate::domain::identity::Identity;
use crate::domain::ids::TagId;
use crate::household::tags::{TagOptions, Tags};
use crate::keys::data_dir::DataDir;
use crate::keys::{Keys, Rotation};
use crate::store::Store;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn day(n: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000) + DAY * n
}

/// Everything below the edges, on a real database in a directory of its own.
pub(crate) struct House {
    pub(crate) accounts: Accounts,
    pub(crate) sessions: Sessions,
    pub(crate) factors: Factors,
    pub(crate) login: LogIn,
    pub(crate) passwords: Passwords,
    pub(crate) tags: Tags,
    pub(crate) audit: Audit,
    pub(crate) store: Store,
    pub(crate) keys: Arc<Keys>,
    raised: Arc<Mutex<Vec<Effect>>>,
    pub(crate) data: DataDir,
    pub(crate) root: tempfile::TempDir,
}

pub(crate) fn house() -> House {
    house_in(tempfile::tempdir().unwrap())
}

/// In what another one left behind.
pub(crate) fn house_in(root: tempfile::TempDir) -> House {
    let data = DataDir::open(&root.path().join("data")).unwrap();
    let keys = Arc::new(Keys::open(&data.keys()).unwrap());
    let store = Store::open(&data.database()).unwrap();
    let raised = Arc::<Mutex<Vec<_>>>::default();
    store.raise_to({
        let raised = raised.clone();
        move |effect| raised.lock().unwrap().push(effect)
    });
    let audit = Audit::new(store.clone());
    let options = sessions::SessionOptions { idle: DAY * 14, lifetime: DAY * 30, max_per_account: 50 };
    let sessions = Sessions::new(store.clone(), keys.clone(), audit.clone(), options);
    let factors = Factors::new(store.clone(), keys.clone(), audit.clone());
    let passwords = Passwords::new(keys.clone());
    let options = accounts::AccountOptions { registration: Registration::Invite, max: 9 };
    let accounts =
        Accounts::new(store.clone(), keys.clone(), passwords.clone(), sessions.clone(), audit.clone(), options);
    let login = LogIn::new(login::Parts {
        store: store.clone(),
        keys: keys.clone(),
        passwords: passwords.clone(),
        sessions: sessions.clone(),
        factors: factors.clone(),
        audit: audit.clone(),
    });
    let options = TagOptions { default_lifetime: Lifetime::WEEK, max_per_household: 5 };
    let tags = Tags::new(store.clone(), keys.clone(), audit.clone(), options);
    House { accounts, sessions, factors, login, passwords, tags, audit, store, keys, raised, data, root }
}

impl House {
    pub(crate) async fn setup_token(&self) -> String {
        setup::renew(&self.store, day(0)).await.unwrap().unwrap().expose().clone()
    }

    /// What those who are connected would have learned since this was last asked.
    pub(crate) fn raised(&self) -> Vec<Effect> {
        std::mem::take(&mut self.raised.lock().unwrap())
    }

    /// Leaves everything as a process that ended would.
    pub(crate) async fn close(self) -> tempfile::TempDir {
        self.store.close().await;
        self.root
    }

    pub(crate) async fn owner(&self) -> Identity {
        let token = self.setup_token().await;
        self.accounts.register(registration("Ada.Lovelace", Some(&token)), day(0)).await.unwrap().identity
    }

    /// Begins a session as one who has proven who they are.
    pub(crate) async fn begin(&self, owner: Identity) -> Begun {
        let account = self.store.accounts().by_id(owner.account).await.unwrap().unwrap();
        self.sessions.begin(owner.member(), account.password_hash, &arrival(), day(0)).await.unwrap()
    }

    /// Confirms with the password alone, of an account that has no more.
    pub(crate) async fn confirmed(&self, identity: Identity, now: SystemTime) -> Begun {
        let given = login::StepUp::Password("correct horse".into());
        match self.login.confirm(identity, given, &context(1), now).await.unwrap() {
            Outcome::Begun(begun) => begun,
            Outcome::SecondFactor(_) => panic!("a second factor is asked for"),
        }
    }

    /// Logs in from a place and a device that nobody knows.
    pub(crate) async fn log_in(&self, username: &str, password: &str, now: SystemTime) -> Result<Begun> {
        match self.login.with_password(username, password.into(), &context(1), now).await? {
            Outcome::Begun(begun) => Ok(begun),
            Outcome::SecondFactor(_) => panic!("a second factor is asked for"),
        }
    }

    pub(crate) async fn rotate_keys(&self, now: SystemTime) -> Result<Rotation> {
        self.keys.rotate(&self.store, now, || self.audit.note_at(Event::KeysRotated, None, None, now)).await
    }

    pub(crate) async fn tag(&self, owner: Identity, lifetime: Option<Lifetime>) -> (TagId, Token) {
        let text = |text| TagText::parse(text).unwrap();
        let new = self.tags.create(owner, text("my van"), text("Blue van, ring me"), lifetime, day(0)).await.unwrap();
        (new.tag.id, new.token)
    }
}

/// Somebody at the door, from the `n`th place.
pub(crate) fn context(n: u8) -> LoginContext {
    LoginContext {
        source: [192, 0, 2, n].into(),
        device_token: None,
        device_name: "Firefox on Android".into(),
        site: Site::at("https://callqr.local:8443").ok(),
    }
}

/// What a session is of whose device nobody knows.
pub(crate) fn arrival() -> Arrival {
    Arrival { device_name: "curl".into(), username_index: [1; 32], known: None }
}

pub(crate) fn registration(username: &str, setup_token: Option<&str>) -> Registering {
    Registering {
        username: username.into(),
        password: "correct horse".into(),
        emergency_contact: Some("Charles, next door".into()),
        setup_token: setup_token.map(Into::into),
        ..Registering::default()
    }
}

pub(crate) fn code<T>(result: Result<T>) -> &'static str {
    result.map(|_| ()).unwrap_err().code
}
