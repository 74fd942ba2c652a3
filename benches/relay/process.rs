//! Processes: pinning, and the CPU time and memory of a child.

use std::io;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A child that is ended when dropped.
pub struct Process(Child);

impl Process {
    /// Starts a command on one core.
    pub fn start(core: usize, command: &[String]) -> io::Result<Self> {
        let mut pinned = Command::new("taskset");
        pinned.args(["-c", &core.to_string()]).args(command).stdin(Stdio::null()).stdout(Stdio::null());
        Ok(Self(pinned.stderr(Stdio::null()).spawn()?))
    }

    /// CPU time of all threads so far, from the scheduler's own clock.
    pub fn cpu(&self) -> Duration {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap();
        let of_task = |task: std::io::Result<std::fs::DirEntry>| -> u64 {
            let text = std::fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap_or_default();
            text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
        };
        Duration::from_nanos(tasks.map(of_task).sum())
    }

    /// Resident memory in bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0");
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or(0) * 1024
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Keeps this process, and the threads that it starts from now on, on one core.
pub fn pin_to(core: usize) {
    let pid = std::process::id().to_string();
    let done = Command::new("taskset").args(["-a", "-c", "-p", &core.to_string(), &pid]).stdout(Stdio::null()).status();
    assert!(done.is_ok_and(|status| status.success()), "taskset (util-linux) is needed");
    // Many clients are many connections.
    let all = Command::new("prlimit").args(["--pid", &pid, "--nofile=65536:65536"]).stderr(Stdio::null()).status();
    drop(all);
}

/// What was measured on.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpus = read("/proc/cpuinfo");
    // This process is kept on one of them, so the system's own count would be one.
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let model = cpus.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    format!("Linux {}, {cores} cores, {model}", read("/proc/sys/kernel/osrelease").trim())
}
