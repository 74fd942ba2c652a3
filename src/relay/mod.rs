//! Sockets for the TURN machine: UDP on every core, and the streams that the accept loop hands over.
//!
//! One control plane stands behind a mutex; it sees requests and deadlines, a few per call and minute. Every UDP
//! thread (a *shard*) and every stream has a switch of its own, fed by the control plane through a mailbox that is
//! emptied before a packet is looked at: so media takes no lock that another core holds, and a change is in force for
//! every packet that arrives after it was made.
//!
//! Imports `domain`, `limits`, `proto::stun`, `proto::turn`. Called by `app`.

mod admission;
mod bind;
mod mailbox;
mod mmsg;
mod outbox;
mod probe;
mod queue;
mod reach;
mod shard;
mod stats;
mod stream;

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite};

use crate::domain::ids::CallId;
use crate::domain::random;
use crate::proto::turn::control::{ControlPlane, Input, Output, Setup};
pub use crate::proto::turn::counts::CODES as ERROR_CODES;
use crate::proto::turn::credentials::{CallAdmission, Credentials};
pub use crate::proto::turn::data_plane::Dropped;
use crate::proto::turn::five_tuple::FiveTuple;
pub use crate::proto::turn::limits::Limits;
use crate::proto::turn::view::Update;

pub use probe::{Connection, Report};
pub use reach::{Family, reach};
use shard::ShardHandle;
pub use stats::{Stats, Traffic};
use stream::StreamHandle;
pub use stream::Transport;

/// How often deadlines are looked at. Media obeys its deadlines to the nanosecond, because every snapshot carries them;
/// this is about memory, and about closing streams.
const TICK: Duration = Duration::from_secs(1);

/// What the relay is started with.
#[derive(Debug, Clone)]
pub struct RelayOptions {
    /// Where to listen, each address once. IPv6 sockets take IPv6 alone. Port 0 is a free port, the same for all.
    pub udp: Vec<SocketAddr>,
    /// REALM; up to eight bytes keep the answers to strangers short.
    pub realm: String,
    /// What anybody may cost.
    pub limits: Limits,
    /// UDP threads; 0 is one per core.
    pub shards: usize,
    /// The longest pause in which packets gather before they are handled together. It is made only while packets come
    /// so fast that some will; zero never pauses.
    pub batch_delay: Duration,
    /// Streams at the same time, in all.
    pub streams: usize,
    /// Streams of one source (an IPv4 address, an IPv6 /64) that have no allocation.
    pub strange_streams_per_source: usize,
    /// How long a stream may be without an allocation.
    pub authenticate_within: Duration,
}

impl Default for RelayOptions {
    fn default() -> Self {
        Self {
            udp: Vec::new(),
            realm: "callqr".into(),
            limits: Limits::default(),
            shards: 0,
            batch_delay: Duration::from_micros(300),
            streams: 10_000,
            strange_streams_per_source: 32,
            authenticate_within: Duration::from_secs(10),
        }
    }
}

/// A handle on the relay; clones are the same relay.
#[derive(Debug, Clone)]
pub struct Relay(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    control: Mutex<ControlPlane>,
    shards: Vec<ShardHandle>,
    /// The threads' halves, taken by the one `run`.
    idle: Mutex<Vec<shard::Shard>>,
    /// Sockets through which tasks outside of the shards send.
    sockets: Vec<bind::Listener>,
    streams: RwLock<HashMap<u64, Arc<StreamHandle>>>,
    next_stream: AtomicU64,
    admission: admission::Admission,
    stream_traffic: stats::Counters,
    options: RelayOptions,
    stopping: AtomicBool,
}

