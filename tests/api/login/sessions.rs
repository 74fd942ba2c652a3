//! Where an account is logged in, ending it, and proving again who is asking.

use crate::support::{Client, LoggedIn, Login, PASSWORD, Page, Proof, Registration, Reply, Say, TestApp, To};

#[tokio::test]
async fn sessions_are_listed_with_their_devices() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let phone = server.client.with_header("user-agent", "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Firefox/153.0");
    phone.log_in("ada", PASSWORD).await.ok();
    let listed = owner.sessions().await.ok().sessions;
    assert_eq!(listed.len(), 2);
    let device = |current: bool| listed.iter().find(|session| session.current == current).unwrap().device.as_str();
    assert_eq!((device(true), device(false)), ("Unknown device", "Firefox on Android"));
}

#[tokio::test]
async fn ending_a_session_ends_what_its_device_has_open_at_once() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let phone = server.client.enter("ada", PASSWORD).await;
    let mut socket = phone.present().await;
    let listed = owner.sessions().await.ok().sessions;
    let other = &listed.iter().find(|session| !session.current).unwrap().id;

    owner.end_session(other).await.ok();
    assert_eq!(socket.closed().await, 4402);
    assert_eq!(phone.account().await.code(), "no-session");
    for gone in [other.as_str(), "login_made-up", "%20"] {
        assert_eq!(owner.end_session(gone).await.refused(), (404, "no-such-session"), "{gone}");
    }
    let tablet = server.client.enter("ada", PASSWORD).await;
    let laptop = server.client.enter("ada", PASSWORD).await;
    owner.end_other_sessions().await.ok();
    for ended in [tablet, laptop] {
        assert_eq!(ended.account().await.status, 401);
    }
    assert_eq!(owner.sessions().await.ok().sessions.len(), 1);
}

#[tokio::test]
async fn a_confirmation_gives_new_secrets_and_the_old_ones_are_worthless() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let wrong = owner.confirm(&Proof::password("wrong horse battery")).await;
    assert_eq!(wrong.refused(), (403, "wrong-password"), "the asker is still logged in");
    assert_eq!(owner.confirm(&Proof::default()).await.refused(), (400, "one-proof"));
    let renewed = owner.confirmed(PASSWORD).await;
    assert_eq!(owner.account().await.status, 401);
    assert!(renewed.account().await.ok().confirmed_until.is_some());
}

#[tokio::test]
async fn a_page_is_given_a_new_cookie_by_its_confirmation() {
    let server = TestApp::start().await;
    server.owner().await;
    let page = server.client.as_page();
    let cookie = page.log_in_by_cookie("ada", PASSWORD).await.cookie();
    let holder = page.with_header("cookie", &cookie);
    let done = holder.confirm(&Proof::password(PASSWORD)).await;
    assert_eq!(done.ok().logged_in().token, None);
    assert_ne!(cookie, done.cookie());
    assert_eq!(holder.account().await.status, 401);
    page.with_header("cookie", &done.cookie()).account().await.ok();
}

/// A presence connection, and a ticket for another one that nobody has used.
async fn present(client: &Client) -> (Page, String) {
    (client.present().await, client.presence_ticket().await.ok().ticket)
}

#[tokio::test]
async fn new_secrets_close_what_was_opened_by_the_old_ones() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let (mut socket, kept) = present(&owner).await;
    let renewed = owner.confirmed(PASSWORD).await;
    assert_eq!(socket.closed().await, 4403);
    assert_eq!(server.client.greet_presence(&kept).await.closed().await, 4403);
    assert_eq!(owner.presence_ticket().await.code(), "no-session");
    let (mut socket, kept) = present(&renewed).await;
    renewed.change_password("another horse battery").await.ok();
    assert_eq!(socket.closed().await, 4403);
    assert_eq!(server.client.greet_presence(&kept).await.closed().await, 4403);
}

#[tokio::test]
async fn a_refreshed_token_lasts_as_long_as_a_new_one_and_the_old_one_no_longer() {
    let server = TestApp::start_with(&[("sessions.idle", "30m"), ("sessions.lifetime", "60m")]).await;
    let owner = server.owner().await;
    let (mut socket, ticket) = present(&owner).await;
    let hour = 60 * 60 * 1000;
    server.database().execute("UPDATE sessions SET expires_at = expires_at - ?1 / 2", [hour]).unwrap();
    server.age_sessions();
    let ends = |said: &str| time::OffsetDateTime::parse(said, &time::format_description::well_known::Rfc3339).unwrap();
    let refreshed = owner.refresh().await.ok();
    let left = ends(&refreshed.expires_at) - time::OffsetDateTime::now_utc();
    assert!(left.whole_minutes() >= 58 && left.whole_minutes() <= 60, "{left}");
    assert_eq!(owner.account().await.refused(), (401, "no-session"), "the old token");
    assert_eq!(owner.refresh().await.refused(), (401, "no-session"), "a copy of it is noticed");
    let owner = server.client.holding(&refreshed);
    assert_eq!(owner.account().await.status, 200);
    assert_eq!(owner.new_invite("owner").await.refused(), (403, "confirm-first"), "nothing was proven");
    socket.say(crate::support::Say::Ping).await;
    socket.wait_for("pong").await;
    drop(socket);
    server.client.join(crate::support::protocol::PRESENCE, &ticket).await;
    assert_eq!(server.client.refresh().await.refused(), (401, "no-session"));

    let page = server.client.as_page();
    let cookie = page.log_in_by_cookie("ada", PASSWORD).await.cookie();
    let reply = page.with_header("cookie", &cookie).refresh().await;
    assert!(reply.is_ok() && reply.body["token"].is_null() && reply.cookie() != cookie, "{}", reply.text);
    assert_eq!(page.with_header("cookie", &cookie).account().await.status, 401);
    assert_eq!(page.with_header("cookie", &reply.cookie()).account().await.status, 200);
}

