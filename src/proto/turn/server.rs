//! The whole server in one thread: the control plane and one switch.

use std::time::Instant;

use super::control::{ControlPlane, Input, Output, Setup};
use crate::proto::turn::data_plane::{DataPlane, Dropped, Forward};
use crate::proto::turn::five_tuple::FiveTuple;

/// What the server wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum ServerOutput {
    /// Send these bytes.
    Send {
        /// To whom.
        to: FiveTuple,
        /// The whole packet.
        bytes: Vec<u8>,
    },
    /// This client's allocation is gone.
    Gone(FiveTuple),
}

/// ControlPlane plane and data plane as one machine.
#[derive(Debug)]
pub struct Server {
    control: ControlPlane,
    switch: DataPlane,
}

impl Server {
    /// A server without calls.
    pub fn new(setup: Setup) -> Self {
        let seed = u64::from(setup.seed[31]);
        Self { control: ControlPlane::new(setup), switch: DataPlane::new(seed) }
    }

    /// Takes in what is not media.
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        self.control.handle(input, now);
    }

    /// Forwards what is.
    pub fn forward<'p>(&mut self, from: &FiveTuple, packet: &'p [u8], now: Instant) -> Result<Forward<'p>, Dropped> {
        self.switch.forward(from, packet, now)
    }

    /// The next thing to do. Call it until it is empty before the next packet.
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        loop {
            match self.control.poll_output()? {
                Output::Update(update) => self.switch.update(update),
                Output::Send { to, bytes } => return Some(ServerOutput::Send { to, bytes }),
                Output::Gone(client) => return Some(ServerOutput::Gone(client)),
                Output::Opened(_) => {}
            }
        }
    }

    /// When [`Input::Timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.control.poll_timeout()
    }

    /// The control plane, to read its counts.
    pub fn control(&self) -> &ControlPlane {
        &self.control
    }

    /// The data plane, to read what it knows.
    pub fn switch(&self) -> &DataPlane {
        &self.switch
    }
}
