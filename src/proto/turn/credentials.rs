//! What the call side tells the relay: who may allocate, for which call, and when that ends.

use std::net::IpAddr;
use std::time::Duration;

use crate::domain::credentials::secret::Secret;
use crate::domain::ids::CallId;

/// One participant's long-term credentials (RFC 8489, section 9.2), made by the code that admits the call.
///
/// The username must be unpredictable and of printable ASCII without `:`, at most 128 bytes, and unique among the
/// calls admitted at the same time; the password may be any text of at most 256 bytes.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// What USERNAME carries; visible to anyone who sees the packets, so it must say nothing about a person.
    pub username: String,
    /// What the key of MESSAGE-INTEGRITY is made from; never sent.
    pub password: Secret<String>,
}

/// What the call side may tell the relay.
pub trait CallAdmission: Send + Sync {
    /// From now on these two participants may allocate, and reach each other.
    ///
    /// Admitting the same call again replaces its participants: allocations made with credentials that are no longer
    /// named are closed. After `lifetime` the relay forgets the call by itself, as if it had been revoked.
    fn admit(&self, call_id: CallId, participants: [Credentials; 2], lifetime: Duration);

    /// Somebody takes part in this call from `source`: what comes from there goes before what strangers ask. It may be
    /// told again, and is forgotten with the call; of a call that is not admitted it is ignored.
    fn expect(&self, call_id: CallId, source: IpAddr);

    /// The call is over: its credentials are worthless and its allocations closed, before this returns or within a
    /// second at most. A session that is not admitted is ignored.
    fn revoke(&self, call_id: CallId);
}
