//! Households' vaults: kept, handed out, replaced. What is in them only their owners' browsers can read.

use super::sessions::Identity;
use crate::domain::vault::{SealedVault, WayIn, Wrapped};
use crate::domain::{Error, Kind, Result};
use crate::store::{Store, Vault, Wrap};

/// A password, a recovery code and some passkeys.
const MOST_WRAPS: usize = 18;

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
    pub async fn vault(&self, owner: Identity) -> Result<Vault> {
        self.store.vaults().of(owner.household, owner.account).await
    }

    /// Puts a vault in the place of the revision before it.
    ///
    /// # Errors
    /// `vault-changed` when another device was faster.
    pub async fn replace(&self, owner: Identity, vault: SealedVault) -> Result<()> {
        if self.store.vaults().replace(owner.household, vault).await? {
            return Ok(());
        }
        Err(Error::new(Kind::Conflict, "vault-changed", "Another device has changed the vault meanwhile.")
            .hint("Open the vault again and make the change in what it holds now."))
    }

    /// Adds a way into the vault for the asker, or replaces it.
    ///
    /// # Errors
    /// `bad-way-in` when a passkey is not named, or something else is; `too-many-ways-in`.
    pub async fn let_in(
        &self,
        owner: Identity,
        way: WayIn,
        credential: Option<[u8; 32]>,
        wrapped: Wrapped,
    ) -> Result<()> {
        fits(way, credential)?;
        self.store.vaults().put_wrap(owner.account, Wrap { way, credential, wrapped }, MOST_WRAPS).await
    }

    /// Takes a way into the vault away from the asker; nothing happens when there is none.
    ///
    /// # Errors
    /// `bad-way-in` when a passkey is not named, or something else is.
    pub async fn shut_out(&self, owner: Identity, way: WayIn, credential: Option<[u8; 32]>) -> Result<()> {
        fits(way, credential)?;
        self.store.vaults().delete_wrap(owner.account, way, credential).await.map(drop)
    }
}

fn fits(way: WayIn, credential: Option<[u8; 32]>) -> Result<()> {
    if (way == WayIn::Passkey) == credential.is_some() {
        return Ok(());
    }
    Err(Error::invalid("bad-way-in", "A passkey, and nothing else, is named by its credential.")
        .hint("Send SHA-256 of the credential's id in base64url."))
}
