//! The set-up link: makes the first account, for anyone who can read what the server prints when it starts.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::domain::credentials::secret::Secret;
use crate::domain::{Result, random};
use crate::store::Store;

/// How long a set-up link works.
pub const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// A token for the set-up link of this start, the only one that works from now on; `None` when there is an account.
///
/// It belongs into the fragment of `/setup#TOKEN` and is not stored, only its digest.
///
/// # Errors
/// The database's.
pub async fn renew(store: &Store, now: SystemTime) -> Result<Option<Secret<String>>> {
    let token = URL_SAFE_NO_PAD.encode(random::bytes::<32>());
    let renewed = store.setup().renew(digest(&token), now + LIFETIME).await?;
    Ok(renewed.then(|| Secret::new(token)))
}

/// What is stored of a token.
pub(crate) fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
