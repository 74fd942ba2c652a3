//! The data plane: ChannelData and Send indications in, ChannelData and Data indications out (RFC 8656, sections 11
//! and 12). It allocates nothing, copies no payload and takes no lock.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use foldhash::fast::FixedState;

use super::address::{CallNumber, Family};
use super::header::{self, Header};
use super::meter::Over;
use super::view::{AllocationView, CallView, Update};
use crate::proto::stun::frame::{self, CHANNEL_HEADER};
use crate::proto::turn::five_tuple::FiveTuple;

/// The largest datagram that UDP over IPv4 carries.
const LONGEST_DATAGRAM: usize = 65_507;

/// One packet to be sent: `header`, then `payload`, then `padding` zero bytes.
#[derive(Debug)]
pub struct Forward<'p> {
    /// Where it goes.
    pub to: FiveTuple,
    /// The bytes in front of the payload.
    pub header: Header,
    /// The peer's bytes, unread.
    pub payload: &'p [u8],
    /// How many zero bytes follow (at most three).
    pub padding: usize,
}

impl Forward<'_> {
    /// The length of the whole packet in bytes.
    pub fn len(&self) -> usize {
        self.header.as_ref().len() + self.payload.len() + self.padding
    }

    /// Whether there is nothing to send; never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends the whole packet to `out`.
    pub fn write_to(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.header.as_ref());
        out.extend_from_slice(self.payload);
        out.extend_from_slice(&[0; 3][..self.padding]);
    }
}

/// Why a packet of media goes nowhere. RFC 8656 asks for silence in all of these cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Its header does not describe it.
    Malformed,
    /// Its source has no allocation.
    NoAllocation,
    /// Its channel number is not bound.
    NoChannel,
    /// One of the two allocations does not permit the other.
    NoPermission,
    /// No live allocation of the same call has the address that it is for.
    NoPeer,
    /// The participant sends faster than it may.
    Rate,
    /// The call has used up its bytes.
    Budget,
    /// With its new header it would be longer than a datagram can be.
    TooLong,
}

impl Dropped {
    /// Every cause, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Malformed,
        Self::NoAllocation,
        Self::NoChannel,
        Self::NoPermission,
        Self::NoPeer,
        Self::Rate,
        Self::Budget,
        Self::TooLong,
    ];

    /// How many causes there are.
    pub const CAUSES: usize = Self::ALL.len();

    /// A stable name for metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::NoAllocation => "no_allocation",
            Self::NoChannel => "no_channel",
            Self::NoPermission => "no_permission",
            Self::NoPeer => "no_peer",
            Self::Rate => "rate",
            Self::Budget => "budget",
            Self::TooLong => "too_long",
        }
    }
}

/// Forwards the packets of the calls that it was told about.
#[derive(Debug)]
pub struct DataPlane {
    calls: HashMap<CallNumber, Arc<CallView>, FixedState>,
    clients: HashMap<FiveTuple, (Arc<CallView>, usize), FixedState>,
    transaction: u64,
}

impl DataPlane {
    /// A switch that knows no call. `seed` orders its maps and begins the transaction ids of its indications.
    pub fn new(seed: u64) -> Self {
        let (calls, clients) = (FixedState::with_seed(seed), FixedState::with_seed(seed));
        Self { calls: HashMap::with_hasher(calls), clients: HashMap::with_hasher(clients), transaction: seed }
    }

    /// Takes in what changed.
    pub fn update(&mut self, update: Update) {
        if let Some(old) = self.calls.remove(&update.call()) {
            for leg in &old.legs {
                // The address may be another call's by now.
                if self.clients.get(&leg.client).is_some_and(|(view, _)| view.call == old.call) {
                    self.clients.remove(&leg.client);
                }
            }
        }
        if let Update::Changed(view) = update {
            for (index, leg) in view.legs.iter().enumerate() {
                self.clients.insert(leg.client, (Arc::clone(&view), index));
            }
            self.calls.insert(view.call, view);
        } else if self.clients.len() * 8 < self.clients.capacity() {
            self.calls.shrink_to_fit();
            self.clients.shrink_to_fit();
        }
    }

