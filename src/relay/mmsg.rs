//! Many datagrams with one system call: `recvmmsg` and `sendmmsg` with the few options that a relay needs.
//!
//! No kept crate has a safe `sendmmsg` with a source address and segmentation, and quinn-udp, which has a `recvmmsg`,
//! asks the kernel for time stamps and traffic classes that nothing here reads, sends one by one and forbids
//! fragmentation. The difference is measured in `README.md`.
//!
//! The argument for `unsafe`: every pointer in a header points into a boxed slice of the same struct, which is neither
//! moved nor resized while it lives, or to bytes that are borrowed for the time of the call; every length is that of
//! the slice; the kernel writes plain data for which all bit patterns are valid; what it wrote is read only up to the length
//! that it returned.
#![allow(unsafe_code)]

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::ptr::{from_mut, null_mut};

/// Datagrams of one system call.
pub const BATCH: usize = 64;
/// The longest train of segments that the kernel hands over as one.
const LONGEST_TRAIN: usize = 65_536;
/// Room for the address that a packet was sent to, and for the size of its segments.
const CONTROL: usize = 128;

#[derive(Clone, Copy)]
#[repr(C, align(8))]
struct Control([u8; CONTROL]);

/// Asks for trains as they were sent and, on a socket bound to all addresses, for the address that each was sent to.
pub fn prepare(socket: &UdpSocket) -> io::Result<()> {
    let address = socket.local_addr()?;
    // A kernel that cannot coalesce hands packets over one by one, which is as good.
    let _ = set(socket, libc::SOL_UDP, libc::UDP_GRO);
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => set(socket, libc::IPPROTO_IP, libc::IP_PKTINFO),
        IpAddr::V6(ip) if ip.is_unspecified() => set(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO),
        _ => Ok(()),
    }
}

fn set(socket: &UdpSocket, level: i32, option: i32) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the value is an int of this frame, and its length is an int's.
    let result = unsafe {
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const on).cast(), size_of::<libc::c_int>() as u32)
    };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// What one `recvmmsg` brought.
pub struct Inbox {
    headers: Box<[libc::mmsghdr]>,
    names: Box<[libc::sockaddr_storage]>,
    controls: Box<[Control]>,
    /// Pointed into by `headers`.
    _vectors: Box<[libc::iovec]>,
    buffer: Box<[u8]>,
    used: usize,
}

/// One or more datagrams of one source.
pub struct Train<'a> {
    pub from: SocketAddr,
    /// The address that it was sent to, where the socket is bound to all.
    pub to: Option<IpAddr>,
    /// The datagrams, all of `segment` bytes but the last, which may be shorter.
    pub bytes: &'a [u8],
    pub segment: usize,
}

impl Inbox {
    pub fn new() -> Self {
        // SAFETY: zeroes are valid for these structs of integers and pointers.
        let (mut headers, names, mut vectors) = unsafe {
            (
                vec![zeroed::<libc::mmsghdr>(); BATCH],
                vec![zeroed::<libc::sockaddr_storage>(); BATCH],
                vec![zeroed::<libc::iovec>(); BATCH],
            )
        };
        // Zeroed by the system when touched: what is never received costs no memory.
        let mut buffer = vec![0; BATCH * LONGEST_TRAIN].into_boxed_slice();
        let (mut names, mut controls) =
            (names.into_boxed_slice(), vec![Control([0; CONTROL]); BATCH].into_boxed_slice());
        for (n, chunk) in buffer.chunks_exact_mut(LONGEST_TRAIN).enumerate() {
            vectors[n] = libc::iovec { iov_base: chunk.as_mut_ptr().cast(), iov_len: chunk.len() };
            let header = &mut headers[n].msg_hdr;
            header.msg_name = from_mut(&mut names[n]).cast();
            header.msg_control = from_mut(&mut controls[n]).cast();
            header.msg_iovlen = 1;
        }
        let mut vectors = vectors.into_boxed_slice();
        for (header, vector) in headers.iter_mut().zip(&mut vectors) {
            header.msg_hdr.msg_iov = vector;
        }
        Self { headers: headers.into_boxed_slice(), names, controls, _vectors: vectors, buffer, used: BATCH }
    }

