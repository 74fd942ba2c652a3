//! One participant's line to the server: its connection, since when it has none, and which tickets are still good.

use std::time::Instant;

use super::CloseReason;
use super::io::ConnectionId;

/// A link of a call, or a device's presence.
#[derive(Debug)]
pub struct ParticipantLink {
    connection: Option<ConnectionId>,
    /// Since when there is no connection; `None` while there is one.
    away_since: Option<Instant>,
    /// The generation of the next ticket.
    next: u32,
    /// Tickets of lower generations are worthless.
    spent_below: u32,
}

impl ParticipantLink {
    /// A link that has not connected.
    pub fn new(now: Instant) -> Self {
        Self { connection: None, away_since: Some(now), next: 0, spent_below: 0 }
    }

    /// The connection, while there is one.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    /// Since when there is no connection.
    pub fn away_since(&self) -> Option<Instant> {
        self.away_since
    }

    /// The generation of a new ticket.
    pub fn issue(&mut self) -> u32 {
        let generation = self.next;
        self.next = self.next.saturating_add(1);
        generation
    }

    /// Connects with a ticket of `generation`; answers the connection that it replaces.
    ///
    /// # Errors
    /// [`CloseReason::TicketSpent`] when a later ticket is known to have arrived.
    pub fn attach(&mut self, connection: ConnectionId, generation: u32) -> Result<Option<ConnectionId>, CloseReason> {
        if generation < self.spent_below {
            return Err(CloseReason::TicketSpent);
        }
        // A participant who shows a ticket received it, so every earlier one has done its job. The ticket itself stays good
        // until `confirm`, because its welcome may be lost.
        self.spent_below = generation;
        self.next = self.next.max(generation.saturating_add(1));
        self.away_since = None;
        Ok(self.connection.replace(connection))
    }

    /// The welcome to a ticket of `generation` has arrived: the ticket is spent.
    pub fn confirm(&mut self, generation: u32) {
        self.spent_below = self.spent_below.max(generation.saturating_add(1));
    }

    /// All existing tickets stop working, and a connected participant must return with a new one. Returns
    /// the connection to close.
    pub fn renew(&mut self, now: Instant) -> Option<ConnectionId> {
        self.spent_below = self.next;
        let gone = self.connection.take();
        if gone.is_some() {
            self.away_since = Some(now);
        }
        gone
    }

    /// The connection is gone; answers whether it was this link's.
    pub fn detach(&mut self, connection: ConnectionId, now: Instant) -> bool {
        let ours = self.connection == Some(connection);
        if ours {
            self.connection = None;
            self.away_since = Some(now);
        }
        ours
    }
}
