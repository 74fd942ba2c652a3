//! Who has an account.

use std::collections::HashMap;

use super::{Household, Named, Operator, User, Users, time};
use crate::domain::account::Username;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
use crate::service::keys::Field;
use crate::store::Person;

/// Everybody, by id.
pub(super) struct People(Vec<User>);

impl People {
    pub(super) fn named(&self, id: AccountId) -> Named {
        let username = self.0.iter().find(|user| user.id == id).map(|user| user.username.clone());
        Named { id, username: username.unwrap_or_default() }
    }

    pub(super) fn households(&self) -> HashMap<HouseholdId, Household> {
        let mut households = HashMap::new();
        for user in &self.0 {
            let household = households
                .entry(user.household)
                .or_insert_with(|| Household { id: user.household, members: Vec::new() });
            household.members.push(user.username.clone());
        }
        households
    }
}

impl Operator {
    pub(super) async fn list_users(&self) -> Result<Users> {
        Ok(Users { users: self.people().await?.0 })
    }

    pub(super) async fn people(&self) -> Result<People> {
        let people = self.store.operator().people().await?;
        people.into_iter().map(|person| self.open(person)).collect::<Result<_>>().map(People)
    }

    /// The one person with this username or id.
    pub(super) async fn find(&self, user: &str) -> Result<User> {
        let id = match user.parse::<AccountId>() {
            Ok(id) => Some(id),
            Err(_) => match Username::parse(user) {
                Ok(name) => {
                    let found = self.store.accounts().by_username(self.keys.username_index(&name)).await?;
                    found.map(|account| account.member.account)
                }
                Err(_) => None,
            },
        };
        let people = self.people().await?.0;
        people.into_iter().find(|person| Some(person.id) == id).ok_or_else(|| {
            Error::new(Kind::NotFound, "no-such-user", format!("There is no user {user:?}."))
                .hint("`callqr user list` shows them all.")
        })
    }

    fn open(&self, person: Person) -> Result<User> {
        let Person { member, username_sealed, disabled, created_at, last_used_at, sessions } = person;
        Ok(User {
            id: member.account,
            username: self.keys.open_field(Field::Username, member.account.as_bytes(), &username_sealed)?,
            household: member.household,
            administrator: member.administrator,
            disabled,
            created_at,
            last_seen_day: last_used_at.map(time::day),
            sessions,
        })
    }
}
