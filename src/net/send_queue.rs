//! How much of what was written to a connection the other end has not acknowledged: one system call that has no safe
//! wrapper among our libraries.
#![allow(unsafe_code)]

use std::os::fd::AsRawFd as _;

use tokio::net::TcpStream;

/// Bytes in the system's send queue (SIOCOUTQ, tcp(7)); `None` if the system does not say.
pub fn bytes(stream: &TcpStream) -> usize {
    let mut bytes: libc::c_int = 0;
    // SAFETY: the descriptor is open for as long as `stream` is borrowed, and the request writes one int to where it is
    // told, which is an int of ours that outlives the call.
    let result = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut bytes) };
    if result == 0 { usize::try_from(bytes).unwrap_or_default() } else { 0 }
}
