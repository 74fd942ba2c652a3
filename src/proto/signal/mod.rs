//! Signalling: the wire messages, one call's states, and the switchboard. The protocol is in `README.md`.
