//! The household's vault: kept and handed out as it was sealed, replaced in order.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::people::belongings::vectors;
use crate::support::{Authenticator, Client, KeyedInvite, NewVault, PASSWORD, Reply, Say, TestApp, To, WrappedKey};

/// The vault of the vectors, as if it were another revision.
fn sealed(revision: u8) -> Vec<u8> {
    let mut blob = URL_SAFE_NO_PAD.decode(vectors()["vault"]["blob"].as_str().unwrap()).unwrap();
    blob[8] = revision;
    blob
}

/// What follows from the key of this vault.
pub fn holder() -> String {
    vectors()["vault"]["holder"].as_str().unwrap().to_owned()
}

/// What follows from another key.
fn other_holder() -> String {
    URL_SAFE_NO_PAD.encode([9; 32])
}

/// The key of the vectors, wrapped in one of the ways.
fn wrapped(way: &str) -> String {
    vectors()["wraps"][way]["wrapped"].as_str().unwrap().to_owned()
}

fn key(way: &str) -> WrappedKey {
    WrappedKey { holder: holder(), wrapped: wrapped(way), credential: None }
}

/// What a browser makes at first, or when it starts over.
pub fn new_vault(revision: u8) -> NewVault {
    let blob = URL_SAFE_NO_PAD.encode(sealed(revision));
    NewVault { blob, holder: holder(), way: "password", wrapped: wrapped("password"), before: None }
}

async fn put_vault(client: &Client, blob: Vec<u8>) -> Reply<()> {
    client.put_vault(&URL_SAFE_NO_PAD.decode(holder()).unwrap(), &blob).await
}

#[tokio::test]
async fn a_vault_is_replaced_in_order_and_the_slower_device_is_told() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let empty = owner.vault().await.ok();
    assert!(empty.blob.is_none() && empty.wraps.is_empty());
    assert!(empty.household.starts_with("house_"));
    assert_eq!(empty.account, owner.account_id().await);

    assert_eq!(put_vault(&owner, sealed(1)).await.code(), "not-a-holder", "there is none to hold the key of");
    assert_eq!(owner.make_vault(&new_vault(2)).await.code(), "bad-vault");
    owner.make_vault(&new_vault(1)).await.ok();
    assert_eq!(owner.vault().await.ok().wraps.len(), 1);
    assert_eq!(owner.make_vault(&new_vault(1)).await.code(), "vault-changed");
    assert_eq!(put_vault(&owner, sealed(3)).await.code(), "vault-changed");
    put_vault(&owner, sealed(2)).await.ok();
    assert_eq!(put_vault(&owner, sealed(2)).await.status, 409);
    assert_eq!(owner.vault().await.ok().blob, Some(URL_SAFE_NO_PAD.encode(sealed(2))));

    assert_eq!(put_vault(&owner, vec![1; 100]).await.code(), "bad-vault");
    assert_eq!(put_vault(&owner, vec![1; 600_000]).await.status, 413);
    assert_eq!(server.client.vault().await.status, 401);
    assert_eq!(put_vault(&server.client, sealed(3)).await.status, 401);
}

#[tokio::test]
async fn an_account_has_its_ways_in() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let passkey = URL_SAFE_NO_PAD.encode([7; 32]);
    let by_passkey = |credential: &str| WrappedKey { credential: Some(credential.into()), ..key("passkey") };

    owner.make_vault(&new_vault(1)).await.ok();
    for way in ["password", "recovery"] {
        owner.let_in(way, &key(way)).await.ok();
    }
    for _ in 0..2 {
        owner.let_in("passkey", &by_passkey(&passkey)).await.ok();
    }
    assert_eq!(
        owner.vault().await.body["wraps"],
        json!([
            { "way": "password", "credential": null, "wrapped": wrapped("password") },
            { "way": "recovery", "credential": null, "wrapped": wrapped("recovery") },
            { "way": "passkey", "credential": passkey, "wrapped": wrapped("passkey") },
        ])
    );

    for (way, key, refusal) in [
        ("password", key("recovery"), (400, "bad-wrap")),
        ("password", WrappedKey { wrapped: "AQ".into(), ..key("password") }, (400, "bad-wrap")),
        ("password", WrappedKey { credential: Some(passkey), ..key("password") }, (400, "bad-way-in")),
        ("passkey", key("passkey"), (400, "bad-way-in")),
        ("passkey", by_passkey("AQ"), (400, "bad-way-in")),
        ("invite", key("invite"), (404, "not-found")),
    ] {
        assert_eq!(owner.let_in(way, &key).await.refused(), refusal, "{way} {key:?}");
    }
}

