//! Links that set a new password, for people who lost theirs.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Accounts;
use crate::accounts::setup::digest;
use crate::audit::Event;
use crate::domain::account::Member;
use crate::domain::audit::COMMAND_LINE;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::credentials::secret::Secret;
use crate::domain::credentials::stretch::SALT_LENGTH;
use crate::domain::credentials::username::Username;
use crate::domain::effect::Ended;
use crate::domain::ids::AccountId;
use crate::domain::{Result, random};

/// How long such a link works.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// A link that was just made.
#[derive(Debug)]
pub struct NewReset {
    /// What belongs into the fragment of `/reset#TOKEN`; shown now and never again.
    pub token: Secret<String>,
    /// When it stops working.
    pub expires_at: SystemTime,
}

impl Accounts {
    /// Makes the one link that sets a new password for an account; earlier ones stop working.
    ///
    /// # Errors
    /// `no-such-user`; `user-disabled`.
    pub async fn begin_reset(&self, id: AccountId, actor: Option<AccountId>, now: SystemTime) -> Result<NewReset> {
        let token = Secret::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>()));
        let expires_at = now + LIFETIME;
        self.store.accounts().begin_reset(id, digest(token.expose()), expires_at).await?;
        self.audit.note(Event::ResetLinkCreated, Some(id), actor);
        Ok(NewReset { token, expires_at })
    }

    /// What the password is to be stretched with that a link sets.
    ///
    /// # Errors
    /// `reset-link` when the link doesn't work, or no longer works.
    pub async fn reset_salt(&self, token: &str, now: SystemTime) -> Result<[u8; SALT_LENGTH]> {
        let account = self.store.accounts().by_reset(digest(token), now).await?;
        Ok(self.passwords.salt(&self.username_of(&account)?))
    }

    /// Sets the password that a link allows, and ends all sessions of its account. Says whose it is: holding the link
    /// is one factor, as knowing the password is.
    ///
    /// # Errors
    /// `reset-link` when the link doesn't work, or no longer works; the rules of [`crate::domain::account::Password`]; `busy`.
    pub async fn finish_reset(&self, token: &str, new_password: LoginSecret, now: SystemTime) -> Result<Member> {
        let token_hash = digest(token);
        let account = self.store.accounts().by_reset(token_hash, now).await?;
        let username = Username::parse(&self.username_of(&account)?)?;
        let hash =
            self.passwords.hash(self.passwords.shown(username.as_str(), new_password.chosen_by(&username)?)).await?;
        self.store.accounts().finish_reset(token_hash, hash, now).await?;
        self.audit.note(Event::PasswordChanged, Some(account.member.account), None);
        Ok(account.member)
    }

    /// Sets a new password for someone else, for the operator, and ends all their sessions; says
    /// which.
    ///
    /// # Errors
    /// `no-such-user`; the rules of [`crate::domain::account::Password`]; `busy`.
    pub async fn set_password(&self, id: AccountId, username: &Username, new_password: String) -> Result<Ended> {
        let chosen = LoginSecret::from(new_password).chosen_by(username)?;
        let hash = self.passwords.hash(self.passwords.shown(username.as_str(), chosen)).await?;
        let ended = self.store.accounts().set_password(id, hash).await?;
        self.audit.note(Event::PasswordChanged, Some(id), Some(COMMAND_LINE));
        Ok(ended)
    }
}
