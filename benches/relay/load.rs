//! One measurement: calls are set up, packets flow, the server's CPU time is read before and after.

use std::io;
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use quinn_udp::{Transmit, UdpSocketState};

use crate::client::{self, CHANNEL, Client};
use crate::servers::Server;

/// Packets under way at the same time when flat out: fewer than the server's socket holds, so that none is lost.
const WINDOW: usize = 192;
/// Packets of a train, as a video frame has them.
const TRAIN: usize = 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// Both sides have bound channels, as Chromium does.
    ChannelData,
    /// Send indications and Data indications, as Firefox does.
    Send,
    /// ChannelData in trains to one client, sent by one system call.
    Trains,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// As fast as the server goes.
    FlatOut,
    /// Evenly, in packets per second through the server.
    PerSecond(u64),
}

#[derive(Debug, Clone)]
pub struct Load {
    pub framing: Framing,
    pub pace: Pace,
    pub calls: usize,
    pub size: usize,
    pub duration: Duration,
}

impl Load {
    pub fn name(&self) -> String {
        let framing = match self.framing {
            Framing::ChannelData => "ChannelData",
            Framing::Send => "Send/Data",
            Framing::Trains => "trains of 10",
        };
        let pace = match self.pace {
            Pace::FlatOut => "flat out".into(),
            Pace::PerSecond(rate) => format!("{rate}/s"),
        };
        format!("{framing}, {} B, {} calls, {pace}", self.size, self.calls)
    }
}

/// What one round found.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    pub packets: u64,
    pub lost: u64,
    pub cpu: Duration,
    pub wall: Duration,
    /// Of every packet, in microseconds; empty when flat out.
    pub latencies: Vec<f64>,
    pub memory_per_allocation: f64,
    pub allocations_per_second: f64,
}

pub fn run(server: Server, load: &Load) -> io::Result<Sample> {
    let (process, address) = server.start(load.calls);
    let (memory, began) = (process.memory(), Instant::now());
    let mut clients = Vec::with_capacity(load.calls * 2);
    for call in 0..load.calls {
        clients.extend(client::pair(server, address, call, load.framing != Framing::Send)?);
    }
    let setup = began.elapsed();
    let mut traffic = Traffic::new(clients, load)?;
    traffic.run(load, load.duration / 5);
    traffic.reset();
    let (cpu, began) = (process.cpu(), Instant::now());
    traffic.run(load, load.duration);
    let (cpu, wall) = (process.cpu() - cpu, began.elapsed());
    traffic.settle();
    let allocations = (load.calls * 2) as f64;
    Ok(Sample {
        packets: traffic.received,
        lost: traffic.sent.saturating_sub(traffic.received),
        cpu,
        wall,
        latencies: std::mem::take(&mut traffic.latencies),
        memory_per_allocation: process.memory().saturating_sub(memory) as f64 / allocations,
        allocations_per_second: allocations / setup.as_secs_f64(),
    })
}

struct Traffic {
    clients: Vec<Client>,
    states: Vec<UdpSocketState>,
    packets: Vec<Vec<u8>>,
    /// Where in a sent packet, and in a received one, the time stands.
    stamp: (usize, usize),
    poll: Poll,
    next: usize,
    sent: u64,
    received: u64,
    latencies: Vec<f64>,
    began: Instant,
    paced: bool,
}

