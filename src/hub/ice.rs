//! What the browsers of a call are told about the relay, and what the relay is told about them.

use std::net::IpAddr;
use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::uri::Authority;
use ring::hmac;

use crate::domain::credentials::secret::Secret;
use crate::domain::ice::IceServer;
use crate::domain::ids::{AnonymousId, CallId};
use crate::domain::random;
pub use crate::proto::turn::credentials::{CallAdmission, Credentials};

/// Credentials for the relay, and who may use it when.
///
/// A password is the HMAC of the participant's name under a key that lives as long as the process: so it can be told
/// at any time and kept nowhere, and it is worth nothing outside of [`Ice::admit`] and [`Ice::revoke`].
pub struct Ice {
    gate: Arc<dyn CallAdmission>,
    key: hmac::Key,
}

impl Ice {
    /// Credentials of this process for the relay behind `gate`.
    pub fn new(gate: Arc<dyn CallAdmission>) -> Self {
        Self { gate, key: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()) }
    }

    /// How `participant`'s browser reaches the relay, when it reached this server as `authority` (`HOST` or
    /// `HOST:PORT`): at the same host and port. Empty when that is no authority.
    ///
    /// `turns:` is offered with a DNS name only: Firefox skips an address silently, and no certificate would fit it.
    pub fn servers(&self, authority: &str, participant: AnonymousId) -> Vec<IceServer> {
        let Ok(authority) = Authority::from_str(authority) else {
            return Vec::new();
        };
        let (host, port) = (authority.host(), authority.port_u16().unwrap_or(443));
        let is_address = host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        let mut urls = vec![format!("turn:{host}:{port}?transport=udp"), format!("turn:{host}:{port}?transport=tcp")];
        if !is_address {
            urls.push(format!("turns:{host}:{port}?transport=tcp"));
        }
        let Credentials { username, password } = self.credentials(participant);
        vec![IceServer { urls, username, credential: password }]
    }

    /// A person answered: from now on both may allocate, for `lifetime` at most.
    pub fn admit(&self, call_id: CallId, participants: [AnonymousId; 2], lifetime: Duration) {
        self.gate.admit(call_id, participants.map(|participant| self.credentials(participant)), lifetime);
    }

    /// Somebody takes part in the call from there.
    pub fn expect(&self, call_id: CallId, source: IpAddr) {
        self.gate.expect(call_id, source);
    }

    /// The call is over.
    pub fn revoke(&self, call_id: CallId) {
        self.gate.revoke(call_id);
    }

    fn credentials(&self, participant: AnonymousId) -> Credentials {
        let tag = hmac::sign(&self.key, participant.as_bytes());
        Credentials { username: participant.to_string(), password: Secret::new(URL_SAFE_NO_PAD.encode(tag.as_ref())) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Seen(Mutex<Vec<String>>);

    impl CallAdmission for Seen {
        fn admit(&self, _: CallId, participants: [Credentials; 2], lifetime: Duration) {
            let [caller, owner] = participants.map(|p| format!("{}={}", p.username, p.password.expose()));
            self.0.lock().unwrap().push(format!("{caller} {owner} {}", lifetime.as_secs()));
        }

        fn expect(&self, _: CallId, _: IpAddr) {}

        fn revoke(&self, _: CallId) {
            self.0.lock().unwrap().push("revoked".into());
        }
    }

    #[test]
    fn turns_is_offered_with_a_name_only() {
        let ice = Ice::new(Arc::new(Seen::default()));
        let urls = |authority| ice.servers(authority, AnonymousId::random()).remove(0).urls;
        assert_eq!(
            urls("ring.example.org:8443"),
            [
                "turn:ring.example.org:8443?transport=udp",
                "turn:ring.example.org:8443?transport=tcp",
                "turns:ring.example.org:8443?transport=tcp"
            ]
        );
        assert_eq!(urls("ring.example.org")[0], "turn:ring.example.org:443?transport=udp", "a browser leaves 443 out");
        assert_eq!(urls("192.0.2.1:8443"), ["turn:192.0.2.1:8443?transport=udp", "turn:192.0.2.1:8443?transport=tcp"]);
        assert_eq!(
            urls("[2001:db8::1]:8443"),
            ["turn:[2001:db8::1]:8443?transport=udp", "turn:[2001:db8::1]:8443?transport=tcp"]
        );
        assert!(ice.servers("not an authority", AnonymousId::random()).is_empty());
    }

    #[test]
    fn the_relay_and_the_browser_are_told_the_same() {
        let seen = Arc::new(Seen::default());
        let ice = Ice::new(seen.clone());
        let (caller, owner) = (AnonymousId::random(), AnonymousId::random());
        ice.admit(CallId::random(), [caller, owner], Duration::from_secs(60));
        ice.revoke(CallId::random());
        let told = |id| {
            let server = ice.servers("localhost", id).remove(0);
            format!("{}={}", server.username, server.credential.expose())
        };
        assert_ne!(told(caller), told(owner));
        assert_eq!(*seen.0.lock().unwrap(), [format!("{} {} 60", told(caller), told(owner)), "revoked".into()]);
        let other_boot = Ice::new(seen.clone()).servers("localhost", caller).remove(0);
        assert!(!told(caller).ends_with(other_boot.credential.expose()), "another process, other credentials");
    }
}
