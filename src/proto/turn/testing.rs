//! Fixtures for the tests of the machine.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Instant;

use super::client::Client;

/// A moment to begin at. No test depends on which.
pub fn start() -> Instant {
    Instant::now()
}

/// The `n`th UDP client.
pub fn udp(n: u8) -> Client {
    let peer = SocketAddr::from(([192, 0, 2, n], 40_000 + u16::from(n)));
    Client::Udp { peer, local: IpAddr::V4(Ipv4Addr::LOCALHOST), listener: 0 }
}
