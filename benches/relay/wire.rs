//! How the clients reach the server: many addresses on one UDP socket, or a connection for each client.

mod datagrams;
mod streams;

use std::io;
use std::net::SocketAddr;

pub use datagrams::Datagrams;
pub use streams::Streams;

/// What carries the packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// The network side of all clients; each has a number from 0 up.
pub trait Wire {
    /// Sends packets of `one` bytes each; whether they were taken.
    fn send(&mut self, client: usize, packets: &[u8], one: usize) -> bool;

    /// Takes in what is there without waiting: `found` gets each packet, and who received it.
    fn receive(&mut self, found: &mut dyn FnMut(usize, &[u8]));

    /// A client's own address, for the server that has no other way to learn it.
    fn address(&self, client: usize) -> SocketAddr;
}

/// Opens the network side of so many clients.
pub fn open(transport: Transport, server: SocketAddr, clients: usize) -> io::Result<Box<dyn Wire>> {
    Ok(match transport {
        Transport::Udp => Box::new(Datagrams::open(server)?),
        Transport::Tcp => Box::new(Streams::open(server, clients, false)?),
        Transport::Tls => Box::new(Streams::open(server, clients, true)?),
    })
}
