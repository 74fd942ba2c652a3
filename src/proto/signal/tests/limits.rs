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
    let placement = Placement {
        call_id: CallId::random(),
        tag: owners[2].tag,
        household: owners[2].household,
        caller: AnonymousId::random(),
        owner: AnonymousId::random(),
    };
    assert_eq!(scene.board.place(&placement, scene.now), Err(Full));
    scene.say(calls[0], "hangup");
    assert!(scene.board.place(&placement, scene.now).is_ok());
}

#[test]
fn one_account_cannot_fill_the_server() {
    let mut scene = Scene::with(SignalOptions { max_calls_per_household: 2, ..SignalOptions::default() });
    let (ada, bob) = (scene.owner(), scene.owner());
    let first = scene.place(ada);
    scene.wait(1.0);
    let second = scene.place(ada);
    scene.place(bob);
    // Whoever only places calls keeps nobody else from calling: the call that waits for its caller for longest goes.
    let third = scene.place(ada);
    let forgotten = scene.join(first);
    assert_eq!(scene.heard(forgotten), ["close 4404"]);
    for seat in [second, third] {
        let caller = scene.join(seat);
        assert_eq!(scene.heard(caller)[0], "welcome ringing");
    }
}

#[test]
fn calls_whose_callers_came_are_not_forgotten_for_new_ones() {
    let mut scene = Scene::with(SignalOptions { max_calls_per_household: 1, ..SignalOptions::default() });
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    let another = Placement {
        call_id: CallId::random(),
        tag: owner.tag,
        household: owner.household,
        caller: AnonymousId::random(),
        owner: AnonymousId::random(),
    };
    assert_eq!(scene.board.place(&another, scene.now), Err(Full));
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
    assert_eq!(scene.board.enlist(owner.household, session, scene.now), Err(Full));
    scene.drop(one.presence);
    assert!(scene.board.enlist(owner.household, session, scene.now).is_ok());
    let back = scene.come(scene.presence_seats[&one.presence]);
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
    let seat = scene.board.enlist(owner.household, SessionId::random(), scene.now).unwrap();
    let fourth = scene.come(seat);
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
