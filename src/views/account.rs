//! An account as its owner sees it.

use crate::accounts::Profile;
use crate::auth::factors;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, PasskeyId};
use crate::household::vaults::VaultDoors;
use crate::views::household::Household;
use crate::views::timestamp;
use serde::Serialize;
use std::time::SystemTime;
use utoipa::ToSchema;

/// Your account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    #[schema(value_type = String)]
    id: AccountId,
    username: String,
    /// Whether this is an administrator's account.
    administrator: bool,
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    created_at: SystemTime,
    /// Who else to contact in an emergency; `null` if not given.
    #[schema(required = true)]
    emergency_contact: Option<String>,
    /// The owner's vehicle; `null` if not given.
    #[schema(required = true)]
    vehicle_number: Option<String>,
    household: Household,
    second_factor: SecondFactors,
    /// Whether missed calls are kept in a list for a while.
    keep_missed_calls: bool,
    /// Until when sensitive actions work without confirming it's you again; `null` if they need it now.
    #[serde(with = "timestamp::option")]
    #[schema(value_type = Option<String>, format = DateTime, required = true)]
    confirmed_until: Option<SystemTime>,
}

/// An account's second factors.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactors {
    /// Whether an authenticator app is set up.
    totp: bool,
    backup_codes_left: u32,
    /// Oldest first.
    passkeys: Vec<Passkey>,
}

/// A passkey.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    #[schema(value_type = String)]
    id: PasskeyId,
    name: String,
    /// The host name of this server that it works for.
    host: String,
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    created_at: SystemTime,
    #[serde(with = "timestamp::option")]
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<SystemTime>,
}

impl Account {
    /// The account of `asker`.
    pub fn new(
        profile: Profile,
        factors: factors::Overview,
        doors: &VaultDoors,
        asker: Identity,
        now: SystemTime,
    ) -> Self {
        let Profile {
            id,
            username,
            administrator,
            emergency_contact,
            vehicle_number,
            keep_missed_calls,
            created_at,
            household,
        } = profile;
        Self {
            id,
            username,
            administrator,
            created_at,
            emergency_contact,
            vehicle_number,
            household: Household::new(household, doors, id),
            second_factor: factors.into(),
            keep_missed_calls,
            confirmed_until: asker.is_recently_authenticated(now).then_some(asker.recent_until),
        }
    }
}

impl From<factors::PasskeyRecord> for Passkey {
    fn from(passkey: factors::PasskeyRecord) -> Self {
        let factors::PasskeyRecord { id, name, host, created_at, last_used_at } = passkey;
        Self { id, name, host, created_at, last_used_at }
    }
}

impl From<factors::Overview> for SecondFactors {
    fn from(overview: factors::Overview) -> Self {
        let factors::Overview { totp, backup_codes_left, passkeys } = overview;
        Self { totp, backup_codes_left, passkeys: passkeys.into_iter().map(Passkey::from).collect() }
    }
}
