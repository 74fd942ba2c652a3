//! Checks what someone gives to prove who they are, besides the password.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey};

use super::passkeys::{self, Answer, Site};
use super::totp::{self, Seed, Spent, Verdict};
use crate::auth::challenges::Step;
use crate::auth::factors::Factors;
use crate::auth::factors::backup_codes;
use crate::domain::credentials::secret::Secret;
use crate::domain::ids::{AccountId, PasskeyId};
use crate::domain::{Error, Kind, Result};
use crate::keys::Field;
use crate::store;

/// How someone proves who they are, besides the password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// A code from an authenticator app.
    Totp,
    /// A passkey.
    Passkey,
    /// A code from paper.
    BackupCode,
}

/// A ticket that asks for a passkey.
#[derive(Serialize, Deserialize)]
pub(in crate::auth) struct AskedForPasskey {
    pub(in crate::auth) state: DiscoverableAuthentication,
}

impl Step for AskedForPasskey {
    const NAME: &'static str = "callqr passkey 1";
}

/// A stored passkey, opened.
pub(in crate::auth) struct OpenPasskey {
    pub(in crate::auth) id: PasskeyId,
    pub(in crate::auth) passkey: Passkey,
}

impl Factors {
    /// Checks a code from the account's authenticator app, and uses it up.
    ///
    /// # Errors
    /// `wrong-code`; `server-clock` when it would be right if the clocks agreed.
    pub(in crate::auth) async fn check_totp(&self, account: AccountId, typed: &str, now: SystemTime) -> Result<()> {
        let Some(row) = self.store.factors().totp(account).await? else { return Err(wrong_code()) };
        let seed = self.open_seed(account, &row.seed_sealed)?;
        let spent = Spent { last: row.last_step, barred: row.barred_step };
        match totp::judge(&seed, typed, now, spent) {
            Verdict::Right(step) if self.store.factors().spend_step(account, step).await? => Ok(()),
            Verdict::Right(_) | Verdict::Wrong => Err(wrong_code()),
            Verdict::Clock { step, minutes } => {
                self.store.factors().bar_step(account, step).await?;
                Err(clocks_differ(minutes))
            }
        }
    }

    /// Checks one of the account's backup codes, and uses it up.
    ///
    /// # Errors
    /// `wrong-code`.
    pub(in crate::auth) async fn check_backup_code(&self, account: AccountId, typed: &str) -> Result<()> {
        let Some(code) = backup_codes::parse(typed) else { return Err(wrong_backup_code()) };
        let hash = self.keys.backup_code_hash(account, code.expose());
        let spent = self.store.factors().spend_backup_code(account, hash).await?;
        if spent { Ok(()) } else { Err(wrong_backup_code()) }
    }

    /// Checks a passkey and says whose it is: `account`'s, where one is asked for.
    ///
    /// # Errors
    /// `wrong-passkey`, whatever is wrong; `bad-passkey` if it isn't a passkey response.
    pub(in crate::auth) async fn check_passkey(
        &self,
        account: Option<AccountId>,
        site: &Site,
        state: DiscoverableAuthentication,
        credential: Value,
        now: SystemTime,
    ) -> Result<AccountId> {
        let answer = Answer::parse(credential)?;
        let claimed = answer.account().or(account).ok_or_else(passkeys::wrong_passkey)?;
        if account.is_some_and(|account| account != claimed) {
            return Err(passkeys::wrong_passkey());
        }
        let known = self.open_passkeys(claimed, site).await?;
        let found = known.into_iter().find(|known| known.passkey.cred_id().as_slice() == answer.credential());
        let OpenPasskey { id, passkey } = found.ok_or_else(passkeys::wrong_passkey)?;
        let (passkey, counter) = answer.check(site, state, passkey)?;
        let sealed = self.seal_passkey(id, &passkey)?;
        // Two answers with one counter cannot both be the first: the database decides.
        let used = self.store.factors().use_passkey(id, sealed, counter, now).await?;
        if used { Ok(claimed) } else { Err(passkeys::wrong_passkey()) }
    }

    /// The account's passkeys that work at `site`.
    pub(in crate::auth) async fn open_passkeys(&self, account: AccountId, site: &Site) -> Result<Vec<OpenPasskey>> {
        let rows = self.store.factors().passkeys(account).await?;
        rows.into_iter().filter(|row| row.rp_id == site.host()).map(|row| self.open_passkey(&row)).collect()
    }

    pub(in crate::auth) fn seal_passkey(&self, id: PasskeyId, passkey: &Passkey) -> Result<Vec<u8>> {
        let text = serde_json::to_string(passkey).map_err(Error::internal)?;
        Ok(self.keys.seal(Field::PasskeyCredential, id.as_bytes(), &text))
    }

    fn open_passkey(&self, row: &store::PasskeyRow) -> Result<OpenPasskey> {
        let text = self.keys.open_field(Field::PasskeyCredential, row.id.as_bytes(), &row.credential_sealed)?;
        Ok(OpenPasskey { id: row.id, passkey: serde_json::from_str(&text).map_err(Error::internal)? })
    }

    fn open_seed(&self, account: AccountId, sealed: &[u8]) -> Result<Seed> {
        let text = Secret::new(self.keys.open_field(Field::TotpSeed, account.as_bytes(), sealed)?);
        totp::from_base32(text.expose()).ok_or_else(|| Error::internal("a stored authenticator seed is malformed"))
    }
}

/// What is said of a code from an authenticator app that is not taken.
pub(in crate::auth) fn wrong_code() -> Error {
    Error::new(Kind::Unauthenticated, "wrong-code", "This code is wrong or was already used.")
        .hint("Wait for the next code: each one works once.")
}

/// What is said of a code whose clock is wrong.
pub(in crate::auth) fn clocks_differ(minutes: u64) -> Error {
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let message = format!("The phone's clock and this server's clock are about {minutes} {unit} apart.");
    Error::new(Kind::Unauthenticated, "server-clock", message)
        .hint("Set both clocks from the network, then use a new code; or use a backup code.")
}

fn wrong_backup_code() -> Error {
    Error::new(Kind::Unauthenticated, "wrong-code", "This backup code is wrong or was already used.")
        .hint("Each code works once: cross out the ones you've used.")
}
