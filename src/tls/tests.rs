#![allow(clippy::unwrap_used)]

use std::fs;
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

/// A machine whose name changes while the server runs.
#[derive(Clone)]
struct TestMachine(Arc<Mutex<String>>);

impl TestMachine {
    fn called(name: &str) -> Self {
        Self(Arc::new(Mutex::new(name.into())))
    }

    fn rename(&self, name: &str) {
        *self.0.lock().unwrap() = name.into();
    }
}

impl names::Machine for TestMachine {
    fn host_name(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

fn options(directory: &Path) -> TlsOptions {
    TlsOptions {
        directory: directory.join("tls"),
        own_files: None,
        extra_sans: vec!["call.example.org".into(), "[2001:db8::7]".into()],
        public_host: Some("call.example.org".into()),
    }
}

fn open_as(directory: &Path, machine: &TestMachine, now: SystemTime) -> Result<Certificates> {
    Certificates::open_on(Box::new(machine.clone()), options(directory), now)
}

fn open(directory: &Path, now: SystemTime) -> Result<Certificates> {
    open_as(directory, &TestMachine::called("Pi"), now)
}

fn ends(local: &str, peer: &str) -> Option<Ends> {
    Some(Ends { local: local.parse().unwrap(), peer: peer.parse().unwrap() })
}

/// What a client agrees on and is shown.
#[derive(Debug, PartialEq)]
struct Met {
    protocol: Option<String>,
    names: Vec<String>,
}

/// What a client meets that trusts `roots`, comes over a connection with these ends and asks for `name`.
fn meet(server: Arc<rustls::ServerConfig>, roots: &str, name: &str, alpn: &[&str]) -> Result<Met, String> {
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
    shake_hands(config, server, name)
}

fn shake_hands(client: ClientConfig, server: Arc<rustls::ServerConfig>, name: &str) -> Result<Met, String> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(server).unwrap();
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
    let protocol = client.alpn_protocol().map(|name| String::from_utf8(name.to_vec()).unwrap());
    let shown = inspect::facts(&client.peer_certificates().unwrap()[0]).unwrap().names;
    let names = shown.into_iter().map(|name| match name {
        Name::Dns(name) => name,
        Name::Address(address) => address.to_string(),
    });
    Ok(Met { protocol, names: names.collect() })
}

/// What a browser is shown that trusts `roots` and comes from this machine.
fn connect(certificates: &Certificates, roots: &str, name: &str) -> Result<Vec<String>, String> {
    connect_over(certificates, ends("127.0.0.1", "127.0.0.1"), roots, name)
}

fn connect_over(
    certificates: &Certificates,
    ends: Option<Ends>,
    roots: &str,
    name: &str,
) -> Result<Vec<String>, String> {
    meet(certificates.entrance().unwrap().config(|| ends), roots, name, &[]).map(|met| met.names)
}

/// The certificate that a client is shown, trusted or not.
fn shown(certificates: &Certificates, ends: Option<Ends>, host: Option<&str>) -> Vec<String> {
    let mut client = pinned::client(leaf_of(certificates)).unwrap();
    client.enable_sni = host.is_some();
    let server = certificates.entrance().unwrap().config(|| ends);
    shake_hands(client, server, host.unwrap_or("127.0.0.1")).unwrap().names
}

fn leaf_of(certificates: &Certificates) -> CertificateDer<'static> {
    certificates.current.choose(None, None).cert[0].clone()
}

#[test]
fn a_browser_that_trusts_the_authority_accepts_every_name_and_no_other() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open(root.path(), now()).unwrap();
    let authority = certificates.authority_pem().unwrap();
    assert!(!certificates.browsers_trust());
    assert!(!authority.contains("PRIVATE"));
    for name in ["localhost", "pi.local", "call.example.org"] {
        assert_eq!(connect(&certificates, authority, name), Ok(vec![name.into()]));
    }
    for name in ["127.0.0.1", "::1", "192.168.1.5", "fd00::5", "2001:db8::5"] {
        assert!(connect_over(&certificates, ends(name, "192.168.1.9"), authority, name).is_ok(), "{name}");
    }
    for name in ["example.org", "pi", "192.168.1.6"] {
        assert!(connect(&certificates, authority, name).unwrap_err().contains("not valid for name"), "{name}");
    }
    let stranger = tempfile::tempdir().unwrap();
    let other = open(stranger.path(), now()).unwrap();
    assert!(connect(&certificates, other.authority_pem().unwrap(), "localhost").is_err());
    assert_ne!(certificates.authority_fingerprint(), other.authority_fingerprint());
}

