//! Machines that lack something: each test makes one, in namespaces of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::geteuid;
use serde_json::Value;

use super::support::{Started, callqr, text};

/// Longer than any of these tests waits for something to be noticed.
const LONG: Duration = Duration::from_secs(60);

/// Whether machines can be made here. `tests/all.sh` finds out, and says so in its summary where they can't.
fn can_make_machines() -> bool {
    let can = std::env::var_os("CALLQR_TESTS_WITHOUT_NAMESPACES").is_none();
    if !can {
        eprintln!("not run: namespaces are not allowed here");
    }
    can
}

/// The binary in a network of its own, which `set_up` prepares in a shell.
fn in_network(directory: &Path, set_up: &str, words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    if !geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let script = format!("set -e; ip link set lo up; {set_up}; exec \"$0\" \"$@\"");
    command.args(["--net", "sh", "-c", &script, env!("CARGO_BIN_EXE_callqr")]).args(words).current_dir(directory);
    command
}

/// A command in the network of `started`.
fn beside(started: &Started, directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--target", &started.id().to_string(), "--net"]);
    if !geteuid().is_root() {
        command.args(["--user", "--preserve-credentials"]);
    }
    command.arg("--").arg(env!("CARGO_BIN_EXE_callqr")).args(words).current_dir(directory);
    command
}

/// What `healthcheck` says once it says that all is well.
fn becomes_healthy(mut check: impl FnMut() -> Command) -> Value {
    let began = Instant::now();
    loop {
        let output = check().output().unwrap();
        let health: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if health["status"] == "healthy" {
            assert_eq!(output.status.code(), Some(0));
            return health;
        }
        assert!(began.elapsed() < LONG, "{} {}", text(&output.stdout), text(&output.stderr));
    }
}

#[test]
fn a_machine_without_ipv6_is_healthy_and_says_what_was_not_tested() {
    if !can_make_machines() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let without = "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6";
    let started = Started::start(&mut in_network(directory.path(), without, &["--listen", "[::]:8443"]));
    let health = becomes_healthy(|| beside(&started, directory.path(), &["healthcheck"]));
    assert_eq!(health["services"]["relay"], "healthy", "{health}");
    assert_eq!(health["details"]["relay"]["code"], "left-out", "{health}");
    assert!(health["details"]["relay"]["message"].as_str().unwrap().contains("IPv6"), "{health}");
    let log = started.stop();
    assert!(log.contains("leaves IPv6 out") && !log.contains("WARN"), "{log}");
}

#[test]
fn a_machine_whose_ipv4_is_nowhere_is_healthy_over_ipv6_alone() {
    if !can_make_machines() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let without = "ip -4 address flush dev lo";
    let started = Started::start(&mut in_network(directory.path(), without, &["--listen", "[::]:8443"]));
    let health = becomes_healthy(|| beside(&started, directory.path(), &["healthcheck"]));
    assert!(health["details"]["relay"]["message"].as_str().unwrap().contains("IPv4"), "{health}");
    started.stop();
}

#[test]
fn a_family_by_which_the_machine_does_not_reach_itself_is_left_out_though_it_has_addresses() {
    if !can_make_machines() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = "echo 1 >/proc/sys/net/ipv6/conf/lo/disable_ipv6; ip link add name near type veth peer name far; ip link set near up; ip link set far up; \
                     ip address add 2001:db8::5/64 dev near nodad";
    let started = Started::start(&mut in_network(directory.path(), elsewhere, &["--listen", "[::]:8443"]));
    let health = becomes_healthy(|| beside(&started, directory.path(), &["healthcheck"]));
    assert_eq!(health["details"]["relay"]["code"], "left-out", "{health}");
    started.stop();
}

/// The binary with a small disk of its own under `data`.
fn on_small_disk(directory: &Path, words: &[&str]) -> Command {
    on_small_disk_with(directory, ":", words)
}

