//! Argon2id (RFC 9106), so slow and so large that stolen hashes are of little use, and bounded so that logging in
//! cannot be used to exhaust the server.
//!
//! The secret value K of RFC 9106 (section 3.1) is a key that lives outside the database, a "pepper": who has the
//! database alone cannot even try guesses. The `keyid` of a hash says which pepper it has.
//!
//! What is hashed is the authentication secret, which a page makes of the password, or this server where a program sends
//! the password itself. The associated data X (same section) of a hash says so.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, AssociatedData, Block, KeyId, Params, ParamsBuilder, Version};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use subtle::ConstantTimeEq as _;

use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::credentials::stretch::{AuthSecret, ROUNDS, SALT_LENGTH};
use crate::domain::credentials::username::Username;
use crate::domain::ids::DeviceId;
use crate::domain::network::Network;
use crate::domain::{Error, Result, random};
use crate::keys::{Field, Keys};
use crate::limits::queue::{Priority, Queue, Share};
use crate::store::{AccountRow, Store};

/// Memory for one hash, in KiB: 19 MiB, with 2 passes and 1 lane (OWASP's password storage advice, 2024).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The associated data of a hash of an authentication secret.
const OF_SECRET: &[u8] = &[1];
/// How many hashes of one account, one of its devices and one source may be asked for at the same time: somebody who
/// repeats even the right password has no more.
const OF_ACCOUNT: usize = 2;
const OF_DEVICE: usize = 1;
const OF_SOURCE: usize = 6;
/// What those are told apart by.
const ACCOUNT: u8 = b'a';
const DEVICE: u8 = b'd';
const SOURCE: u8 = b's';

/// What somebody shows to log in, or chooses to log in with.
pub struct PresentedSecret {
    /// It.
    pub secret: LoginSecret,
    /// What a password of theirs is stretched with.
    pub salt: [u8; SALT_LENGTH],
    /// Whose turn comes before whose.
    pub priority: Priority,
    /// What it is counted by while it is hashed.
    pub shares: Vec<Share>,
}

impl PresentedSecret {
    /// The same, from someone who could be anyone.
    #[must_use]
    pub fn by_a_stranger(self) -> Self {
        let mut shares = self.shares;
        // Strangers who guess at somebody's password must not take that person's own places.
        shares.retain(|share| !share.is_of(ACCOUNT));
        Self { priority: Priority::Stranger, shares, ..self }
    }

    /// The same, on a device that has logged in before.
    #[must_use]
    pub fn on(mut self, device: DeviceId) -> Self {
        self.shares.push(Share::new(DEVICE, device.as_bytes(), OF_DEVICE));
        self
    }

    /// The same, from this address.
    #[must_use]
    pub fn counted_for(mut self, source: IpAddr) -> Self {
        let of_networks = Network::of_source(source)
            .map(|(network, shares)| Share::new(SOURCE, &network.bytes(), OF_SOURCE * shares as usize));
        self.shares.extend(of_networks);
        self
    }

    fn stretched(&self, work: &AtomicU64) -> AuthSecret {
        if matches!(self.secret, LoginSecret::Password(_)) {
            work.fetch_add(u64::from(ROUNDS), Ordering::Relaxed);
        }
        self.secret.stretched(&self.salt)
    }
}

/// Makes and checks password hashes; cheap to clone, the bounds are shared.
#[derive(Clone)]
pub struct Passwords {
    queue: Queue,
    keys: Arc<Keys>,
    /// What hashing has cost so far: the blocks of memory that were written, in all passes together, and rounds of
    /// stretching.
    work: Arc<AtomicU64>,
    /// The hash of no password: checked when an account does not exist, so that this takes as long.
    nobody: Arc<str>,
}

