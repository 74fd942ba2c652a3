//! Tags: stickers that people can be called through.

use crate::domain::household::tag::TagState;
use std::sync::Arc;
use std::time::SystemTime;

use crate::audit::{Audit, Event};
use crate::domain::household::lifetime::Lifetime;
use crate::domain::household::public_identity::PublicIdentity;
use crate::domain::household::tag::{SealedText, TagText, Token, TokenHash};
use crate::domain::identity::Identity;
use crate::domain::ids::{HouseholdId, TagId};
use crate::domain::{Error, Kind, Result};
use crate::keys::{Field, Keys};
use crate::store::{self, Store};

/// Bounds and defaults.
#[derive(Debug, Clone, Copy)]
pub struct TagOptions {
    /// How long a tag works when its owner does not choose.
    pub default_lifetime: Lifetime,
    /// The most tags of one household, expired ones included.
    pub max_per_household: u32,
}

/// A tag as its owner sees it.
#[derive(Clone)]
pub struct TagRecord {
    /// Which.
    pub id: TagId,
    /// The owner's name for it.
    pub label: String,
    /// The text that callers see.
    pub public_text: String,
    /// Whether it works.
    pub state: TagState,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it stops working; `None`: when it is revoked.
    pub expires_at: Option<SystemTime>,
    /// The last reminder of its end that is due.
    pub expiry_notice: Option<u64>,
    /// The public keys whose hash its sticker carries; `None` where it carries none.
    pub identity: Option<PublicIdentity>,
}

/// A tag whose sticker was created in its owner's browser.
#[derive(Clone)]
pub struct Registration {
    /// SHA-256 of the sticker's token, which is all that the server learns of it.
    pub access: Token,
    /// The public keys whose hash the sticker carries.
    pub identity: PublicIdentity,
    /// What callers read, sealed with a key that only the sticker leads to.
    pub sealed_text: Option<SealedText>,
    /// How long it works; `None`: as the operator chose.
    pub lifetime: Option<Lifetime>,
}

/// What changes in a tag; `None` leaves a field as it is.
#[derive(Default)]
pub struct TagChanges {
    /// The owner's name for it.
    pub label: Option<TagText>,
    /// What callers read.
    pub public_text: Option<TagText>,
    /// What callers read, sealed in the owner's browser; `Some(None)` for nothing.
    pub sealed_text: Option<Option<SealedText>>,
    /// How long it works from now on.
    pub lifetime: Option<Lifetime>,
}

/// A tag that was just made. Its token is shown now and never again: only its digest is kept.
pub struct NewTag {
    /// The tag.
    pub tag: TagRecord,
    /// What the sticker carries.
    pub token: Token,
}

/// A tag to be.
struct Making {
    household: HouseholdId,
    token_hash: TokenHash,
    label: TagText,
    public_text: TagText,
    lifetime: Option<Lifetime>,
    identity: Option<PublicIdentity>,
    sealed_text: Option<SealedText>,
}

/// A tag as the holder of its token finds it.
#[derive(Clone)]
pub struct Found {
    /// Which.
    pub tag: TagId,
    /// Who is to be called.
    pub household: HouseholdId,
    /// Whether its owner does not want calls now.
    pub paused: bool,
    /// What callers read; empty where its owner wrote nothing.
    pub public_text: String,
    /// The public keys whose hash its sticker carries; `None` where it carries none.
    pub identity: Option<PublicIdentity>,
    /// What callers read, sealed with a key that only the sticker leads to.
    pub sealed_text: Option<SealedText>,
}

/// Makes, finds and ends tags; cheap to clone.
#[derive(Clone)]
pub struct Tags {
    store: Store,
    keys: Arc<Keys>,
    audit: Audit,
    options: TagOptions,
}

impl Tags {
    /// Tags in `store`, sealed with `keys`.
    pub const fn new(store: Store, keys: Arc<Keys>, audit: Audit, options: TagOptions) -> Self {
        Self { store, keys, audit, options }
    }

    /// How long a tag works when its owner does not choose.
    pub fn default_lifetime(&self) -> Lifetime {
        self.options.default_lifetime
    }

    /// Makes a tag.
    ///
    /// # Errors
    /// `too-many-tags` when the household has as many as it may have.
    pub async fn create(
        &self,
        owner: Identity,
        label: TagText,
        public_text: TagText,
        lifetime: Option<Lifetime>,
        now: SystemTime,
    ) -> Result<NewTag> {
        let made = self.create_in(owner.household, label, public_text, lifetime, now).await?;
        self.note(Event::TagCreated, owner);
        Ok(made)
    }

    /// As [`Tags::create`], for the operator.
    pub(crate) async fn create_in(
        &self,
        household: HouseholdId,
        label: TagText,
        public_text: TagText,
        lifetime: Option<Lifetime>,
        now: SystemTime,
    ) -> Result<NewTag> {
        let token = Token::random();
        let making = Making {
            household,
            token_hash: token.hash(),
            label,
            public_text,
            lifetime,
            identity: None,
            sealed_text: None,
        };
        Ok(NewTag { tag: self.make(making, now).await?, token })
    }

