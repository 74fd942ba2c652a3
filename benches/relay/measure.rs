//! One measurement: calls are set up, packets flow, the server's CPU time is read before and after.

use std::io;
use std::time::{Duration, Instant};

use crate::client::{Clients, Step};
use crate::load::{Framing, Load};
use crate::servers::Server;
use crate::traffic::Traffic;
use crate::wire;

/// What one round found.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// With how many calls: fewer than asked for where the server cannot have more.
    pub calls: usize,
    pub packets: u64,
    pub lost: u64,
    pub cpu: Duration,
    pub wall: Duration,
    /// From sending to receiving, of every packet, in microseconds.
    pub latencies: Vec<f64>,
    pub memory_per_allocation: f64,
    pub allocations_per_second: f64,
    pub allocations_per_cpu_second: f64,
}

/// Measures; `rate` is in packets per second, `None` as fast as the server goes.
pub fn run(server: &Server, load: &Load, rate: Option<f64>) -> io::Result<Sample> {
    let calls = load.calls.min(server.most_calls(load));
    let (process, address) = server.start(load, calls)?;
    let mut wire = wire::open(load.transport, address, calls * 2)?;
    let mut clients = Clients::new(server.clone(), calls * 2);
    let (memory, cpu, began) = (process.memory(), process.cpu(), Instant::now());
    if server.is_turn() {
        clients.all(Step::Challenge, &mut *wire)?;
        clients.all(Step::Allocate, &mut *wire)?;
    }
    let (setup, setup_cpu) = (began.elapsed(), process.cpu() - cpu);
    if server.is_turn() {
        clients.all(if load.framing == Framing::Send { Step::Permit } else { Step::Bind }, &mut *wire)?;
    }
    let mut traffic = Traffic::new(wire, &clients, calls * 2, load);
    traffic.run(rate, load.duration / 5);
    traffic.settle();
    traffic.reset();
    let (cpu, began) = (process.cpu(), Instant::now());
    traffic.run(rate, load.duration);
    let (cpu, wall) = (process.cpu() - cpu, began.elapsed());
    // What arrives from now on was relayed in time that is not counted, but it is not lost.
    let packets = traffic.received;
    traffic.settle();
    // Who knows no allocations makes none.
    let allocations = if server.is_turn() { (calls * 2) as f64 } else { f64::NAN };
    Ok(Sample {
        calls,
        packets,
        lost: traffic.sent.saturating_sub(traffic.received),
        cpu,
        wall,
        memory_per_allocation: process.memory().saturating_sub(memory) as f64 / allocations,
        allocations_per_second: allocations / setup.as_secs_f64(),
        allocations_per_cpu_second: allocations / setup_cpu.as_secs_f64().max(1e-9),
        latencies: traffic.latencies,
    })
}
