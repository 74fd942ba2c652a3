//! Households' vaults: kept, handed out, replaced. What is in them only their owners' browsers can read.

use std::time::{Duration, SystemTime};

use crate::domain::household::vault::{PossessionProof, SealedVault, UnlockMethod, WrappedKey};
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
pub use crate::store::{VaultRow, WrappedKeyRow};

use crate::store::Store;

/// A password, a recovery code and some passkeys.
const MOST_WRAPS: usize = 18;
/// How long the vault's key waits for whom it is handed over to.
const HANDOVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps vaults; cheap to clone.
#[derive(Clone)]
pub struct Vaults {
    store: Store,
}

impl Vaults {
    /// Vaults in `store`.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// What the asker needs to open the household's vault.
    ///
    /// # Errors
    /// The database's.
    pub async fn vault(&self, owner: Identity, now: SystemTime) -> Result<VaultRow> {
        self.store.vaults().of(owner.household, owner.account, now).await
    }

    /// Which members of a household have a way into its vault.
    ///
    /// # Errors
    /// The database's.
    pub async fn openers(&self, household: HouseholdId) -> Result<Vec<AccountId>> {
        self.store.vaults().openers(household).await
    }

    /// Keeps the vault's key for another member of the asker's household, as the asker's browser has wrapped it, and says
    /// until when.
    ///
    /// # Errors
    /// `no-such-member`.
    pub async fn hand_over(
        &self,
        owner: Identity,
        to: AccountId,
        wrapped: WrappedKey,
        now: SystemTime,
    ) -> Result<SystemTime> {
        let expires_at = now + HANDOVER;
        if to != owner.account && self.store.vaults().hand_over(owner.household, to, wrapped, expires_at).await? {
            return Ok(expires_at);
        }
        Err(Error::new(Kind::NotFound, "no-such-member", "There is nobody else with this id in your household.")
            .hint("Look at the list of people in your account."))
    }

    /// Takes in the household's first vault, with the asker's way into it.
    ///
    /// # Errors
    /// `vault-changed` when the household has one already; `bad-vault` when it is not a first one; `bad-way-in`.
    pub async fn create(
        &self,
        owner: Identity,
        vault: SealedVault,
        holder: PossessionProof,
        wrap: WrappedKeyRow,
    ) -> Result<()> {
        fits(wrap.way, wrap.credential)?;
        if vault.revision() != 1 {
            return Err(Error::invalid("bad-vault", "The first vault has the revision 1."));
        }
        if self.store.vaults().create(owner.household, owner.account, vault, holder, wrap).await? {
            return Ok(());
        }
        Err(changed())
    }

    /// Refuses whoever does not hold the key of the asker's vault.
    ///
    /// # Errors
    /// `not-a-holder`.
    pub async fn check_holder(&self, owner: Identity, holder: PossessionProof) -> Result<()> {
        self.store.vaults().check_holder(owner.household, holder).await
    }

    /// Puts a vault in the place of the revision before it.
    ///
    /// # Errors
    /// `vault-changed` when another device was faster; `not-a-holder`.
    pub async fn replace(&self, owner: Identity, vault: SealedVault, holder: PossessionProof) -> Result<()> {
        if self.store.vaults().replace(owner.household, vault, holder).await? {
            return Ok(());
        }
        Err(changed())
    }

    /// Puts a vault with another key in the place of the household's, with the asker's way into it: all other ways end. For
    /// whoever holds the key from before, or is alone and cannot open it any more.
    ///
    /// # Errors
    /// `shared-household` when the asker is not its only member and shows no `before`; `not-a-holder` when that is another
    /// key's; `vault-changed` when another device was faster; `bad-way-in`.
    pub async fn renew(
        &self,
        owner: Identity,
        vault: SealedVault,
        holder: PossessionProof,
        wrap: WrappedKeyRow,
        before: Option<PossessionProof>,
    ) -> Result<()> {
        fits(wrap.way, wrap.credential)?;
        if self.store.vaults().renew(owner.household, owner.account, vault, holder, wrap, before).await? {
            return Ok(());
        }
        Err(changed())
    }

    /// Adds a way into the vault for the asker, or replaces it.
    ///
    /// # Errors
    /// `bad-way-in` when a passkey is not named, or something else is; `too-many-ways-in`; `not-a-holder`.
    pub async fn add_unlock_method(&self, owner: Identity, holder: PossessionProof, wrap: WrappedKeyRow) -> Result<()> {
        fits(wrap.way, wrap.credential)?;
        self.store.vaults().put_wrap(owner.household, owner.account, holder, wrap, MOST_WRAPS).await
    }
}

fn changed() -> Error {
    Error::new(Kind::Conflict, "vault-changed", "Another device has changed the vault meanwhile.")
        .hint("Open the vault again and make the change in what it holds now.")
}

fn fits(way: UnlockMethod, credential: Option<[u8; 32]>) -> Result<()> {
    if (way == UnlockMethod::Passkey) == credential.is_some() {
        return Ok(());
    }
    Err(Error::invalid("bad-way-in", "A passkey, and nothing else, is named by its credential.")
        .hint("Send SHA-256 of the credential's id in base64url."))
}