#[test]
fn clients_are_told_no_more_than_they_asked_for() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open_as(root.path(), &TestMachine::called("anna.home.arpa"), now()).unwrap();
    let (at_home, from_outside, by_vpn) =
        (ends("192.168.1.5", "192.168.1.9"), ends("192.168.1.5", "203.0.113.9"), ends("100.64.0.5", "100.64.0.9"));
    for ends in [at_home, from_outside, by_vpn, None] {
        for name in ["localhost", "anna.local", "anna.home.arpa", "call.example.org"] {
            assert_eq!(shown(&certificates, ends, Some(name)), [name]);
        }
        for name in ["anna", "bank.example", "x.call.example.org", "x.local"] {
            assert_eq!(shown(&certificates, ends, Some(name)), ["localhost", "127.0.0.1", "::1"], "{name}");
        }
    }
    assert_eq!(shown(&certificates, at_home, None), ["192.168.1.5", "2001:db8::7"]);
    assert_eq!(shown(&certificates, by_vpn, None), ["100.64.0.5", "2001:db8::7"]);
    assert_eq!(shown(&certificates, from_outside, None), ["2001:db8::7"], "a router has translated the address");
    assert_eq!(shown(&certificates, ends("::ffff:192.168.1.5", "::ffff:203.0.113.9"), None), ["2001:db8::7"]);
    assert_eq!(shown(&certificates, ends("203.0.113.5", "203.0.113.9"), None), ["203.0.113.5", "2001:db8::7"]);
    assert_eq!(shown(&certificates, ends("2001:db8::5", "2001:db8:f::9"), None), ["2001:db8::5", "2001:db8::7"]);
    assert_eq!(shown(&certificates, ends("fe80::5", "fe80::9"), None), ["2001:db8::7", "fe80::5"]);

    let root = tempfile::tempdir().unwrap();
    let without = TlsOptions { extra_sans: Vec::new(), public_host: None, ..options(root.path()) };
    let certificates = Certificates::open(without, now()).unwrap();
    assert_eq!(shown(&certificates, from_outside, None), ["localhost", "127.0.0.1", "::1"]);
}

#[test]
fn what_was_made_is_kept_and_bounded() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open(root.path(), now()).unwrap();
    let made = || match &*certificates.current.0.read().unwrap() {
        Shown::Fitting(leaves) => leaves.made(),
        Shown::Always(_) => unreachable!("the authority is in use"),
    };
    let host = || certificates.current.choose(Some("pi.local"), None);
    assert!(Arc::ptr_eq(&host(), &host()));
    assert_eq!(made(), 1);
    let mut most = 0;
    for number in 0..600_u32 {
        let local = std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string();
        certificates.current.choose(None, ends(&local, "10.9.9.9"));
        most = most.max(made());
    }
    assert_eq!(most, 256);
}

/// A certificate made for `name` with the authority's stolen key: chain and key.
fn forged(root: &Path, name: &str) -> (CertificateDer<'static>, rcgen::KeyPair, String) {
    let stolen = fs::read_to_string(root.join("tls/authority.pem")).unwrap();
    let key = rcgen::KeyPair::from_pem(&stolen[stolen.find("-----BEGIN PRIVATE").unwrap()..]).unwrap();
    let issuer = rcgen::Issuer::from_ca_cert_pem(&stolen, key).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    (certificate.der().clone(), key, certificate.pem())
}

