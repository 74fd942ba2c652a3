//! `callqr tag`

use clap::{Subcommand, ValueEnum};

use super::Audience;
use super::audience::unexpected;
use super::output::{self, shown, stamp};
use super::pictures::Pictures;
use super::table::Table;
use crate::domain::ids::TagId;
use crate::domain::tag;
use crate::service::operator::{Answer, NewTag, Refusal, Request, Tags};
use crate::service::tags::State;

#[derive(Subcommand)]
pub enum Tag {
    /// Make a tag and show its link and QR code, this once
    ///
    /// Its sticker carries no key, so that callers and owner are told that its calls are not verified. Those that are
    /// made in an owner's page carry one.
    New {
        /// Whose household it is for: a username or an id
        user: String,
        /// The owner's name for it, which only the household sees
        #[arg(long, default_value = "", hide_default_value = true)]
        label: String,
        /// What callers read
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        public_text: String,
        /// How long it works [default: as configured]
        #[arg(long)]
        lifetime: Option<Lifetime>,
        #[command(flatten)]
        pictures: Pictures,
    },
    /// Show tags, without what their owners wrote
    List {
        /// Of this user's household only: a username or an id
        user: Option<String>,
    },
    /// Make a sticker worthless for ever; calls through it end
    Revoke {
        /// Its id, as `tag list` shows it
        #[arg(value_name = "ID", value_parser = super::id::<TagId>)]
        tag: TagId,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub enum Lifetime {
    Day,
    Week,
    Year,
    UntilRevoked,
}

/// Does what was asked for.
pub fn obey(command: Tag, audience: &Audience) -> Result<(), Refusal> {
    match command {
        Tag::New { user, label, public_text, lifetime, pictures } => {
            let request = Request::NewTag { user, label, public_text, lifetime: lifetime.map(Into::into) };
            let Answer::NewTag(tag) = audience.ask(request)? else { return Err(unexpected()) };
            audience.tell(&tag, made)?;
            pictures.show(&tag.url, audience)?;
            output::warn(Some(NOT_VERIFIED), audience);
            output::warn(tag.url_warning.as_deref(), audience);
            Ok(())
        }
        Tag::List { user } => {
            let Answer::Tags(tags) = audience.ask(Request::ListTags { user })? else { return Err(unexpected()) };
            audience.tell(&tags, list)
        }
        Tag::Revoke { tag } => {
            let Answer::RevokedTag(tag) = audience.ask(Request::RevokeTag { tag })? else { return Err(unexpected()) };
            audience.tell(&tag, |tag| format!("{} is revoked: its sticker is worthless from now on.\n", tag.id))
        }
    }
}

const NOT_VERIFIED: &str = "this sticker carries no key: its calls are shown as not verified. Stickers that are made in \
    their owner's page carry one.";

fn made(tag: &NewTag) -> String {
    let members = tag.household.members.join(", ");
    let until = tag.expires_at.map_or_else(|| "it is revoked".to_owned(), |end| format!("{} UTC", stamp(end)));
    format!(
        "{} rings {} until {until}. Its link is shown this once:\n\n  {}\n\n",
        tag.id,
        shown(&members),
        shown(&tag.url)
    )
}

fn list(tags: &Tags) -> String {
    let mut table = Table::new(["ID", "HOUSEHOLD", "STATE", "MADE (UTC)", "ENDS (UTC)"]);
    for tag in &tags.tags {
        let state = match tag.state {
            State::Active => "active",
            State::Paused => "paused",
            State::Expired => "expired",
        };
        table.row([
            tag.id.to_string(),
            tag.household.members.join(", "),
            state.to_owned(),
            stamp(tag.created_at),
            tag.expires_at.map_or_else(|| "when revoked".to_owned(), stamp),
        ]);
    }
    table.text("There are no tags.")
}

impl From<Lifetime> for tag::Lifetime {
    fn from(lifetime: Lifetime) -> Self {
        match lifetime {
            Lifetime::Day => Self::Day,
            Lifetime::Week => Self::Week,
            Lifetime::Year => Self::Year,
            Lifetime::UntilRevoked => Self::UntilRevoked,
        }
    }
}