#[tokio::test]
async fn a_page_learns_who_is_logged_in_and_nobody_is_no_error() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let page = server.client.as_page();
    assert_eq!(page.session().await.ok().username, None);
    let cookie = page.log_in_by_cookie("ada", PASSWORD).await.cookie();
    let page = page.with_header("cookie", &cookie);
    assert_eq!(page.session().await.ok().username.as_deref(), Some("ada"));
    let elsewhere = server.client.with_header("cookie", &cookie).with_header("sec-fetch-site", "cross-site");
    assert_eq!(elsewhere.session().await.refused(), (403, "foreign-origin"));
    assert_eq!(owner.session().await.ok().username.as_deref(), Some("ada"));
    page.log_out().await.ok();
    assert_eq!(page.session().await.ok().username, None);
}

#[tokio::test]
async fn a_call_goes_on_for_who_has_the_new_secrets() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let mut talk = server.client.talk(&tag.code, &mut owner.present().await).await;
    let path = &talk.call.signaling_endpoint;

    let renewed = owner.confirmed(PASSWORD).await;
    assert_eq!(talk.device.closed().await, 4403);
    assert_eq!(server.client.greet(path, &talk.device_ticket).await.closed().await, 4403);
    assert_eq!(owner.call_ticket(&talk.call.session_id).await.code(), "no-session");
    let ticket = renewed.call_ticket(&talk.call.session_id).await.ok().ticket;
    talk.caller.wait_for("peer false").await;
    let mut device = server.client.join(path, &ticket).await;
    talk.caller.wait_for("peer true").await;
    let other = server.client.enter("ada", PASSWORD).await.call_ticket(&talk.call.session_id).await;
    assert_eq!(other.refused(), (404, "no-such-call"), "another device of the same account");
    talk.caller.say(crate::support::Say::Hangup).await;
    assert_eq!(device.closed().await, 1000);
    assert_eq!(renewed.call_ticket(&talk.call.session_id).await.status, 404);
}

#[tokio::test]
async fn a_ticket_of_a_call_from_before_new_secrets_and_a_restart_is_worthless() {
    let server = TestApp::start().await;
    let owner = server.owner().await;
    let tag = owner.make_tag().await.ok();
    let talk = server.client.talk(&tag.code, &mut owner.present().await).await;
    let path = &talk.call.signaling_endpoint;
    let renewed = owner.confirmed(PASSWORD).await;
    let fresh = renewed.call_ticket(&talk.call.session_id).await.ok().ticket;

    let server = TestApp::start_in(server.stop().await, &[]).await;
    let _caller = server.client.join(path, &talk.caller_ticket).await;
    assert_eq!(server.client.greet(path, &talk.device_ticket).await.closed().await, 4404);
    let _device = server.client.join(path, &fresh).await;
}

