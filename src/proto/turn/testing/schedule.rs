//! The whole machine under a random schedule of inputs and clock steps, next to a model of what RFC 8656 promises.
//!
//! Bytes choose what happens, so that a fuzzer can steer; the model is written from the RFC, without the machine's
//! tables, and says of every packet whether it must go through.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::domain::ids::CallId;
use crate::proto::stun::message::Received;
use crate::proto::turn::control::Input;
use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::testing::{
    ALLOCATE, CHANNEL_BIND, CREATE_PERMISSION, Caller, REFRESH, UDP_RELAY, World, channel_data, code, relayed, send,
    udp, xor,
};

const CALLS: usize = 3;
const CLIENTS: u8 = 8;
/// Fewer than a participant may wish for, so that allocations have to make room.
const QUOTA: usize = 2;

#[derive(Debug, Clone)]
struct Allocation {
    user: (usize, usize),
    address: SocketAddr,
    expires: Instant,
    permission: Option<Instant>,
    channels: HashMap<u16, (SocketAddr, Instant)>,
    /// When its client last sent media, and when in the schedule it was made.
    active: (Instant, usize),
}

/// What must be true outside.
struct Model {
    admitted: [Option<Instant>; CALLS],
    allocations: HashMap<FiveTuple, Allocation>,
}

impl Model {
    fn live(&self, client: &FiveTuple, now: Instant) -> Option<&Allocation> {
        self.allocations.get(client).filter(|a| now < a.expires && self.admitted[a.user.0].is_some_and(|end| now < end))
    }

    /// To whom a packet from `client` to `peer` must go.
    fn target(&self, client: &FiveTuple, peer: SocketAddr, now: Instant) -> Option<FiveTuple> {
        let permits = |a: &Allocation| a.permission.is_some_and(|until| now < until);
        let from = self.live(client, now).filter(|from| permits(from))?;
        let (to, _) = self
            .allocations
            .iter()
            .find(|(to, a)| a.address == peer && a.user.0 == from.user.0 && self.live(to, now).is_some_and(permits))?;
        Some(*to)
    }

    /// Forgets the allocation that must make room for one more of this participant's.
    fn make_room(&mut self, user: (usize, usize)) {
        let own = || self.allocations.iter().filter(|(_, a)| a.user == user);
        let silent = own().min_by_key(|(_, a)| (a.active.0, std::cmp::Reverse(a.active.1))).map(|(client, _)| *client);
        if let Some(silent) = silent.filter(|_| own().count() >= QUOTA) {
            self.allocations.remove(&silent);
        }
    }

    fn forget_dead(&mut self, now: Instant) {
        for end in &mut self.admitted {
            *end = end.filter(|end| now < *end);
        }
        let admitted = self.admitted;
        self.allocations.retain(|_, a| now < a.expires && admitted[a.user.0].is_some());
    }
}

/// Runs the schedule that these bytes describe.
///
/// # Panics
/// When the machine and the model disagree.
pub fn run(bytes: &[u8]) {
    let mut world = World::with(|limits| {
        (limits.bits_per_second, limits.bytes_per_call) = (None, None);
        limits.allocations_per_participant = QUOTA;
    });
    let mut model = Model { admitted: [None; CALLS], allocations: HashMap::new() };
    let mut nonces: HashMap<FiveTuple, String> = HashMap::new();
    for (number, step) in bytes.chunks_exact(4).enumerate() {
        let client = client(step[1] % CLIENTS);
        let user = (usize::from(step[2]) % CALLS, usize::from(step[2] >> 4) % 2);
        match step[0] % 12 {
            0 => {
                let lifetime = 30 + u64::from(step[3]) * 10;
                world.admit_for(&name(user.0), call_id(user.0), lifetime);
                model.admitted[user.0] = Some(world.now + Duration::from_secs(lifetime));
            }
            1 if step[3] < 64 => {
                world.revoke(call_id(user.0));
                model.admitted[user.0] = None;
            }
            2 => world.pass([1, 10, 59, 290, 300, 310, 599, 600][usize::from(step[3]) % 8]),
            3 => {
                // The clock moves and nobody calls: deadlines must hold all the same.
                world.now += Duration::from_secs(u64::from(step[3]));
            }
            4 if client.is_stream() && step[3] < 64 => {
                world.server.handle(Input::Closed(client), world.now);
                while world.server.poll_output().is_some() {}
                model.allocations.remove(&client);
            }
            5 | 6 => media(&mut world, &mut model, client, step),
            kind => request(&mut world, &mut model, &mut nonces, client, user, kind, (number, step)),
        }
        model.forget_dead(world.now);
        check(&mut world, &model);
    }
    for call in 0..CALLS {
        world.revoke(call_id(call));
    }
    let counts = world.server.control().counts();
    assert_eq!((counts.calls, counts.allocations, world.server.switch().clients()), (0, 0, 0), "nothing is left");
    assert_eq!(world.server.poll_timeout(), None);
}

