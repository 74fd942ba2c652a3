//! `callqr audit`

use crate::domain::audit::MOST_LISTED;
use clap::Args;

use crate::cli::OutputFormat;
use crate::cli::output::stamp;
use crate::cli::output_format::unexpected;
use crate::cli::table::Table;
use crate::domain::audit::COMMAND_LINE;
use crate::domain::ids::AccountId;
use crate::operator::{Answer, Refusal, Request};
use crate::views::event::AuditTrail;

/// Selects the entries to show.
#[derive(Args)]
pub struct AuditArgs {
    /// Number of entries to show
    #[arg(long, value_name = "NUMBER", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_LISTED)))]
    limit: u32,
    /// Show only entries before this one
    #[arg(long, value_name = "NUMBER")]
    before: Option<i64>,
}

/// Shows the events, newest first.
pub fn show(audit: &AuditArgs, format: &OutputFormat) -> Result<(), Refusal> {
    let request = Request::ListEvents { before: audit.before, limit: audit.limit };
    let Answer::Events(events) = format.ask(request)? else { return Err(unexpected()) };
    format.tell(&events, list)
}

fn list(events: &AuditTrail) -> String {
    let mut table = Table::new(["NUMBER", "TIME (UTC)", "EVENT", "TIMES", "ACCOUNT", "BY"]);
    for event in &events.events {
        let detail = event.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        table.row([
            event.id.to_string(),
            stamp(event.at),
            format!("{}{detail}", event.event),
            event.count.to_string(),
            event.account.map_or_else(|| "-".to_owned(), |account| account.to_string()),
            event.actor.map_or_else(|| "-".to_owned(), by),
        ]);
    }
    table.text("There are no events.")
}

fn by(actor: AccountId) -> String {
    if actor == COMMAND_LINE { "command line".to_owned() } else { actor.to_string() }
}
