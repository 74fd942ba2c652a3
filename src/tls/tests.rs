#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConnection};

use super::names::Name;
use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Certificates are checked against the real clock by the TLS client, so the story begins now.
fn now() -> SystemTime {
    SystemTime::now()
}

/// A machine whose addresses change while the server runs.
#[derive(Clone, Default)]
struct Machine(Arc<Mutex<Vec<IpAddr>>>);

impl Machine {
    fn has(&self, addresses: &[&str]) {
        *self.0.lock().unwrap() = addresses.iter().map(|text| text.parse().unwrap()).collect();
    }
}

impl names::Machine for Machine {
    fn host_name(&self) -> String {
        "Pi".into()
    }

    fn addresses(&self) -> Vec<IpAddr> {
        self.0.lock().unwrap().clone()
    }
}

fn open(directory: &Path, machine: &Machine, now: SystemTime) -> Result<Certificates> {
    let options = Options {
        directory: directory.join("tls"),
        own_files: None,
        extra_names: vec!["call.example.org".into(), "[2001:db8::7]".into()],
    };
    Certificates::open_on(Box::new(machine.clone()), options, now)
}

/// What a client sees that trusts `roots` and connects to `name` with these protocols.
fn connect(certificates: &Certificates, roots: &str, name: &str, alpn: &[&str]) -> Result<Option<String>, String> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(roots.as_bytes()) {
        store.add(certificate.unwrap()).unwrap();
    }
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(store)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = ServerConnection::new(Arc::new(certificates.server_config().unwrap())).unwrap();
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut sent = wire.as_slice();
        while !sent.is_empty() {
            server.read_tls(&mut sent).unwrap();
            server.process_new_packets().map_err(|error| error.to_string())?;
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut sent = wire.as_slice();
        while !sent.is_empty() {
            client.read_tls(&mut sent).unwrap();
            client.process_new_packets().map_err(|error| error.to_string())?;
        }
    }
    Ok(client.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap()))
}

fn names(certificates: &Certificates) -> BTreeSet<Name> {
    certificates.state.lock().unwrap().facts.names.clone()
}

fn has(certificates: &Certificates, address: &str) -> bool {
    names(certificates).contains(&Name::Address(address.parse().unwrap()))
}

#[test]
fn a_browser_that_trusts_the_authority_accepts_every_name_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let machine = Machine::default();
    machine.has(&["192.168.1.5", "fd00::5"]);
    let certificates = open(root.path(), &machine, now()).unwrap();
    let authority = certificates.authority_pem().unwrap();
    assert!(!certificates.browsers_trust());
    assert!(!authority.contains("PRIVATE"));
    for name in
        ["localhost", "pi", "pi.local", "call.example.org", "127.0.0.1", "::1", "192.168.1.5", "fd00::5", "2001:db8::7"]
    {
        assert_eq!(connect(&certificates, authority, name, &[]), Ok(None), "{name}");
    }
    for name in ["example.org", "192.168.1.6"] {
        assert!(connect(&certificates, authority, name, &[]).unwrap_err().contains("not valid for name"), "{name}");
    }
    let stranger = tempfile::tempdir().unwrap();
    let other = open(stranger.path(), &machine, now()).unwrap();
    assert!(connect(&certificates, other.authority_pem().unwrap(), "localhost", &[]).is_err());
    assert_ne!(certificates.authority_fingerprint(), other.authority_fingerprint());
}

#[test]
fn each_protocol_of_the_port_is_agreed_on_by_name() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open(root.path(), &Machine::default(), now()).unwrap();
    let authority = certificates.authority_pem().unwrap();
    for name in ["h2", "http/1.1", "stun.turn", "stun.nat-discovery"] {
        assert_eq!(connect(&certificates, authority, "localhost", &[name]), Ok(Some(name.into())));
    }
    assert_eq!(connect(&certificates, authority, "localhost", &["http/1.1", "h2"]), Ok(Some("h2".into())));
    assert!(connect(&certificates, authority, "localhost", &["spdy/3"]).is_err());
}

