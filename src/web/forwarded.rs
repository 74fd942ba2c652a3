//! Whom a reverse proxy speaks for: `Forwarded` (RFC 7239) and `X-Forwarded-For`, believed from configured proxies alone.
//!
//! Each proxy writes at the right end what it saw, so the chain is read from the right: the first address that is no
//! proxy of ours is the client, and what stands left of it is the client's own invention. What does not read as such a
//! chain counts for the address that the connection came from. Where a request carries both headers, a proxy wrote one
//! of them and passed the other on unread: both must name the same client, or neither counts.
//!
//! The address is used for counting alone. `X-Forwarded-Host` and `X-Forwarded-Proto` are not read at all: which origin
//! is ours is what the operator says in `public_url`, and what a page's own `Host` says.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header};

use crate::domain::network::Network;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// More proxies than stand in a row anywhere.
const MAX_PROXIES: usize = 32;

/// The address that a request is counted for: `peer`'s, or the one that a trusted proxy names.
pub fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let peer = peer.to_canonical();
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(*address));
    if !is_trusted(&peer) {
        return peer;
    }
    let named = [
        values(headers, &header::FORWARDED)
            .map(|text| text.and_then(|text| first_untrusted(forwarded(&text)?, is_trusted))),
        values(headers, &X_FORWARDED_FOR)
            .map(|text| text.and_then(|text| first_untrusted(x_forwarded_for(&text), is_trusted))),
    ];
    match named {
        [Some(one), Some(other)] if one == other => one,
        [Some(one), None] | [None, Some(one)] => one,
        _ => None,
    }
    .unwrap_or(peer)
}

/// All lines of a header as one list (RFC 9110, 5.3); `None` if it is missing, `Some(None)` if it isn't text.
fn values(headers: &HeaderMap, name: &HeaderName) -> Option<Option<String>> {
    let mut lines = headers.get_all(name).iter().peekable();
    lines.peek()?;
    Some(lines.map(|line| line.to_str().ok()).collect::<Option<Vec<_>>>().map(|lines| lines.join(",")))
}

/// From the right, the first address that is not trusted; the leftmost where all are. `None` at the first element that
/// is no address.
fn first_untrusted(chain: Vec<Option<IpAddr>>, is_trusted: impl Fn(&IpAddr) -> bool) -> Option<IpAddr> {
    let mut farthest = None;
    for address in chain.into_iter().rev().take(MAX_PROXIES) {
        farthest = Some(address?);
        if !farthest.as_ref().is_some_and(&is_trusted) {
            return farthest;
        }
    }
    farthest
}

fn x_forwarded_for(text: &str) -> Vec<Option<IpAddr>> {
    text.split(',').map(|element| node(element.trim())).collect()
}

/// RFC 7239, 4: elements between commas, pairs between semicolons, values that may be quoted.
fn forwarded(text: &str) -> Option<Vec<Option<IpAddr>>> {
    let mut chain = Vec::new();
    for element in split(text, ',')? {
        let mut named = None;
        for pair in split(element, ';')? {
            let (name, value) = pair.trim().split_once('=')?;
            if name.eq_ignore_ascii_case("for") && named.replace(node(unquoted(value)?)).is_some() {
                return None;
            }
        }
        chain.push(named.flatten());
    }
    Some(chain)
}

/// Parts between `mark`s that stand outside quotes; `None` where a quote is left open.
fn split(text: &str, mark: char) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if c == mark && !quoted => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    (!quoted).then_some(parts)
}

/// No address needs an escape, so a value with one isn't an address.
fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|inner| !inner.contains(['"', '\\'])),
        None => Some(value),
    }
}

