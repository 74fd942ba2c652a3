//! The second step of logging in, and of confirming who you are.

use std::time::SystemTime;

use serde_json::Value;

use super::{LogIn, LoginContext, Purpose, RightPassword, digest_of};
use crate::auth::challenges::{self, Opened};
use crate::auth::factors::passkeys::{self, Site};
use crate::auth::sessions::Begun;
use crate::domain::audit::Event;
use crate::domain::{Error, Kind, Result};
use crate::limits::backoff::Bucket;
use crate::store::AccountRow;

/// The second factor that someone gives.
pub enum Proof {
    /// A code from an authenticator app.
    Totp(String),
    /// A code from paper.
    BackupCode(String),
    /// What the browser answered about a passkey.
    Passkey(Value),
}

impl LogIn {
    /// What the browser is told to ask for a passkey as the second factor.
    ///
    /// # Errors
    /// `ticket-expired`; `no-passkey-here` when the account has none that works by the name the page was opened by.
    pub fn second_factor_passkey(&self, ticket: &str, now: SystemTime) -> Result<Value> {
        let opened = self.challenges.open::<RightPassword>(ticket, now)?;
        opened.says.passkey.map(|asked| asked.options).ok_or_else(no_passkey_here)
    }

    /// Logs a user in with the second factor, too.
    ///
    /// A ticket is good for five attempts, and an account's failures slow the next one down, whatever ticket it has.
    ///
    /// # Errors
    /// `wrong-code`, `server-clock`, `wrong-passkey`, after which the same ticket may be tried again; `ticket-expired`;
    /// `too-many-attempts` with a time to wait.
    pub async fn with_second_factor(
        &self,
        ticket: &str,
        proof: Proof,
        context: &LoginContext,
        now: SystemTime,
    ) -> Result<Begun> {
        let Purpose::LogIn(known) = self.challenges.open::<RightPassword>(ticket, now)?.says.purpose else {
            return Err(challenges::expired());
        };
        let purpose = Purpose::LogIn(known);
        let account = self.prove_second_factor(ticket, purpose, proof, context.site.as_ref(), now).await?;
        self.begin(account, known, context, now).await
    }

    /// Checks the second factor that goes with a ticket for `purpose`; says whose it is.
    pub(super) async fn prove_second_factor(
        &self,
        ticket: &str,
        purpose: Purpose,
        proof: Proof,
        site: Option<&Site>,
        now: SystemTime,
    ) -> Result<AccountRow> {
        let opened = self.challenges.open::<RightPassword>(ticket, now)?;
        if opened.says.purpose != purpose {
            return Err(challenges::expired());
        }
        let account = opened.says.account;
        let now_stored = self.account(account).await?;
        if digest_of(&now_stored.password_hash) != opened.says.password_digest {
            return Err(challenges::expired());
        }
        let attempt = self.charge(&[match purpose {
            Purpose::LogIn(known) => Bucket::SecondFactor(account, known),
            Purpose::Confirm(login) => Bucket::SecondFactorAgain(login),
        }])?;
        self.challenges.attempt(&opened, now)?;
        let by_backup_code = matches!(proof, Proof::BackupCode(_));
        if let Err(error) = self.check(&opened, proof, site, now).await {
            self.parts.audit.note(Event::LoginFailed, Some(account), None);
            return Err(error);
        }
        self.challenges.spend(&opened, now)?;
        self.throttle.refund(attempt, |_| true);
        if by_backup_code {
            self.parts.audit.note(Event::BackupCodeUsed, Some(account), None);
        }
        Ok(now_stored)
    }

    async fn check(
        &self,
        opened: &Opened<RightPassword>,
        proof: Proof,
        site: Option<&Site>,
        now: SystemTime,
    ) -> Result<()> {
        let account = opened.says.account;
        match proof {
            Proof::Totp(code) => self.parts.factors.check_totp(account, &code, now).await,
            Proof::BackupCode(code) => self.parts.factors.check_backup_code(account, &code).await,
            Proof::Passkey(credential) => {
                let asked = opened.says.passkey.as_ref().ok_or_else(no_passkey_here)?;
                let site = site.ok_or_else(passkeys::wrong_passkey)?;
                let checked =
                    self.parts.factors.check_passkey(Some(account), site, asked.state.clone(), credential, now);
                checked.await.map(drop)
            }
        }
    }
}

fn no_passkey_here() -> Error {
    Error::new(Kind::Conflict, "no-passkey-here", "This account has no passkey for the host name you opened.")
        .hint("Use another second factor, or open the page at the host name the passkey was created for.")
}
