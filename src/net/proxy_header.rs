//! Whom a TCP proxy speaks for: the PROXY protocol of HAProxy, versions 1 and 2, which also nginx, Envoy and the load
//! balancers of clouds speak. A header stands at the very beginning of a connection, before TLS, TURN or HTTP.
//!
//! Whether its sender may speak for others is not decided here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What version 2 begins with. No other protocol of the port does.
pub const VERSION_2: u8 = b'\r';
/// What version 1 begins with, as do requests of plain HTTP.
pub const VERSION_1: u8 = b'P';

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const PREFIX: &[u8; 6] = b"PROXY ";
/// The longest header of version 1, with its end of line.
const MOST_OF_1: usize = 107;
/// The longest rest of a header of version 2 that is read: addresses, and what clouds add to them.
const MOST_OF_2: usize = 4096;
/// The type of the field that holds a checksum.
const CRC32C: u8 = 0x03;

/// How a connection begins.
#[derive(Debug, PartialEq, Eq)]
pub enum Opening {
    /// With a header: the proxy speaks for this client, or, where there is none, for itself.
    Header(Option<SocketAddr>),
    /// With something else, of which these bytes have been read.
    Other(Vec<u8>),
}

/// Reads a header, and no byte behind it, from a stream whose first byte is [`VERSION_1`] or [`VERSION_2`].
///
/// # Errors
/// When it is cut off or not written as the protocol says. A connection must not go on after that.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Opening> {
    if stream.read_u8().await? == VERSION_2 {
        return version_2(stream).await.map(Opening::Header);
    }
    let mut line = vec![VERSION_1];
    // Byte by byte: what comes next is not ours to read.
    while line.len() < PREFIX.len() {
        line.push(stream.read_u8().await?);
        if !PREFIX.starts_with(&line) {
            return Ok(Opening::Other(line));
        }
    }
    while !line.ends_with(b"\r\n") {
        if line.len() >= MOST_OF_1 {
            return Err(malformed());
        }
        line.push(stream.read_u8().await?);
    }
    version_1(&line).map(Opening::Header).ok_or_else(malformed)
}

/// `PROXY TCP4 SOURCE DESTINATION PORT PORT` or `PROXY UNKNOWN …`.
fn version_1(line: &[u8]) -> Option<Option<SocketAddr>> {
    let text = str::from_utf8(line).ok()?.strip_suffix("\r\n")?;
    let words: Vec<&str> = text.split(' ').collect();
    let (source, destination, ports) = match words.as_slice() {
        ["PROXY", "UNKNOWN", ..] => return Some(None),
        ["PROXY", "TCP4", source, destination, ports @ ..] => {
            (source.parse::<Ipv4Addr>().ok()?.into(), destination.parse::<Ipv4Addr>().ok().map(IpAddr::from), ports)
        }
        ["PROXY", "TCP6", source, destination, ports @ ..] => {
            (source.parse::<Ipv6Addr>().ok()?.into(), destination.parse::<Ipv6Addr>().ok().map(IpAddr::from), ports)
        }
        _ => return None,
    };
    let [source_port, destination_port] = ports else { return None };
    (destination.is_some() && port(destination_port).is_some()).then_some(())?;
    Some(Some(client(source, port(source_port)?)))
}

/// Digits without zeros in front.
fn port(text: &str) -> Option<u16> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if plain { text.parse().ok() } else { None }
}

