//! Candidates, trickled or in a description.

use std::net::IpAddr;

use super::address::is_relayed;
use super::words::{ice_chars, number, port};

/// RFC 8839, 5.1: `candidate:FOUNDATION COMPONENT TRANSPORT PRIORITY ADDRESS PORT typ TYPE [raddr A] [rport P] …`.
///
/// An extension that no browser of today writes is left out, as the RFC has it for those who do not know it.
pub fn admit(text: &str) -> Option<String> {
    let words: Vec<&str> = text.strip_prefix("candidate:")?.split(' ').collect();
    let [foundation, component, transport, priority, address, own_port, "typ", "relay", extensions @ ..] =
        words.as_slice()
    else {
        return None;
    };
    let relayed: IpAddr = address.parse().ok().filter(is_relayed)?;
    let fits = ice_chars(foundation, 32)
        && port(component)
        && transport.eq_ignore_ascii_case("udp")
        && number(priority)
        && priority.parse::<u32>().is_ok()
        && port(own_port)
        && extensions.len().is_multiple_of(2);
    if !fits {
        return None;
    }
    let mut kept = format!("candidate:{foundation} {component} {transport} {priority} {relayed} {own_port} typ relay");
    for (at, pair) in extensions.chunks_exact(2).enumerate() {
        let known = match pair {
            // Only the first pair can be the related address: a second one is an address that hides as an extension.
            ["raddr", related] => {
                let related: IpAddr = related.parse().ok()?;
                if at != 0 || !(related.is_unspecified() || related == relayed) {
                    return None;
                }
                kept.push_str(&format!(" raddr {related}"));
                continue;
            }
            ["rport", value] if port(value) => true,
            ["generation" | "network-id" | "network-cost", value] if port(value) => true,
            ["ufrag", value] if ice_chars(value, 256) => true,
            // What else an extension may be made of. An address or a host name has more than letters and digits.
            [name, value] if name.split('-').all(|part| ice_chars(part, 32)) && ice_chars(value, 256) => false,
            _ => return None,
        };
        if known {
            kept.push_str(&format!(" {} {}", pair[0], pair[1]));
        }
    }
    Some(kept)
}
