//! Passkeys over HTTP, with an authenticator of our own that was written from the standard.

use crate::support::{Authenticator, Client, PASSWORD, Proof, TestApp};

/// Logs in by a passkey alone.
async fn enter(client: &Client, device: &mut Authenticator) -> crate::support::Reply<crate::support::LoggedIn> {
    let asked = client.begin_passkey_login().await.ok();
    client.finish_passkey_login(&asked.ticket, &device.get(&asked.public_key), false).await
}

#[tokio::test]
async fn a_passkey_is_made_used_beside_the_password_and_in_its_place_and_removed() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let mut device = Authenticator::new(&server.client.origin());
    let begun = owner.begin_passkey("Ada's phone").await.ok();
    assert_eq!(begun.public_key["rp"]["id"], "localhost");
    let made = owner.finish_passkey(&begun.ticket, &device.create(&begun.public_key)).await.ok();
    assert_eq!((&*made.name, made.backup_codes.len()), ("Ada's phone", 10));
    let listed = owner.account().await.ok().second_factor.passkeys;
    assert_eq!((&listed[0].id, &listed[0].last_used_at), (&made.id, &None));

    let step = server.client.log_in("ada", PASSWORD).await.ok().second_factor();
    assert_eq!(step.methods, ["passkey", "backup-code"]);
    let asked = server.client.second_factor_passkey(&step.ticket).await.ok();
    assert_eq!(asked.public_key["allowCredentials"].as_array().unwrap().len(), 1, "{asked:?}");
    let proof = Proof::passkey(device.get(&asked.public_key));
    server.client.second_factor(&step.ticket, proof).await.ok();

    let page = server.client.as_page();
    let asked = page.begin_passkey_login().await.ok();
    let credential = device.get(&asked.public_key);
    let done = page.finish_passkey_login(&asked.ticket, &credential, true).await;
    done.ok();
    assert!(done.header("set-cookie").starts_with("__Host-callqr="));
    let again = page.finish_passkey_login(&asked.ticket, &credential, true).await;
    assert_eq!(again.refused(), (401, "ticket-expired"));

    owner.remove_passkey(&made.id).await.ok();
    assert_eq!(owner.remove_passkey(&made.id).await.code(), "no-such-passkey");
    assert_eq!(enter(&page, &mut device).await.refused(), (401, "wrong-passkey"));
}

#[tokio::test]
async fn a_copied_passkey_is_noticed() {
    let server = TestApp::start().await;
    let mut device = Authenticator::new(&server.client.origin());
    server.owner().await.add_passkey(&mut device, "phone").await;
    let mut copy = device.copy();
    assert_eq!(enter(&server.client, &mut device).await.status, 200);
    assert_eq!(enter(&server.client, &mut copy).await.status, 401);
}

#[tokio::test]
async fn by_an_ip_address_one_is_told_before_anything_is_tried() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let used = server.client.by_number().begin_passkey_login().await;
    let made = owner.by_number().begin_passkey("phone").await;
    for reply in [used, made] {
        assert_eq!(reply.refused(), (400, "passkeys-need-a-name"));
        assert!(!reply.body["error"]["hint"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_port_that_another_program_may_have_is_refused() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let elsewhere =
        |client: &Client| client.with_header("host", "localhost:9999").with_header("origin", "https://localhost:9999");
    let used = elsewhere(&server.client).begin_passkey_login().await;
    let made = elsewhere(&owner).begin_passkey("phone").await;
    for reply in [used, made] {
        assert_eq!(reply.refused(), (400, "passkeys-need-public-url"), "{}", reply.text);
    }
}

#[tokio::test]
async fn the_public_name_counts_behind_a_proxy_that_changes_the_host() {
    let server = TestApp::start_with(&[("public_url", "https://call.example.org")]).await;
    let page = server.client.with_header("host", "127.0.0.1:8443").with_header("origin", "https://call.example.org");
    assert_eq!(page.begin_passkey_login().await.ok().public_key["rpId"], "call.example.org");
    let asked = server.client.as_page().begin_passkey_login().await.ok();
    assert_eq!(asked.public_key["rpId"], "localhost", "a page that was opened by another name of ours");
}

#[tokio::test]
async fn a_passkey_confirms_who_is_asking() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let mut device = Authenticator::new(&server.client.origin());
    owner.add_passkey(&mut device, "phone").await;
    let asked = owner.begin_passkey_login().await.ok();
    let proof = Proof::passkey(device.get(&asked.public_key));
    assert_eq!(owner.confirm(&proof).await.refused(), (400, "no-ticket"));
    let done = owner.confirm(&proof.with_ticket(&asked.ticket)).await.ok().logged_in();

    let owner = server.client.holding(&done);
    let step = owner.confirm(&Proof::password(PASSWORD)).await.ok().second_factor();
    let told = owner.second_factor_passkey(&step.ticket).await.ok();
    let done = owner.confirm_second_factor(&step.ticket, Proof::passkey(device.get(&told.public_key))).await;
    assert_eq!(done.status, 200, "beside the password, too: {}", done.text);
}
