//! People who call and people who answer.

use callqr::domain::effect::Effect;
use serde_json::json;

use crate::support::{Heard, Owner, Say, Server};

#[tokio::test]
async fn a_whole_call() {
    let server = Server::start();
    let owner = Owner::new();
    let mut presence = server.device(owner).await;
    let (mut caller, _) = server.call(owner).await;

    let Heard::Welcome(welcome) = caller.next().await else { panic!("no welcome") };
    assert_eq!(welcome.role, "caller");
    assert_eq!(welcome.ice_servers, None, "no ICE before a person answers");
    assert_eq!(caller.hear().await, "ringing 0");
    let mut device = server.pick_up(&mut presence).await;
    assert_eq!(presence.rung.as_ref().unwrap().tag_id, owner.tag.to_string());
    assert_eq!(caller.hear().await, "ringing 1");
    assert_eq!((server.relayed(), server.hub.devices(), server.hub.calls()), (0, 1, 1));

    device.say(Say::Accept).await;
    let Heard::Accepted { ice_servers, .. } = device.next().await else { panic!("not accepted") };
    assert_eq!(server.relayed(), 1);
    let ice = &ice_servers[0];
    assert_eq!(
        ice.urls,
        [
            "turn:callqr.test:8443?transport=udp",
            "turn:callqr.test:8443?transport=tcp",
            "turns:callqr.test:8443?transport=tcp"
        ]
    );
    assert!(ice.username.starts_with("anon_"));
    assert_eq!(caller.hear().await, "answered");

    caller.offer().await;
    assert_eq!(device.next().await, Heard::Offer(json!({ "sdp": "v=0\r\nc=IN IP4 0.0.0.0\r\n" })));
    let candidate = json!({
        "candidate": "candidate:1 1 udp 1 198.18.0.1 50000 typ relay raddr 0.0.0.0 rport 0",
        "sdpMid": "0", "sdpMLineIndex": 0, "usernameFragment": "Fz7K"
    });
    device.say(Say::IceCandidate(candidate.clone())).await;
    assert_eq!(caller.next().await, Heard::IceCandidate(candidate));

    caller.say(Say::Hangup).await;
    assert_eq!(device.hear_until("close 1000").await, ["ended hung-up", "close 1000"]);
    assert_eq!(caller.hear_until("close 1000").await, ["ended hung-up", "close 1000"]);
    assert_eq!(server.relayed(), 0);
    presence.say(Say::Ping).await;
    assert_eq!(presence.hear().await, "pong");
}

#[tokio::test]
async fn of_several_devices_the_first_answer_wins() {
    let server = Server::start();
    let owner = Owner::new();
    let (mut one, mut two) = (server.device(owner).await, server.device(owner).await);
    let (mut caller, _) = server.call(owner).await;
    let (mut first, mut second) = (server.pick_up(&mut one).await, server.pick_up(&mut two).await);
    caller.hear_until("ringing 2").await;
    second.say(Say::Accept).await;
    assert_eq!(second.hear().await, "accepted");
    assert_eq!(caller.hear().await, "answered");
    assert_eq!(first.hear_until("close 1000").await, ["ended answered-elsewhere", "close 1000"]);
    assert_eq!(one.hear().await, "ring-stopped answered-elsewhere");
    second.say(Say::Hangup).await;
    assert_eq!(caller.hear().await, "ended hung-up");
}

#[tokio::test]
async fn a_decline_on_every_device_ends_the_call() {
    let server = Server::start();
    let owner = Owner::new();
    let (mut one, mut two) = (server.device(owner).await, server.device(owner).await);
    let (mut caller, _) = server.call(owner).await;
    let (mut first, mut second) = (server.pick_up(&mut one).await, server.pick_up(&mut two).await);
    caller.hear_until("ringing 2").await;
    first.say(Say::Decline).await;
    assert_eq!(caller.hear().await, "ringing 1");
    assert_eq!(first.hear_until("close 1000").await, ["ended declined", "close 1000"]);
    second.say(Say::Decline).await;
    assert_eq!(caller.hear_until("close 1000").await, ["ended declined", "close 1000"]);
}

#[tokio::test]
async fn a_second_caller_is_told_busy() {
    let server = Server::start();
    let owner = Owner::new();
    let _presence = server.device(owner).await;
    let (mut first, _) = server.call(owner).await;
    assert_eq!(first.hear().await, "welcome ringing");
    let (mut second, _) = server.call(owner).await;
    assert_eq!(second.hear_until("close 1000").await, ["welcome ringing", "ended busy", "close 1000"]);
}

#[tokio::test]
async fn a_caller_who_hangs_up_and_leaves_at_once_has_hung_up() {
    let server = Server::start();
    let (mut caller, mut device, _presence, _) = server.talk().await;
    caller.say(Say::Hangup).await;
    drop(caller);
    assert_eq!(device.hear().await, "ended hung-up");
}

#[tokio::test]
async fn a_revoked_tag_and_an_ended_login_end_what_they_take_part_in() {
    let server = Server::start();
    let owner = Owner::new();
    let login = callqr::domain::ids::SessionId::random();
    let mut presence = server.device_of(owner, login).await;
    let (mut caller, _) = server.call(owner).await;
    assert_eq!(presence.hear().await, "ring");
    server.hub.withdraw_tag(owner.tag).await;
    assert_eq!(presence.hear().await, "ring-stopped withdrawn");
    caller.hear_until("ended withdrawn").await;
    server.hub.end_session(login).await;
    assert_eq!(presence.hear_until("close 4402").await, ["error logged-out", "close 4402"]);
}

#[tokio::test]
async fn what_the_database_says_is_brought_about() {
    let server = Server::start();
    let (owner, login) = (Owner::new(), callqr::domain::ids::SessionId::random());
    let raise = server.hub.effects();
    let mut presence = server.device_of(owner, login).await;
    raise(Effect::NotesChanged(owner.household));
    assert_eq!(presence.hear().await, "notes-changed");
    let (mut caller, _) = server.call(owner).await;
    assert_eq!(presence.hear().await, "ring");
    raise(Effect::TagWithdrawn(owner.tag));
    assert_eq!(presence.hear().await, "ring-stopped withdrawn");
    caller.hear_until("ended withdrawn").await;
    raise(Effect::SessionEnded(login));
    assert_eq!(presence.hear_until("close 4402").await, ["error logged-out", "close 4402"]);
}

/// A device that has just got new secrets asks for a ticket by them at once.
#[tokio::test]
async fn a_ticket_by_new_secrets_is_not_spent_by_the_end_of_the_old_ones() {
    let server = Server::start();
    let (owner, login) = (Owner::new(), callqr::domain::ids::SessionId::random());
    let raise = server.hub.effects();
    for _ in 0..50 {
        let mut old = server.device_of(owner, login).await;
        raise(Effect::LoginRenewed(login));
        let mut new = server.device_of(owner, login).await;
        old.hear_until("close 4403").await;
        new.say(Say::Ping).await;
        assert_eq!(new.hear().await, "pong");
    }
}
