//! Time limits, in virtual time and over connections in memory.

use std::time::Duration;

use futures_util::SinkExt as _;
use tokio::time::{Instant, sleep};

use crate::support::{Owner, PRESENCE, Page, Say, Server};

async fn enter(server: &Server, path: &str, ticket: &str) -> Page {
    let mut page = server.open_on(server.memory(), path).await;
    page.hello(ticket, true).await;
    page.say(Say::Ready).await;
    page
}

#[tokio::test(start_paused = true)]
async fn nobody_answers() {
    let server = Server::start();
    let owner = Owner::new();
    let ticket = server.hub.presence_ticket(owner.household, callqr::domain::ids::SessionId::random()).await.unwrap();
    let mut presence = enter(&server, PRESENCE, &ticket).await;
    assert_eq!(presence.hear().await, "welcome");
    let (path, ticket) = server.place(owner);
    let started = Instant::now();
    let mut caller = enter(&server, &path, &ticket).await;
    assert_eq!(presence.hear().await, "ring");
    let ring = presence.rung.clone().unwrap();
    let mut device = enter(&server, &ring.signaling_endpoint, &ring.ticket).await;
    // Both read, and so answer pings, all the time.
    let device = tokio::spawn(async move { device.hear_until("ended no-answer").await });
    let presence = tokio::spawn(async move { presence.hear_until("ring-stopped no-answer").await });
    caller.hear_until("ended no-answer").await;
    let seconds = started.elapsed().as_secs_f64();
    assert!((45.0..45.1).contains(&seconds), "{seconds}");
    assert_eq!(presence.await.unwrap(), ["ring-stopped no-answer"]);
    device.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_page_that_answers_pings_but_is_asleep_is_not_waited_for() {
    let server = Server::start();
    let owner = Owner::new();
    let ticket = server.hub.presence_ticket(owner.household, callqr::domain::ids::SessionId::random()).await.unwrap();
    let mut presence = enter(&server, PRESENCE, &ticket).await;
    assert_eq!(presence.hear().await, "welcome");
    // As the browser of a frozen page does.
    let presence = tokio::spawn(async move { presence.hear_until("close 4408").await });
    let (path, ticket) = server.place(owner);
    let started = Instant::now();
    let mut caller = enter(&server, &path, &ticket).await;
    caller.hear_until("ended unreachable").await;
    let seconds = started.elapsed().as_secs_f64();
    assert!((8.0..8.1).contains(&seconds), "{seconds}");
    assert_eq!(presence.await.unwrap(), ["ring", "error too-slow", "close 4408"]);
}

#[tokio::test(start_paused = true)]
async fn who_says_no_hello_is_closed_after_ten_seconds() {
    let server = Server::start();
    let started = Instant::now();
    let mut silent = server.open_on(server.memory(), PRESENCE).await;
    assert_eq!(silent.hear_until("close 4401").await, ["error bad-ticket", "close 4401"]);
    let seconds = started.elapsed().as_secs_f64();
    assert!((10.0..10.1).contains(&seconds), "{seconds}");
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_for_thirty_seconds_is_closed() {
    let server = Server::start();
    let owner = Owner::new();
    let ticket = server.hub.presence_ticket(owner.household, callqr::domain::ids::SessionId::random()).await.unwrap();
    let mut dead = enter(&server, PRESENCE, &ticket).await;
    assert_eq!(dead.hear().await, "welcome");
    // Not reading means not answering pings.
    sleep(Duration::from_secs(29)).await;
    assert_eq!(server.hub.devices(), 1);
    sleep(Duration::from_secs(2)).await;
    assert_eq!(server.hub.devices(), 0);
    assert_eq!(dead.hear_until("close 4408").await, ["error too-slow", "close 4408"]);
}

#[tokio::test(start_paused = true)]
async fn who_answers_pings_stays_for_hours() {
    let server = Server::start();
    let owner = Owner::new();
    let ticket = server.hub.presence_ticket(owner.household, callqr::domain::ids::SessionId::random()).await.unwrap();
    let mut page = enter(&server, PRESENCE, &ticket).await;
    assert_eq!(page.hear().await, "welcome");
    let idle = tokio::time::timeout(Duration::from_secs(10 * 3600), page.hear()).await;
    assert!(idle.is_err(), "{idle:?}");
    assert_eq!(server.hub.devices(), 1);
    page.say(Say::Ping).await;
    assert_eq!(page.hear().await, "pong");
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_after_its_longest_time() {
    let server = Server::start();
    let owner = Owner::new();
    let ticket = server.hub.presence_ticket(owner.household, callqr::domain::ids::SessionId::random()).await.unwrap();
    let mut presence = enter(&server, PRESENCE, &ticket).await;
    presence.hear().await;
    let (path, ticket) = server.place(owner);
    let mut caller = enter(&server, &path, &ticket).await;
    assert_eq!(presence.hear().await, "ring");
    let ring = presence.rung.clone().unwrap();
    let mut device = enter(&server, &path, &ring.ticket).await;
    let reading = tokio::spawn(async move { presence.hear().await });
    device.say(Say::Accept).await;
    caller.hear_until("answered").await;
    let started = Instant::now();
    let device = tokio::spawn(async move { device.hear_until("ended time-limit").await });
    assert_eq!(caller.hear_until("ended time-limit").await, ["ending-soon", "ended time-limit"]);
    assert!((1800.0..1800.1).contains(&started.elapsed().as_secs_f64()));
    assert_eq!(device.await.unwrap(), ["welcome ringing", "accepted", "ending-soon", "ended time-limit"]);
    assert_eq!(server.relayed(), 0);
    reading.abort();
}

#[tokio::test(start_paused = true)]
async fn a_stopping_server_waits_for_its_sockets_but_not_for_long() {
    let server = Server::start();
    let mut polite = server.open_on(server.memory(), PRESENCE).await;
    let mut rude = server.open_on(server.memory(), PRESENCE).await;
    rude.socket.flush().await.unwrap();
    let started = Instant::now();
    let polite = tokio::spawn(async move { polite.hear().await });
    server.hub.shutdown().await;
    assert!(started.elapsed() <= Duration::from_secs(3), "{:?}", started.elapsed());
    assert_eq!(polite.await.unwrap(), "close 1012");
    drop(rude);
    assert!(
        server.hub.presence_ticket(Owner::new().household, callqr::domain::ids::SessionId::random()).await.is_err()
    );
}
