//! Each connection is an open file, and systems allow a process few of them unless it asks.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the database, the log, the listeners and the like need beside connections.
const OTHERS: u64 = 128;

/// Asks for as many open files as this user may have, and says so when `connections` do not fit.
pub fn allow(connections: u32) {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
    let needed = u64::from(connections) + OTHERS;
    if let Some(allowed) = getrlimit(Resource::Nofile).current
        && allowed < needed
    {
        tracing::warn!(
            allowed,
            needed,
            "fewer open files are allowed than limits.connections asks for (ulimit -n, LimitNOFILE)"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_as_high_as_it_may_be() {
        allow(16);
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
