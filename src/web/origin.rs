//! Which origins are the server's own, and what links to it look like.

use std::net::IpAddr;

use axum::http::{HeaderMap, HeaderValue};

/// Knows the operator's `public_url`, or goes by how each client reached the server.
#[derive(Debug, Clone, Default)]
pub struct OriginPolicy {
    public_origin: Option<String>,
    ports: Vec<u16>,
    guests: Vec<String>,
}

impl OriginPolicy {
    /// `public_origin` as browsers send it (`https://HOST[:PORT]`, no port where it is 443), where one is configured.
    pub fn new(public_origin: Option<String>) -> Self {
        Self { public_origin, ..Self::default() }
    }

    /// The same, where the server, or a proxy in front of it, listens on these ports.
    #[must_use]
    pub fn at_ports(mut self, ports: Vec<u16>) -> Self {
        self.ports = ports;
        self
    }

    /// The same, and origins of applications elsewhere that may use the API.
    #[must_use]
    pub fn with_guests(mut self, guests: Vec<String>) -> Self {
        self.guests = guests;
        self
    }

    /// Whether there are any.
    pub fn has_guests(&self) -> bool {
        !self.guests.is_empty()
    }

    /// Whether this is the origin of one, to the letter.
    pub fn is_guest(&self, origin: &HeaderValue) -> bool {
        self.guests.iter().any(|guest| guest.as_bytes() == origin.as_bytes())
    }

    /// Whether a page may open a WebSocket: ours, or a guest's; and a program, which has no origin to name. A socket is
    /// worth nothing without the ticket that the API gave out, so it opens no door that the API has not opened; no cookie
    /// is looked at. Browsers always name the page's origin (RFC 6455, 4.1), so other sites' pages stay outside.
    pub fn allows_socket(&self, origin: Option<&HeaderValue>, authority: &str) -> bool {
        origin.is_none_or(|named| self.allows(origin, authority) || self.is_guest(named))
    }

    /// Whether a page of ours made the request: its `Origin` is the host that it was sent to, or the public one.
    ///
    /// A missing `Origin` and `null` (sandboxed frames, local files) are nobody's.
    pub fn allows(&self, origin: Option<&HeaderValue>, authority: &str) -> bool {
        let Some(origin) = origin.and_then(|origin| origin.to_str().ok()) else { return false };
        let Some(host) = origin.strip_prefix("https://") else { return false };
        without_default_port(host).eq_ignore_ascii_case(without_default_port(authority))
            || self.public_origin.as_deref() == Some(origin)
    }

    /// Whether only this server can have made a page of an origin: of the public one, or of a port that it listens on.
    ///
    /// Browsers give a passkey to every port of the name that it was made for. Another program at another port of the
    /// same host could ask for one and pass it on with whatever `Host` and `Origin` it likes.
    pub fn is_nobody_elses(&self, origin: &str) -> bool {
        self.public_origin.as_deref() == Some(origin)
            || origin
                .strip_prefix("https://")
                .and_then(|authority| authority.parse::<axum::http::uri::Authority>().ok())
                .is_some_and(|authority| self.ports.contains(&authority.port_u16().unwrap_or(443)))
    }

    /// The origin that stickers carry, when the owner reached the server at `authority`.
    pub fn for_stickers(&self, authority: &str) -> String {
        self.public_origin.clone().unwrap_or_else(|| format!("https://{}", without_default_port(authority)))
    }

    /// What the owner should know about a sticker made at `authority`: that its address may change or be unreachable.
    pub fn warning(&self, authority: &str) -> Option<String> {
        if self.public_origin.is_some() {
            return None;
        }
        let host = host_of(authority);
        let why = if host == "localhost" || host.ends_with(".localhost") || is_loopback(host) {
            "works on this computer only"
        } else if parse_ip(host).is_some() {
            "is a number that may change when your network does"
        } else if host.ends_with(".local") || !host.contains('.') {
            "works in your own network only"
        } else {
            return None;
        };
        Some(format!(
            "The link leads to {host}, which {why}. Set public_url before you print stickers or send links that are to last."
        ))
    }
}

