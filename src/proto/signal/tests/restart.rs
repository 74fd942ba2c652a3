//! A server that was restarted knows of a call only what the tickets say.

use super::*;

/// The same people come to a new server, `seconds` later.
fn restarted(before: &Scene, seconds: u64) -> (Scene, impl Fn(ConnectionId) -> Grant) {
    let mut scene = Scene::new();
    scene.next_connection = before.next_connection;
    scene.next_id = before.next_id;
    let grants = before.grants.clone();
    (scene, move |connection| {
        let grant = grants[&connection];
        Grant { elapsed: grant.elapsed + Duration::from_secs(seconds), ..grant }
    })
}

#[test]
fn a_call_goes_on() {
    for caller_first in [true, false] {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let (caller, device) = scene.talk(owner);
        let (mut scene, grant) = restarted(&scene, 60);
        let order = if caller_first { [caller, device] } else { [device, caller] };
        let first = scene.join_as(grant(order[0]), true, false);
        assert_eq!(scene.heard(first), ["welcome talking 60 false"]);
        assert_eq!(scene.relayed.len(), 1, "the relay knows the call again");
        scene.wait(4.0);
        let second = scene.join_as(grant(order[1]), true, false);
        assert_eq!(scene.heard(second), ["welcome talking 64 true"]);
        assert_eq!(scene.heard(first), ["peer true"]);
        scene.say(second, "hangup");
        assert_eq!(scene.heard(first), ["ended hung-up", "close 1000"]);
        let ghost = scene.join_as(grant(order[0]), true, false);
        assert_eq!(scene.heard(ghost), ["close 4404"], "an old ticket does not bring it back");
    }
}

#[test]
fn the_other_side_does_not_come_back() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, _) = scene.talk(owner);
    let (mut scene, grant) = restarted(&scene, 1);
    let caller = scene.join_as(grant(caller), true, false);
    scene.wait(30.0);
    assert_eq!(scene.heard(caller), ["welcome talking 1 false", "ended lost", "close 1000"]);
    assert!(scene.relayed.is_empty());
}

#[test]
fn the_longest_time_counts_from_the_answer() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    let (mut scene, grant) = restarted(&scene, 29 * 60 + 50);
    let caller = scene.join_as(grant(caller), true, false);
    let other = scene.join_as(grant(device), true, false);
    assert_eq!(scene.heard(other), ["welcome talking 1790 true", "ending-soon 10"]);
    scene.wait(10.0);
    assert_eq!(
        scene.heard(caller),
        ["welcome talking 1790 false", "ending-soon 10", "peer true", "ended time-limit", "close 1000"]
    );
    let late = scene.join_as(
        Grant { elapsed: Duration::from_secs(1800), call_id: CallId::random(), ..grant(device) },
        true,
        false,
    );
    assert_eq!(scene.heard(late), ["close 4404"]);
}

#[test]
fn ringing_goes_on() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    let (mut scene, grant) = restarted(&scene, 10);
    let device = scene.join_as(grant(device), true, false);
    scene.say(device, "ready");
    let caller = scene.join_as(grant(caller), true, false);
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 1"]);
    let other = scene.phone(owner);
    assert_eq!(scene.heard(other.presence), ["welcome", "ring 35"]);
    scene.say(device, "accept");
    assert_eq!(scene.heard(caller), ["answered"]);
    assert_eq!(scene.heard(device), ["welcome ringing", "accepted"]);
}

#[test]
fn a_device_that_knows_of_the_answer_tells_a_caller_that_does_not() {
    for caller_first in [true, false] {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let phone = scene.phone(owner);
        let caller = scene.call(owner);
        let before_the_answer = scene.grants[&caller];
        let device = scene.pick_up(phone);
        scene.say(device, "accept");
        let (mut scene, grant) = restarted(&scene, 3);
        let (caller, device) = if caller_first {
            let caller = scene.join_as(before_the_answer, true, false);
            assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0"]);
            (caller, scene.join_as(grant(device), true, false))
        } else {
            let device = scene.join_as(grant(device), true, false);
            (scene.join_as(before_the_answer, true, false), device)
        };
        let news = if caller_first { vec!["answered", "peer true"] } else { vec!["welcome talking 3 true"] };
        assert_eq!(scene.heard(caller), news);
        assert_eq!(scene.heard(device)[0], format!("welcome talking 3 {caller_first}"));
    }
}

#[test]
fn ringing_that_is_over_is_not_brought_back() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let _phone = scene.phone(owner);
    let caller = scene.call(owner);
    let (mut scene, grant) = restarted(&scene, 45);
    let caller = scene.join_as(grant(caller), true, false);
    assert_eq!(scene.heard(caller), ["close 4404"]);
}

#[test]
fn a_caller_who_had_not_connected_makes_it_ring() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let grant = scene.place(owner);
    let (mut scene, _) = restarted(&scene, 0);
    let phone = scene.phone(owner);
    let caller = scene.join_as(grant, true, true);
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0"]);
    assert_eq!(scene.heard(phone.presence), ["welcome", "ring 45"]);
}

#[test]
fn an_owner_who_is_in_a_new_call_by_now_is_busy() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, device) = scene.talk(owner);
    let (mut scene, grant) = restarted(&scene, 5);
    let (_, _) = scene.talk(owner);
    let device = scene.join_as(grant(device), true, false);
    assert_eq!(scene.heard(device), ["close 4404"]);
    let caller = scene.join_as(grant(caller), true, false);
    assert_eq!(scene.heard(caller), ["welcome ringing", "ended busy", "close 1000"]);
    assert_eq!(scene.relayed.len(), 1);
}

#[test]
fn an_old_ticket_is_good_once() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, _) = scene.talk(owner);
    let (mut scene, grant) = restarted(&scene, 5);
    let back = scene.join_as(grant(caller), true, false);
    scene.say(back, "ready");
    let replay = scene.join_as(grant(caller), true, false);
    assert_eq!(scene.heard(replay), ["close 4403"]);
    let next = scene.join(scene.grants[&back]);
    assert_eq!(scene.heard(next), ["welcome talking 5 false"]);
}

#[test]
fn a_ticket_of_this_process_for_an_unknown_call_is_refused() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (caller, _) = scene.talk(owner);
    let (mut scene, grant) = restarted(&scene, 5);
    let caller = scene.join_as(grant(caller), false, false);
    assert_eq!(scene.heard(caller), ["close 4404"]);
}
