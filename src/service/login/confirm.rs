//! Proving again who is asking, before something that cannot be undone or gives power away.

use std::time::SystemTime;

use serde_json::Value;

use super::{LogIn, wrong_credentials};
use crate::domain::audit::Event;
use crate::domain::login_secret::LoginSecret;
use crate::domain::{Error, Kind, Result};
use crate::service::keys::Field;
use crate::service::passkeys::Site;
use crate::service::proofs::AskedForPasskey;
use crate::service::sessions::{Begun, Identity};
use crate::service::throttle::Bucket;

/// What somebody gives to prove again who they are.
pub enum Confirmation {
    /// The password, or what a page has stretched it to.
    Password(LoginSecret),
    /// A code from an authenticator app.
    Totp(String),
    /// A code from paper.
    RecoveryCode(String),
    /// What the browser answered about a passkey that [`LogIn::ask_for_any_passkey`] asked for.
    Passkey {
        /// What was asked.
        ticket: String,
        /// The answer.
        credential: Value,
        /// By which name the page was opened.
        site: Site,
    },
}

impl LogIn {
    /// Gives the asker's session new secrets and a time in which sensitive actions work.
    ///
    /// # Errors
    /// `wrong-password`, `wrong-code`, `server-clock`, `wrong-passkey`; `ticket-expired`; `too-many-attempts` with a
    /// time to wait; `busy`; `no-session` when it has ended meanwhile. None of them is a 401 but the last: the asker is
    /// still logged in.
    pub async fn confirm(&self, identity: Identity, given: Confirmation, now: SystemTime) -> Result<Begun> {
        let charge = self.charge(&[Bucket::Confirmation(identity.login)])?;
        let by_recovery_code = matches!(given, Confirmation::RecoveryCode(_));
        match self.check_again(identity, given, now).await {
            Ok(()) => self.throttle.forgive(charge, |_| true),
            Err(error) if error.kind == Kind::Unavailable => {
                self.throttle.forgive(charge, |_| false);
                return Err(error);
            }
            Err(error) => {
                self.parts.audit.note(Event::LoginFailed, Some(identity.account), None);
                let kind = if error.kind == Kind::Unauthenticated { Kind::Forbidden } else { error.kind };
                return Err(Error { kind, ..error });
            }
        }
        if by_recovery_code {
            self.parts.audit.note(Event::RecoveryCodeUsed, Some(identity.account), None);
        }
        self.parts.sessions.rotate(identity, now).await
    }

    async fn check_again(&self, identity: Identity, given: Confirmation, now: SystemTime) -> Result<()> {
        let account = identity.account;
        match given {
            Confirmation::Password(secret) => {
                let row = self.account(account).await?;
                let username = self.parts.keys.open_field(Field::Username, account.as_bytes(), &row.username_sealed)?;
                let whole = secret.is_whole();
                let shown = self.parts.accounts.shown(&username, secret);
                let fits = self.parts.passwords.verify(shown, Some(row.password_hash)).await?;
                if fits && whole { Ok(()) } else { Err(wrong_password()) }
            }
            Confirmation::Totp(code) => self.parts.factors.check_totp(account, &code, now).await,
            Confirmation::RecoveryCode(code) => self.parts.factors.check_recovery_code(account, &code).await,
            Confirmation::Passkey { ticket, credential, site } => {
                let opened = self.challenges.open::<AskedForPasskey>(&ticket, now)?;
                let state = opened.says.state.clone();
                self.parts.factors.check_passkey(Some(account), &site, state, credential, now).await?;
                self.challenges.spend(&opened, now)
            }
        }
    }
}

fn wrong_password() -> Error {
    Error { code: "wrong-password", message: "The password is wrong.".into(), ..wrong_credentials() }
        .hint("Check it and try again.")
}
