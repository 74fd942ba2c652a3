//! The owners' devices: who can be rung.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use super::grant::PresenceGrant;
use super::io::{ConnectionId, Full, SignalOptions};
use super::participant_link::ParticipantLink;
use crate::domain::ids::{HouseholdId, SessionId};

/// One session of one device, connected or gone for a short while.
#[derive(Debug)]
pub struct Device {
    /// Whose it is.
    pub household: HouseholdId,
    /// Its presence connection.
    pub link: ParticipantLink,
}

/// All devices.
#[derive(Debug, Default)]
pub struct Presence {
    devices: HashMap<SessionId, Device>,
    households: HashMap<HouseholdId, BTreeSet<SessionId>>,
}

impl Presence {
    /// Makes room for a device and a ticket for it; says which device lost its place.
    ///
    /// # Errors
    /// [`Full`] when as many devices as may be are connected; one that is away gives its place to a new one.
    pub fn enlist(
        &mut self,
        household: HouseholdId,
        session: SessionId,
        options: &SignalOptions,
        now: Instant,
    ) -> Result<(PresenceGrant, Option<SessionId>), Full> {
        let mut evicted = None;
        if !self.devices.contains_key(&session) {
            if self.of(household).len() >= options.max_devices_per_household {
                let longest_away = self.of(household).into_iter().filter_map(|l| Some((self.away_since(l)?, l))).min();
                evicted = Some(longest_away.ok_or(Full::Household)?.1);
                evicted.map(|session| self.forget(session));
            }
            if self.devices.len() >= options.max_devices {
                return Err(Full::Server);
            }
            self.households.entry(household).or_default().insert(session);
        }
        let device =
            self.devices.entry(session).or_insert_with(|| Device { household, link: ParticipantLink::new(now) });
        Ok((PresenceGrant { household, session, generation: device.link.issue() }, evicted))
    }

    /// A device that is connected or remembered.
    pub fn device(&mut self, session: SessionId) -> Option<&mut Device> {
        self.devices.get_mut(&session)
    }

    /// Where to ring a device; `None` while it is not connected.
    pub fn connection(&self, session: SessionId) -> Option<ConnectionId> {
        self.devices.get(&session)?.link.connection()
    }

    /// Since when a device is away.
    pub fn away_since(&self, session: SessionId) -> Option<Instant> {
        self.devices.get(&session)?.link.away_since()
    }

    /// The devices of a household.
    pub fn of(&self, household: HouseholdId) -> Vec<SessionId> {
        self.households.get(&household).into_iter().flatten().copied().collect()
    }

    /// The device no longer exists, and its tickets stop working.
    pub fn forget(&mut self, session: SessionId) -> Option<Device> {
        let device = self.devices.remove(&session)?;
        if let Some(call_ids) = self.households.get_mut(&device.household) {
            call_ids.remove(&session);
            if call_ids.is_empty() {
                self.households.remove(&device.household);
            }
        }
        Some(device)
    }

    /// The devices that can be rung now.
    pub fn connected(&self) -> impl Iterator<Item = SessionId> {
        self.devices.iter().filter(|(_, device)| device.link.connection().is_some()).map(|(session, _)| *session)
    }
}
