//! Households' vaults: kept, handed out, replaced. What is in them only their owners' browsers can read.

use std::time::{Duration, SystemTime};

use crate::audit::{Audit, Event};
use crate::domain::household::vault::{PossessionProof, RewrappedKey, SealedVault, UnlockMethod};
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
pub use crate::store::{VaultDoors, VaultRow, WrappedKeyRow};

use crate::store::Store;

/// A password, the recovery code and some passkeys.
const MOST_WRAPS: usize = 18;
/// How long a key share waits for its member.
const HANDOVER: Duration = Duration::from_secs(24 * 60 * 60);

/// Keeps vaults; cheap to clone.
#[derive(Clone)]
pub struct Vaults {
    store: Store,
    audit: Audit,
}

impl Vaults {
    /// Vaults in `store`.
    pub const fn new(store: Store, audit: Audit) -> Self {
        Self { store, audit }
    }

    /// What the member needs to open the household's vault.
    ///
    /// # Errors
    /// The database's.
    pub async fn vault(&self, owner: Identity, now: SystemTime) -> Result<VaultRow> {
        self.store.vaults().of(owner.household, owner.account, now).await
    }

    /// Which members of a household have a way into its vault, and which ask for one.
    ///
    /// # Errors
    /// The database's.
    pub async fn doors(&self, household: HouseholdId) -> Result<VaultDoors> {
        self.store.vaults().doors(household).await
    }

    /// Asks the household's other members to be let in; nothing happens where the member has an unlock method.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask_in(&self, member: Identity) -> Result<()> {
        self.store.vaults().ask_in(member.household, member.account).await
    }

    /// Keeps the vault's key for another member of the household, as this member's browser has wrapped it, and says
    /// until when.
    ///
    /// # Errors
    /// `no-such-member`; `not-a-holder` when it is not the vault's key.
    pub async fn share_key(
        &self,
        owner: Identity,
        to: AccountId,
        RewrappedKey { wrapped, holder }: RewrappedKey,
        now: SystemTime,
    ) -> Result<SystemTime> {
        let (vaults, expires_at) = (self.store.vaults(), now + HANDOVER);
        if to != owner.account && vaults.share_key(owner.household, to, holder, wrapped, expires_at).await? {
            return Ok(expires_at);
        }
        Err(Error::new(Kind::NotFound, "no-such-member", "Nobody else in your household has this ID.")
            .hint("Check the list of household members in your account."))
    }

    /// Takes in the household's first vault, with the member's unlock method.
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
            return Err(Error::invalid("bad-vault", "The first vault must have revision 1."));
        }
        if self.store.vaults().create(owner.household, owner.account, vault, holder, wrap).await? {
            return Ok(());
        }
        Err(changed())
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

    /// Replaces the household's vault with one that has a new key and the member's unlock method. All other unlock
    /// methods end, and so do the member's other sessions, which have the old key: one of them may be why there is a new
    /// one. For a member who holds the previous key, or who is alone and can no longer open the vault.
    ///
    /// # Errors
    /// `shared-household` when the member is not its only one and shows no `before`; `not-a-holder` when that is another
    /// key's; `vault-changed` when another device changed it first; `bad-way-in`.
    pub async fn renew(
        &self,
        owner: Identity,
        vault: SealedVault,
        holder: PossessionProof,
        wrap: WrappedKeyRow,
        before: Option<PossessionProof>,
    ) -> Result<()> {
        fits(wrap.way, wrap.credential)?;
        let by = (owner.account, owner.session);
        if !self.store.vaults().renew(owner.household, by, vault, holder, wrap, before).await? {
            return Err(changed());
        }
        self.audit.note(Event::SessionsEnded, Some(owner.account), None);
        Ok(())
    }

    /// Adds or replaces one of the member's unlock methods.
    ///
    /// # Errors
    /// `bad-way-in` when a passkey is not named, or something else is; `too-many-ways-in`; `not-a-holder`.
    pub async fn add_unlock_method(&self, owner: Identity, holder: PossessionProof, wrap: WrappedKeyRow) -> Result<()> {
        fits(wrap.way, wrap.credential)?;
        self.store.vaults().put_wrap(owner.household, owner.account, holder, wrap, MOST_WRAPS).await
    }
}

fn changed() -> Error {
    Error::new(Kind::Conflict, "vault-changed", "Another device has changed the vault in the meantime.")
        .hint("Open the vault again and repeat your change.")
}

fn fits(way: UnlockMethod, credential: Option<[u8; 32]>) -> Result<()> {
    if (way == UnlockMethod::Passkey) == credential.is_some() {
        return Ok(());
    }
    Err(Error::invalid("bad-way-in", "Passkeys, and only passkeys, need a credential hash.")
        .hint("For a passkey, send the SHA-256 of its credential ID in base64url."))
}
