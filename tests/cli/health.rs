//! `callqr healthcheck`: it asks the running server, and nothing else.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Output;

use super::appliances::certificate;
use super::support::{Started, callqr, output, text};

fn healthcheck(directory: &Path, address: &str) -> Output {
    output(directory, &["healthcheck", "--listen", address])
}

fn start(directory: &Path, settings: &str) -> (Started, String) {
    fs::write(directory.join("callqr.toml"), settings).unwrap();
    let started = Started::start(&mut callqr(directory, &["--listen", "127.0.0.1:0"]));
    let address = format!("127.0.0.1:{}", started.port());
    (started, address)
}

#[test]
fn a_healthy_appliance_says_so_and_a_missing_one_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let none = output(directory.path(), &["healthcheck", "--listen", "127.0.0.1:1"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("does not answer on port 1"), "{}", text(&none.stderr));

    let (started, address) = start(directory.path(), "");
    // By the control socket, and without it by the port.
    for _ in 0..2 {
        let healthy = healthcheck(directory.path(), &address);
        assert_eq!(healthy.status.code(), Some(0), "{}", text(&healthy.stderr));
        assert!(text(&healthy.stdout).contains("\"database\":\"healthy\""), "{}", text(&healthy.stdout));
        let _ = fs::remove_file(directory.path().join("data/control.sock"));
    }
    started.stop();
    let stopped = healthcheck(directory.path(), &address);
    assert_eq!(stopped.status.code(), Some(1));
    assert!(text(&stopped.stderr).contains("does not answer"), "{}", text(&stopped.stderr));
}

#[test]
fn a_renewal_under_way_is_no_illness() {
    let directory = tempfile::tempdir().unwrap();
    let own = certificate(directory.path());
    let settings = format!("[tls]\ncertificate = {:?}\nkey = {:?}\n", own.chain, own.key);
    let (started, address) = start(directory.path(), &settings);
    let renewed = tempfile::tempdir().unwrap();
    let next = certificate(renewed.path());
    for socket in [true, false] {
        for (chain, key) in
            [(fs::read(&next.chain).unwrap(), fs::read(&next.key).unwrap()), (b"half writ".to_vec(), Vec::new())]
        {
            fs::write(&own.chain, chain).unwrap();
            fs::write(&own.key, key).unwrap();
            let asked = healthcheck(directory.path(), &address);
            assert_eq!(asked.status.code(), Some(0), "socket: {socket}: {}", text(&asked.stderr));
        }
        let _ = fs::remove_file(directory.path().join("data/control.sock"));
    }
    started.stop();
}

#[test]
fn a_flood_that_takes_every_connection_is_no_illness() {
    let directory = tempfile::tempdir().unwrap();
    let settings = "[limits]\nconnections = 16\nconnections_per_source = 16\n";
    let (started, address) = start(directory.path(), settings);
    let _flood: Vec<_> = (0..32).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let asked = healthcheck(directory.path(), &address);
    assert_eq!(asked.status.code(), Some(0), "{}", text(&asked.stderr));
    started.stop();
}

#[test]
fn another_program_on_the_port_is_not_taken_for_callqr() {
    let directory = tempfile::tempdir().unwrap();
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    std::thread::spawn(move || other.incoming().for_each(drop));
    assert_eq!(healthcheck(directory.path(), &address).status.code(), Some(1));
}
