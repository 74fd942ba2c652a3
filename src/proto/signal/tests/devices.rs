//! Several phones, several callers, and phones that come and go.

use super::*;

#[test]
fn the_first_answer_wins_and_the_others_stop() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (one, two, three) = (scene.phone(owner), scene.phone(owner), scene.phone(owner));
    let caller = scene.call(owner);
    let (first, second) = (scene.pick_up(one), scene.pick_up(two));
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0", "ringing 1", "ringing 2"]);
    for connection in [one.presence, two.presence, three.presence, first, second] {
        scene.forget(connection);
    }
    scene.say(second, "accept");
    scene.say(first, "accept");
    assert_eq!(scene.heard(second), ["accepted"]);
    assert_eq!(scene.heard(first), ["ended answered-elsewhere", "close 1000"]);
    assert_eq!(scene.heard(caller), ["answered"]);
    assert_eq!(scene.heard(one.presence), ["ring-stopped answered-elsewhere"]);
    assert_eq!(scene.heard(three.presence), ["ring-stopped answered-elsewhere"], "though it never joined");
    assert!(scene.heard(two.presence).is_empty());
    let late = scene.pick_up(three);
    assert_eq!(scene.heard(late), ["ended answered-elsewhere", "close 1000"]);
}

#[test]
fn a_decline_leaves_the_others_ringing_until_all_have_declined() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (one, two) = (scene.phone(owner), scene.phone(owner));
    let caller = scene.call(owner);
    let (first, second) = (scene.pick_up(one), scene.pick_up(two));
    for connection in [caller, first, second, one.presence, two.presence] {
        scene.forget(connection);
    }
    scene.say(first, "decline");
    assert_eq!(scene.heard(first), ["ended declined", "close 1000"]);
    assert_eq!(scene.heard(caller), ["ringing 1"]);
    assert!(scene.heard(second).is_empty() && scene.heard(two.presence).is_empty());
    let again = scene.pick_up(one);
    assert_eq!(scene.heard(again), ["ended declined", "close 1000"], "who declined has declined");

    scene.say(second, "hangup");
    assert_eq!(scene.heard(second), ["ended declined", "close 1000"]);
    assert_eq!(scene.heard(caller), ["ended declined", "close 1000"]);
}

#[test]
fn a_phone_that_was_rung_and_may_yet_show_it_keeps_the_call_alive_for_a_few_seconds() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (one, two) = (scene.phone(owner), scene.phone(owner));
    let caller = scene.call(owner);
    let first = scene.pick_up(one);
    scene.say(first, "decline");
    scene.forget(caller);
    scene.wait(7.0);
    assert!(scene.heard(caller).is_empty());
    scene.wait(1.0);
    assert_eq!(scene.heard(caller), ["ended declined", "close 1000"], "by everybody who could");
    assert!(scene.heard(two.presence).contains(&"close 4408".into()));
}

#[test]
fn a_page_that_is_asleep_is_no_phone_that_rings() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    // Its browser may even connect for it.
    let device = scene.join(scene.rings[&phone.presence]);
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0"]);
    scene.wait(7.9);
    assert!(scene.heard(caller).is_empty());
    scene.wait(0.1);
    assert_eq!(scene.heard(caller), ["ended unreachable", "close 1000"]);
    scene.forget(device);
    assert!(scene.heard(phone.presence).contains(&"close 4408".into()));
    // Nor for the next caller, who learns it sooner.
    let caller = scene.call(owner);
    scene.wait(5.0);
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0", "ended unreachable", "close 1000"]);
    // Once it wakes up, it rings.
    let presence = scene.come(scene.presence_grants[&phone.presence]);
    scene.say(presence, "ready");
    let caller = scene.call(owner);
    scene.pick_up(Phone { presence, ..phone });
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0", "ringing 1"]);
}

#[test]
fn a_page_that_is_asleep_does_not_keep_another_phone_from_ringing_on() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (awake, asleep) = (scene.phone(owner), scene.phone(owner));
    let caller = scene.call(owner);
    let device = scene.pick_up(awake);
    scene.forget(caller);
    scene.wait(40.0);
    assert!(scene.heard(caller).is_empty());
    assert!(scene.heard(asleep.presence).contains(&"close 4408".into()));
    scene.say(device, "accept");
    assert_eq!(scene.heard(caller), ["answered"]);
}

