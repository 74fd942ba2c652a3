//! An account as its owner sees it.

use crate::accounts::Profile;
use crate::auth::factors::{self};
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, PasskeyId};
use crate::web::error::ApiError;
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;
use serde::Serialize;
use std::time::SystemTime;
use utoipa::ToSchema;

/// Your account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    #[schema(value_type = String)]
    pub id: AccountId,
    username: String,
    /// Whether this is an administrator's account.
    administrator: bool,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Who else to contact in an emergency; `null` if not given.
    #[schema(required = true)]
    pub emergency_contact: Option<String>,
    /// The owner's vehicle; `null` if not given.
    #[schema(required = true)]
    pub vehicle_number: Option<String>,
    household: Household,
    second_factor: Factors,
    /// Whether missed calls are kept in a list for a while.
    keep_missed_calls: bool,
    /// Until when sensitive actions work without confirming it's you again; `null` if they need it now.
    #[schema(format = DateTime, required = true)]
    pub confirmed_until: Option<String>,
}

/// The people who share tags.
#[derive(Serialize, ToSchema)]
pub struct Household {
    members: Vec<HouseholdMember>,
}

/// A list entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HouseholdMember {
    #[schema(value_type = String)]
    pub id: AccountId,
    username: String,
    /// Whether this is you.
    you: bool,
    /// Whether they can unlock the household's vault.
    opens_vault: bool,
}

pub async fn describe(state: &SharedState, profile: Profile, identity: Identity) -> Result<Account, ApiError> {
    let openers = state.vaults.openers(profile.household.id).await?;
    let member =
        |(id, username)| HouseholdMember { id, username, you: id == profile.id, opens_vault: openers.contains(&id) };
    let members = profile.household.members.into_iter().map(member).collect();
    Ok(Account {
        id: profile.id,
        username: profile.username,
        administrator: profile.administrator,
        created_at: rfc3339(profile.created_at),
        emergency_contact: profile.emergency_contact,
        vehicle_number: profile.vehicle_number,
        household: Household { members },
        second_factor: state.factors.overview(identity.account).await?.into(),
        keep_missed_calls: profile.keep_missed_calls,
        confirmed_until: identity.is_recently_authenticated(SystemTime::now()).then(|| rfc3339(identity.recent_until)),
    })
}

/// An account's second factors.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SecondFactors)]
pub struct Factors {
    /// Whether an authenticator app is set up.
    totp: bool,
    backup_codes_left: u32,
    /// Oldest first.
    pub passkeys: Vec<Passkey>,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    #[schema(value_type = String)]
    pub id: PasskeyId,
    name: String,
    /// The host name of this server that it works for.
    host: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    #[schema(format = DateTime)]
    pub last_used_at: Option<String>,
}

impl From<factors::Passkey> for Passkey {
    fn from(passkey: factors::Passkey) -> Self {
        let factors::Passkey { id, name, host, created_at, last_used_at } = passkey;
        Self { id, name, host, created_at: rfc3339(created_at), last_used_at: last_used_at.map(rfc3339) }
    }
}

impl From<factors::Overview> for Factors {
    fn from(overview: factors::Overview) -> Self {
        let factors::Overview { totp, backup_codes_left, passkeys } = overview;
        Self { totp, backup_codes_left, passkeys: passkeys.into_iter().map(Passkey::from).collect() }
    }
}
