//! What one caller, one call and one stranger may cost.

use std::time::Duration;

/// The limits of the TURN machine. `Default` is what the packages ship.
#[derive(Debug, Clone)]
pub struct Limits {
    /// AllocationTable admitted at the same time; at most [`super::address::CALLS`].
    pub calls: usize,
    /// Allocations of one participant at the same time, at most 127; one more takes the place of the one that has been
    /// silent for longest. A phone with IPv4 and IPv6 makes six for each ICE restart (UDP, TCP and TLS from each
    /// address), and those of a network that it has left would stay until they expire.
    pub allocations_per_participant: usize,
    /// Channels of one allocation at the same time (508 beyond).
    pub channels_per_allocation: usize,
    /// Peers in one CreatePermission request (508 beyond).
    pub permissions_per_request: usize,
    /// The longest lifetime granted, and the default one (RFC 8656, section 7.2).
    pub lifetime: Duration,
    /// How long a nonce is good.
    pub nonce_lifetime: Duration,
    /// Media bits per second from one participant of a call to the other; `None` is without limit.
    pub bits_per_second: Option<u64>,
    /// How much of `bits_per_second` may come at once.
    pub burst: Duration,
    /// Media bytes of one call in both directions; `None` is without limit.
    pub bytes_per_call: Option<u64>,
    /// Answers per second to what has not authenticated, per source (an IPv4 address, an IPv6 /64).
    pub answers_per_source: u32,
    /// Answers per second to what has not authenticated, in all: to datagrams, as many to streams, and as many to sources
    /// with a live call.
    pub answers_in_all: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            calls: 20_000,
            allocations_per_participant: 8,
            channels_per_allocation: 10,
            permissions_per_request: 10,
            lifetime: Duration::from_secs(600),
            nonce_lifetime: Duration::from_secs(3600),
            bits_per_second: Some(2_500_000),
            burst: Duration::from_millis(500),
            bytes_per_call: Some(2 << 30),
            answers_per_source: 10,
            answers_in_all: 2_000,
        }
    }
}
