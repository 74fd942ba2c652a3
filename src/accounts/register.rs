//! How an account begins: by the set-up link, by an invite, or, where the operator allows it, just so.

use std::time::SystemTime;

use super::Accounts;
use crate::accounts::setup::digest;
use crate::audit::Event;
use crate::auth::sessions::{Arrival, Begun, Prepared};
use crate::domain::account::{Member, PersonalText, Registration};
use crate::domain::audit::COMMAND_LINE;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::credentials::username::Username;
use crate::domain::household::vault::WrappedKey;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
use crate::keys::Field;
use crate::store::{Entry, NewAccountRow};

/// A registration.
#[derive(Default)]
pub struct Registering {
    /// The name to log in with.
    pub username: String,
    /// The password, at least ten characters, or what a page has stretched it to.
    pub password: LoginSecret,
    /// Whom to reach when the owner cannot be: free text, for the owner alone.
    pub emergency_contact: Option<String>,
    /// The owner's vehicle: free text, for the owner alone.
    pub vehicle_number: Option<String>,
    /// The secret of the set-up link.
    pub setup_token: Option<String>,
    /// The secret of an invite.
    pub invite_token: Option<String>,
    /// The key of the household's vault, wrapped for the password, where an invite brought it.
    pub wrapped: Option<WrappedKey>,
    /// What kind of device it comes from: "Firefox on Android".
    pub device_name: String,
}

impl Accounts {
    /// Who may register now; `None` while there is no account, so that the set-up link works.
    ///
    /// # Errors
    /// The database's.
    pub async fn registration(&self) -> Result<Option<Registration>> {
        Ok(self.store.accounts().any().await?.then_some(self.options.registration))
    }

    /// Makes an account and logs it in.
    ///
    /// # Errors
    /// `setup-needed`, `setup-link`, `invite-link`, `registration-closed` and `invite-needed` when nobody may come in this way; the
    /// rules of [`Username`], [`crate::domain::account::Password`] and [`PersonalText`]; `username-taken`, `too-many-accounts`,
    /// `household-full`; `busy`.
    pub async fn register(&self, registering: Registering, now: SystemTime) -> Result<Begun> {
        // Before the expensive part, so that people who may not register cannot make the server hash passwords.
        let entry = self.entry(&registering).await?;
        let joined = self.store.accounts().check_entry(entry, now).await?;
        if joined.is_none() && registering.wrapped.is_some() {
            return Err(Error::invalid("bad-way-in", "A new household has no vault yet.")
                .hint("Leave out wrapped, and create the vault after registering."));
        }
        let household = joined.unwrap_or_else(HouseholdId::random);
        let administrator = matches!(entry, Entry::Setup(_));
        let member = Member { account: AccountId::random(), household, administrator };
        let device_name = registering.device_name.clone();
        let account = self.prepare(member, registering).await?;
        let arrival = Arrival { device_name, username_index: account.username_index, known: None };
        let Prepared { row, begun } = self.sessions.prepare(member, &arrival, now);
        self.store.accounts().create(account, Some(row), entry, self.options.max, now).await?;
        self.audit.note(Event::AccountCreated, Some(member.account), None);
        if matches!(entry, Entry::Invite(_)) {
            self.audit.note(Event::InviteUsed, Some(member.account), None);
        }
        tracing::info!("an account was made");
        Ok(begun)
    }

    /// Makes an account for someone else, for the operator: in `household`, or in a new one.
    ///
    /// # Errors
    /// As [`Accounts::register`], except those about how people may register.
    pub async fn add(
        &self,
        registering: Registering,
        household: Option<HouseholdId>,
        administrator: bool,
        now: SystemTime,
    ) -> Result<AccountId> {
        let household = household.unwrap_or_else(HouseholdId::random);
        let member = Member { account: AccountId::random(), household, administrator };
        let account = self.prepare(member, registering).await?;
        self.store.accounts().create(account, None, Entry::Operator, self.options.max, now).await?;
        self.audit.note(Event::AccountCreated, Some(member.account), Some(COMMAND_LINE));
        tracing::info!("an account was made by the operator");
        Ok(member.account)
    }

    async fn entry(&self, registering: &Registering) -> Result<Entry> {
        let refused = |code, message, hint: &str| Err(Error::new(Kind::Forbidden, code, message).hint(hint));
        // An empty token is one that was not sent: it must not be told that its link does not work.
        let shown = |token: &Option<String>| token.as_deref().filter(|token| !token.is_empty()).map(digest);
        let (setup, invite) = (shown(&registering.setup_token), shown(&registering.invite_token));
        match (self.registration().await?, invite) {
            (None, invite) => Ok(setup.map(Entry::Setup).or(invite.map(Entry::Invite)).unwrap_or(Entry::Open)),
            (Some(Registration::Closed), _) => {
                refused("registration-closed", "Registration is closed on this server.", "Ask the person who runs it.")
            }
            (Some(_), Some(token_hash)) => Ok(Entry::Invite(token_hash)),
            // Who comes by the set-up link expects to become the administrator.
            (Some(Registration::Open), None) => Ok(setup.map_or(Entry::Open, Entry::Setup)),
            (Some(Registration::Invite), None) => {
                refused("invite-needed", "Registration on this server is by invitation only.", "Ask for an invite.")
            }
        }
    }

    async fn prepare(&self, member: Member, registering: Registering) -> Result<NewAccountRow> {
        let username = Username::parse(&registering.username)?;
        let secret = registering.password.chosen_by(&username)?;
        let row = member.account.as_bytes();
        let seal = |field, text: Option<&str>| -> Result<_> {
            let text = text.map(PersonalText::parse).transpose()?.flatten();
            Ok(text.map(|text| self.keys.seal(field, row, text.as_str())))
        };
        let emergency_contact_sealed = seal(Field::EmergencyContact, registering.emergency_contact.as_deref())?;
        let vehicle_number_sealed = seal(Field::VehicleNumber, registering.vehicle_number.as_deref())?;
        Ok(NewAccountRow {
            member,
            username_index: self.keys.username_index(&username),
            username_sealed: self.keys.seal(Field::Username, row, username.as_str()),
            emergency_contact_sealed,
            vehicle_number_sealed,
            wrapped: registering.wrapped,
            password_hash: self.passwords.hash(self.passwords.shown(username.as_str(), secret).by_a_stranger()).await?,
        })
    }
}