    /// Registers a tag whose sticker was created in its owner's browser. Its label stays there too.
    ///
    /// # Errors
    /// `too-many-tags` when the household has as many as it may have, `token-taken` when the token is another tag's, or
    /// was a deleted tag's: its new owner would get the calls of people who scan the old sticker.
    pub async fn register(&self, owner: Identity, tag: Registration, now: SystemTime) -> Result<TagRecord> {
        let Registration { access, identity, sealed_text, lifetime } = tag;
        let making = Making {
            household: owner.household,
            token_hash: access.hash(),
            label: TagText::default(),
            public_text: TagText::default(),
            lifetime,
            identity: Some(identity),
            sealed_text,
        };
        let made = self.make(making, now).await?;
        self.note(Event::TagCreated, owner);
        Ok(made)
    }

    async fn make(&self, making: Making, now: SystemTime) -> Result<TagRecord> {
        let Making { household, token_hash, label, public_text, lifetime, identity, sealed_text } = making;
        let id = TagId::random();
        let lifetime = lifetime.unwrap_or(self.options.default_lifetime);
        let expires_at = lifetime.duration().map(|duration| now + duration);
        let row = store::NewTagRow {
            id,
            household,
            token_hash,
            token_digest: self.keys.token_digest(token_hash),
            label_sealed: self.keys.seal(Field::TagLabel, id.as_bytes(), label.as_str()),
            public_text_sealed: self.keys.seal(Field::TagPublicText, id.as_bytes(), public_text.as_str()),
            expires_at,
            identity,
            sealed_text,
        };
        self.store.tags().create(row, self.options.max_per_household, now).await?;
        Ok(TagRecord {
            id,
            label: label.as_str().to_owned(),
            public_text: public_text.as_str().to_owned(),
            state: TagState::Active,
            created_at: now,
            expires_at,
            expiry_notice: expires_at.and_then(|end| Lifetime::reminder(now, end, now)),
            identity,
        })
    }

