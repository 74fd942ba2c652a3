//! Second factors: setting them up, logging in with them, losing them. Times are those of a shifted clock.

use serde_json::{Value, json};

use crate::auth::factors::BackupCodes;
use crate::auth::factors::passkeys::Site;
use crate::auth::factors::totp;
use crate::auth::login::{LoginContext, Outcome};
use crate::auth::login::{Method, Pending, Proof, StepUp};
use crate::auth::sessions::Begun;
use crate::domain::effect::Effect;
use crate::domain::identity::Identity;
use crate::domain::ids::{AccountId, SessionId};
use crate::domain::{Kind, Result};
use crate::testing::*;
use std::time::{Duration, SystemTime};

#[path = "../../../tests/support/authenticator.rs"]
mod authenticator;
use authenticator::Authenticator;

const PASSWORD: &str = "correct horse";
const ORIGIN: &str = "https://callqr.local:8443";

fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

fn site() -> Site {
    Site::at(ORIGIN).unwrap()
}

impl House {
    async fn ask(&self, now: SystemTime) -> Pending {
        match self.login.with_password("ada.lovelace", PASSWORD.into(), &context(1), now).await.unwrap() {
            Outcome::SecondFactor(pending) => pending,
            Outcome::Begun(_) => panic!("no second factor is asked for"),
        }
    }

    async fn give(&self, pending: &Pending, proof: Proof, now: SystemTime) -> Result<Begun> {
        self.login.with_second_factor(&pending.ticket, proof, &context(1), now).await
    }

    /// Sets an authenticator app up with the code of `now`; its seed and the backup codes.
    async fn app(&self, owner: Identity, now: SystemTime) -> (totp::Seed, BackupCodes) {
        let secret = self.factors.begin_totp(owner, "callqr.local", now).await.unwrap().secret;
        let seed = totp::from_base32(secret.expose()).unwrap();
        let codes = self.factors.confirm_totp(owner, &totp::code_at(&seed, now), now).await.unwrap();
        (seed, codes.expect("the account had no backup codes"))
    }

    async fn passkey(&self, owner: Identity, name: &str) -> (Authenticator, Option<BackupCodes>) {
        let (ticket, options) = self.factors.begin_passkey(owner, &site(), name, day(0)).await.unwrap();
        let mut device = Authenticator::new(ORIGIN);
        let made = device.create(&options);
        let (passkey, codes) = self.factors.finish_passkey(owner, &site(), &ticket, made, day(0)).await.unwrap();
        assert_eq!((passkey.name.as_str(), passkey.host.as_str()), (name, "callqr.local"));
        (device, codes)
    }

    fn asked(&self, now: SystemTime) -> (String, Value) {
        self.login.ask_for_any_passkey(&site(), now).unwrap()
    }
}

#[tokio::test(start_paused = true)]
async fn an_app_is_set_up_by_its_first_code_and_asked_for_from_then_on() {
    let house = house();
    let owner = house.owner().await;
    let secret = house.factors.begin_totp(owner, "callqr.local", day(0)).await.unwrap().secret;
    let seed = totp::from_base32(secret.expose()).unwrap();
    assert_eq!(code(house.factors.confirm_totp(owner, "000000x", day(0)).await), "wrong-code");
    house.log_in("ada.lovelace", PASSWORD, day(0)).await.unwrap();
    let right = totp::code_at(&seed, day(0));
    let late = day(0) + seconds(15 * 60);
    assert_eq!(code(house.factors.confirm_totp(owner, &totp::code_at(&seed, late), late).await), "begin-again");
    let codes = house.factors.confirm_totp(owner, &right, day(0)).await.unwrap().unwrap();
    assert_eq!(codes.len(), 10);
    assert_eq!(code(house.factors.confirm_totp(owner, &right, day(0)).await), "begin-again");

    let pending = house.ask(day(0)).await;
    assert_eq!(pending.methods, [Method::Totp, Method::BackupCode]);
    assert_eq!(pending.expires_at, day(0) + seconds(300));
    assert_eq!(code(house.give(&pending, Proof::Totp(right), day(0)).await), "wrong-code", "each code once");
    let next = totp::code_at(&seed, day(0) + seconds(30));
    let begun = house.give(&pending, Proof::Totp(next.clone()), day(0)).await.unwrap();
    assert_eq!(begun.identity.account, owner.account);
    assert_eq!(code(house.give(&pending, Proof::Totp(next), day(0)).await), "ticket-expired", "each ticket once");
}

