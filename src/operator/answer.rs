//! What the operator is answered. These shapes are what `--json` prints: fields may be added, never renamed or removed.

use crate::domain::household::tag::TagState;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::time;
use crate::domain::account::InviteKind;
use crate::domain::ids::{AccountId, HouseholdId, InviteId, SessionId, TagId};

/// One answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", content = "body", rename_all = "kebab-case")]
pub enum Answer {
    /// To [`super::Request::ListUsers`].
    Users(Users),
    /// To [`super::Request::AddUser`], [`super::Request::DisableUser`], [`super::Request::EnableUser`] and
    /// [`super::Request::SetRole`].
    User(User),
    /// To [`super::Request::DeleteUser`].
    DeletedUser(DeletedUser),
    /// To [`super::Request::SetPassword`].
    NewPassword(PasswordSet),
    /// To [`super::Request::NewPasswordLink`].
    PasswordLink(PasswordLink),
    /// To [`super::Request::ListInvites`].
    Invites(Invites),
    /// To [`super::Request::NewInvite`].
    NewInvite(NewInvite),
    /// To [`super::Request::RevokeInvite`].
    RevokedInvite(RevokedInvite),
    /// To [`super::Request::ListTags`].
    Tags(Tags),
    /// To [`super::Request::NewTag`].
    NewTag(NewTag),
    /// To [`super::Request::RevokeTag`].
    RevokedTag(RevokedTag),
    /// To [`super::Request::ListSessions`].
    Sessions(Sessions),
    /// To [`super::Request::EndSession`] and [`super::Request::EndSessions`].
    Ended(Ended),
    /// To [`super::Request::RotateKeys`].
    RotatedKeys(RotatedKeys),
    /// To [`super::Request::ListEvents`].
    Events(Events),
}

/// All accounts, the oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Users {
    /// The users.
    pub users: Vec<User>,
}

/// A person, as far as the operator needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its id.
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
    /// What its tags belong to; the same for those who share them.
    pub household: HouseholdId,
    /// Whether it operates the server.
    pub administrator: bool,
    /// Whether it is disabled.
    pub disabled: bool,
    /// When it was made.
    #[serde(with = "time")]
    pub created_at: SystemTime,
    /// The day of its last use, as far as its sessions tell.
    pub last_seen_day: Option<String>,
    /// How many devices are logged in.
    pub sessions: u32,
    /// Whether logging in takes more than the password.
    pub second_factor: bool,
}

/// An account that was deleted.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeletedUser {
    /// Its id.
    pub id: AccountId,
    /// The name that it had.
    pub username: String,
    /// Its sessions, which ended.
    pub ended: Vec<SessionId>,
    /// The tags deleted with it, because its household is now empty.
    pub revoked: Vec<TagId>,
}

/// A password was set.
#[derive(Debug, Serialize, Deserialize)]
pub struct PasswordSet {
    /// The user.
    pub user: Named,
    /// The sessions that ended with the old one.
    pub ended: Vec<SessionId>,
}

/// A link that sets a new password, once. It is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordLink {
    /// The user.
    pub user: Named,
    /// The link.
    pub url: String,
    /// Why its address may not work everywhere, if so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
    /// When it stops working.
    #[serde(with = "time")]
    pub expires_at: SystemTime,
}

/// Unused invites, the newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invites {
    /// The invites.
    pub invites: Vec<Invite>,
}

/// A link that lets somebody register, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// Whether it leads into the inviter's household or into one of its own.
    pub kind: InviteKind,
    /// Who made it; `None` for the command line.
    pub by: Option<Named>,
    /// When it was made.
    #[serde(with = "time")]
    pub created_at: SystemTime,
    /// When it stops working.
    #[serde(with = "time")]
    pub expires_at: SystemTime,
}

/// An invite that was just made. Its link is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewInvite {
    /// Its id.
    pub id: InviteId,
    /// Where it leads to.
    pub kind: InviteKind,
    /// The link.
    pub url: String,
    /// Why its address may not work everywhere, if so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
    /// When it stops working.
    #[serde(with = "time")]
    pub expires_at: SystemTime,
}

/// An invite that was revoked.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedInvite {
    /// Its id.
    pub id: InviteId,
}

/// Tags, the newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tags {
    /// The tags.
    pub tags: Vec<Tag>,
}

/// A tag without what its owner wrote, which is private.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Its id.
    pub id: TagId,
    /// Its household.
    pub household: Household,
    /// Whether it works.
    pub state: TagState,
    /// When it was made.
    #[serde(with = "time")]
    pub created_at: SystemTime,
    /// When it stops working; `None` to work until revoked.
    #[serde(with = "time::option")]
    pub expires_at: Option<SystemTime>,
}

/// A household and who belongs to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Household {
    /// Its id.
    pub id: HouseholdId,
    /// The usernames of its accounts.
    pub members: Vec<String>,
}

/// A tag that was just made. Its link is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTag {
    /// Its id.
    pub id: TagId,
    /// Its household.
    pub household: Household,
    /// What the sticker says to a scanner.
    pub url: String,
    /// Why the link's address may not last, if so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
    /// When it stops working; `None` to work until revoked.
    #[serde(with = "time::option")]
    pub expires_at: Option<SystemTime>,
}

/// How changing the keys went.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RotatedKeys {
    /// How many values were encrypted again.
    pub resealed: u64,
    /// The file to replace the provided key file with; `None` when everything is done.
    pub replace_with: Option<PathBuf>,
}

/// A tag that was revoked.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedTag {
    /// Its id.
    pub id: TagId,
}

/// Sessions, the ones used last first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sessions {
    /// The sessions.
    pub sessions: Vec<Session>,
}

/// One device that is logged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// The user.
    pub user: Named,
    /// What kind of device it is, in a few words; empty if unknown.
    pub device: String,
    /// When it logged in.
    #[serde(with = "time")]
    pub created_at: SystemTime,
    /// When it was used last, to the hour or so.
    #[serde(with = "time")]
    pub last_used_at: SystemTime,
    /// When it ends, however much it is used.
    #[serde(with = "time")]
    pub expires_at: SystemTime,
}

/// An account and its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
}

/// Sessions that have ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Their ids.
    pub ended: Vec<SessionId>,
}

/// The audit trail, the latest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Events {
    /// What happened.
    pub events: Vec<Event>,
}

/// One security event, or several alike in one minute.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Event {
    /// Its place: later events have higher numbers.
    pub id: i64,
    /// Its minute.
    #[serde(with = "time")]
    pub at: SystemTime,
    /// What happened, such as `login-failed`.
    pub event: String,
    /// Whose account it concerns.
    pub account: Option<AccountId>,
    /// Who did it, if that is someone else.
    pub actor: Option<AccountId>,
    /// How often it happened in that minute.
    pub count: u32,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}
