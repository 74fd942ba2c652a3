//! Everything is bounded, and says so.

use super::*;

#[test]
fn more_messages_than_a_call_needs() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    scene.wait(60.0);
    for _ in 0..200 {
        scene.say(caller, "ping");
    }
    assert_eq!(scene.heard(caller), vec!["pong"; 200]);
    scene.say(caller, "ping");
    assert_eq!(scene.heard(caller), ["close 4429"]);
    assert_eq!(scene.heard(device), ["peer false"]);
}

#[test]
fn a_server_full_of_calls_takes_no_more() {
    let mut scene = Scene::with(SignalOptions { max_calls: 2, ..SignalOptions::default() });
    let owners = [scene.owner(), scene.owner(), scene.owner()];
    let calls = [scene.call(owners[0]), scene.call(owners[1])];
    let placed = scene.place(owners[2]);
    let refused = scene.join(placed);
    assert_eq!(scene.heard(refused), ["close 1013"]);
    scene.say(calls[0], "hangup");
    let admitted = scene.join(placed);
    assert_eq!(scene.heard(admitted), ["welcome ringing", "ringing 0"]);
}

#[test]
fn one_household_holds_one_call_however_many_come() {
    let mut scene = Scene::with(SignalOptions { max_calls: 2, ..SignalOptions::default() });
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    for _ in 0..5 {
        let other = scene.call(owner);
        assert_eq!(scene.heard(other), ["welcome ringing", "ended busy", "close 1000"]);
    }
    scene.say(caller, "ping");
    assert_eq!(scene.heard(caller), ["pong"]);
    assert!(scene.heard(device).is_empty());
}

#[test]
fn a_device_that_is_away_gives_its_place_to_a_new_one() {
    let mut scene = Scene::with(SignalOptions { max_devices_per_household: 2, ..SignalOptions::default() });
    let owner = scene.owner();
    let (one, _two) = (scene.phone(owner), scene.phone(owner));
    let session = SessionId::random();
    assert_eq!(scene.board.enlist(owner.household, session, scene.now), Err(Full::Household));
    scene.drop(one.presence);
    assert!(scene.board.enlist(owner.household, session, scene.now).is_ok());
    let back = scene.come(scene.presence_grants[&one.presence]);
    assert_eq!(scene.heard(back), ["close 4403"]);
}

#[test]
fn a_server_full_of_connections_says_so() {
    let mut scene = Scene::with(SignalOptions { max_connections: 2, ..SignalOptions::default() });
    let owner = scene.owner();
    let phone = scene.phone(owner);
    scene.call(owner);
    let third = scene.join(scene.rings[&phone.presence]);
    assert_eq!(scene.heard(third), ["close 1013"]);
    let grant = scene.board.enlist(owner.household, SessionId::random(), scene.now).unwrap();
    let fourth = scene.come(grant);
    assert_eq!(scene.heard(fourth), ["close 1013"]);
}

#[test]
fn a_stopping_server_says_that_it_will_be_back() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    scene.forget(phone.presence);
    let (caller, device) = scene.talk(owner);
    scene.handle(Input::Shutdown);
    for connection in [caller, device] {
        assert_eq!(scene.heard(connection), ["close 1012"]);
    }
    assert_eq!(scene.heard(phone.presence).last().unwrap(), "close 1012");
}