#[tokio::test(start_paused = true)]
async fn a_wrong_clock_is_told_and_its_code_never_taken() {
    let house = house();
    let owner = house.owner().await;
    let (seed, _) = house.app(owner, day(0)).await;
    let now = day(1);
    let ahead = totp::code_at(&seed, now + seconds(180));
    let pending = house.ask(now).await;
    let told = house.give(&pending, Proof::Totp(ahead.clone()), now).await.unwrap_err();
    assert_eq!(told.code, "server-clock");
    assert!(told.message.contains("are about 3 minutes apart"), "{told}");
    assert_eq!(code(house.give(&pending, Proof::Totp(ahead.clone()), now).await), "wrong-code", "it is told once");
    let later = now + seconds(180);
    assert_eq!(code(house.give(&pending, Proof::Totp(ahead), later).await), "wrong-code", "even when its time comes");
    house.give(&pending, Proof::Totp(totp::code_at(&seed, later + seconds(30))), later).await.unwrap();

    let secret = house.factors.begin_totp(owner, "callqr.local", day(2)).await.unwrap().secret;
    let seed = totp::from_base32(secret.expose()).unwrap();
    let behind = totp::code_at(&seed, day(2) - seconds(300));
    assert_eq!(code(house.factors.confirm_totp(owner, &behind, day(2)).await), "server-clock", "at set-up, too");
}

