//! `callqr invite`

use crate::domain::account::InviteLifetime;
use clap::{Subcommand, ValueEnum};

use crate::cli::OutputFormat;
use crate::cli::output::{self, shown, stamp};
use crate::cli::output_format::unexpected;
use crate::cli::pictures::Pictures;
use crate::cli::table::Table;
use crate::domain::account::InviteKind;
use crate::domain::ids::InviteId;
use crate::operator::{Answer, InviteList, NewInvite, Refusal, Request};
use crate::views::invite::InviteWithInviter;

#[derive(Subcommand)]
pub enum InviteCommand {
    /// Create an invite and show its link, which works once
    New {
        /// Invite to this user's household, to share its tags
        #[arg(long, value_name = "USER")]
        household: Option<String>,
        /// How long the link works
        #[arg(long, default_value = "week")]
        lifetime: LifetimeArg,
        #[command(flatten)]
        pictures: Pictures,
    },
    /// List unused invites
    List,
    /// Revoke an invite
    Revoke {
        /// Id of the invite, as shown by `invite list`
        #[arg(value_name = "ID", value_parser = crate::cli::id::<InviteId>)]
        invite: InviteId,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum LifetimeArg {
    Day,
    Week,
}

/// Runs the command.
pub fn execute(command: InviteCommand, format: &OutputFormat) -> Result<(), Refusal> {
    match command {
        InviteCommand::New { household, lifetime, pictures } => {
            let lifetime = match lifetime {
                LifetimeArg::Day => InviteLifetime::Day,
                LifetimeArg::Week => InviteLifetime::Week,
            };
            let brings_no_key = household.is_some().then_some(BRINGS_NO_KEY);
            let request = Request::NewInvite { household_of: household, lifetime };
            let Answer::NewInvite(invite) = format.ask(request)? else { return Err(unexpected()) };
            format.tell(&invite, made)?;
            pictures.show(&invite.url, format)?;
            output::warn(brings_no_key, format);
            output::warn(invite.url_warning.as_deref(), format);
            Ok(())
        }
        InviteCommand::List => {
            let Answer::Invites(invites) = format.ask(Request::ListInvites)? else { return Err(unexpected()) };
            format.tell(&invites, list)
        }
        InviteCommand::Revoke { invite } => {
            let Answer::RevokedInvite(invite) = format.ask(Request::RevokeInvite { invite })? else {
                return Err(unexpected());
            };
            format.tell(&invite, |invite| format!("Revoked {}. Its link no longer works.\n", invite.id))
        }
    }
}

const BRINGS_NO_KEY: &str = "this link does not carry the keys of the household's stickers. To answer calls to \
    them, the new member must be let in by another member, under \"Your account\", \"People\".";

fn made(NewInvite { invite, url, .. }: &NewInvite) -> String {
    format!(
        "{} lets one person {} until {} UTC. Its link is shown only now:\n\n  {}\n\n",
        invite.id,
        leads_to(invite.kind),
        stamp(invite.expires_at),
        shown(url)
    )
}

fn list(invites: &InviteList) -> String {
    let mut table = Table::new(["ID", "LETS ONE PERSON", "CREATED BY", "CREATED (UTC)", "EXPIRES (UTC)"]);
    for InviteWithInviter { invite, by } in &invites.invites {
        table.row([
            invite.id.to_string(),
            leads_to(invite.kind).to_owned(),
            by.as_ref().map_or_else(|| "command line".to_owned(), |by| by.username.clone()),
            stamp(invite.created_at),
            stamp(invite.expires_at),
        ]);
    }
    table.text("There are no unused invites.")
}

const fn leads_to(kind: InviteKind) -> &'static str {
    match kind {
        InviteKind::Household => "join a household",
        InviteKind::Owner => "start their own household",
    }
}
