//! UDP sockets: one per listener and shard, all shards on one port.

use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

use super::mmsg::{self, Outgoing, Sender};

/// Asked for, as far as the system's maximum allows: two hundred milliseconds of a hundred thousand packets a second.
const BUFFER: usize = 4 << 20;
/// Tries to find a port that is free for every listener.
const TRIES: usize = 20;

/// One bound UDP socket.
#[derive(Debug)]
pub struct Listener {
    pub socket: UdpSocket,
    pub address: SocketAddr,
}

impl Listener {
    fn new(socket: UdpSocket) -> io::Result<Self> {
        mmsg::prepare(&socket)?;
        Ok(Self { address: socket.local_addr()?, socket })
    }

    /// The same socket once more.
    pub fn share(&self) -> io::Result<Self> {
        Self::new(self.socket.try_clone()?)
    }

    /// The source to send from. Bound to all addresses, the system would choose it by the route; an answer must come
    /// from where the client sent to.
    pub fn source(&self, local: IpAddr) -> Option<IpAddr> {
        self.address.ip().is_unspecified().then_some(local)
    }

    /// Sends one datagram.
    pub fn send(&self, to: SocketAddr, from: IpAddr, bytes: &[u8]) -> io::Result<()> {
        match self.source(from) {
            None => self.socket.send_to(bytes, to).map(drop),
            from => {
                let packet = Outgoing { to, from, bytes, segment: bytes.len() };
                Sender::new(1).send(&self.socket, &[packet]).map(drop)
            }
        }
    }
}

/// Binds `shards` sockets for each address; the result is by shard.
pub fn listeners(addresses: &[SocketAddr], shards: usize) -> io::Result<Vec<Vec<Listener>>> {
    let mut tries = 0;
    loop {
        match try_listeners(addresses, shards) {
            // A free port of one family was taken in the other: draw another one.
            Err(error)
                if error.kind() == io::ErrorKind::AddrInUse
                    && tries < TRIES
                    && addresses.iter().any(|a| a.port() == 0) =>
            {
                tries += 1
            }
            result => return result,
        }
    }
}

fn try_listeners(addresses: &[SocketAddr], shards: usize) -> io::Result<Vec<Vec<Listener>>> {
    let mut by_shard: Vec<Vec<Listener>> = (0..shards.max(1)).map(|_| Vec::new()).collect();
    let mut drawn = 0;
    for address in addresses {
        let mut address = *address;
        if address.port() == 0 {
            address.set_port(drawn);
        }
        // Alone first: sharing the port among the shards would share it with a second callqr as well.
        let alone = open(address, false)?;
        address = alone.local_addr()?;
        drop(alone);
        drawn = address.port();
        for shard in &mut by_shard {
            shard.push(Listener::new(open(address, true)?)?);
        }
    }
    Ok(by_shard)
}

fn open(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    if shared {
        socket.set_reuse_port(true)?;
        // The system may grant less; then bursts are shorter, which is no reason not to start.
        let _ = socket.set_recv_buffer_size(BUFFER);
        let _ = socket.set_send_buffer_size(BUFFER);
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_shards_and_both_families_share_one_free_port() {
        let bound = listeners(&["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()], 3).unwrap();
        let ports: std::collections::BTreeSet<u16> = bound.iter().flatten().map(|l| l.address.port()).collect();
        assert_eq!((bound.len(), bound[0].len(), ports.len()), (3, 2, 1));
        assert_ne!(ports.first(), Some(&0));
    }

    #[test]
    fn a_port_that_another_server_has_is_refused() {
        let first = listeners(&["127.0.0.1:0".parse().unwrap()], 2).unwrap();
        let second = listeners(&[first[0][0].address], 2);
        assert_eq!(second.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    }
}