#[tokio::test(start_paused = true)]
async fn a_ticket_has_five_attempts_and_an_account_few_more() {
    let house = house();
    let owner = house.owner().await;
    let (seed, _) = house.app(owner, day(0)).await;
    let pending = house.ask(day(1)).await;
    let wrong = || Proof::BackupCode("0000-0000-0000-0000".into());
    for _ in 0..5 {
        assert_eq!(code(house.give(&pending, wrong(), day(1)).await), "wrong-code");
    }
    let right = totp::code_at(&seed, day(1));
    assert_eq!(code(house.give(&pending, Proof::Totp(right.clone()), day(1)).await), "ticket-expired");
    let another = house.ask(day(1)).await;
    assert_eq!(code(house.give(&another, wrong(), day(1)).await), "wrong-code");
    let refused = house.give(&another, Proof::Totp(right), day(1)).await.unwrap_err();
    assert_eq!((refused.code, refused.kind), ("too-many-attempts", Kind::TooMany));
    let old = house.ask(day(1)).await;
    assert_eq!(code(house.give(&old, wrong(), day(1) + seconds(300)).await), "ticket-expired");
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_worth_no_more_than_the_password_that_it_stands_for() {
    let house = house();
    let owner = house.owner().await;
    let (_, codes) = house.app(owner, day(0)).await;
    let pending = house.ask(day(0)).await;
    house.accounts.change_password(owner, "another horse".into(), None, context(1).source, day(0)).await.unwrap();
    let late = house.give(&pending, Proof::BackupCode(codes[0].expose().clone()), day(0)).await;
    assert_eq!(code(late), "ticket-expired");
    assert_eq!(house.factors.overview(owner.account).await.unwrap().backup_codes_left, 10, "it was not used up");
}

#[tokio::test(start_paused = true)]
async fn a_backup_code_works_once_and_new_ones_replace_the_old() {
    let house = house();
    let owner = house.owner().await;
    assert_eq!(code(house.factors.renew_backup_codes(owner).await), "no-second-factor");
    let (_, codes) = house.app(owner, day(0)).await;
    let first = codes[0].expose().to_uppercase().replace('-', " ");
    house.give(&house.ask(day(1)).await, Proof::BackupCode(first.clone()), day(1)).await.unwrap();
    assert_eq!(code(house.give(&house.ask(day(1)).await, Proof::BackupCode(first), day(1)).await), "wrong-code");
    assert_eq!(house.factors.overview(owner.account).await.unwrap().backup_codes_left, 9);
    let fresh = house.factors.renew_backup_codes(owner).await.unwrap();
    let old = Proof::BackupCode(codes[1].expose().clone());
    assert_eq!(code(house.give(&house.ask(day(1)).await, old, day(1)).await), "wrong-code");
    let new = Proof::BackupCode(fresh[9].expose().clone());
    house.give(&house.ask(day(1)).await, new, day(1)).await.unwrap();
    let told = house.audit.list(None, 50).await.unwrap();
    assert!(told.iter().any(|entry| entry.event.as_str() == "backup-code-used"));
}

#[tokio::test(start_paused = true)]
async fn the_last_factor_takes_the_backup_codes_along_and_an_operator_removes_all() {
    let house = house();
    let owner = house.owner().await;
    house.app(owner, day(0)).await;
    let (_, codes) = house.passkey(owner, "phone").await;
    assert!(codes.is_none(), "there are some already");
    house.factors.remove_totp(owner).await.unwrap();
    assert_eq!(code(house.factors.remove_totp(owner).await), "no-totp");
    let overview = house.factors.overview(owner.account).await.unwrap();
    assert_eq!((overview.totp, overview.backup_codes_left, overview.passkeys.len()), (false, 10, 1));
    let id = overview.passkeys[0].id;
    let eve = Identity { account: AccountId::random(), ..owner };
    assert_eq!(code(house.factors.remove_passkey(eve, id).await), "no-such-passkey");
    house.factors.remove_passkey(owner, id).await.unwrap();
    assert_eq!(house.factors.overview(owner.account).await.unwrap().backup_codes_left, 0);
    house.log_in("ada.lovelace", PASSWORD, day(1)).await.unwrap();

    house.app(owner, day(2)).await;
    house.passkey(owner, "phone").await;
    assert!(house.factors.reset(owner.account, None).await.unwrap());
    assert!(!house.factors.reset(owner.account, None).await.unwrap());
    house.log_in("ada.lovelace", PASSWORD, day(3)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn log_ins_of_another_way_than_the_present_one_end() {
    let house = house();
    let owner = house.owner().await;
    let others = async || house.sessions.list(owner, day(0)).await.unwrap().len() - 1;
    house.begin(owner).await;
    house.app(owner, day(0)).await;
    assert_eq!(others().await, 0, "it was begun without the second factor");
    house.begin(owner).await;
    house.passkey(owner, "phone").await;
    house.factors.renew_backup_codes(owner).await.unwrap();
    assert_eq!(others().await, 1, "one more way ends nothing");
    let secret = house.factors.begin_totp(owner, "callqr.local", day(1)).await.unwrap().secret;
    let seed = totp::from_base32(secret.expose()).unwrap();
    house.raised();
    house.factors.confirm_totp(owner, &totp::code_at(&seed, day(1)), day(1)).await.unwrap();
    assert_eq!((house.raised().len(), others().await), (1, 0), "holders of the old app are logged out");
    house.begin(owner).await;
    house.factors.remove_totp(owner).await.unwrap();
    assert_eq!(house.raised().len(), 1);
    house.begin(owner).await;
    let id = house.factors.overview(owner.account).await.unwrap().passkeys[0].id;
    house.factors.remove_passkey(owner, id).await.unwrap();
    assert_eq!(house.raised().len(), 1);
    house.passkey(owner, "tablet").await;
    house.factors.reset(owner.account, None).await.unwrap();
    assert_eq!(house.raised(), [Effect::SessionEnded(owner.session)], "an operator ends all");
}

#[tokio::test(start_paused = true)]
async fn a_passkey_stands_beside_the_password_or_in_its_place() {
    let house = house();
    let owner = house.owner().await;
    let (mut device, codes) = house.passkey(owner, "My phone").await;
    assert_eq!(codes.unwrap().len(), 10);

    let pending = house.ask(day(1)).await;
    assert_eq!(pending.methods, [Method::Passkey, Method::BackupCode]);
    let options = house.login.second_factor_passkey(&pending.ticket, day(1)).unwrap();
    assert_eq!(options["allowCredentials"].as_array().unwrap().len(), 1);
    house.give(&pending, Proof::Passkey(device.get(&options)), day(1)).await.unwrap();

    let (ticket, options) = house.asked(day(2));
    let answer = device.get(&options);
    let begun = house.login.with_passkey(&ticket, answer.clone(), &site(), &context(1), day(2)).await.unwrap();
    assert_eq!(begun.identity.account, owner.account);
    let again = house.login.with_passkey(&ticket, answer, &site(), &context(1), day(2)).await;
    assert_eq!(code(again), "ticket-expired", "each ticket once");
    let used = house.factors.overview(owner.account).await.unwrap().passkeys[0].last_used_at;
    assert_eq!(used, Some(day(2)));

    let (ticket, options) = house.asked(day(3));
    let given = StepUp::Passkey { ticket, credential: device.get(&options), site: site() };
    let confirmed = house.login.confirm(begun.identity, given, &context(1), day(3)).await.unwrap();
    assert!(matches!(confirmed, Outcome::Begun(_)), "alone, as in logging in");
}

impl House {
    /// Shows the password to confirm; what is asked for then.
    async fn confirm(&self, identity: Identity, now: SystemTime) -> Pending {
        let given = StepUp::Password(PASSWORD.into());
        match self.login.confirm(identity, given, &context(1), now).await.unwrap() {
            Outcome::SecondFactor(pending) => pending,
            Outcome::Begun(_) => panic!("the password alone confirms"),
        }
    }

    async fn give_again(&self, identity: Identity, ticket: &str, proof: Proof, now: SystemTime) -> Result<Begun> {
        self.login.confirm_with_second_factor(identity, ticket, proof, Some(&site()), now).await
    }
}

#[tokio::test(start_paused = true)]
async fn confirming_asks_for_the_second_factor_as_logging_in_does() {
    let house = house();
    let owner = house.owner().await;
    let (seed, codes) = house.app(owner, day(0)).await;
    let (mut device, _) = house.passkey(owner, "phone").await;
    let now = day(1);
    let asked = house.confirm(owner, now).await;
    assert_eq!(asked.methods, [Method::Totp, Method::Passkey, Method::BackupCode]);
    let code_now = totp::code_at(&seed, now);
    let wrong = Proof::Totp("000000x".into());
    let refused = house.give_again(owner, &asked.ticket, wrong, now).await.unwrap_err();
    assert_eq!((refused.code, refused.kind), ("wrong-code", Kind::Forbidden), "the user is still logged in");
    let begun = house.give_again(owner, &asked.ticket, Proof::Totp(code_now.clone()), now).await.unwrap();
    assert_eq!((begun.identity.session, begun.identity.generation), (owner.session, 1));
    assert!(begun.identity.is_recently_authenticated(now));
    let renewed = begun.identity;

    let late = house.give_again(renewed, &asked.ticket, Proof::BackupCode(codes[0].expose().clone()), now).await;
    assert_eq!(code(late), "ticket-expired", "each ticket once");
    let pending = house.ask(now).await;
    assert_eq!(code(house.give(&pending, Proof::Totp(code_now.clone()), now).await), "wrong-code", "each code once");
    let asked = house.confirm(renewed, now).await;
    assert_eq!(code(house.give_again(renewed, &asked.ticket, Proof::Totp(code_now), now).await), "wrong-code");

    let options = house.login.second_factor_passkey(&asked.ticket, now).unwrap();
    let proof = Proof::Passkey(device.get(&options));
    let renewed = house.give_again(renewed, &asked.ticket, proof, now).await.unwrap().identity;
    let asked = house.confirm(renewed, now).await;
    let by_paper = || Proof::BackupCode(codes[1].expose().clone());
    let renewed = house.give_again(renewed, &asked.ticket, by_paper(), now).await.unwrap().identity;
    let asked = house.confirm(renewed, now).await;
    assert_eq!(code(house.give_again(renewed, &asked.ticket, by_paper(), now).await), "wrong-code");
    let told = house.audit.list(None, 50).await.unwrap();
    for event in ["confirmed", "backup-code-used", "login-failed"] {
        assert!(told.iter().any(|entry| entry.event == event), "{event}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_ticket_for_confirming_confirms_its_own_session_and_logs_nobody_in() {
    let house = house();
    let owner = house.owner().await;
    let (_, codes) = house.app(owner, day(0)).await;
    let proof = || Proof::BackupCode(codes[0].expose().clone());
    let other = house.begin(owner).await.identity;
    let asked = house.confirm(owner, day(1)).await;
    assert_eq!(code(house.give_again(other, &asked.ticket, proof(), day(1)).await), "ticket-expired");
    assert_eq!(code(house.give(&asked, proof(), day(1)).await), "ticket-expired");
    let to_log_in = house.ask(day(1)).await;
    assert_eq!(code(house.give_again(owner, &to_log_in.ticket, proof(), day(1)).await), "ticket-expired");
    house.accounts.change_password(owner, "another horse".into(), None, context(1).source, day(1)).await.unwrap();
    assert_eq!(code(house.give_again(owner, &asked.ticket, proof(), day(1)).await), "ticket-expired");
    assert_eq!(house.factors.overview(owner.account).await.unwrap().backup_codes_left, 10, "no code was used up");
}

#[tokio::test(start_paused = true)]
async fn a_session_and_the_password_are_no_way_to_guess_the_code() {
    let house = house();
    let owner = house.owner().await;
    let (_, codes) = house.app(owner, day(0)).await;
    let wrong = || Proof::Totp("000000x".into());
    let mut refused = Vec::new();
    for _ in 0..7 {
        // The password is right each time: that must not give the guesses back.
        let asked = house.confirm(owner, day(1)).await;
        refused.push(code(house.give_again(owner, &asked.ticket, wrong(), day(1)).await));
    }
    assert_eq!(refused, [&["wrong-code"; 6][..], &["too-many-attempts"]].concat());
    let paper = Proof::BackupCode(codes[0].expose().clone());
    house.give(&house.ask(day(1)).await, paper, day(1)).await.expect("its owner still logs in");
}

#[tokio::test(start_paused = true)]
async fn secrets_that_were_renewed_meanwhile_are_not_renewed_by_the_old_ones() {
    let house = house();
    let owner = house.owner().await;
    let now = day(1);
    house.confirmed(owner, now).await;
    let given = StepUp::Password(PASSWORD.into());
    assert_eq!(code(house.login.confirm(owner, given, &context(1), now).await), "no-session");
}

#[tokio::test(start_paused = true)]
async fn a_passkey_that_proves_nothing_is_refused() {
    let house = house();
    let owner = house.owner().await;
    let (mut device, _) = house.passkey(owner, "phone").await;
    let attempt = async |device: &mut Authenticator, change: fn(&mut Value)| {
        let (ticket, options) = house.asked(day(1));
        let mut answer = device.get(&options);
        change(&mut answer);
        match house.login.with_passkey(&ticket, answer, &site(), &context(1), day(1)).await {
            Ok(_) => "in",
            Err(error) => error.code,
        }
    };
    assert_eq!(attempt(&mut device, |_| {}).await, "in");

    let mut copy = device.copy();
    assert_eq!(attempt(&mut device, |_| {}).await, "in");
    assert_eq!(attempt(&mut copy, |_| {}).await, "wrong-passkey", "its counter stands still");
    assert_eq!(attempt(&mut device, |_| {}).await, "in");

    device.verifies = false;
    assert_eq!(attempt(&mut device, |_| {}).await, "wrong-passkey", "nobody touched it");
    device.verifies = true;
    device.origin = "https://callqr.local.evil.example".into();
    assert_eq!(attempt(&mut device, |_| {}).await, "wrong-passkey", "another site's page");
    device.origin = ORIGIN.into();
    assert_eq!(attempt(&mut device, |answer| answer["response"]["signature"] = json!("AAAA")).await, "wrong-passkey");
    assert_eq!(attempt(&mut device, |answer| answer["rawId"] = json!("AAAA")).await, "wrong-passkey");
    let stranger = |answer: &mut Value| answer["response"]["userHandle"] = json!("AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(attempt(&mut device, stranger).await, "wrong-passkey");
    assert_eq!(attempt(&mut device, |answer| *answer = json!({})).await, "bad-passkey");

    let (_, options) = house.asked(day(1));
    let (other_ticket, _) = house.asked(day(1));
    let crossed = house.login.with_passkey(&other_ticket, device.get(&options), &site(), &context(1), day(1)).await;
    assert_eq!(code(crossed), "wrong-passkey", "the answer to another question");
    assert_eq!(attempt(&mut device, |_| {}).await, "in", "the passkey still works");
}

#[tokio::test(start_paused = true)]
async fn a_passkey_works_by_the_name_it_was_made_for() {
    let house = house();
    let owner = house.owner().await;
    let (mut device, _) = house.passkey(owner, "phone").await;
    let elsewhere = LoginContext { site: Site::at("https://call.example.org").ok(), ..context(1) };
    let outcome = house.login.with_password("ada.lovelace", PASSWORD.into(), &elsewhere, day(1)).await.unwrap();
    let Outcome::SecondFactor(pending) = outcome else { panic!("a second factor is asked for") };
    assert_eq!((pending.methods, pending.passkey_hosts), (vec![Method::BackupCode], vec!["callqr.local".to_owned()]));
    assert_eq!(code(house.login.second_factor_passkey(&pending.ticket, day(1))), "no-passkey-here");

    let there = Site::at("https://call.example.org").unwrap();
    let (ticket, options) = house.login.ask_for_any_passkey(&there, day(1)).unwrap();
    device.origin = "https://call.example.org".into();
    let moved = house.login.with_passkey(&ticket, device.get(&options), &there, &context(1), day(1)).await;
    assert_eq!(code(moved), "wrong-passkey");
}

#[tokio::test(start_paused = true)]
async fn passkeys_are_made_for_their_session_once_and_in_bounded_number() {
    let house = house();
    let owner = house.owner().await;
    for name in ["", "  ", &"x".repeat(65)] {
        assert_eq!(code(house.factors.begin_passkey(owner, &site(), name, day(0)).await), "bad-passkey-name");
    }
    let (ticket, options) = house.factors.begin_passkey(owner, &site(), "phone", day(0)).await.unwrap();
    let mut device = Authenticator::new(ORIGIN);
    let made = device.create(&options);
    let other = Identity { session: SessionId::random(), ..owner };
    let finish = async |who, made: &Value, now| {
        code(
            house
                .factors
                .finish_passkey(who, &site(), &ticket, made.clone(), now)
                .await
                .map(drop)
                .and(Err::<(), _>(crate::domain::Error::invalid("made", ""))),
        )
    };
    assert_eq!(finish(other, &made, day(0)).await, "begin-again", "somebody else's session");
    assert_eq!(finish(owner, &made, day(0) + seconds(300)).await, "begin-again", "too late");
    device.verifies = false;
    assert_eq!(finish(owner, &device.create(&options), day(0)).await, "passkey-refused", "nobody touched it");
    assert_eq!(finish(owner, &json!({}), day(0)).await, "bad-passkey");
    assert_eq!(finish(owner, &made, day(0)).await, "made");
    assert_eq!(finish(owner, &made, day(0)).await, "begin-again", "each ticket once");

    for n in 1..20 {
        house.passkey(owner, &format!("device {n}")).await;
    }
    let (ticket, options) = house.factors.begin_passkey(owner, &site(), "one more", day(0)).await.unwrap();
    assert_eq!(options["excludeCredentials"].as_array().unwrap().len(), 20);
    let made = Authenticator::new(ORIGIN).create(&options);
    let refused = house.factors.finish_passkey(owner, &site(), &ticket, made, day(0)).await;
    assert_eq!(code(refused), "too-many-passkeys");
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_second_factor_stands_readable_in_the_files() {
    let house = house();
    let owner = house.owner().await;
    let (seed, codes) = house.app(owner, day(0)).await;
    house.passkey(owner, "canary passkey name").await;
    house.store.close().await;
    let mut files = 0;
    for entry in std::fs::read_dir(house.data.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        files += 1;
        let plain = codes[0].expose().replace('-', "");
        for canary in [&seed.expose()[..], totp::base32(&seed).expose().as_bytes(), plain.as_bytes(), b"canary passkey"]
        {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary), "{}", path.display());
        }
    }
    assert!(files > 0);
}
