//! The bytes around a payload, read and written without allocating.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::proto::stun::frame::STUN_HEADER;
use crate::proto::stun::message::fingerprint;

const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const SEND_INDICATION: [u8; 2] = [0x00, 0x16];
const DATA_INDICATION: [u8; 2] = [0x00, 0x17];
const XOR_PEER_ADDRESS: u16 = 0x0012;
const DATA: u16 = 0x0013;
const DONT_FRAGMENT: u16 = 0x001A;
const FINGERPRINT: u16 = 0x8028;
/// The longest header: a Data indication from an IPv6 address.
const MAX_HEADER: usize = STUN_HEADER + 4 + 20 + 4;

/// What stands in front of a forwarded payload.
#[derive(Debug, Clone, Copy)]
pub struct Header {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl AsRef<[u8]> for Header {
    fn as_ref(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

impl Header {
    /// The four bytes of ChannelData (RFC 8656, section 12.4). `payload` is a length that came in 16 bits.
    pub fn channel_data(number: u16, payload: usize) -> Self {
        let mut header = Self { bytes: [0; MAX_HEADER], len: 4 };
        header.bytes[..2].copy_from_slice(&number.to_be_bytes());
        header.bytes[2..4].copy_from_slice(&(payload as u16).to_be_bytes());
        header
    }

    /// A Data indication up to its payload (RFC 8656, section 11.3): XOR-PEER-ADDRESS, then the head of DATA.
    ///
    /// `transaction` makes the transaction id; nothing answers an indication, so it need only be different each time.
    pub fn data_indication(transaction: u64, peer: IpAddr, port: u16, payload: usize) -> Self {
        let mut header = Self { bytes: [0; MAX_HEADER], len: 0 };
        header.put(&DATA_INDICATION);
        header.put(&[0, 0]);
        header.put(&COOKIE);
        header.put(&(transaction >> 7).to_be_bytes()[4..]);
        header.put(&transaction.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
        let port = (port ^ 0x2112).to_be_bytes();
        let mask = mask(&header.bytes);
        match peer {
            IpAddr::V4(ip) => {
                header.put(&[0, 0x12, 0, 8, 0, 1, port[0], port[1]]);
                header.put(&(u32::from(ip) ^ (mask >> 96) as u32).to_be_bytes());
            }
            IpAddr::V6(ip) => {
                header.put(&[0, 0x12, 0, 20, 0, 2, port[0], port[1]]);
                header.put(&(u128::from(ip) ^ mask).to_be_bytes());
            }
        }
        header.put(&DATA.to_be_bytes());
        header.put(&(payload as u16).to_be_bytes());
        let length = usize::from(header.len) - STUN_HEADER + payload.next_multiple_of(4);
        header.bytes[2..4].copy_from_slice(&(length as u16).to_be_bytes());
        header
    }

    fn put(&mut self, bytes: &[u8]) {
        let at = usize::from(self.len);
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len() as u8;
    }
}

/// A Send indication's peer and payload.
#[derive(Debug, PartialEq, Eq)]
pub struct Send<'p> {
    /// XOR-PEER-ADDRESS.
    pub peer: SocketAddr,
    /// DATA.
    pub payload: &'p [u8],
}

/// Reads a Send indication (RFC 8656, section 11.2). `None` where the RFC says that it is silently discarded: not
/// well-formed, without peer or data, or with a comprehension-required attribute that is unknown.
pub fn parse_send(packet: &[u8]) -> Option<Send<'_>> {
    let (head, mut rest) = packet.split_at_checked(STUN_HEADER)?;
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    if head[..2] != SEND_INDICATION || head[4..8] != COOKIE || length != rest.len() || !length.is_multiple_of(4) {
        return None;
    }
    let (mut peer, mut payload) = (None, None);
    while !rest.is_empty() {
        let kind = u16::from_be_bytes([rest[0], rest[1]]);
        let size = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        let value = rest.get(4..4 + size)?;
        match kind {
            XOR_PEER_ADDRESS if peer.is_none() => peer = Some(xor_address(value, mask(head))?),
            DATA if payload.is_none() => payload = Some(value),
            XOR_PEER_ADDRESS | DATA => {}
            // Nothing is ever sent with IP fragmentation forbidden or forced: there is no relay socket.
            DONT_FRAGMENT => {}
            FINGERPRINT => {
                let at = packet.len() - rest.len();
                let right = fingerprint(&packet[..at]).to_be_bytes();
                return if rest.len() == 8 && value == right {
                    Some(Send { peer: peer?, payload: payload? })
                } else {
                    None
                };
            }
            0x0000..=0x7FFF => return None,
            _ => {}
        }
        rest = rest.get(4 + size.next_multiple_of(4)..)?;
    }
    Some(Send { peer: peer?, payload: payload? })
}

/// An address as XOR-MAPPED-ADDRESS encodes it (RFC 8489, section 14.2).
pub fn xor_address(value: &[u8], mask: u128) -> Option<SocketAddr> {
    let port = u16::from_be_bytes([*value.get(2)?, *value.get(3)?]) ^ 0x2112;
    let ip = match (value[1], &value[4..]) {
        (1, &[a, b, c, d]) => Ipv4Addr::from(u32::from_be_bytes([a, b, c, d]) ^ (mask >> 96) as u32).into(),
        (2, ip) => Ipv6Addr::from(u128::from_be_bytes(ip.try_into().ok()?) ^ mask).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

/// The magic cookie and the transaction id of a header, which mask an address.
pub fn mask(head: &[u8]) -> u128 {
    let mut mask = [0; 16];
    mask.copy_from_slice(&head[4..STUN_HEADER]);
    u128::from_be_bytes(mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stun::message::{CLASS_INDICATION, METHOD_DATA, METHOD_SEND, Message, MessageType, Setter as _};
    use turn::proto::{data::Data, peeraddr::PeerAddress};

    fn send(peer: SocketAddr, payload: &[u8]) -> Vec<u8> {
        let mut message = Message::new();
        message.typ = MessageType::new(METHOD_SEND, CLASS_INDICATION);
        message.new_transaction_id().unwrap();
        message.write_header();
        PeerAddress { ip: peer.ip(), port: peer.port() }.add_to(&mut message).unwrap();
        Data(payload.to_vec()).add_to(&mut message).unwrap();
        message.raw
    }

    proptest! {
        #[test]
        fn what_the_crate_writes_is_read(v4: u32, v6: u128, six: bool, port: u16, payload in proptest::collection::vec(any::<u8>(), 0..1300)) {
            let ip: IpAddr = if six { Ipv6Addr::from(v6).into() } else { Ipv4Addr::from(v4).into() };
            let packet = send(SocketAddr::new(ip, port), &payload);
            prop_assert_eq!(parse_send(&packet), Some(Send { peer: SocketAddr::new(ip, port), payload: &payload }));
        }

        #[test]
        fn what_is_written_the_crate_reads(v4: u32, v6: u128, six: bool, port: u16, transaction: u64, payload in proptest::collection::vec(any::<u8>(), 0..1300)) {
            use stun::message::Getter as _;
            let ip: IpAddr = if six { Ipv6Addr::from(v6).into() } else { Ipv4Addr::from(v4).into() };
            let mut packet = Header::data_indication(transaction, ip, port, payload.len()).as_ref().to_vec();
            packet.extend_from_slice(&payload);
            packet.resize(packet.len().next_multiple_of(4), 0);
            let mut message = Message::new();
            message.unmarshal_binary(&packet).unwrap();
            prop_assert_eq!(message.raw.len(), 20 + message.length as usize);
            prop_assert_eq!(message.typ, MessageType::new(METHOD_DATA, CLASS_INDICATION));
            let (mut peer, mut data) = (PeerAddress::default(), Data::default());
            peer.get_from(&message).unwrap();
            data.get_from(&message).unwrap();
            prop_assert_eq!((peer.ip, peer.port, data.0), (ip, port, payload));
        }

        #[test]
        fn nothing_makes_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), at in 0usize..60, to: u8) {
            parse_send(&bytes);
            let mut nearly = send("198.18.0.1:50000".parse().unwrap(), &bytes);
            let at = at % nearly.len();
            nearly[at] = to;
            parse_send(&nearly);
            parse_send(&nearly[..at]);
        }
    }

    #[test]
    fn a_send_indication_with_unknown_required_attributes_is_discarded() {
        let peer = "198.18.0.1:50000".parse().unwrap();
        let with = |kind: u16, value: &[u8]| {
            let mut message = Message::new();
            message.unmarshal_binary(&send(peer, b"hello")).unwrap();
            message.add(stun::attributes::AttrType(kind), value);
            parse_send(&message.raw).is_some()
        };
        assert!(with(DONT_FRAGMENT, &[]));
        assert!(with(0x8022, b"any software"));
        assert!(!with(0x0024, &[0; 4]));
        assert!(!with(FINGERPRINT, &[0; 4]));
    }

    #[test]
    fn a_right_fingerprint_is_accepted_and_a_send_without_peer_or_data_is_not() {
        let mut message = Message::new();
        message.unmarshal_binary(&send("[2001:db8::1]:50000".parse().unwrap(), b"x")).unwrap();
        stun::fingerprint::FINGERPRINT.add_to(&mut message).unwrap();
        assert!(parse_send(&message.raw).is_some());
        let head = [0, 0x16, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        assert_eq!(parse_send(&head), None);
    }
}