    /// The tags of the member's household, newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, owner: Identity, now: SystemTime) -> Result<Vec<TagRecord>> {
        let tags = self.store.tags().of(owner.household).await?;
        tags.into_iter().map(|tag| self.open(tag, now)).collect()
    }

    /// Stops calls through a tag until it is resumed.
    ///
    /// # Errors
    /// `no-such-tag` if the member's household has no tag with this ID.
    pub async fn pause(&self, owner: Identity, id: TagId, now: SystemTime) -> Result<TagRecord> {
        self.set_paused(owner, id, true, now).await
    }

    /// Allows calls through a tag again.
    ///
    /// # Errors
    /// `no-such-tag` if the member's household has no tag with this ID.
    pub async fn resume(&self, owner: Identity, id: TagId, now: SystemTime) -> Result<TagRecord> {
        self.set_paused(owner, id, false, now).await
    }

    /// Changes what was written on a tag and how long it works; its sticker stays the same. One whose time is over works
    /// again when it gets more, within a month after its end.
    ///
    /// # Errors
    /// `no-such-tag` if the member's household has no tag with this ID; `text-in-clear` and `no-key` for a text in the form
    /// that the sticker does not take.
    pub async fn change(&self, owner: Identity, id: TagId, changes: TagChanges, now: SystemTime) -> Result<TagRecord> {
        let tag = self.change_in(Some(owner.household), id, changes, now).await?;
        self.note(Event::TagChanged, owner);
        Ok(tag)
    }

    /// As [`Tags::change`], for the operator where no household is named.
    pub(crate) async fn change_in(
        &self,
        household: Option<HouseholdId>,
        id: TagId,
        changes: TagChanges,
        now: SystemTime,
    ) -> Result<TagRecord> {
        let row = self.store.tags().by_id(id).await?;
        let row = row.filter(|row| household.is_none_or(|household| row.household == household));
        let is_keyed = row.ok_or_else(no_such_tag)?.identity.is_some();
        let TagChanges { label, public_text, sealed_text, lifetime } = changes;
        let in_clear = [&label, &public_text].into_iter().flatten().any(|text| !text.as_str().is_empty());
        if is_keyed && in_clear {
            return Err(text_in_clear());
        }
        if !is_keyed && sealed_text.as_ref().is_some_and(Option::is_some) {
            return Err(Error::invalid(
                "no-key",
                "This tag's sticker carries no key, so nobody could open a sealed text.",
            )
            .hint("Send the text as publicText."));
        }
        let seal = |field, text: TagText| self.keys.seal(field, id.as_bytes(), text.as_str());
        let changes = store::TagRowChanges {
            label_sealed: label.map(|text| seal(Field::TagLabel, text)),
            public_text_sealed: public_text.map(|text| seal(Field::TagPublicText, text)),
            sealed_text,
            expires_at: lifetime.map(|lifetime| lifetime.duration().map(|time| now + time)),
        };
        let tag = self.store.tags().change(household, id, changes).await?.ok_or_else(no_such_tag)?;
        self.open(tag, now)
    }

    /// Makes a sticker useless for good.
    ///
    /// # Errors
    /// `no-such-tag` if the member's household has no tag with this ID.
    pub async fn revoke(&self, owner: Identity, id: TagId) -> Result<()> {
        if !self.store.tags().delete(Some(owner.household), id).await? {
            return Err(no_such_tag());
        }
        self.note(Event::TagRevoked, owner);
        Ok(())
    }

    /// The tag with this token, unless it has expired. Unknown, expired and revoked tokens look and cost the same.
    ///
    /// # Errors
    /// The database's.
    pub async fn find(&self, token: &Token, now: SystemTime) -> Result<Option<Found>> {
        let hash = token.hash();
        let row = self.store.tags().by_token(hash).await?;
        let row = row.filter(|row| {
            row.token_hash == hash
                && row.expires_at.is_none_or(|end| now < end)
                && token.may_be_of(row.identity.as_ref())
        });
        let Some(row) = row else {
            // So that a miss takes as long as a hit.
            self.keys.open_decoy();
            return Ok(None);
        };
        let public_text = self.keys.open_field(Field::TagPublicText, row.id.as_bytes(), &row.public_text_sealed)?;
        Ok(Some(Found {
            tag: row.id,
            household: row.household,
            paused: row.paused,
            public_text,
            identity: row.identity,
            sealed_text: row.sealed_text,
        }))
    }

    /// The tag with this token, which takes calls and notes now.
    ///
    /// # Errors
    /// `unknown-code` for unknown, expired and revoked tokens alike, `paused`.
    pub async fn callable(&self, token: &Token, now: SystemTime) -> Result<Found> {
        let found = self.find(token, now).await?.ok_or_else(unknown_code)?;
        if found.paused { Err(paused()) } else { Ok(found) }
    }

    /// Whether a call through this tag may go on: it was neither revoked nor paused. One whose time is over ends no call.
    ///
    /// # Errors
    /// The database's.
    pub async fn still_valid(&self, id: TagId) -> Result<bool> {
        Ok(self.store.tags().by_id(id).await?.is_some_and(|tag| !tag.paused))
    }

    /// The owner's name for a tag without a key, for the operator's list.
    ///
    /// # Errors
    /// When it was sealed with other keys.
    pub(crate) fn open_label(&self, id: TagId, sealed: &[u8]) -> Result<String> {
        self.keys.open_field(Field::TagLabel, id.as_bytes(), sealed)
    }

    async fn set_paused(&self, owner: Identity, id: TagId, paused: bool, now: SystemTime) -> Result<TagRecord> {
        let tag = self.store.tags().set_paused(owner.household, id, paused).await?.ok_or_else(no_such_tag)?;
        self.note(if paused { Event::TagPaused } else { Event::TagResumed }, owner);
        self.open(tag, now)
    }

    fn note(&self, event: Event, owner: Identity) {
        self.audit.note(event, Some(owner.account), None);
    }

    fn open(&self, tag: store::TagRow, now: SystemTime) -> Result<TagRecord> {
        let state = TagState::of(tag.paused, tag.expires_at, now);
        Ok(TagRecord {
            id: tag.id,
            label: self.keys.open_field(Field::TagLabel, tag.id.as_bytes(), &tag.label_sealed)?,
            public_text: self.keys.open_field(Field::TagPublicText, tag.id.as_bytes(), &tag.public_text_sealed)?,
            state,
            created_at: tag.created_at,
            expires_at: tag.expires_at,
            expiry_notice: tag.expires_at.and_then(|end| Lifetime::reminder(tag.created_at, end, now)),
            identity: tag.identity,
        })
    }
}

/// The same for a code that never was, one whose time is over and one that was revoked.
pub fn unknown_code() -> Error {
    Error::new(Kind::NotFound, "unknown-code", "This code doesn't reach anyone.")
        .hint("It may have expired or been revoked. Look for another way to reach the owner.")
}

fn paused() -> Error {
    Error::new(Kind::Conflict, "paused", "The owner isn't taking calls through this sticker right now.")
        .hint("Try again later.")
}

/// A sticker with a key has its texts sealed, so that callers can tell that they are the owner's.
pub fn text_in_clear() -> Error {
    Error::invalid("text-in-clear", "A sticker with a key needs its text for callers sealed.")
        .hint("Send it as sealedText, or leave out publicText. Its label stays with its owner.")
}

fn no_such_tag() -> Error {
    Error::new(Kind::NotFound, "no-such-tag", "You don't have this tag.").hint("Check your list of tags.")
}
