//! What the built-in authority may vouch for.
//!
//! Households install its certificate on all their devices, and its key lies in a file that is copied with the rest of the
//! data. A stolen key must not let anyone impersonate a bank to these devices, so the certificate itself limits the names
//! (RFC 5280, 4.2.1.10), and the devices refuse others.
//!
//! The certificate is public, since people fetch it before they have an account. So nothing stands in it that this machine
//! does not tell strangers anyway: neither its own name nor any of its addresses, but names that lead nowhere outside a network
//! of one's own, those that the operator has given to the server, and all addresses.

use std::collections::BTreeSet;

use rcgen::{CidrSubnet, GeneralSubtree, NameConstraints};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::X509Certificate;

use super::names::Name;

/// Domains that do not exist on the internet: of RFC 6761 and 6762 (with its appendix G) and RFC 8375, and what the
/// routers of AVM call their networks.
const AT_HOME: [&str; 10] =
    ["localhost", "local", "home.arpa", "internal", "lan", "home", "intranet", "private", "corp", "fritz.box"];

/// The limits of an authority that is made for a server with these names.
pub(super) fn limits(given: &BTreeSet<Name>) -> NameConstraints {
    let given = given.iter().filter_map(|name| match name {
        Name::Dns(name) => Some(name.as_str()),
        Name::Address(_) => None,
    });
    let names: BTreeSet<&str> = AT_HOME.into_iter().chain(given).collect();
    let mut permitted: Vec<_> = names.into_iter().map(|name| GeneralSubtree::DnsName(name.to_owned())).collect();
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])));
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])));
    NameConstraints { permitted_subtrees: permitted, excluded_subtrees: Vec::new() }
}

/// The names that an authority may vouch for, as its certificate says, together with all that end in a dot and one of
/// them. All addresses are among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope(Vec<String>);

impl Scope {
    /// Reads it; `None` when the certificate has no limits.
    pub(super) fn of(certificate: &X509Certificate<'_>) -> Option<Self> {
        let limits = certificate.name_constraints().ok()??;
        let permitted = limits.value.permitted_subtrees.iter().flatten();
        let names = permitted.filter_map(|subtree| match subtree.base {
            GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
            _ => None,
        });
        Some(Self(names.collect()))
    }

    /// Whether devices accept a certificate for this name.
    pub(super) fn permits(&self, name: &Name) -> bool {
        let Name::Dns(name) = name else { return true };
        let is_within =
            |base: &String| name.strip_suffix(base.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
        self.0.iter().any(is_within)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_within_another_by_whole_labels() {
        let scope = Scope(vec!["local".into(), "call.example.org".into()]);
        let permits = |name: &str| scope.permits(&Name::Dns(name.into()));
        for name in ["local", "pi.local", "a.b.local", "call.example.org", "x.call.example.org"] {
            assert!(permits(name), "{name}");
        }
        for name in ["", "bank.example", "notlocal", "local.bank.example", "example.org", "xcall.example.org"] {
            assert!(!permits(name), "{name}");
        }
    }
}