impl Relay {
    /// Binds the UDP sockets. Nothing is answered before [`Relay::run`].
    ///
    /// # Errors
    /// Those of the operating system, such as a port in use.
    pub fn bind(options: RelayOptions) -> io::Result<Self> {
        let count = match options.shards {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        let bound = bind::listeners(&options.udp, count)?;
        let sockets = bound.first().map(|of_first| of_first.iter().map(bind::Listener::share).collect());
        let sockets = sockets.unwrap_or_else(|| Ok(Vec::new()))?;
        let shards = bound.into_iter().map(shard::Shard::new).collect::<io::Result<Vec<_>>>()?;
        let setup = Setup {
            realm: options.realm.clone(),
            limits: options.limits.clone(),
            seed: random::bytes(),
            epoch: Instant::now(),
        };
        Ok(Self(Arc::new(Inner {
            control: Mutex::new(ControlPlane::new(setup)),
            shards: shards.iter().map(shard::Shard::handle).collect(),
            idle: Mutex::new(shards),
            sockets,
            streams: RwLock::default(),
            next_stream: AtomicU64::new(0),
            admission: admission::Admission::new(options.strange_streams_per_source, options.streams),
            stream_traffic: stats::Counters::default(),
            options,
            stopping: AtomicBool::new(false),
        })))
    }

    /// The addresses that are listened on, in the order of [`RelayOptions::udp`].
    pub fn local_addrs(&self) -> Vec<SocketAddr> {
        self.0.sockets.iter().map(|socket| socket.address).collect()
    }

    /// Relays until `shutdown` completes; then all threads have ended.
    ///
    /// # Errors
    /// When a thread cannot be started, or ended before it was told to.
    pub async fn run(&self, shutdown: impl Future<Output = ()>) -> io::Result<()> {
        let idle = std::mem::take(&mut *lock(&self.0.idle));
        let (ended, mut any_ended) = tokio::sync::mpsc::channel(idle.len().max(1));
        let mut threads = Vec::with_capacity(idle.len());
        for (index, shard) in idle.into_iter().enumerate() {
            let (inner, ended) = (Arc::clone(&self.0), ended.clone());
            let thread = std::thread::Builder::new().name(format!("relay-{index}")).spawn(move || {
                let result = shard.run(&inner);
                let _ = ended.blocking_send(());
                result
            })?;
            threads.push(thread);
        }
        let mut tick = tokio::time::interval(TICK);
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                _ = any_ended.recv() => break,
                _ = tick.tick() => self.0.drive(Input::Timeout, Instant::now()),
            }
        }
        self.0.stopping.store(true, Relaxed);
        for shard in &self.0.shards {
            shard.wake();
        }
        let joined = tokio::task::spawn_blocking(move || {
            let ended = |t: std::thread::JoinHandle<io::Result<()>>| t.join().map_err(|_| io::Error::other("panicked"));
            threads.into_iter().try_for_each(|thread| ended(thread)?)
        });
        joined.await.unwrap_or_else(|error| Err(io::Error::other(error)))
    }

    /// Serves one connection until either side ends it: plain TCP, or TLS after its handshake. Bytes that were peeked
    /// must be read again from `stream`. `peer` is the client's address.
    pub async fn serve_stream<S>(&self, stream: S, peer: SocketAddr, transport: Transport)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        stream::serve(&self.0, stream, peer, transport).await;
    }

    /// What has been counted since the start.
    pub fn stats(&self) -> Stats {
        let mut traffic = self.0.stream_traffic.read();
        for shard in &self.0.shards {
            traffic += shard.counters.read();
        }
        let streams = self.0.streams.read().unwrap_or_else(PoisonError::into_inner).len() as u64;
        Stats { control: lock(&self.0.control).counts(), traffic, streams, streams_refused: self.0.admission.refused() }
    }

    /// Lets an allocation pair exchange a packet through the real port: one side over UDP, the other over UDP and then
    /// over each of `connections`, which the caller has opened to the server's own TCP port. What this machine has no
    /// address for is left out.
    pub async fn self_test(&self, connections: Vec<Connection>) -> Report {
        probe::run(self, connections).await
    }
}

impl CallAdmission for Relay {
    fn admit(&self, call_id: CallId, participants: [Credentials; 2], lifetime: Duration) {
        self.0.drive(Input::Admit { call_id, participants, lifetime }, Instant::now());
    }

    fn expect(&self, call_id: CallId, source: IpAddr) {
        self.0.drive(Input::Expect { call_id, source }, Instant::now());
    }

    fn revoke(&self, call_id: CallId) {
        self.0.drive(Input::Revoke(call_id), Instant::now());
    }
}

impl Inner {
    /// Feeds the control plane and does what follows, through the shared sockets.
    fn drive(&self, input: Input<'_>, now: Instant) {
        self.drive_with(input, now, |to, bytes| self.send(&to, &bytes));
    }

    /// Feeds the control plane; `send` sends the answers, after every switch has been told what changed.
    fn drive_with(&self, input: Input<'_>, now: Instant, mut send: impl FnMut(FiveTuple, Vec<u8>)) {
        let mut answers = Vec::new();
        {
            // Updates are posted under the lock, so that all switches see them in one order.
            let mut control = lock(&self.control);
            control.handle(input, now);
            while let Some(output) = control.poll_output() {
                match output {
                    Output::Update(update) => self.publish(&update),
                    Output::Send { to, bytes } => answers.push((to, bytes)),
                    Output::Opened(client) => self.tell_stream(&client, true),
                    Output::Gone(client) => self.tell_stream(&client, false),
                }
            }
        }
        for (to, bytes) in answers {
            send(to, bytes);
        }
    }

    fn publish(&self, update: &Update) {
        for shard in &self.shards {
            shard.post(update.clone());
        }
        let streams = self.streams.read().unwrap_or_else(PoisonError::into_inner);
        if streams.is_empty() {
            return;
        }
        match update {
            Update::Changed(view) => {
                for stream in view.legs.iter().filter_map(|leg| streams.get(&stream_id(&leg.client)?)) {
                    stream.mailbox.post(update.clone());
                }
            }
            // Which streams knew the call is not known here; each forgets it when told that its allocation is gone.
            Update::Over(_) => {}
        }
    }

    fn tell_stream(&self, client: &FiveTuple, has_allocation: bool) {
        if let Some(stream) = self.stream(client) {
            stream.set_allocated(has_allocation, &self.admission);
        }
    }

    fn stream(&self, client: &FiveTuple) -> Option<Arc<StreamHandle>> {
        let id = stream_id(client)?;
        self.streams.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Sends an answer from outside of the shards.
    fn send(&self, to: &FiveTuple, bytes: &[u8]) {
        match to {
            FiveTuple::Udp { peer, local, listener } => {
                if let Some(socket) = self.sockets.get(usize::from(*listener)) {
                    let sent = socket.send(*peer, *local, bytes);
                    self.stream_traffic.sent(bytes.len(), sent.is_ok());
                }
            }
            FiveTuple::Stream { .. } => {
                if let Some(stream) = self.stream(to) {
                    stream.queue.push_answer(bytes);
                }
            }
        }
    }
}

fn stream_id(client: &FiveTuple) -> Option<u64> {
    match client {
        FiveTuple::Stream { id, .. } => Some(*id),
        FiveTuple::Udp { .. } => None,
    }
}

/// Locks; a thread that panicked while it held the lock left counters or maps that are whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
