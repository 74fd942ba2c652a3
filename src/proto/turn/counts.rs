//! What the control plane counts.

use stun::error_code::ErrorCode;

/// Error codes that this server sends, in ascending order.
pub const CODES: [u16; 11] = [400, 401, 403, 420, 437, 438, 440, 441, 442, 443, 508];

/// Counters since the machine's birth, and two numbers of this moment. None tells who.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// AllocationTable admitted now.
    pub calls: u64,
    /// Allocations living now.
    pub allocations: u64,
    /// Allocations ever made.
    pub allocations_made: u64,
    /// Allocations that had to make room for another one of the same participant.
    pub allocations_evicted: u64,
    /// AllocationTable that were not admitted because there were too many.
    pub calls_refused: u64,
    /// Packets that are neither media nor a request, and were ignored.
    pub malformed: u64,
    /// Requests of strangers that got no answer, because of the limit on answers or because it would have been too long.
    pub unanswered: u64,
    /// Error responses, by the place of their code in [`CODES`].
    pub errors: [u64; CODES.len()],
}

impl Counts {
    /// Counts an error response.
    pub fn error(&mut self, code: ErrorCode) {
        if let Ok(index) = CODES.binary_search(&code.0) {
            self.errors[index] += 1;
        }
    }
}