#[test]
fn a_restart_changes_nothing_and_a_new_address_changes_the_leaf_alone() {
    let root = tempfile::tempdir().unwrap();
    let machine = Machine::default();
    machine.has(&["192.168.1.5"]);
    let leaf = root.path().join("tls/leaf.pem");
    let first = open(root.path(), &machine, now()).unwrap();
    let issued = fs::read(&leaf).unwrap();
    let second = open(root.path(), &machine, now()).unwrap();
    assert_eq!(fs::read(&leaf).unwrap(), issued);
    assert_eq!(second.authority_fingerprint(), first.authority_fingerprint());

    machine.has(&["192.168.1.6"]);
    let third = open(root.path(), &machine, now()).unwrap();
    assert_ne!(fs::read(&leaf).unwrap(), issued);
    assert_eq!(third.authority_fingerprint(), first.authority_fingerprint());
    assert_eq!(connect(&third, first.authority_pem().unwrap(), "192.168.1.6", &[]), Ok(None));
}

#[test]
fn a_running_server_follows_its_addresses_and_its_certificates_age() {
    let root = tempfile::tempdir().unwrap();
    let machine = Machine::default();
    machine.has(&["192.168.1.5"]);
    let start = now();
    let certificates = open(root.path(), &machine, start).unwrap();
    assert_eq!(certificates.refresh(start), Ok(Refreshed::Unchanged));
    machine.has(&["192.168.1.6"]);
    assert_eq!(certificates.refresh(start), Ok(Refreshed::Replaced));
    assert!(has(&certificates, "192.168.1.6") && !has(&certificates, "192.168.1.5"));
    assert_eq!(connect(&certificates, certificates.authority_pem().unwrap(), "192.168.1.6", &[]), Ok(None));

    let expires_at = certificates.expires_at();
    assert!(expires_at <= start + DAY * 397);
    assert_eq!(certificates.refresh(start + DAY * 263), Ok(Refreshed::Unchanged));
    assert_eq!(certificates.refresh(start + DAY * 265), Ok(Refreshed::Replaced));
    assert!(certificates.expires_at() > expires_at);
    assert_eq!(certificates.health(start + DAY * 300), Ok(()));
    assert_eq!(certificates.health(start + DAY * 1000).unwrap_err().code, "certificate-expired");
}

#[test]
fn a_clock_that_was_wrong_does_no_lasting_harm() {
    let root = tempfile::tempdir().unwrap();
    let machine = Machine::default();
    let certificates = open(root.path(), &machine, SystemTime::UNIX_EPOCH).unwrap();
    let fingerprint = certificates.authority_fingerprint();
    certificates.refresh(now()).unwrap();
    assert_eq!(certificates.health(now()), Ok(()));
    assert_eq!(connect(&certificates, certificates.authority_pem().unwrap(), "localhost", &[]), Ok(None));

    let far = now() + DAY * 365 * 50;
    assert_eq!(certificates.refresh(far).unwrap_err().code, "authority-expired");
    assert_eq!(certificates.health(now()).unwrap_err().code, "authority-expired", "the failure is not told");
    assert_eq!(connect(&certificates, certificates.authority_pem().unwrap(), "localhost", &[]), Ok(None));
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Unchanged));
    assert_eq!(certificates.health(now()), Ok(()));
    assert_eq!(certificates.authority_fingerprint(), fingerprint, "the authority was replaced by itself");
}

