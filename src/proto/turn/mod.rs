//! A closed TURN server (RFC 8656) as a pure machine. Deviations and reasons are in `README.md`.

pub mod credentials;
