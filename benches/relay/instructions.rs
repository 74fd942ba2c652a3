//! Instructions per forwarded packet, counted by callgrind: a figure that a noisy machine cannot blur.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callqr::proto::turn::address::{CallNumber, Family};
use callqr::proto::turn::data_plane::DataPlane;
use callqr::proto::turn::five_tuple::FiveTuple;
use callqr::proto::turn::meter::{Meters, Rate};
use callqr::proto::turn::view::{AllocationView, CallView, Channel, Update};

const PACKETS: u64 = 20_000;
const CALLS: u32 = 1000;

/// What is forwarded, what it is called, and the instructions that one packet takes (profile `quick`: optimised, without
/// link-time optimisation; x86-64). Who makes a packet cheaper lowers its figure; who makes it dearer argues for it.
const FIGURES: [(&str, &str, f64); 2] =
    [("channel", "ChannelData to ChannelData", 869.0), ("send", "Send to Data", 1037.0)];
/// By how much a figure may be exceeded: compilers and C libraries differ by about so much.
const TOLERANCE: f64 = 1.03;

/// Prints the figures, or why there are none.
pub fn print() {
    for (what, name, _) in FIGURES {
        match per_packet(what) {
            Some(counted) => println!("{name}: {counted:.0} instructions"),
            None => return println!("instructions per packet: valgrind is not installed"),
        }
    }
}

/// Ends the process with an error when a packet takes more instructions than are committed here.
pub fn check() {
    let mut dearer = false;
    for (what, name, figure) in FIGURES {
        let counted = per_packet(what).expect("valgrind is needed: apt-get install valgrind");
        let most = figure * TOLERANCE;
        println!("{name}: {counted:.0} instructions; at most {most:.0}");
        dearer |= counted > most;
    }
    if dearer {
        eprintln!("A forwarded packet takes more instructions than benches/relay/instructions.rs allows.");
        std::process::exit(1);
    }
}

/// Instructions for one packet: what twenty thousand add to none.
fn per_packet(what: &str) -> Option<f64> {
    Some((count(what, PACKETS)? - count(what, 0)?) as f64 / PACKETS as f64)
}

/// Instructions of this program when it forwards so many packets.
fn count(what: &str, packets: u64) -> Option<u64> {
    let this = std::env::current_exe().ok()?;
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(this);
    let output = command.args(["--forward", what, &packets.to_string()]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let collected = text.lines().find_map(|line| line.split_once("Collected :"))?.1;
    collected.trim().parse().ok()
}

/// Forwards packets of many calls in turn, as a shard does, without any socket.
pub fn forward(what: &str, packets: u64) {
    let (now, payload) = (Instant::now(), [0xAA; 172]);
    let mut switch = DataPlane::new(1);
    for call in 0..CALLS {
        switch.update(Update::Changed(Arc::new(view(call, now, what == "channel"))));
    }
    let mut out = Vec::with_capacity(2048);
    for n in 0..packets {
        let (call, side) = ((n / 2) as u32 % CALLS, (n % 2) as usize);
        let (channel_data, send) = (channel_data(&payload), send(call, side, &payload));
        let packet = if what == "channel" { &channel_data[..] } else { &send };
        let forward = switch.forward(&client(call, side), packet, now).unwrap();
        out.clear();
        forward.write_to(&mut out);
        assert!(out.len() >= payload.len());
    }
}

fn client(call: u32, side: usize) -> FiveTuple {
    let peer = SocketAddr::from((Ipv4Addr::from(0x0A00_0000 + call), 4000 + side as u16));
    FiveTuple::Udp { peer, local: IpAddr::V4(Ipv4Addr::LOCALHOST), listener: 0 }
}

fn view(call: u32, now: Instant, bound: bool) -> CallView {
    let end = now + Duration::from_secs(600);
    let leg = |side: usize| AllocationView {
        client: client(call, side),
        side,
        slot: side as u8,
        port: 50_000 + side as u16,
        families: [true, false],
        expires: end,
        permissions: [Some(end), None],
        channels: if bound {
            vec![Channel { number: 0x4000, family: Family::V4, port: 50_001 - side as u16, expires: end }]
        } else {
            Vec::new()
        },
    };
    let rate = Rate::new(1 << 40, Duration::from_secs(10));
    let meters = Arc::new(Meters::new(now, Some(rate), Some(u64::MAX / 2), 16));
    CallView { call: CallNumber(call), legs: vec![leg(0), leg(1)], meters }
}

fn channel_data(payload: &[u8; 172]) -> [u8; 176] {
    let mut packet = [0; 176];
    packet[..4].copy_from_slice(&[0x40, 0, 0, 172]);
    packet[4..].copy_from_slice(payload);
    packet
}

fn send(call: u32, side: usize, payload: &[u8; 172]) -> [u8; 208] {
    let mut packet = [0; 208];
    packet[..8].copy_from_slice(&[0, 0x16, 0, 188, 0x21, 0x12, 0xA4, 0x42]);
    packet[20..24].copy_from_slice(&[0, 0x12, 0, 8]);
    packet[25] = 1;
    packet[26..28].copy_from_slice(&((50_001 - side as u16) ^ 0x2112).to_be_bytes());
    let IpAddr::V4(peer) = CallNumber(call).ip(Family::V4) else { return packet };
    packet[28..32].copy_from_slice(&(u32::from(peer) ^ 0x2112_A442).to_be_bytes());
    packet[32..36].copy_from_slice(&[0, 0x13, 0, 172]);
    packet[36..].copy_from_slice(payload);
    packet
}