async fn version_2(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<SocketAddr>> {
    let mut head = [VERSION_2; 16];
    stream.read_exact(&mut head[1..]).await?;
    let [signature @ .., version_and_command, family_and_transport, high, low] = head;
    if signature != SIGNATURE || version_and_command >> 4 != 2 {
        return Err(malformed());
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MOST_OF_2 {
        return Err(malformed());
    }
    let mut whole = head.to_vec();
    whole.resize(head.len() + length, 0);
    stream.read_exact(&mut whole[head.len()..]).await?;
    let rest = &whole[head.len()..];
    let (addresses, client) = match (version_and_command & 0xF, family_and_transport) {
        // LOCAL: the proxy itself asks, to see whether we are well. Whatever follows says nothing.
        (0, _) => return Ok(None),
        // PROXY, over TCP or over who knows what.
        (1, 0x00) => (0, None),
        (1, 0x11) => {
            let [a, b, c, d, _, _, _, _, high, low, _, _] = first(rest)?;
            (12, Some(client(Ipv4Addr::new(a, b, c, d).into(), u16::from_be_bytes([high, low]))))
        }
        (1, 0x21) => {
            let both: [u8; 36] = first(rest)?;
            let source: [u8; 16] = first(&both)?;
            (36, Some(client(Ipv6Addr::from(source).into(), u16::from_be_bytes([both[32], both[33]]))))
        }
        // A client on the proxy's own machine.
        (1, 0x31) => (216, None),
        _ => return Err(malformed()),
    };
    check_fields(&whole, head.len() + addresses).ok_or_else(malformed)?;
    Ok(client)
}

/// Every field behind the addresses is whole, and a checksum among them is right.
fn check_fields(whole: &[u8], mut at: usize) -> Option<()> {
    if at > whole.len() {
        return None;
    }
    while at < whole.len() {
        let &[kind, high, low] = whole.get(at..at + 3)? else { return None };
        let (start, length) = (at + 3, usize::from(u16::from_be_bytes([high, low])));
        let value = whole.get(start..start + length)?;
        if kind == CRC32C {
            let expected = u32::from_be_bytes(value.try_into().ok()?);
            let without =
                whole.iter().enumerate().map(|(n, byte)| if (start..start + 4).contains(&n) { 0 } else { *byte });
            if crc32c(without) != expected {
                return None;
            }
        }
        at = start + length;
    }
    Some(())
}

/// CRC-32C (RFC 3720, appendix B.4), bit by bit: a header has some fifty bytes.
fn crc32c(bytes: impl Iterator<Item = u8>) -> u32 {
    !bytes.fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82F6_3B78 } else { crc >> 1 })
    })
}

fn first<const N: usize>(bytes: &[u8]) -> io::Result<[u8; N]> {
    bytes.first_chunk().copied().ok_or_else(malformed)
}

