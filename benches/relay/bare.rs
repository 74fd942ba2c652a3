//! The least that any relay must do: one packet in, one packet out, to the address that its bytes 4 to 9 name.

use std::io::IoSliceMut;
use std::net::{SocketAddr, UdpSocket};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSocketState};

/// The bytes that name the target, behind the four of a ChannelData header.
const TARGET: usize = 10;

fn target(packet: &[u8]) -> SocketAddr {
    ([packet[4], packet[5], packet[6], packet[7]], u16::from_be_bytes([packet[8], packet[9]])).into()
}

/// A system call for each packet in, and one for each out; blocking, so that nothing else is paid for.
pub fn one_by_one(address: SocketAddr) {
    let socket = UdpSocket::bind(address).unwrap();
    let mut buffer = [0; 2048];
    loop {
        if let Ok((length, _)) = socket.recv_from(&mut buffer)
            && length >= TARGET
        {
            let _ = socket.send_to(&buffer[..length], target(&buffer));
        }
    }
}

/// The same with `recvmmsg`, as the relay has it.
pub fn batched(address: SocketAddr) {
    let socket = UdpSocket::bind(address).unwrap();
    let state = UdpSocketState::new((&socket).into()).unwrap();
    socket.set_nonblocking(false).unwrap();
    let mut buffer = vec![0; BATCH_SIZE * 65_536];
    loop {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let mut chunks = buffer.chunks_exact_mut(65_536);
        let mut slices: [IoSliceMut<'_>; BATCH_SIZE] = std::array::from_fn(|_| IoSliceMut::new(chunks.next().unwrap()));
        // A blocking recvmmsg waits for a full batch: look first what is there.
        let _ = socket.peek_from(&mut [0; 1]);
        socket.set_nonblocking(true).unwrap();
        let received = state.recv((&socket).into(), &mut slices, &mut metas).unwrap_or(0);
        socket.set_nonblocking(false).unwrap();
        for (meta, chunk) in metas[..received].iter().zip(buffer.chunks_exact(65_536)) {
            for contents in chunk[..meta.len].chunks(meta.stride.max(1)).filter(|packet| packet.len() >= TARGET) {
                let destination = target(contents);
                let transmit = Transmit { destination, ecn: None, contents, segment_size: None, src_ip: None };
                let _ = state.try_send((&socket).into(), &transmit);
            }
        }
    }
}
