//! Gives memory back to the system after many clients have left: the C library keeps what was freed, in case it is needed
//! again, and a flood would leave a small computer without the room that it took.
#![allow(unsafe_code)]

use std::time::Duration;

/// How often the connections are counted.
const LOOK: Duration = Duration::from_secs(15);
/// As many have to leave for it to be worth while.
const MANY: usize = 200;

/// Watches for as long as it runs.
pub async fn keep_giving_back() {
    let mut most = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        let open = open_files();
        if has_emptied(&mut most, open) && tokio::task::spawn_blocking(give_back).await.is_ok() {
            tracing::debug!("memory was given back");
        }
    }
}

/// Whether many have left since there were most.
fn has_emptied(most: &mut usize, open: usize) -> bool {
    let emptied = *most >= open + MANY;
    *most = if emptied { open } else { open.max(*most) };
    emptied
}

/// Each connection is an open file.
fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

#[cfg(target_env = "gnu")]
fn give_back() {
    // SAFETY: it takes no pointers, may be called at any time from any thread, and frees nothing that is in use.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(target_env = "gnu"))]
fn give_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_given_back_once_after_many_have_left() {
        let mut most = 0;
        let seen = [20, 1000, 2000, 1900, 1700, 20, 30, 20, 300, 90].map(|open| has_emptied(&mut most, open));
        assert_eq!(seen, [false, false, false, false, true, true, false, false, false, true]);
        give_back();
        assert!(open_files() > 0);
    }
}
