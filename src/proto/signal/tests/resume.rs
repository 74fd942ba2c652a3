//! Connections that break, are replaced, and come back.

use super::*;

#[test]
fn a_cut_connection_resumes_the_same_call() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    scene.wait(100.0);
    scene.drop(caller);
    assert_eq!(scene.heard(device), ["peer false"]);
    scene.wait(29.0);
    let back = scene.join(scene.grants[&caller]);
    assert_eq!(scene.heard(back), ["welcome talking 129 true"]);
    assert_eq!(scene.heard(device), ["peer true"]);
    scene.drop(device);
    let device_back = scene.join(scene.grants[&device]);
    assert_eq!(scene.heard(back), ["peer false", "peer true"]);
    scene.say(device_back, "hangup");
    assert_eq!(scene.heard(back), ["ended hung-up", "close 1000"]);
}

#[test]
fn a_new_connection_takes_the_place_of_a_dead_one() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    let newer = scene.join(scene.grants[&caller]);
    assert_eq!(scene.heard(caller), ["close 4409"]);
    assert_eq!(scene.heard(newer), ["welcome talking 0 true"]);
    assert!(scene.heard(device).is_empty(), "the other side need not know");
    scene.drop(caller);
    scene.say(device, "restart-ice");
    assert_eq!(scene.heard(newer), ["restart-ice"], "the old one's end is not the new one's");
}

#[test]
fn a_reload_makes_both_sides_begin_again() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    scene.drop(device);
    let reloaded = scene.join_as(scene.grants[&device], false, true);
    assert_eq!(scene.heard(reloaded), ["welcome talking 0 true", "restart-media"]);
    assert_eq!(scene.heard(caller), ["peer false", "peer true", "restart-media"]);
}

#[test]
fn who_stays_away_has_lost_the_call() {
    for caller_goes in [true, false] {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let (caller, device) = scene.talk(owner);
        let (gone, stays) = if caller_goes { (caller, device) } else { (device, caller) };
        scene.drop(gone);
        scene.wait(30.0);
        assert_eq!(scene.heard(stays), ["peer false", "ended lost", "close 1000"]);
        assert!(scene.relayed.is_empty());
        let late = scene.join(scene.grants[&gone]);
        assert_eq!(scene.heard(late), ["close 4404"]);
    }
}

#[test]
fn a_caller_may_be_away_for_ten_seconds_while_it_rings() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    scene.drop(caller);
    scene.wait(9.0);
    let back = scene.join(scene.grants[&caller]);
    assert_eq!(scene.heard(back), ["welcome ringing", "ringing 1"]);
    scene.forget(device);
    scene.forget(phone.presence);
    scene.drop(back);
    scene.wait(10.0);
    assert_eq!(scene.heard(device), ["ended gave-up", "close 1000"]);
    assert_eq!(scene.heard(phone.presence), ["ring-stopped gave-up"]);
}

#[test]
fn an_answer_reaches_a_caller_who_was_away() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    scene.drop(caller);
    scene.say(device, "accept");
    scene.wait(5.0);
    scene.forget(device);
    let back = scene.join(scene.grants[&caller]);
    assert_eq!(scene.heard(back), ["welcome talking 5 true"]);
    assert_eq!(scene.heard(device), ["peer true"]);
}

#[test]
fn a_ticket_is_good_until_its_welcome_has_arrived() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let _phone = scene.phone(owner);
    let grant = scene.place(owner);
    let lost = scene.join(grant);
    scene.drop(lost);
    let caller = scene.join(grant);
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0"]);
    scene.say(caller, "ready");
    let replay = scene.join(grant);
    assert_eq!(scene.heard(replay), ["close 4403"]);
    assert!(scene.heard(caller).is_empty(), "a copied ticket does no harm");
}

#[test]
fn the_first_ticket_of_a_call_that_is_over_does_not_make_it_once_more() {
    for busy in [false, true] {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let (other, _) = if busy { scene.talk(owner) } else { (scene.connection(), scene.connection()) };
        let grant = scene.place(owner);
        let caller = scene.join(grant);
        scene.say(caller, "hangup");
        assert_eq!(scene.heard(caller).last().unwrap(), "close 1000");
        if busy {
            scene.say(other, "hangup");
        }
        for seconds in [0.0, 15.0, 14.9, 0.1, 30.0] {
            scene.wait(seconds);
            let replay = scene.join(grant);
            assert_eq!(scene.heard(replay), ["close 4404"], "{busy} {seconds}");
        }
    }
}

#[test]
fn a_newer_ticket_makes_the_older_ones_worthless() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    scene.call(owner);
    let rung = scene.rings[&phone.presence];
    let unconfirmed = scene.join(rung);
    let newer = scene.join(scene.grants[&unconfirmed]);
    assert_eq!(scene.heard(unconfirmed), ["welcome ringing", "close 4409"]);
    let replay = scene.join(rung);
    assert_eq!(scene.heard(replay), ["close 4403"]);
    assert_eq!(scene.heard(newer), ["welcome ringing"]);
}

#[test]
fn nothing_is_kept_for_a_side_that_is_away() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    scene.drop(caller);
    scene.say(device, "restart-ice");
    let back = scene.join(scene.grants[&caller]);
    assert_eq!(scene.heard(back), ["welcome talking 0 true"]);
}
