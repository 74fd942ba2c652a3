//! Starting, checking and stopping the appliance.

use std::net::{TcpListener, UdpSocket};
use std::process::{Command, Stdio};

use super::support::{Started, callqr, output, text};

#[test]
fn the_first_start_tells_what_to_do_next_and_the_second_again() {
    let directory = tempfile::tempdir().unwrap();
    let first = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    let link = |started: &Started| started.welcome.lines().find(|line| line.contains("/setup#")).unwrap().to_owned();
    assert!(first.welcome.contains("SHA-256 "), "{}", first.welcome);
    assert!(first.welcome.contains('█') || first.welcome.contains('▀'), "the link stands there as a QR code too");
    let wide: Vec<_> = first.welcome.lines().filter(|line| line.chars().count() > 80 && !line.contains('/')).collect();
    assert!(wide.is_empty(), "wider than a terminal: {wide:?}");
    let code = first.welcome.lines().filter(|line| line.contains(['█', '▀', '▄'])).count();
    assert!((15..=21).contains(&code), "with the three lines below it, the code fits into 24 lines: {code}");
    let data = directory.path().canonicalize().unwrap().join("data");
    assert!(data.is_dir());
    let line = first.welcome.lines().find(|line| line.trim_start().starts_with("Data")).unwrap();
    assert!(line.ends_with(&format!(" {}", data.display())), "{line}");
    let first_link = link(&first);
    let log = first.stop();
    assert!(!log.contains(first_link.split('#').nth(1).unwrap()), "the set-up token must not be logged");

    let second = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    assert_ne!(link(&second), first_link);
}

#[test]
fn a_reader_who_leaves_early_stops_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = callqr(directory.path(), &["print-config"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
}

#[test]
fn a_port_in_use_is_one_clear_message() {
    let directory = tempfile::tempdir().unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = tcp.local_addr().unwrap().to_string();
    let refused = output(directory.path(), &["--listen", &address]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("TCP port") && told.contains("in use") && told.contains("--listen"), "{told}");
    assert!(!told.contains("panicked"));

    // At an address of its own: tests beside this one may hold the TCP port of the same number.
    let udp = UdpSocket::bind("127.0.0.71:0").unwrap();
    let address = udp.local_addr().unwrap().to_string();
    let refused = output(directory.path(), &["--listen", &address]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("UDP port") && told.contains("in use"), "{told}");
}

#[test]
fn two_appliances_do_not_share_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let _first = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
    let refused = output(directory.path(), &["--listen", "127.0.0.1:0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("Another callqr is running"), "{}", text(&refused.stderr));
}

#[test]
fn a_directory_that_cannot_be_used_is_one_clear_message() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("file"), "").unwrap();
    let refused = output(directory.path(), &["--listen", "127.0.0.1:0", "--data-dir", "file/data"]);
    let told = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(told.contains("file/data") && told.contains("--data-dir"), "{told}");
}

#[test]
fn every_problem_of_the_configuration_is_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file =
        "public_url = \"http://x\"\n\n[calls]\nring_time = \"soon\"\nring_tmie = \"45s\"\n\n[limits]\nlogin = 7\n";
    std::fs::write(directory.path().join("callqr.toml"), file).unwrap();
    for words in [&["check-config"][..], &["run"], &["--log-level", "loud", "check-config"]] {
        let refused = output(directory.path(), words);
        let told = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(1), "{told}");
        for place in [
            "callqr.toml:1: public_url",
            "callqr.toml:4: calls.ring_time",
            "callqr.toml:5: calls.ring_tmie",
            "callqr.toml:8: limits.login",
        ] {
            assert!(told.contains(place), "{place} is missing in:\n{told}");
        }
        assert_eq!(told.contains("--log-level"), words.len() > 1, "{told}");
    }
}

#[test]
fn flags_win_over_the_environment_and_that_over_the_file() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("callqr.toml"), "data_dir = \"of-file\"\n[calls]\nring_time = \"30s\"\n")
        .unwrap();
    let printed = |command: &mut Command| text(&command.output().unwrap().stdout);
    let of_file = printed(&mut callqr(directory.path(), &["print-config"]));
    assert!(of_file.contains("data_dir = \"of-file\"") && of_file.contains("ring_time = \"30s\""), "{of_file}");
    let of_environment = printed(callqr(directory.path(), &["print-config"]).env("CALLQR_DATA_DIR", "of-environment"));
    assert!(of_environment.contains("data_dir = \"of-environment\""), "{of_environment}");
    let words = ["print-config", "--data-dir", "of-flag"];
    let of_flag = printed(callqr(directory.path(), &words).env("CALLQR_DATA_DIR", "of-environment"));
    assert!(of_flag.contains("data_dir = \"of-flag\""), "{of_flag}");
}