    /// Takes what is there, without waiting; how many trains that is.
    pub fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        // The last call wrote lengths into as many headers as it filled.
        for header in &mut self.headers[..self.used] {
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as u32;
            header.msg_hdr.msg_controllen = CONTROL as _;
        }
        let flags = libc::MSG_DONTWAIT;
        // SAFETY: see the top of the file.
        let count = unsafe {
            libc::recvmmsg(socket.as_raw_fd(), self.headers.as_mut_ptr(), BATCH as u32, flags as _, null_mut())
        };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        self.used = count.min(BATCH);
        Ok(self.used)
    }

    /// The `n`th train of those that `receive` counted.
    pub fn train(&self, n: usize) -> Option<Train<'_>> {
        let (header, chunk) = (self.headers.get(n)?, self.buffer.chunks_exact(LONGEST_TRAIN).nth(n)?);
        let bytes = chunk.get(..header.msg_len as usize)?;
        let (mut to, mut segment) = (None, bytes.len());
        // 32 bits wide with some C libraries.
        #[allow(clippy::unnecessary_cast)]
        let written = header.msg_hdr.msg_controllen as usize;
        let control = &self.controls[n].0[..written.min(CONTROL)];
        for (level, kind, data) in Messages(control) {
            match (level, kind, data) {
                (libc::SOL_UDP, libc::UDP_GRO, &[a, b, c, d, ..]) => {
                    segment = i32::from_ne_bytes([a, b, c, d]) as usize
                }
                // struct in_pktinfo: interface, local address, destination of the packet.
                (libc::IPPROTO_IP, libc::IP_PKTINFO, &[_, _, _, _, _, _, _, _, a, b, c, d, ..]) => {
                    to = Some(Ipv4Addr::new(a, b, c, d).into());
                }
                // struct in6_pktinfo begins with the destination.
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, data) => {
                    to = data.first_chunk::<16>().map(|octets| Ipv6Addr::from(*octets).into());
                }
                _ => {}
            }
        }
        Some(Train { from: address(&self.names[n])?, to, bytes, segment: segment.max(1) })
    }
}

/// The control messages in what the kernel wrote: level, type and data of each.
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = (i32, i32, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        const WORD: usize = size_of::<usize>();
        let length = usize::from_ne_bytes(*self.0.first_chunk::<WORD>()?);
        let level = i32::from_ne_bytes(self.0.get(WORD..WORD + 4)?.try_into().ok()?);
        let kind = i32::from_ne_bytes(self.0.get(WORD + 4..WORD + 8)?.try_into().ok()?);
        let data = self.0.get((WORD + 8).next_multiple_of(WORD)..length)?;
        self.0 = self.0.get(length.next_multiple_of(WORD)..).unwrap_or_default();
        Some((level, kind, data))
    }
}

fn address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match i32::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the kernel says that this is a sockaddr_in, and a sockaddr_storage has room and alignment for it.
            let v4 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above, for a sockaddr_in6.
            let v6 = unsafe { &*(&raw const *storage).cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddrV6::new(ip, u16::from_be(v6.sin6_port), v6.sin6_flowinfo, v6.sin6_scope_id).into())
        }
        _ => None,
    }
}

/// Datagrams to be sent: all of `segment` bytes, the last may be shorter.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    pub to: SocketAddr,
    /// The source address, where the socket is bound to all.
    pub from: Option<IpAddr>,
    pub bytes: &'a [u8],
    pub segment: usize,
}

impl Outgoing<'_> {
    /// How many datagrams these are.
    pub fn count(&self) -> usize {
        self.bytes.len().div_ceil(self.segment.max(1)).max(1)
    }
}

/// Headers for `sendmmsg`, refilled for every call.
pub struct Sender {
    headers: Box<[libc::mmsghdr]>,
    names: Box<[socket2::SockAddr]>,
    controls: Box<[Control]>,
    vectors: Box<[libc::iovec]>,
}

impl Sender {
    /// Room for `batch` packets in one call.
    pub fn new(batch: usize) -> Self {
        // SAFETY: zeroes are valid for these structs of integers and pointers.
        let (headers, vectors) =
            unsafe { (vec![zeroed::<libc::mmsghdr>(); batch], vec![zeroed::<libc::iovec>(); batch]) };
        let nobody = socket2::SockAddr::from(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)));
        Self {
            headers: headers.into_boxed_slice(),
            names: vec![nobody; batch].into_boxed_slice(),
            controls: vec![Control([0; CONTROL]); batch].into_boxed_slice(),
            vectors: vectors.into_boxed_slice(),
        }
    }

    /// Sends the first of these, as many as the kernel takes at once. An error is about the first one.
    pub fn send(&mut self, socket: &UdpSocket, packets: &[Outgoing<'_>]) -> io::Result<usize> {
        let count = packets.len().min(self.headers.len());
        for (n, packet) in packets[..count].iter().enumerate() {
            self.names[n] = packet.to.into();
            let control = write_control(&mut self.controls[n].0, packet);
            // The kernel does not write through the pointer, whatever its type says.
            self.vectors[n] =
                libc::iovec { iov_base: packet.bytes.as_ptr().cast_mut().cast(), iov_len: packet.bytes.len() };
            let header = &mut self.headers[n].msg_hdr;
            header.msg_name = self.names[n].as_ptr().cast_mut().cast();
            header.msg_namelen = self.names[n].len();
            header.msg_iov = from_mut(&mut self.vectors[n]);
            header.msg_iovlen = 1;
            header.msg_control = if control == 0 { null_mut() } else { from_mut(&mut self.controls[n]).cast() };
            header.msg_controllen = control as _;
        }
        let flags = libc::MSG_DONTWAIT;
        // SAFETY: see the top of the file; `packets` is borrowed until the call returns.
        let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), self.headers.as_mut_ptr(), count as u32, flags as _) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