fn client(n: u8) -> FiveTuple {
    let udp = udp(n + 1);
    if n % 4 == 3 { FiveTuple::Stream { id: n.into(), peer: udp.peer() } } else { udp }
}

fn name(call: usize) -> String {
    format!("call{call}")
}

fn call_id(call: usize) -> CallId {
    CallId::from_bytes([call as u8 + 1; 16])
}

/// One of the addresses that matter: somebody's, or nobody's.
fn peer(model: &Model, choice: u8) -> SocketAddr {
    let mut known: Vec<SocketAddr> = model.allocations.values().map(|a| a.address).collect();
    known.sort();
    match usize::from(choice) % (known.len() + 2) {
        n if n < known.len() => known[n],
        n if n == known.len() => "198.18.7.7:50000".parse().unwrap_or(SocketAddr::from(([198, 18, 7, 7], 50_000))),
        _ => SocketAddr::new(IpAddr::from([127, 0, 0, 1]), 22),
    }
}

fn media(world: &mut World, model: &mut Model, client: FiveTuple, step: &[u8]) {
    let payload = &step[1..];
    let (packet, target) = if step[0] % 12 == 5 {
        let peer = peer(model, step[2]);
        (send(peer, payload), model.target(&client, peer, world.now))
    } else {
        let number = 0x4000 + u16::from(step[2] % 4);
        let channels = model.live(&client, world.now).map(|a| &a.channels);
        let bound = channels.and_then(|c| c.get(&number)).filter(|(_, until)| world.now < *until);
        (channel_data(number, payload), bound.and_then(|(peer, _)| model.target(&client, *peer, world.now)))
    };
    match (world.media(client, &packet), target) {
        (Ok((to, bytes)), Some(target)) => {
            assert_eq!(to, target);
            assert!(bytes.windows(payload.len()).any(|window| window == payload), "the payload is in it");
            let from = model.allocations[&client].address;
            let channels = &model.allocations[&to].channels;
            let bound = channels.iter().find(|(_, (peer, until))| *peer == from && world.now < *until);
            let begins = bound.map_or([0x00, 0x17], |(number, _)| number.to_be_bytes());
            assert_eq!(bytes[..2], begins, "ChannelData where the receiver has bound one, else a Data indication");
            if let Some(allocation) = model.allocations.get_mut(&client) {
                allocation.active.0 = world.now;
            }
        }
        (Err(_), None) => {}
        (got, expected) => panic!("went to {got:?} instead of {expected:?}"),
    }
}

