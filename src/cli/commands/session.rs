//! `callqr session`

use clap::Subcommand;

use crate::cli::OutputFormat;
use crate::cli::output::{count, stamp};
use crate::cli::output_format::unexpected;
use crate::cli::table::Table;
use crate::domain::ids::SessionId;
use crate::operator::{Answer, Refusal, Request, SessionList};
use crate::views::session::SessionWithUser;

#[derive(Subcommand)]
pub enum SessionCommand {
    /// List devices that are logged in
    List {
        /// Only devices of this user (username or id)
        user: Option<String>,
    },
    /// Log a device out and end its calls
    End {
        /// Id of the session, as shown by `session list`
        #[arg(value_name = "ID", value_parser = crate::cli::id::<SessionId>, required_unless_present = "all")]
        session: Option<SessionId>,
        /// Log out all devices of this user (username or id)
        #[arg(long, value_name = "USER", conflicts_with = "session")]
        all: Option<String>,
    },
}

/// Runs the command.
pub fn execute(command: SessionCommand, format: &OutputFormat) -> Result<(), Refusal> {
    match command {
        SessionCommand::List { user } => {
            let Answer::Sessions(sessions) = format.ask(Request::ListSessions { user })? else {
                return Err(unexpected());
            };
            format.tell(&sessions, list)
        }
        SessionCommand::End { session, all } => {
            let request = match (session, all) {
                (Some(session), _) => Request::EndSession { session },
                (None, user) => Request::EndSessions { user: user.unwrap_or_default() },
            };
            let Answer::Ended(ended) = format.ask(request)? else { return Err(unexpected()) };
            format.tell(&ended, |ended| format!("{} ended.\n", count(ended.ended.len(), "session", "sessions")))
        }
    }
}

fn list(sessions: &SessionList) -> String {
    let mut table = Table::new(["ID", "USERNAME", "DEVICE", "LOGGED IN (UTC)", "LAST USED (UTC)", "EXPIRES (UTC)"]);
    for SessionWithUser { session, user } in &sessions.sessions {
        table.row([
            session.id.to_string(),
            user.username.clone(),
            if session.device.is_empty() { "unknown".to_owned() } else { session.device.clone() },
            stamp(session.created_at),
            stamp(session.last_used_at),
            stamp(session.expires_at),
        ]);
    }
    table.text("No devices are logged in.")
}
