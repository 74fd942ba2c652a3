//! Medians, as a table and as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::load::Load;
use crate::measure::Sample;
use crate::plot::{self, Bar};
use crate::process;

#[derive(Default)]
pub struct Report {
    samples: BTreeMap<(String, String), Vec<Sample>>,
    order: Vec<(String, String)>,
}

impl Report {
    pub fn add(&mut self, server: &str, load: &Load, sample: Sample) {
        let key = (load.name(), server.to_string());
        if !self.order.contains(&key) {
            self.order.push(key.clone());
        }
        self.samples.entry(key).or_default().push(sample);
    }

    /// What a server did flat out with a whole core, in the middle of all rounds.
    pub fn packets_per_cpu_second(&self, server: &str, load: &Load) -> Option<f64> {
        summary(self.samples.get(&(load.name(), server.to_string()))?)["packetsPerCpuSecond"].as_f64()
    }

    /// The table of one load.
    pub fn print(&self, load: &Load) {
        println!("\n{}", load.name());
        println!(
            "{:<24}{:>7}{:>11}{:>16}{:>12}{:>8}{:>8}{:>8}{:>8}{:>9}{:>9}{:>11}",
            "",
            "calls",
            "µs/packet",
            "(min-max)",
            "packets/s",
            "lost %",
            "p50 µs",
            "p99 µs",
            "p99.9",
            "B/alloc",
            "alloc/s",
            "per CPU s"
        );
        for key in self.order.iter().filter(|(name, _)| *name == load.name()) {
            let summary = summary(&self.samples[key]);
            let of = |name: &str| summary[name].as_f64().unwrap_or(f64::NAN);
            println!(
                "{:<24}{:>7}{:>11.2}{:>16}{:>12.0}{:>8.2}{:>8.0}{:>8.0}{:>8.0}{:>9.0}{:>9.0}{:>11.0}",
                key.1,
                of("calls"),
                of("microsecondsPerPacket"),
                format!("{:.2}-{:.2}", of("lowest"), of("highest")),
                of("packetsPerSecond"),
                of("lostPercent"),
                of("latencyP50"),
                of("latencyP99"),
                of("latencyP999"),
                of("bytesPerAllocation"),
                of("allocationsPerSecond"),
                of("allocationsPerCpuSecond"),
            );
        }
    }

    /// Writes everything as JSON into this folder.
    pub fn write(&self, folder: &str) {
        let results: Vec<Value> = self
            .order
            .iter()
            .map(|key| json!({ "load": key.0, "server": key.1, "result": summary(&self.samples[key]) }))
            .collect();
        std::fs::create_dir_all(folder).unwrap();
        let path = format!("{folder}/relay.json");
        std::fs::write(
            &path,
            serde_json::to_string_pretty(&json!({ "machine": process::machine(), "relay": results })).unwrap(),
        )
        .unwrap();
        println!("\n{path}");
        let picture = format!("{folder}/relay.svg");
        std::fs::write(&picture, plot::svg(&self.groups())).unwrap();
        println!("{picture}");
    }

    fn groups(&self) -> Vec<(String, Vec<Bar>)> {
        let mut groups: Vec<(String, Vec<Bar>)> = Vec::new();
        let mut servers: Vec<&String> = Vec::new();
        for key in &self.order {
            let summary = summary(&self.samples[key]);
            let values =
                ["lowest", "microsecondsPerPacket", "highest"].map(|name| summary[name].as_f64().unwrap_or(0.0));
            if !servers.contains(&&key.1) {
                servers.push(&key.1);
            }
            let colour = servers.iter().position(|server| **server == key.1).unwrap_or(0);
            let bar = Bar { server: key.1.clone(), colour, values };
            match groups.last_mut().filter(|(load, _)| *load == key.0) {
                Some((_, bars)) => bars.push(bar),
                None => groups.push((key.0.clone(), vec![bar])),
            }
        }
        groups
    }
}

fn summary(samples: &[Sample]) -> Value {
    let cost: Vec<f64> = samples.iter().map(|s| s.cpu.as_secs_f64() * 1e6 / s.packets.max(1) as f64).collect();
    let each = |value: &dyn Fn(&Sample) -> f64| median(samples.iter().map(value).collect());
    let latency = |share: f64| each(&|s| percentile(&s.latencies, share));
    json!({
        "calls": each(&|s| s.calls as f64),
        "microsecondsPerPacket": median(cost.clone()),
        "packetsPerCpuSecond": 1e6 / median(cost.clone()),
        "lowest": cost.iter().copied().fold(f64::INFINITY, f64::min),
        "highest": cost.iter().copied().fold(0.0, f64::max),
        "packetsPerSecond": each(&|s| s.packets as f64 / s.wall.as_secs_f64()),
        "cpuShare": each(&|s| s.cpu.as_secs_f64() / s.wall.as_secs_f64()),
        "lostPercent": each(&|s| 100.0 * s.lost as f64 / (s.packets + s.lost).max(1) as f64),
        "latencyP50": latency(0.5),
        "latencyP99": latency(0.99),
        "latencyP999": latency(0.999),
        "bytesPerAllocation": each(&|s| s.memory_per_allocation),
        "allocationsPerSecond": each(&|s| s.allocations_per_second),
        "allocationsPerCpuSecond": each(&|s| s.allocations_per_cpu_second),
        "rounds": samples.len(),
    })
}

fn median(values: Vec<f64>) -> f64 {
    percentile(&values, 0.5)
}

/// The value below which this share lies; not a number for no values.
fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * share) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