/// An address, with or without a port; IPv6 with or without brackets. `unknown` and hidden names are not addresses.
fn node(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::from);
    let address = text.parse::<IpAddr>().ok().or_else(bracketed);
    address.or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip())).map(|ip| ip.to_canonical())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    const PROXY: &str = "127.0.0.1";

    fn counted_for(peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted: Vec<Network> = ["127.0.0.1", "10.0.0.0/8"].map(|text| text.parse().unwrap()).into();
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        client(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_speaks_for_nobody() {
        for lines in [[("x-forwarded-for", "198.51.100.7")], [("forwarded", "for=198.51.100.7")]] {
            assert_eq!(counted_for("203.0.113.9", &lines), "203.0.113.9");
            assert_eq!(counted_for(PROXY, &lines), "198.51.100.7");
            assert_eq!(counted_for("::ffff:127.0.0.1", &lines), "198.51.100.7", "the proxy in another spelling");
        }
    }

    #[test]
    fn what_the_client_invented_is_left_of_what_the_proxy_saw() {
        for (chain, client) in [
            ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
            ("127.0.0.1, 198.51.100.7", "198.51.100.7"),
            ("rubbish\"][, 198.51.100.7", "198.51.100.7"),
            ("1.1.1.1, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
            ("198.51.100.7:4711", "198.51.100.7"),
            ("[2001:db8::7]:4711", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("10.9.9.9, 10.1.2.3", "10.9.9.9"),
        ] {
            assert_eq!(counted_for(PROXY, &[("x-forwarded-for", chain)]), client, "{chain}");
        }
        let lines = [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "198.51.100.7")];
        assert_eq!(counted_for(PROXY, &lines), "198.51.100.7", "the proxy's line comes last");
    }

    #[test]
    fn forwarded_is_read_as_rfc_7239_writes_it() {
        for (chain, client) in [
            ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("proto=https; for=\"192.0.2.60:99\" ;host=\"a,b;c=\\\"d\"", "192.0.2.60"),
            ("for=_hidden, for=192.0.2.60, for=10.0.0.1", "192.0.2.60"),
        ] {
            assert_eq!(counted_for(PROXY, &[("forwarded", chain)]), client, "{chain}");
        }
    }

    #[test]
    fn a_chain_that_is_none_counts_for_the_proxy_itself() {
        for (name, chain) in [
            ("x-forwarded-for", ""),
            ("x-forwarded-for", "unknown"),
            ("x-forwarded-for", "1.1.1.1,"),
            ("x-forwarded-for", "1.1.1.1, 10.0.0.1, nonsense"),
            ("forwarded", "for=unknown"),
            ("forwarded", "for=_hidden"),
            ("forwarded", "proto=https"),
            ("forwarded", "for=\"1.1.1.1, for=198.51.100.7"),
            ("forwarded", "for=1.1.1.1;for=2.2.2.2"),
            ("forwarded", "1.1.1.1"),
        ] {
            assert_eq!(counted_for(PROXY, &[(name, chain)]), PROXY, "{name}: {chain}");
        }
    }

    #[test]
    fn the_header_that_the_proxy_does_not_write_cannot_speak() {
        let lines = |forwarded, x| [("forwarded", forwarded), ("x-forwarded-for", x)];
        assert_eq!(counted_for(PROXY, &lines("for=1.1.1.1", "198.51.100.7")), PROXY);
        assert_eq!(counted_for(PROXY, &lines("for=198.51.100.7", "1.1.1.1")), PROXY);
        assert_eq!(counted_for(PROXY, &lines("for=198.51.100.7", "198.51.100.7")), "198.51.100.7");
    }

    proptest! {
        #[test]
        fn no_header_is_too_much(forwarded in "[ -~]{0,80}", x in "[ -~]{0,80}") {
            counted_for(PROXY, &[("forwarded", &forwarded), ("x-forwarded-for", &x)]);
        }

        /// Whatever a client writes, the proxy's own word at the end decides.
        #[test]
        fn nobody_can_be_somebody_else(invented in "[ !#-~]{0,80}") {
            let chain = format!("{invented}, 198.51.100.7");
            prop_assert_eq!(counted_for(PROXY, &[("x-forwarded-for", &chain)]), "198.51.100.7");
        }
    }
}
