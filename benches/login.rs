//! Whether the time of a refused log-in tells why: medians of each reason, taken in turns so that whatever else the
//! machine does falls on all of them alike.
//!
//! `cargo bench --bench login`, or `cargo bench --profile dev --bench login` where an optimised build takes too long.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use callqr::accounts::{self, Accounts, Registering};
use callqr::audit::Audit;
use callqr::auth::factors::Factors;
use callqr::auth::login::{LogIn, LoginContext, Parts};
use callqr::auth::passwords::Passwords;
use callqr::auth::sessions::{self, Sessions};
use callqr::domain::account::Registration;
use callqr::keys::Keys;
use callqr::keys::data_dir::DataDir;
use callqr::store::Store;

const ROUNDS: usize = 151;
const PASSWORD: &str = "correct horse battery";

#[tokio::main]
async fn main() {
    let root = tempfile::tempdir().unwrap();
    let (parts, accounts) = parts(&DataDir::open(&root.path().join("data")).unwrap());
    let now = SystemTime::now();
    for username in ["ada", "eve"] {
        let registering =
            Registering { username: username.into(), password: PASSWORD.into(), ..Registering::default() };
        let account = accounts.add(registering, None, username == "ada", now).await.unwrap();
        if username == "eve" {
            accounts.disable(account, None).await.unwrap();
        }
    }
    let long = "x".repeat(60_000);
    let kinds = [
        ("wrong password", "ada", "wrong horse battery"),
        ("unknown user", "bob", PASSWORD),
        ("empty password", "ada", ""),
        ("over-long password", "ada", long.as_str()),
        ("disabled account", "eve", PASSWORD),
        ("not a username", "no name!", PASSWORD),
    ];
    let context =
        LoginContext { source: [192, 0, 2, 1].into(), device_token: None, device_name: String::new(), site: None };
    let mut times = vec![Vec::new(); kinds.len()];
    for round in 0..ROUNDS {
        // A new one has not seen anybody fail.
        let login = LogIn::new(parts.clone());
        for turn in 0..kinds.len() {
            let at = (turn + round) % kinds.len();
            let (_, username, password) = kinds[at];
            let start = Instant::now();
            let refused = login.with_password(username, password.into(), &context, now).await.unwrap_err();
            times[at].push(start.elapsed());
            assert_eq!(refused.code, "wrong-credentials");
        }
    }
    let medians: Vec<Duration> = times.iter_mut().map(|times| median(times)).collect();
    for ((kind, ..), median) in kinds.iter().zip(&medians) {
        let percent = (median.as_secs_f64() / medians[0].as_secs_f64() - 1.0) * 100.0;
        println!("{kind:20} {:8.3} ms {percent:+6.2} %", median.as_secs_f64() * 1000.0);
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn parts(data: &DataDir) -> (Parts, Accounts) {
    let keys = Arc::new(Keys::open(&data.keys()).unwrap());
    let store = Store::open(&data.database()).unwrap();
    let audit = Audit::new(store.clone());
    let day = Duration::from_secs(24 * 60 * 60);
    let options = sessions::SessionOptions { idle: day, lifetime: day, max_per_account: 50 };
    let sessions = Sessions::new(store.clone(), keys.clone(), audit.clone(), options);
    let passwords = Passwords::new(keys.clone());
    let options = accounts::AccountOptions { registration: Registration::Closed, max: 9 };
    let accounts =
        Accounts::new(store.clone(), keys.clone(), passwords.clone(), sessions.clone(), audit.clone(), options);
    let factors = Factors::new(store.clone(), keys.clone(), audit.clone());
    (Parts { store, keys, passwords, sessions, factors, audit }, accounts)
}
