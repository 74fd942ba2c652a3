//! Builds every service in one place, for the server and for commands that work without one.

use std::sync::Arc;

use super::{belongings, options};
use crate::accounts::Accounts;
use crate::audit::Audit;
use crate::auth::factors::Factors;
use crate::auth::login::{LogIn, Parts};
use crate::auth::passwords::Passwords;
use crate::auth::sessions::Sessions;
use crate::config::Config;
use crate::domain::Result;
use crate::household::call_log::CallLog;
use crate::household::notes::Notes;
use crate::household::tags::Tags;
use crate::household::vaults::Vaults;
use crate::keys::data_dir::DataDir;
use crate::keys::{KeyFile, Keys};
use crate::store::Store;

/// The database, its keys, and all that works on them. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub store: Store,
    pub keys: Arc<Keys>,
    pub audit: Audit,
    pub sessions: Sessions,
    pub factors: Factors,
    pub login: LogIn,
    pub accounts: Accounts,
    pub tags: Tags,
    pub vaults: Vaults,
    pub notes: Notes,
    pub call_log: CallLog,
}

impl Services {
    /// Opens the keys and the database of `directory`.
    ///
    /// # Errors
    /// What is wrong with the keys or the database, with the remedy.
    pub async fn build(config: &Config, directory: &DataDir) -> Result<Self> {
        let given = options::given_keys(config);
        let file = KeyFile::new(&directory.keys(), given.as_deref());
        belongings::check(directory.path(), &file)?;
        // The database first: a power cut between the two leaves one without accounts, which takes any keys.
        let store = Store::open(&directory.database())?;
        if !file.exists() && store.setup().any_account().await? {
            store.close().await;
            return Err(belongings::no_keys(directory.path(), &file));
        }
        let keys = Arc::new(Keys::open_given(&directory.keys(), given.as_deref())?);
        let audit = Audit::new(store.clone());
        let sessions = Sessions::new(store.clone(), keys.clone(), audit.clone(), options::sessions(config));
        let factors = Factors::new(store.clone(), keys.clone(), audit.clone());
        let passwords = Passwords::new(keys.clone());
        let accounts = Accounts::new(
            store.clone(),
            keys.clone(),
            passwords.clone(),
            sessions.clone(),
            audit.clone(),
            options::accounts(config),
        );
        let login = LogIn::new(Parts {
            store: store.clone(),
            keys: keys.clone(),
            passwords,
            sessions: sessions.clone(),
            factors: factors.clone(),
            audit: audit.clone(),
        });
        Ok(Self {
            tags: Tags::new(store.clone(), keys.clone(), audit.clone(), options::tags(config)),
            vaults: Vaults::new(store.clone(), audit.clone()),
            notes: Notes::new(store.clone(), options::notes(config)),
            call_log: CallLog::new(store.clone(), keys.clone(), options::call_log(config)),
            store,
            keys,
            audit,
            sessions,
            factors,
            login,
            accounts,
        })
    }
}
