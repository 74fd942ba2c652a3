//! What the operator can do on the command line, with the server running or not.
//!
//! The command line differs from a logged-in administrator: it holds the files themselves. It still shows no labels,
//! notes or personal fields, because an operator never needs them.
//!
//! Imports `accounts`, `audit`, `auth`, `domain`, `household`, `keys`, `store`, `views`. Called by `app`, `cli`.

mod answer;
mod audit;
mod invites;
mod keys;
mod people;
mod refusal;
mod request;
mod sessions;
pub mod socket;
mod tags;
mod users;

use std::sync::Arc;
use std::time::SystemTime;

pub use answer::{
    Answer, ChangedTag, DeletedUser, EndedSessions, InviteList, NewInvite, NewTag, PasswordLink, PasswordSet,
    RevokedInvite, RevokedTag, RotatedKeys, ServerHealth, SessionList, TagList, UserList,
};
pub use refusal::{Refusal, Reply};
pub use request::{NewPassword, Request, TagWishes};

use crate::accounts::Accounts;
use crate::audit::{Audit, Event};
use crate::auth::factors::Factors;
use crate::domain::audit::COMMAND_LINE;
use crate::domain::ids::AccountId;
use crate::domain::{Error, Kind, Result};
use crate::household::tags::Tags;
use crate::keys::Keys;
use crate::store::Store;

/// What links begin with, and what is wrong with that.
#[derive(Debug, Clone)]
pub struct Links {
    /// `https://HOST[:PORT]`.
    pub origin: String,
    /// Why the address may not last, if so.
    pub warning: Option<String>,
}

/// Carries out operator requests; cheap to clone.
#[derive(Clone)]
pub struct Operator {
    /// The database.
    pub store: Store,
    /// What values are sealed with.
    pub keys: Arc<Keys>,
    /// People.
    pub accounts: Accounts,
    /// What proves who people are, besides the password.
    pub factors: Factors,
    /// Stickers.
    pub tags: Tags,
    /// What is noted of what is done.
    pub audit: Audit,
    /// What links begin with.
    pub links: Links,
}

impl Operator {
    /// Does one thing.
    ///
    /// # Errors
    /// `no-such-user`, `no-such-invite`, `no-such-tag`, `no-such-session`; those of what is done; the database's.
    pub async fn run(&self, request: Request, now: SystemTime) -> Result<Answer> {
        match request {
            // A server answers that itself; here there is none.
            Request::Health => Err(Error::new(Kind::Unavailable, "not-running", "callqr is not running.")),
            Request::ListUsers => self.list_users().await.map(Answer::Users),
            Request::AddUser { username, password, administrator, household_of } => {
                let household_of = household_of.as_deref();
                self.add_user(username, &password, administrator, household_of, now).await.map(Answer::User)
            }
            Request::DisableUser { user } => self.disable_user(&user).await.map(Answer::User),
            Request::EnableUser { user } => self.enable_user(&user).await.map(Answer::User),
            Request::SetRole { user, administrator } => self.set_role(&user, administrator).await.map(Answer::User),
            Request::DeleteUser { user } => self.delete_user(&user).await.map(Answer::DeletedUser),
            Request::SetPassword { user, password } => {
                self.set_password(&user, &password).await.map(Answer::NewPassword)
            }
            Request::NewPasswordLink { user } => self.new_password_link(&user, now).await.map(Answer::PasswordLink),
            Request::ResetMfa { user } => self.reset_mfa(&user).await.map(Answer::User),
            Request::ListInvites => self.list_invites(now).await.map(Answer::Invites),
            Request::NewInvite { household_of, lifetime } => {
                self.new_invite(household_of.as_deref(), lifetime, now).await.map(Answer::NewInvite)
            }
            Request::RevokeInvite { invite } => self.revoke_invite(invite).await.map(Answer::RevokedInvite),
            Request::ListTags { user } => self.list_tags(user.as_deref(), now).await.map(Answer::Tags),
            Request::NewTag { user, label, public_text, lifetime } => {
                self.new_tag(&user, &label, &public_text, lifetime, now).await.map(Answer::NewTag)
            }
            Request::ChangeTag { tag, changes } => self.change_tag(tag, changes, now).await.map(Answer::ChangedTag),
            Request::RevokeTag { tag } => self.revoke_tag(tag).await.map(Answer::RevokedTag),
            Request::ListSessions { user } => self.list_sessions(user.as_deref(), now).await.map(Answer::Sessions),
            Request::EndSession { session } => self.end_session(session).await.map(Answer::Ended),
            Request::EndSessions { user } => self.end_sessions(&user).await.map(Answer::Ended),
            Request::RotateKeys => self.rotate_keys(now).await.map(Answer::RotatedKeys),
            Request::ListEvents { before, limit } => self.list_events(before, limit).await.map(Answer::Events),
        }
    }

    fn link(&self, page: &str, secret: &str) -> String {
        format!("{}/{page}#{secret}", self.links.origin)
    }

    fn note(&self, event: Event, account: Option<AccountId>) {
        self.audit.note(event, account, Some(COMMAND_LINE));
    }
}
