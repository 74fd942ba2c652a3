//! What a household has: devices, tags, a vault, notes.

pub mod device;
pub mod lifetime;
pub mod note;
pub mod public_identity;
pub mod tag;
pub mod vault;
