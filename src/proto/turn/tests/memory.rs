//! What the machine keeps, counted by the allocator: exact, whatever else is running.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::testing::{ALLOCATE, Caller, REFRESH, UDP_RELAY, World, channel_data, send};

/// The system's allocator, and what this thread has taken and given back.
struct Counting;

thread_local! {
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

#[global_allocator]
static COUNTING: Counting = Counting;

// SAFETY: every call goes to `System` unchanged; the counters are plain cells of the calling thread without
// destructors, so touching them neither allocates nor fails while a thread ends.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = TAKEN.try_with(|taken| taken.set(taken.get() + 1));
        let _ = LIVE.try_with(|live| live.set(live.get() + layout.size() as isize));
        // SAFETY: the caller keeps the contract of `alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = LIVE.try_with(|live| live.set(live.get() - layout.size() as isize));
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn live() -> isize {
    LIVE.with(Cell::get)
}

fn taken() -> usize {
    TAKEN.with(Cell::get)
}

/// A source among millions.
fn source(n: u32) -> FiveTuple {
    let ip: IpAddr = if n.is_multiple_of(2) {
        Ipv4Addr::from(0x0B00_0000 + n).into()
    } else {
        Ipv6Addr::from((0x2A00 << 112) | (u128::from(n) << 64)).into()
    };
    FiveTuple::Udp {
        peer: SocketAddr::new(ip, 1024 + (n % 60_000) as u16),
        local: Ipv4Addr::LOCALHOST.into(),
        listener: 0,
    }
}

#[test]
fn forwarding_allocates_nothing() {
    let mut world = World::with(|limits| limits.bits_per_second = None);
    world.admit("call");
    let (a, b) = (Caller::new(&mut world, "call-0", 1), Caller::new(&mut world, "call-1", 2));
    let (at_a, at_b) = (a.allocate(&mut world), b.allocate(&mut world));
    assert_eq!((a.bind(&mut world, 0x4000, at_b), b.permit(&mut world, at_a)), (0, 0));
    let (channel, indication) = (channel_data(0x4000, &[1; 172]), send(at_a, &[2; 172]));
    let foreign = channel_data(0x4444, &[1; 172]);
    let before = taken();
    for _ in 0..1000 {
        assert!(world.server.forward(&a.client, &channel, world.now).is_ok(), "ChannelData to Data");
        assert!(world.server.forward(&b.client, &indication, world.now).is_ok(), "Send to ChannelData");
        assert!(world.server.forward(&a.client, &foreign, world.now).is_err());
    }
    assert_eq!(taken(), before);
}

#[test]
fn two_hundred_thousand_strangers_leave_nothing_behind() {
    let mut world = World::new();
    let request = world.build(ALLOCATE, &[UDP_RELAY]).raw;
    for n in 0..1000 {
        world.packet(source(n), &request);
    }
    let before = live();
    for n in 1000..201_000 {
        assert!(world.packet(source(n), &request).is_some());
    }
    let grown = live() - before;
    assert!(grown < 64 << 10, "{grown} bytes");
}

#[test]
fn allocating_and_releasing_for_ever_keeps_memory_flat() {
    // `RELAY_CYCLES=1000000 cargo test --profile quick` runs the long version.
    let cycles: u32 = std::env::var("RELAY_CYCLES").map_or(20_000, |n| n.parse().unwrap());
    let mut world = World::new();
    world.admit("call");
    let caller = Caller::new(&mut world, "call-0", 1);
    let cycle = |world: &mut World| {
        caller.allocate(world);
        assert_eq!(caller.ask(world, REFRESH, &[(0x000D, &[0; 4])]).0, 0);
        world.gone.clear();
    };
    for _ in 0..100 {
        cycle(&mut world);
    }
    let before = live();
    for _ in 0..cycles {
        cycle(&mut world);
    }
    let grown = live() - before;
    assert!(grown.abs() < 4096, "{grown} bytes after {cycles} cycles");
}

#[test]
fn thousands_of_calls_cost_little_each_and_nothing_when_they_are_over() {
    let mut world = World::new();
    let before = live();
    let calls: Vec<_> = (0..2000).map(|n| world.admit(&format!("call{n}"))).collect();
    let mut callers = 0;
    let allocating = live();
    for n in 0..calls.len() {
        for side in 0..2 {
            let client = source((n * 2 + side) as u32);
            let caller = Caller::at(&mut world, &format!("call{n}-{side}"), client);
            let peer = caller.allocate(&mut world);
            assert_eq!(caller.bind(&mut world, 0x4000, peer), 0);
            callers += 1;
        }
    }
    let each = (live() - allocating) / callers;
    assert!(each <= 2048, "{each} bytes for an allocation");
    for call in calls {
        world.revoke(call);
    }
    world.gone = Vec::new();
    let left = live() - before;
    assert!(left < 256 << 10, "{left} bytes are left");
}
