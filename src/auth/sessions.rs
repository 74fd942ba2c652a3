//! Sessions of people who are logged in: made by logging in, ended by logging out, by time or by disuse.
//!
//! A page holds a cookie, an API client a token. Both stand for the same row in the database and are checked against
//! it each time, so ending the session ends both at once. A session may last long, because a tablet by the door that was
//! logged out overnight rings for nobody; little can be done with it without confirming who you are again.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::time::timeout;

use super::devices::Devices;
use super::jwt::{self, Bearer};
use crate::audit::Audit;
use crate::domain::account::Member;
use crate::domain::audit::Event;
use crate::domain::credentials::secret::Secret;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, DeviceId, SessionId};
use crate::domain::{Error, Kind, Result, random};
use crate::keys::{Field, Keys};
use crate::store::{ListedSession, NewSecret, NewSession, Room, SessionRow, Store};

/// How long sessions last.
#[derive(Debug, Clone, Copy)]
pub struct SessionOptions {
    /// A session ends after not being used for this long.
    pub idle: Duration,
    /// A session ends after this time, however much it is used, unless it is refreshed.
    pub lifetime: Duration,
    /// The most sessions of one account.
    pub max_per_account: u32,
}

/// Names the sessions whose devices are connected.
pub type Connected = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Vec<SessionId>> + Send>> + Send + Sync>;

/// How exactly the last use is noted, where sessions last for days: finer would make every look at a page a write to the
/// disk.
const TOUCH_AFTER: Duration = Duration::from_secs(60 * 60);
/// How many times within the time that ends an unused session its use is noted at least.
const TOUCHES_WHILE_IDLE: u32 = 10;
/// How long a request waits for that to be noted.
const TOUCH_TIMEOUT: Duration = Duration::from_millis(250);

/// What became of a session since it was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionStatus {
    /// It is unchanged.
    Good,
    /// It has new secrets now; the old ones no longer work.
    Renewed,
    /// It has ended.
    Ended,
}

/// What is known of the device that logs in.
pub struct Arrival {
    /// What kind it is, for its owner to tell it by: "Firefox on Android".
    pub device_name: String,
    /// What its account is found by.
    pub username_index: [u8; 32],
    /// It has logged in to this account before.
    pub known: Option<DeviceId>,
}

/// A session without its secrets.
pub struct SessionRecord {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What kind of device has it; empty if unknown.
    pub device: String,
    /// When it began.
    pub created_at: SystemTime,
    /// When it was last used, to the hour or so.
    pub last_used_at: SystemTime,
    /// When it ends, however much it is used.
    pub expires_at: SystemTime,
}

impl SessionRecord {
    /// What the database lists, with `keys` to read which device it is.
    ///
    /// # Errors
    /// When it was sealed with other keys.
    pub(crate) fn open(row: ListedSession, keys: &Keys) -> Result<Self> {
        let ListedSession { id, account, device_sealed, created_at, last_used_at, expires_at } = row;
        let device = keys.open_field(Field::SessionDevice, id.as_bytes(), &device_sealed)?;
        Ok(Self { id, account, device, created_at, last_used_at, expires_at })
    }
}

/// A session that has just begun, or whose secrets were just changed.
#[derive(Debug)]
pub struct Begun {
    /// Who logged in.
    pub identity: Identity,
    /// The cookie's value, for pages.
    pub cookie: Secret<String>,
    /// The bearer token, for API clients.
    pub token: Secret<String>,
    /// When both become worthless at the latest.
    pub expires_at: SystemTime,
    /// What identifies this device at its next login; `None` if a session continues.
    pub device: Option<Secret<String>>,
}

/// Begins, recognises and ends sessions; cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    store: Store,
    keys: Arc<Keys>,
    audit: Audit,
    devices: Arc<Devices>,
    connected: Arc<OnceLock<Connected>>,
    options: SessionOptions,
}

/// A session prepared for the database: what goes in, and what its holder gets.
pub(crate) struct Prepared {
    pub(crate) row: NewSession,
    pub(crate) begun: Begun,
}

/// A new secret of a session that goes on: what goes in, and what its holder gets in the end.
pub(crate) struct NewSecrets {
    pub(crate) row: NewSecret,
    pub(crate) secret: [u8; 32],
}

impl NewSecrets {
    /// For the user, who has just proven who they are.
    pub(crate) fn of(identity: Identity) -> Self {
        let secret: [u8; 32] = random::bytes();
        let row = NewSecret { id: identity.session, generation: identity.generation, secret_hash: digest(&secret) };
        Self { row, secret }
    }
}

impl Sessions {
    /// Sessions in `store`, signed with `keys`.
    pub fn new(store: Store, keys: Arc<Keys>, audit: Audit, options: SessionOptions) -> Self {
        let devices = Arc::new(Devices::new(keys.device_key()));
        Self { store, keys, audit, devices, connected: Arc::default(), options }
    }

