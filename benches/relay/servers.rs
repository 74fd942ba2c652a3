//! The servers that are compared, each a process of its own.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::load::{Framing, Load, Pace};
use crate::process::Process;
use crate::wire::Transport;

pub const PASSWORD: &str = "password";
/// Files that a server needs besides those of its clients.
const SPARE_FILES: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Server {
    Callqr,
    /// The same without its pauses, to see what they bring and cost.
    CallqrWithoutGathering,
    /// A `turnserver` of coturn, and what it is called.
    Coturn(PathBuf, String),
    /// The crate `turn-server`, by mycrl.
    Mycrl(PathBuf),
    BareLoop,
    BareBatches,
}

impl Server {
    /// Everything that is there, and what is missing.
    pub fn all() -> (Vec<Self>, Vec<String>) {
        let (mut servers, mut missing) = (vec![Self::Callqr, Self::CallqrWithoutGathering], Vec::new());
        match version(Path::new("turnserver")) {
            Some(version) => servers.push(Self::Coturn("turnserver".into(), format!("coturn {version} (Debian)"))),
            None => missing.push("coturn: install the package of that name".into()),
        }
        match std::env::var_os("BENCH_COTURN").map(PathBuf::from) {
            None => missing.push("a newer coturn: BENCH_COTURN=/path/to/turnserver names one".into()),
            Some(path) => match version(&path) {
                Some(version) => servers.push(Self::Coturn(path, format!("coturn {version} (built)"))),
                None => missing.push(format!("a newer coturn: {} does not run", path.display())),
            },
        }
        let path = std::env::var_os("BENCH_TURN_SERVER")
            .map_or_else(|| PathBuf::from("target/rivals/bin/turn-server"), PathBuf::from);
        match version(&path) {
            Some(_) => servers.push(Self::Mycrl(path)),
            None => missing.push(format!("turn-server: {} does not run; make bench-relay installs it", path.display())),
        }
        servers.extend([Self::BareLoop, Self::BareBatches]);
        (servers, missing)
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Callqr => "callqr",
            Self::CallqrWithoutGathering => "callqr, no gathering",
            Self::Coturn(_, name) => name,
            Self::Mycrl(_) => "turn-server (crate)",
            Self::BareLoop => "bare loop",
            Self::BareBatches => "bare loop, batched",
        }
    }

    /// Whether it knows what the clients of this load speak.
    pub fn can(&self, load: &Load) -> bool {
        match self {
            Self::BareLoop | Self::BareBatches => load.framing != Framing::Send && load.transport == Transport::Udp,
            Self::CallqrWithoutGathering => load.pace != Pace::FlatOut && load.transport == Transport::Udp,
            Self::Callqr | Self::Coturn(..) | Self::Mycrl(_) => true,
        }
    }

    /// How many calls it can have, by the files that it opens and the addresses that it has.
    pub fn most_calls(&self, load: &Load) -> usize {
        let files = rustix::process::getrlimit(rustix::process::Resource::Nofile).current.unwrap_or(u64::MAX);
        let files = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(SPARE_FILES);
        let stream = usize::from(load.transport != Transport::Udp);
        let files_per_client = if matches!(self, Self::Coturn(..)) { 1 + stream } else { stream };
        // Its relayed ports are 49152 to 65535.
        let ports = if matches!(self, Self::Mycrl(_)) { 16_000 } else { usize::MAX };
        files.checked_div(files_per_client).unwrap_or(usize::MAX).min(ports) / 2
    }

    /// Whether clients allocate, or just send.
    pub fn is_turn(&self) -> bool {
        !matches!(self, Self::BareLoop | Self::BareBatches)
    }

    /// The username of one side of a call.
    pub fn username(&self, call: usize, side: usize) -> String {
        match self {
            Self::Coturn(..) | Self::Mycrl(_) => "user".into(),
            _ => format!("call{call}-{side}"),
        }
    }

    /// Starts it for one load; `calls` is how many it must know. Where it is, too.
    pub fn start(&self, load: &Load, calls: usize) -> io::Result<(Process, SocketAddr)> {
        let address = free_address(load.transport)?;
        let tls = load.transport == Transport::Tls;
        let (certificate, key) = certificate()?;
        let command: Vec<String> = match self {
            Self::Coturn(path, _) => {
                let port = address.port();
                let transport = match load.transport {
                    Transport::Udp => format!("--listening-port {port} --no-tls --no-dtls --no-tcp"),
                    Transport::Tcp => format!("--listening-port {port} --no-tls --no-dtls --no-udp"),
                    Transport::Tls => format!(
                        "--tls-listening-port {port} --listening-port {} --no-dtls --no-udp --cert {} --pkey {}",
                        free_address(Transport::Tcp)?.port(),
                        certificate.display(),
                        key.display()
                    ),
                };
                let path = path.display();
                let options = format!(
                    "{path} -n -m 1 --listening-ip 127.0.0.1 {transport} --relay-ip 127.0.0.1 --allow-loopback-peers \
                     -u user:{PASSWORD} --realm callqr --lt-cred-mech --no-cli --min-port 10000 --max-port 65535 \
                     --log-file /dev/null --pidfile /dev/null"
                );
                options.split_whitespace().map(String::from).collect()
            }
            Self::Mycrl(path) => {
                let ssl = if tls {
                    format!(
                        "[server.interfaces.ssl]\nprivate-key = {:?}\ncertificate-chain = {:?}\n",
                        key.display().to_string(),
                        certificate.display().to_string()
                    )
                } else {
                    String::new()
                };
                let interface = |transport: &str, address: SocketAddr| {
                    format!(
                        "[[server.interfaces]]\ntransport = \"{transport}\"\nlisten = \"{address}\"\n\
                         external = \"{address}\"\nidle-timeout = 3600\n"
                    )
                };
                // It allocates for clients on TCP only beside an interface for UDP.
                let interfaces = match load.transport {
                    Transport::Udp => interface("udp", address),
                    _ => interface("udp", free_address(Transport::Udp)?) + &interface("tcp", address) + &ssl,
                };
                let config = format!(
                    "[server]\nport-range = \"49152..65535\"\nmax-threads = 1\nrealm = \"callqr\"\n{interfaces}\
                     [log]\nlevel = \"error\"\nstdout = false\n[auth.static-credentials]\nuser = \"{PASSWORD}\"\n"
                );
                let file = scratch()?.join("turn-server.toml");
                std::fs::write(&file, config)?;
                vec![path.display().to_string(), "--config".into(), file.display().to_string()]
            }
            _ => {
                let this = std::env::current_exe()?.display().to_string();
                let what = match self {
                    Self::BareLoop => "bare",
                    Self::BareBatches => "batched",
                    Self::CallqrWithoutGathering => "callqr-without-gathering",
                    _ => "callqr",
                };
                vec![this, "--serve".into(), what.into(), calls.to_string(), address.to_string()]
            }
        };
        let process = Process::start(1, &command)?;
        wait_for(address, load.transport, self.is_turn())?;
        Ok((process, address))
    }
}

