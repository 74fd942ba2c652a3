//! `callqr user`

use clap::Subcommand;

use super::Audience;
use super::audience::unexpected;
use super::output::stamp;
use super::table::Table;
use crate::service::operator::{Answer, Refusal, Request, Users};

#[derive(Subcommand)]
pub enum User {
    /// Show everybody with an account
    List,
}

/// Does what was asked for.
pub fn obey(command: User, audience: &Audience) -> Result<(), Refusal> {
    match command {
        User::List => {
            let Answer::Users(users) = audience.ask(Request::ListUsers)? else { return Err(unexpected()) };
            audience.tell(&users, list)
        }
    }
}

fn list(users: &Users) -> String {
    let mut table = Table::new(["USERNAME", "ROLE", "STATE", "MADE (UTC)", "LAST SEEN", "SESSIONS", "ID"]);
    for user in &users.users {
        table.row([
            user.username.clone(),
            if user.administrator { "administrator" } else { "owner" }.to_owned(),
            if user.disabled { "disabled" } else { "active" }.to_owned(),
            stamp(user.created_at),
            user.last_seen_day.clone().unwrap_or_else(|| "-".to_owned()),
            user.sessions.to_string(),
            user.id.to_string(),
        ]);
    }
    table.text("Nobody has an account yet.")
}
