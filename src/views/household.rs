//! A household. Its two views have nothing in common: both were promised a field `members`, which holds objects for one
//! reader and names for the other.

use crate::accounts;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::household::vaults::VaultDoors;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The people who share tags, as one of them sees it.
#[derive(Serialize, ToSchema)]
pub struct Household {
    members: Vec<HouseholdMember>,
}

/// A list entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HouseholdMember {
    #[schema(value_type = String)]
    id: AccountId,
    username: String,
    /// Whether this is you.
    you: bool,
    /// Whether they can unlock the household's vault.
    opens_vault: bool,
    /// Whether they ask the others to be let into it.
    asks_in: bool,
}

/// A household as the operator sees it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedHousehold {
    /// Its ID.
    pub id: HouseholdId,
    /// The usernames of its accounts.
    pub members: Vec<String>,
}

impl Household {
    /// The household of this account.
    pub fn new(household: accounts::HouseholdRecord, doors: &VaultDoors, you: AccountId) -> Self {
        let member = |(id, username)| HouseholdMember {
            id,
            username,
            you: id == you,
            opens_vault: doors.openers.contains(&id),
            asks_in: doors.askers.contains(&id),
        };
        Self { members: household.members.into_iter().map(member).collect() }
    }
}
