//! What the relay costs per packet, beside coturn and beside a bare loop: `make bench-relay`.
//!
//! Every server is a process of its own on one core; the clients are this process on another. Servers take turns, round
//! by round, and the medians count. `BENCH_ROUNDS`, `BENCH_SECONDS` and `BENCH_CALLS` change how much is measured.
#![allow(missing_docs, clippy::unwrap_used)]

mod bare;
mod client;
mod instructions;
mod load;
mod plot;
mod process;
mod report;
mod servers;

use std::time::Duration;

use load::Load;
use report::Report;
use servers::Server;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|a| a == "--serve") {
        return servers::serve(&arguments[at + 1], arguments[at + 2].parse().unwrap());
    }
    if let Some(at) = arguments.iter().position(|a| a == "--forward") {
        return instructions::forward(&arguments[at + 1], arguments[at + 2].parse().unwrap());
    }
    instructions::print();
    process::pin_to(0);
    let number = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.into());
    let rounds: usize = number("BENCH_ROUNDS", "5").parse().unwrap();
    let duration = Duration::from_secs_f64(number("BENCH_SECONDS", "1.0").parse().unwrap());
    let calls: Vec<usize> = number("BENCH_CALLS", "10,100,1000").split(',').map(|n| n.parse().unwrap()).collect();
    let mut report = Report::default();
    for load in loads(&calls, duration) {
        for round in 0..rounds {
            for server in Server::all() {
                if !server.can(&load) {
                    continue;
                }
                match load::run(server, &load) {
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
}

/// What is measured: flat out for the cost of a packet, paced for what sleeping and waking costs, and the latency.
fn loads(calls: &[usize], duration: Duration) -> Vec<Load> {
    use load::{Framing, Pace};
    let mut loads = Vec::new();
    for &calls in calls {
        loads.push(Load { framing: Framing::ChannelData, pace: Pace::FlatOut, calls, size: 172, duration });
    }
    for framing in [Framing::Send, Framing::Trains] {
        let size = if framing == Framing::Trains { 1200 } else { 172 };
        loads.push(Load { framing, pace: Pace::FlatOut, calls: 100, size, duration });
    }
    for rate in [1_000, 5_000, 20_000, 50_000] {
        let calls = (rate / 100) as usize;
        loads.push(Load { framing: Framing::ChannelData, pace: Pace::PerSecond(rate), calls, size: 172, duration });
    }
    let wanted = std::env::var("BENCH_ONLY").unwrap_or_default();
    loads.retain(|load| load.name().contains(&wanted));
    loads
}
