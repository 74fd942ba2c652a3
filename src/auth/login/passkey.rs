//! Logging in with a passkey instead of a name and a password.

use std::time::SystemTime;

use serde_json::Value;

use super::{LogIn, LoginContext};
use crate::auth::factors::passkeys::{self, Site};
use crate::auth::factors::proofs::AskedForPasskey;
use crate::auth::sessions::Begun;
use crate::domain::Result;
use crate::domain::audit::Event;
use crate::limits::backoff::Bucket;

impl LogIn {
    /// A ticket, and what the browser is told to ask for any passkey of this server. Nothing is kept.
    ///
    /// # Errors
    /// Internal, when the ceremony cannot begin.
    pub fn ask_for_any_passkey(&self, site: &Site, now: SystemTime) -> Result<(String, Value)> {
        let (options, state) = passkeys::begin_asking(site)?;
        let (ticket, _) = self.challenges.seal(AskedForPasskey { state }, now)?;
        Ok((ticket, options))
    }

    /// Logs the holder of a passkey in. It was unlocked by its holder and so is two factors in one.
    ///
    /// # Errors
    /// `wrong-passkey`, whatever is wrong with it; `bad-passkey` if it isn't one; `ticket-expired`; `no-account` when
    /// the account is disabled; `too-many-attempts` with a time to wait.
    pub async fn with_passkey(
        &self,
        ticket: &str,
        credential: Value,
        site: &Site,
        context: &LoginContext,
        now: SystemTime,
    ) -> Result<Begun> {
        let opened = self.challenges.open::<AskedForPasskey>(ticket, now)?;
        let attempt = self.charge(&[Bucket::Source(context.source)])?;
        let state = opened.says.state.clone();
        let account = match self.parts.factors.check_passkey(None, site, state, credential, now).await {
            Ok(account) => account,
            Err(error) => {
                self.parts.audit.note(Event::LoginFailed, None, None);
                return Err(error);
            }
        };
        // Only now is the ticket noted as used: strangers without a passkey make no notes.
        self.challenges.spend(&opened, now)?;
        self.throttle.refund(attempt, |_| false);
        let account = self.account(account).await?;
        let known = self.known_device(&self.index_of(&account)?, context, now);
        self.begin(account, known, context, now).await
    }
}
