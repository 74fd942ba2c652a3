//! One UDP thread: receive a batch, switch it, send it.

use std::io;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

use super::Inner;
use super::bind::Listener;
use super::mailbox::Mailbox;
use super::mmsg::{BATCH, Inbox};
use super::outbox::Outbox;
use super::stats::Counters;
use crate::domain::random;
use crate::proto::turn::control::Input;
use crate::proto::turn::data_plane::DataPlane;
use crate::proto::turn::five_tuple::FiveTuple;
use crate::proto::turn::view::Update;

const WAKE: Token = Token(usize::MAX);
/// Updates that may wait for a sleeping shard before it is woken to take them in.
const WAKE_AFTER_UPDATES: usize = 64;
/// Over how long the rate of packets is measured.
const WINDOW: Duration = Duration::from_millis(5);

/// What others know of a shard.
#[derive(Debug)]
pub struct ShardHandle {
    mailbox: Arc<Mailbox>,
    waker: Arc<Waker>,
    pub counters: Arc<Counters>,
}

impl ShardHandle {
    /// Gives the shard an update. It is read before the next packet; a sleeping shard is not woken for one alone.
    pub fn post(&self, update: Update) {
        if self.mailbox.post(update) >= WAKE_AFTER_UPDATES {
            self.wake();
        }
    }

    /// Wakes the shard up.
    pub fn wake(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "a relay thread cannot be woken");
        }
    }
}

/// A thread's sockets and state, before it runs.
#[derive(Debug)]
pub struct Shard {
    listeners: Vec<Listener>,
    poll: Poll,
    waker: Arc<Waker>,
    mailbox: Arc<Mailbox>,
    counters: Arc<Counters>,
}

impl Shard {
    pub fn new(listeners: Vec<Listener>) -> io::Result<Self> {
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        for (index, listener) in listeners.iter().enumerate() {
            let fd = listener.socket.as_raw_fd();
            poll.registry().register(&mut SourceFd(&fd), Token(index), Interest::READABLE)?;
        }
        Ok(Self { listeners, poll, waker, mailbox: Arc::default(), counters: Arc::default() })
    }

    pub fn handle(&self) -> ShardHandle {
        let (mailbox, waker) = (Arc::clone(&self.mailbox), Arc::clone(&self.waker));
        ShardHandle { mailbox, waker, counters: Arc::clone(&self.counters) }
    }

    /// Relays until the relay stops.
    pub fn run(mut self, inner: &Inner) -> io::Result<()> {
        let mut events = Events::with_capacity(8);
        let mut inbox = Inbox::new();
        let mut round = Round {
            inner,
            listeners: &self.listeners,
            counters: &self.counters,
            switch: DataPlane::new(u64::from_be_bytes(random::bytes())),
            outbox: Outbox::new(),
        };
        let mut batch_delay = BatchDelay::new(inner.options.batch_delay);
        let mut ready = vec![false; self.listeners.len()];
        while !inner.stopping.load(Relaxed) {
            if let Err(error) = self.poll.poll(&mut events, None)
                && error.kind() != io::ErrorKind::Interrupted
            {
                return Err(error);
            }
            self.mailbox.deliver(&mut round.switch);
            ready.fill(false);
            for event in &events {
                if let Some(ready) = ready.get_mut(event.token().0) {
                    *ready = true;
                }
            }
            loop {
                let (mut packets, mut more) = (0, false);
                for index in (0..ready.len()).filter(|index| ready[*index]) {
                    let found = round.receive(index, &mut inbox, &self.mailbox);
                    packets += found.packets;
                    more |= found.more;
                }
                if packets == 0 || inner.stopping.load(Relaxed) {
                    break;
                }
                match batch_delay.after(packets, Instant::now()) {
                    Some(pause) => std::thread::sleep(pause),
                    None if more => {}
                    // Readiness is reported again for what arrives after a socket was found empty.
                    None => break,
                }
                // This loop looks at every socket, so that a busy one does not keep the others waiting.
                ready.fill(true);
            }
        }
        Ok(())
    }
}

/// What a look at a socket found.
struct Found {
    packets: usize,
    /// The batch was full: there may be more.
    more: bool,
}

/// What a thread works with.
struct Round<'a> {
    inner: &'a Inner,
    listeners: &'a [Listener],
    counters: &'a Counters,
    switch: DataPlane,
    outbox: Outbox,
}

