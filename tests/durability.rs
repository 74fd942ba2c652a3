//! What the store has acknowledged survives the process being killed in mid-write.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callqr::domain::account::Member;
use callqr::domain::household::tag::TokenHash;
use callqr::domain::ids::{AccountId, DeviceId, HouseholdId, SessionId, TagId};
use callqr::domain::random;
use callqr::store::{Entry, NewAccountRow, NewSession, NewTagRow, Store};

const DATABASE: &str = "CALLQR_TEST_DATABASE";

#[test]
fn no_acknowledged_write_is_lost_when_the_process_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("callqr.db");
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 1..=10 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "write_until_killed", "--ignored", "--nocapture"])
            .env(DATABASE, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut tokens = lines.filter_map(|line| line.split_once("stored ").map(|(_, token)| token.to_owned()));
        acknowledged.extend(tokens.by_ref().take(20 * round));
        child.kill().unwrap();
        acknowledged.extend(tokens.filter(|token| token.len() == 43));
        child.wait().unwrap();
    }
    assert!(acknowledged.len() >= 20 * 55);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&path).unwrap();
        for token in &acknowledged {
            let hash = URL_SAFE_NO_PAD.decode(token).unwrap().try_into().unwrap();
            assert!(store.tags().by_token(TokenHash::from_bytes(hash)).await.unwrap().is_some(), "a tag is lost");
        }
    });
}

#[test]
#[ignore = "runs for ever: the test above starts it as a process of its own, and kills it"]
fn write_until_killed() {
    let path = std::env::var_os(DATABASE).expect("started by the other test, which says where to write");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(Path::new(&path)).unwrap();
        let household = HouseholdId::from_bytes([1; 16]);
        if !store.accounts().any().await.unwrap() {
            make_account(&store, household).await;
        }
        loop {
            let hash: [u8; 32] = random::bytes();
            let tag = NewTagRow {
                id: TagId::random(),
                household,
                token_hash: TokenHash::from_bytes(hash),
                token_digest: std::array::from_fn(|at| hash[at]),
                label_sealed: vec![0; 200],
                public_text_sealed: vec![0; 200],
                expires_at: None,
                identity: None,
                sealed_text: None,
            };
            store.tags().create(tag, u32::MAX, SystemTime::now()).await.unwrap();
            // One write, so that a kill cannot cut the line in the pipe.
            std::io::stdout().write_all(format!("stored {}\n", URL_SAFE_NO_PAD.encode(hash)).as_bytes()).unwrap();
        }
    });
}

async fn make_account(store: &Store, household: HouseholdId) {
    let (now, later) = (SystemTime::now(), SystemTime::now() + Duration::from_secs(3600));
    store.setup().renew([1; 32], later).await.unwrap();
    let member = Member { account: AccountId::random(), household, administrator: true };
    let account = NewAccountRow {
        member,
        username_index: [1; 32],
        username_sealed: vec![1],
        emergency_contact_sealed: None,
        vehicle_number_sealed: None,
        password_hash: String::new(),
        wrapped: None,
    };
    let login = NewSession {
        id: SessionId::random(),
        account: member.account,
        secret_hash: [1; 32],
        device_sealed: vec![1],
        device: DeviceId::random(),
        expires_at: later,
    };
    store.accounts().create(account, Some(login), Entry::Setup([1; 32]), 9, now).await.unwrap();
}
