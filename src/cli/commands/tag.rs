//! `callqr tag`

use crate::domain::household::tag::TagState;
use clap::Subcommand;

use crate::cli::OutputFormat;
use crate::cli::output::{self, shown, stamp};
use crate::cli::output_format::unexpected;
use crate::cli::pictures::Pictures;
use crate::cli::table::Table;
use crate::domain::household::lifetime::Lifetime;
use crate::domain::ids::TagId;
use crate::operator::{Answer, ChangedTag, NewTag, Refusal, Request, TagList, TagWishes};
use crate::views::tag::{Tag, TagWithHousehold};

#[derive(Subcommand)]
pub enum TagCommand {
    /// Create a tag and show its link and QR code, only now
    ///
    /// Its sticker carries no key, so caller and owner are told that its calls are not verified. Stickers created on an
    /// owner's page carry one.
    New {
        /// User whose household gets the tag (username or id)
        user: String,
        /// Private label, which only the household sees
        #[arg(long, default_value = "", hide_default_value = true)]
        label: String,
        /// Text that callers see
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        public_text: String,
        /// How long the sticker works: day, week, year, until-revoked, or a time such as 168h or 30d [default: as
        /// configured]
        #[arg(long, value_name = "TIME", value_parser = crate::cli::id::<Lifetime>)]
        lifetime: Option<Lifetime>,
        #[command(flatten)]
        pictures: Pictures,
    },
    /// Change a tag's label, text or lifetime; its sticker stays the same
    ///
    /// For a sticker with a key you can change only the lifetime: its label and text are in its owner's browser.
    Edit {
        /// Id of the tag, as shown by `tag list`
        #[arg(value_name = "ID", value_parser = crate::cli::id::<TagId>)]
        tag: TagId,
        #[command(flatten)]
        changes: Changes,
    },
    /// List tags, with the labels that the server can read
    List {
        /// Only tags of this user's household (username or id)
        user: Option<String>,
    },
    /// Revoke a tag for good and end its calls
    Revoke {
        /// Id of the tag, as shown by `tag list`
        #[arg(value_name = "ID", value_parser = crate::cli::id::<TagId>)]
        tag: TagId,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
pub struct Changes {
    /// New private label
    #[arg(long)]
    label: Option<String>,
    /// New text that callers see
    #[arg(long, value_name = "TEXT")]
    public_text: Option<String>,
    /// How long the sticker works from now on, as for `tag new`
    #[arg(long, value_name = "TIME", value_parser = crate::cli::id::<Lifetime>)]
    lifetime: Option<Lifetime>,
}

/// Runs the command.
pub fn execute(command: TagCommand, format: &OutputFormat) -> Result<(), Refusal> {
    match command {
        TagCommand::New { user, label, public_text, lifetime, pictures } => {
            let request = Request::NewTag { user, label, public_text, lifetime };
            let Answer::NewTag(tag) = format.ask(request)? else { return Err(unexpected()) };
            format.tell(&tag, made)?;
            pictures.show(&tag.url, format)?;
            output::warn(Some(NOT_VERIFIED), format);
            output::warn(tag.url_warning.as_deref(), format);
            Ok(())
        }
        TagCommand::Edit { tag, changes: Changes { label, public_text, lifetime } } => {
            let request = Request::ChangeTag { tag, changes: TagWishes { label, public_text, lifetime } };
            let Answer::ChangedTag(tag) = format.ask(request)? else { return Err(unexpected()) };
            format.tell(&tag, changed)
        }
        TagCommand::List { user } => {
            let Answer::Tags(tags) = format.ask(Request::ListTags { user })? else { return Err(unexpected()) };
            format.tell(&tags, list)
        }
        TagCommand::Revoke { tag } => {
            let Answer::RevokedTag(tag) = format.ask(Request::RevokeTag { tag })? else { return Err(unexpected()) };
            format.tell(&tag, |tag| format!("Revoked {}. Its sticker no longer works.\n", tag.id))
        }
    }
}

const NOT_VERIFIED: &str = "this sticker carries no key, so its calls are shown as not verified. Stickers created on an \
    owner's page carry one.";

fn made(NewTag { tag: TagWithHousehold { tag, household, .. }, url, .. }: &NewTag) -> String {
    let members = household.members.join(", ");
    let until = until(tag);
    format!("{} rings {} until {until}. Its link is shown only now:\n\n  {}\n\n", tag.id, shown(&members), shown(url))
}

fn changed(ChangedTag { tag }: &ChangedTag) -> String {
    let (id, until) = (tag.id, until(tag));
    match tag.state {
        TagState::Expired => format!("Changed {id}. It expired at {until}: add --lifetime to extend it.\n"),
        _ => format!("Changed {id}. It works until {until}.\n"),
    }
}

fn until(tag: &Tag) -> String {
    tag.expires_at.map_or_else(|| "it is revoked".to_owned(), |end| format!("{} UTC", stamp(end)))
}

fn list(tags: &TagList) -> String {
    let mut table = Table::new(["ID", "LABEL", "HOUSEHOLD", "STATE", "CREATED (UTC)", "EXPIRES (UTC)"]);
    for TagWithHousehold { tag, label, household } in &tags.tags {
        let state = match tag.state {
            TagState::Active => "active",
            TagState::Paused => "paused",
            TagState::Expired => "expired",
        };
        table.row([
            tag.id.to_string(),
            label.as_deref().unwrap_or("(in its owner's browser)").to_owned(),
            household.members.join(", "),
            state.to_owned(),
            stamp(tag.created_at),
            tag.expires_at.map_or_else(|| "when revoked".to_owned(), stamp),
        ]);
    }
    table.text("There are no tags.")
}