impl Passwords {
    /// With the peppers of `keys`.
    pub fn new(keys: Arc<Keys>) -> Self {
        let encode = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        let (salt, output) = (encode(&random::bytes::<16>()), encode(&random::bytes::<32>()));
        let nobody = format!("{}${salt}${output}", current(keys.pepper_id()));
        Self { queue: Queue::default(), keys, work: Arc::default(), nobody: nobody.into() }
    }

    /// What the password of this name is to be stretched with; looks alike for a name that nobody has, or nobody can have.
    pub fn salt(&self, username: &str) -> [u8; SALT_LENGTH] {
        match Username::parse(username) {
            Ok(username) => self.keys.password_salt(&username.look()),
            Err(_) => self.keys.password_salt(username),
        }
    }

    /// What somebody of this name, who is known, shows or chooses, to be hashed.
    pub fn shown(&self, username: &str, secret: LoginSecret) -> PresentedSecret {
        let salt = self.salt(username);
        // The salt is the account's own, and says nothing else.
        PresentedSecret {
            secret,
            salt,
            priority: Priority::Known,
            shares: vec![Share::new(ACCOUNT, &salt, OF_ACCOUNT)],
        }
    }

    /// Replaces a hash that is weaker than today's, or of the password itself, now that what it fits is at hand, in the
    /// database and in `account`. That it cannot be replaced keeps nobody out.
    pub async fn upgrade(&self, store: &Store, account: &mut AccountRow, secret: LoginSecret) {
        if !self.is_outdated(&account.password_hash) {
            return;
        }
        let upgrade = async {
            let username =
                self.keys.open_field(Field::Username, account.member.account.as_bytes(), &account.username_sealed)?;
            let new_hash = self.hash(self.shown(&username, secret)).await?;
            let old_hash = account.password_hash.clone();
            let id = account.member.account;
            let replaced = store.accounts().upgrade_password(id, old_hash, new_hash.clone()).await?;
            Ok(replaced.then_some(new_hash))
        };
        match upgrade.await {
            Ok(Some(new_hash)) => account.password_hash = new_hash,
            Ok(None) => {}
            Err::<_, Error>(error) => {
                tracing::warn!(code = error.code, "a password's hash could not be brought up to date");
            }
        }
    }

    /// What checking has cost so far, in blocks of memory (1 KiB) times passes and in rounds of stretching: what its time
    /// depends on, without a clock's noise.
    pub fn hashed(&self) -> u64 {
        self.work.load(Ordering::Relaxed)
    }

    /// Whether a hash is weaker than, or otherwise made than, one that would be made now.
    pub fn is_outdated(&self, hash: &str) -> bool {
        !hash.strip_prefix(&current(self.keys.pepper_id())).is_some_and(|rest| rest.starts_with('$'))
    }

    /// The hash of a new password, in PHC string form with a random salt.
    ///
    /// # Errors
    /// `busy` and `too-many-at-once` with a time to wait when too many hashes are asked for.
    pub async fn hash(&self, chosen: PresentedSecret) -> Result<String> {
        let keys = self.keys.clone();
        self.queue
            .run(chosen.priority, chosen.shares.clone(), move || {
                let params = ParamsBuilder::new()
                    .m_cost(MEMORY_KIB)
                    .t_cost(PASSES)
                    .p_cost(LANES)
                    .keyid(KeyId::new(&[keys.pepper_id()]).map_err(Error::internal)?)
                    .data(AssociatedData::new(OF_SECRET).map_err(Error::internal)?)
                    .build()
                    .map_err(Error::internal)?;
                let salt = Salt::new(&random::bytes::<16>()).map_err(Error::internal)?;
                let secret = chosen.secret.stretched(&chosen.salt);
                let output = argon2id(&keys, secret.as_bytes(), &salt, params.clone(), Params::DEFAULT_OUTPUT_LEN)?;
                let hash = PasswordHash {
                    algorithm: Algorithm::Argon2id.ident(),
                    version: Some(Version::V0x13.into()),
                    params: ParamsString::try_from(&params).map_err(Error::internal)?,
                    salt: Some(salt),
                    hash: Some(Output::new(&output).map_err(Error::internal)?),
                };
                Ok(hash.to_string())
            })
            .await
    }

