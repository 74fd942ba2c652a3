//! What is kept of a call after its end: that it is over, until its tickets are worthless, and nothing else, unless an
//! owner keeps a list of missed calls or the operator asks for records.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::domain::audit::{PRECISION, coarse};
use crate::domain::call::{EndReason, EndedCall};
use crate::domain::identity::Identity;
use crate::domain::ids::{CallId, MissedCallId, TagId};
use crate::domain::{Error, Kind, Result};
use crate::keys::{Field, Keys};
use crate::store::{CallRecord, MissedCallRow, Store};

/// The longest list of missed calls: the oldest ones make room.
const MOST_MISSED: u32 = 200;

/// For how long what is kept.
#[derive(Debug, Clone, Copy)]
pub struct CallLogOptions {
    /// Missed calls, for accounts that keep a list.
    pub missed_calls: Duration,
    /// Records for the operator; zero turns them off.
    pub call_records: Duration,
    /// How long a ticket of a call can be good, counted from its end.
    pub tickets: Duration,
}

/// A missed call, as an owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// Which.
    pub id: MissedCallId,
    /// The sticker that was scanned.
    pub tag: TagId,
    /// The owner's name for it; `None` when it is gone.
    pub label: Option<String>,
    /// When.
    pub at: SystemTime,
    /// Whether any device rang.
    pub rang: bool,
}

/// What is sealed of a missed call.
#[derive(Serialize, Deserialize)]
struct Noted {
    tag: TagId,
    at: u64,
    rang: bool,
}

/// Keeps what is to be kept of calls; cheap to clone.
#[derive(Clone)]
pub struct CallLog {
    store: Store,
    keys: Arc<Keys>,
    options: CallLogOptions,
}

impl CallLog {
    /// Keeps calls in `store`.
    pub const fn new(store: Store, keys: Arc<Keys>, options: CallLogOptions) -> Self {
        Self { store, keys, options }
    }

    /// Notes that a call ended at `now`, and more of it for those who want it noted.
    ///
    /// # Errors
    /// The database's.
    pub async fn note(&self, call: EndedCall, now: SystemTime) -> Result<()> {
        // Rounded up: it must not tell the second of the call.
        let until = coarse(now + self.options.tickets) + PRECISION;
        self.store.calls().end(call.call_id, until).await?;
        if !self.options.call_records.is_zero() {
            self.store.calls().record(record(&call, now)?).await?;
        }
        // An owner who revoked or paused the tag at that moment did not want the call.
        // Who declined knows of the call.
        if call.talked.is_none() && !matches!(call.reason, EndReason::Withdrawn | EndReason::Declined) {
            self.miss(&call, now).await?;
        }
        Ok(())
    }

    /// Whether a call is known to be over.
    ///
    /// # Errors
    /// The database's.
    pub async fn has_ended(&self, call: CallId) -> Result<bool> {
        self.store.calls().has_ended(call).await
    }

    /// The calls that the member missed, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn missed(&self, owner: Identity) -> Result<Vec<Missed>> {
        let mut labels = HashMap::new();
        for tag in self.store.tags().of(owner.household).await? {
            labels.insert(tag.id, self.keys.open_field(Field::TagLabel, tag.id.as_bytes(), &tag.label_sealed)?);
        }
        let calls = self.store.calls().missed(owner.account).await?;
        let open = |call: MissedCallRow| {
            let text = self.keys.open_field(Field::MissedCall, call.id.as_bytes(), &call.call_sealed)?;
            let Noted { tag, at, rang } = serde_json::from_str(&text).map_err(Error::internal)?;
            let at = SystemTime::UNIX_EPOCH + Duration::from_secs(at);
            Ok(Missed { id: call.id, tag, label: labels.get(&tag).cloned(), at, rang })
        };
        let mut missed = calls.into_iter().map(open).collect::<Result<Vec<_>>>()?;
        missed.sort_by_key(|call| std::cmp::Reverse(call.at));
        Ok(missed)
    }

    /// Forgets one of the member's missed calls.
    ///
    /// # Errors
    /// `no-such-call` if the member has no missed call with this ID.
    pub async fn forget(&self, owner: Identity, id: MissedCallId) -> Result<()> {
        match self.store.calls().forget_missed(owner.account, Some(id)).await? {
            0 => Err(Error::new(Kind::NotFound, "no-such-call", "You have no such missed call.")
                .hint("It may already have been removed.")),
            _ => Ok(()),
        }
    }

    /// Forgets all the member's missed calls.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget_all(&self, owner: Identity) -> Result<()> {
        self.store.calls().forget_missed(owner.account, None).await.map(|_| ())
    }

    async fn miss(&self, call: &EndedCall, now: SystemTime) -> Result<()> {
        let keepers = self.store.calls().keepers(call.household).await?;
        if keepers.is_empty() {
            return Ok(());
        }
        let at = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let noted = Noted { tag: call.tag, at, rang: call.rang };
        let text = serde_json::to_string(&noted).map_err(Error::internal)?;
        let seal = |account| {
            let id = MissedCallId::random();
            (account, MissedCallRow { id, call_sealed: self.keys.seal(Field::MissedCall, id.as_bytes(), &text) })
        };
        // The end stands there readable for the cleaner: it must not tell the second of the call.
        let expires_at = coarse(now + self.options.missed_calls);
        self.store.calls().miss(keepers.into_iter().map(seal).collect(), expires_at, MOST_MISSED).await
    }
}

fn record(call: &EndedCall, now: SystemTime) -> Result<CallRecord> {
    let answered_at = call.talked.map(|talked| now.checked_sub(talked).unwrap_or(now));
    let rang_until = answered_at.unwrap_or(now);
    let status = serde_json::to_value(call.reason).map_err(Error::internal)?;
    Ok(CallRecord {
        call_id: call.call_id,
        caller: call.caller,
        owner: call.owner,
        status: status.as_str().unwrap_or_default().to_owned(),
        started_at: rang_until.checked_sub(call.waited).unwrap_or(rang_until),
        answered_at,
        ended_at: now,
        fingerprints: call.fingerprints,
    })
}

#[cfg(test)]
mod tests;
