//! Relayed transport addresses that are names (design decision D1): nothing listens on them, nothing is sent to them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// How many calls can have an address at the same time: the size of 198.18.0.0/15.
pub const CALLS: u32 = 1 << 17;
/// The lowest relayed port (RFC 8656, section 7.2: from the dynamic range).
pub const FIRST_PORT: u16 = 49152;

const BLOCK_V4: u32 = u32::from_be_bytes([198, 18, 0, 0]);
const BLOCK_V6: u128 = 0x2001_0db8 << 96;

/// An address family of RFC 8656, section 18.9.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// 0x01.
    V4,
    /// 0x02.
    V6,
}

impl Family {
    /// The family of an address.
    pub fn of(ip: IpAddr) -> Self {
        if ip.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    /// An index into a pair of per-family values.
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What names a call among the calls of this moment; every relayed address of the call is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallNumber(pub u32);

impl CallNumber {
    /// The call's one address of this family.
    pub fn ip(self, family: Family) -> IpAddr {
        match family {
            Family::V4 => Ipv4Addr::from(BLOCK_V4 | self.0).into(),
            Family::V6 => Ipv6Addr::from(BLOCK_V6 | u128::from(self.0)).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_has_one_address_of_each_family_inside_the_blocks() {
        assert_eq!(CallNumber(0).ip(Family::V4).to_string(), "198.18.0.0");
        assert_eq!(CallNumber(CALLS - 1).ip(Family::V4).to_string(), "198.19.255.255");
        assert_eq!(CallNumber(CALLS - 1).ip(Family::V6).to_string(), "2001:db8::1:ffff");
    }
}
