//! Stickers, without what their owners wrote.

use crate::domain::household::tag::TagState;
use std::time::SystemTime;

use super::{NewTag, Operator, RevokedTag, TagList};
use crate::audit::Event;
use crate::domain::household::lifetime::Lifetime;
use crate::domain::household::tag::TagText;
use crate::domain::ids::TagId;
use crate::domain::{Error, Kind, Result};
use crate::views::household::NamedHousehold;
use crate::views::tag::{Tag, TagWithHousehold};

impl Operator {
    pub(super) async fn list_tags(&self, user: Option<&str>, now: SystemTime) -> Result<TagList> {
        let household = match user {
            Some(user) => Some(self.find(user).await?.household),
            None => None,
        };
        let households = self.people().await?.households();
        let tags = self.store.operator().tags(household).await?;
        // A household that has just lost its last member is about to lose its tags.
        let tags = tags.into_iter().filter_map(|tag| {
            let household = households.get(&tag.household)?.clone();
            let state = TagState::of(tag.paused, tag.expires_at, now);
            let tag = Tag { id: tag.id, state, created_at: tag.created_at, expires_at: tag.expires_at };
            Some(TagWithHousehold { tag, household })
        });
        Ok(TagList { tags: tags.collect() })
    }

    pub(super) async fn new_tag(
        &self,
        user: &str,
        label: &str,
        public_text: &str,
        lifetime: Option<Lifetime>,
        now: SystemTime,
    ) -> Result<NewTag> {
        let (label, public_text) = (TagText::parse(label)?, TagText::parse(public_text)?);
        let owner = self.find(user).await?;
        let household = owner.household;
        let made = self.tags.create_in(household, label, public_text, lifetime, now).await?;
        self.note(Event::TagCreated, Some(owner.user.id));
        let named = self.people().await?.households().remove(&household);
        let household = named.unwrap_or(NamedHousehold { id: household, members: Vec::new() });
        Ok(NewTag {
            tag: TagWithHousehold { tag: made.tag.into(), household },
            url: self.link("c", &made.token.code()),
            url_warning: self.links.warning.clone(),
        })
    }

    pub(super) async fn revoke_tag(&self, id: TagId) -> Result<RevokedTag> {
        if !self.store.tags().delete(None, id).await? {
            return Err(Error::new(Kind::NotFound, "no-such-tag", "There is no such tag.")
                .hint("`callqr tag list` lists all tags."));
        }
        self.note(Event::TagRevoked, None);
        Ok(RevokedTag { id })
    }
}
