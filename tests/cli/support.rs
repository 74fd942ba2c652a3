//! The real binary, in directories of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command as AsyncCommand;

pub fn callqr(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callqr"));
    command.current_dir(directory).args(words);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("CALLQR_")) {
        command.env_remove(name);
    }
    command
}

pub fn output(directory: &Path, words: &[&str]) -> Output {
    callqr(directory, words).output().unwrap()
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// What a command said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// What it said to a program.
    pub fn json(&self) -> Value {
        serde_json::from_str(if self.code == 0 { &self.out } else { &self.err }).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self { code: output.status.code().unwrap_or(-1), out: text(&output.stdout), err: text(&output.stderr) }
    }
}

/// Gives a command about the appliance whose files are in `data`.
pub async fn say(data: &Path, words: &[&str]) -> Said {
    say_with(data, words, "").await
}

/// The same, with this on standard input.
pub async fn say_with(data: &Path, words: &[&str], input: &str) -> Said {
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = AsyncCommand::from(callqr(elsewhere.path(), words));
    command.args([OsStr::new("--data-dir"), data.as_os_str()]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that does not read is no fault of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes()).await;
    child.wait_with_output().await.unwrap().into()
}

/// A started appliance, killed when dropped.
pub struct Started {
    child: Child,
    pub welcome: String,
}

impl Started {
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut welcome = String::new();
        let mut lines = BufReader::new(child.stdout.as_mut().unwrap());
        while !welcome.contains("Press Ctrl-C to stop.") {
            assert_ne!(lines.read_line(&mut welcome).unwrap(), 0, "it ended: {welcome}");
        }
        Self { child, welcome }
    }

    pub fn port(&self) -> u16 {
        let url = self.welcome.lines().find_map(|line| line.split("https://localhost:").nth(1)).unwrap();
        url.split('/').next().unwrap().trim().parse().unwrap()
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends SIGTERM, and gives what was logged.
    pub fn stop(self) -> String {
        self.stop_by("TERM")
    }

    /// Sends a signal that ends it, and gives what was logged.
    pub fn stop_by(mut self, signal: &str) -> String {
        let kill = Command::new("kill").args(["-s", signal, &self.child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert!(self.child.wait().unwrap().success(), "SIG{signal} is a wish, not a failure");
        let mut log = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
