//! Refresh (RFC 8656, section 8.2).

use std::time::{Duration, Instant};

use stun::attributes::ATTR_REQUESTED_ADDRESS_FAMILY;
use stun::error_code::{
    CODE_ADDR_FAMILY_NOT_SUPPORTED, CODE_ALLOC_MISMATCH, CODE_BAD_REQUEST, CODE_PEER_ADDR_FAMILY_MISMATCH,
    CODE_WRONG_CREDENTIALS,
};
use turn::proto::lifetime::Lifetime;

use super::allocate::requested_lifetime;
use super::reply::Reply;
use crate::proto::stun::message::Received;
use crate::proto::turn::address::Family;
use crate::proto::turn::allocation_table::{Allocation, Owner};
use crate::proto::turn::control::{ControlPlane, Refusal, refusal};
use crate::proto::turn::five_tuple::FiveTuple;

impl ControlPlane {
    pub(in crate::proto::turn) fn refresh(
        &mut self,
        request: &Received<'_>,
        from: &FiveTuple,
        who: Owner,
        now: Instant,
    ) -> Result<Reply, Refusal> {
        // 1. The 5-tuple has an allocation of the same user: 437 and 441 otherwise.
        let families = self.owned(from, who)?.leg.families;
        // 2. REQUESTED-ADDRESS-FAMILY names a family that the allocation has: 443 otherwise.
        let family = requested_family(request)?;
        if family.is_some_and(|family| !families[family.index()]) {
            return Err(refusal(CODE_PEER_ADDR_FAMILY_MISMATCH, "Peer Address Family Mismatch"));
        }
        // 3. The lifetime: zero ends the allocation, or its half of the named family; anything else is at least the
        //    default and at most what is configured.
        let asked = requested_lifetime(request, self.limits.lifetime)?;
        let lifetime =
            if asked.is_zero() { asked } else { asked.max(self.limits.lifetime.min(Duration::from_secs(600))) };
        match family {
            Some(family) if lifetime.is_zero() && families == [true, true] => {
                self.calls.change(from, |a| drop_family(a, family));
                self.publish(who.call_id);
            }
            _ if lifetime.is_zero() => self.close(from),
            _ => {
                self.calls.change(from, |a| a.leg.expires = now + lifetime);
                self.publish(who.call_id);
            }
        }
        Ok(Reply::success(request).with(&Lifetime(lifetime)))
    }

    /// The client's allocation, if this participant made it (RFC 8656, section 5).
    pub(in crate::proto::turn) fn owned(&self, client: &FiveTuple, who: Owner) -> Result<&Allocation, Refusal> {
        let (call_id, allocation) =
            self.calls.allocation(client).ok_or(refusal(CODE_ALLOC_MISMATCH, "Allocation Mismatch"))?;
        let call = self.calls.call(who.call_id).ok_or(CODE_ALLOC_MISMATCH)?;
        if call_id != who.call_id || allocation.username != call.participants[who.side].username {
            return Err(refusal(CODE_WRONG_CREDENTIALS, "Wrong Credentials"));
        }
        Ok(allocation)
    }
}

fn requested_family(request: &Received<'_>) -> Result<Option<Family>, Refusal> {
    match request.value(ATTR_REQUESTED_ADDRESS_FAMILY) {
        None => Ok(None),
        Some(&[1, _, _, _]) => Ok(Some(Family::V4)),
        Some(&[2, _, _, _]) => Ok(Some(Family::V6)),
        Some(&[_, _, _, _]) => Err(refusal(CODE_ADDR_FAMILY_NOT_SUPPORTED, "Address Family not Supported")),
        Some(_) => Err(refusal(CODE_BAD_REQUEST, "REQUESTED-ADDRESS-FAMILY")),
    }
}

fn drop_family(allocation: &mut Allocation, family: Family) {
    allocation.leg.families[family.index()] = false;
    allocation.leg.permissions[family.index()] = None;
    allocation.leg.channels.retain(|channel| channel.family != family);
}