#[test]
fn the_authoritys_key_cannot_vouch_for_names_elsewhere() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open(root.path(), now()).unwrap();
    let authority = certificates.authority_pem().unwrap();
    let trusted = root.path().join("ca.pem");
    fs::write(&trusted, authority).unwrap();
    for (name, is_accepted) in
        [("pi.local", true), ("call.example.org", true), ("192.168.1.5", true), ("bank.example", false), ("org", false)]
    {
        let (certificate, key, pem) = forged(root.path(), name);
        let server = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        let met = meet(Arc::new(server), authority, name, &[]);
        assert_eq!(met.is_ok(), is_accepted, "{name}: {met:?}");
        assert!(is_accepted || met.unwrap_err().contains("NameConstraint"), "{name}");

        let file = root.path().join("forged.pem");
        fs::write(&file, pem).unwrap();
        let verified = std::process::Command::new("openssl")
            .args(["verify", "-CAfile", trusted.to_str().unwrap(), file.to_str().unwrap()])
            .output()
            .unwrap();
        assert_eq!(verified.status.success(), is_accepted, "{name}: {verified:?}");
        let says = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(is_accepted || says.contains("permitted subtree violation"), "{name}: {says}");
    }
}

#[test]
fn the_authority_says_nothing_of_the_machine_that_strangers_could_not_know() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open_as(root.path(), &TestMachine::called("annas-pi.example.net"), now()).unwrap();
    let der = CertificateDer::from_pem_slice(certificates.authority_pem().unwrap().as_bytes()).unwrap();
    let says = |text: &str| der.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(says("call.example.org") && says("home.arpa"));
    assert!(!says("anna") && !says("example.net"));
}

#[test]
fn an_authority_without_limits_is_none_of_ours() {
    let root = tempfile::tempdir().unwrap();
    assert!(advice(&options(root.path()), now()).is_empty(), "there is none yet");
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let key = rcgen::KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem() + &key.serialize_pem();
    crate::files::private_directory(&root.path().join("tls")).unwrap();
    crate::files::write_private(&root.path().join("tls/authority.pem"), pem.as_bytes()).unwrap();
    let error = open(root.path(), now()).map(|_| ()).unwrap_err();
    assert_eq!(error.code, "authority");
    assert!(error.hint.contains("remove it"), "{}", error.hint);
}

#[test]
fn a_name_that_the_authority_may_not_vouch_for_is_told_with_the_remedy() {
    let root = tempfile::tempdir().unwrap();
    open(root.path(), now()).unwrap();
    let mut later = options(root.path());
    later.extra_sans.extend(["call.example.net".into(), "192.0.2.7".into(), "sub.call.example.org".into()]);
    let certificates = Certificates::open(later.clone(), now()).unwrap();
    assert_eq!(shown(&certificates, None, Some("call.example.net")), ["localhost", "127.0.0.1", "::1"]);
    assert_eq!(shown(&certificates, None, Some("sub.call.example.org")), ["sub.call.example.org"]);
    let told = advice(&later, now());
    assert_eq!(told.len(), 1, "{told:?}");
    for part in ["cannot vouch for call.example.net", "tls.certificate", "authority.pem and restart"] {
        assert!(told[0].contains(part), "{told:?}");
    }
    later.own_files = Some(OwnFiles { certificate: "a".into(), key: "b".into() });
    assert!(advice(&later, now()).is_empty(), "the authority is not in use");
}

#[test]
fn each_protocol_of_the_port_is_agreed_on_by_name() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open(root.path(), now()).unwrap();
    let authority = certificates.authority_pem().unwrap();
    let agree = |protocols: &[&str]| {
        let server = certificates.entrance().unwrap().config(|| None);
        meet(server, authority, "localhost", protocols).map(|met| met.protocol.unwrap())
    };
    for name in ["h2", "http/1.1", "stun.turn", "stun.nat-discovery"] {
        assert_eq!(agree(&[name]), Ok(name.into()));
    }
    assert_eq!(agree(&["http/1.1", "h2"]), Ok("h2".into()));
    assert!(agree(&["spdy/3"]).is_err());
}

#[test]
fn a_restart_changes_nothing() {
    let root = tempfile::tempdir().unwrap();
    let leaf = root.path().join("tls/leaf.pem");
    let first = open(root.path(), now()).unwrap();
    let issued = fs::read(&leaf).unwrap();
    let second = open(root.path(), now()).unwrap();
    assert_eq!(fs::read(&leaf).unwrap(), issued);
    assert_eq!(second.authority_fingerprint(), first.authority_fingerprint());
    assert!(connect(&second, first.authority_pem().unwrap(), "pi.local").is_ok());
}

