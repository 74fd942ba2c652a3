//! What goes into the switchboard and what comes out.

use std::time::Duration;

use super::CloseReason;
use super::bucket::Rate;
use super::grant::{Grant, PresenceGrant};
use super::wire::{FromClient, ToClient};
use crate::domain::call::EndedCall;
use crate::domain::ids::{AnonymousId, CallId, HouseholdId, SessionId, TagId};

/// Names one WebSocket connection; the driver never uses a number twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(pub u64);

/// Times and bounds. The defaults are the numbers of `README.md`.
#[derive(Debug, Clone)]
pub struct SignalOptions {
    /// How long devices ring.
    pub ring_time: Duration,
    /// The longest call, from the answer on.
    pub max_duration: Duration,
    /// How long before its end a call is told.
    pub warning: Duration,
    /// How long a call may be placed before its caller's first connection.
    pub first_connection: Duration,
    /// How long a lost caller may stay away while it rings.
    pub caller_return: Duration,
    /// How long a device is looked for while none can be reached.
    pub search: Duration,
    /// How long a device that is rung may take to show that it rings.
    pub show: Duration,
    /// How long a lost side may stay away while talking.
    pub talking_return: Duration,
    /// How long a device that went away is remembered.
    pub presence_return: Duration,
    /// The most calls whose callers have come.
    pub max_calls: usize,
    /// The most devices that are connected or remembered.
    pub max_devices: usize,
    /// The most devices of one household.
    pub max_devices_per_household: usize,
    /// The most connections of all kinds.
    pub max_connections: usize,
    /// What one connection may send.
    pub rate: Rate,
    /// Whether to remember a digest of the DTLS fingerprints until the end of a call.
    pub fingerprints: bool,
    /// The most bytes of one message from a connection, at most [`wire::MAX_MESSAGE`](super::wire::MAX_MESSAGE).
    pub max_message: usize,
    /// The most bytes that wait to be sent to one connection.
    pub max_queue: usize,
}

impl Default for SignalOptions {
    fn default() -> Self {
        Self {
            ring_time: Duration::from_secs(45),
            max_duration: Duration::from_secs(30 * 60),
            warning: Duration::from_secs(60),
            first_connection: Duration::from_secs(30),
            caller_return: Duration::from_secs(10),
            search: Duration::from_secs(5),
            show: Duration::from_secs(8),
            talking_return: Duration::from_secs(30),
            presence_return: Duration::from_secs(10 * 60),
            max_calls: 1024,
            max_devices: 8192,
            max_devices_per_household: 16,
            max_connections: 10_000,
            rate: Rate { burst: 200, per_second: 20 },
            fingerprints: false,
            max_message: super::wire::MAX_MESSAGE,
            max_queue: 256 * 1024,
        }
    }
}

/// Where there is no room for another device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The household has as many as it may have, all of them connected.
    Household,
    /// So has the server.
    Server,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum Input {
    /// Somebody came to a call with a good ticket.
    JoinCall {
        /// The new connection.
        connection: ConnectionId,
        /// What the ticket says.
        grant: Grant,
        /// The ticket was made by an earlier process.
        from_before: bool,
        /// The page has no peer connection.
        fresh: bool,
    },
    /// A device came with a good ticket, made by this process.
    JoinPresence {
        /// The new connection.
        connection: ConnectionId,
        /// What the ticket says.
        grant: PresenceGrant,
    },
    /// A connection sent a message.
    Message {
        /// The connection.
        connection: ConnectionId,
        /// What.
        message: FromClient,
        /// How long it was on the wire.
        bytes: usize,
    },
    /// A connection did what it must not do.
    Fault {
        /// The connection.
        connection: ConnectionId,
        /// What is wrong.
        reason: CloseReason,
    },
    /// A connection is gone.
    Disconnected {
        /// The connection.
        connection: ConnectionId,
    },
    /// The tag was paused or revoked.
    WithdrawTag(TagId),
    /// A note came for the household, was opened or was deleted.
    NotesChanged(HouseholdId),
    /// Somebody of the household asked to be let into its vault, or was let in.
    MembersChanged(HouseholdId),
    /// The session was ended.
    EndSession(SessionId),
    /// The session was given new secrets: what was connected and what was made by the old ones is worth nothing, but the
    /// device keeps its place and may come back by the new ones.
    RenewSession(SessionId),
    /// The server stops.
    Shutdown,
    /// Time has passed.
    Timeout,
}

/// What is to be done, in this order.
#[derive(Debug, Clone)]
pub enum Output {
    /// Let both participants use the relay, before anything that follows.
    Admit {
        /// The call.
        call_id: CallId,
        /// Caller and owner.
        participants: [AnonymousId; 2],
        /// After that the call is over in any case.
        lifetime: Duration,
    },
    /// The call is over: take the relay away.
    Revoke {
        /// The call.
        call_id: CallId,
    },
    /// A call that had started ringing is over: for those who keep a record of it.
    Over(EndedCall),
    /// Greet somebody on a call, with a ticket for `grant`.
    Welcome {
        /// To whom.
        connection: ConnectionId,
        /// The next ticket.
        grant: Grant,
        /// Whether the other side's signalling is connected.
        peer_connected: bool,
    },
    /// Greet a device, with a ticket for `grant`.
    PresenceWelcome {
        /// To whom.
        connection: ConnectionId,
        /// The next ticket.
        grant: PresenceGrant,
    },
    /// Ring a device over presence, with a ticket for `grant`.
    Ring {
        /// To whom.
        connection: ConnectionId,
        /// The device's place on the call.
        grant: Grant,
        /// How much longer it rings.
        remaining: Duration,
    },
    /// Tell the caller of the answer, with a ticket for `grant`.
    Answered {
        /// To whom.
        connection: ConnectionId,
        /// The next ticket.
        grant: Grant,
    },
    /// Tell the device that it was first, with a ticket for `grant`.
    Accepted {
        /// To whom.
        connection: ConnectionId,
        /// The next ticket.
        grant: Grant,
    },
    /// Send a message that needs nothing more.
    Send {
        /// To whom.
        connection: ConnectionId,
        /// What.
        message: ToClient,
    },
    /// Close; nothing follows for this connection.
    Close {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        reason: CloseReason,
    },
}
