//! `callqr check-config` runs the checks of the start, and tells the cause.

use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use super::support::{Started, callqr, output, text};

/// Runs a shell with openssl, in `directory`.
fn shell(directory: &Path, script: &str) {
    let run = Command::new("sh").args(["-ec", script]).current_dir(directory).output().unwrap();
    assert!(run.status.success(), "{script}: {}", text(&run.stderr));
}

/// An authority, an intermediate and certificates for `call.example.org`, as openssl makes them.
fn certificates(directory: &Path) {
    shell(
        directory,
        r#"
        printf 'subjectAltName=DNS:call.example.org\n' >leaf.ext
        printf 'basicConstraints=critical,CA:TRUE\n' >ca.ext
        new() { openssl req -new -newkey "$2" ${3:+-pkeyopt "$3"} -nodes -keyout "$1.key" -out "$1.csr" -subj "/CN=$1" 2>/dev/null; }
        sign() { openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days "$3" ${4:+-extfile "$4"} -out "$1.pem" 2>/dev/null; }
        ec=ec; p256=ec_paramgen_curve:P-256
        new root $ec $p256; openssl x509 -req -in root.csr -key root.key -days 900 -extfile ca.ext -out root.pem 2>/dev/null
        new middle $ec $p256; sign middle root 800 ca.ext
        new leaf $ec $p256; sign leaf middle 60 leaf.ext
        new other $ec $p256; sign other middle 60 leaf.ext
        new p521 $ec ec_paramgen_curve:P-521; sign p521 middle 60 leaf.ext
        new rsa rsa:2048; sign rsa middle 60 leaf.ext
        new long rsa:4160; sign long middle 60 leaf.ext
        sign leaf middle 10 leaf.ext; cp leaf.pem soon.pem
        sign leaf middle 60 leaf.ext
        cat leaf.pem middle.pem root.pem >chain.pem
        cat root.pem middle.pem leaf.pem >backwards.pem
        (printf '\357\273\277'; sed 's/$/\r/' chain.pem) >marked.pem
        (printf '\357\273\277'; cat leaf.key) >marked.key
        openssl x509 -in leaf.pem -outform der -out leaf.der
        openssl pkey -in leaf.key -outform der -out key.der
        openssl pkey -in leaf.key -aes256 -passout pass:x -out locked.key
        faketime '2020-01-01 00:00:00' openssl x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial \
            -days 60 -extfile leaf.ext -out old.pem 2>/dev/null; cat old.pem middle.pem >oldchain.pem
        cat soon.pem middle.pem >soonchain.pem
        # What browsers refuse for reasons of their own.
        refused() { printf 'subjectAltName=DNS:call.example.org\n%s\n' "$2" >"$1.ext"
            openssl x509 -req -in leaf.csr -CA middle.pem -CAkey middle.key -CAcreateserial -days "${3:-60}" -extfile "$1.ext" $4 -out "$1.pem" 2>/dev/null
            cat middle.pem >>"$1.pem"; }
        refused clients extendedKeyUsage=clientAuth
        refused sealing keyUsage=keyEncipherment
        refused authority basicConstraints=critical,CA:TRUE
        refused sha1 basicConstraints=CA:FALSE 60 -sha1
        refused years basicConstraints=CA:FALSE 900
        refused good 'extendedKeyUsage=serverAuth
keyUsage=critical,digitalSignature'
        printf 'basicConstraints=CA:FALSE\n' >unnamed.ext; cp leaf.csr unnamed.csr; sign unnamed middle 60 unnamed.ext; cat middle.pem >>unnamed.pem
        # Two certificates for one key; and an authority that has changed its key, not its name.
        cat old.pem leaf.pem middle.pem >renewed.pem
        openssl req -new -newkey ec -pkeyopt $p256 -nodes -keyout newer.key -out newer.csr -subj /CN=middle 2>/dev/null; sign newer root 850 ca.ext
        cat leaf.pem newer.pem middle.pem root.pem >twomiddles.pem
        cat leaf.pem newer.pem root.pem >wrongmiddle.pem
        cat rsa.pem middle.pem >rsachain.pem
        head -c 300 leaf.pem >cut.pem; head -c 100 leaf.key >cut.key; : >empty
        openssl req -x509 -newkey ec -pkeyopt $p256 -nodes -keyout self.key -out self.pem -days 60 -subj /CN=x -addext subjectAltName=DNS:call.example.org 2>/dev/null
        "#,
    );
    for (name, pem) in VERSION_1 {
        fs::write(directory.join(name), pem).unwrap();
    }
}

/// A certificate of version 1, good until 2126, with its key: what openssl makes by itself, up to its version 3.3.
const VERSION_1: [(&str, &str); 2] = [
    ("v1.pem", include_str!("../fixtures/x509-v1/certificate.pem")),
    ("v1.key", include_str!("../fixtures/x509-v1/key.pem")),
];

