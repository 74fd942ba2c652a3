//! STUN (RFC 8489): what TURN needs of it.
//!
//! Encoding, attribute types and values are those of the crate `stun`. What stands here is what that crate leaves
//! open: a strict reading of untrusted bytes, integrity over exactly the bytes that arrived, SHA-256 integrity, and
//! the framing on streams.

pub mod frame;
pub mod integrity;
pub mod message;

#[cfg(test)]
mod vectors;