impl Traffic {
    fn new(clients: Vec<Client>, load: &Load) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut states = Vec::new();
        for (index, client) in clients.iter().enumerate() {
            client.socket.set_nonblocking(true)?;
            let fd = client.socket.as_raw_fd();
            if load.framing == Framing::Trains {
                states.push(UdpSocketState::new((&client.socket).into())?);
            }
            poll.registry().register(&mut SourceFd(&fd), Token(index), Interest::READABLE)?;
        }
        let packets = clients.iter().map(|client| packet(client, load)).collect();
        let stamp = if load.framing == Framing::Send { (20 + 12 + 4 + 2, 20 + 12 + 4 + 2) } else { (6, 6) };
        let (next, sent, received, latencies) = (0, 0, 0, Vec::new());
        let paced = load.pace != Pace::FlatOut;
        Ok(Self {
            clients,
            states,
            packets,
            stamp,
            poll,
            next,
            sent,
            received,
            latencies,
            began: Instant::now(),
            paced,
        })
    }

    fn reset(&mut self) {
        (self.sent, self.received) = (0, 0);
        self.latencies.clear();
    }

    /// Sends from the next client in turn.
    fn send(&mut self) {
        let index = self.next;
        self.next = (index + 1) % self.clients.len();
        let now = self.began.elapsed().as_nanos() as u64;
        let (packet, socket) = (&mut self.packets[index], &self.clients[index].socket);
        packet[self.stamp.0..self.stamp.0 + 8].copy_from_slice(&now.to_be_bytes());
        if let Some(state) = self.states.get(index) {
            let one = packet.len() / TRAIN;
            let destination = socket.peer_addr().unwrap();
            let train = Transmit { destination, ecn: None, contents: packet, segment_size: Some(one), src_ip: None };
            self.sent += if state.try_send(socket.into(), &train).is_ok() { TRAIN as u64 } else { 0 };
        } else {
            self.sent += u64::from(socket.send(packet).is_ok());
        }
    }

    /// Takes in what has arrived; returns how many packets.
    fn receive(&mut self, events: &mut Events, wait: Duration) -> u64 {
        let mut buffer = [0; 65_536];
        let before = self.received;
        let _ = self.poll.poll(events, Some(wait));
        let now = self.began.elapsed();
        for event in events.iter() {
            let socket = &self.clients[event.token().0].socket;
            while let Ok(length) = socket.recv(&mut buffer) {
                let one = self.packets[0].len() / if self.states.is_empty() { 1 } else { TRAIN };
                // The kernel may hand over a whole train at once.
                self.received += if self.states.is_empty() { 1 } else { length.div_ceil(one) as u64 };
                if self.paced {
                    let stamp = buffer[self.stamp.1..self.stamp.1 + 8].try_into().unwrap_or_default();
                    let taken = now.saturating_sub(Duration::from_nanos(u64::from_be_bytes(stamp)));
                    self.latencies.push(taken.as_nanos() as f64 / 1000.0);
                }
            }
        }
        self.received - before
    }

    fn run(&mut self, load: &Load, duration: Duration) {
        let mut events = Events::with_capacity(1024);
        let end = Instant::now() + duration;
        match load.pace {
            Pace::FlatOut => {
                let (window, each) = if self.states.is_empty() { (WINDOW, 1) } else { (WINDOW / TRAIN, TRAIN as u64) };
                let mut credit = 0;
                for _ in 0..window {
                    self.send();
                }
                while Instant::now() < end {
                    credit += self.receive(&mut events, Duration::from_millis(20));
                    if credit == 0 && self.received + (window as u64 * each) > self.sent {
                        // All that was under way is lost: begin again.
                        credit = window as u64 * each;
                    }
                    while credit >= each {
                        credit -= each;
                        self.send();
                    }
                }
            }
            Pace::PerSecond(rate) => {
                let gap = Duration::from_secs(1) / rate as u32;
                let mut due = Instant::now();
                while due < end {
                    while due <= Instant::now() {
                        self.send();
                        due += gap;
                    }
                    self.receive(&mut events, Duration::ZERO);
                }
            }
        }
    }

    /// Lets what is under way arrive.
    fn settle(&mut self) {
        let mut events = Events::with_capacity(1024);
        while self.receive(&mut events, Duration::from_millis(50)) > 0 {}
    }
}

/// What a client sends: the payload begins with its peer's port, for the bare loop, and the time.
fn packet(client: &Client, load: &Load) -> Vec<u8> {
    let mut payload = vec![0xAA; load.size];
    payload[..2].copy_from_slice(&client.peer.port().to_be_bytes());
    let channel_data = [&CHANNEL.to_be_bytes()[..], &(load.size as u16).to_be_bytes(), &payload].concat();
    match load.framing {
        Framing::ChannelData => channel_data,
        Framing::Trains => channel_data.repeat(TRAIN),
        Framing::Send => {
            use stun::message::{CLASS_INDICATION, METHOD_SEND, Message, MessageType, Setter as _};
            let mut message = Message::new();
            message.typ = MessageType::new(METHOD_SEND, CLASS_INDICATION);
            message.write_header();
            let peer = turn::proto::peeraddr::PeerAddress { ip: client.peer.ip(), port: client.peer.port() };
            peer.add_to(&mut message).unwrap();
            turn::proto::data::Data(payload).add_to(&mut message).unwrap();
            message.raw
        }
    }
}
