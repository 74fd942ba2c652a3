//! Instructions per forwarded packet, counted by callgrind: a figure that a noisy machine cannot blur.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use callqr::proto::turn::address::{CallNumber, Family};
use callqr::proto::turn::client::Client;
use callqr::proto::turn::meter::{Meters, Rate};
use callqr::proto::turn::switch::Switch;
use callqr::proto::turn::view::{CallView, Channel, Leg, Update};

const PACKETS: u64 = 100_000;
const CALLS: u32 = 1000;

/// Prints the figures, or why there are none.
pub fn print() {
    for (what, name) in [("channel", "ChannelData to ChannelData"), ("send", "Send to Data")] {
        match (count(what, 0), count(what, PACKETS)) {
            (Some(none), Some(some)) => println!("{name}: {:.0} instructions", (some - none) as f64 / PACKETS as f64),
            _ => return println!("instructions per packet: valgrind is not installed"),
        }
    }
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
    let mut switch = Switch::new(1);
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

fn client(call: u32, side: usize) -> Client {
    let peer = SocketAddr::from((Ipv4Addr::from(0x0A00_0000 + call), 4000 + side as u16));
    Client::Udp { peer, local: IpAddr::V4(Ipv4Addr::LOCALHOST), listener: 0 }
}

fn view(call: u32, now: Instant, bound: bool) -> CallView {
    let end = now + Duration::from_secs(600);
    let leg = |side: usize| Leg {
        client: client(call, side),
        side,
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
    let meters = Arc::new(Meters::new(now, Some(rate), Some(u64::MAX / 2)));
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
