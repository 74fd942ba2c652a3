//! Stickers, with the names that their owners gave to those without a key.

use crate::domain::household::tag::TagState;
use std::time::SystemTime;

use super::{ChangedTag, NewTag, Operator, RevokedTag, TagList, TagWishes};
use crate::audit::Event;
use crate::domain::household::lifetime::Lifetime;
use crate::domain::household::tag::TagText;
use crate::domain::ids::TagId;
use crate::domain::{Error, Kind, Result};
use crate::household::tags::TagChanges;
use crate::store::BareTag;
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
            let expiry_notice = tag.expires_at.and_then(|end| Lifetime::reminder(tag.created_at, end, now));
            let open = |sealed: Vec<u8>| self.tags.open_label(tag.id, &sealed);
            let label = tag.label_sealed.map(open).transpose();
            let BareTag { id, created_at, expires_at, .. } = BareTag { label_sealed: None, ..tag };
            let tag = Tag { id, state, created_at, expires_at, expiry_notice };
            Some(label.map(|label| TagWithHousehold { tag, label, household }))
        });
        Ok(TagList { tags: tags.collect::<Result<_>>()? })
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
            tag: TagWithHousehold { label: Some(made.tag.label.clone()), tag: made.tag.into(), household },
            url: self.link("c", &made.token.code()),
            url_warning: self.links.warning.clone(),
        })
    }

    pub(super) async fn change_tag(&self, id: TagId, changes: TagWishes, now: SystemTime) -> Result<ChangedTag> {
        let TagWishes { label, public_text, lifetime } = changes;
        let text = |text: Option<String>| text.as_deref().map(TagText::parse).transpose();
        let changes =
            TagChanges { label: text(label)?, public_text: text(public_text)?, lifetime, ..TagChanges::default() };
        let changed = self.tags.change_in(None, id, changes, now).await;
        let tag = changed.map_err(|error| if error.code == "no-such-tag" { no_such_tag() } else { error })?;
        self.note(Event::TagChanged, None);
        Ok(ChangedTag { tag: tag.into() })
    }

    pub(super) async fn revoke_tag(&self, id: TagId) -> Result<RevokedTag> {
        if !self.store.tags().delete(None, id).await? {
            return Err(no_such_tag());
        }
        self.note(Event::TagRevoked, None);
        Ok(RevokedTag { id })
    }
}

fn no_such_tag() -> Error {
    Error::new(Kind::NotFound, "no-such-tag", "There is no such tag.").hint("`callqr tag list` lists all tags.")
}