#[test]
fn a_variable_that_is_no_setting_is_told_and_ends_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let with = |words: &[&str], name: &str| {
        let mut command = callqr(directory.path(), words);
        command.env(name, "0.0.0.0:1");
        command
    };
    let checked = with(&["check-config"], "CALLQR_LSITEN").output().unwrap();
    assert_eq!(checked.status.code(), Some(0));
    let told = text(&checked.stdout);
    assert!(
        told.contains("CALLQR_LSITEN: this is not a setting and is ignored. Did you mean \"CALLQR_LISTEN\"?"),
        "{told}"
    );
    let checked = with(&["check-config"], "CALLQR_LISTEN_").output().unwrap();
    assert!(text(&checked.stdout).contains("CALLQR_LISTEN_"), "{}", text(&checked.stdout));

    let started = Started::start(&mut with(&["--listen", "127.0.0.1:0"], "CALLQR_LSITEN"));
    let log = started.stop();
    assert_eq!(log.matches("CALLQR_LSITEN").count(), 1, "{log}");
    assert!(!log.contains("0.0.0.0:1"), "a value may be secret: {log}");
}

#[test]
fn a_first_start_tells_of_one_migration_and_the_next_of_none() {
    let directory = tempfile::tempdir().unwrap();
    let migrations = || {
        let started = Started::start(&mut callqr(directory.path(), &["--listen", "127.0.0.1:0"]));
        started.stop().matches("database migrated").count()
    };
    assert_eq!([migrations(), migrations()], [1, 0]);
}

#[test]
fn programs_read_what_people_read() {
    let directory = tempfile::tempdir().unwrap();
    let json = |words: &[&str]| -> serde_json::Value {
        serde_json::from_slice(&output(directory.path(), words).stdout).unwrap()
    };
    assert_eq!(json(&["check-config", "--json"])["good"], true);
    assert_eq!(json(&["--json", "print-config"])["calls"]["ring_time"], "45s");
    let refused = output(directory.path(), &["--json", "--log-level", "loud", "check-config"]);
    let told: serde_json::Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!(told["error"]["code"], "bad-config");

    let mut child =
        callqr(directory.path(), &["--json", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.take().unwrap()), &mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let welcome: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(welcome["setupLink"].as_str().unwrap().starts_with(welcome["urls"][0].as_str().unwrap()), "{line}");
}

#[test]
fn what_is_printed_is_a_configuration_file() {
    let directory = tempfile::tempdir().unwrap();
    let printed = output(directory.path(), &["print-config"]);
    std::fs::write(directory.path().join("again.toml"), &printed.stdout).unwrap();
    let again = output(directory.path(), &["--config", "again.toml", "print-config"]);
    assert_eq!(text(&again.stdout), text(&printed.stdout));
    assert_eq!(text(&output(directory.path(), &["check-config"]).stdout), "The configuration is valid.\n");
}

#[test]
fn words_that_are_not_understood_have_their_own_exit_code() {
    let directory = tempfile::tempdir().unwrap();
    let refused = output(directory.path(), &["rnu"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("Usage"), "{}", text(&refused.stderr));
    let version = output(directory.path(), &["--version"]);
    assert_eq!(text(&version.stdout), format!("callqr {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_shell_completes_the_words() {
    let directory = tempfile::tempdir().unwrap();
    let script = output(directory.path(), &["completions", "bash"]);
    std::fs::write(directory.path().join("callqr.bash"), &script.stdout).unwrap();
    let complete = "source ./callqr.bash; COMP_WORDS=(callqr user reset-p); COMP_CWORD=2; _callqr callqr reset-p user; \
                    echo \"${COMPREPLY[@]}\"";
    let completed = Command::new("bash").args(["-c", complete]).current_dir(directory.path()).output().unwrap();
    assert_eq!(text(&completed.stdout), "reset-password\n", "{}", text(&completed.stderr));
    for (shell, part) in [("zsh", "#compdef callqr"), ("fish", "complete -c callqr")] {
        let script = text(&output(directory.path(), &["completions", shell]).stdout);
        assert!(script.contains(part) && script.contains("reset-password"), "{shell}");
    }
    assert_eq!(output(directory.path(), &["completions", "tcsh"]).status.code(), Some(2));
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let directory = tempfile::tempdir().unwrap();
    let page = text(&output(directory.path(), &["man"]).stdout);
    assert!(page.contains(".TH callqr 1") && page.contains("Exit codes:"), "{page}");
    assert_eq!(output(directory.path(), &["man", "pages/man1"]).status.code(), Some(0));
    for name in ["callqr", "callqr-run", "callqr-user", "callqr-user-reset-password", "callqr-tag-new", "callqr-audit"]
    {
        let page = std::fs::read_to_string(directory.path().join(format!("pages/man1/{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{name}: {page}");
    }
    std::fs::write(directory.path().join("file"), "").unwrap();
    let refused = output(directory.path(), &["man", "file/man1"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("file/man1"), "{}", text(&refused.stderr));
}