    /// Says how to learn whose devices are connected, once: their sessions make no room for new ones. Until then nobody's
    /// are, which is right where nobody can be connected.
    pub fn learn_of_connections_by(&self, connected: Connected) {
        let named = self.connected.set(connected);
        debug_assert!(named.is_ok(), "there is one switchboard");
    }

    /// Begins a session of `member`, who has just proven who they are; `password_hash` is that of the password which was
    /// right at that time.
    ///
    /// # Errors
    /// `busy` if the account has meanwhile been disabled or given another password: what was proven no longer counts;
    /// `too-many-sessions` if it has as many sessions as it may have, and all of their devices are connected.
    pub async fn begin(
        &self,
        member: Member,
        password_hash: String,
        arrival: &Arrival,
        now: SystemTime,
    ) -> Result<Begun> {
        let Prepared { row, begun } = self.prepare(member, arrival, now);
        let in_use = match self.connected.get() {
            Some(connected) => connected().await,
            None => Vec::new(),
        };
        let room = Room { most: self.options.max_per_account, in_use };
        if self.store.sessions().create(row, password_hash, room, now).await?.is_none() {
            return Err(Error::new(Kind::Unavailable, "busy", "The account has just been changed.")
                .hint("Try again.")
                .retry_after(Duration::from_secs(1)));
        }
        Ok(begun)
    }

    /// Who holds this cookie.
    ///
    /// # Errors
    /// `no-session` if there is no such session, or no longer.
    pub async fn by_cookie(&self, value: &str, now: SystemTime) -> Result<Identity> {
        let (id, secret) = parse_cookie(value).ok_or_else(no_session)?;
        let session = self.current(id, now).await?;
        if !bool::from(digest(&secret).ct_eq(&session.secret_hash)) {
            return Err(no_session());
        }
        Ok(self.used(session, now).await)
    }

    /// Who holds this bearer token.
    ///
    /// # Errors
    /// `no-session` if there is no such session, or no longer.
    pub async fn by_token(&self, token: &str, now: SystemTime) -> Result<Identity> {
        let keys = self.keys.verifying(now);
        let bearer = jwt::verify(keys.iter().map(AsRef::as_ref), token, now).ok_or_else(no_session)?;
        let session = self.current(bearer.session, now).await?;
        if session.generation != bearer.generation {
            return Err(no_session());
        }
        Ok(self.used(session, now).await)
    }

    /// Whether a session has not ended, and was not given new secrets since `made`.
    ///
    /// # Errors
    /// The database's.
    pub async fn stands_since(&self, session: SessionId, made: SystemTime, now: SystemTime) -> Result<bool> {
        let session = self.store.sessions().current(session, self.options.idle, now).await?;
        Ok(session.is_some_and(|session| session.confirmed_at <= made))
    }

    /// Whether the session hasn't ended or been given new secrets since it was recognised.
    ///
    /// # Errors
    /// The database's.
    pub async fn standing(&self, identity: Identity, now: SystemTime) -> Result<SessionStatus> {
        let session = self.store.sessions().current(identity.session, self.options.idle, now).await?;
        Ok(match session {
            None => SessionStatus::Ended,
            Some(session) if session.generation != identity.generation => SessionStatus::Renewed,
            Some(_) => SessionStatus::Good,
        })
    }

    /// How long a session lasts that nobody uses.
    pub const fn idle(&self) -> Duration {
        self.options.idle
    }

    /// After how long another use of a session is noted.
    pub fn touch_after(&self) -> Duration {
        TOUCH_AFTER.min(self.options.idle / TOUCHES_WHILE_IDLE)
    }

    /// Ends a session: its cookie and its token stop working.
    ///
    /// # Errors
    /// The database's. A session that has ended already is no error.
    pub async fn end(&self, session: SessionId) -> Result<()> {
        self.store.sessions().end(session).await.map(|_| ())
    }

