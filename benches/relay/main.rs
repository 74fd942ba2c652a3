//! What the relay costs per packet, beside other relays and beside a bare loop: `make bench-relay`.
//!
//! Every server is a process of its own on one core; the clients are this process on another. Servers take turns, round
//! by round, and the medians count. `BENCH_ROUNDS`, `BENCH_SECONDS`, `BENCH_CALLS`, `BENCH_ONLY` (a part of a load's name)
//! and `BENCH_SERVERS` (parts of servers' names, with commas) change how much is measured; `BENCH_COTURN` and
//! `BENCH_TURN_SERVER` name programs to compare with.
#![allow(missing_docs, clippy::unwrap_used)]

mod bare;
mod client;
mod instructions;
mod load;
mod measure;
mod plot;
mod process;
mod report;
mod serve;
mod servers;
mod traffic;
mod wire;

use std::time::Duration;

use load::{Framing, Load, Pace};
use report::Report;
use servers::Server;
use wire::Transport;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |flag: &str| arguments.iter().position(|a| a == flag).map(|at| &arguments[at + 1..]);
    if let Some([what, calls, address, ..]) = after("--serve") {
        return serve::serve(what, calls.parse().unwrap(), address.parse().unwrap());
    }
    if let Some([what, packets, ..]) = after("--forward") {
        return instructions::forward(what, packets.parse().unwrap());
    }
    if after("--instructions").is_some() {
        return instructions::check();
    }
    process::pin_to(0);
    let setting = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.into());
    let (mut servers, missing) = Server::all();
    for missing in missing {
        println!("not compared: {missing}");
    }
    let wanted = setting("BENCH_SERVERS", "");
    servers.retain(|server| wanted.split(',').any(|part| server.name().contains(part)));
    let rounds: usize = setting("BENCH_ROUNDS", "5").parse().unwrap();
    let duration = Duration::from_secs_f64(setting("BENCH_SECONDS", "1.0").parse().unwrap());
    let calls: Vec<usize> =
        setting("BENCH_CALLS", "10,100,1000,10000").split(',').map(|n| n.parse().unwrap()).collect();
    let only = setting("BENCH_ONLY", "");
    let mut report = Report::default();
    for load in loads(&calls, duration).into_iter().filter(|load| load.name().contains(&only)) {
        for round in 0..rounds {
            for server in servers.iter().filter(|server| server.can(&load)) {
                let rate = match load.pace {
                    Pace::FlatOut => None,
                    Pace::PerSecond(rate) => Some(rate as f64),
                    Pace::Half => report.packets_per_cpu_second(server.name(), &load.flat_out()).map(|most| most / 2.0),
                };
                if load.pace == Pace::Half && rate.is_none() {
                    continue;
                }
                match measure::run(server, &load, rate) {
                    Ok(sample) => report.add(server.name(), &load, sample),
                    Err(error) => eprintln!("{} with {}: {error}", server.name(), load.name()),
                }
            }
            eprint!("\r{} round {} of {rounds}   ", load.name(), round + 1);
        }
        eprintln!();
        report.print(&load);
    }
    report.write("target/bench-relay");
    instructions::print();
}

/// What is measured: flat out for the cost of a packet, paced for what sleeping and waking costs, and half a load for
/// the latency under it.
fn loads(calls: &[usize], duration: Duration) -> Vec<Load> {
    let voice = |transport, framing, pace, calls| {
        let size = if framing == Framing::Trains { 1200 } else { 172 };
        Load { transport, framing, pace, calls, size, duration }
    };
    let mut loads = Vec::new();
    for framing in [Framing::ChannelData, Framing::Send, Framing::Trains] {
        loads.extend(calls.iter().map(|&calls| voice(Transport::Udp, framing, Pace::FlatOut, calls)));
    }
    for transport in [Transport::Tcp, Transport::Tls] {
        // A connection is a file on both sides.
        let calls = calls.iter().filter(|&&calls| calls <= 1000);
        loads.extend(calls.map(|&calls| voice(transport, Framing::ChannelData, Pace::FlatOut, calls)));
    }
    let half = [100, 1000].into_iter().filter(|half| calls.contains(half));
    loads.extend(half.map(|calls| voice(Transport::Udp, Framing::ChannelData, Pace::Half, calls)));
    // A call at voice's pace is 50 packets a second each way.
    for rate in [1_000, 5_000, 20_000, 50_000] {
        loads.push(voice(Transport::Udp, Framing::ChannelData, Pace::PerSecond(rate), (rate / 100) as usize));
    }
    for transport in [Transport::Tcp, Transport::Tls] {
        loads.push(voice(transport, Framing::ChannelData, Pace::PerSecond(10_000), 100));
    }
    loads
}