#[test]
fn a_client_for_ourselves_knows_the_server_by_its_key() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open(root.path(), now()).unwrap();
    let entrance = certificates.entrance().unwrap();
    for client in [trusting_client().unwrap(), certificates.own_client().unwrap()] {
        let met = shake_hands(client, entrance.config(|| ends("192.168.1.5", "192.168.1.5")), "192.168.1.5").unwrap();
        assert_eq!(met.names, ["192.168.1.5", "2001:db8::7"]);
    }
    let other = tempfile::tempdir().unwrap();
    let other = open(other.path(), now()).unwrap().entrance().unwrap();
    assert!(
        shake_hands(certificates.own_client().unwrap(), other.config(|| None), "localhost")
            .unwrap_err()
            .contains("another key")
    );
}

#[test]
fn a_running_server_follows_its_name_and_its_certificates_age() {
    let root = tempfile::tempdir().unwrap();
    let machine = TestMachine::called("pi");
    let start = now();
    let certificates = open_as(root.path(), &machine, start).unwrap();
    assert_eq!(certificates.refresh(start), Ok(Refreshed::Unchanged));
    let key = leaf_of(&certificates);
    machine.rename("door");
    assert_eq!(certificates.refresh(start), Ok(Refreshed::Replaced));
    let authority = certificates.authority_pem().unwrap();
    assert_eq!(connect(&certificates, authority, "door.local"), Ok(vec!["door.local".into()]));
    assert!(connect(&certificates, authority, "pi.local").is_err());
    let facts = |leaf: &CertificateDer<'_>| inspect::facts(leaf).unwrap();
    assert_eq!(facts(&leaf_of(&certificates)).public_key, facts(&key).public_key);

    let expires_at = certificates.expires_at();
    let host_ends = || facts(&certificates.current.choose(Some("door.local"), None).cert[0]).not_after;
    assert!(expires_at <= start + DAY * 90);
    assert_eq!(host_ends(), expires_at);
    assert_eq!(certificates.refresh(start + DAY * 58), Ok(Refreshed::Unchanged));
    assert_eq!(certificates.refresh(start + DAY * 60), Ok(Refreshed::Replaced));
    assert!(certificates.expires_at() > expires_at);
    assert_eq!(host_ends(), certificates.expires_at());
    assert_eq!(certificates.health(start + DAY * 100), Ok(()));
    assert_eq!(certificates.health(start + DAY * 1000).unwrap_err().code, "certificate-expired");
}

#[test]
fn a_clock_that_was_wrong_does_no_lasting_harm() {
    let root = tempfile::tempdir().unwrap();
    let certificates = open(root.path(), SystemTime::UNIX_EPOCH).unwrap();
    let fingerprint = certificates.authority_fingerprint();
    certificates.refresh(now()).unwrap();
    assert_eq!(certificates.health(now()), Ok(()));
    assert!(connect(&certificates, certificates.authority_pem().unwrap(), "localhost").is_ok());

    let far = now() + DAY * 365 * 50;
    assert_eq!(certificates.refresh(far).unwrap_err().code, "authority-expired");
    assert_eq!(certificates.health(now()).unwrap_err().code, "authority-expired", "the failure is not told");
    assert!(connect(&certificates, certificates.authority_pem().unwrap(), "localhost").is_ok());
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Unchanged));
    assert_eq!(certificates.health(now()), Ok(()));
    assert_eq!(certificates.authority_fingerprint(), fingerprint, "the authority was replaced automatically");
}

