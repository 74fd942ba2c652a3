//! Devices that are logged in.

use std::time::SystemTime;

use super::{Ended, Operator, Session, Sessions};
use crate::audit::Event;
use crate::domain::ids::SessionId;
use crate::domain::{Error, Kind, Result};
use crate::keys::Field;
use crate::store::BareSession;

impl Operator {
    pub(super) async fn list_sessions(&self, user: Option<&str>, now: SystemTime) -> Result<Sessions> {
        let account = match user {
            Some(user) => Some(self.find(user).await?.id),
            None => None,
        };
        let people = self.people().await?;
        let sessions = self.store.operator().sessions(account, now).await?;
        let describe = |login: BareSession| {
            Ok(Session {
                id: login.id,
                user: people.named(login.account),
                device: self.keys.open_field(Field::SessionDevice, login.id.as_bytes(), &login.device_sealed)?,
                created_at: login.created_at,
                last_used_at: login.last_used_at,
                expires_at: login.expires_at,
            })
        };
        Ok(Sessions { sessions: sessions.into_iter().map(describe).collect::<Result<_>>()? })
    }

    pub(super) async fn end_session(&self, id: SessionId) -> Result<Ended> {
        if !self.store.sessions().end(id).await? {
            return Err(Error::new(Kind::NotFound, "no-such-session", "There is no such session. It may have ended.")
                .hint("`callqr session list` lists all sessions."));
        }
        self.note(Event::SessionEnded, None);
        Ok(Ended { ended: vec![id] })
    }

    pub(super) async fn end_sessions(&self, user: &str) -> Result<Ended> {
        let account = self.find(user).await?.id;
        let ended = self.store.sessions().end_all_but(account, None).await?;
        self.note(Event::SessionsEnded, Some(account));
        Ok(Ended { ended: ended.sessions })
    }
}
