//! What the operator is answered. These shapes are what `--json` prints: fields may be added, never renamed or removed.

use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::domain::ids::{AccountId, InviteId, SessionId, TagId};
use crate::views::event::AuditTrail;
use crate::views::invite::{Invite, InviteWithInviter};
use crate::views::session::SessionWithUser;
use crate::views::tag::{Tag, TagWithHousehold};
use crate::views::timestamp;
use crate::views::user::{NamedAccount, UserWithHousehold};

/// One answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "answer", content = "body", rename_all = "kebab-case")]
pub enum Answer {
    /// To [`super::Request::Health`].
    Health(ServerHealth),
    /// To [`super::Request::ListUsers`].
    Users(UserList),
    /// To [`super::Request::AddUser`], [`super::Request::DisableUser`], [`super::Request::EnableUser`] and
    /// [`super::Request::SetRole`].
    User(UserWithHousehold),
    /// To [`super::Request::DeleteUser`].
    DeletedUser(DeletedUser),
    /// To [`super::Request::SetPassword`].
    NewPassword(PasswordSet),
    /// To [`super::Request::NewPasswordLink`].
    PasswordLink(PasswordLink),
    /// To [`super::Request::ListInvites`].
    Invites(InviteList),
    /// To [`super::Request::NewInvite`].
    NewInvite(NewInvite),
    /// To [`super::Request::RevokeInvite`].
    RevokedInvite(RevokedInvite),
    /// To [`super::Request::ListTags`].
    Tags(TagList),
    /// To [`super::Request::NewTag`].
    NewTag(NewTag),
    /// To [`super::Request::ChangeTag`].
    ChangedTag(ChangedTag),
    /// To [`super::Request::RevokeTag`].
    RevokedTag(RevokedTag),
    /// To [`super::Request::ListSessions`].
    Sessions(SessionList),
    /// To [`super::Request::EndSession`] and [`super::Request::EndSessions`].
    Ended(EndedSessions),
    /// To [`super::Request::RotateKeys`].
    RotatedKeys(RotatedKeys),
    /// To [`super::Request::ListEvents`].
    Events(AuditTrail),
}

/// How the running server is.
#[derive(Debug, Serialize, Deserialize)]
pub struct ServerHealth {
    /// Whether it does its job, or most of it.
    pub does_its_job: bool,
    /// What `/health` answers.
    pub report: serde_json::Value,
}

/// All accounts, the oldest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct UserList {
    /// The users.
    pub users: Vec<UserWithHousehold>,
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
    pub user: NamedAccount,
    /// The sessions that ended with the old one.
    pub ended: Vec<SessionId>,
}

/// A link that sets a new password, once. It is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PasswordLink {
    /// The user.
    pub user: NamedAccount,
    /// The link.
    pub url: String,
    /// Why its address may not work everywhere, if so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
    /// When it stops working.
    #[serde(with = "timestamp")]
    pub expires_at: SystemTime,
}

/// Unused invites, the newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct InviteList {
    /// The invites.
    pub invites: Vec<InviteWithInviter>,
}

/// An invite that was just made. Its link is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewInvite {
    /// The invite.
    #[serde(flatten)]
    pub invite: Invite,
    /// The link.
    pub url: String,
    /// Why its address may not work everywhere, if so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
}

/// An invite that was revoked.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedInvite {
    /// Its id.
    pub id: InviteId,
}

/// Tags, the newest first.
#[derive(Debug, Serialize, Deserialize)]
pub struct TagList {
    /// The tags.
    pub tags: Vec<TagWithHousehold>,
}

/// A tag that was just made. Its link is shown now and never again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewTag {
    /// The tag.
    #[serde(flatten)]
    pub tag: TagWithHousehold,
    /// What the sticker says to a scanner.
    pub url: String,
    /// Why the link's address may not last, if so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub url_warning: Option<String>,
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

/// A tag that was changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChangedTag {
    /// As it is now.
    #[serde(flatten)]
    pub tag: Tag,
}

/// A tag that was revoked.
#[derive(Debug, Serialize, Deserialize)]
pub struct RevokedTag {
    /// Its id.
    pub id: TagId,
}

/// Sessions, the ones used last first.
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionList {
    /// The sessions.
    pub sessions: Vec<SessionWithUser>,
}

/// Sessions that have ended.
#[derive(Debug, Serialize, Deserialize)]
pub struct EndedSessions {
    /// Their ids.
    pub ended: Vec<SessionId>,
}
