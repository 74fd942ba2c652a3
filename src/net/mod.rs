//! Sockets, below every protocol: the ports, connections that stall, bytes that were looked at, whom proxies
//! speak for, files that may be open.
//!
//! Imports `domain`, `limits`. Called by `app`, `web`.

pub mod accept;
pub mod open_files;
pub mod peeked_stream;
pub mod ports;
pub mod proxy_header;
mod send_queue;
pub mod stall_timeout;
