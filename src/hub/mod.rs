//! The only driver of `proto::signal`: one task owns the switchboard, and everybody else holds a [`Hub`].
//!
//! Nothing that the task does can wait for a person: what it sends goes to bounded outboxes, and who does not empty
//! theirs is closed.
//!
//! Imports `domain`, `household`, `keys`, `proto::signal`, `proto::turn::credentials`. Called by `app`, `web`.

mod connection;
pub mod ice;
mod outbox;
mod placing;
mod task;
mod ticket_issuer;
pub mod tickets;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

pub use connection::{Connection, Outgoing};
pub use placing::PlacedCall;
pub use ticket_issuer::tickets_outlive_a_call_by;

use crate::domain::effect::Effect;
use crate::domain::ids::{CallId, HouseholdId, SessionId, TagId};
use crate::domain::{Error, Kind, Result};
pub use crate::proto::signal::SignalOptions;
use crate::proto::signal::wire::Hello;
use crate::proto::signal::{CloseReason, ConnectionId, Input, Party, Progress};
use ice::Ice;
use outbox::Outbox;
pub use task::Way;
use task::{Command, Task};
use ticket_issuer::TicketIssuer;
use tickets::Tickets;

/// How many commands wait for the task; with messages of 64 KiB that is 16 MiB at the very most.
const QUEUE: usize = 256;
/// How long sockets have to say goodbye when the server stops.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// The handle of the switchboard's task.
#[derive(Clone)]
pub struct Hub {
    commands: mpsc::Sender<Command>,
    /// Connections that are gone: never more than there are connections, and never lost, even in a drop.
    gone: mpsc::UnboundedSender<ConnectionId>,
    /// What follows of changes in the database, which must not wait for this task.
    effects: mpsc::UnboundedSender<Effect>,
    shared: Arc<Shared>,
}

struct Shared {
    issuer: Arc<TicketIssuer>,
    ice: Arc<Ice>,
    standing: TicketValidity,
    has_ended: HasEnded,
    next_connection: AtomicU64,
    counts: Arc<Counts>,
    sockets: Arc<Semaphore>,
    max_sockets: u32,
    max_calls: usize,
    max_message: usize,
    max_queue: usize,
}

#[derive(Default)]
struct Counts {
    calls: AtomicUsize,
    devices: AtomicUsize,
}

/// Whether a tag may still be called and, where one is named, whether a session still stands as it did when the ticket was
/// made. Asked about each call's first ticket and about tickets of an earlier process: the switchboard cannot know what was
/// ended after they were made.
pub type TicketValidity = Box<
    dyn Fn(TagId, Option<(SessionId, SystemTime)>) -> Pin<Box<dyn Future<Output = Result<bool>> + Send>> + Send + Sync,
>;

/// What [`TicketValidity`] is asked.
type StoodFor = (TagId, Option<(SessionId, SystemTime)>);

/// Hears of each call that is over; must not wait.
pub type OnCallEnded = Box<dyn Fn(crate::domain::call::EndedCall) + Send>;

/// Whether a call is known to be over. Asked about tickets of an earlier process: what ended there stays ended.
pub type HasEnded = Box<dyn Fn(CallId) -> Pin<Box<dyn Future<Output = Result<bool>> + Send>> + Send + Sync>;

/// What outlives the process of calls that are over.
pub struct CallMemory {
    /// Told of each of them.
    pub note: OnCallEnded,
    /// Asked about them.
    pub has_ended: HasEnded,
}

/// What a WebSocket was opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// One call.
    Call(CallId),
    /// To be rung.
    Presence,
}

impl Hub {
    /// Starts the task. It ends after [`Hub::shutdown`], or when every handle is gone.
    pub fn start(
        options: SignalOptions,
        ice: Arc<Ice>,
        tickets: Tickets,
        standing: TicketValidity,
    ) -> (Self, JoinHandle<()>) {
        let memory = CallMemory { note: Box::new(|_| {}), has_ended: Box::new(|_| Box::pin(async { Ok(false) })) };
        Self::start_remembering(options, ice, tickets, standing, memory)
    }

    /// As [`Hub::start`], with a memory of calls that are over.
    pub fn start_remembering(
        options: SignalOptions,
        ice: Arc<Ice>,
        tickets: Tickets,
        standing: TicketValidity,
        memory: CallMemory,
    ) -> (Self, JoinHandle<()>) {
        let (commands, commands_rx) = mpsc::channel(QUEUE);
        let (gone, gone_rx) = mpsc::unbounded_channel();
        let (effects, effects_rx) = mpsc::unbounded_channel();
        let max_sockets = u32::try_from(options.max_connections).unwrap_or(u32::MAX);
        let shared = Arc::new(Shared {
            issuer: Arc::new(TicketIssuer::new(tickets, &options)),
            ice: ice.clone(),
            standing,
            has_ended: memory.has_ended,
            next_connection: AtomicU64::new(0),
            counts: Arc::default(),
            sockets: Arc::new(Semaphore::new(max_sockets as usize)),
            max_sockets,
            max_calls: options.max_calls,
            max_message: options.max_message,
            max_queue: options.max_queue,
        });
        let task = Task::new(options, ice, shared.issuer.clone(), shared.counts.clone(), memory.note, effects_rx);
        let task = tokio::spawn(task.run(commands_rx, gone_rx));
        (Self { commands, gone, effects, shared }, task)
    }

    /// A ticket with which a device of this session can be present.
    ///
    /// # Errors
    /// `too-many-household-devices` when the household has as many as it may have, `too-many-devices` when the server has;
    /// `stopping` when it stops.
    pub async fn presence_ticket(&self, household: HouseholdId, session: SessionId) -> Result<String> {
        self.ask(|answer| Command::Enlist(household, session, answer)).await?
    }

