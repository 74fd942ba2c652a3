//! Connections that break, are replaced or copied, and a server that is restarted.

use callqr::proto::signal::SignalOptions;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::{Heard, Owner, PRESENCE, Say, Server, Welcome};

#[tokio::test]
async fn a_cut_connection_resumes_the_same_call() {
    let server = Server::start();
    let (caller, mut device, _presence, path) = server.talk().await;
    let ticket = caller.ticket.clone();
    drop(caller);
    assert_eq!(device.hear().await, "peer false");
    let mut back = server.enter(&path, &ticket, false).await;
    let Heard::Welcome(welcome) = back.next().await else { panic!("no welcome") };
    assert_eq!(welcome.state.as_deref(), Some("talking"));
    assert_eq!(welcome.ice_servers.unwrap().len(), 1);
    assert_eq!(device.hear().await, "peer true");
    back.offer().await;
    assert_eq!(device.hear().await, "offer");
}

#[tokio::test]
async fn a_new_connection_replaces_the_old_one() {
    let server = Server::start();
    let (mut caller, mut device, _presence, path) = server.talk().await;
    let ticket = caller.ticket.clone();
    let mut newer = server.enter(&path, &ticket, false).await;
    assert_eq!(caller.hear_until("close 4409").await, ["error replaced", "close 4409"]);
    assert_eq!(newer.hear().await, "welcome talking");
    device.say(Say::RestartIce).await;
    assert_eq!(newer.hear().await, "restart-ice");
}

#[tokio::test]
async fn a_reloaded_page_makes_both_begin_again() {
    let server = Server::start();
    let (mut caller, device, _presence, path) = server.talk().await;
    let ticket = device.ticket.clone();
    drop(device);
    let mut reloaded = server.enter(&path, &ticket, true).await;
    assert_eq!(reloaded.hear_until("restart-media").await, ["welcome talking", "restart-media"]);
    assert_eq!(caller.hear_until("restart-media").await, ["peer false", "peer true", "restart-media"]);
}

#[tokio::test]
async fn a_copied_ticket_is_worth_nothing() {
    let server = Server::start();
    let owner = Owner::new();
    let _presence = server.device(owner).await;
    let (path, ticket) = server.place(owner);
    let mut caller = server.enter(&path, &ticket, true).await;
    caller.hear_until("ringing 0").await;
    // `ready` is on its way; `pong` shows that it has arrived.
    caller.say(Say::Ping).await;
    assert_eq!(caller.hear().await, "pong");
    let mut thief = server.open(&path).await;
    thief.hello(&ticket, true).await;
    assert_eq!(thief.hear_until("close 4403").await, ["error ticket-spent", "close 4403"]);
    caller.say(Say::Ping).await;
    assert_eq!(caller.hear().await, "pong");
}

#[tokio::test]
async fn a_restarted_server_goes_on_with_the_call() {
    let server = Server::start();
    let (mut caller, mut device, mut presence, path) = server.talk().await;
    let tickets = [caller.ticket.clone(), device.ticket.clone(), presence.ticket.clone()];
    let credential = |welcome: Welcome| welcome.ice_servers.unwrap().remove(0).credential;

    let restarted = tokio::spawn(server.restart());
    for page in [&mut caller, &mut device, &mut presence] {
        assert_eq!(page.hear().await, "close 1012");
    }
    drop((caller, device, presence));
    let server = restarted.await.unwrap();

    let mut device = server.enter(&path, &tickets[1], false).await;
    let Heard::Welcome(device_welcome) = device.next().await else { panic!("no welcome") };
    assert_eq!(device_welcome.peer_connected, Some(false));
    assert_eq!(server.relayed(), 1);
    let mut caller = server.enter(&path, &tickets[0], false).await;
    let Heard::Welcome(caller_welcome) = caller.next().await else { panic!("no welcome") };
    assert_eq!(caller_welcome.peer_connected, Some(true));
    assert_ne!(credential(caller_welcome), credential(device_welcome));
    assert_eq!(device.hear().await, "peer true");
    caller.offer().await;
    assert_eq!(device.hear().await, "offer");

    let mut presence = server.open(PRESENCE).await;
    presence.hello(&tickets[2], false).await;
    assert_eq!(
        presence.hear_until("close 4403").await,
        ["error ticket-spent", "close 4403"],
        "the log-in is asked again"
    );

    caller.say(Say::Hangup).await;
    assert_eq!(device.hear().await, "ended hung-up");
    let mut ghost = server.open(&path).await;
    ghost.hello(&tickets[0], false).await;
    assert_eq!(ghost.hear_until("close 4404").await, ["error no-such-call", "close 4404"]);
}

#[tokio::test]
async fn a_call_is_placed_by_one_process_and_made_by_another() {
    let (near, home) = (Server::start(), Server::start());
    let owner = Owner::new();
    let mut presence = home.device(owner).await;
    let (path, ticket) = near.place(owner);
    let mut caller = home.enter(&path, &ticket, true).await;
    home.pick_up(&mut presence).await;
    assert_eq!(caller.hear_until("ringing 1").await, ["welcome ringing", "ringing 0", "ringing 1"]);
    assert_eq!((near.hub.calls(), home.hub.calls()), (0, 1));
}

#[tokio::test]
async fn a_tag_that_ended_since_the_call_was_placed_does_not_ring() {
    let server = Server::asking(SignalOptions::default(), || false);
    let owner = Owner::new();
    let mut presence = server.device(owner).await;
    let (path, ticket) = server.place(owner);
    let mut caller = server.open(&path).await;
    caller.hello(&ticket, true).await;
    assert_eq!(caller.hear_until("close 4404").await, ["error no-such-call", "close 4404"]);
    presence.say(Say::Ping).await;
    assert_eq!(presence.hear().await, "pong", "nothing rang");
}

#[tokio::test]
async fn a_tag_that_ends_while_its_caller_comes_ends_the_call() {
    // It is there when the caller is let in, and gone when the switchboard knows of the call.
    let asked = Arc::new(AtomicUsize::new(0));
    let server = Server::asking(SignalOptions::default(), {
        let asked = asked.clone();
        move || asked.fetch_add(1, Ordering::Relaxed) == 0
    });
    let owner = Owner::new();
    let (path, ticket) = server.place(owner);
    let mut caller = server.open(&path).await;
    caller.hello(&ticket, true).await;
    caller.hear_until("ended withdrawn").await;
    assert_eq!(caller.hear().await, "close 1000");
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    let mut again = server.open(&path).await;
    again.hello(&ticket, true).await;
    again.hear_until("close 4404").await;
}
