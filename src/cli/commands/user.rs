//! `callqr user`

use clap::{Subcommand, ValueEnum};

use crate::cli::OutputFormat;
use crate::cli::output::{self, count, shown, stamp};
use crate::cli::output_format::unexpected;
use crate::cli::pictures::Pictures;
use crate::cli::prompt::{self, confirm, new_password};
use crate::cli::table::Table;
use crate::operator::{Answer, DeletedUser, PasswordLink, PasswordSet, Refusal, Request, UserList};
use crate::views::user::UserWithHousehold;

#[derive(Subcommand)]
pub enum UserCommand {
    /// List all accounts
    List,
    /// Create an account; asks for its password
    Add {
        /// Name to log in with
        username: String,
        /// Make it an administrator; the first account always is one
        #[arg(long)]
        administrator: bool,
        /// Add it to this user's household, to share its tags
        #[arg(long, value_name = "USER")]
        household: Option<String>,
        /// Read the password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
    },
    /// Disable an account and log out its devices
    Disable {
        /// Username or id
        user: String,
    },
    /// Enable a disabled account
    Enable {
        /// Username or id
        user: String,
    },
    /// Change a user's role
    Role {
        /// Username or id
        user: String,
        role: Role,
    },
    /// Delete an account and its data; asks for confirmation
    Delete {
        /// Username or id
        user: String,
        /// Skip the confirmation
        #[arg(long)]
        yes: bool,
    },
    /// Set a new password, or create a link for setting one; logs out the user's devices
    ///
    /// The new password does not unlock the keys of the user's stickers. For that they need their old password, their
    /// recovery code, a passkey that has unlocked them before, or another household member.
    ResetPassword {
        /// Username or id
        user: String,
        /// Create a link that works once, for a day
        #[arg(long, conflicts_with = "password_stdin")]
        link: bool,
        /// Read the new password from standard input, one line
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        pictures: Pictures,
    },
    /// Remove a user's authenticator app, passkeys and backup codes, after they lost them
    ResetMfa {
        /// Username or id
        user: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Role {
    Administrator,
    Owner,
}

/// Runs the command.
pub fn execute(command: UserCommand, format: &OutputFormat) -> Result<(), Refusal> {
    match command {
        UserCommand::List => {
            let Answer::Users(users) = format.ask(Request::ListUsers)? else { return Err(unexpected()) };
            format.tell(&users, list)
        }
        UserCommand::Add { username, administrator, household, password_stdin } => {
            let password = new_password(password_stdin)?;
            change(
                Request::AddUser { username, password, administrator, household_of: household },
                "can log in",
                format,
            )
        }
        UserCommand::Disable { user } => {
            change(Request::DisableUser { user }, "is disabled, and all devices are logged out", format)
        }
        UserCommand::Enable { user } => change(Request::EnableUser { user }, "can log in again", format),
        UserCommand::Role { user, role } => {
            let administrator = role == Role::Administrator;
            let now = if administrator { "is an administrator" } else { "is an owner, not an administrator" };
            change(Request::SetRole { user, administrator }, now, format)
        }
        UserCommand::Delete { user, yes } => {
            let question = format!(
                "Delete {}? This deletes sessions and personal data, and the tags too if no one else is in the household.",
                shown(&user)
            );
            confirm(&question, yes)?;
            let Answer::DeletedUser(gone) = format.ask(Request::DeleteUser { user })? else {
                return Err(unexpected());
            };
            format.tell(&gone, deleted)
        }
        UserCommand::ResetMfa { user } => {
            change(Request::ResetMfa { user }, "has no second factor and logs in with the password alone", format)
        }
        UserCommand::ResetPassword { user, link: true, pictures, .. } => {
            output::warn(Some(VAULT_STAYS_SHUT), format);
            let Answer::PasswordLink(link) = format.ask(Request::NewPasswordLink { user })? else {
                return Err(unexpected());
            };
            format.tell(&link, password_link)?;
            pictures.show(&link.url, format)?;
            output::warn(link.url_warning.as_deref(), format);
            Ok(())
        }
        UserCommand::ResetPassword { user, password_stdin, pictures, .. } => {
            if pictures.wanted() {
                return Err(prompt::usage("A QR code needs a link.", "Add --link, or remove --png, --svg and --qr."));
            }
            output::warn(Some(VAULT_STAYS_SHUT), format);
            let request = Request::SetPassword { user, password: new_password(password_stdin)? };
            let Answer::NewPassword(set) = format.ask(request)? else { return Err(unexpected()) };
            format.tell(&set, password_set)
        }
    }
}

/// Shown before the operator sets a password without knowing the old one.
const VAULT_STAYS_SHUT: &str = "a new password lets the user log in, but does not unlock the keys of their stickers. \
    For that they need their old password, their recovery code, a passkey that has unlocked them before, or another \
    household member. Without any of these, the stickers must be replaced.";

fn change(request: Request, now: &str, format: &OutputFormat) -> Result<(), Refusal> {
    let Answer::User(user) = format.ask(request)? else { return Err(unexpected()) };
    format.tell(&user, |known| format!("{} {now}.\n", shown(&known.user.username)))
}

fn list(users: &UserList) -> String {
    let mut table =
        Table::new(["USERNAME", "ROLE", "STATE", "CREATED (UTC)", "LAST SEEN", "SESSIONS", "2ND FACTOR", "ID"]);
    for UserWithHousehold { user, .. } in &users.users {
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
    table.text("There are no accounts yet.")
}

fn deleted(gone: &DeletedUser) -> String {
    let sessions = count(gone.ended.len(), "session", "sessions");
    let tags = match gone.revoked.len() {
        0 => String::new(),
        tags => format!(" {} deleted.", count(tags, "tag", "tags")),
    };
    format!("{} is deleted; {sessions} ended.{tags}\n", shown(&gone.username))
}

fn password_set(set: &PasswordSet) -> String {
    let sessions = count(set.ended.len(), "session", "sessions");
    format!("{} has a new password; {sessions} ended.\n", shown(&set.user.username))
}

fn password_link(link: &PasswordLink) -> String {
    format!(
        "With this link, {} can set a new password once until {} UTC. It is shown only now:\n\n  {}\n\n",
        shown(&link.user.username),
        stamp(link.expires_at),
        shown(&link.url)
    )
}