/// The same, with something on it.
fn on_small_disk_with(directory: &Path, set_up: &str, words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    if !geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    if is_chroot() {
        // There, `/` is no mount that could be made private; what is mounted below it stays in the namespace as well.
        command.args(["--propagation", "unchanged"]);
    }
    let script =
        format!("set -e; mkdir -p data; mount -t tmpfs -o size=4m,mode=700 disk data; {set_up}; exec \"$0\" \"$@\"");
    command.args(["--mount", "sh", "-c", &script, env!("CARGO_BIN_EXE_callqr")]).args(words).current_dir(directory);
    command
}

/// Whether `/` is a folder of another file system, not a mount.
fn is_chroot() -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
    !mounts.lines().any(|mount| mount.split(' ').nth(4) == Some("/"))
}

/// The disk of `started`, from outside of its namespace.
fn disk_of(started: &Started) -> PathBuf {
    format!("/proc/{}/cwd/data", started.id()).into()
}

/// What `healthcheck` says when it says `code` of the database, or nothing at all.
fn database_becomes(started: &Started, directory: &Path, code: Option<&str>) {
    let began = Instant::now();
    loop {
        // Asked over the port: the socket lies on the disk, which is not here.
        let output = callqr(directory, &["healthcheck", "--listen", &format!("127.0.0.1:{}", started.port())]).output();
        let health: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        let (condition, detail) = (&health["services"]["database"], &health["details"]["database"]["code"]);
        let expected = if code.is_some() { "degraded" } else { "healthy" };
        if condition == expected && detail.as_str() == code {
            return;
        }
        assert!(began.elapsed() < LONG, "{code:?}: {health}");
    }
}

#[test]
fn a_full_disk_is_told_of_and_calls_go_on_and_it_recovers_by_itself() {
    if !can_make_machines() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let started = Started::start(&mut on_small_disk(directory.path(), &["--listen", "127.0.0.1:0"]));
    database_becomes(&started, directory.path(), None);
    let filler = disk_of(&started).join("filler");
    let filled = std::fs::write(&filler, vec![0; 5 << 20]).unwrap_err();
    assert_eq!(filled.kind(), std::io::ErrorKind::StorageFull);
    database_becomes(&started, directory.path(), Some("disk-full"));
    std::fs::remove_file(&filler).unwrap();
    database_becomes(&started, directory.path(), None);
    let log = started.stop();
    assert_eq!(log.matches("\"code\":\"disk-full\"").count(), 1, "{log}");
    assert!(log.contains("the database can be written again"), "{log}");
}

#[test]
fn a_database_that_is_moved_away_is_noticed_before_anything_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    let started = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    let data = directory.path().join("data");
    std::fs::rename(data.join("callqr.db"), data.join("aside.db")).unwrap();
    database_becomes(&started, directory.path(), Some("database-moved"));
    let refused = callqr(directory.path(), &["invite", "new"]).output().unwrap();
    assert!(text(&refused.stderr).contains("put callqr.db back"), "{}", text(&refused.stderr));
    std::fs::rename(data.join("aside.db"), data.join("callqr.db")).unwrap();
    database_becomes(&started, directory.path(), None);
    started.stop();
}

#[test]
fn a_disk_that_is_full_at_the_start_is_the_cause_that_is_named() {
    if !can_make_machines() {
        return;
    }
    for (filler, what) in [("4m", "all of it"), ("3900k", "all but some pages")] {
        let directory = tempfile::tempdir().unwrap();
        // An appliance that has been there, and whose disk has filled up since.
        Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"])).stop();
        std::fs::rename(directory.path().join("data"), directory.path().join("kept")).unwrap();
        let set_up = format!("cp -a kept/. data/; head -c {filler} /dev/zero >data/filler || true");
        let refused = on_small_disk_with(directory.path(), &set_up, &["--listen", "127.0.0.1:0"]).output().unwrap();
        let told = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{what}: {told}");
        assert!(told.contains("full") || told.contains("No space left"), "{what}: {told}");
        assert!(told.contains("space") && !told.contains("backup"), "{what}: {told}");
    }
}