#[test]
fn a_phone_without_a_sound_is_not_said_to_ring() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.join(scene.rings[&phone.presence]);
    let rings = |audible, able| json!({"type": "rings", "payload": {"audible": audible, "able": able}});
    scene.send(device, rings(false, true));
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0", "ringing 0 silent 1"]);
    scene.send(device, rings(true, true));
    assert_eq!(scene.heard(caller), ["ringing 1"]);
    scene.send(device, rings(true, true));
    scene.say(device, "ready");
    assert!(scene.heard(caller).is_empty(), "no news");
    scene.send(device, rings(false, true));
    scene.forget(caller);
    scene.wait(30.0);
    assert!(scene.heard(caller).is_empty(), "somebody may see it");
    scene.say(device, "accept");
    assert_eq!(scene.heard(caller), ["answered"]);
}

#[test]
fn a_phone_that_could_not_answer_is_no_phone_that_rings() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.join(scene.rings[&phone.presence]);
    scene.send(device, json!({"type": "rings", "payload": {"audible": true, "able": false}}));
    assert_eq!(scene.heard(caller), ["welcome ringing", "ringing 0"]);
    scene.wait(5.0);
    assert_eq!(scene.heard(caller), ["ended unreachable", "close 1000"]);
    assert!(scene.heard(phone.presence).contains(&"ring-stopped unreachable".into()));
}

#[test]
fn how_a_phone_rings_is_nothing_that_a_caller_can_say() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    scene.phone(owner);
    let caller = scene.call(owner);
    scene.forget(caller);
    scene.send(caller, json!({"type": "rings", "payload": {"audible": true, "able": true}}));
    assert_eq!(scene.heard(caller), ["close 4400"]);
}

#[test]
fn a_phone_that_declined_is_not_rung_again() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (one, _two) = (scene.phone(owner), scene.phone(owner));
    scene.call(owner);
    let first = scene.pick_up(one);
    scene.say(first, "decline");
    let back = scene.come(scene.presence_grants[&one.presence]);
    assert_eq!(scene.heard(back), ["welcome"]);
}

#[test]
fn a_phone_that_comes_back_while_it_rings_is_rung_again() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    scene.wait(7.0);
    scene.drop(phone.presence);
    scene.wait(3.0);
    let presence = scene.come(scene.presence_grants[&phone.presence]);
    assert_eq!(scene.heard(presence), ["welcome", "ring 35"]);
    let device = scene.pick_up(Phone { presence, ..phone });
    scene.forget(caller);
    scene.say(device, "accept");
    assert_eq!(scene.heard(caller), ["answered"]);
}

#[test]
fn the_last_phone_goes_away_while_it_rings() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let caller = scene.call(owner);
    let device = scene.pick_up(phone);
    scene.forget(caller);
    scene.drop(phone.presence);
    scene.wait(6.0);
    assert!(scene.heard(caller).is_empty(), "the call's own connection is enough");
    scene.drop(device);
    assert_eq!(scene.heard(caller), ["ringing 0"]);
    scene.wait(5.0);
    assert_eq!(scene.heard(caller), ["ended unreachable", "close 1000"]);
}

#[test]
fn a_second_caller_is_told_that_the_line_is_busy() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    let first = scene.call(owner);
    let second = scene.call(owner);
    assert_eq!(scene.heard(second), ["welcome ringing", "ended busy", "close 1000"]);
    let device = scene.pick_up(phone);
    scene.say(device, "accept");
    let third = scene.call(owner);
    assert_eq!(scene.heard(third), ["welcome ringing", "ended busy", "close 1000"]);
    scene.say(first, "hangup");
    let fourth = scene.call(owner);
    assert_eq!(scene.heard(fourth), ["welcome ringing", "ringing 0"]);
}

#[test]
fn two_owners_know_nothing_of_each_other() {
    let mut scene = Scene::new();
    let (ada, bob) = (scene.owner(), scene.owner());
    let (adas, bobs) = (scene.phone(ada), scene.phone(bob));
    scene.forget(bobs.presence);
    let caller = scene.call(ada);
    let device = scene.pick_up(adas);
    scene.say(device, "accept");
    let other = scene.call(bob);
    assert_eq!(scene.heard(bobs.presence), ["ring 45"]);
    assert_eq!(scene.heard(other), ["welcome ringing", "ringing 0"]);
    scene.forget(caller);
    scene.say(other, "hangup");
    assert!(scene.heard(caller).is_empty() && scene.relayed.len() == 1);
}

