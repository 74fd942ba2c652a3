//! Allocate (RFC 8656, section 7.2).

use std::time::{Duration, Instant};

use stun::attributes::{
    ATTR_EVEN_PORT, ATTR_LIFETIME, ATTR_REQUESTED_ADDRESS_FAMILY, ATTR_REQUESTED_TRANSPORT, ATTR_RESERVATION_TOKEN,
    AttrType,
};
use stun::error_code::{
    CODE_ADDR_FAMILY_NOT_SUPPORTED, CODE_ALLOC_MISMATCH, CODE_BAD_REQUEST, CODE_INSUFFICIENT_CAPACITY,
    CODE_UNSUPPORTED_TRANS_PROTO,
};
use turn::proto::PROTO_UDP;
use turn::proto::lifetime::Lifetime;
use turn::proto::relayaddr::RelayedAddress;
use turn::proto::reqfamily::{REQUESTED_FAMILY_IPV4, REQUESTED_FAMILY_IPV6};

use super::reply::Reply;
use crate::proto::stun::message::Received;
use crate::proto::turn::address::{CallNumber, Family};
use crate::proto::turn::allocation_table::{Allocation, Owner};
use crate::proto::turn::control::{ControlPlane, Refusal, refusal};
use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::view::AllocationView;

/// ADDITIONAL-ADDRESS-FAMILY (RFC 8656, section 18.11), which the crates do not know.
const ATTR_ADDITIONAL_ADDRESS_FAMILY: AttrType = AttrType(0x8000);

impl ControlPlane {
    pub(in crate::proto::turn) fn allocate(
        &mut self,
        request: &Received<'_>,
        from: FiveTuple,
        who: Owner,
        now: Instant,
    ) -> Result<Reply, Refusal> {
        // 1. The request is authenticated: by the caller.
        // 2. The 5-tuple has an allocation: 437, but a retransmission gets the answer that was lost (section 7.2).
        if let Some((_, existing)) = self.calls.allocation(&from) {
            if existing.transaction != request.message.transaction_id.0 {
                return Err(refusal(CODE_ALLOC_MISMATCH, "Allocation Mismatch"));
            }
            let call = self.calls.call(who.call_id).ok_or(CODE_ALLOC_MISMATCH)?;
            return Ok(granted(request, from, call.number, &existing.leg, existing.lifetime));
        }
        // 3. REQUESTED-TRANSPORT is missing or malformed: 400; not UDP: 442. No TCP relaying (RFC 6062).
        match request.value(ATTR_REQUESTED_TRANSPORT) {
            Some(&[protocol, _, _, _]) if protocol == PROTO_UDP.0 => {}
            Some(&[_, _, _, _]) => return Err(refusal(CODE_UNSUPPORTED_TRANS_PROTO, "Unsupported Transport Protocol")),
            _ => return Err(refusal(CODE_BAD_REQUEST, "REQUESTED-TRANSPORT")),
        }
        // 4. DONT-FRAGMENT is understood: nothing leaves through a relay socket, so nothing is fragmented there.
        // 5. to 7. REQUESTED-ADDRESS-FAMILY, ADDITIONAL-ADDRESS-FAMILY, EVEN-PORT and RESERVATION-TOKEN.
        let wanted = wanted(request)?;
        let lifetime =
            requested_lifetime(request, self.limits.lifetime)?.max(self.limits.lifetime.min(Duration::from_secs(600)));
        // 8. The participant's quota: instead of 486, the allocation that has been silent for longest makes room.
        if let Some(silent) = self.calls.surplus(who, self.limits.allocations_per_participant, now) {
            self.counts.allocations_evicted += 1;
            self.close(&silent);
        }
        // 9. ALTERNATE-SERVER (300) is never needed: there is one server.
        let call = self.calls.call(who.call_id).ok_or(CODE_ALLOC_MISMATCH)?;
        let (number, slot) = (call.number, call.free_slot());
        let username = std::sync::Arc::clone(&call.participants[who.side].username);
        call.meters.begin(slot, now);
        let leg = AllocationView {
            client: from,
            side: who.side,
            slot,
            port: self.calls.free_port(who.call_id, wanted.even),
            families: wanted.families,
            expires: now + lifetime,
            permissions: [None; 2],
            channels: Vec::new(),
        };
        let reply = granted(request, from, number, &leg, lifetime);
        let transaction = request.message.transaction_id.0;
        self.calls.open(who.call_id, Allocation { leg, username, transaction, lifetime });
        self.publish(who.call_id);
        self.opened(from);
        Ok(reply)
    }
}