#[test]
fn keys_are_private_and_a_damaged_authority_is_refused_and_kept() {
    let root = tempfile::tempdir().unwrap();
    open(root.path(), now()).unwrap();
    let path = root.path().join("tls/authority.pem");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(root.path().join("tls/leaf.pem")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(root.path().join("tls")).unwrap().permissions().mode() & 0o777, 0o700);

    let whole = fs::read(&path).unwrap();
    let other = tempfile::tempdir().unwrap();
    open(other.path(), now()).unwrap();
    let others = fs::read_to_string(other.path().join("tls/authority.pem")).unwrap();
    let key_at = others.find("-----BEGIN PRIVATE").unwrap();
    let mine = String::from_utf8(whole.clone()).unwrap();
    let mixed = mine[..mine.find("-----BEGIN PRIVATE").unwrap()].to_owned() + &others[key_at..];
    for damaged in [&whole[..100], &whole[..whole.len() / 2], b"", mixed.as_bytes()] {
        fs::write(&path, damaged).unwrap();
        let error = open(root.path(), now()).map(|_| ()).unwrap_err();
        assert_eq!((error.code, fs::read(&path).unwrap().as_slice()), ("authority", damaged));
    }
    fs::write(&path, &whole).unwrap();
    let leaf = root.path().join("tls/leaf.pem");
    let issued = fs::read_to_string(&leaf).unwrap();
    let strangers_key = &mixed[mixed.find("-----BEGIN PRIVATE").unwrap()..];
    let mixed = issued[..issued.find("-----BEGIN PRIVATE").unwrap()].to_owned() + strangers_key;
    for damaged in ["rubbish", &mixed] {
        fs::write(&leaf, damaged).unwrap();
        assert!(open(root.path(), now()).is_ok(), "a new leaf can always be issued");
    }
}

#[test]
fn the_operators_own_files_are_used_and_followed() {
    let root = tempfile::tempdir().unwrap();
    let files = OwnFiles { certificate: root.path().join("chain.pem"), key: root.path().join("key.pem") };
    let bring = |address: &str| {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, format!("vouches for {address}"));
        let key = rcgen::KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap().pem();
        let issuer = rcgen::Issuer::new(params, key);
        let key = rcgen::KeyPair::generate().unwrap();
        let leaf = rcgen::CertificateParams::new(vec![address.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        (authority, leaf.pem(), key.serialize_pem())
    };
    let put = |chain: &str, key: &str| {
        fs::write(&files.certificate, chain).unwrap();
        fs::write(&files.key, key).unwrap();
    };
    let options = || TlsOptions {
        directory: root.path().join("unused"),
        own_files: Some(files.clone()),
        extra_sans: Vec::new(),
        public_host: None,
    };
    let code = || Certificates::open(options(), now()).map(|_| ()).unwrap_err();
    assert_eq!(code().code, "certificate");

    let (old_authority, old_chain, old_key) = bring("192.0.2.1");
    let (new_authority, new_chain, new_key) = bring("192.0.2.2");
    for (chain, key, says) in [
        ("x", &*old_key, "no certificate"),
        (&old_chain, "x", "no private key"),
        (&old_chain, &new_key, "does not belong to"),
    ] {
        put(chain, key);
        assert!(code().message.contains(says), "{}", code());
    }

    put(&old_chain, &old_key);
    let certificates = Certificates::open(options(), now()).unwrap();
    assert!(certificates.browsers_trust(), "someone else vouches for it");
    assert!(certificates.authority_pem().is_none() && certificates.authority_fingerprint().is_none());
    assert_eq!(connect(&certificates, &old_authority, "192.0.2.1"), Ok(vec!["192.0.2.1".into()]));
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Unchanged));

    put(&new_chain, "half written");
    assert!(certificates.refresh(now()).is_err());
    assert_eq!(certificates.health(now()).unwrap_err().code, "certificate");
    assert!(connect(&certificates, &old_authority, "192.0.2.1").is_ok(), "the old one must stay in use");
    put(&new_chain, &new_key);
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Replaced));
    assert!(connect(&certificates, &new_authority, "192.0.2.2").is_ok());
    assert_eq!(certificates.health(now()), Ok(()));
    let mut ended = rcgen::CertificateParams::new(vec!["192.0.2.2".to_owned()]).unwrap();
    ended.not_after = (now() - DAY).into();
    let key = rcgen::KeyPair::generate().unwrap();
    put(&ended.self_signed(&key).unwrap().pem(), &key.serialize_pem());
    assert!(certificates.refresh(now()).unwrap_err().message.contains("has expired"));
    assert!(connect(&certificates, &new_authority, "192.0.2.2").is_ok(), "the better one stays");
    let selfmade = rcgen::generate_simple_self_signed(vec!["callqr.test".into()]).unwrap();
    put(&selfmade.cert.pem(), &selfmade.signing_key.serialize_pem());
    assert_eq!(certificates.refresh(now()), Ok(Refreshed::Replaced));
    assert!(!certificates.browsers_trust(), "only it vouches for itself");
    assert!(!root.path().join("unused").exists());
}
