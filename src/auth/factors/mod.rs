//! Second factors as their owner manages them: an authenticator app, passkeys and backup codes.

pub mod backup_codes;
pub mod passkeys;
pub mod proofs;
pub mod totp;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use webauthn_rs::prelude::PasskeyRegistration;

use super::challenges::{Challenges, Step};
use crate::audit::Audit;
use crate::domain::audit::{COMMAND_LINE, Event};
use crate::domain::credentials::secret::Secret;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, PasskeyId, SessionId};
use crate::domain::{Error, Kind, Result};
use crate::keys::{Field, Keys};
use crate::store::{self, NewPasskeyRow, Store};
use passkeys::Site;
use proofs::{clocks_differ, wrong_code};
use totp::{Seed, Spent, Verdict};

/// The most passkeys of one account.
const MOST_PASSKEYS: u32 = 20;
/// The most characters of a passkey's name.
const MAX_NAME_CHARS: usize = 64;
/// How long an authenticator app may take to be set up.
const ENROLMENT: Duration = Duration::from_secs(15 * 60);
/// The most that may be under way.
const MOST_ENROLMENTS: usize = 1_000;

/// An account's second factors.
#[derive(Debug)]
pub struct Overview {
    /// Whether an authenticator app is set up.
    pub totp: bool,
    /// How many backup codes are left.
    pub backup_codes_left: u32,
    /// The passkeys, the oldest first.
    pub passkeys: Vec<PasskeyRecord>,
}

/// A passkey as its owner sees it.
#[derive(Debug)]
pub struct PasskeyRecord {
    /// The passkey.
    pub id: PasskeyId,
    /// What it is called.
    pub name: String,
    /// The host name of this server that it works for.
    pub host: String,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it was last used.
    pub last_used_at: Option<SystemTime>,
}

/// An authenticator app that is being set up.
pub struct Enrolment {
    /// What to type into the app.
    pub secret: Secret<String>,
    /// What a QR code tells the app.
    pub uri: Secret<String>,
}

/// Backup codes as they are shown, once.
pub type BackupCodes = Vec<Secret<String>>;

/// Manages second factors; cheap to clone.
#[derive(Clone)]
pub struct Factors {
    pub(in crate::auth) store: Store,
    pub(in crate::auth) keys: Arc<Keys>,
    challenges: Arc<Challenges>,
    audit: Audit,
    enrolments: Arc<Mutex<HashMap<AccountId, Started>>>,
}

struct Started {
    seed: Seed,
    at: SystemTime,
}

/// A ticket for a passkey that is being made.
#[derive(Serialize, Deserialize)]
struct MakingPasskey {
    login: SessionId,
    name: String,
    state: PasskeyRegistration,
}

impl Step for MakingPasskey {
    const NAME: &'static str = "callqr new passkey 1";
}

impl Factors {
    /// Second factors in `store`, sealed with `keys`.
    pub fn new(store: Store, keys: Arc<Keys>, audit: Audit) -> Self {
        Self { store, keys, challenges: Arc::default(), audit, enrolments: Arc::default() }
    }

    /// What the account has.
    ///
    /// # Errors
    /// The database's.
    pub async fn overview(&self, account: AccountId) -> Result<Overview> {
        let factors = self.store.factors();
        let passkeys = factors.passkeys(account).await?;
        Ok(Overview {
            totp: factors.totp(account).await?.is_some(),
            backup_codes_left: factors.backup_codes(account).await?,
            passkeys: passkeys.into_iter().map(|row| self.describe(row)).collect::<Result<_>>()?,
        })
    }

    /// Starts setting up an authenticator app. One that is there works until the new one is confirmed.
    ///
    /// # Errors
    /// `busy` when too many people do so at this moment.
    pub async fn begin_totp(&self, identity: Identity, host: &str, now: SystemTime) -> Result<Enrolment> {
        let username = self.username(identity.account).await?;
        let seed = totp::seed();
        let (secret, uri) = (totp::base32(&seed), totp::uri(&seed, &username, host));
        let mut enrolments = self.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
        if enrolments.len() >= MOST_ENROLMENTS {
            enrolments.retain(|_, started| is_fresh(started, now));
        }
        if enrolments.len() >= MOST_ENROLMENTS && !enrolments.contains_key(&identity.account) {
            return Err(Error::new(Kind::Unavailable, "busy", "Too many people are doing this right now.")
                .hint("Try again in a few minutes.")
                .retry_after(ENROLMENT));
        }
        enrolments.insert(identity.account, Started { seed, at: now });
        Ok(Enrolment { secret, uri })
    }

