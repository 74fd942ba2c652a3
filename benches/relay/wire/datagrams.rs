//! One socket for all clients: every client has an address of 127.0.0.0/8 of its own, and all of them are this machine's.
//! So the number of clients costs no files, and a packet costs the load the same however many they are.

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};

use super::Wire;

/// The first client's address.
const FIRST: u32 = u32::from_be_bytes([127, 1, 0, 0]);
const MAX_DATAGRAM: usize = 65_536;

pub struct Datagrams {
    socket: UdpSocket,
    state: UdpSocketState,
    server: SocketAddr,
    port: u16,
    buffer: Vec<u8>,
}

impl Datagrams {
    pub fn open(server: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(4 << 20);
        let _ = socket2::SockRef::from(&socket).set_send_buffer_size(4 << 20);
        let (state, port) = (UdpSocketState::new((&socket).into())?, socket.local_addr()?.port());
        Ok(Self { socket, state, server, port, buffer: vec![0; BATCH_SIZE * MAX_DATAGRAM] })
    }
}

impl Wire for Datagrams {
    fn send(&mut self, client: usize, packets: &[u8], one: usize) -> bool {
        let segment_size = (packets.len() > one).then_some(one);
        let src_ip = Some(self.address(client).ip());
        let transmit = Transmit { destination: self.server, ecn: None, contents: packets, segment_size, src_ip };
        self.state.try_send((&self.socket).into(), &transmit).is_ok()
    }

    fn receive(&mut self, found: &mut dyn FnMut(usize, &[u8])) {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut chunks = self.buffer.chunks_exact_mut(MAX_DATAGRAM);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap()));
        let received = self.state.recv((&self.socket).into(), &mut slices, &mut metas).unwrap_or(0);
        for (meta, chunk) in metas[..received].iter().zip(self.buffer.chunks_exact(MAX_DATAGRAM)) {
            let Some(IpAddr::V4(ip)) = meta.dst_ip else { continue };
            for packet in chunk[..meta.len].chunks(meta.stride.max(1)) {
                found(u32::from(ip).wrapping_sub(FIRST) as usize, packet);
            }
        }
    }

    fn address(&self, client: usize) -> SocketAddr {
        (Ipv4Addr::from(FIRST + client as u32), self.port).into()
    }
}
