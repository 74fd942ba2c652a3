//! What a candidate or a session description may say: nothing that would show the other side an address.
//!
//! With a closed relay every legitimate address is a virtual one of ours, so the rule can be strict: the relayed
//! address is in our blocks, the related address says nothing, and no other word reads as an address. A browser
//! with `iceTransportPolicy: "relay"` keeps all of this by itself; this is for the one that does not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::CloseReason;
use super::wire::Media;

/// Checks what one side wants to tell the other.
///
/// # Errors
/// [`CloseReason::NotRelayed`] when it would show an address, or does not read as what it claims to be.
pub fn check(media: &Media) -> Result<(), CloseReason> {
    let fine = match media {
        Media::Offer { sdp, .. } | Media::Answer { sdp, .. } => description_is_relayed(sdp),
        Media::IceCandidate(candidate) => {
            let names = [&candidate.sdp_mid, &candidate.username_fragment];
            (candidate.candidate.is_empty() || candidate_is_relayed(&candidate.candidate))
                && names.into_iter().flatten().all(|name| shows_no_address(name))
        }
        Media::RestartIce {} | Media::Reveal { .. } | Media::Signature { .. } | Media::Confirmation { .. } => true,
    };
    if fine { Ok(()) } else { Err(CloseReason::NotRelayed) }
}

/// RFC 8839, 5.1: `candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE [raddr A] [rport P] …`.
fn candidate_is_relayed(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("candidate:") else {
        return false;
    };
    let words: Vec<&str> = rest.split_ascii_whitespace().collect();
    let [_foundation, component, transport, priority, address, port, "typ", "relay", extensions @ ..] =
        words.as_slice()
    else {
        return false;
    };
    let Some(relayed) = address.parse().ok().filter(is_relayed) else {
        return false;
    };
    component.parse::<u16>().is_ok()
        && transport.eq_ignore_ascii_case("udp")
        && priority.parse::<u32>().is_ok()
        && port.parse::<u16>().is_ok()
        && extensions.len().is_multiple_of(2)
        && extensions.chunks_exact(2).enumerate().all(|(at, pair)| match pair {
            // Only the first pair can be the related address: a second one is an address that hides as an extension.
            ["raddr", related] => {
                at == 0 && related.parse().is_ok_and(|ip: IpAddr| ip.is_unspecified() || ip == relayed)
            }
            [name, value] => shows_no_address(name) && shows_no_address(value),
            _ => false,
        })
}

/// RFC 8866, as far as addresses stand in it.
fn description_is_relayed(sdp: &str) -> bool {
    sdp.starts_with("v=0") && sdp.lines().all(line_is_relayed)
}

fn line_is_relayed(line: &str) -> bool {
    if let Some(attribute) = line.strip_prefix("a=")
        && attribute.starts_with("candidate:")
    {
        return candidate_is_relayed(attribute);
    }
    // `IN IP4 ADDRESS` stands in c=, in o= and in a=rtcp: (RFC 3605), and must be an address: a host name shows as much.
    let mut words = line.split_ascii_whitespace();
    while let Some(word) = words.next() {
        let is_network_address = word == "IP4" || word == "IP6";
        if is_network_address {
            if !words.next().and_then(|address| address.parse().ok()).is_some_and(|ip| is_harmless(&ip)) {
                return false;
            }
        } else if !shows_no_address(word) {
            return false;
        }
    }
    true
}

/// Whether `word` does not read as an address, neither as a whole nor behind a `=` or `:`.
fn shows_no_address(word: &str) -> bool {
    let behind = |mark| word.split_once(mark).map(|(_, rest)| rest);
    [Some(word), behind('='), behind(':')]
        .into_iter()
        .flatten()
        .filter_map(|text| text.trim_matches(['[', ']', ',', ';']).parse::<IpAddr>().ok())
        .all(|ip| is_harmless(&ip))
}

/// Says nothing about anybody: unspecified, the loopback address that browsers write as a placeholder, or relayed.
fn is_harmless(ip: &IpAddr) -> bool {
    ip.is_unspecified() || *ip == IpAddr::V4(Ipv4Addr::LOCALHOST) || is_relayed(ip)
}

/// One of the relay's virtual addresses: 198.18.0.0/15 (RFC 2544) or 2001:db8::/32 (RFC 3849).
fn is_relayed(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => u32::from(*v4) & 0xfffe_0000 == u32::from(Ipv4Addr::new(198, 18, 0, 0)),
        IpAddr::V6(v6) => u128::from(*v6) >> 96 == u128::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0)) >> 96,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_blocks_end_where_they_should() {
        for (text, expected) in [
            ("198.17.255.255", false),
            ("198.18.0.0", true),
            ("198.19.255.255", true),
            ("198.20.0.0", false),
            ("2001:db7:ffff::", false),
            ("2001:db8::", true),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true),
            ("2001:db9::", false),
            ("::ffff:198.18.0.1", false),
        ] {
            assert_eq!(is_relayed(&text.parse().unwrap()), expected, "{text}");
        }
    }

    fn address() -> impl Strategy<Value = IpAddr> {
        prop_oneof![any::<u32>().prop_map(|n| IpAddr::V4(n.into())), any::<u128>().prop_map(|n| IpAddr::V6(n.into()))]
            .prop_filter("shows somebody", |ip| !is_harmless(ip))
    }

    proptest! {
        /// Wherever a whole word of a candidate or description is an address, it is noticed.
        #[test]
        fn no_address_passes(ip in address(), place in 0..9_usize) {
            let ip = ip.to_string();
            let lines = [
                format!("c=IN IP4 {ip}"),
                format!("o=- 1 2 IN IP6 {ip}"),
                format!("a=rtcp:9 IN IP4 {ip}"),
                format!("a=remote-candidates:1 {ip} 9"),
                format!("a=candidate:1 1 udp 1 {ip} 9 typ relay"),
                format!("a=candidate:1 1 udp 1 198.18.0.1 9 typ relay raddr {ip} rport 9"),
                format!("a=candidate:1 1 udp 1 198.18.0.1 9 typ relay ufrag {ip}"),
                format!("a=source:{ip}"),
                format!("s={ip}"),
            ];
            let sdp = format!("v=0\r\n{}\r\n", lines[place]);
            prop_assert_eq!(check(&Media::Offer { sdp, commitment: None }), Err(CloseReason::NotRelayed));
        }

        #[test]
        fn no_text_is_too_much(text in any::<String>()) {
            let sdp = format!("v=0\n{text}\na=candidate:{text}");
            let _ = check(&Media::Offer { sdp, commitment: None });
            let _ = candidate_is_relayed(&text);
        }
    }
}
