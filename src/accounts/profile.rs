//! What an account's owner sees and changes of it.

use std::net::IpAddr;
use std::time::SystemTime;

use super::Accounts;
use crate::audit::Event;
use crate::auth::sessions::{Begun, NewSecrets, no_session};
use crate::domain::account::PersonalText;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::credentials::username::Username;
use crate::domain::household::vault::RewrappedKey;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
use crate::keys::Field;
use crate::store::{self, AccountRow};

/// What an account's owner sees of it.
#[derive(Debug)]
pub struct Profile {
    /// Which.
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
    /// Whether this is an administrator's account.
    pub administrator: bool,
    /// Whom to reach otherwise.
    pub emergency_contact: Option<String>,
    /// The owner's vehicle.
    pub vehicle_number: Option<String>,
    /// Whether missed calls are kept in a list for a while.
    pub keep_missed_calls: bool,
    /// When it was made.
    pub created_at: SystemTime,
    /// Who shares its tags.
    pub household: HouseholdRecord,
}

/// Accounts that share tags.
#[derive(Debug)]
pub struct HouseholdRecord {
    /// Which.
    pub id: HouseholdId,
    /// Their ids and names, the oldest account first.
    pub members: Vec<(AccountId, String)>,
}

/// What somebody changes in their account: `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Debug, Default)]
pub struct Changes {
    /// Whom to reach otherwise.
    pub emergency_contact: Option<Option<String>>,
    /// The owner's vehicle.
    pub vehicle_number: Option<Option<String>>,
    /// Whether missed calls are kept in a list for a while.
    pub keep_missed_calls: Option<bool>,
}

impl Accounts {
    /// What the member's own account contains.
    ///
    /// # Errors
    /// The database's.
    pub async fn profile(&self, identity: Identity) -> Result<Profile> {
        let account = self.store.accounts().by_id(identity.account).await?.ok_or_else(no_account)?;
        self.open(&account).await
    }

    /// Changes the member's own account.
    ///
    /// # Errors
    /// The rules of [`PersonalText`].
    pub async fn change(&self, identity: Identity, changes: Changes) -> Result<Profile> {
        let row = identity.account.as_bytes();
        let seal = |field, text: Option<Option<String>>| -> Result<_> {
            let Some(text) = text else { return Ok(None) };
            let text = text.as_deref().map(PersonalText::parse).transpose()?.flatten();
            Ok(Some(text.map(|text| self.keys.seal(field, row, text.as_str()))))
        };
        let changes = store::SealedChanges {
            emergency_contact_sealed: seal(Field::EmergencyContact, changes.emergency_contact)?,
            vehicle_number_sealed: seal(Field::VehicleNumber, changes.vehicle_number)?,
            keep_missed_calls: changes.keep_missed_calls,
        };
        let account = self.store.accounts().update(identity.account, changes).await?.ok_or_else(no_account)?;
        self.open(&account).await
    }

    /// Sets a new password for the member, who has just proven who they are; gives this session new secrets and ends all
    /// their others. `key` is the vault's, wrapped for the new password, if the member has it at hand.
    ///
    /// # Errors
    /// The rules of [`crate::domain::account::Password`]; `busy`; `not-a-holder` when that is not the vault's key;
    /// `no-session` when this one has ended meanwhile, or was given new secrets already. Nothing is changed then.
    pub async fn change_password(
        &self,
        identity: Identity,
        new_password: LoginSecret,
        key: Option<RewrappedKey>,
        source: IpAddr,
        now: SystemTime,
    ) -> Result<Begun> {
        let account = self.store.accounts().by_id(identity.account).await?.ok_or_else(no_account)?;
        let username = Username::parse(&self.username_of(&account)?)?;
        let shown = self.passwords.shown(username.as_str(), new_password.chosen_by(&username)?).counted_for(source);
        let hash = self.passwords.hash(shown).await?;
        let NewSecrets { row, secret } = NewSecrets::of(identity);
        let changed = self.store.accounts().change_password(identity.account, hash, key, row, now).await?;
        let login = changed.ok_or_else(no_session)?;
        self.audit.note(Event::PasswordChanged, Some(identity.account), None);
        Ok(self.sessions.renewed(&login, &secret, now))
    }

    async fn open(&self, account: &AccountRow) -> Result<Profile> {
        let household = account.member.household;
        let members = self.store.accounts().members(household).await?;
        let named = |member: &AccountRow| Ok((member.member.account, self.username_of(member)?));
        Ok(Profile {
            id: account.member.account,
            username: self.username_of(account)?,
            administrator: account.member.administrator,
            emergency_contact: self.personal(account, Field::EmergencyContact, &account.emergency_contact_sealed)?,
            vehicle_number: self.personal(account, Field::VehicleNumber, &account.vehicle_number_sealed)?,
            keep_missed_calls: account.keep_missed_calls,
            created_at: account.created_at,
            household: HouseholdRecord { id: household, members: members.iter().map(named).collect::<Result<_>>()? },
        })
    }

    fn personal(&self, account: &AccountRow, field: Field, sealed: &Option<Vec<u8>>) -> Result<Option<String>> {
        let row = account.member.account.as_bytes();
        sealed.as_deref().map(|sealed| self.keys.open_field(field, row, sealed)).transpose()
    }
}

fn no_account() -> Error {
    Error::new(Kind::NotFound, "no-account", "This account no longer exists.")
}
