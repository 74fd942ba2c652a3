//! The addresses where people can open the owner's page.

use std::net::{IpAddr, SocketAddr};

/// The best address first: the public one, then those of the network, then this machine's own. Never empty.
pub fn urls(public_origin: Option<String>, bound: &[SocketAddr]) -> Vec<String> {
    let port = bound.first().map_or(0, SocketAddr::port);
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    let mut hosts = Vec::new();
    if bound.iter().any(|address| address.ip().is_unspecified()) {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        let mut of_network: Vec<IpAddr> = interfaces
            .iter()
            .map(if_addrs::Interface::ip)
            .filter(|ip| !ip.is_loopback() && !is_link_local(ip))
            .collect();
        // Phones at home have IPv4, and people can read and type its addresses.
        of_network.sort_by_key(IpAddr::is_ipv6);
        hosts.extend(of_network.iter().map(show));
        hosts.push("localhost".to_owned());
    } else {
        hosts.extend(
            bound.iter().map(
                |address| {
                    if address.ip().is_loopback() { "localhost".to_owned() } else { show(&address.ip()) }
                },
            ),
        );
    }
    public_origin.into_iter().chain(hosts.iter().map(|host| format!("https://{host}{port}"))).collect()
}

fn show(ip: &IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

/// Addresses that need an interface name as well, which no browser accepts.
fn is_link_local(ip: &IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_is_what_is_shown() {
        let bound = ["127.0.0.1:8443".parse().unwrap_or_else(|_| unreachable!())];
        assert_eq!(urls(None, &bound), ["https://localhost:8443"]);
        let public = urls(Some("https://call.example.org".into()), &bound);
        assert_eq!(public, ["https://call.example.org", "https://localhost:8443"]);
    }

    #[test]
    fn everywhere_ends_with_this_machine_itself() {
        let bound = ["0.0.0.0:443".parse().unwrap_or_else(|_| unreachable!())];
        assert_eq!(urls(None, &bound).last().map(String::as_str), Some("https://localhost"));
    }
}
