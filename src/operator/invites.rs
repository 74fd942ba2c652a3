//! Links that let people register.

use crate::domain::account::InviteLifetime;
use std::time::SystemTime;

use super::{InviteList, NewInvite, Operator, RevokedInvite};
use crate::domain::Result;
use crate::domain::ids::InviteId;
use crate::views::invite::InviteWithInviter;

impl Operator {
    pub(super) async fn list_invites(&self, now: SystemTime) -> Result<InviteList> {
        let people = self.people().await?;
        let invites = self.accounts.invites(None, now).await?.into_iter().map(|invite| InviteWithInviter {
            by: invite.account.map(|account| people.named(account)),
            invite: invite.into(),
        });
        Ok(InviteList { invites: invites.collect() })
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
            invite: made.invite.into(),
            url: self.link("join", made.token.expose()),
            url_warning: self.links.warning.clone(),
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
