//! From the caller's first connection to the answer.

use super::super::CloseReason;
use super::super::grant::Party;
use super::super::io::Output;
use super::super::wire::ToClient;
use super::context::Context;
use super::{Call, Phase, Ringer};
use crate::domain::call::EndReason;
use crate::domain::ids::SessionId;

impl Call {
    /// Rings every device that is connected.
    pub(super) fn start_ringing(&mut self, cx: &mut Context<'_>) {
        if !matches!(self.phase, Phase::Ringing { .. }) {
            self.phase = Phase::ringing();
        }
        for session in cx.presence.of(self.household) {
            self.ring(session, cx);
        }
        self.update_search(cx);
    }

    /// Rings one device over presence, unless it declined or cannot be reached.
    pub fn ring(&mut self, session: SessionId, cx: &mut Context<'_>) {
        let Phase::Ringing { devices, .. } = &mut self.phase else { return };
        let Some(connection) = cx.presence.connection(session) else { return };
        let ringer = devices.entry(session).or_insert_with(|| Ringer::new(cx.now));
        if ringer.declined {
            return;
        }
        ringer.rung = cx.now;
        let remaining = self.clock.reaches(cx.options.ring_time).saturating_duration_since(cx.now);
        if let Some(grant) = self.grant(Party::Device(session), cx.now) {
            cx.outputs.push_back(Output::Ring { connection, grant, remaining });
        }
        self.update_search(cx);
    }

    /// Devices joined or left, here or in presence.
    pub fn devices_changed(&mut self, cx: &mut Context<'_>) {
        self.tell_ringing(cx);
        self.update_search(cx);
    }

    /// Tells the caller how many devices ring, when that is news.
    pub(super) fn tell_ringing(&mut self, cx: &mut Context<'_>) {
        let (Phase::Ringing { devices, told, .. }, Some(caller)) = (&mut self.phase, self.caller.connection()) else {
            return;
        };
        let [audible, silent] =
            [true, false].map(|audible| devices.values().filter(|r| r.shows() && r.audible == audible).count());
        if told.replace([audible, silent]) != Some([audible, silent]) {
            cx.send(caller, ToClient::Ringing { devices: audible, silent });
        }
    }

    /// A device that is rung says something: its page is awake. It may also say how it rings.
    pub(super) fn shows(&mut self, session: SessionId, how: Option<(bool, bool)>, cx: &mut Context<'_>) {
        let Phase::Ringing { devices, .. } = &mut self.phase else { return };
        let Some(ringer) = devices.get_mut(&session) else { return };
        let before = (ringer.awake, ringer.audible, ringer.able);
        ringer.awake = true;
        (ringer.audible, ringer.able) = how.unwrap_or((ringer.audible, ringer.able));
        if before != (ringer.awake, ringer.audible, ringer.able) {
            self.devices_changed(cx);
        }
    }

    /// First answer wins.
    pub(super) fn accept(&mut self, session: SessionId, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        match &self.phase {
            Phase::Ringing { .. } => {
                self.waited = self.clock.elapsed(cx.now);
                self.clock = super::Clock { started: cx.now, before: std::time::Duration::ZERO };
                self.start_talking(session, cx);
                Ok(())
            }
            // A second tap on Answer.
            Phase::Talking { session: talking, .. } if *talking == session => Ok(()),
            _ => Err(CloseReason::BadMessage),
        }
    }

    /// One device stops; the call ends when no device is left.
    pub(super) fn decline(&mut self, session: SessionId, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        let Phase::Ringing { devices, .. } = &mut self.phase else {
            return Err(CloseReason::BadMessage);
        };
        let Some(ringer) = devices.get_mut(&session) else {
            return Err(CloseReason::BadMessage);
        };
        ringer.declined = true;
        let connection = ringer.link.connection();
        cx.send(connection, ToClient::Ended { reason: EndReason::Declined });
        cx.close(connection, CloseReason::Ended);
        if let Some(connection) = connection {
            ringer.link.detach(connection, cx.now);
        }
        if devices.values().all(|ringer| ringer.declined) {
            self.end(EndReason::Declined, cx);
        } else {
            self.devices_changed(cx);
        }
        Ok(())
    }

    /// The session ended while its device rang.
    pub(super) fn stop_ringing(&mut self, session: SessionId, cx: &mut Context<'_>) {
        let Phase::Ringing { devices, .. } = &mut self.phase else { return };
        if let Some(ringer) = devices.remove(&session) {
            cx.send(ringer.link.connection(), ToClient::Ended { reason: EndReason::Withdrawn });
            cx.close(ringer.link.connection(), CloseReason::Ended);
            self.devices_changed(cx);
        }
    }

    pub(super) fn expire_ringing(&mut self, cx: &mut Context<'_>) -> Vec<SessionId> {
        let Phase::Ringing { devices, searching_since, .. } = &self.phase else { return Vec::new() };
        let asleep = self.asleep(cx);
        let caller_gone = self.caller.away_since().is_some_and(|since| since + cx.options.caller_return <= cx.now);
        if caller_gone {
            self.end(EndReason::GaveUp, cx);
        } else if self.clock.reaches(cx.options.ring_time) <= cx.now {
            // Where it rang nowhere, nobody could have answered.
            let rang = !devices.is_empty();
            self.end(if rang { EndReason::NoAnswer } else { EndReason::Unreachable }, cx);
        } else if searching_since.is_some_and(|since| since + cx.options.search <= cx.now) {
            let declined = devices.values().any(|ringer| ringer.declined);
            self.end(if declined { EndReason::Declined } else { EndReason::Unreachable }, cx);
        } else {
            self.update_search(cx);
        }
        asleep
    }

    /// The devices that were rung and did not show it in time. Their connections look alive, for the browser keeps them
    /// up: they must not count for the next caller either.
    fn asleep(&self, cx: &Context<'_>) -> Vec<SessionId> {
        let Phase::Ringing { devices, .. } = &self.phase else { return Vec::new() };
        let is_late = |ringer: &Ringer| ringer.shown_until(cx.options).is_some_and(|until| until <= cx.now);
        let late = devices.iter().filter(|(_, ringer)| !ringer.awake && is_late(ringer));
        late.map(|(session, _)| *session).collect()
    }

    /// Notes whether any device can still answer, and until when one is waited for that does not show the call.
    fn update_search(&mut self, cx: &Context<'_>) {
        let Phase::Ringing { devices, searching_since, shown_until, .. } = &mut self.phase else { return };
        let waited_for = devices.iter().filter(|(session, _)| cx.presence.connection(**session).is_some());
        let waited_for: Vec<_> =
            waited_for.filter_map(|(_, r)| r.shown_until(cx.options)).filter(|until| *until > cx.now).collect();
        *shown_until = waited_for.iter().min().copied();
        if waited_for.is_empty() && !devices.values().any(Ringer::shows) {
            // Where devices were waited for, the search was over with that.
            let since =
                devices.values().filter_map(|r| r.shown_until(cx.options)).filter(|until| *until <= cx.now).max();
            let begun = since.and_then(|since| since.checked_sub(cx.options.search)).unwrap_or(cx.now);
            searching_since.get_or_insert(begun);
        } else {
            *searching_since = None;
        }
    }
}
