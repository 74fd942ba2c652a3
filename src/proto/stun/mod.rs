//! STUN (RFC 8489): what TURN needs of it.