    /// Connects a client that said `hello`, having come this way.
    ///
    /// # Errors
    /// Why the connection must be closed at once.
    pub async fn connect(
        &self,
        endpoint: Endpoint,
        hello: &Hello,
        way: Way,
    ) -> std::result::Result<Connection, CloseReason> {
        let connection = ConnectionId(self.shared.next_connection.fetch_add(1, Ordering::Relaxed));
        let (input, made) = self.shared.issuer.join(connection, endpoint, hello, SystemTime::now())?;
        if let Input::JoinCall { grant, from_before: true, .. } = &input {
            match (self.shared.has_ended)(grant.call_id).await {
                Ok(false) => {}
                Ok(true) => return Err(CloseReason::NoSuchCall),
                Err(_) => return Err(CloseReason::Overloaded),
            }
        }
        let stood_for = stood_for(&input, made);
        if let Some(stood_for) = stood_for {
            self.check_standing(stood_for).await?;
        }
        let outbox = Arc::new(Outbox::new(self.shared.max_queue));
        let join = Command::Join { connection, input, outbox: outbox.clone(), way };
        self.commands.send(join).await.map_err(|_| CloseReason::Restarting)?;
        let connected = Connection::new(connection, outbox, self.commands.clone(), self.gone.clone());
        if let Some(stood_for) = stood_for {
            self.check_standing_again(connection, stood_for).await;
        }
        Ok(connected)
    }

    /// Room for one more WebSocket, for as long as the result is kept; `None` if the server is full.
    pub fn admit_socket(&self) -> Option<OwnedSemaphorePermit> {
        self.shared.sockets.clone().try_acquire_owned().ok()
    }

    /// The most bytes that a socket may send in one message, and the most that may wait for it.
    pub fn socket_bounds(&self) -> (usize, usize) {
        (self.shared.max_message, self.shared.max_queue)
    }

    /// The tag was paused or revoked: calls through it end.
    pub async fn withdraw_tag(&self, tag: TagId) {
        self.tell(Input::WithdrawTag(tag)).await;
    }

    /// The session was ended: its device leaves presence and every call.
    pub async fn end_session(&self, session: SessionId) {
        self.tell(Input::EndSession(session)).await;
    }

    /// What brings about, without waiting, what follows of a change in the database. Whatever this hub is asked for
    /// afterwards is answered as things are then: a ticket of new secrets is not spent by the end of the old ones.
    pub fn effects(&self) -> impl Fn(Effect) + Send + Sync + 'static {
        let effects = self.effects.clone();
        move |effect| {
            // Without a task nobody is connected.
            let _ = effects.send(effect);
        }
    }

    /// A ticket with which a device of this session comes back to a call that it takes part in.
    ///
    /// # Errors
    /// `no-such-call` when it takes part in no such call; `stopping` when the server stops.
    pub async fn call_ticket(&self, call_id: CallId, session: SessionId) -> Result<String> {
        self.ask(|answer| Command::Rejoin(call_id, session, answer)).await?
    }

    /// The sessions whose devices are connected now.
    pub async fn connected(&self) -> Vec<SessionId> {
        // Without a task nobody is.
        self.ask(Command::Connected).await.unwrap_or_default()
    }

    /// How many calls ring or talk.
    pub fn calls(&self) -> usize {
        self.shared.counts.calls.load(Ordering::Relaxed)
    }

    /// How many devices can be rung.
    pub fn devices(&self) -> usize {
        self.shared.counts.devices.load(Ordering::Relaxed)
    }

    /// Whether the task answers.
    pub fn is_running(&self) -> bool {
        !self.commands.is_closed()
    }

    /// Ready when the task has ended.
    pub async fn stopped(&self) {
        self.commands.closed().await;
    }

    /// Closes every connection with 1012 and ends the task; returns when the sockets are closed, or after 3 seconds.
    pub async fn shutdown(&self) {
        self.tell(Input::Shutdown).await;
        let all_closed = self.shared.sockets.acquire_many(self.shared.max_sockets);
        // A socket that takes longer is cut off by the end of the process.
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, all_closed).await;
    }

    async fn check_standing(&self, (tag, session): StoodFor) -> std::result::Result<(), CloseReason> {
        match (self.shared.standing)(tag, session).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(CloseReason::NoSuchCall),
            Err(_) => Err(CloseReason::Overloaded),
        }
    }

    /// What ended while this was looked up was told to the task before it knew of the connection.
    async fn check_standing_again(&self, connection: ConnectionId, stood_for: StoodFor) {
        match (self.check_standing(stood_for).await, stood_for) {
            (Ok(()), _) => {}
            (Err(CloseReason::NoSuchCall), (tag, None)) => self.withdraw_tag(tag).await,
            (Err(reason), _) => self.tell(Input::Fault { connection, reason }).await,
        }
    }

    async fn tell(&self, input: Input) {
        // Without a task there is nobody left to be told.
        let _ = self.commands.send(Command::Input(input)).await;
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.commands.send(command(answer)).await.map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())
    }
}

/// What [`TicketValidity`] is asked about before a connection may join; `None` when the switchboard knows by itself.
fn stood_for(input: &Input, made: SystemTime) -> Option<StoodFor> {
    let Input::JoinCall { grant, from_before, .. } = input else { return None };
    if !from_before && grant.progress != Progress::Placed {
        return None;
    }
    let session = match grant.party {
        Party::Caller => None,
        Party::Device(session) => Some((session, made)),
    };
    Some((grant.tag, session))
}

fn stopping() -> Error {
    Error::new(Kind::Unavailable, "stopping", "The server is stopping.")
        .hint("Try again in a few seconds.")
        .retry_after(Duration::from_secs(5))
}