/// What a server says about its version, if it runs.
fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let last = text.lines().rev().find(|line| !line.trim().is_empty())?.trim().to_owned();
    Some(last)
}

fn free_address(transport: Transport) -> io::Result<SocketAddr> {
    match transport {
        Transport::Udp => UdpSocket::bind("127.0.0.1:0")?.local_addr(),
        Transport::Tcp | Transport::Tls => TcpListener::bind("127.0.0.1:0")?.local_addr(),
    }
}

/// Where files for servers lie.
fn scratch() -> io::Result<PathBuf> {
    let folder = std::env::current_dir()?.join("target/bench-relay");
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A certificate and its key, made once.
pub fn certificate() -> io::Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (scratch()?.join("certificate.pem"), scratch()?.join("key.pem"));
    if !certificate.exists() || !key.exists() {
        let made = rcgen::generate_simple_self_signed(["localhost".into()]).map_err(io::Error::other)?;
        std::fs::write(&key, made.signing_key.serialize_pem())?;
        std::fs::write(&certificate, made.cert.pem())?;
    }
    Ok((certificate, key))
}

/// Waits until the server answers a Binding request, sends a packet back, or takes connections.
fn wait_for(address: SocketAddr, transport: Transport, is_turn: bool) -> io::Result<()> {
    let wait = Duration::from_millis(20);
    for _ in 0..500 {
        if transport != Transport::Udp {
            if std::net::TcpStream::connect(address).is_ok() {
                return Ok(());
            }
            std::thread::sleep(wait);
            continue;
        }
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_read_timeout(Some(wait))?;
        let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        if !is_turn {
            request[4..8].copy_from_slice(&[127, 0, 0, 1]);
            request[8..10].copy_from_slice(&socket.local_addr()?.port().to_be_bytes());
        }
        let _ = socket.send_to(&request, address);
        if socket.recv(&mut [0; 100]).is_ok() {
            return Ok(());
        }
    }
    Err(io::Error::new(io::ErrorKind::TimedOut, "the server does not answer"))
}