#[tokio::test]
async fn a_login_without_the_vaults_key_changes_nothing() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let let_in = async |holder: String| owner.let_in("recovery", &WrappedKey { holder, ..key("recovery") }).await;
    assert_eq!(let_in(holder()).await.code(), "not-a-holder", "there is no vault");
    owner.make_vault(&new_vault(1)).await.ok();
    let before = owner.vault().await.body;
    for wrong in [[0; 32], [0xFF; 32]] {
        assert_eq!(owner.put_vault(&wrong, &sealed(2)).await.code(), "not-a-holder");
        assert_eq!(let_in(URL_SAFE_NO_PAD.encode(wrong)).await.code(), "not-a-holder");
    }
    assert_eq!(owner.put_vault(&[0; 7], &[]).await.code(), "bad-proof");
    assert_eq!(let_in("AQ".into()).await.code(), "bad-proof");
    assert_eq!(owner.vault().await.body, before);
}

#[tokio::test]
async fn a_households_only_member_replaces_the_vault_after_a_step_up() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    assert_eq!(owner.renew_vault(&new_vault(1)).await.code(), "vault-changed", "there is none");
    owner.make_vault(&new_vault(1)).await.ok();
    owner.let_in("recovery", &key("recovery")).await.ok();

    let replacement = NewVault { holder: other_holder(), ..new_vault(2) };
    assert_eq!(owner.renew_vault(&new_vault(3)).await.code(), "vault-changed");
    let elsewhere = server.client.enter("ada", PASSWORD).await;
    owner.renew_vault(&replacement).await.ok();
    assert_eq!(elsewhere.vault().await.status, 401, "a device that may be stolen is logged out");
    let vault = owner.vault().await.ok();
    assert_eq!(vault.blob, Some(URL_SAFE_NO_PAD.encode(sealed(2))));
    assert_eq!(vault.wraps.len(), 1, "the paper opens nothing any more");
    assert_eq!(put_vault(&owner, sealed(3)).await.code(), "not-a-holder", "nor does the old key");
    owner.put_vault(&[9; 32], &sealed(3)).await.ok();

    let _bob = owner.bring_in("household", "bob").await;
    assert_eq!(owner.renew_vault(&new_vault(4)).await.code(), "shared-household");
}

#[tokio::test]
async fn a_member_with_the_key_replaces_a_shared_vault_and_every_other_way_to_the_old_one_ends() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    ada.make_vault(&new_vault(1)).await.ok();
    let bob = ada.bring_in("household", "bob").await;
    bob.let_in("password", &key("password")).await.ok();
    let (token, for_guest) = (URL_SAFE_NO_PAD.encode([7; 32]), wrapped("invite"));
    ada.register_invite(&KeyedInvite { token: &token, wrapped: &for_guest, holder: &holder() }).await.ok();
    bob.new_invite("household").await.ok();

    let replacement = NewVault { holder: other_holder(), ..new_vault(2) };
    let forged = NewVault { before: Some(URL_SAFE_NO_PAD.encode([8; 32])), ..replacement.clone() };
    assert_eq!(ada.renew_vault(&forged).await.code(), "not-a-holder");
    assert_eq!(bob.vault().await.ok().wraps.len(), 1);
    ada.renew_vault(&NewVault { before: Some(holder()), ..replacement }).await.ok();
    assert_eq!(ada.vault().await.ok().wraps.len(), 1);
    let his = bob.vault().await.ok();
    assert_eq!((his.wraps, his.blob), (vec![], Some(URL_SAFE_NO_PAD.encode(sealed(2)))));
    let invites = ada.invites().await.ok().invites;
    assert!(invites.is_empty(), "one would bring the old key, one a thief in");
    assert_eq!(put_vault(&bob, sealed(3)).await.code(), "not-a-holder");
}

#[tokio::test]
async fn a_passkey_that_is_removed_opens_the_vault_no_more() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    owner.make_vault(&new_vault(1)).await.ok();
    let mut made = Vec::new();
    for name in ["phone", "laptop"] {
        let mut device = Authenticator::new(&server.client.origin());
        let (passkey, credential) = owner.add_passkey(&mut device, name).await;
        let raw = URL_SAFE_NO_PAD.decode(credential["rawId"].as_str().unwrap()).unwrap();
        let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(raw));
        let wrap = WrappedKey { credential: Some(digest.clone()), ..key("passkey") };
        owner.let_in("passkey", &wrap).await.ok();
        made.push((passkey.id, digest));
    }
    let ways = async || owner.vault().await.ok().wraps.into_iter().map(|wrap| wrap.credential).collect::<Vec<_>>();
    assert_eq!(ways().await.len(), 3);

    owner.remove_passkey(&made[0].0).await.ok();
    assert_eq!(ways().await, [None, Some(made[1].1.clone())]);

    owner.change_user(&owner.account_id().await, To::ResetMfa).await.ok();
    assert_eq!(ways().await, [None]);
}