    /// Finishes setting up an authenticator app with a code from it. Adds backup codes if the account has run out.
    ///
    /// # Errors
    /// `wrong-code` and `server-clock`, after which another code may be tried; `begin-again` when nothing was begun, or
    /// too long ago.
    pub async fn confirm_totp(&self, identity: Identity, typed: &str, now: SystemTime) -> Result<Option<BackupCodes>> {
        let account = identity.account;
        let seed = self.started(account, now).ok_or_else(begin_again)?;
        let step = match totp::judge(&seed, typed, now, Spent::default()) {
            Verdict::Right(step) => step,
            // The user is already logged in, and a 401 would suggest otherwise.
            Verdict::Wrong => return Err(Error { kind: Kind::Invalid, ..wrong_code() }),
            Verdict::Clock { minutes, .. } => return Err(Error { kind: Kind::Invalid, ..clocks_differ(minutes) }),
        };
        let sealed = self.keys.seal(Field::TotpSeed, account.as_bytes(), totp::base32(&seed).expose());
        let (codes, hashes) = self.fresh_codes(account);
        let whose = (account, identity.session);
        let kept = self.store.factors().set_totp(whose, sealed, step, hashes, now).await?;
        self.enrolments.lock().unwrap_or_else(PoisonError::into_inner).remove(&account);
        self.audit.note(Event::FactorAdded, Some(account), None);
        Ok(kept.then_some(codes))
    }

    /// Removes the authenticator app.
    ///
    /// # Errors
    /// `no-totp` if there is no app.
    pub async fn remove_totp(&self, identity: Identity) -> Result<()> {
        if !self.store.factors().delete_totp(identity.account, identity.session).await? {
            return Err(Error::new(Kind::NotFound, "no-totp", "This account has no authenticator app."));
        }
        self.audit.note(Event::FactorRemoved, Some(identity.account), None);
        Ok(())
    }

    /// Creates new backup codes; the old ones stop working.
    ///
    /// # Errors
    /// `no-second-factor` when there is nothing that they could stand in for.
    pub async fn renew_backup_codes(&self, identity: Identity) -> Result<BackupCodes> {
        let (codes, hashes) = self.fresh_codes(identity.account);
        if !self.store.factors().replace_backup_codes(identity.account, hashes).await? {
            let message = "Backup codes replace a second factor, and this account doesn't have one.";
            return Err(Error::new(Kind::Conflict, "no-second-factor", message)
                .hint("Set up an authenticator app or a passkey first."));
        }
        self.audit.note(Event::FactorAdded, Some(identity.account), None);
        Ok(codes)
    }

    /// Starts creating a passkey; returns a ticket and what to pass to the browser.
    ///
    /// # Errors
    /// `bad-passkey-name`.
    pub async fn begin_passkey(
        &self,
        identity: Identity,
        site: &Site,
        name: &str,
        now: SystemTime,
    ) -> Result<(String, Value)> {
        let name = parse_name(name)?;
        let username = self.username(identity.account).await?;
        let known = self.open_passkeys(identity.account, site).await?;
        let known = known.into_iter().map(|known| known.passkey.cred_id().clone()).collect();
        let (options, state) = passkeys::begin_making(site, identity.account, &username, known)?;
        let (ticket, _) = self.challenges.seal(MakingPasskey { login: identity.session, name, state }, now)?;
        Ok((ticket, options))
    }