impl Round<'_> {
    /// Handles one batch of a socket.
    fn receive(&mut self, index: usize, inbox: &mut Inbox, mailbox: &Mailbox) -> Found {
        let listener = &self.listeners[index];
        // Any error but "nothing there" is about one packet, such as an ICMP message; the socket lives on.
        let Ok(received) = inbox.receive(&listener.socket) else { return Found { packets: 0, more: false } };
        let now = Instant::now();
        mailbox.deliver(&mut self.switch);
        let (mut packets, mut bytes) = (0, 0);
        for train in (0..received).filter_map(|n| inbox.train(n)) {
            let local = train.to.unwrap_or_else(|| listener.address.ip());
            let from = FiveTuple::Udp { peer: train.from, local, listener: index as u8 };
            for packet in train.bytes.chunks(train.segment) {
                packets += 1;
                self.packet(&from, packet, now, mailbox);
            }
            bytes += train.bytes.len();
        }
        self.outbox.flush(self.listeners, self.counters);
        self.counters.received(packets, bytes);
        Found { packets, more: received == BATCH }
    }

    fn packet(&mut self, from: &FiveTuple, packet: &[u8], now: Instant, mailbox: &Mailbox) {
        if !DataPlane::is_media(packet) {
            return self.message(*from, packet, now, mailbox);
        }
        match self.switch.forward(from, packet, now) {
            Ok(forward) if forward.to.is_stream() => {
                if let Some(stream) = self.inner.stream(&forward.to) {
                    self.counters.overflowed(stream.queue.push_media(&forward));
                    self.counters.sent(forward.len(), true);
                }
            }
            Ok(forward) => self.outbox.push(&forward, self.listeners, self.counters),
            Err(cause) => self.counters.dropped(cause),
        }
    }

    fn message(&mut self, from: FiveTuple, bytes: &[u8], now: Instant, mailbox: &Mailbox) {
        let (listeners, counters, inner) = (self.listeners, self.counters, self.inner);
        inner.drive_with(Input::Message { from, bytes }, now, |to, bytes| match to {
            FiveTuple::Udp { peer, local, listener } => {
                if let Some(listener) = listeners.get(usize::from(listener)) {
                    counters.sent(bytes.len(), listener.send(peer, local, &bytes).is_ok());
                }
            }
            FiveTuple::Stream { .. } => inner.send(&to, &bytes),
        });
        // What follows in this batch may already depend on what the request changed.
        mailbox.deliver(&mut self.switch);
    }
}

/// Decides when to let packets gather: only while enough of them come that a pause will bring several together.
#[derive(Debug)]
struct BatchDelay {
    pause: Duration,
    window: Option<Instant>,
    packets: usize,
    worthwhile: bool,
}

impl BatchDelay {
    fn new(pause: Duration) -> Self {
        Self { pause, window: None, packets: 0, worthwhile: false }
    }

    /// Called after a round with packets; the pause to make before the next one.
    fn after(&mut self, packets: usize, now: Instant) -> Option<Duration> {
        if self.pause.is_zero() {
            return None;
        }
        self.packets += packets;
        let begun = *self.window.get_or_insert(now);
        let elapsed = now.saturating_duration_since(begun);
        if elapsed >= WINDOW {
            // Two packets or more in a pause, at the rate of this window.
            self.worthwhile = self.packets as u128 * self.pause.as_nanos() >= 2 * elapsed.as_nanos();
            (self.window, self.packets) = (Some(now), 0);
        }
        // A full batch means that there is more already: waiting would only make the queue longer.
        (self.worthwhile && packets < BATCH).then_some(self.pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_gather_only_while_a_pause_brings_several_together() {
        let pause = Duration::from_micros(300);
        let mut now = Instant::now();
        let mut batch_delay = BatchDelay::new(pause);
        let mut pauses = |every: Duration, rounds: usize| {
            let asked = (0..rounds).filter(|_| {
                now += every;
                batch_delay.after(1, now).is_some()
            });
            asked.count()
        };
        assert_eq!(pauses(Duration::from_millis(1), 1000), 0, "quiet: every packet goes at once");
        assert!(pauses(Duration::from_micros(50), 1000) > 800, "busy: they gather");
        assert!(pauses(Duration::from_millis(1), 1000) < 10, "and quiet again");
        assert_eq!(BatchDelay::new(Duration::ZERO).after(1, now), None);
    }
}
