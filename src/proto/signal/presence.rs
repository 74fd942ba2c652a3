//! The owners' devices: who can be rung.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::io::{ConnectionId, Full, Options, PresenceSeat};
use super::leg::Leg;
use crate::domain::ids::{HouseholdId, LoginId};

/// One log-in of one device, connected or gone for a short while.
#[derive(Debug)]
pub struct Device {
    /// Whose it is.
    pub household: HouseholdId,
    /// Its presence connection.
    pub leg: Leg,
}

/// All devices.
#[derive(Debug, Default)]
pub struct Presence {
    devices: HashMap<LoginId, Device>,
    households: HashMap<HouseholdId, BTreeSet<LoginId>>,
}

impl Presence {
    /// Makes room for a device and a ticket for it; says which device lost its place.
    ///
    /// # Errors
    /// [`Full`] when as many devices as may be are connected; one that is away gives its place to a new one.
    pub fn enlist(
        &mut self,
        household: HouseholdId,
        login: LoginId,
        options: &Options,
        now: Instant,
    ) -> Result<(PresenceSeat, Option<LoginId>), Full> {
        let mut evicted = None;
        if !self.devices.contains_key(&login) {
            if self.of(household).len() >= options.max_devices_per_household {
                let longest_away = self.of(household).into_iter().filter_map(|l| Some((self.away_since(l)?, l))).min();
                evicted = Some(longest_away.ok_or(Full)?.1);
                evicted.map(|login| self.forget(login));
            }
            if self.devices.len() >= options.max_devices {
                return Err(Full);
            }
            self.households.entry(household).or_default().insert(login);
        }
        let device = self.devices.entry(login).or_insert_with(|| Device { household, leg: Leg::new(now) });
        Ok((PresenceSeat { household, login, generation: device.leg.issue() }, evicted))
    }

    /// A device that is connected or remembered.
    pub fn device(&mut self, login: LoginId) -> Option<&mut Device> {
        self.devices.get_mut(&login)
    }

    /// Where to ring a device; `None` while it is not connected.
    pub fn connection(&self, login: LoginId) -> Option<ConnectionId> {
        self.devices.get(&login)?.leg.connection()
    }

    /// Since when a device is away.
    pub fn away_since(&self, login: LoginId) -> Option<Instant> {
        self.devices.get(&login)?.leg.away_since()
    }

    /// The devices of a household.
    pub fn of(&self, household: HouseholdId) -> Vec<LoginId> {
        self.households.get(&household).into_iter().flatten().copied().collect()
    }

    /// The device does not exist any more, and its tickets are worthless.
    pub fn forget(&mut self, login: LoginId) -> Option<Device> {
        let device = self.devices.remove(&login)?;
        if let Some(logins) = self.households.get_mut(&device.household) {
            logins.remove(&login);
            if logins.is_empty() {
                self.households.remove(&device.household);
            }
        }
        Some(device)
    }

    /// The devices that can be rung now.
    pub fn connected(&self) -> impl Iterator<Item = LoginId> {
        self.devices.iter().filter(|(_, device)| device.leg.connection().is_some()).map(|(login, _)| *login)
    }
}
