//! A session gets new secrets, because its user has confirmed who they are: anyone with stolen old ones is out.

use super::*;

#[test]
fn a_present_device_is_closed_keeps_its_place_and_comes_back_with_a_new_ticket_alone() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let kept = scene.board.enlist(owner.household, phone.session, scene.now).unwrap();
    let of_welcome = scene.presence_grants[&phone.presence];
    scene.forget(phone.presence);
    scene.handle(Input::RenewSession(phone.session));
    assert_eq!(scene.heard(phone.presence), ["close 4403"]);
    for old in [kept, of_welcome] {
        let connection = scene.come(old);
        assert_eq!(scene.heard(connection), ["close 4403"], "a ticket that was made before");
    }
    let renewed = scene.board.enlist(owner.household, phone.session, scene.now).unwrap();
    let back = scene.come(renewed);
    assert_eq!(scene.heard(back), ["welcome"]);
    scene.wait(600.0);
    assert!(scene.heard(back).is_empty(), "its time away is over");
}

#[test]
fn a_device_that_was_away_comes_back_with_a_new_ticket_alone() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let old = scene.presence_grants[&phone.presence];
    scene.drop(phone.presence);
    scene.handle(Input::RenewSession(phone.session));
    let connection = scene.come(old);
    assert_eq!(scene.heard(connection), ["close 4403"]);
}

#[test]
fn a_call_goes_on_when_its_device_comes_back_in_time() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    scene.say(device, "accept");
    let (old, call_id) = (scene.grants[&device], scene.grants[&device].call_id);
    scene.forget(caller);
    scene.forget(device);
    scene.handle(Input::RenewSession(phone.session));
    assert_eq!(scene.heard(device), ["close 4403"]);
    assert_eq!(scene.heard(caller), ["peer false"]);
    let copied = scene.join(old);
    assert_eq!(scene.heard(copied), ["close 4403"]);

    let grant = scene.board.rejoin(call_id, phone.session, scene.now).unwrap();
    let back = scene.join(grant);
    assert_eq!(scene.heard(back), ["welcome talking 0 true"]);
    assert_eq!(scene.heard(caller), ["peer true"]);
    scene.wait(60.0);
    assert!(scene.heard(caller).is_empty(), "it goes on");
}

#[test]
fn a_call_whose_device_does_not_come_back_ends() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    scene.say(device, "accept");
    scene.forget(caller);
    scene.handle(Input::RenewSession(phone.session));
    scene.wait(30.0);
    assert_eq!(scene.heard(caller), ["peer false", "ended lost", "close 1000"]);
    assert!(scene.relayed.is_empty(), "the relay is taken away");
}

#[test]
fn a_device_that_rings_goes_on_ringing() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    let (old, rung) = (scene.grants[&device], scene.rings[&phone.presence]);
    scene.forget(device);
    scene.forget(caller);
    scene.handle(Input::RenewSession(phone.session));
    assert_eq!(scene.heard(device), ["close 4403"]);
    for copied in [old, rung] {
        let connection = scene.join(copied);
        assert_eq!(scene.heard(connection), ["close 4403"]);
    }
    let grant = scene.board.rejoin(rung.call_id, phone.session, scene.now).unwrap();
    let back = scene.join(grant);
    scene.say(back, "accept");
    assert_eq!(scene.heard(back), ["welcome ringing", "accepted"]);
    assert_eq!(scene.heard(caller), ["ringing 0", "ringing 1", "answered"]);
}

#[test]
fn only_who_takes_part_comes_back() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (one, other) = (scene.phone(owner), scene.phone(owner));
    let caller = scene.call(owner);
    let call_id = scene.grants[&caller].call_id;
    let device = scene.pick_up(one);
    scene.say(device, "accept");
    let now = scene.now;
    assert!(scene.board.rejoin(call_id, other.session, now).is_none(), "it was answered elsewhere");
    assert!(scene.board.rejoin(CallId::random(), one.session, now).is_none());
    scene.say(caller, "hangup");
    assert!(scene.board.rejoin(call_id, one.session, now).is_none(), "it has ended");
}