    /// Whether what is shown fits `hash`; takes as long, and says no, when there is no hash to compare with.
    ///
    /// # Errors
    /// `busy` as for [`Passwords::hash`]; internal if `hash` isn't one of ours.
    pub async fn verify(&self, shown: PresentedSecret, hash: Option<String>) -> Result<bool> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let (keys, work) = (self.keys.clone(), self.work.clone());
        self.queue
            .run(shown.priority, shown.shares.clone(), move || {
                let stored = PasswordHash::new(&hash).map_err(Error::internal)?;
                let (Some(salt), Some(expected)) = (&stored.salt, &stored.hash) else {
                    return Err(Error::internal("a stored password hash has no salt or no output"));
                };
                let params = Params::try_from(&stored).map_err(Error::internal)?;
                if params.data() != OF_SECRET {
                    return Err(Error::internal("a stored password hash is not of an authentication secret"));
                }
                work.fetch_add(u64::from(params.m_cost()) * u64::from(params.t_cost()), Ordering::Relaxed);
                let stretched = shown.stretched(&work);
                let output = argon2id(&keys, stretched.as_bytes(), salt, params, expected.len())?;
                Ok(bool::from(output.ct_eq(expected.as_bytes())) && exists)
            })
            .await
    }
}

/// A digest of `length` bytes.
fn argon2id(keys: &Keys, secret: &[u8], salt: &[u8], params: Params, length: usize) -> Result<Vec<u8>> {
    let mut memory = memory(params.block_count());
    let mut output = vec![0; length];
    let &[pepper_id] = params.keyid() else { return Err(unknown_pepper()) };
    let pepper = keys.pepper(pepper_id).ok_or_else(unknown_pepper)?.expose();
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .map_err(Error::internal)?
        .hash_password_into_with_memory(secret, salt, &mut output, &mut memory)
        .map_err(Error::internal)?;
    Ok(output)
}

fn unknown_pepper() -> Error {
    Error::internal("a stored password hash names a pepper that the keys do not have")
}

/// What a hash made now begins with.
fn current(pepper_id: u8) -> String {
    let keyid = STANDARD_NO_PAD.encode([pepper_id]);
    let data = STANDARD_NO_PAD.encode(OF_SECRET);
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES},keyid={keyid},data={data}")
}

