//! What stays when the appliance is started again.

use crate::support::{PASSWORD, Registration, Say, TestApp};

#[tokio::test]
async fn the_authority_accounts_and_stickers_outlive_a_restart() {
    let server = TestApp::start().await;
    let tag = server.owner().await.make_tag().await.ok();
    let authority = server.client.get("/ca.pem").await.text;
    let directory = server.stop().await;

    let server = TestApp::start_in(directory, &[]).await;
    assert_eq!(server.client.get("/ca.pem").await.text, authority);
    assert_eq!(server.setup_token, None, "there is an account already");
    assert!(server.client.validate(&tag.code).await.ok().valid);
}

#[tokio::test]
async fn a_new_start_without_an_account_prints_a_new_link_and_ends_the_old() {
    let server = TestApp::start().await;
    let old = server.setup_token.clone();
    let server = TestApp::start_in(server.stop().await, &[]).await;
    let by_old = Registration { setup_token: old.as_deref(), ..server.first_account() };
    assert_eq!(server.client.register(&by_old).await.refused(), (403, "setup-link"));
    server.owner().await;
}

#[tokio::test]
async fn a_ticket_from_before_is_worth_what_its_tag_and_its_log_in_are_now() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let talk = server.client.talk(&tag.code, &mut owner.present().await).await;
    let endpoint = &talk.call.signaling_endpoint;

    let server = TestApp::start_in(server.stop().await, &[]).await;
    let again = async |ticket: &str| server.client.greet(endpoint, ticket).await;
    again(&talk.caller_ticket).await.welcome().await;

    server.client.with_headers_of(&owner).log_out().await.ok();
    assert_eq!(again(&talk.device_ticket).await.refused().await, "no-such-call", "logged out meanwhile");

    let owner = server.client.enter("ada", PASSWORD).await;
    let server = TestApp::start_in(server.stop().await, &[]).await;
    server.client.with_headers_of(&owner).revoke_tag(&tag.id).await.ok();
    let mut late = server.client.greet(endpoint, &talk.caller_ticket).await;
    assert_eq!(late.refused().await, "no-such-call", "revoked meanwhile");
}

#[tokio::test]
async fn a_call_that_ended_stays_ended_and_one_that_did_not_goes_on() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let mut phone = owner.present().await;

    let mut hung_up = server.client.talk(&tag.code, &mut phone).await;
    hung_up.device.say(Say::Hangup).await;
    assert_eq!(hung_up.caller.ended().await, "hung-up");
    let (declined, mut caller) = server.client.call(&tag.code).await;
    let mut device = server.client.pick_up(&phone.ring().await).await;
    let (rang, declining) = (caller.ticket.clone(), device.ticket.clone());
    device.say(Say::Decline).await;
    assert_eq!(caller.ended().await, "declined");
    let busy_with = server.client.talk(&tag.code, &mut phone).await;
    let (busy, reason) = server.client.call_in_vain(&tag.code).await;
    assert_eq!(reason, "busy");

    let server = TestApp::start_in(server.stop().await, &[]).await;
    let again = async |endpoint: &str, ticket: &str| server.client.greet(endpoint, ticket).await;
    for (call, ticket) in [
        (&hung_up.call, &hung_up.caller_ticket),
        (&hung_up.call, &hung_up.device_ticket),
        (&declined, &rang),
        (&declined, &declining),
        (&busy, &busy.ticket),
    ] {
        assert_eq!(again(&call.signaling_endpoint, ticket).await.refused().await, "no-such-call");
    }
    again(&busy_with.call.signaling_endpoint, &busy_with.caller_ticket).await.welcome().await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_is_kept_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let server = TestApp::start().await;
    let root = server.data_dir();
    let mut open = vec![root.clone()];
    let mut files = 0;
    while let Some(path) = open.pop() {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files += 1;
            assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
        }
    }
    assert!(files >= 4, "database, master secret, authority and leaf");
}
