//! What the certificate must be good for: every name and address under which this machine can be reached.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The most names in a certificate: each TLS handshake carries them all.
const MOST: usize = 100;

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

/// Where the names come from, so that tests can say what the machine looks like.
pub(super) trait Machine: Send + Sync {
    /// The host name.
    fn host_name(&self) -> String;
    /// The addresses of all network interfaces that are up.
    fn addresses(&self) -> Vec<IpAddr>;
}

/// This machine.
pub(super) struct ThisMachine;

impl Machine for ThisMachine {
    fn host_name(&self) -> String {
        gethostname::gethostname().to_string_lossy().into_owned()
    }

    fn addresses(&self) -> Vec<IpAddr> {
        match if_addrs::get_if_addrs() {
            Ok(interfaces) => interfaces.iter().map(if_addrs::Interface::ip).collect(),
            Err(error) => {
                tracing::warn!(%error, "cannot list network interfaces; the certificate will lack their addresses");
                Vec::new()
            }
        }
    }
}

/// The machine's names and addresses, and `extra` ones; those come first when there are too many.
pub(super) fn wanted(machine: &dyn Machine, extra: &[String]) -> BTreeSet<Name> {
    let mut ordered = vec![
        Name::Dns("localhost".into()),
        Name::Address(Ipv4Addr::LOCALHOST.into()),
        Name::Address(Ipv6Addr::LOCALHOST.into()),
    ];
    ordered.extend(extra.iter().filter_map(|text| Name::parse(text)));
    let host = machine.host_name();
    // A name that some networks give with their domain is announced by mDNS without it.
    let label = host.split('.').next().unwrap_or_default();
    ordered.extend(Name::parse(&host));
    ordered.extend(Name::parse(&format!("{label}.local")).filter(|_| !label.is_empty()));
    let mut addresses = machine.addresses();
    addresses.sort_by_key(|address| (is_link_local(address), *address));
    ordered.extend(addresses.into_iter().map(Name::Address));

    let mut names = BTreeSet::new();
    for name in ordered {
        if names.len() < MOST {
            names.insert(name);
        }
    }
    names
}

const fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    struct Fixed(&'static str, Vec<IpAddr>);

    impl Machine for Fixed {
        fn host_name(&self) -> String {
            self.0.into()
        }

        fn addresses(&self) -> Vec<IpAddr> {
            self.1.clone()
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
    fn every_way_to_reach_the_machine_is_named_once() {
        let machine = Fixed("Pi.home.arpa", vec!["192.168.1.5".parse().unwrap(), "127.0.0.1".parse().unwrap()]);
        let names = wanted(&machine, &["Call.Example.org".into(), "[2001:db8::5]".into(), "call.example.org".into()]);
        assert_eq!(
            texts(&names),
            [
                "call.example.org",
                "localhost",
                "pi.home.arpa",
                "pi.local",
                "127.0.0.1",
                "192.168.1.5",
                "::1",
                "2001:db8::5"
            ]
        );
    }

    #[test]
    fn odd_host_names_are_left_out() {
        for odd in ["", "my_pi", "-", "ü"] {
            let names = wanted(&Fixed(odd, Vec::new()), &["not a name".into()]);
            assert!(texts(&names).iter().all(|name| !name.contains(['_', 'ü', ' ']) && name != ".local"), "{names:?}");
        }
    }

    #[test]
    fn a_machine_with_very_many_addresses_gets_a_bounded_certificate() {
        let many: Vec<IpAddr> = (0..5000_u32).map(|n| IpAddr::from((0x0a00_0000 + n).to_be_bytes())).collect();
        let names = wanted(&Fixed("pi", many), &["kept.example".into()]);
        assert_eq!(names.len(), MOST);
        assert!(names.contains(&Name::Dns("kept.example".into())));
    }

    #[test]
    fn this_machine_has_its_loopback_address() {
        assert!(ThisMachine.addresses().contains(&Ipv4Addr::LOCALHOST.into()));
        assert!(!ThisMachine.host_name().is_empty());
    }
}
