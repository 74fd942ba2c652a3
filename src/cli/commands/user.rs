//! `callqr user`

use clap::{Subcommand, ValueEnum};

use crate::cli::OutputFormat;
use crate::cli::output::{self, count, shown, stamp};
use crate::cli::output_format::unexpected;
use crate::cli::pictures::Pictures;
use crate::cli::prompt::{self, confirm, new_password};
use crate::cli::table::Table;
use crate::operator::{self, Answer, DeletedUser, PasswordLink, PasswordSet, Refusal, Request, Users};

#[derive(Subcommand)]
pub enum User {
    /// Show everybody with an account
    List,
    /// Make an account; asks for its password
    Add {
        /// The name to log in with
        username: String,
        /// Let it operate the server; the first account always does
        #[arg(long)]
        administrator: bool,
        /// Let it join this user's household and share its tags
        #[arg(long, value_name = "USER")]
        household: Option<String>,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Let nobody log in with an account any more; its devices are logged out
    Disable {
        /// A username or an id
        user: String,
    },
    /// Let its owner log in again
    Enable {
        /// A username or an id
        user: String,
    },
    /// Make somebody an administrator, or an owner and no more
    Role {
        /// A username or an id
        user: String,
        role: Role,
    },
    /// Delete an account with all that is its own; asks first
    Delete {
        /// A username or an id
        user: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Set a new password, or make a link with which somebody sets it; devices are logged out then
    ///
    /// The new password does not open the keys of its owner's stickers: for that they need the password from before,
    /// their recovery code, a passkey that has opened them, or somebody of their household.
    ResetPassword {
        /// A username or an id
        user: String,
        /// Make a link that works once, for a day
        #[arg(long, conflicts_with = "password_stdin")]
        link: bool,
        /// Read the new password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        pictures: Pictures,
    },
    /// Remove the authenticator app, the passkeys and the backup codes of somebody who lost them
    ResetMfa {
        /// A username or an id
        user: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Administrator,
    Owner,
}

/// Does what was asked for.
pub fn execute(command: User, format: &OutputFormat) -> Result<(), Refusal> {
    match command {
        User::List => {
            let Answer::Users(users) = format.ask(Request::ListUsers)? else { return Err(unexpected()) };
            format.tell(&users, list)
        }
        User::Add { username, administrator, household, password_stdin } => {
            let password = new_password(password_stdin)?;
            change(
                Request::AddUser { username, password, administrator, household_of: household },
                "can log in",
                format,
            )
        }
        User::Disable { user } => {
            change(Request::DisableUser { user }, "is disabled: all devices are logged out", format)
        }
        User::Enable { user } => change(Request::EnableUser { user }, "can log in again", format),
        User::Role { user, role } => {
            let administrator = role == Role::Administrator;
            let now = if administrator { "is an administrator" } else { "is an owner and no administrator" };
            change(Request::SetRole { user, administrator }, now, format)
        }
        User::Delete { user, yes } => {
            let question = format!(
                "Delete {}? Sessions and personal data go, and the household's tags when nobody is left in it.",
                shown(&user)
            );
            confirm(&question, yes)?;
            let Answer::DeletedUser(gone) = format.ask(Request::DeleteUser { user })? else {
                return Err(unexpected());
            };
            format.tell(&gone, deleted)
        }
        User::ResetMfa { user } => {
            change(Request::ResetMfa { user }, "has no second factor: the password alone lets in", format)
        }
        User::ResetPassword { user, link: true, pictures, .. } => {
            output::warn(Some(VAULT_STAYS_SHUT), format);
            let Answer::PasswordLink(link) = format.ask(Request::NewPasswordLink { user })? else {
                return Err(unexpected());
            };
            format.tell(&link, password_link)?;
            pictures.show(&link.url, format)?;
            output::warn(link.url_warning.as_deref(), format);
            Ok(())
        }
        User::ResetPassword { user, password_stdin, pictures, .. } => {
            if pictures.wanted() {
                return Err(prompt::usage("Pictures are made of a link.", "Add --link, or leave them out."));
            }
            output::warn(Some(VAULT_STAYS_SHUT), format);
            let request = Request::SetPassword { user, password: new_password(password_stdin)? };
            let Answer::NewPassword(set) = format.ask(request)? else { return Err(unexpected()) };
            format.tell(&set, password_set)
        }
    }
}

/// Said before a password is set by somebody who does not know the one from before.
const VAULT_STAYS_SHUT: &str = "a new password lets its owner in, but does not open the keys of their stickers. For \
    that they need the password from before, their recovery code, a passkey that has opened them, or somebody of their \
    household. Without any of them the stickers must be made anew.";

fn change(request: Request, now: &str, format: &OutputFormat) -> Result<(), Refusal> {
    let Answer::User(user) = format.ask(request)? else { return Err(unexpected()) };
    format.tell(&user, |user: &operator::User| format!("{} {now}.\n", shown(&user.username)))
}

fn list(users: &Users) -> String {
    let mut table =
        Table::new(["USERNAME", "ROLE", "STATE", "MADE (UTC)", "LAST SEEN", "SESSIONS", "2ND FACTOR", "ID"]);
    for user in &users.users {
        table.row([
            user.username.clone(),
            if user.administrator { "administrator" } else { "owner" }.to_owned(),
            if user.disabled { "disabled" } else { "active" }.to_owned(),
            stamp(user.created_at),
            user.last_seen_day.clone().unwrap_or_else(|| "-".to_owned()),
            user.sessions.to_string(),
            if user.second_factor { "yes" } else { "no" }.to_owned(),
            user.id.to_string(),
        ]);
    }
    table.text("Nobody has an account yet.")
}

fn deleted(gone: &DeletedUser) -> String {
    let sessions = count(gone.ended.len(), "session", "sessions");
    let tags = match gone.revoked.len() {
        0 => String::new(),
        tags => format!(" {} went too.", count(tags, "tag", "tags")),
    };
    format!("{} is deleted; {sessions} ended.{tags}\n", shown(&gone.username))
}

fn password_set(set: &PasswordSet) -> String {
    let sessions = count(set.ended.len(), "session", "sessions");
    format!("{} has a new password; {sessions} ended.\n", shown(&set.user.username))
}

fn password_link(link: &PasswordLink) -> String {
    format!(
        "With this link {} sets a new password, once, until {} UTC. It is shown this once:\n\n  {}\n\n",
        shown(&link.user.username),
        stamp(link.expires_at),
        shown(&link.url)
    )
}