#[test]
fn a_newer_presence_of_the_same_login_replaces_the_older() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let phone = scene.phone(owner);
    scene.forget(phone.presence);
    let newer = scene.come(scene.presence_grants[&phone.presence]);
    assert_eq!(scene.heard(phone.presence), ["close 4409"]);
    assert_eq!(scene.heard(newer), ["welcome"]);
    assert_eq!(scene.board.devices(), 1);
    scene.drop(phone.presence);
    assert_eq!(scene.board.devices(), 1, "the old one's end is not the new one's");
}

#[test]
fn a_presence_ticket_is_good_once_and_not_for_ever() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let session = SessionId::from_bytes(scene.id());
    let grant = scene.board.enlist(owner.household, session, scene.now).unwrap();
    let first = scene.come(grant);
    let again = scene.come(grant);
    assert_eq!(scene.heard(first), ["welcome", "close 4409"], "before it is confirmed it may be used again");
    scene.say(again, "ready");
    let replay = scene.come(grant);
    assert_eq!(scene.heard(replay), ["close 4403"]);
    assert_eq!(scene.heard(again), ["welcome"]);

    let next = scene.presence_grants[&again];
    scene.drop(again);
    scene.wait(600.0);
    let late = scene.come(next);
    assert_eq!(scene.heard(late), ["close 4403"]);
    assert_eq!(scene.board.poll_timeout(), None, "nothing is left");
}

#[test]
fn presence_says_nothing_but_ready_and_ping() {
    for kind in ["accept", "decline", "hangup", "restart-ice"] {
        let mut scene = Scene::new();
        let owner = scene.owner();
        let phone = scene.phone(owner);
        scene.say(phone.presence, "ping");
        assert_eq!(scene.heard(phone.presence), ["welcome", "pong"]);
        scene.say(phone.presence, kind);
        assert_eq!(scene.heard(phone.presence), ["close 4400"]);
        assert_eq!(scene.board.devices(), 0);
    }
}

#[test]
fn a_log_out_closes_presence_and_what_the_device_takes_part_in() {
    let mut scene = Scene::new();
    let owner = scene.owner();
    let (one, two) = (scene.phone(owner), scene.phone(owner));
    let caller = scene.call(owner);
    let (first, second) = (scene.pick_up(one), scene.pick_up(two));
    for connection in [caller, first, second, one.presence, two.presence] {
        scene.forget(connection);
    }
    scene.handle(Input::EndSession(one.session));
    assert_eq!(scene.heard(one.presence), ["close 4402"]);
    assert_eq!(scene.heard(first), ["ended withdrawn", "close 1000"]);
    assert_eq!(scene.heard(caller), ["ringing 1"]);
    let back = scene.come(scene.presence_grants[&one.presence]);
    assert_eq!(scene.heard(back), ["close 4403"]);

    scene.say(second, "accept");
    scene.forget(caller);
    scene.forget(second);
    scene.handle(Input::EndSession(two.session));
    assert_eq!(scene.heard(caller), ["ended withdrawn", "close 1000"]);
    assert_eq!(scene.heard(second), ["ended withdrawn", "close 1000"]);
    assert!(scene.relayed.is_empty());
}

#[test]
fn a_revoked_tag_ends_its_calls_and_no_others() {
    let mut scene = Scene::new();
    let (ada, bob) = (scene.owner(), scene.owner());
    let (caller, device) = scene.talk(ada);
    let (other, _) = scene.talk(bob);
    scene.handle(Input::WithdrawTag(ada.tag));
    assert_eq!(scene.heard(caller), ["ended withdrawn", "close 1000"]);
    assert_eq!(scene.heard(device), ["ended withdrawn", "close 1000"]);
    assert!(scene.heard(other).is_empty());
}

#[test]
fn whose_notes_or_members_changed_hears_of_it_on_every_device_that_is_there() {
    let mut scene = Scene::new();
    let (ada, bob) = (scene.owner(), scene.owner());
    let (one, two, away) = (scene.phone(ada), scene.phone(ada), scene.phone(ada));
    let other = scene.phone(bob);
    let caller = scene.call(ada);
    for connection in [one.presence, two.presence, other.presence, caller] {
        scene.forget(connection);
    }
    scene.drop(away.presence);
    scene.handle(Input::NotesChanged(ada.household));
    assert_eq!(scene.heard(one.presence), ["notes-changed"]);
    assert_eq!(scene.heard(two.presence), ["notes-changed"]);
    scene.handle(Input::MembersChanged(ada.household));
    assert_eq!(scene.heard(one.presence), ["members-changed"]);
    assert_eq!(scene.heard(two.presence), ["members-changed"]);
    assert!(scene.heard(other.presence).is_empty() && scene.heard(caller).is_empty());
}