/// Working memory that the system takes back as soon as it is dropped.
///
/// glibc raises its threshold for mapping a block of its own to the size of blocks that were freed, up to 32 MiB, and
/// before version 2.38 it cannot use the room of a freed aligned block for the next one: hashing then keeps 19 MiB
/// more with each password. A capacity above those 32 MiB is always mapped and unmapped; what is not written to costs
/// address space alone.
fn memory(blocks: usize) -> Vec<Block> {
    const ALWAYS_MAPPED: usize = 33 * 1024 * 1024 / Block::SIZE;
    let mut memory = Vec::with_capacity(blocks.max(ALWAYS_MAPPED));
    memory.resize(blocks, Block::new());
    memory
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::Kind;

    fn passwords() -> Passwords {
        let directory = tempfile::tempdir().unwrap();
        Passwords::new(Arc::new(Keys::open(directory.path()).unwrap()))
    }

    const SALT: [u8; SALT_LENGTH] = [7; SALT_LENGTH];

    fn password(text: &str) -> PresentedSecret {
        PresentedSecret { secret: text.into(), salt: SALT, priority: Priority::Known, shares: Vec::new() }
    }

    /// As a page shows it.
    fn stretched(text: &str) -> PresentedSecret {
        PresentedSecret {
            secret: LoginSecret::Stretched(AuthSecret::stretch(text, &SALT)),
            salt: [0; SALT_LENGTH],
            priority: Priority::Known,
            shares: Vec::new(),
        }
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_alone_and_names_its_strength() {
        let passwords = passwords();
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid=AQ,data=AQ$"), "{hash}");
        assert!(!passwords.is_outdated(&hash));
        assert!(passwords.verify(password("correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(password("Correct horse"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify(password(""), Some(hash.clone())).await.unwrap());
        assert_ne!(hash, passwords.hash(password("correct horse")).await.unwrap(), "the salt is not random");
    }

    #[tokio::test]
    async fn a_hash_is_worth_nothing_without_its_pepper() {
        let (passwords, others) = (passwords(), passwords());
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        assert!(!others.verify(password("correct horse"), Some(hash.clone())).await.unwrap());
        for other in ["", ",keyid=Ag", ",keyid=AQE"] {
            let altered = hash.replace(",keyid=AQ", other);
            assert!(passwords.verify(password("correct horse"), Some(altered)).await.is_err(), "{other:?}");
        }
    }

    #[tokio::test]
    async fn a_hash_of_other_strength_is_known_to_be_outdated() {
        let passwords = passwords();
        for other in [
            "$argon2id$v=19$m=19456,t=1,p=1,keyid=AQ,data=AQ$x$y",
            "$argon2id$v=19$m=9728,t=2,p=1,keyid=AQ,data=AQ$x$y",
            "$argon2id$v=19$m=19456,t=2,p=1,keyid=Ag,data=AQ$x$y",
        ] {
            assert!(passwords.is_outdated(other), "{other}");
        }
    }

    #[tokio::test]
    async fn a_page_and_a_program_open_the_same_account() {
        let passwords = passwords();
        for chosen in [password("correct horse"), stretched("correct horse")] {
            let hash = passwords.hash(chosen).await.unwrap();
            assert!(passwords.verify(password("correct horse"), Some(hash.clone())).await.unwrap());
            assert!(passwords.verify(stretched("correct horse"), Some(hash.clone())).await.unwrap());
            assert!(!passwords.verify(stretched("Correct horse"), Some(hash)).await.unwrap());
        }
        // A hash without the mark could be of anything.
        let unmarked = passwords.hash(password("correct horse")).await.unwrap().replace(",data=AQ", "");
        assert!(passwords.verify(stretched("correct horse"), Some(unmarked)).await.is_err());
    }

    #[tokio::test]
    async fn every_way_to_be_refused_costs_the_same() {
        let passwords = passwords();
        let stored = passwords.hash(password("correct horse")).await.unwrap();
        for (wrong, rounds) in [(password as fn(&str) -> PresentedSecret, u64::from(ROUNDS)), (stretched, 0)] {
            for hash in [Some(stored.clone()), None] {
                let cost = passwords.hashed();
                assert!(!passwords.verify(wrong("wrong"), hash).await.unwrap());
                assert_eq!(passwords.hashed() - cost, 19 * 1024 * 2 + rounds);
            }
        }
    }

    #[tokio::test]
    async fn nobody_has_no_password_and_costs_the_same_strength() {
        let passwords = passwords();
        assert!(!passwords.verify(password("correct horse"), None).await.unwrap());
        assert!(passwords.nobody.starts_with("$argon2id$v=19$m=19456,t=2,p=1,keyid=AQ,data=AQ$"));
        assert!(PasswordHash::new(&passwords.nobody).unwrap().hash.is_some_and(|hash| hash.len() == 32));
    }

    #[tokio::test]
    async fn nobody_is_not_let_in_even_by_the_right_guess() {
        let passwords = passwords();
        let nobody = passwords.hash(password("correct horse")).await.unwrap();
        let passwords = Passwords { nobody: nobody.into(), ..passwords };
        assert!(!passwords.verify(password("correct horse"), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_stored_hash_that_is_none_is_our_fault() {
        let error = passwords().verify(password("x"), Some("nonsense".into())).await.unwrap_err();
        assert_eq!(error.kind, Kind::Internal);
    }
}
