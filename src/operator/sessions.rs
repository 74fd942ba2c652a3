//! Devices that are logged in.

use std::time::SystemTime;

use super::{EndedSessions, Operator, SessionList};
use crate::audit::Event;
use crate::auth::sessions::SessionRecord;
use crate::domain::ids::SessionId;
use crate::domain::{Error, Kind, Result};
use crate::store::ListedSession;
use crate::views::session::SessionWithUser;

impl Operator {
    pub(super) async fn list_sessions(&self, user: Option<&str>, now: SystemTime) -> Result<SessionList> {
        let account = match user {
            Some(user) => Some(self.find(user).await?.user.id),
            None => None,
        };
        let people = self.people().await?;
        let sessions = self.store.operator().sessions(account, now).await?;
        let describe = |row: ListedSession| {
            let session = SessionRecord::open(row, &self.keys)?;
            Ok(SessionWithUser { user: people.named(session.account), session: session.into() })
        };
        Ok(SessionList { sessions: sessions.into_iter().map(describe).collect::<Result<_>>()? })
    }

    pub(super) async fn end_session(&self, id: SessionId) -> Result<EndedSessions> {
        if !self.store.sessions().end(id).await? {
            return Err(Error::new(Kind::NotFound, "no-such-session", "There is no such session. It may have ended.")
                .hint("`callqr session list` lists all sessions."));
        }
        self.note(Event::SessionEnded, None);
        Ok(EndedSessions { ended: vec![id] })
    }

    pub(super) async fn end_sessions(&self, user: &str) -> Result<EndedSessions> {
        let account = self.find(user).await?.user.id;
        let ended = self.store.sessions().end_all_but(account, None).await?;
        self.note(Event::SessionsEnded, Some(account));
        Ok(EndedSessions { ended: ended.sessions })
    }
}
