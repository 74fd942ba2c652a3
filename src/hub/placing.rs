//! Placing a call: a ticket is sealed, and nothing is kept. The switchboard knows of the call when its caller comes.

use std::time::{Duration, SystemTime};

use super::{Hub, stopping};
use crate::domain::household::tag::Token;
use crate::domain::ice::IceServer;
use crate::domain::ids::{AnonymousId, CallId, HouseholdId, TagId};
use crate::domain::{Error, Kind, Result};
use crate::household::tags::Tags;
use crate::proto::signal::Grant;

/// What a caller needs to come to the call.
pub struct PlacedCall {
    /// The call.
    pub call_id: CallId,
    /// The caller's name on this call.
    pub caller: AnonymousId,
    /// The caller's ticket. Whether the tag may still be called is looked up again when it is shown.
    pub ticket: String,
    /// How the caller's browser reaches the relay.
    pub ice_servers: Vec<IceServer>,
}

impl Hub {
    /// Places a call through the tag with this token, for a caller who reached this server as `authority` (`HOST:PORT`).
    ///
    /// # Errors
    /// `unknown-code` and `paused` when the tag may not be called; those of [`Hub::place`].
    pub async fn place_call(&self, tags: &Tags, token: &Token, authority: &str, now: SystemTime) -> Result<PlacedCall> {
        let found = tags.callable(token, now).await?;
        self.place(found.tag, found.household, authority, now)
    }

    /// Places a call to a tag that may be called.
    ///
    /// # Errors
    /// `too-many-calls` when the server has as many calls as it takes; `stopping` when it stops.
    pub fn place(&self, tag: TagId, household: HouseholdId, authority: &str, now: SystemTime) -> Result<PlacedCall> {
        if !self.is_running() {
            return Err(stopping());
        }
        // The switchboard has the last word, when the caller comes; there is no use in sending one who would be refused.
        if self.calls() >= self.shared.max_calls {
            return Err(too_many_calls());
        }
        let (call_id, caller, owner) = (CallId::random(), AnonymousId::random(), AnonymousId::random());
        let grant = Grant::place(call_id, tag, household, [caller, owner]);
        let ticket = self.shared.issuer.for_call(&grant, now)?;
        Ok(PlacedCall { call_id, caller, ticket, ice_servers: self.shared.ice.servers(authority, caller) })
    }
}

fn too_many_calls() -> Error {
    Error::new(Kind::Unavailable, "too-many-calls", "The server has reached its call limit.")
        .hint("Try again in a minute.")
        .retry_after(Duration::from_secs(30))
}
