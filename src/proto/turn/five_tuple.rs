//! Who is at the far end of a listener: the 5-tuple (RFC 8656, section 3).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// A client's 5-tuple, as a key. `Debug` tells the transport alone: addresses reach no log.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum FiveTuple {
    /// A source of datagrams.
    Udp {
        /// The client's address and port.
        peer: SocketAddr,
        /// The server's address that the client sends to, and answers must come from.
        local: IpAddr,
        /// Which of the server's sockets that is, by its place in the list of listeners.
        listener: u8,
    },
    /// A TCP or TLS connection.
    Stream {
        /// Unique among all connections of this run: a peer may connect again from the same port.
        id: u64,
        /// The client's address and port.
        peer: SocketAddr,
    },
}

impl FiveTuple {
    /// The client's address and port.
    pub fn peer(&self) -> SocketAddr {
        match *self {
            Self::Udp { peer, .. } | Self::Stream { peer, .. } => peer,
        }
    }

    /// Whether packets to it travel in a stream, where ChannelData is padded.
    pub fn is_stream(&self) -> bool {
        matches!(self, Self::Stream { .. })
    }
}

impl fmt::Debug for FiveTuple {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_stream() { "stream client" } else { "udp client" })
    }
}
