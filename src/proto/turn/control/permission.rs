//! CreatePermission and ChannelBind (RFC 8656, sections 10.2 and 12.2).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use stun::attributes::{ATTR_CHANNEL_NUMBER, ATTR_XOR_PEER_ADDRESS};
use stun::error_code::{CODE_BAD_REQUEST, CODE_FORBIDDEN, CODE_INSUFFICIENT_CAPACITY, CODE_PEER_ADDR_FAMILY_MISMATCH};
use turn::proto::channum::ChannelNumber;

use super::reply::Reply;
use crate::proto::stun::message::Received;
use crate::proto::turn::address::Family;
use crate::proto::turn::allocation_table::{Allocation, Owner};
use crate::proto::turn::control::{ControlPlane, Refusal, refusal};
use crate::proto::turn::data_plane::is_reachable;
use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::header;
use crate::proto::turn::view::Channel;

/// RFC 8656, section 9.
const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
/// RFC 8656, section 12.
const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);

impl ControlPlane {
    pub(in crate::proto::turn) fn create_permission(
        &mut self,
        request: &Received<'_>,
        from: &FiveTuple,
        who: Owner,
        now: Instant,
    ) -> Result<Reply, Refusal> {
        // 1. The 5-tuple has an allocation of the same user: 437 and 441 otherwise.
        self.owned(from, who)?;
        // 2. At least one XOR-PEER-ADDRESS, all of them well-formed: 400 otherwise; not more than fit: 508.
        let peers = peers(request)?;
        if peers.len() > self.limits.permissions_per_request {
            return Err(refusal(CODE_INSUFFICIENT_CAPACITY, "Insufficient Capacity"));
        }
        // 3. Unless every peer is reachable, nothing is installed: 443 for a family that the allocation lacks, 403 for
        //    any address but the call's own.
        for peer in &peers {
            self.check_peer(from, who, *peer)?;
        }
        // 4. Install or refresh.
        self.calls.change(from, |allocation| {
            for peer in &peers {
                permit(allocation, Family::of(peer.ip()), now);
            }
        });
        self.publish(who.call_id);
        Ok(Reply::success(request))
    }

    pub(in crate::proto::turn) fn channel_bind(
        &mut self,
        request: &Received<'_>,
        from: &FiveTuple,
        who: Owner,
        now: Instant,
    ) -> Result<Reply, Refusal> {
        // 1. The 5-tuple has an allocation of the same user: 437 and 441 otherwise.
        self.owned(from, who)?;
        // 2. CHANNEL-NUMBER and one XOR-PEER-ADDRESS, the number in range: 400 otherwise. RFC 8656 ends the range at
        //    0x4FFF; clients of RFC 5766 use it up to 0x7FFF, and nothing is lost by letting them.
        let number = match request.value(ATTR_CHANNEL_NUMBER) {
            Some(&[high, low, _, _]) => ChannelNumber(u16::from_be_bytes([high, low])),
            _ => return Err(refusal(CODE_BAD_REQUEST, "CHANNEL-NUMBER")),
        };
        if !number.valid() {
            return Err(refusal(CODE_BAD_REQUEST, "CHANNEL-NUMBER"));
        }
        let [peer] = peers(request)?[..] else { return Err(refusal(CODE_BAD_REQUEST, "XOR-PEER-ADDRESS")) };
        // 3. The peer is reachable: 443 and 403 otherwise.
        self.check_peer(from, who, peer)?;
        // 4. The number is not bound to another peer, nor the peer to another number: 400 otherwise.
        let (family, port, most) = (Family::of(peer.ip()), peer.port(), self.limits.channels_per_allocation);
        let allocation = self.owned(from, who)?;
        let by_number = allocation.channel(number.0, now);
        let by_peer = allocation.channel_to(family, port, now);
        if by_number.is_some_and(|c| (c.family, c.port) != (family, port))
            || by_peer.is_some_and(|c| c.number != number.0)
        {
            return Err(refusal(CODE_BAD_REQUEST, "Channel in use"));
        }
        // 5. There is room: 508 otherwise.
        if by_number.is_none() && allocation.leg.channels.iter().filter(|c| now < c.expires).count() >= most {
            return Err(refusal(CODE_INSUFFICIENT_CAPACITY, "Insufficient Capacity"));
        }
        // 6. Bind or refresh, and with it the permission.
        self.calls.change(from, |allocation| {
            allocation.leg.channels.retain(|c| now < c.expires && c.number != number.0);
            allocation.leg.channels.push(Channel { number: number.0, family, port, expires: now + CHANNEL_LIFETIME });
            permit(allocation, family, now);
        });
        self.publish(who.call_id);
        Ok(Reply::success(request))
    }

    /// Whether an allocation may reach this peer: only the one address that all allocations of its call share.
    fn check_peer(&self, from: &FiveTuple, who: Owner, peer: SocketAddr) -> Result<(), Refusal> {
        let allocation = self.owned(from, who)?;
        if !allocation.leg.families[Family::of(peer.ip()).index()] {
            return Err(refusal(CODE_PEER_ADDR_FAMILY_MISMATCH, "Peer Address Family Mismatch"));
        }
        let reachable = self.calls.call(who.call_id).is_some_and(|call| is_reachable(call.number, peer.ip()));
        if reachable { Ok(()) } else { Err(refusal(CODE_FORBIDDEN, "Forbidden")) }
    }
}

fn permit(allocation: &mut Allocation, family: Family, now: Instant) {
    allocation.leg.permissions[family.index()] = Some(now + PERMISSION_LIFETIME);
}

/// All XOR-PEER-ADDRESS attributes, of which there must be one at least.
fn peers(request: &Received<'_>) -> Result<Vec<SocketAddr>, Refusal> {
    let peers: Option<Vec<SocketAddr>> = request
        .values(ATTR_XOR_PEER_ADDRESS)
        .map(|value| header::xor_address(value, header::mask(request.raw)))
        .collect();
    peers.filter(|peers| !peers.is_empty()).ok_or(refusal(CODE_BAD_REQUEST, "XOR-PEER-ADDRESS"))
}
