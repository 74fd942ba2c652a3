//! Logging in: a password and, where the account has one, a second factor; or a passkey alone.
//!
//! Trying a username and a password only reveals whether both were right: an unknown name, a wrong, empty or over-long
//! password and a disabled account get the same answer after the same work (one look into the database, one hash of the
//! same strength). How fast anyone can try is up to [`Throttle`].

mod passkey;
mod second_factor;
mod step_up;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tokio::time::Instant as TokioInstant;
use webauthn_rs::prelude::DiscoverableAuthentication;

pub use second_factor::Proof;
pub use step_up::StepUp;

use super::challenges::{Challenges, Step};
use super::factors::Factors;
use super::passwords::Passwords;
use super::sessions::{Arrival, Begun, Sessions};
use crate::audit::Audit;
use crate::auth::factors::passkeys::{self, Site};
pub use crate::auth::factors::proofs::Method;
use crate::domain::audit::Event;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::credentials::stretch::SALT_LENGTH;
use crate::domain::credentials::username::Username;
use crate::domain::ids::{AccountId, DeviceId, SessionId};
use crate::domain::{Error, Kind, Result};
use crate::keys::{Field, Keys};
use crate::limits::backoff::{Attempt, Bucket, Throttle};
use crate::store::{AccountRow, Store};

/// Who is at the door, as far as can be seen from inside.
#[derive(Clone)]
pub struct LoginContext {
    /// From where; counted, and not kept.
    pub source: IpAddr,
    /// What the device was given when it last logged in.
    pub device_token: Option<String>,
    /// What kind of device it is: "Firefox on Android".
    pub device_name: String,
    /// By which name the page was opened; none by an IP address, where passkeys do not work.
    pub site: Option<Site>,
}

/// How the first step of a login ended.
#[derive(Debug)]
pub enum Outcome {
    /// Logged in.
    Begun(Begun),
    /// The password was correct and a second factor is required.
    SecondFactor(Pending),
}

/// What is still needed.
#[derive(Debug)]
pub struct Pending {
    /// Stands for the password in the second step.
    pub ticket: String,
    /// What can be given here and now.
    pub methods: Vec<Method>,
    /// Names of this server where the account's passkeys work, when they do not work by the name the page was opened by.
    pub passkey_hosts: Vec<String>,
    /// Until when.
    pub expires_at: SystemTime,
}

/// What a right password is followed up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Purpose {
    /// To log in, from a device that has logged in before or from one that has not.
    LogIn(Option<DeviceId>),
    /// To confirm who holds this session.
    Confirm(SessionId),
}

/// A ticket that stands for a right password, for as long as it is the right one.
#[derive(Serialize, Deserialize)]
struct RightPassword {
    account: AccountId,
    password_digest: [u8; 32],
    purpose: Purpose,
    passkey: Option<AskedPasskey>,
}

/// What a browser is told, and what is needed to check its answer.
#[derive(Serialize, Deserialize)]
struct AskedPasskey {
    options: Value,
    state: DiscoverableAuthentication,
}

impl Step for RightPassword {
    const NAME: &'static str = "callqr second factor 1";
}

/// What logging in needs.
#[derive(Clone)]
pub struct Parts {
    /// Where accounts are.
    pub store: Store,
    /// What opens their names.
    pub keys: Arc<Keys>,
    /// What compares passwords.
    pub passwords: Passwords,
    /// What a login leads to.
    pub sessions: Sessions,
    /// What else proves who someone is.
    pub factors: Factors,
    /// Where it is noted.
    pub audit: Audit,
}

/// Logs people in; cheap to clone.
#[derive(Clone)]
pub struct LogIn {
    parts: Parts,
    challenges: Arc<Challenges>,
    throttle: Arc<Throttle>,
}

impl LogIn {
    /// Logins by means of `parts`, without any failures yet.
    pub fn new(parts: Parts) -> Self {
        Self { parts, challenges: Arc::default(), throttle: Arc::new(Throttle::new(instant())) }
    }

    /// What the password of this name is stretched with, whether anybody has the name or not.
    pub fn password_salt(&self, username: &str) -> [u8; SALT_LENGTH] {
        self.parts.passwords.salt(username)
    }

    /// This device, if it has logged in to the account of this name before, so that it is not counted with strangers.
    pub fn knows(&self, username: &str, context: &LoginContext, now: SystemTime) -> Option<DeviceId> {
        self.known_device(&self.index(username), context, now)
    }

    /// Logs in a user who knows a username and its password, or asks for the second factor.
    ///
    /// # Errors
    /// `wrong-credentials`; `too-many-attempts` with a time to wait; `busy`.
    pub async fn with_password(
        &self,
        username: &str,
        secret: LoginSecret,
        context: &LoginContext,
        now: SystemTime,
    ) -> Result<Outcome> {
        let index = self.index(username);
        let known = self.known_device(&index, context, now);
        // The bucket of one's own comes first.
        let attempt = match known {
            Some(device) => self.charge(&[Bucket::Device(index, device)])?,
            None => self.charge(&[
                Bucket::NameFrom(index, context.source),
                Bucket::Name(index, context.source),
                Bucket::Source(context.source),
            ])?,
        };
        let account = self.parts.store.accounts().by_username(index).await?;
        let whole = secret.is_whole();
        let hash = account.as_ref().map(|account| account.password_hash.clone());
        let shown = self.parts.passwords.shown(username, secret.clone()).counted_for(context.source);
        let shown = match known {
            Some(device) => shown.on(device),
            None => shown.by_a_stranger(),
        };
        let fits = match self.parts.passwords.verify(shown, hash).await {
            Ok(fits) => fits && whole,
            Err(error) => {
                self.throttle.refund(attempt, |_| false);
                return Err(error);
            }
        };
        let named = account.as_ref().map(|account| account.member.account);
        match account {
            Some(mut account) if fits && !account.disabled => {
                self.throttle.refund(attempt, |at| at == 0);
                self.parts.passwords.upgrade(&self.parts.store, &mut account, secret).await;
                self.proceed(account, known, context, now).await
            }
            _ => {
                self.parts.audit.note(Event::LoginFailed, named, None);
                Err(wrong_credentials())
            }
        }
    }

