//! The account that asks, gathered from the services that know of it.

use crate::accounts::Profile;
use crate::domain::identity::Identity;
use crate::views::account::Account;
use crate::web::error::ApiError;
use crate::web::state::SharedState;
use std::time::SystemTime;

/// The account whose profile this is.
pub async fn describe(state: &SharedState, profile: Profile, owner: Identity) -> Result<Account, ApiError> {
    let doors = state.vaults.doors(profile.household.id).await?;
    let factors = state.factors.overview(owner.account).await?;
    Ok(Account::new(profile, factors, &doors, owner, SystemTime::now()))
}
