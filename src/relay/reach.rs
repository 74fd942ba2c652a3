//! Where this machine reaches its own listeners, if it does at all.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// How long a packet of the machine to itself may take.
const LOOP_TIMEOUT: Duration = Duration::from_millis(200);

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// That of an address.
    pub const fn of(address: SocketAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// Where to connect to reach a listener from this machine itself. A listener on every address of its family is reached
/// through loopback, or through another address. `None` when the machine has no address of the family that it reaches
/// itself by: that nothing comes back then is no fault of the listener's.
pub fn reach(listening: SocketAddr) -> Option<SocketAddr> {
    let at = |ip| SocketAddr::new(ip, listening.port());
    if !listening.ip().is_unspecified() {
        return Some(listening);
    }
    let loopback: IpAddr = if listening.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    if is_ours(loopback) {
        return Some(at(loopback));
    }
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let usable = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => listening.is_ipv4() && !ip.is_link_local(),
        IpAddr::V6(ip) => listening.is_ipv6() && !ip.is_unicast_link_local(),
    };
    interfaces.iter().map(if_addrs::Interface::ip).find(|ip| usable(ip) && is_ours(*ip)).map(at)
}

/// Whether this machine has the address now, and reaches itself by it: an address of IPv6 is there and leads nowhere
/// while IPv6 is off for the loopback interface.
fn is_ours(ip: IpAddr) -> bool {
    let loops = || {
        let socket = UdpSocket::bind((ip, 0))?;
        socket.set_read_timeout(Some(LOOP_TIMEOUT))?;
        socket.connect(socket.local_addr()?)?;
        socket.send(&[0])?;
        socket.recv(&mut [0])
    };
    loops().is_ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn reached(listening: &str) -> Option<String> {
        reach(listening.parse().unwrap()).map(|address| address.to_string())
    }

    #[test]
    fn every_address_is_reached_through_loopback_and_one_address_as_it_is() {
        assert_eq!(reached("0.0.0.0:8443").as_deref(), Some("127.0.0.1:8443"));
        // An address that was bound and is gone is a fault, not something that the machine never had.
        assert_eq!(reached("192.0.2.1:8443").as_deref(), Some("192.0.2.1:8443"));
        assert!(!is_ours("192.0.2.1".parse().unwrap()));
    }
}
