//! How much anybody can make the server do: how often, how soon after a failure, and how much at the same time.
//!
//! - [`rate`]: how often one source may ask.
//! - [`backoff`]: how long it takes until the next attempt after one that failed.
//! - [`concurrency`]: how much may be under way at the same time, in all and for one source.
//! - [`queue`]: whose turn it is where little can be done at the same time and the rest has to wait.
//!
//! `rate` and `backoff` stand on one `table` of fixed size, which forgets when it is full. The other two must not
//! forget what is being held: they count exactly, and are bounded by what they let in.
//!
//! `proto` cannot look up here and keeps three of its own, all of them pure. A signalling connection has a
//! [`TokenBucket`](crate::domain::token_bucket::TokenBucket), as `rate` has. TURN's are for every packet on every core,
//! and so are atomic words without a lock.
//!
//! Imports `domain`. Called by `app`, `auth`, `net`, `relay`, `web`.

pub mod backoff;
pub mod concurrency;
pub mod queue;
pub mod rate;
mod table;