fn request(
    world: &mut World,
    model: &mut Model,
    nonces: &mut HashMap<FiveTuple, String>,
    client: FiveTuple,
    user: (usize, usize),
    kind: u8,
    (number_of_step, step): (usize, &[u8]),
) {
    let caller = Caller {
        nonce: nonces.get(&client).cloned().unwrap_or_default(),
        ..Caller::known(&format!("{}-{}", name(user.0), user.1), client)
    };
    let peer = peer(model, step[3]);
    let peer_value = xor(world, peer);
    let number = 0x4000 + u16::from(step[3] >> 6);
    let number_value = [number.to_be_bytes(), [0, 0]].concat();
    let (method, attributes): (_, Vec<(u16, &[u8])>) = match kind {
        7 | 8 => (ALLOCATE, vec![UDP_RELAY]),
        9 => (REFRESH, if step[3] < 64 { vec![(0x000D, &[0; 4])] } else { vec![] }),
        10 => (CREATE_PERMISSION, vec![(0x0012, &peer_value)]),
        _ => (CHANNEL_BIND, vec![(0x000C, &number_value), (0x0012, &peer_value)]),
    };
    let request = caller.protect(world.build(method, &attributes));
    let Some(answer) = world.packet(client, &request) else { panic!("a request is answered") };
    let now = world.now;
    let existing = model.live(&client, now).cloned();
    let owned = existing.as_ref().is_some_and(|a| a.user == user);
    let message = match Received::parse(&answer) {
        Ok(received) => received.message,
        Err(error) => panic!("an answer is well-formed: {error:?}"),
    };
    match code(&answer) {
        401 | 438 => {
            let nonce = message.get(stun::attributes::ATTR_NONCE).unwrap_or_default();
            nonces.insert(client, String::from_utf8_lossy(&nonce).into_owned());
            if code(&answer) == 401 {
                assert!(model.admitted[user.0].is_none_or(|end| now >= end), "known credentials are accepted");
            }
        }
        _ if model.admitted[user.0].is_none_or(|end| now >= end) => panic!("unknown credentials are not"),
        0 if method == ALLOCATE => {
            assert!(existing.is_none(), "one allocation for a client");
            model.make_room(user);
            let address = relayed(&message);
            assert!(model.allocations.values().all(|a| a.address != address), "an address is one allocation's");
            let others = model.allocations.values().filter(|a| model.admitted[a.user.0].is_some());
            assert!(
                others.into_iter().all(|a| (a.address.ip() == address.ip()) == (a.user.0 == user.0)),
                "one IP, one call"
            );
            let expires = now + Duration::from_secs(600);
            let (channels, active) = (HashMap::new(), (now, number_of_step));
            model.allocations.insert(client, Allocation { user, address, expires, permission: None, channels, active });
        }
        0 => {
            assert!(owned, "only the owner changes an allocation");
            let Some(allocation) = model.allocations.get_mut(&client) else { return };
            match method {
                REFRESH if step[3] < 64 => drop(model.allocations.remove(&client)),
                REFRESH => allocation.expires = now + Duration::from_secs(600),
                _ => {
                    assert_eq!(peer.ip(), allocation.address.ip(), "only the call's own address is permitted");
                    allocation.permission = Some(now + Duration::from_secs(300));
                    if method == CHANNEL_BIND {
                        allocation.channels.retain(|_, (_, until)| now < *until);
                        let clash = allocation.channels.iter().any(|(n, (p, _))| (*n == number) != (*p == peer));
                        assert!(!clash, "a number and a peer belong together");
                        allocation.channels.insert(number, (peer, now + Duration::from_secs(600)));
                    }
                }
            }
        }
        437 if method == ALLOCATE => assert!(existing.is_some(), "mismatch only where there is one"),
        437 => assert!(existing.is_none(), "mismatch only without an allocation"),
        441 => assert!(existing.is_some() && !owned, "wrong credentials only for another's"),
        403 => assert!(
            owned && existing.is_some_and(|a| a.address.ip() != peer.ip()),
            "forbidden only for strange addresses"
        ),
        400 => assert!(method == CHANNEL_BIND && owned, "bad only for a channel in use"),
        other => panic!("an unexpected {other}"),
    }
}

/// What must be true at any time.
fn check(world: &mut World, model: &Model) {
    let deadline = world.server.poll_timeout();
    if deadline.is_some_and(|at| at <= world.now) {
        world.pass(0);
        assert!(world.server.poll_timeout().is_none_or(|at| at > world.now), "a deadline is dealt with once");
    }
    let counts = world.server.control().counts();
    assert_eq!(counts.calls, model.admitted.iter().flatten().count() as u64);
    assert_eq!(counts.allocations, model.allocations.len() as u64);
    assert_eq!(world.server.switch().clients(), model.allocations.len());
}
