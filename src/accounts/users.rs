//! What administrators and the operator do with accounts. They see names and dates, and nothing else that
//! people wrote.

use std::time::{Duration, SystemTime};

use super::Accounts;
use crate::audit::Event;
use crate::domain::Result;
use crate::domain::effect::Ended;
use crate::domain::ids::{AccountId, HouseholdId};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// An account as an administrator sees it.
#[derive(Debug)]
pub struct UserRecord {
    /// Which.
    pub id: AccountId,
    /// What its tags belong to; the same for those who share them.
    pub household: HouseholdId,
    /// The name to log in with.
    pub username: String,
    /// Whether this is an administrator's account.
    pub administrator: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// When it was made.
    pub created_at: SystemTime,
    /// The beginning of the day (in UTC) on which one of its sessions was last used; `None` without a session.
    pub last_seen_day: Option<SystemTime>,
    /// The number of devices that are logged in.
    pub sessions: u32,
    /// Whether logging in requires a second factor.
    pub second_factor: bool,
}

/// `actor` is the administrator who did it; `None` if it was the account's owner or the operator.
impl Accounts {
    /// Lists all accounts, the oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn users(&self) -> Result<Vec<UserRecord>> {
        let users = self.store.accounts().users().await?;
        let describe = |user: crate::store::UserRow| {
            Ok(UserRecord {
                id: user.account.member.account,
                household: user.account.member.household,
                username: self.username_of(&user.account)?,
                administrator: user.account.member.administrator,
                disabled: user.account.disabled,
                created_at: user.account.created_at,
                last_seen_day: user.last_used_at.map(day_of),
                sessions: user.sessions,
                second_factor: user.second_factor,
            })
        };
        users.into_iter().map(describe).collect()
    }

    /// Disables an account, and ends its sessions, links and invites.
    ///
    /// # Errors
    /// `no-such-user`, `last-administrator`.
    pub async fn disable(&self, id: AccountId, actor: Option<AccountId>) -> Result<()> {
        self.store.accounts().disable(id).await?;
        self.audit.note(Event::AccountDisabled, Some(id), actor);
        Ok(())
    }

    /// Lets its owner log in again.
    ///
    /// # Errors
    /// `no-such-user`.
    pub async fn enable(&self, id: AccountId, actor: Option<AccountId>) -> Result<()> {
        self.store.accounts().enable(id).await?;
        self.audit.note(Event::AccountEnabled, Some(id), actor);
        Ok(())
    }

    /// Makes an account an administrator, or an owner and no more.
    ///
    /// # Errors
    /// `no-such-user`, `last-administrator`.
    pub async fn set_administrator(&self, id: AccountId, administrator: bool, actor: Option<AccountId>) -> Result<()> {
        self.store.accounts().set_administrator(id, administrator).await?;
        self.audit.note(Event::RoleChanged, Some(id), actor);
        Ok(())
    }

    /// Deletes an account with all that is its own, and with its household's tags when nobody is left to have them. Says
    /// what ended with it.
    ///
    /// # Errors
    /// `no-such-user`; `last-administrator` while there are other accounts.
    pub async fn delete(&self, id: AccountId, actor: Option<AccountId>) -> Result<Ended> {
        let ended = self.store.accounts().delete(id).await?;
        // Everything at once: out of the write-ahead log and of copies from before migrations, too.
        if let Err(error) = self.store.expiry().sweep(SystemTime::now()).await {
            tracing::warn!(
                code = error.code,
                "a deleted account stands in the write-ahead log until the next cleaning"
            );
        }
        self.audit.note(Event::AccountDeleted, Some(id), actor);
        if !self.store.accounts().any().await? {
            tracing::info!("the last account was deleted; the next start prints a new set-up link");
        }
        Ok(ended)
    }
}

fn day_of(at: SystemTime) -> SystemTime {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_secs(since.as_secs() / DAY.as_secs() * DAY.as_secs())
}