/// What kind of relayed address is asked for.
struct Wanted {
    families: [bool; 2],
    even: bool,
}

fn wanted(request: &Received<'_>) -> Result<Wanted, Refusal> {
    let requested = request.value(ATTR_REQUESTED_ADDRESS_FAMILY);
    let additional = request.value(ATTR_ADDITIONAL_ADDRESS_FAMILY);
    let token = request.value(ATTR_RESERVATION_TOKEN);
    let even_port = match request.value(ATTR_EVEN_PORT) {
        None => None,
        Some(&[flags, ..]) => Some(flags & 0x80 != 0),
        Some(&[]) => return Err(refusal(CODE_BAD_REQUEST, "EVEN-PORT")),
    };
    // 5. Combinations that the RFC forbids.
    if token.is_some() && (even_port.is_some() || requested.is_some() || additional.is_some()) {
        return Err(refusal(CODE_BAD_REQUEST, "RESERVATION-TOKEN"));
    }
    if additional.is_some() && (requested.is_some() || even_port == Some(true)) {
        return Err(refusal(CODE_BAD_REQUEST, "ADDITIONAL-ADDRESS-FAMILY"));
    }
    // 6. Nothing is reserved, so a token and the reservation of the next port get 508. An even port is a name like any
    //    other and can be had.
    if even_port == Some(true) || token.is_some() {
        return Err(refusal(CODE_INSUFFICIENT_CAPACITY, "Insufficient Capacity"));
    }
    // 7. The requested family; both if an additional one is requested; IPv4 by default, also for clients on IPv6, because
    //    the address is a name that every client can carry.
    let families = match (requested, additional) {
        (None, None) => [true, false],
        (None, Some(&[family, _, _, _])) if family == REQUESTED_FAMILY_IPV6.0 => [true, true],
        (None, Some(_)) => return Err(refusal(CODE_BAD_REQUEST, "ADDITIONAL-ADDRESS-FAMILY")),
        (Some(&[family, _, _, _]), _) if family == REQUESTED_FAMILY_IPV4.0 => [true, false],
        (Some(&[family, _, _, _]), _) if family == REQUESTED_FAMILY_IPV6.0 => [false, true],
        (Some(&[_, _, _, _]), _) => {
            return Err(refusal(CODE_ADDR_FAMILY_NOT_SUPPORTED, "Address Family not Supported"));
        }
        (Some(_), _) => return Err(refusal(CODE_BAD_REQUEST, "REQUESTED-ADDRESS-FAMILY")),
    };
    Ok(Wanted { families, even: even_port.is_some() })
}

/// LIFETIME as asked for, at most `longest`; `longest` where nothing is asked.
pub(in crate::proto::turn) fn requested_lifetime(
    request: &Received<'_>,
    longest: Duration,
) -> Result<Duration, Refusal> {
    match request.value(ATTR_LIFETIME) {
        None => Ok(longest),
        Some(&[a, b, c, d]) => Ok(Duration::from_secs(u32::from_be_bytes([a, b, c, d]).into()).min(longest)),
        Some(_) => Err(refusal(CODE_BAD_REQUEST, "LIFETIME")),
    }
}

fn granted(
    request: &Received<'_>,
    from: FiveTuple,
    call: CallNumber,
    leg: &AllocationView,
    lifetime: Duration,
) -> Reply {
    let mut reply = Reply::success(request);
    for family in [Family::V4, Family::V6] {
        if leg.families[family.index()] {
            reply = reply.with(&RelayedAddress { ip: call.ip(family), port: leg.port });
        }
    }
    reply.with(&Lifetime(lifetime)).with_mapped(from.peer())
}