#[tokio::test]
async fn a_member_without_a_way_in_is_handed_the_key_by_another() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("household", "bob").await;
    let eve = ada.bring_in("owner", "eve").await;
    ada.make_vault(&new_vault(1)).await.ok();
    let openers = async || {
        let members = ada.account().await.ok().household.members;
        members.iter().map(|member| member.opens_vault).collect::<Vec<_>>()
    };
    assert_eq!(openers().await, [true, false]);

    let (ada_id, bob_id, eve_id) = (ada.account_id().await, bob.account_id().await, eve.account_id().await);
    let shared = key("invite");
    let old = WrappedKey { holder: other_holder(), ..shared.clone() };
    for (who, member, key, refusal) in [
        (&ada, &bob_id, &key("password"), (400, "bad-wrap")),
        (&ada, &bob_id, &old, (403, "not-a-holder")),
        (&ada, &ada_id, &shared, (404, "no-such-member")),
        (&ada, &eve_id, &shared, (404, "no-such-member")),
        (&eve, &bob_id, &shared, (403, "not-a-holder")),
        (&server.client, &bob_id, &shared, (401, "no-session")),
    ] {
        assert_eq!(who.share_key(member, key).await.refused(), refusal, "{member}");
    }
    let made = ada.share_key(&bob_id, &shared).await.ok();
    assert_eq!(made.url_base, format!("https://localhost:{}/#vault/", server.port));

    assert_eq!(bob.vault().await.ok().handover, Some(shared.wrapped));
    for other in [&ada, &eve] {
        assert!(other.vault().await.body.get("handover").is_none());
    }
    bob.let_in("password", &key("password")).await.ok();
    assert!(bob.vault().await.body.get("handover").is_none(), "it has done its work");
    assert_eq!(openers().await, [true, true]);
}

#[tokio::test]
async fn a_member_without_a_way_in_asks_the_others_and_they_hear_of_it() {
    let server = TestApp::start().await;
    let ada = server.owner().await;
    let bob = ada.bring_in("household", "bob").await;
    let eve = ada.bring_in("owner", "eve").await;
    ada.make_vault(&new_vault(1)).await.ok();
    let askers = async || {
        let members = ada.account().await.ok().household.members;
        members.iter().map(|member| member.asks_in).collect::<Vec<_>>()
    };
    let (mut hers, mut other) = (ada.present().await, eve.present().await);
    ada.ask_in().await.ok();
    assert_eq!(askers().await, [false, false], "who is inside asks for nothing");
    assert_eq!(server.client.ask_in().await.refused(), (401, "no-session"));

    bob.ask_in().await.ok();
    hers.wait_for("members-changed").await;
    assert_eq!(askers().await, [false, true]);
    bob.ask_in().await.ok();
    ada.share_key(&bob.account_id().await, &key("invite")).await.ok();
    hers.wait_for("members-changed").await;
    assert_eq!(askers().await, [false, false], "the key waits for him");
    bob.ask_in().await.ok();
    hers.wait_for("members-changed").await;
    bob.let_in("password", &key("password")).await.ok();
    hers.wait_for("members-changed").await;
    assert_eq!(askers().await, [false, false]);

    other.say(Say::Ping).await;
    assert_eq!(other.hear().await, "pong", "another household hears nothing");
}

#[tokio::test]
async fn a_salt_tells_nobody_who_has_an_account() {
    let server = TestApp::start().await;
    server.owner().await;
    let salt = async |username: &str| {
        let told = server.client.salt(username).await.ok();
        assert_eq!(told.kdf, json!({ "name": "PBKDF2-SHA-256", "rounds": 600_000 }));
        assert_eq!(URL_SAFE_NO_PAD.decode(&told.salt).unwrap().len(), 16);
        told.salt
    };
    assert_eq!(salt("ada").await, salt(" ADA ").await, "as the name is understood at the log-in");
    assert_eq!(salt("nobody").await, salt("nobody").await, "and of a name that nobody has");
    assert_ne!(salt("ada").await, salt("nobody").await);
    salt("no name at all: \u{0}").await;
    salt("").await;
}
