//! Why the server closes a connection: the table of close codes in `README.md`.

use super::wire::ToClient;

/// Why a connection ends, whichever side is to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// The call ended; `ended` was sent before.
    Ended,
    /// Frames that RFC 6455 forbids.
    BadFrame,
    /// Text that is not UTF-8.
    NotText,
    /// A message of more than 64 KiB.
    TooLarge,
    /// The server stops; the call may go on with the server that follows.
    Restarting,
    /// As many connections as the server takes are open.
    Overloaded,
    /// Not JSON, not a message, or not one that this side may send now.
    BadMessage,
    /// No ticket in time, or not a ticket for this.
    BadTicket,
    /// A ticket that a later connection has replaced, or that is too old.
    TicketSpent,
    /// The call is over or was never made.
    NoSuchCall,
    /// The connection did not take its messages, or did not answer pings.
    TooSlow,
    /// The same participant connected again.
    Replaced,
    /// The session that this device stands for has ended.
    LoggedOut,
    /// A candidate or description that would show an address.
    NotRelayed,
    /// More messages than a call needs.
    TooMany,
}

impl CloseReason {
    /// The WebSocket close code (RFC 6455, 7.4; 4000 and up are ours).
    pub const fn code(self) -> u16 {
        match self {
            Self::Ended => 1000,
            Self::BadFrame => 1002,
            Self::NotText => 1007,
            Self::TooLarge => 1009,
            Self::Restarting => 1012,
            Self::Overloaded => 1013,
            Self::BadMessage => 4400,
            Self::BadTicket => 4401,
            Self::LoggedOut => 4402,
            Self::TicketSpent => 4403,
            Self::NoSuchCall => 4404,
            Self::TooSlow => 4408,
            Self::Replaced => 4409,
            Self::NotRelayed => 4422,
            Self::TooMany => 4429,
        }
    }

    /// The `error` message that goes before the close; `None` where nothing went wrong.
    pub fn error(self) -> Option<ToClient> {
        let (code, message, hint) = match self {
            Self::Ended | Self::Restarting => return None,
            Self::BadFrame => (
                "bad-frame",
                "A frame doesn't follow the WebSocket protocol (RFC 6455).",
                "Use a browser's WebSocket or a maintained library.",
            ),
            Self::NotText => ("not-text", "A text message wasn't valid UTF-8.", "Send text as UTF-8."),
            Self::TooLarge => ("too-large", "A message was larger than 64 KiB.", "Send smaller messages."),
            Self::Overloaded => ("overloaded", "The server has reached its connection limit.", "Try again later."),
            Self::BadMessage => (
                "bad-message",
                "A message wasn't understood, or isn't allowed right now.",
                "Reload the page: it may be older than the server.",
            ),
            Self::BadTicket => (
                "bad-ticket",
                "The connection didn't start with a ticket for this call or device.",
                "Send hello with the newest ticket within 10 seconds.",
            ),
            Self::TicketSpent => (
                "ticket-spent",
                "This ticket was already used or is too old.",
                "Use the ticket from the latest welcome, or ask for a new one.",
            ),
            Self::NoSuchCall => ("no-such-call", "This call is over.", "Scan the sticker again to make another call."),
            Self::TooSlow => (
                "too-slow",
                "The connection didn't read its messages or answer pings.",
                "Connect again with the newest ticket.",
            ),
            Self::Replaced => ("replaced", "The same participant connected again.", "Continue on the newer page."),
            Self::LoggedOut => ("logged-out", "This device was logged out.", "Log in again to be called."),
            Self::NotRelayed => (
                "not-relayed",
                "A candidate or description would have revealed an address, or doesn't belong in a call.",
                "Use iceTransportPolicy \"relay\" with this call's iceServers.",
            ),
            Self::TooMany => ("too-many", "Too many messages were sent.", "Wait a moment, then connect again."),
        };
        Some(ToClient::Error { code, message, hint })
    }
}
