//! Networks of addresses, and those that one subscriber is likely to have.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use super::error::{Error, Result};

/// Addresses with the same beginning, as `192.168.1.0/24` or `2001:db8::/32`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    /// IPv4 as IPv4-mapped IPv6, so that there is one arithmetic.
    bits: u128,
    /// Of these 128 bits.
    prefix: u8,
}

/// How many bits of an IPv4-mapped address stand before the IPv4 address.
const MAPPED: u8 = 96;

impl Network {
    /// The network that `address` is in, of the family's own prefix length.
    pub fn of(address: IpAddr, prefix: u8) -> Self {
        let (bits, is_v4) = match address.to_canonical() {
            IpAddr::V4(address) => (address.to_ipv6_mapped().to_bits(), true),
            IpAddr::V6(address) => (address.to_bits(), false),
        };
        let prefix = if is_v4 { MAPPED + prefix.min(32) } else { prefix.min(128) };
        Self { bits: bits & mask(prefix), prefix }
    }

    /// Whether `address` is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
            IpAddr::V6(address) => address.to_bits(),
        };
        bits & mask(self.prefix) == self.bits
    }

    /// The beginning that its addresses share, in 17 bytes that no other network has.
    pub fn bytes(&self) -> [u8; 17] {
        let mut bytes = [self.prefix; 17];
        bytes[1..].copy_from_slice(&self.bits.to_be_bytes());
        bytes
    }

    /// The networks that a source is counted by, each with how many times the share of one source it may have.
    ///
    /// An IPv4 address stands for a household or more. With IPv6 a household has a /64 at least, often a /56 and
    /// sometimes a /48 (RFC 6177), and having that many addresses must not mean being that many sources.
    pub fn of_source(address: IpAddr) -> impl Iterator<Item = (Self, u32)> + Clone {
        let address = address.to_canonical();
        let levels: &[(u8, u32)] = if address.is_ipv4() { &[(32, 1)] } else { &[(64, 1), (56, 2), (48, 4)] };
        levels.iter().map(move |(prefix, shares)| (Self::of(address, *prefix), *shares))
    }
}

fn mask(prefix: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or_default()
}

impl FromStr for Network {
    type Err = Error;

    /// Reads `ADDRESS/PREFIX`, or an address alone, which is a network of its own.
    fn from_str(text: &str) -> Result<Self> {
        let fault = || Error::invalid("bad-network", format!("{text:?} isn't a network or an address."));
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.parse().map_err(|_| fault())?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => longest,
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= longest).ok_or_else(fault)?
            }
            Some(_) => return Err(fault()),
        };
        let network = Self::of(address, prefix);
        // 10.0.0.5/8 may have been meant as 10.0.0.5: a network is too much to be trusted by mistake.
        if network != Self::of(address, longest) && network.to_string() != format!("{address}/{prefix}") {
            return Err(Error::invalid("bad-network", format!("{text:?} has bits set beyond its prefix."))
                .hint(format!("Write {network}, or {address} for just that address.")));
        }
        Ok(network)
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Ipv6Addr::from_bits(self.bits);
        match (self.prefix.checked_sub(MAPPED), address.to_ipv4_mapped()) {
            (Some(prefix), Some(v4)) => write!(f, "{v4}/{prefix}"),
            _ => write!(f, "{address}/{}", self.prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn network(text: &str) -> Network {
        text.parse().unwrap()
    }

    #[test]
    fn networks_are_read_and_printed() {
        for text in ["10.0.0.0/8", "192.0.2.1/32", "0.0.0.0/0", "2001:db8::/32", "::1/128", "::/0"] {
            assert_eq!(network(text).to_string(), text);
        }
        assert_eq!(network("127.0.0.1").to_string(), "127.0.0.1/32");
        assert_eq!(network("::1").to_string(), "::1/128");
        for bad in
            ["", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/8/8", "::/129", "localhost", "10.0.0.5/8"]
        {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_edges_of_a_network_are_where_they_should_be() {
        let ten = network("10.0.0.0/8");
        for (address, inside) in [
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("9.255.255.255", false),
            ("::ffff:10.1.2.3", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(ten.contains(address.parse().unwrap()), inside, "{address}");
        }
        assert!(network("0.0.0.0/0").contains("255.1.2.3".parse().unwrap()));
        assert!(!network("0.0.0.0/0").contains("2001:db8::1".parse().unwrap()), "the other family");
        assert!(network("::/0").contains("2001:db8::1".parse().unwrap()));
    }

    #[test]
    fn a_household_is_a_source_however_many_addresses_it_has() {
        let of = |text: &str| Network::of_source(text.parse().unwrap()).map(|(network, _)| network).collect::<Vec<_>>();
        assert_eq!(of("192.0.2.1"), [network("192.0.2.1/32")]);
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        let wide = [network("2001:db8:1:200::/64"), network("2001:db8:1:200::/56"), network("2001:db8:1::/48")];
        assert_eq!(of("2001:db8:1:200::7"), wide);
        assert_eq!(of("2001:db8:1:2ff::7")[1..], wide[1..]);
    }

    proptest! {
        #[test]
        fn an_address_is_in_its_own_networks(bits in any::<u128>(), v4 in any::<bool>(), prefix in 0..=128_u8) {
            let address = if v4 { IpAddr::from((bits as u32).to_be_bytes()) } else { IpAddr::from(bits.to_be_bytes()) };
            let network = Network::of(address, prefix);
            prop_assert!(network.contains(address));
            prop_assert_eq!(network.to_string().parse::<Network>().unwrap(), network);
        }

        #[test]
        fn no_text_is_too_much(text in ".{0,50}") {
            let _ = text.parse::<Network>();
        }
    }
}