#[tokio::test]
async fn whatever_ends_a_session_ends_its_sockets_and_tickets_at_once() {
    let server = TestApp::start().await;
    let administrator = server.owner().await;
    let bob = administrator.bring_in("owner", "bob").await;
    let id = bob.account_id().await;
    let enter = async || {
        let phone = server.client.enter("bob", PASSWORD).await;
        let open = present(&phone).await;
        (phone, open)
    };
    let ends = async |phone: &Client, how: &str, reply: Reply, (mut socket, kept): (Page, String)| {
        assert!(reply.status < 300, "{how}: {}", reply.text);
        assert_eq!(socket.closed().await, 4402, "{how}");
        assert_eq!(server.client.greet_presence(&kept).await.closed().await, 4403, "{how}");
        assert_eq!(phone.account().await.status, 401, "{how}");
    };

    let (phone, open) = enter().await;
    ends(&phone, "logging out", phone.log_out().await.erased(), open).await;
    let (phone, open) = enter().await;
    ends(&phone, "ending all others", bob.end_other_sessions().await.erased(), open).await;
    let (phone, open) = enter().await;
    let changed = bob.change_password(PASSWORD).await;
    let bob = server.client.holding(&changed.ok());
    ends(&phone, "a new password", changed.erased(), open).await;
    let (phone, open) = enter().await;
    let (_, added) = bob.add_totp().await;
    let codes = added.ok().backup_codes;
    ends(&phone, "a first second factor", added.erased(), open).await;
    let step = server.client.log_in("bob", PASSWORD).await.ok().second_factor();
    let done = server.client.second_factor(&step.ticket, Proof::backup_code(&codes[0])).await.ok();
    let phone = server.client.holding(&done);
    let open = present(&phone).await;
    ends(&phone, "removing it", bob.remove_totp().await.erased(), open).await;
    let open = present(&bob).await;
    bob.add_totp().await.1.ok();
    let reset = administrator.change_user(&id, To::ResetMfa).await;
    ends(&bob, "an administrator who removes it", reset.erased(), open).await;
    let (phone, open) = enter().await;
    let link = administrator.new_reset_link(&id).await.ok().token();
    let reset = server.client.reset_password(&link, PASSWORD).await;
    ends(&phone, "a link for a new password", reset.erased(), open).await;
    let (phone, open) = enter().await;
    let disabled = administrator.change_user(&id, To::Disable).await;
    ends(&phone, "disabling the account", disabled.erased(), open).await;
    administrator.change_user(&id, To::Enable).await.ok();
    let (phone, open) = enter().await;
    ends(&phone, "deleting it", phone.delete_account().await.erased(), open).await;
}

#[tokio::test]
async fn a_device_that_was_there_before_is_not_counted_with_strangers() {
    let server = TestApp::start_with(&[("limits.login", "3 per 1h")]).await;
    server.owner().await;
    let device_token = server.client.log_in("ada", PASSWORD).await.ok().logged_in().device_token.unwrap();
    while server.client.log_in("ada", "wrong horse battery").await.status == 401 {}
    assert_eq!(server.client.log_in("ada", PASSWORD).await.status, 429);
    let (password, device) = (Some(PASSWORD), Some(&*device_token));
    let known = Login { username: "ada", password, device_token: device, ..Login::default() };
    server.client.log_in_with(&known).await.ok();
    let cookie = format!("__Host-callqr-device={device_token}");
    server.client.with_header("cookie", &cookie).log_in("ada", PASSWORD).await.ok();
}

#[tokio::test]
async fn sessions_last_as_long_as_the_operator_says() {
    let server = TestApp::start_with(&[("sessions.lifetime", "2h"), ("sessions.idle", "1h")]).await;
    let registration = Registration { cookie: true, ..server.first_account() };
    let reply = server.client.as_page().register(&registration).await;
    let cookie = reply.header("set-cookie");
    let age = cookie.split("; ").find_map(|part| part.strip_prefix("Max-Age=")).unwrap().parse::<u64>().unwrap();
    assert!((7100..=7200).contains(&age), "{cookie}");
}

#[tokio::test]
async fn a_household_has_as_many_devices_as_the_operator_allows_and_hears_what_to_do() {
    let server = TestApp::start_with(&[("limits.devices_per_household", "2")]).await;
    let owner = server.owner().await;
    let mut present = Vec::new();
    for _ in 0..2 {
        present.push(server.client.enter("ada", PASSWORD).await.present().await);
    }
    let refused = owner.presence_ticket().await;
    assert_eq!(refused.refused(), (409, "too-many-household-devices"));
    assert!(refused.text.contains("household") && refused.text.contains("devices_per_household"), "{}", refused.text);

    let mut leaving = present.remove(0);
    leaving.socket.close(None).await.unwrap();
    leaving.closed().await;
    // The server hears of it a moment later.
    let room = async { while owner.presence_ticket().await.status != 200 {} };
    tokio::time::timeout(std::time::Duration::from_secs(30), room).await.unwrap();
}

#[tokio::test]
async fn a_script_that_logs_in_again_and_again_displaces_itself_and_no_phone_that_waits() {
    let server = TestApp::start().await;
    let phone = server.owner().await;
    let mut presence = phone.present().await;
    let mut script = server.client.log_in("ada", PASSWORD).await.ok().logged_in();
    for _ in 0..55 {
        script = log_in_again(&server, &script).await;
        // It also answers the server's own pings while it is read.
        presence.say(Say::Ping).await;
        assert_eq!(presence.hear().await, "pong");
    }
    assert_eq!(phone.account().await.status, 200);
    assert_eq!(phone.sessions().await.ok().sessions.len(), 50);

    // One that is not connected is older than all of the script's.
    let tablet = server.client.enter("ada", PASSWORD).await;
    for _ in 0..10 {
        script = log_in_again(&server, &script).await;
    }
    assert_eq!((phone.account().await.status, tablet.account().await.status), (200, 200));
}

/// As a script does that keeps its device token.
async fn log_in_again(server: &TestApp, before: &LoggedIn) -> LoggedIn {
    let (username, password, device_token) = ("ada", Some(PASSWORD), before.device_token.as_deref());
    let known = Login { username, password, device_token, ..Login::default() };
    server.client.log_in_with(&known).await.ok().logged_in()
}
