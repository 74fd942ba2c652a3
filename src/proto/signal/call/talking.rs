//! From the answer to the end.

use std::time::Duration;

use super::super::CloseReason;
use super::super::grant::Party;
use super::super::io::{Output, SignalOptions};
use super::super::participant_link::ParticipantLink;
use super::super::wire::{Media, ToClient};
use super::context::Context;
use super::{Call, Phase};
use crate::domain::call::EndReason;
use crate::domain::ids::SessionId;

impl SignalOptions {
    /// When the warning is due, counted from the answer; short calls are warned at half-time.
    pub(super) fn warning_after(&self) -> Duration {
        self.max_duration - self.warning.min(self.max_duration / 2)
    }
}

impl Call {
    /// Connects the caller with this device, and stops the others. The relay comes first: nobody must be told of an
    /// answer before its credentials work.
    pub(super) fn start_talking(&mut self, session: SessionId, cx: &mut Context<'_>) {
        let ringing = std::mem::replace(
            &mut self.phase,
            Phase::Talking { session, device: ParticipantLink::new(cx.now), warned: false },
        );
        cx.outputs.push_back(Output::Admit {
            call_id: self.call_id,
            participants: [self.caller_id, self.owner_id],
            lifetime: self.clock.reaches(cx.options.max_duration).saturating_duration_since(cx.now),
        });
        if let Phase::Ringing { mut devices, .. } = ringing {
            if let (Some(ringer), Phase::Talking { device, .. }) = (devices.remove(&session), &mut self.phase) {
                *device = ringer.link;
            }
            self.dismiss(&devices, EndReason::AnsweredElsewhere, cx);
        }
        let device = self.other(Party::Caller);
        if let (Some(connection), Some(grant)) = (device, self.grant(Party::Device(session), cx.now)) {
            cx.outputs.push_back(Output::Accepted { connection, grant });
        }
        if let (Some(connection), Some(grant)) = (self.caller.connection(), self.grant(Party::Caller, cx.now)) {
            cx.outputs.push_back(Output::Answered { connection, grant });
        }
    }

    /// Gives the other side what was said; it is lost when the other side is away.
    pub(super) fn pass_on(&mut self, party: Party, media: Media, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        if !matches!(self.phase, Phase::Talking { .. }) {
            return Err(CloseReason::BadMessage);
        }
        if cx.options.fingerprints {
            self.fingerprints.note(party, &media);
        }
        cx.send(self.other(party), ToClient::Media(media));
        Ok(())
    }

    pub(super) fn expire_talking(&mut self, cx: &mut Context<'_>) {
        let (limit, warning) = (cx.options.max_duration, cx.options.warning_after());
        let Phase::Talking { device, warned, .. } = &mut self.phase else { return };
        let gone =
            |link: &ParticipantLink| link.away_since().is_some_and(|since| since + cx.options.talking_return <= cx.now);
        if self.clock.reaches(limit) <= cx.now {
            self.end(EndReason::TimeLimit, cx);
        } else if gone(&self.caller) || gone(device) {
            self.end(EndReason::Lost, cx);
        } else if !*warned && self.clock.reaches(warning) <= cx.now {
            *warned = true;
            let connections = [self.caller.connection(), device.connection()];
            for connection in connections {
                cx.send(connection, self.ending_soon(cx));
            }
        }
    }

    /// How much longer the call may last.
    pub(super) fn ending_soon(&self, cx: &Context<'_>) -> ToClient {
        let left = self.clock.reaches(cx.options.max_duration).saturating_duration_since(cx.now);
        ToClient::EndingSoon { seconds: left.as_millis().div_ceil(1000) as u64 }
    }
}