/// Whether the browser says that a request came from a page of another origin (Fetch Metadata, Sec-Fetch-Site): pages
/// cannot forge that header. SameSite=Strict does not keep a sibling host's pages away, this does. Programs and old
/// browsers say nothing.
pub fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let sites = headers.get_all("sec-fetch-site");
    !sites.iter().all(|site| matches!(site.as_bytes(), b"same-origin" | b"none"))
}

fn without_default_port(authority: &str) -> &str {
    authority.strip_suffix(":443").unwrap_or(authority)
}

fn host_of(authority: &str) -> &str {
    match authority.rfind(':') {
        Some(colon) if !authority[colon..].contains(']') => &authority[..colon],
        _ => authority,
    }
}

fn parse_ip(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

fn is_loopback(host: &str) -> bool {
    parse_ip(host).is_some_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(policy: &OriginPolicy, origin: &'static str, authority: &str) -> bool {
        policy.allows(Some(&HeaderValue::from_static(origin)), authority)
    }

    #[test]
    fn only_pages_of_the_host_that_was_asked_are_ours() {
        let policy = OriginPolicy::default();
        assert!(allows(&policy, "https://door.local:8443", "door.local:8443"));
        assert!(allows(&policy, "https://door.example", "door.example:443"));
        for foreign in [
            "null",
            "http://door.local:8443",
            "https://door.local",
            "https://evil.example",
            "https://door.local:8443.evil.example",
            "",
        ] {
            assert!(!allows(&policy, foreign, "door.local:8443"), "{foreign}");
        }
        assert!(!policy.allows(None, "door.local:8443"));
    }

    #[test]
    fn the_public_origin_is_ours_behind_a_proxy_too() {
        let policy = OriginPolicy::new(Some("https://call.example.org".into()));
        assert!(allows(&policy, "https://call.example.org", "127.0.0.1:8443"));
        assert_eq!(policy.for_stickers("127.0.0.1:8443"), "https://call.example.org");
        assert_eq!(policy.warning("127.0.0.1:8443"), None);
    }

    #[test]
    fn another_port_of_the_same_host_may_be_somebody_elses() {
        let policy = OriginPolicy::new(Some("https://call.example.org".into())).at_ports(vec![8443]);
        for ours in ["https://call.example.org", "https://pi.local:8443", "https://call.example.org:8443"] {
            assert!(policy.is_nobody_elses(ours), "{ours}");
        }
        for foreign in ["https://call.example.org:9999", "https://pi.local", "http://pi.local:8443", "https://", "null"]
        {
            assert!(!policy.is_nobody_elses(foreign), "{foreign}");
        }
        assert!(OriginPolicy::default().at_ports(vec![443]).is_nobody_elses("https://pi.local"));
    }

    #[test]
    fn a_guest_may_open_sockets_and_is_not_one_of_ours() {
        let policy = OriginPolicy::default().with_guests(vec!["https://app.example".into()]);
        let origin = |text: &'static str| HeaderValue::from_static(text);
        assert!(policy.allows_socket(Some(&origin("https://app.example")), "door.local:8443"));
        assert!(policy.allows_socket(Some(&origin("https://door.local:8443")), "door.local:8443"));
        assert!(policy.allows_socket(None, "door.local:8443"), "a program");
        assert!(!policy.allows(Some(&origin("https://app.example")), "door.local:8443"), "cookies are for our pages");
        for foreign in ["https://app.example:443", "https://APP.example", "https://sub.app.example", "null", ""] {
            assert!(!policy.allows_socket(Some(&origin(foreign)), "door.local:8443"), "{foreign}");
        }
    }

    #[test]
    fn addresses_that_do_not_last_are_warned_of() {
        let policy = OriginPolicy::default();
        for (authority, part) in [
            ("localhost:8443", "this computer"),
            ("127.0.0.1:8443", "this computer"),
            ("[::1]:8443", "this computer"),
            ("192.168.1.7:8443", "may change"),
            ("[2001:db8::7]:8443", "may change"),
            ("pi.local:8443", "own network"),
            ("pi:8443", "own network"),
        ] {
            assert!(policy.warning(authority).is_some_and(|text| text.contains(part)), "{authority}");
        }
        assert_eq!(policy.warning("call.example.org"), None);
    }
}
