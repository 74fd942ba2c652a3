//! Under which names and addresses this machine can be reached.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most addresses in a certificate: each TLS handshake of a client that came by address carries them all.
const MAX_NAMES: usize = 16;

/// A name or an address in a certificate.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A DNS name in lower case.
    Dns(String),
    /// An IP address.
    Address(IpAddr),
}

impl Name {
    /// Reads a DNS name or an address; IPv6 addresses with or without brackets.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Some(Self::Address(address));
        }
        let name = text.to_ascii_lowercase();
        let is_dns = (1..=253).contains(&name.len())
            && name.split('.').all(|label| {
                (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            });
        is_dns.then_some(Self::Dns(name))
    }
}

/// Where the names come from, so that tests can say what the machine is called.
pub(super) trait Machine: Send + Sync {
    /// The host name.
    fn host_name(&self) -> String;
}

/// This machine.
pub(super) struct ThisMachine;

impl Machine for ThisMachine {
    fn host_name(&self) -> String {
        gethostname::gethostname().to_string_lossy().into_owned()
    }
}

/// Under which names this machine knows itself.
pub(super) fn own() -> BTreeSet<Name> {
    let addresses = [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()].map(Name::Address);
    [Name::Dns("localhost".into())].into_iter().chain(addresses).collect()
}

/// The names and addresses among what the operator says leads here.
pub(super) fn given(texts: &[String]) -> BTreeSet<Name> {
    texts.iter().filter_map(|text| Name::parse(text)).collect()
}

/// The DNS names under which clients can reach the machine: its own, and `given` ones.
pub(super) fn hosts(machine: &dyn Machine, given: &BTreeSet<Name>) -> BTreeSet<Name> {
    let host = machine.host_name();
    // A name that some networks give with their domain is announced by mDNS without it.
    let label = host.split('.').next().unwrap_or_default();
    let announced = Name::parse(&format!("{label}.local")).filter(|_| !label.is_empty());
    let own = own().into_iter().chain(Name::parse(&host)).chain(announced);
    own.chain(given.iter().cloned()).filter(|name| matches!(name, Name::Dns(_))).collect()
}

/// The addresses among `given` names.
pub(super) fn addresses(given: &BTreeSet<Name>) -> Vec<IpAddr> {
    let addresses = given.iter().filter_map(|name| match name {
        Name::Dns(_) => None,
        Name::Address(address) => Some(*address),
    });
    addresses.take(MAX_NAMES).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Called(&'static str);

    impl Machine for Called {
        fn host_name(&self) -> String {
            self.0.into()
        }
    }

    fn texts(names: &BTreeSet<Name>) -> Vec<String> {
        names
            .iter()
            .map(|name| match name {
                Name::Dns(name) => name.clone(),
                Name::Address(address) => address.to_string(),
            })
            .collect()
    }

    #[test]
    fn every_name_of_the_machine_is_known_once() {
        let given = given(&["Call.Example.org".into(), "[2001:db8::5]".into(), "call.example.org".into()]);
        let hosts = hosts(&Called("Pi.home.arpa"), &given);
        assert_eq!(texts(&hosts), ["call.example.org", "localhost", "pi.home.arpa", "pi.local"]);
        assert_eq!(addresses(&given), ["2001:db8::5".parse::<IpAddr>().unwrap()]);
        assert_eq!(texts(&own()), ["localhost", "127.0.0.1", "::1"]);
    }

    #[test]
    fn odd_host_names_are_left_out() {
        for odd in ["", "my_pi", "-", "ü"] {
            let names = hosts(&Called(odd), &given(&["not a name".into()]));
            assert!(texts(&names).iter().all(|name| !name.contains(['_', 'ü', ' ']) && name != ".local"), "{names:?}");
        }
        assert_eq!(texts(&hosts(&Called("192.168.1.5"), &BTreeSet::new())), ["192.local", "localhost"]);
    }

    #[test]
    fn very_many_addresses_are_bounded() {
        let many: Vec<_> = (0..500_u32).map(|n| std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string()).collect();
        assert_eq!(addresses(&given(&many)).len(), MAX_NAMES);
    }

    #[test]
    fn this_machine_has_a_name() {
        assert!(!ThisMachine.host_name().is_empty());
    }
}
