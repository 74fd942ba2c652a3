//! Creates, changes and deletes accounts.

use std::time::SystemTime;

use super::{DeletedUser, NewPassword, Operator, PasswordLink, PasswordSet};
use crate::accounts::Registering;
use crate::domain::Result;
use crate::domain::audit::COMMAND_LINE;
use crate::domain::credentials::username::Username;
use crate::views::user::{NamedAccount, User, UserWithHousehold};

impl Operator {
    /// The first account is an administrator's: without one the server would take no others.
    pub(super) async fn add_user(
        &self,
        username: String,
        password: &NewPassword,
        administrator: bool,
        household_of: Option<&str>,
        now: SystemTime,
    ) -> Result<UserWithHousehold> {
        let household = match household_of {
            Some(user) => Some(self.find(user).await?.household),
            None => None,
        };
        let administrator = administrator || self.accounts.registration().await?.is_none();
        let registering = Registering {
            username,
            password: password.expose().into(),
            emergency_contact: None,
            vehicle_number: None,
            setup_token: None,
            invite_token: None,
            wrapped: None,
            device_name: String::new(),
        };
        let id = self.accounts.add(registering, household, administrator, now).await?;
        self.find(&id.to_string()).await
    }

    pub(super) async fn disable_user(&self, user: &str) -> Result<UserWithHousehold> {
        let id = self.find(user).await?.user.id;
        self.accounts.disable(id, Some(COMMAND_LINE)).await?;
        self.find(user).await
    }

    pub(super) async fn enable_user(&self, user: &str) -> Result<UserWithHousehold> {
        let id = self.find(user).await?.user.id;
        self.accounts.enable(id, Some(COMMAND_LINE)).await?;
        self.find(user).await
    }

    pub(super) async fn set_role(&self, user: &str, administrator: bool) -> Result<UserWithHousehold> {
        let id = self.find(user).await?.user.id;
        self.accounts.set_administrator(id, administrator, Some(COMMAND_LINE)).await?;
        self.find(user).await
    }

    pub(super) async fn delete_user(&self, user: &str) -> Result<DeletedUser> {
        let User { id, username, .. } = self.find(user).await?.user;
        let ended = self.accounts.delete(id, Some(COMMAND_LINE)).await?;
        Ok(DeletedUser { id, username, ended: ended.sessions, revoked: ended.tags })
    }

    pub(super) async fn set_password(&self, user: &str, password: &NewPassword) -> Result<PasswordSet> {
        let User { id, username, .. } = self.find(user).await?.user;
        let name = Username::parse(&username)?;
        let ended = self.accounts.set_password(id, &name, password.expose().to_owned()).await?;
        Ok(PasswordSet { user: NamedAccount { id, username }, ended: ended.sessions })
    }

    pub(super) async fn reset_mfa(&self, user: &str) -> Result<UserWithHousehold> {
        let id = self.find(user).await?.user.id;
        self.factors.reset(id, None).await?;
        self.find(user).await
    }

    pub(super) async fn new_password_link(&self, user: &str, now: SystemTime) -> Result<PasswordLink> {
        let User { id, username, .. } = self.find(user).await?.user;
        let reset = self.accounts.begin_reset(id, Some(COMMAND_LINE), now).await?;
        Ok(PasswordLink {
            user: NamedAccount { id, username },
            url: self.link("reset", reset.token.expose()),
            url_warning: self.links.warning.clone(),
            expires_at: reset.expires_at,
        })
    }
}
