//! Each connection is an open file, and systems allow a process few of those unless it asks for more.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the database, the log, the listeners and the like need besides connections.
const OTHERS: u64 = 128;

/// Asks for as many open files as this user may have; says how many of the `wanted` connections fit.
pub fn allow(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }) {
        tracing::debug!(%error, "the limit on open files could not be raised");
    }
    let allowed = fitting(wanted, getrlimit(Resource::Nofile).current);
    if allowed < wanted {
        tracing::warn!(
            allowed,
            wanted,
            "the limit on open files is too low for limits.connections (see ulimit -n, LimitNOFILE)"
        );
    }
    allowed
}

fn fitting(wanted: usize, open_files: Option<u64>) -> usize {
    let room = open_files.map_or(u64::MAX, |files| files.saturating_sub(OTHERS).max(1));
    wanted.min(usize::try_from(room).unwrap_or(usize::MAX))
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

    #[test]
    fn connections_leave_room_for_the_rest() {
        assert_eq!(fitting(10_000, None), 10_000);
        assert_eq!(fitting(10_000, Some(1024)), 1024 - 128);
        assert_eq!(fitting(10_000, Some(20)), 1);
    }
}