    /// Continues with someone who has proven by other means what a password proves, such as a link for a new one.
    ///
    /// # Errors
    /// `no-account` when it was deleted or disabled meanwhile.
    pub async fn after_password(&self, account: AccountId, context: &LoginContext, now: SystemTime) -> Result<Outcome> {
        let account = self.account(account).await?;
        let index = self.index_of(&account)?;
        let known = self.known_device(&index, context, now);
        self.proceed(account, known, context, now).await
    }

    async fn proceed(
        &self,
        account: AccountRow,
        known: Option<DeviceId>,
        context: &LoginContext,
        now: SystemTime,
    ) -> Result<Outcome> {
        if !self.parts.store.factors().any(account.member.account).await? {
            return self.begin(account, known, context, now).await.map(Outcome::Begun);
        }
        let purpose = Purpose::LogIn(known);
        self.ask_for_second_factor(&account, purpose, context, now).await.map(Outcome::SecondFactor)
    }

    async fn ask_for_second_factor(
        &self,
        account: &AccountRow,
        purpose: Purpose,
        context: &LoginContext,
        now: SystemTime,
    ) -> Result<Pending> {
        let password_digest = digest_of(&account.password_hash);
        let account = account.member.account;
        let overview = self.parts.factors.overview(account).await?;
        let here = |host: &str| context.site.as_ref().is_some_and(|site| site.host() == host);
        let mut hosts: Vec<_> = overview.passkeys.into_iter().map(|passkey| passkey.host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let passkey = match &context.site {
            Some(site) if hosts.iter().any(|host| here(host)) => Some(self.ask_for_passkey(account, site).await?),
            _ => None,
        };
        let methods = [
            (overview.totp, Method::Totp),
            (passkey.is_some(), Method::Passkey),
            (overview.backup_codes_left > 0, Method::BackupCode),
        ];
        let passkey_hosts = if passkey.is_some() { Vec::new() } else { hosts };
        let (ticket, expires_at) =
            self.challenges.seal(RightPassword { account, password_digest, purpose, passkey }, now)?;
        let methods = methods.into_iter().filter(|(there, _)| *there).map(|(_, method)| method).collect();
        Ok(Pending { ticket, methods, passkey_hosts, expires_at })
    }

    async fn ask_for_passkey(&self, account: AccountId, site: &Site) -> Result<AskedPasskey> {
        let (mut options, state) = passkeys::begin_asking(site)?;
        let known: Vec<_> =
            self.parts.factors.open_passkeys(account, site).await?.into_iter().map(|known| known.passkey).collect();
        passkeys::narrow(&mut options, &known);
        Ok(AskedPasskey { options, state })
    }

    /// Everything is proven.
    async fn begin(
        &self,
        account: AccountRow,
        known: Option<DeviceId>,
        context: &LoginContext,
        now: SystemTime,
    ) -> Result<Begun> {
        let username_index = self.index_of(&account)?;
        let arrival = Arrival { device_name: context.device_name.clone(), username_index, known };
        let begun = self.parts.sessions.begin(account.member, account.password_hash, &arrival, now).await?;
        self.parts.audit.note(Event::LoginSucceeded, Some(account.member.account), None);
        Ok(begun)
    }

    fn charge(&self, buckets: &[Bucket]) -> Result<Attempt> {
        let charged = self.throttle.charge(buckets, instant());
        charged.inspect_err(|_| self.parts.audit.note(Event::LimitHit("login"), None, None))
    }

    fn known_device(&self, index: &[u8; 32], context: &LoginContext, now: SystemTime) -> Option<DeviceId> {
        self.parts.sessions.known_device(context.device_token.as_deref()?, index, now)
    }

    /// What a name is found by. A text that cannot be a name finds nobody, with the same work.
    fn index(&self, username: &str) -> [u8; 32] {
        Username::parse(username).map_or([0; 32], |username| self.parts.keys.username_index(&username))
    }

    fn index_of(&self, account: &AccountRow) -> Result<[u8; 32]> {
        let row = account.member.account;
        let username = self.parts.keys.open_field(Field::Username, row.as_bytes(), &account.username_sealed)?;
        Ok(self.parts.keys.username_index(&Username::parse(&username)?))
    }

    async fn account(&self, id: AccountId) -> Result<AccountRow> {
        let account = self.parts.store.accounts().by_id(id).await?.filter(|account| !account.disabled);
        account.ok_or_else(|| Error::new(Kind::Unauthenticated, "no-account", "This account no longer exists."))
    }
}

/// The runtime's time, which tests can hold.
fn instant() -> Instant {
    TokioInstant::now().into_std()
}

/// Tells one password's hash from another's.
fn digest_of(password_hash: &str) -> [u8; 32] {
    Sha256::digest(password_hash).into()
}

fn wrong_credentials() -> Error {
    Error::new(Kind::Unauthenticated, "wrong-credentials", "The username or the password is wrong.")
        .hint("Check both and try again.")
}
