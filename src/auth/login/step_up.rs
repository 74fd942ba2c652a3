//! Confirming it's you, before something that cannot be undone or gives power away.
//!
//! It takes what logging in takes: a password and, where the account has one, a second factor; or a passkey alone. So a
//! session and a password that were stolen are not enough to take the second factor off.

use std::net::IpAddr;
use std::time::SystemTime;

use serde_json::Value;

use super::{LogIn, LoginContext, Outcome, Proof, Purpose, wrong_credentials};
use crate::auth::factors::passkeys::Site;
use crate::auth::factors::proofs::AskedForPasskey;
use crate::auth::sessions::Begun;
use crate::domain::audit::Event;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::identity::Identity;
use crate::domain::{Error, Kind, Result};
use crate::keys::Field;
use crate::limits::backoff::{Attempt, Bucket};
use crate::store::AccountRow;

/// The first proof that someone gives when confirming who they are.
pub enum StepUp {
    /// The password, or what a page has stretched it to.
    Password(LoginSecret),
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
    /// Gives the current session new secrets and a time in which sensitive actions work; or says which second factor is
    /// needed as well.
    ///
    /// # Errors
    /// `wrong-password`, `wrong-passkey`; `ticket-expired`; `too-many-attempts` with a time to wait; `busy`; `no-session`
    /// when it has ended meanwhile. Only the last is a 401: otherwise the user is still logged in.
    pub async fn confirm(
        &self,
        identity: Identity,
        given: StepUp,
        context: &LoginContext,
        now: SystemTime,
    ) -> Result<Outcome> {
        let attempt = self.charge(&[Bucket::StepUp(identity.session)])?;
        match given {
            StepUp::Password(secret) => {
                let checked = self.check_password(identity, secret, context.source).await;
                let account = self.settle(identity, attempt, checked)?;
                if !self.parts.store.factors().any(identity.account).await? {
                    return self.renew(identity, now).await.map(Outcome::Begun);
                }
                let purpose = Purpose::Confirm(identity.session);
                self.ask_for_second_factor(&account, purpose, context, now).await.map(Outcome::SecondFactor)
            }
            StepUp::Passkey { ticket, credential, site } => {
                let checked = self.check_passkey_alone(identity, &ticket, credential, &site, now).await;
                self.settle(identity, attempt, checked)?;
                self.renew(identity, now).await.map(Outcome::Begun)
            }
        }
    }

    /// Confirms a user with the second factor, too. Attempts are counted as when logging in.
    ///
    /// # Errors
    /// `wrong-code`, `server-clock`, `wrong-passkey`, after which the same ticket may be tried again; `ticket-expired`
    /// when it is too old, used, or of another session; `too-many-attempts` with a time to wait; `no-passkey-here`;
    /// `no-session` when it has ended meanwhile.
    pub async fn confirm_with_second_factor(
        &self,
        identity: Identity,
        ticket: &str,
        proof: Proof,
        site: Option<&Site>,
        now: SystemTime,
    ) -> Result<Begun> {
        let purpose = Purpose::Confirm(identity.session);
        let proven = self.prove_second_factor(ticket, purpose, proof, site, now).await;
        proven.map_err(still_logged_in)?;
        self.renew(identity, now).await
    }

    /// Somebody has proven who they are.
    async fn renew(&self, identity: Identity, now: SystemTime) -> Result<Begun> {
        let begun = self.parts.sessions.rotate(identity, now).await?;
        self.parts.audit.note(Event::Confirmed, Some(identity.account), None);
        Ok(begun)
    }

    /// Gives back what a right answer was charged; notes a wrong one.
    fn settle<T>(&self, identity: Identity, attempt: Attempt, checked: Result<T>) -> Result<T> {
        match checked {
            Ok(right) => {
                self.throttle.refund(attempt, |_| true);
                Ok(right)
            }
            Err(error) if error.kind == Kind::Unavailable => {
                self.throttle.refund(attempt, |_| false);
                Err(error)
            }
            Err(error) => {
                self.parts.audit.note(Event::LoginFailed, Some(identity.account), None);
                Err(still_logged_in(error))
            }
        }
    }

    async fn check_password(&self, identity: Identity, secret: LoginSecret, source: IpAddr) -> Result<AccountRow> {
        let mut account = self.account(identity.account).await?;
        let row = identity.account;
        let username = self.parts.keys.open_field(Field::Username, row.as_bytes(), &account.username_sealed)?;
        let whole = secret.is_whole();
        let shown = self.parts.passwords.shown(&username, secret.clone()).counted_for(source);
        if !self.parts.passwords.verify(shown, Some(account.password_hash.clone())).await? || !whole {
            return Err(wrong_password());
        }
        self.parts.passwords.upgrade(&self.parts.store, &mut account, secret).await;
        Ok(account)
    }

    async fn check_passkey_alone(
        &self,
        identity: Identity,
        ticket: &str,
        credential: Value,
        site: &Site,
        now: SystemTime,
    ) -> Result<()> {
        let opened = self.challenges.open::<AskedForPasskey>(ticket, now)?;
        let state = opened.says.state.clone();
        self.parts.factors.check_passkey(Some(identity.account), site, state, credential, now).await?;
        self.challenges.spend(&opened, now)
    }
}

/// What is wrong is what was given, not the session by which it was.
fn still_logged_in(error: Error) -> Error {
    let kind = if error.kind == Kind::Unauthenticated { Kind::Forbidden } else { error.kind };
    Error { kind, ..error }
}

fn wrong_password() -> Error {
    Error { code: "wrong-password", message: "The password is wrong.".into(), ..wrong_credentials() }
        .hint("Check it and try again.")
}