    /// The account's sessions, the one used last first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, identity: Identity, now: SystemTime) -> Result<Vec<SessionRecord>> {
        let rows = self.store.sessions().of(identity.account, self.options.idle, now).await?;
        rows.into_iter().map(|row| SessionRecord::open(row, &self.keys)).collect()
    }

    /// Ends one of the account's sessions.
    ///
    /// # Errors
    /// `no-such-session` when the account has none with this id.
    pub async fn end_one(&self, identity: Identity, id: SessionId) -> Result<()> {
        if !self.store.sessions().end_of(identity.account, id).await? {
            return Err(Error::new(Kind::NotFound, "no-such-session", "You don't have this session, or it has ended."));
        }
        self.audit.note(Event::SessionEnded, Some(identity.account), None);
        Ok(())
    }

    /// Ends all of the account's sessions except the current one.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_others(&self, identity: Identity) -> Result<()> {
        self.store.sessions().end_all_but(identity.account, Some(identity.session)).await?;
        self.audit.note(Event::SessionsEnded, Some(identity.account), None);
        Ok(())
    }

    /// Gives the current session new secrets, because its user has just proven who they are: copies of the old secrets
    /// stop working, and sensitive actions work for a while.
    ///
    /// # Errors
    /// `no-session` when it has ended meanwhile, or was given new secrets already.
    pub async fn rotate(&self, identity: Identity, now: SystemTime) -> Result<Begun> {
        let NewSecrets { row, secret } = NewSecrets::of(identity);
        let session = self.store.sessions().rotate(row, now).await?.ok_or_else(no_session)?;
        Ok(self.renewed(&session, &secret, now))
    }

    /// Lets the session last as long as a new one, with new secrets: the old ones stop working, so that a copy of them is
    /// noticed. Nothing was proven by this, so what needs a confirmation still does, and connections go on.
    ///
    /// # Errors
    /// `no-session` when it has ended meanwhile, or was given new secrets already.
    pub async fn refresh(&self, identity: Identity, now: SystemTime) -> Result<Begun> {
        let NewSecrets { row, secret } = NewSecrets::of(identity);
        let session = self.store.sessions().refresh(row, now + self.options.lifetime, now).await?;
        Ok(self.renewed(&session.ok_or_else(no_session)?, &secret, now))
    }

    /// The device that holds a token from an earlier login to the account that `username_index` finds.
    pub(crate) fn known_device(&self, token: &str, username_index: &[u8; 32], now: SystemTime) -> Option<DeviceId> {
        self.devices.recognise(token, username_index, now)
    }

    /// Deletes what has expired. A device that is connected uses its session, so those of `connected` do not end for
    /// disuse.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self, now: SystemTime, connected: Vec<SessionId>) -> Result<()> {
        self.store.purge(now, self.options.idle, connected).await.map(drop)
    }

    /// Drops keys that no token in force was signed with.
    ///
    /// # Errors
    /// `file` when the key file cannot be written.
    pub async fn forget_keys(&self, now: SystemTime) -> Result<()> {
        self.keys.forget_signing(now).await
    }

    pub(crate) fn prepare(&self, member: Member, arrival: &Arrival, now: SystemTime) -> Prepared {
        let id = SessionId::random();
        let secret: [u8; 32] = random::bytes();
        let expires_at = now + self.options.lifetime;
        let token = jwt::sign(&self.keys.signing(), Bearer { session: id, generation: 0 }, now, expires_at);
        let device = arrival.known.unwrap_or_else(DeviceId::random);
        Prepared {
            row: NewSession {
                id,
                account: member.account,
                secret_hash: digest(&secret),
                device_sealed: self.keys.seal(Field::SessionDevice, id.as_bytes(), &arrival.device_name),
                device,
                expires_at,
            },
            begun: Begun {
                identity: Identity::of(member, (id, 0), now),
                cookie: cookie(id, &secret),
                token: Secret::new(token),
                expires_at,
                device: Some(self.devices.issue(device, &arrival.username_index, now)),
            },
        }
    }

    /// What the holder of a session gets whose secret was just put into the database.
    pub(crate) fn renewed(&self, session: &SessionRow, secret: &[u8; 32], now: SystemTime) -> Begun {
        let bearer = Bearer { session: session.id, generation: session.generation };
        Begun {
            identity: Identity::of(session.member, (session.id, session.generation), now),
            cookie: cookie(session.id, secret),
            token: Secret::new(jwt::sign(&self.keys.signing(), bearer, now, session.expires_at)),
            expires_at: session.expires_at,
            device: None,
        }
    }

    async fn current(&self, id: SessionId, now: SystemTime) -> Result<SessionRow> {
        self.store.sessions().current(id, self.options.idle, now).await?.ok_or_else(no_session)
    }

    async fn used(&self, session: SessionRow, now: SystemTime) -> Identity {
        if now.duration_since(session.last_used_at).is_ok_and(|unused| unused >= self.touch_after()) {
            // On a full disk people must still be able to use what they have: a use that is not noted is no failure.
            // Nor does anybody wait for long: another program may hold the database for seconds.
            let touched = timeout(TOUCH_TIMEOUT, self.store.sessions().touch(session.id, now)).await;
            if let Ok(Err(error)) = touched {
                tracing::debug!(code = error.code, "the use of a session was not noted");
            }
        }
        Identity::of(session.member, (session.id, session.generation), session.confirmed_at)
    }
}

fn cookie(id: SessionId, secret: &[u8; 32]) -> Secret<String> {
    Secret::new(URL_SAFE_NO_PAD.encode([id.as_bytes().as_slice(), secret].concat()))
}

fn parse_cookie(value: &str) -> Option<(SessionId, [u8; 32])> {
    let mut bytes = [0; 48];
    if value.len() != 64 || URL_SAFE_NO_PAD.decode_slice(value, &mut bytes).ok()? != bytes.len() {
        return None;
    }
    let (id, secret) = bytes.split_first_chunk::<16>()?;
    Some((SessionId::from_bytes(*id), secret.try_into().ok()?))
}

fn digest(secret: &[u8; 32]) -> [u8; 32] {
    Sha256::digest(secret).into()
}

pub(crate) fn no_session() -> Error {
    Error::new(Kind::Unauthenticated, "no-session", "You aren't logged in any more.").hint("Log in again.")
}
