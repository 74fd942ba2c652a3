//! The servers that are compared.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use callqr::domain::ids::SessionId;
use callqr::domain::secret::Secret;
use callqr::proto::turn::credentials::{Credentials, Gate as _};
use callqr::relay::{Options, Relay};

use crate::bare;
use crate::load::{Framing, Load, Pace};
use crate::process::Process;

pub const PASSWORD: &str = "password";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    Callqr,
    CallqrWithoutGathering,
    Coturn,
    BareLoop,
    BareBatches,
}

impl Server {
    pub fn all() -> [Self; 5] {
        [Self::Callqr, Self::CallqrWithoutGathering, Self::Coturn, Self::BareLoop, Self::BareBatches]
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Callqr => "callqr",
            Self::CallqrWithoutGathering => "callqr, no gathering",
            Self::Coturn => "coturn (Debian)",
            Self::BareLoop => "bare loop",
            Self::BareBatches => "bare loop, batched",
        }
    }

    /// Whether it knows the protocol that the clients of this load speak.
    pub fn can(self, load: &Load) -> bool {
        match self {
            Self::BareLoop | Self::BareBatches => load.framing == Framing::ChannelData,
            Self::CallqrWithoutGathering => load.pace != Pace::FlatOut,
            // It has a socket for each allocation, and a process may have 20,000 files here.
            Self::Coturn => load.calls <= 5_000,
            Self::Callqr => true,
        }
    }

    /// Whether clients allocate, or just send.
    pub fn is_turn(self) -> bool {
        !matches!(self, Self::BareLoop | Self::BareBatches)
    }

    /// The username of one side of a call.
    pub fn username(self, call: usize, side: usize) -> String {
        if self == Self::Coturn { "user".into() } else { format!("call{call}-{side}") }
    }

    /// Starts it; `calls` is how many it must know.
    pub fn start(self, calls: usize) -> (Process, SocketAddr) {
        let address = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let command: Vec<String> = match self {
            Self::Coturn => format!(
                "turnserver -n -m 1 --listening-ip 127.0.0.1 --listening-port {} --relay-ip 127.0.0.1 \
                 --allow-loopback-peers -u user:{PASSWORD} --realm callqr --lt-cred-mech --no-cli --no-tls --no-dtls \
                 --no-tcp --min-port 10000 --max-port 65535 --log-file /dev/null --pidfile /dev/null",
                address.port()
            )
            .split_whitespace()
            .map(String::from)
            .collect(),
            _ => {
                let this = std::env::current_exe().unwrap().to_string_lossy().into_owned();
                vec![this, "--serve".into(), format!("{self:?}:{calls}"), address.to_string()]
            }
        };
        let process = Process::start(1, &command);
        wait_for(address, self.is_turn());
        (process, address)
    }
}

/// Waits until the server answers a Binding request, or sends a packet back.
fn wait_for(address: SocketAddr, is_turn: bool) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut request = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    if !is_turn {
        request[4..6].copy_from_slice(&socket.local_addr().unwrap().port().to_be_bytes());
    }
    for _ in 0..500 {
        let _ = socket.send_to(&request, address);
        if socket.recv(&mut [0; 100]).is_ok() {
            return;
        }
    }
    panic!("the server at {address} does not answer");
}

/// What a child process of this program does.
pub fn serve(what: &str, address: SocketAddr) {
    let (name, calls) = what.split_once(':').unwrap();
    match name {
        "BareLoop" => bare::one_by_one(address),
        "BareBatches" => bare::batched(address),
        name => callqr(address, calls.parse().unwrap(), name == "Callqr"),
    }
}

fn callqr(address: SocketAddr, calls: usize, gather: bool) {
    let mut options = Options { udp: vec![address], ..Options::default() };
    if !gather {
        options.gather = Duration::ZERO;
    }
    options.limits.answers_per_source = u32::MAX;
    options.limits.answers_in_all = u32::MAX;
    options.limits.bits_per_second = Some(10_000_000_000);
    options.limits.bytes_per_call = Some(u64::MAX / 2);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let relay = Relay::bind(options).unwrap();
        for call in 0..calls {
            let participant = |side| Credentials {
                username: Server::Callqr.username(call, side),
                password: Secret::new(PASSWORD.into()),
            };
            relay.admit(SessionId::random(), [participant(0), participant(1)], Duration::from_secs(3600));
        }
        relay.run(std::future::pending()).await.unwrap();
    });
}