fn configure(directory: &Path, certificate: &str, key: &str, more: &str) {
    let settings = format!("listen = \"127.0.0.1:0\"\n{more}\n[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n");
    fs::write(directory.join("callqr.toml"), settings).unwrap();
}

#[test]
fn what_fails_at_the_start_fails_in_the_check_with_its_cause() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    certificates(at);
    for (certificate, key, cause) in [
        ("none.pem", "leaf.key", "Cannot read none.pem"),
        ("chain.pem", "none.key", "Cannot read none.key"),
        ("chain.pem", "other.key", "does not belong to"),
        ("leaf.der", "leaf.key", "DER form"),
        ("chain.pem", "key.der", "DER form"),
        ("chain.pem", "locked.key", "passphrase"),
        ("leaf.key", "chain.pem", "Swap tls.certificate and tls.key"),
        ("chain.pem", "leaf.pem", "a certificate and no private key"),
        ("leaf.csr", "leaf.key", "a request for a certificate"),
        ("cut.pem", "leaf.key", "cut off"),
        ("chain.pem", "cut.key", "cut off"),
        ("empty", "leaf.key", "is empty"),
        ("p521.pem", "p521.key", "P-521"),
        ("long.pem", "long.key", "RSA key of 4160 bits"),
        ("v1.pem", "v1.key", "X.509 version 1"),
        (".", "leaf.key", "Cannot read ."),
    ] {
        configure(at, certificate, key, "");
        let checked = output(at, &["check-config"]);
        let told = text(&checked.stderr);
        assert_eq!(checked.status.code(), Some(1), "{certificate}, {key}: {}", text(&checked.stdout));
        assert!(told.contains(cause), "{certificate}, {key}: {told}");
        let names: Vec<_> = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name == "data"), "the check makes nothing");

        let refused = output(at, &["--data-dir", "started"]);
        assert_eq!(refused.status.code(), Some(1), "{certificate}, {key}");
        assert!(text(&refused.stderr).contains(cause), "{certificate}, {key}: {}", text(&refused.stderr));
    }
}

#[test]
fn what_can_be_read_one_way_only_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    certificates(at);
    for (certificate, key) in [
        ("chain.pem", "leaf.key"),
        ("backwards.pem", "leaf.key"),
        ("marked.pem", "marked.key"),
        ("rsachain.pem", "rsa.key"),
        ("good.pem", "leaf.key"),
        ("renewed.pem", "leaf.key"),
        ("twomiddles.pem", "leaf.key"),
    ] {
        configure(at, certificate, key, "public_url = \"https://call.example.org\"");
        let checked = output(at, &["check-config"]);
        assert_eq!(text(&checked.stdout), "The configuration is valid.\n", "{certificate}: {}", text(&checked.stderr));
        let started = Started::start(&mut callqr(at, &[]));
        let log = started.stop();
        assert!(!log.contains("ertificate in "), "nothing to say of it: {certificate}: {log}");
    }
}

#[test]
fn what_starts_and_does_not_work_for_others_is_told_by_the_check_and_by_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    certificates(at);
    let public = "public_url = \"https://call.example.org\"";
    for (certificate, key, settings, says) in [
        ("leaf.pem", "leaf.key", public, "no certificate of an issuer"),
        ("chain.pem", "leaf.key", "public_url = \"https://door.example.org\"", "does not name door.example.org"),
        ("soonchain.pem", "leaf.key", public, "expires on"),
        ("self.pem", "self.key", public, "issued by itself"),
        ("clients.pem", "leaf.key", public, "lacks serverAuth"),
        ("sealing.pem", "leaf.key", public, "lacks digitalSignature"),
        ("authority.pem", "leaf.key", public, "an authority's certificate"),
        ("sha1.pem", "leaf.key", public, "SHA-1"),
        ("years.pem", "leaf.key", public, "825 days"),
        ("unnamed.pem", "leaf.key", public, "it names no host"),
        ("wrongmiddle.pem", "leaf.key", public, "no certificate of an issuer"),
    ] {
        configure(at, certificate, key, settings);
        let checked = output(at, &["check-config"]);
        assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stderr));
        assert!(text(&checked.stdout).contains(says), "{certificate}: {}", text(&checked.stdout));
        let log = Started::start(&mut callqr(at, &[])).stop();
        assert!(log.contains(says), "{certificate}: {log}");
    }
    // An expired one is in the log that healthcheck points to as what it is.
    configure(at, "oldchain.pem", "leaf.key", public);
    let checked = output(at, &["check-config"]);
    assert!(text(&checked.stdout).contains("expired on 2020-"), "{}", text(&checked.stdout));
    let log = Started::start(&mut callqr(at, &[])).stop();
    assert!(log.contains("expired on 2020-") && log.contains("certificate-expired"), "{log}");
}

