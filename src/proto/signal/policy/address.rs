//! Addresses that say nothing about anybody.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What to write for `IN IP4 ADDRESS` of `c=`, `o=` and `a=rtcp:` (RFC 8866, 5.7; RFC 3605), when it is an address that may
/// be written there. Candidates say where a side is; this is nowhere.
pub fn network_address(words: &[&str]) -> Option<String> {
    let ["IN", kind @ ("IP4" | "IP6"), text] = words else { return None };
    let address: IpAddr = text.parse().ok()?;
    let fits = address.is_ipv4() == (*kind == "IP4") && is_harmless(&address);
    fits.then(|| "IN IP4 0.0.0.0".to_owned())
}

/// One of the relay's virtual addresses (`proto::turn::address`): 198.18.0.0/15 (RFC 2544), or the lowest 17 bits of
/// 2001:db8::/32 (RFC 3849).
pub fn is_relayed(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => u32::from(*v4) & 0xfffe_0000 == u32::from(Ipv4Addr::new(198, 18, 0, 0)),
        IpAddr::V6(v6) => u128::from(*v6) >> 17 == u128::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0)) >> 17,
    }
}

/// Unspecified, the loopback address that browsers write as a placeholder, or relayed.
fn is_harmless(ip: &IpAddr) -> bool {
    ip.is_unspecified() || *ip == IpAddr::V4(Ipv4Addr::LOCALHOST) || is_relayed(ip)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_blocks_end_where_they_should() {
        for (text, expected) in [
            ("198.17.255.255", false),
            ("198.18.0.0", true),
            ("198.19.255.255", true),
            ("198.20.0.0", false),
            ("2001:db7:ffff::", false),
            ("2001:db8::", true),
            ("2001:db8::1:ffff", true),
            ("2001:db8::2:0", false),
            ("2001:db8::192.168.1.5", false),
            ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false),
            ("2001:db9::", false),
            ("::ffff:198.18.0.1", false),
        ] {
            assert_eq!(is_relayed(&text.parse().unwrap()), expected, "{text}");
        }
    }
}
