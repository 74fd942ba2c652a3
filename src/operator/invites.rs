//! Links that let people register.

use crate::domain::account::InviteLifetime;
use std::time::SystemTime;

use super::{Invite, Invites, NewInvite, Operator, RevokedInvite};
use crate::domain::Result;
use crate::domain::ids::InviteId;

impl Operator {
    pub(super) async fn list_invites(&self, now: SystemTime) -> Result<Invites> {
        let people = self.people().await?;
        let invites = self.accounts.invites(None, now).await?.into_iter().map(|invite| Invite {
            id: invite.id,
            kind: invite.kind,
            by: invite.account.map(|account| people.named(account)),
            created_at: invite.created_at,
            expires_at: invite.expires_at,
        });
        Ok(Invites { invites: invites.collect() })
    }

    pub(super) async fn new_invite(
        &self,
        household_of: Option<&str>,
        lifetime: InviteLifetime,
        now: SystemTime,
    ) -> Result<NewInvite> {
        let household = match household_of {
            Some(user) => Some(self.find(user).await?.household),
            None => None,
        };
        let made = self.accounts.invite_as_operator(household, lifetime, now).await?;
        Ok(NewInvite {
            id: made.invite.id,
            kind: made.invite.kind,
            url: self.link("join", made.token.expose()),
            url_warning: self.links.warning.clone(),
            expires_at: made.invite.expires_at,
        })
    }

    pub(super) async fn revoke_invite(&self, id: InviteId) -> Result<RevokedInvite> {
        self.accounts
            .revoke_invite(None, id)
            .await
            .map_err(|error| error.hint("`callqr invite list` lists all unused invites."))?;
        Ok(RevokedInvite { id })
    }
}
