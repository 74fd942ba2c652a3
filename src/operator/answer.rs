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

/// Everybody with an account, the oldest account first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Users {
    /// Them.
    pub users: Vec<User>,
}

/// A person, as far as whoever runs the server needs to know.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Which account.
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
    /// What its tags belong to; the same for those who share them.
    pub household: HouseholdId,
    /// Whether it operates the server.
    pub administrator: bool,
    /// Whether nobody may log in with it.
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

/// An account that is no more.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeletedUser {
    /// Which.
    pub id: AccountId,
    /// The name that it had.
    pub username: String,
    /// Its sessions, which ended.
    pub ended: Vec<SessionId>,
    /// The tags that went with it, because nobody is left in its household.
    pub revoked: Vec<TagId>,
}

/// A password was set.
#[derive(Debug, Serialize, Deserialize)]
pub struct PasswordSet {
    /// Whose.
    pub user: Named,
    /// The sessions that ended with the old one.
    pub ended: Vec<SessionId>,
}

/// A link that sets a new password, once. It is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordLink {
    /// Whose.
    pub user: Named,
    /// The link.
    pub url: String,
    /// Why its address may not work everywhere, where it may not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
    /// When it stops working.
    #[serde(with = "time")]
    pub expires_at: SystemTime,
}

/// Invites that were not used yet, the newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Invites {
    /// Them.
    pub invites: Vec<Invite>,
}

/// A link that lets somebody register, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invite {
    /// Which.
    pub id: InviteId,
    /// Whether it leads into the inviter's household or into one of its own.
    pub kind: InviteKind,
    /// Who made it; none: the command line.
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
    /// Which.
    pub id: InviteId,
    /// Where it leads to.
    pub kind: InviteKind,
    /// The link.
    pub url: String,
    /// Why its address may not work everywhere, where it may not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
    /// When it stops working.
    #[serde(with = "time")]
    pub expires_at: SystemTime,
}

/// An invite that lets nobody in any more.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedInvite {
    /// Which.
    pub id: InviteId,
}

/// Tags, the newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Tags {
    /// Them.
    pub tags: Vec<Tag>,
}

/// A tag without what its owner wrote: that is the owner's.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Tag {
    /// Which.
    pub id: TagId,
    /// Whose.
    pub household: Household,
    /// Whether it works.
    pub state: TagState,
    /// When it was made.
    #[serde(with = "time")]
    pub created_at: SystemTime,
    /// When it stops working; none: when it is revoked.
    #[serde(with = "time::option")]
    pub expires_at: Option<SystemTime>,
}

/// A household and who belongs to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Household {
    /// Which.
    pub id: HouseholdId,
    /// The usernames of its accounts.
    pub members: Vec<String>,
}

/// A tag that was just made. Its link is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTag {
    /// Which.
    pub id: TagId,
    /// Whose.
    pub household: Household,
    /// What the sticker says to a scanner.
    pub url: String,
    /// Why the link's address may not last, where it may not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
    /// When it stops working; none: when it is revoked.
    #[serde(with = "time::option")]
    pub expires_at: Option<SystemTime>,
}

/// How changing the keys went.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RotatedKeys {
    /// How many values were encrypted again.
    pub resealed: u64,
    /// The file to put in the place of the key file that is given to callqr; none: everything is done.
    pub replace_with: Option<PathBuf>,
}

/// A tag that works no more.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedTag {
    /// Which.
    pub id: TagId,
}

/// Sessions, the ones used last first.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sessions {
    /// Them.
    pub sessions: Vec<Session>,
}

/// One device that is logged in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub user: Named,
    /// What kind of device it is, in a few words; empty where nobody knows.
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
    /// Which.
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
}

/// Sessions that have ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ended {
    /// Which.
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
    /// Whose doing it was, where that is somebody else.
    pub actor: Option<AccountId>,
    /// How often it happened in that minute.
    pub count: u32,
    /// What else there is to say.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}
