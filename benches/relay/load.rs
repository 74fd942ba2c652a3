//! What is measured.

use std::time::Duration;

use crate::wire::Transport;

/// Packets of a train, as a video frame has them.
pub const TRAIN: usize = 10;

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
    /// Half of what this server did with a whole core when it was measured flat out.
    Half,
}

#[derive(Debug, Clone)]
pub struct Load {
    pub transport: Transport,
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
            Pace::Half => "half load".into(),
        };
        let transport = match self.transport {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        };
        format!("{transport}, {framing}, {} B, {} calls, {pace}", self.size, self.calls)
    }

    /// The same flat out: what half a load is half of.
    pub fn flat_out(&self) -> Self {
        Self { pace: Pace::FlatOut, ..self.clone() }
    }
}
