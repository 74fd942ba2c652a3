//! Binds the one port, for TCP; the relay binds the same number for UDP.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::TcpListener;

use crate::domain::{Error, Kind, Result};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 1024;
/// The code of the error for a port that another program has.
pub const IN_USE: &str = "port-in-use";

/// Ports that are drawn until one is free for TCP and UDP and in both families.
const TRIES: usize = 20;

/// Listens as [`listen`] does, and has `udp` bind the same addresses. Where the system is to draw a port, it looks at
/// one protocol and one family alone: when the port is taken in another, the next one is drawn.
///
/// # Errors
/// As [`listen`].
pub fn listen_both<T>(
    addresses: &[SocketAddr],
    udp: impl Fn(Vec<SocketAddr>) -> io::Result<T>,
) -> Result<(Vec<TcpListener>, T)> {
    let is_drawn = addresses.iter().any(|address| address.port() == 0);
    let mut tries = 0;
    loop {
        tries += 1;
        match try_both(addresses, &udp) {
            Err(error) if is_drawn && error.code == IN_USE && tries < TRIES => {}
            result => return result,
        }
    }
}

/// Listens on each address. Port 0 is a free port, the same for all. Where a machine has no IPv6, or no IPv4, the
/// addresses of that family are left out, as long as one remains.
///
/// # Errors
/// `port-in-use` and similar, with the remedy.
pub fn listen(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    let mut missing = None;
    for address in addresses {
        let mut address = *address;
        if let Some(first) = listeners.first().filter(|_| address.port() == 0) {
            address.set_port(first.local_addr().map_err(Error::internal)?.port());
        }
        match bind(address) {
            Ok(listener) => listeners.push(listener),
            Err(error) if is_missing_family(&address, &error) => missing = Some((address, error)),
            Err(error) => return Err(explain("TCP", address, &error)),
        }
    }
    match missing {
        Some((address, error)) if listeners.is_empty() => Err(explain("TCP", address, &error)),
        Some((address, _)) => {
            let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
            tracing::info!(%address, "not listening there: this machine has no {family}");
            Ok(listeners)
        }
        None => Ok(listeners),
    }
}

/// Whether [`listen`] would succeed, and with `udp` whether the same addresses can be bound for UDP; nothing listens.
///
/// # Errors
/// As [`listen`].
pub fn probe(addresses: &[SocketAddr], udp: bool) -> Result<()> {
    // Kept until all are bound: two of them may be in each other's way.
    let mut bound = Vec::new();
    let mut missing = None;
    for address in addresses {
        let tcp = || -> io::Result<Socket> {
            let socket = Socket::new(Domain::for_address(*address), Type::STREAM, Some(Protocol::TCP))?;
            prepare(&socket, *address)?;
            Ok(socket)
        };
        let datagrams = || -> io::Result<Socket> {
            let socket = Socket::new(Domain::for_address(*address), Type::DGRAM, Some(Protocol::UDP))?;
            if address.is_ipv6() {
                socket.set_only_v6(true)?;
            }
            socket.bind(&(*address).into())?;
            Ok(socket)
        };
        match tcp() {
            Ok(socket) => bound.push(socket),
            Err(error) if is_missing_family(address, &error) => {
                missing = Some((address, error));
                continue;
            }
            Err(error) => return Err(explain("TCP", *address, &error)),
        }
        if udp && address.port() != 0 {
            bound.push(datagrams().map_err(|error| explain("UDP", *address, &error))?);
        }
    }
    match missing {
        Some((address, error)) if bound.is_empty() => Err(explain("TCP", *address, &error)),
        _ => Ok(()),
    }
}

