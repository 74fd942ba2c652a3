//! How a call ends, for everybody who takes part.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::CloseReason;
use super::super::grant::Party;
use super::super::io::Output;
use super::super::wire::ToClient;
use super::context::Context;
use super::{Call, Phase, Ringer};
use crate::domain::call::{EndReason, EndedCall};
use crate::domain::ids::SessionId;

impl Call {
    /// The tag was paused or revoked.
    pub fn withdraw(&mut self, cx: &mut Context<'_>) {
        self.end(EndReason::Withdrawn, cx);
    }

    /// A session was ended: its device leaves.
    pub fn end_session(&mut self, session: SessionId, cx: &mut Context<'_>) {
        match &self.phase {
            Phase::Talking { session: talking, .. } if *talking == session => self.end(EndReason::Withdrawn, cx),
            _ => self.stop_ringing(session, cx),
        }
    }

    /// The person put the phone down.
    pub(super) fn hang_up(&mut self, party: Party, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        match (&self.phase, party) {
            (Phase::Ringing { .. }, Party::Device(session)) => return self.decline(session, cx),
            (Phase::Ringing { .. }, Party::Caller) => self.end(EndReason::GaveUp, cx),
            _ => self.end(EndReason::HungUp, cx),
        }
        Ok(())
    }

    /// One side found that the other is not who it should be, or not alone. Before the answer there is nothing to find.
    pub(super) fn mismatch(&mut self, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if !matches!(self.phase, Phase::Talking { .. }) {
            return Err(CloseReason::BadMessage);
        }
        self.end(EndReason::Mismatch, cx);
        Ok(())
    }

    /// Tells everybody, closes every connection of the call and takes the relay away.
    pub(super) fn end(&mut self, reason: EndReason, cx: &mut Context<'_>) {
        if !self.is_over() {
            cx.outputs.push_back(Output::Over(self.summary(reason, cx)));
        }
        let phase = std::mem::replace(&mut self.phase, Phase::Over);
        let device = match phase {
            Phase::Talking { device, .. } => {
                cx.outputs.push_back(Output::Revoke { call_id: self.call_id });
                device.connection()
            }
            Phase::Ringing { devices, .. } => {
                self.dismiss(&devices, reason, cx);
                None
            }
            Phase::Placed | Phase::Over => None,
        };
        for connection in [self.caller.connection(), device] {
            cx.send(connection, ToClient::Ended { reason });
            cx.close(connection, CloseReason::Ended);
        }
    }

    fn summary(&self, reason: EndReason, cx: &Context<'_>) -> EndedCall {
        let elapsed = self.clock.elapsed(cx.now);
        let (rang, waited, talked) = match &self.phase {
            Phase::Talking { .. } => (true, self.waited, Some(elapsed)),
            Phase::Ringing { devices, .. } => (!devices.is_empty(), elapsed, None),
            Phase::Placed | Phase::Over => (false, Duration::ZERO, None),
        };
        EndedCall {
            call_id: self.call_id,
            tag: self.tag,
            household: self.household,
            caller: self.caller_id,
            owner: self.owner_id,
            reason,
            rang,
            waited,
            talked,
            fingerprints: self.fingerprints.digest(),
        }
    }

    /// Stops these devices' ringing, on the call and over presence. Those that declined have stopped already.
    pub(super) fn dismiss(&self, devices: &BTreeMap<SessionId, Ringer>, reason: EndReason, cx: &mut Context<'_>) {
        for (session, ringer) in devices.iter().filter(|(_, ringer)| !ringer.declined) {
            cx.send(ringer.link.connection(), ToClient::Ended { reason });
            cx.close(ringer.link.connection(), CloseReason::Ended);
            let stop = ToClient::RingStopped { call_id: self.call_id, reason };
            cx.send(cx.presence.connection(*session), stop);
        }
    }
}