#[test]
fn data_that_cannot_be_used_is_told_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let refuse = |words: &[&str], cause: &str| {
        for command in [&["check-config"][..], &["run"]] {
            let refused = output(at, &[command, &["--listen", "127.0.0.1:0"], words].concat());
            let told = text(&refused.stderr);
            assert!(refused.status.code() == Some(1) && told.contains(cause), "{command:?}: {told}");
        }
    };
    fs::write(at.join("file"), "x").unwrap();
    refuse(&["--data-dir", "file/data"], "file/data");
    let told = text(&output(at, &["check-config", "--listen", "127.0.0.1:0", "--data-dir", "file"]).stderr);
    assert_eq!(told.matches("file").count(), 1, "one cause is one problem: {told}");
    fs::create_dir(at.join("open")).unwrap();
    fs::set_permissions(at.join("open"), fs::Permissions::from_mode(0o777)).unwrap();
    refuse(&["--data-dir", "open"], "chmod 700");

    for name in ["lock", "callqr.db"] {
        let data = at.join(format!("linked-{name}"));
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&data, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::symlink("/nowhere/file", data.join(name)).unwrap();
        let told = text(
            &output(at, &["check-config", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()]).stderr,
        );
        assert!(told.contains("a link into a directory that is missing"), "{name}: {told}");
    }

    fs::write(at.join("keys.toml"), "[keys]\nfile = \"none.key\"\n").unwrap();
    refuse(&["--config", "keys.toml"], "none.key is missing");
    fs::write(at.join("none.key"), "rubbish").unwrap();
    fs::set_permissions(at.join("none.key"), fs::Permissions::from_mode(0o600)).unwrap();
    refuse(&["--config", "keys.toml"], "isn't a callqr key file");

    Started::start(&mut callqr(at, &["--listen", "127.0.0.1:0", "--data-dir", "good"])).stop();
    Started::start(&mut callqr(at, &["--listen", "127.0.0.1:0", "--data-dir", "other"])).stop();
    fs::write(at.join("password"), "correct horse battery\n").unwrap();
    let add = ["user", "add", "ada", "--password-stdin", "--data-dir", "good"];
    let made = callqr(at, &add).stdin(fs::File::open(at.join("password")).unwrap()).output().unwrap();
    assert_eq!(made.status.code(), Some(0), "{}", text(&made.stderr));
    fs::rename(at.join("good/keys/master.key"), at.join("right.key")).unwrap();
    fs::copy(at.join("other/keys/master.key"), at.join("good/keys/master.key")).unwrap();
    refuse(&["--data-dir", "good"], "does not belong to this database");
    fs::rename(at.join("right.key"), at.join("good/keys/master.key")).unwrap();
    let database = at.join("good/callqr.db");
    let whole = fs::read(&database).unwrap();
    let mut torn = whole.clone();
    torn[4096..8192].fill(0xa5);
    fs::write(&database, &torn).unwrap();
    refuse(&["--data-dir", "good"], "is damaged or not a database");
    // As long as there is a log, the file alone tells nothing: a server that was killed may have been writing to it.
    fs::write(at.join("good/callqr.db-wal"), "something").unwrap();
    let unknown = output(at, &["check-config", "--listen", "127.0.0.1:0", "--data-dir", "good"]);
    assert_eq!(unknown.status.code(), Some(0), "{}", text(&unknown.stderr));
    fs::remove_file(at.join("good/callqr.db-wal")).unwrap();
    fs::write(&database, "this is no database").unwrap();
    refuse(&["--data-dir", "good"], "not a database");
    fs::write(&database, &whole).unwrap();
    fs::write(at.join("good/tls/authority.pem"), "rubbish").unwrap();
    refuse(&["--data-dir", "good"], "is damaged");
}

#[test]
fn a_port_that_another_program_has_is_told_and_ones_own_server_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    for (protocol, address) in [("TCP", tcp.local_addr().unwrap()), ("UDP", udp.local_addr().unwrap())] {
        let checked = output(at, &["check-config", "--listen", &address.to_string()]);
        assert_eq!(checked.status.code(), Some(0));
        let told = text(&checked.stdout);
        assert!(told.contains(&format!("{protocol} port {} is in use", address.port())), "{told}");
    }
    let metrics = format!("[metrics]\nlisten = \"{}\"\n", tcp.local_addr().unwrap());
    fs::write(at.join("metrics.toml"), metrics).unwrap();
    let checked = output(at, &["check-config", "--config", "metrics.toml", "--listen", "127.0.0.1:0"]);
    assert!(text(&checked.stdout).contains("in use"), "{}", text(&checked.stdout));

    let started = Started::start(&mut callqr(at, &["--listen", "127.0.0.1:0"]));
    let own = format!("127.0.0.1:{}", started.port());
    let checked = output(at, &["check-config", "--listen", &own]);
    assert_eq!(text(&checked.stdout), "The configuration is valid.\n");
    started.stop();
}