fn try_both<T>(
    addresses: &[SocketAddr],
    udp: impl Fn(Vec<SocketAddr>) -> io::Result<T>,
) -> Result<(Vec<TcpListener>, T)> {
    let listeners = listen(addresses)?;
    let bound: io::Result<Vec<_>> = listeners.iter().map(TcpListener::local_addr).collect();
    let bound = bound.map_err(Error::internal)?;
    let first = bound[0];
    let udp = udp(bound).map_err(|error| explain("UDP", first, &error))?;
    Ok((listeners, udp))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    prepare(&socket, address)?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn prepare(socket: &Socket, address: SocketAddr) -> io::Result<()> {
    // IPv4 clients have a socket of their own, so their addresses never look like IPv6.
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    // A restart must not wait for the connections of the last run to be forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())
}

/// Whether the machine has no address of this family at all, not only this one.
fn is_missing_family(address: &SocketAddr, error: &io::Error) -> bool {
    let loopback: IpAddr = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    let is_missing = || {
        let is_everywhere = address.ip().is_unspecified();
        is_everywhere || std::net::UdpSocket::bind((loopback, 0)).is_err()
    };
    // EAFNOSUPPORT has no ErrorKind: IPv6 switched off in the kernel.
    error.raw_os_error() == Some(97) || (error.kind() == ErrorKind::AddrNotAvailable && is_missing())
}

/// What it means for the operator that an address cannot be bound.
pub fn explain(protocol: &str, address: SocketAddr, error: &io::Error) -> Error {
    let (ip, port) = (address.ip(), address.port());
    match error.kind() {
        ErrorKind::AddrInUse => Error::new(
            Kind::Conflict,
            IN_USE,
            format!("{protocol} port {port} is in use by another program."),
        )
        .hint(format!(
            "Stop that program (`ss -lp sport = :{port}` names it), or choose another port: --listen '[::]:9443'."
        )),
        ErrorKind::PermissionDenied => Error::new(
            Kind::Forbidden,
            "port-forbidden",
            format!("This user is not allowed to listen on {protocol} port {port}."),
        )
        .hint("Choose port 1024 or higher, such as --listen '[::]:8443', or grant the program CAP_NET_BIND_SERVICE."),
        ErrorKind::AddrNotAvailable => {
            Error::new(Kind::Invalid, "no-such-address", format!("This machine does not have the address {ip}."))
                .hint("Listen on all addresses: --listen '[::]:8443'.")
        }
        _ => Error::new(
            Kind::Unavailable,
            "cannot-listen",
            format!("{protocol} port {port} on {ip} cannot be opened: {error}."),
        )
        .hint("Choose another address or port with --listen."),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::net::UdpSocket;

    #[tokio::test]
    async fn all_addresses_get_the_same_free_port() {
        let any: Vec<SocketAddr> = vec!["[::]:0".parse().unwrap(), "0.0.0.0:0".parse().unwrap()];
        let (listeners, ()) = listen_both(&any, |_| Ok(())).unwrap();
        let ports: Vec<u16> = listeners.iter().map(|l| l.local_addr().unwrap().port()).collect();
        assert!(!ports.is_empty() && ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
    }

    #[tokio::test]
    async fn a_port_in_use_is_told_with_the_remedy() {
        let first = listen(&["127.0.0.1:0".parse().unwrap()]).unwrap();
        let taken = first[0].local_addr().unwrap();
        let error = listen(&[taken]).unwrap_err();
        assert_eq!(error.code, "port-in-use");
        assert!(error.message.contains(&taken.port().to_string()) && error.hint.contains("--listen"));
    }

    #[tokio::test]
    async fn another_port_is_drawn_when_udp_has_no_room_on_the_first() {
        let (calls, taken) = (Cell::new(0), RefCell::new(None));
        let udp = |addresses: Vec<SocketAddr>| {
            calls.set(calls.get() + 1);
            taken.borrow_mut().get_or_insert_with(|| UdpSocket::bind(addresses[0]).unwrap());
            UdpSocket::bind(addresses[0])
        };
        let (listeners, socket) = listen_both(&["127.0.0.1:0".parse().unwrap()], udp).unwrap();
        let address = socket.local_addr().unwrap();
        assert_eq!(listeners[0].local_addr().unwrap(), address);
        assert_ne!(taken.borrow().as_ref().unwrap().local_addr().unwrap(), address);
        assert!(calls.get() >= 2);
    }

    #[tokio::test]
    async fn a_port_that_was_asked_for_is_tried_once() {
        // At an address of its own: tests beside this one may hold the TCP port of the same number.
        let udp = UdpSocket::bind("127.0.0.72:0").unwrap();
        let address = udp.local_addr().unwrap();
        let calls = Cell::new(0);
        let again = |addresses: Vec<SocketAddr>| {
            calls.set(calls.get() + 1);
            UdpSocket::bind(addresses[0])
        };
        let error = listen_both(&[address], again).unwrap_err();
        assert_eq!((error.code, calls.get()), (IN_USE, 1));
        assert!(error.message.starts_with("UDP port"), "{}", error.message);
    }

    #[tokio::test]
    async fn an_address_of_another_machine_is_refused() {
        assert_eq!(listen(&["192.0.2.1:0".parse().unwrap()]).unwrap_err().code, "no-such-address");
    }
}