/// Writes the control messages of a packet; how many bytes they take.
fn write_control(control: &mut [u8; CONTROL], packet: &Outgoing<'_>) -> usize {
    let mut at = 0;
    if packet.bytes.len() > packet.segment {
        put(control, &mut at, libc::SOL_UDP, libc::UDP_SEGMENT, &(packet.segment as u16).to_ne_bytes());
    }
    match packet.from {
        // struct in_pktinfo: any interface, this local address, a destination that is ignored.
        Some(IpAddr::V4(ip)) => {
            let mut info = [0; 12];
            info[4..8].copy_from_slice(&ip.octets());
            put(control, &mut at, libc::IPPROTO_IP, libc::IP_PKTINFO, &info);
        }
        // struct in6_pktinfo: this address, any interface.
        Some(IpAddr::V6(ip)) => {
            let mut info = [0; 20];
            info[..16].copy_from_slice(&ip.octets());
            put(control, &mut at, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, &info);
        }
        None => {}
    }
    at
}

/// Appends one control message: its length, level and type, then the data, each aligned to a word.
fn put(control: &mut [u8; CONTROL], at: &mut usize, level: i32, kind: i32, data: &[u8]) {
    const WORD: usize = size_of::<usize>();
    let head = (WORD + 8).next_multiple_of(WORD);
    let message = &mut control[*at..];
    message[..WORD].copy_from_slice(&(head + data.len()).to_ne_bytes());
    message[WORD..WORD + 4].copy_from_slice(&level.to_ne_bytes());
    message[WORD + 4..WORD + 8].copy_from_slice(&kind.to_ne_bytes());
    message[head..head + data.len()].copy_from_slice(data);
    *at += (head + data.len()).next_multiple_of(WORD);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn socket(address: &str) -> UdpSocket {
        let socket = UdpSocket::bind(address).unwrap();
        prepare(&socket).unwrap();
        socket
    }

    fn receive(inbox: &mut Inbox, socket: &UdpSocket) -> usize {
        for _ in 0..1000 {
            if let Ok(count) = inbox.receive(socket) {
                return count;
            }
            std::thread::yield_now();
        }
        panic!("nothing arrives");
    }

    #[test]
    fn packets_trains_and_addresses_arrive_as_they_were_sent() {
        for (any, client, server) in [("0.0.0.0:0", "127.0.0.1:0", "127.0.0.7"), ("[::]:0", "[::1]:0", "::1")] {
            let (ours, theirs) = (socket(any), socket(client));
            let here = SocketAddr::new(server.parse().unwrap(), ours.local_addr().unwrap().port());
            let there = theirs.local_addr().unwrap();
            let (mut inbox, mut sender) = (Inbox::new(), Sender::new(4));
            theirs.send_to(b"one", here).unwrap();
            assert_eq!(receive(&mut inbox, &ours), 1);
            let train = inbox.train(0).unwrap();
            assert_eq!((train.from, train.to, train.bytes, train.segment), (there, Some(here.ip()), &b"one"[..], 3));

            let packet = |bytes, segment| Outgoing { to: there, from: Some(here.ip()), bytes, segment };
            let three = [packet(&b"a"[..], 1), packet(&b"1234512345123"[..], 5), packet(&b""[..], 1)];
            assert_eq!(sender.send(&ours, &three).unwrap(), 3);
            let mut arrived = Vec::new();
            while arrived.len() < 5 {
                for n in 0..receive(&mut inbox, &theirs) {
                    let train = inbox.train(n).unwrap();
                    assert_eq!((train.from, train.to), (here, None), "from the address that was asked");
                    let packets = train.bytes.chunks(train.segment).map(<[u8]>::to_vec);
                    arrived.extend(if train.bytes.is_empty() { vec![Vec::new()] } else { packets.collect() });
                }
            }
            assert_eq!(arrived, [&b"a"[..], b"12345", b"12345", b"123", b""]);
        }
    }

    #[test]
    fn an_error_is_about_the_first_packet_and_the_rest_can_go_on() {
        let (ours, theirs) = (socket("127.0.0.1:0"), socket("127.0.0.1:0"));
        let to = theirs.local_addr().unwrap();
        let long = vec![0; 70_000];
        let bad = Outgoing { to, from: None, bytes: &long, segment: 70_000 };
        let good = Outgoing { to, from: None, bytes: b"x", segment: 1 };
        let mut sender = Sender::new(8);
        assert_eq!(sender.send(&ours, &[good, bad, good]).unwrap(), 1);
        assert!(sender.send(&ours, &[bad, good]).is_err());
        assert_eq!(sender.send(&ours, &[good]).unwrap(), 1);
    }
}