#[test]
fn keys_are_private_and_a_damaged_authority_is_refused_and_kept() {
    let root = tempfile::tempdir().unwrap();
    let machine = Machine::default();
    open(root.path(), &machine, now()).unwrap();
    let path = root.path().join("tls/authority.pem");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(root.path().join("tls/leaf.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(root.path().join("tls")).unwrap().permissions().mode() & 0o777, 0o700);

    let whole = fs::read(&path).unwrap();
    let other = tempfile::tempdir().unwrap();
    open(other.path(), &machine, now()).unwrap();
    let others = fs::read_to_string(other.path().join("tls/authority.pem")).unwrap();
    let key_at = others.find("-----BEGIN PRIVATE").unwrap();
    let mine = String::from_utf8(whole.clone()).unwrap();
    let mixed = mine[..mine.find("-----BEGIN PRIVATE").unwrap()].to_owned() + &others[key_at..];
    for damaged in [&whole[..100], &whole[..whole.len() / 2], b"", mixed.as_bytes()] {
        fs::write(&path, damaged).unwrap();
        let error = open(root.path(), &machine, now()).map(|_| ()).unwrap_err();
        assert_eq!((error.code, fs::read(&path).unwrap().as_slice()), ("authority", damaged));
    }
    fs::write(&path, &whole).unwrap();
    let leaf = root.path().join("tls/leaf.pem");
    let issued = fs::read_to_string(&leaf).unwrap();
    let strangers_key = &mixed[mixed.find("-----BEGIN PRIVATE").unwrap()..];
    let mixed = issued[..issued.find("-----BEGIN PRIVATE").unwrap()].to_owned() + strangers_key;
    for damaged in ["rubbish", &mixed] {
        fs::write(&leaf, damaged).unwrap();
        assert!(open(root.path(), &machine, now()).is_ok(), "a leaf can always be made anew");
    }
}

#[test]
fn the_operators_own_files_are_used_and_followed() {
    let root = tempfile::tempdir().unwrap();
    let files = OwnFiles { certificate: root.path().join("chain.pem"), key: root.path().join("key.pem") };
    let bring = |from: &str| {
        let source = tempfile::tempdir().unwrap();
        let machine = Machine::default();
        machine.has(&[from]);
        let authority = open(source.path(), &machine, now()).unwrap().authority_pem().unwrap().to_owned();
        let leaf = fs::read_to_string(source.path().join("tls/leaf.pem")).unwrap();
        let (chain, key) = leaf.split_at(leaf.find("-----BEGIN PRIVATE").unwrap());
        (authority, chain.to_owned(), key.to_owned())
    };
    let put = |chain: &str, key: &str| {
        fs::write(&files.certificate, chain).unwrap();
        fs::write(&files.key, key).unwrap();
    };
    let options =
        || Options { directory: root.path().join("unused"), own_files: Some(files.clone()), extra_names: Vec::new() };
    let code = || Certificates::open(options(), now()).map(|_| ()).unwrap_err();
    assert_eq!(code().code, "certificate");

    let (old_authority, old_chain, old_key) = bring("192.0.2.1");
    let (new_authority, new_chain, new_key) = bring("192.0.2.2");
    for (chain, key, says) in [
        ("", &*old_key, "no certificate"),
        (&old_chain, "", "no private key"),
        (&old_chain, &new_key, "cannot be used"),
    ] {
        put(chain, key);
        assert!(code().message.contains(says), "{}", code());
    }

    put(&old_chain, &old_key);
    let certificates = Certificates::open(options(), now()).unwrap();
    assert!(certificates.browsers_trust(), "somebody else vouches for it");
    assert!(certificates.authority_pem().is_none() && certificates.authority_fingerprint().is_none());
    assert_eq!(connect(&certificates, &old_authority, "192.0.2.1", &[]), Ok(None));
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Unchanged));

    put(&new_chain, "half written");
    assert!(certificates.refresh(now()).is_err());
    assert_eq!(certificates.health(now()).unwrap_err().code, "certificate");
    assert_eq!(connect(&certificates, &old_authority, "192.0.2.1", &[]), Ok(None), "the old one must stay in use");
    put(&new_chain, &new_key);
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Replaced));
    assert_eq!(connect(&certificates, &new_authority, "192.0.2.2", &[]), Ok(None));
    assert_eq!(certificates.health(now()), Ok(()));
    let selfmade = rcgen::generate_simple_self_signed(vec!["callqr.test".into()]).unwrap();
    put(&selfmade.cert.pem(), &selfmade.signing_key.serialize_pem());
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Replaced));
    assert!(!certificates.browsers_trust(), "nobody but itself vouches for it");
    assert!(!root.path().join("unused").exists());
}