    /// How many allocations it knows.
    pub fn clients(&self) -> usize {
        self.clients.len()
    }

    /// Whether a packet is for [`DataPlane::forward`]: ChannelData, or a message of the type Send indication.
    pub fn is_media(packet: &[u8]) -> bool {
        matches!(packet, [0x40..=0x7F, ..] | [0x00, 0x16, ..])
    }

    /// Where this packet goes and as what.
    pub fn forward<'p>(&mut self, from: &FiveTuple, packet: &'p [u8], now: Instant) -> Result<Forward<'p>, Dropped> {
        let (view, index) = self.clients.get(from).ok_or(Dropped::NoAllocation)?;
        let leg = &view.legs[*index];
        if now >= leg.expires {
            return Err(Dropped::NoAllocation);
        }
        let (family, port, payload) = match packet.first().map(|first| frame::kind(*first)) {
            Some(frame::Kind::ChannelData) => from_channel(leg, packet, now)?,
            Some(frame::Kind::Stun) => from_send(view.call, packet)?,
            _ => return Err(Dropped::Malformed),
        };
        // The sender must have permitted the peer, and the peer the sender: the first is what the sender's server
        // would check, the second what the peer's server would (RFC 8656, sections 11.2, 11.3 and 12.7).
        if !leg.permits(family, now) {
            return Err(Dropped::NoPermission);
        }
        let peer = view.legs.iter().find(|peer| peer.port == port && peer.families[family.index()]);
        let peer = peer.filter(|peer| now < peer.expires).ok_or(Dropped::NoPeer)?;
        if !peer.permits(family, now) {
            return Err(Dropped::NoPermission);
        }
        let bound = peer.channels.iter().find(|c| c.port == leg.port && c.family == family && now < c.expires);
        let header = match bound {
            Some(channel) => Header::channel_data(channel.number, payload.len()),
            None => {
                self.transaction = self.transaction.wrapping_add(1);
                Header::data_indication(self.transaction, view.call.ip(family), leg.port, payload.len())
            }
        };
        // ChannelData over UDP goes unpadded, as every client sends it (RFC 8656, section 12.5).
        let padded = bound.is_none() || peer.client.is_stream();
        let padding = if padded { payload.len().next_multiple_of(4) - payload.len() } else { 0 };
        let forward = Forward { to: peer.client, header, payload, padding };
        if forward.len() > LONGEST_DATAGRAM {
            return Err(Dropped::TooLong);
        }
        view.meters.take(leg.side, leg.slot, payload.len(), now).map_err(|over| match over {
            Over::Rate => Dropped::Rate,
            Over::Budget => Dropped::Budget,
        })?;
        Ok(forward)
    }
}

/// RFC 8656, section 12.6: the peer and the payload of a ChannelData message.
fn from_channel<'p>(leg: &AllocationView, packet: &'p [u8], now: Instant) -> Result<(Family, u16, &'p [u8]), Dropped> {
    let (head, body) = packet.split_at_checked(CHANNEL_HEADER).ok_or(Dropped::Malformed)?;
    let number = u16::from_be_bytes([head[0], head[1]]);
    let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
    // A datagram may carry padding, up to three bytes; more is not a ChannelData message.
    let payload = body.get(..length).filter(|_| body.len() - length < 4).ok_or(Dropped::Malformed)?;
    let channel = leg.channels.iter().find(|c| c.number == number && now < c.expires).ok_or(Dropped::NoChannel)?;
    Ok((channel.family, channel.port, payload))
}

/// RFC 8656, section 11.2: the peer and the payload of a Send indication.
fn from_send(call: CallNumber, packet: &[u8]) -> Result<(Family, u16, &[u8]), Dropped> {
    let send = header::parse_send(packet).ok_or(Dropped::Malformed)?;
    let family = Family::of(send.peer.ip());
    if send.peer.ip() != call.ip(family) {
        return Err(Dropped::NoPeer);
    }
    Ok((family, send.peer.port(), send.payload))
}

/// Whether this address is the call's own: the only one that its allocations can reach.
pub fn is_reachable(call: CallNumber, ip: IpAddr) -> bool {
    ip == call.ip(Family::of(ip))
}