    /// Finishes creating it with the browser's answer. Adds backup codes if the account has run out.
    ///
    /// # Errors
    /// `begin-again` when the ticket is not this session's, or too old; `passkey-refused`, `passkey-known`,
    /// `too-many-passkeys`.
    pub async fn finish_passkey(
        &self,
        identity: Identity,
        site: &Site,
        ticket: &str,
        credential: Value,
        now: SystemTime,
    ) -> Result<(PasskeyRecord, Option<BackupCodes>)> {
        let opened = self.challenges.open::<MakingPasskey>(ticket, now).map_err(|_| begin_again())?;
        if opened.says.login != identity.session {
            return Err(begin_again());
        }
        let passkey = passkeys::finish_making(site, &opened.says.state, credential)?;
        self.challenges.spend(&opened, now).map_err(|_| begin_again())?;
        let id = PasskeyId::random();
        let (codes, hashes) = self.fresh_codes(identity.account);
        let row = NewPasskeyRow {
            id,
            account: identity.account,
            credential_hash: Sha256::digest(passkey.cred_id()).into(),
            rp_id: site.host().to_owned(),
            name_sealed: self.keys.seal(Field::PasskeyName, id.as_bytes(), &opened.says.name),
            credential_sealed: self.seal_passkey(id, &passkey)?,
        };
        let kept = self.store.factors().add_passkey(row, identity.session, MOST_PASSKEYS, hashes, now).await?;
        self.audit.note(Event::FactorAdded, Some(identity.account), None);
        let passkey = PasskeyRecord {
            id,
            name: opened.says.name,
            host: site.host().to_owned(),
            created_at: now,
            last_used_at: None,
        };
        Ok((passkey, kept.then_some(codes)))
    }

    /// Removes a passkey.
    ///
    /// # Errors
    /// `no-such-passkey` when the account has none with this id.
    pub async fn remove_passkey(&self, identity: Identity, id: PasskeyId) -> Result<()> {
        if !self.store.factors().delete_passkey(identity.account, id, identity.session).await? {
            return Err(Error::new(Kind::NotFound, "no-such-passkey", "You don't have this passkey."));
        }
        self.audit.note(Event::FactorRemoved, Some(identity.account), None);
        Ok(())
    }

    /// Removes all of an account's second factors; whether there were any. All sessions of the account end then:
    /// nobody may go on by a session for which the password alone has become enough to confirm. Only `by` stays, the
    /// administrator who does it; without one it is the command line.
    ///
    /// # Errors
    /// `no-such-user`.
    pub async fn reset(&self, account: AccountId, by: Option<Identity>) -> Result<bool> {
        let had_any = self.store.factors().reset(account, by.map(|by| by.session)).await?;
        if had_any {
            let actor = by.map_or(COMMAND_LINE, |by| by.account);
            self.audit.note(Event::FactorsReset, Some(account), Some(actor));
        }
        Ok(had_any)
    }

    fn started(&self, account: AccountId, now: SystemTime) -> Option<Seed> {
        let enrolments = self.enrolments.lock().unwrap_or_else(PoisonError::into_inner);
        enrolments.get(&account).filter(|started| is_fresh(started, now)).map(|started| started.seed.clone())
    }

    fn fresh_codes(&self, account: AccountId) -> (BackupCodes, Vec<[u8; 32]>) {
        let codes = backup_codes::codes();
        let hashes = codes.iter().map(|code| self.keys.backup_code_hash(account, code.expose())).collect();
        (codes.iter().map(backup_codes::print).collect(), hashes)
    }

    fn describe(&self, row: store::PasskeyRow) -> Result<PasskeyRecord> {
        let name = self.keys.open_field(Field::PasskeyName, row.id.as_bytes(), &row.name_sealed)?;
        let store::PasskeyRow { id, rp_id, created_at, last_used_at, .. } = row;
        Ok(PasskeyRecord { id, name, host: rp_id, created_at, last_used_at })
    }

    async fn username(&self, account: AccountId) -> Result<String> {
        let row = self.store.accounts().by_id(account).await?;
        let row = row.ok_or_else(|| Error::new(Kind::NotFound, "no-account", "This account no longer exists."))?;
        self.keys.open_field(Field::Username, account.as_bytes(), &row.username_sealed)
    }
}

fn is_fresh(started: &Started, now: SystemTime) -> bool {
    now.duration_since(started.at).is_ok_and(|since| since < ENROLMENT)
}

fn parse_name(text: &str) -> Result<String> {
    let cleaned: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if cleaned.is_empty() || cleaned.chars().count() > MAX_NAME_CHARS {
        let message = format!("A passkey's name must have 1 to {MAX_NAME_CHARS} characters.");
        return Err(Error::invalid("bad-passkey-name", message).hint("Name it after the device that stores it."));
    }
    Ok(cleaned)
}

fn begin_again() -> Error {
    Error::invalid("begin-again", "This took too long, or was already done.").hint("Start again.")
}
