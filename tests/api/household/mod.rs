//! What a household shares.

pub mod keyed;
pub mod known_tokens;
pub mod missed;
pub mod notes;
pub mod tokens;
pub mod vault;