fn client(source: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(source.to_canonical(), port)
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "not a PROXY header")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    /// What the bytes are taken for, and what is left of them.
    async fn take(mut bytes: &[u8]) -> (io::Result<Opening>, Vec<u8>) {
        let opening = read(&mut bytes).await;
        (opening, bytes.to_vec())
    }

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[0x20 | command, family], &length, rest].concat()
    }

    const V4: [u8; 12] = [203, 0, 113, 9, 192, 0, 2, 1, 0x9C, 0x40, 0x20, 0xFB];

    #[tokio::test]
    async fn the_client_of_a_header_is_told_and_what_follows_is_left() {
        let v6 = [&Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9).octets()[..], &[0; 16], &[0x9C, 0x40, 0, 1]].concat();
        let mapped =
            [&Ipv4Addr::new(203, 0, 113, 9).to_ipv6_mapped().octets()[..], &[0; 16], &[0x9C, 0x40, 0, 1]].concat();
        let (of_4, of_6) = (Some("203.0.113.9:40000"), Some("[2001:db8::9]:40000"));
        let headers: Vec<(Vec<u8>, Option<&str>)> = vec![
            (b"PROXY TCP4 203.0.113.9 192.0.2.1 40000 8443\r\n".into(), of_4),
            (b"PROXY TCP6 2001:db8::9 2001:db8::1 40000 8443\r\n".into(), of_6),
            (b"PROXY TCP6 ::ffff:203.0.113.9 ::1 40000 0\r\n".into(), of_4),
            (b"PROXY UNKNOWN\r\n".into(), None),
            (b"PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n".into(), None),
            (v2(1, 0x11, &V4), of_4),
            (v2(1, 0x11, &[&V4[..], &[0x04, 0, 2, 9, 9], &[0xEA, 0, 0]].concat()), of_4),
            (v2(1, 0x21, &v6), of_6),
            (v2(1, 0x21, &mapped), of_4),
            (v2(1, 0x31, &[0; 216]), None),
            (v2(1, 0x00, &[]), None),
            (v2(0, 0x00, &[]), None),
            (v2(0, 0x11, &[7; 300]), None),
        ];
        for (header, client) in headers {
            let (opening, left) = take(&[&header[..], b"\x16\x03"].concat()).await;
            let client = client.map(|text| text.parse().unwrap());
            assert_eq!((opening.unwrap(), left), (Opening::Header(client), vec![0x16, 3]), "{header:?}");
        }
    }

    #[tokio::test]
    async fn what_is_no_header_is_given_back_or_refused() {
        for (text, read) in
            [("POST / HTTP/1.1\r\n", "PO"), ("PRI * HTTP/2.0", "PRI"), ("PROXIMITY", "PROXI"), ("PUT", "PU")]
        {
            let (opening, left) = take(text.as_bytes()).await;
            assert_eq!((opening.unwrap(), left), (Opening::Other(read.into()), text[read.len()..].into()));
        }
        let mut wrong_sum = [&V4[..], &[CRC32C, 0, 4, 1, 2, 3, 4]].concat();
        let malformed: Vec<Vec<u8>> = vec![
            b"PROXY ".into(),
            b"PROXY TCP4 203.0.113.9 192.0.2.1 40000 8443\n".into(),
            b"PROXY TCP4 203.0.113.9 192.0.2.1 40000\r\n".into(),
            b"PROXY TCP4 203.0.113.9 192.0.2.1 40000 8443 1\r\n".into(),
            b"PROXY TCP4 203.0.113.9 192.0.2.1 65536 8443\r\n".into(),
            b"PROXY TCP4 203.0.113.9 192.0.2.1 040 8443\r\n".into(),
            b"PROXY TCP4 203.0.113.9 192.0.2.1 +40 8443\r\n".into(),
            b"PROXY TCP4 203.0.113.09 192.0.2.1 40000 8443\r\n".into(),
            b"PROXY TCP4 2001:db8::9 192.0.2.1 40000 8443\r\n".into(),
            b"PROXY TCP6 203.0.113.9 ::1 40000 8443\r\n".into(),
            b"PROXY  TCP4 203.0.113.9 192.0.2.1 40000 8443\r\n".into(),
            b"PROXY UDP4 203.0.113.9 192.0.2.1 40000 8443\r\n".into(),
            [&b"PROXY UNKNOWN "[..], &[b'x'; 200], b"\r\n"].concat(),
            b"PROXY TCP4 \xff\r\n".into(),
            b"\r\n\r\n\0\r\nQUIT".into(),
            b"\r\n\r\n\0\r\nQUIX\n\x21\x11\0\x0c".into(),
            [&SIGNATURE[..], &[0x11, 0x11, 0, 0]].concat(),
            v2(2, 0x11, &V4),
            v2(1, 0x12, &V4),
            v2(1, 0x41, &V4),
            v2(1, 0x11, &V4[..11]),
            v2(1, 0x21, &V4),
            v2(1, 0x11, &V4)[..20].to_vec(),
            v2(1, 0x11, &[0; MOST_OF_2 + 1]),
            v2(1, 0x11, &[&V4[..], &[4, 0]].concat()),
            v2(1, 0x11, &[&V4[..], &[4, 0, 9, 1]].concat()),
            v2(1, 0x11, &wrong_sum),
        ];
        for header in malformed {
            assert!(take(&header).await.0.is_err(), "{:?}", String::from_utf8_lossy(&header));
        }

        wrong_sum[15..].fill(0);
        let sum = crc32c(v2(1, 0x11, &wrong_sum).into_iter());
        wrong_sum[15..].copy_from_slice(&sum.to_be_bytes());
        assert!(take(&v2(1, 0x11, &wrong_sum)).await.0.is_ok(), "the right sum");
    }

    #[test]
    fn the_checksum_is_that_of_rfc_3720() {
        assert_eq!(crc32c([0; 32].into_iter()), 0x8A91_36AA);
        assert_eq!(crc32c(0..32), 0x46DD_794E);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(bytes in proptest::collection::vec(any::<u8>(), 0..300), command: u8, family: u8) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            for beginning in [&b"PROXY TCP4 "[..], b"P", &v2(command & 1, family, &bytes)] {
                let _ = runtime.block_on(take(&[beginning, &bytes].concat()));
            }
        }
    }
}
