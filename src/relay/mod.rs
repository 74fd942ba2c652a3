//! Sockets for the TURN machine: UDP, TCP and TLS streams.
