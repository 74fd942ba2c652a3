//! Invites: links for registering, each of which works once.

use crate::domain::account::InviteLifetime;
use crate::domain::audit::COMMAND_LINE;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Accounts;
use crate::accounts::setup::digest;
use crate::audit::Event;
use crate::domain::account::{InviteKind, Member, Registration};
use crate::domain::credentials::secret::Secret;
use crate::domain::household::vault::{RewrappedKey, WrappedKey};
use crate::domain::ids::{AccountId, HouseholdId, InviteId};
use crate::domain::{Error, Kind, Result, random};
use crate::store;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An invite that hasn't been used yet.
#[derive(Debug, Clone, Copy)]
pub struct InviteRecord {
    /// Which.
    pub id: InviteId,
    /// What it leads to.
    pub kind: InviteKind,
    /// Who made it; `None`: the operator.
    pub account: Option<AccountId>,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it stops working.
    pub expires_at: SystemTime,
}

/// An invite that was just made. Its token is shown now and never again: only its digest is kept.
#[derive(Debug)]
pub struct NewInvite {
    /// The invite.
    pub invite: InviteRecord,
    /// What belongs into the fragment of `/join#TOKEN`.
    pub token: Secret<String>,
}

impl Accounts {
    /// Invites somebody.
    ///
    /// # Errors
    /// `registration-closed`; `administrators-only` for an owner of a household of their own; `too-many-invites`.
    pub async fn invite(
        &self,
        by: Member,
        kind: InviteKind,
        lifetime: InviteLifetime,
        now: SystemTime,
    ) -> Result<NewInvite> {
        if kind == InviteKind::Owner && !by.administrator {
            return Err(Error::new(
                Kind::Forbidden,
                "administrators-only",
                "Only an administrator can invite people to start their own household.",
            )
            .hint("Invite them into your own household, or ask the person who runs this server."));
        }
        let household = (kind == InviteKind::Household).then_some(by.household);
        let token = Secret::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>()));
        self.new_invite(Some(by.account), household, (token, None), lifetime, now).await
    }

    /// Invites someone into the member's household with a link that was made in the browser. It carries what opens
    /// `wrapped`, the key of the household's vault, and `token` is derived from it, which is all that the server learns.
    ///
    /// # Errors
    /// `registration-closed`, `too-many-invites`; `bad-invite-token`; `not-a-holder` when it is not the vault's key.
    pub async fn register_invite(
        &self,
        by: Member,
        token: Secret<String>,
        key: RewrappedKey,
        lifetime: InviteLifetime,
        now: SystemTime,
    ) -> Result<InviteRecord> {
        if !URL_SAFE_NO_PAD.decode(token.expose()).is_ok_and(|bytes| bytes.len() == 32) {
            return Err(Error::invalid("bad-invite-token", "An invite's token must be 32 bytes in base64url."));
        }
        let made = self.new_invite(Some(by.account), Some(by.household), (token, Some(key)), lifetime, now).await?;
        Ok(made.invite)
    }

    /// The household that an invite leads into and the wrapped key of its vault, where the invite brings it.
    ///
    /// # Errors
    /// The database's.
    pub async fn invited_key(&self, token: &str, now: SystemTime) -> Result<Option<(HouseholdId, WrappedKey)>> {
        let invite = self.store.invites().by_token(digest(token), now).await?;
        Ok(invite.and_then(|invite| invite.household.zip(invite.wrapped)))
    }

    /// Invites someone for the operator: into `household`, or into a new one.
    ///
    /// # Errors
    /// `registration-closed`, `too-many-invites`.
    pub async fn invite_as_operator(
        &self,
        household: Option<HouseholdId>,
        lifetime: InviteLifetime,
        now: SystemTime,
    ) -> Result<NewInvite> {
        let token = Secret::new(URL_SAFE_NO_PAD.encode(random::bytes::<32>()));
        self.new_invite(None, household, (token, None), lifetime, now).await
    }

    /// The invites that `member` may revoke, newest first: those into their own household, and for an administrator
    /// those into new ones. `None` stands for the operator, who may revoke all.
    ///
    /// # Errors
    /// The database's.
    pub async fn invites(&self, member: Option<Member>, now: SystemTime) -> Result<Vec<InviteRecord>> {
        Ok(self.store.invites().of(member, now).await?.into_iter().map(describe).collect())
    }

    /// Revokes an invite that [`Accounts::invites`] lists.
    ///
    /// # Errors
    /// `no-such-invite`.
    pub async fn revoke_invite(&self, member: Option<Member>, id: InviteId) -> Result<()> {
        if self.store.invites().delete(member, id).await? {
            self.audit.note(Event::InviteRevoked, member.map(|member| member.account), None);
            return Ok(());
        }
        Err(Error::new(Kind::NotFound, "no-such-invite", "There's no such invite, or it's gone.")
            .hint("Check the list of invites."))
    }

    /// What an invite leads to; `None` when it does not let anybody in now.
    ///
    /// # Errors
    /// The database's.
    pub async fn validate_invite(&self, token: &str, now: SystemTime) -> Result<Option<InviteKind>> {
        if self.options.registration == Registration::Closed {
            return Ok(None);
        }
        let invite = self.store.invites().by_token(digest(token), now).await?;
        Ok(invite.map(|invite| describe(invite).kind))
    }

    async fn new_invite(
        &self,
        account: Option<AccountId>,
        household: Option<HouseholdId>,
        (token, key): (Secret<String>, Option<RewrappedKey>),
        lifetime: InviteLifetime,
        now: SystemTime,
    ) -> Result<NewInvite> {
        if self.options.registration == Registration::Closed {
            return Err(Error::new(
                Kind::Forbidden,
                "registration-closed",
                "Registration is closed on this server, even with an invite.",
            )
            .hint("The person who runs it can change accounts.registration."));
        }
        let expires_at = now
            + match lifetime {
                InviteLifetime::Day => DAY,
                InviteLifetime::Week => 7 * DAY,
            };
        let (wrapped, holder) = key.map(|key| (key.wrapped, key.holder)).unzip();
        let row = store::InviteRow { id: InviteId::random(), account, household, created_at: now, expires_at, wrapped };
        self.store.invites().create(row, digest(token.expose()), holder).await?;
        // Nobody's account: it was made at the command line.
        self.audit.note(Event::InviteCreated, account, account.is_none().then_some(COMMAND_LINE));
        Ok(NewInvite { invite: describe(row), token })
    }
}

fn describe(row: store::InviteRow) -> InviteRecord {
    let store::InviteRow { id, account, household, created_at, expires_at, wrapped: _ } = row;
    let kind = if household.is_some() { InviteKind::Household } else { InviteKind::Owner };
    InviteRecord { id, kind, account, created_at, expires_at }
}
