//! Whose turn it is: how many password hashes are made at the same time, and how many may wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::concurrency::Counts;
use crate::domain::{Error, Kind, Result};

/// How many hashes are made at the same time.
const AT_ONCE: usize = 2;
/// How many may be asked for and not be done yet, the ones in the making included.
const ASKED_FOR: usize = AT_ONCE + 16;
/// How many of those are made for strangers at the same time.
const STRANGERS_AT_ONCE: usize = 1;
/// How many strangers may ask for.
const STRANGERS_ASKED_FOR: usize = 12;

/// Who a hash is made for: a crowd of strangers must not keep known people out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// A device that has logged in before, or someone who has shown a session or a link.
    Known,
    /// Anybody.
    Stranger,
}

/// What a hash is counted by, and how many of that may be asked for and not be done yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    key: Box<[u8]>,
    most: usize,
}

impl Share {
    /// At most `most` for what `key` names; `kind` tells apart what would read alike.
    pub fn new(kind: u8, key: &[u8], most: usize) -> Self {
        Self { key: [&[kind], key].concat().into(), most }
    }

    /// Whether it is of this kind.
    pub fn is_of(&self, kind: u8) -> bool {
        self.key.first() == Some(&kind)
    }
}

/// Makes hashes one after the other; cheap to clone, the bounds are shared.
#[derive(Clone)]
pub struct Queue {
    all: Line,
    strangers: Line,
    shares: Arc<Mutex<Counts<Box<[u8]>>>>,
}

impl Default for Queue {
    /// Nobody waits.
    fn default() -> Self {
        let (all, strangers) = (Line::new(ASKED_FOR, AT_ONCE), Line::new(STRANGERS_ASKED_FOR, STRANGERS_AT_ONCE));
        Self { all, strangers, shares: Arc::default() }
    }
}

impl Queue {
    /// Runs `work` when it is its turn. The permits live in the work itself: when the client goes away the hash is still
    /// being made, and must go on counting.
    ///
    /// # Errors
    /// `too-many-at-once` when one of `shares` is used up, `busy` when too many wait already, both with a time to wait;
    /// those of `work`.
    pub async fn run<T: Send + 'static>(
        &self,
        priority: Priority,
        shares: Vec<Share>,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let lines: &[&Line] = match priority {
            Priority::Known => &[&self.all],
            // Among themselves first: who has no turn there takes none from anybody else.
            Priority::Stranger => &[&self.strangers, &self.all],
        };
        let held = self.hold(shares)?;
        let mut permits = Vec::new();
        for line in lines {
            permits.push(line.asked_for.clone().try_acquire_owned().map_err(|_| busy())?);
        }
        for line in lines {
            permits.push(line.in_the_making.clone().acquire_owned().await.map_err(Error::internal)?);
        }
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop((permits, held));
            result
        });
        done.await.map_err(Error::internal)?
    }

    fn hold(&self, shares: Vec<Share>) -> Result<Held> {
        let mut counts = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if shares.iter().any(|share| counts.of(&share.key) >= share.most) {
            return Err(too_many_at_once());
        }
        for share in &shares {
            counts.add(share.key.clone());
        }
        Ok(Held { counts: self.shares.clone(), shares })
    }
}

/// Shares that are in use until this is dropped.
struct Held {
    counts: Arc<Mutex<Counts<Box<[u8]>>>>,
    shares: Vec<Share>,
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        for share in &self.shares {
            counts.remove(&share.key);
        }
    }
}

/// Places and turns.
#[derive(Clone)]
struct Line {
    asked_for: Arc<Semaphore>,
    in_the_making: Arc<Semaphore>,
}

impl Line {
    fn new(asked_for: usize, at_once: usize) -> Self {
        Self { asked_for: Arc::new(Semaphore::new(asked_for)), in_the_making: Arc::new(Semaphore::new(at_once)) }
    }
}

fn too_many_at_once() -> Error {
    Error::new(Kind::TooMany, "too-many-at-once", "You are logging in too many times at once.")
        .hint("Wait for the answer, then try again.")
        .retry_after(Duration::from_secs(2))
}

fn busy() -> Error {
    Error::new(Kind::Unavailable, "busy", "Too many people are logging in right now.")
        .hint("Try again in a few seconds.")
        .retry_after(Duration::from_secs(3))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    #[tokio::test(flavor = "multi_thread")]
    async fn two_at_once_a_few_wait_and_the_rest_is_refused_even_when_clients_leave() {
        let queue = Queue::default();
        let running = Arc::new(AtomicUsize::new(0));
        let most = Arc::new(AtomicUsize::new(0));
        let (started, starts) = mpsc::channel();
        let gate = Arc::new(std::sync::Barrier::new(AT_ONCE + 1));
        let clients: Vec<_> = (0..AT_ONCE)
            .map(|_| {
                let (queue, gate, started) = (queue.clone(), gate.clone(), started.clone());
                tokio::spawn(async move {
                    queue
                        .run(Priority::Known, Vec::new(), move || {
                            started.send(()).unwrap();
                            gate.wait();
                            Ok(())
                        })
                        .await
                })
            })
            .collect();
        for _ in 0..AT_ONCE {
            tokio::task::block_in_place(|| starts.recv().unwrap());
        }
        for client in &clients {
            client.abort();
        }
        for client in clients {
            assert!(client.await.unwrap_err().is_cancelled());
        }
        let waiting: Vec<_> = (0..ASKED_FOR - AT_ONCE)
            .map(|_| {
                let (queue, running, most) = (queue.clone(), running.clone(), most.clone());
                tokio::spawn(async move {
                    queue
                        .run(Priority::Known, Vec::new(), move || {
                            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            running.fetch_sub(1, Ordering::SeqCst);
                            Ok(())
                        })
                        .await
                })
            })
            .collect();
        while queue.all.asked_for.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        let error = queue.run(Priority::Known, Vec::new(), || Ok(())).await.unwrap_err();
        assert_eq!((error.kind, error.retry_after.is_some()), (Kind::Unavailable, true));
        assert_eq!(most.load(Ordering::SeqCst), 0, "work began though clients that left still had both places");
        tokio::task::block_in_place(|| gate.wait());
        for task in waiting {
            task.await.unwrap().unwrap();
        }
        assert!((1..=AT_ONCE).contains(&most.load(Ordering::SeqCst)));
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn strangers_leave_places_and_a_turn_to_those_who_are_known() {
        let queue = Queue::default();
        let gate = Arc::new(std::sync::Barrier::new(2));
        let (started, starts) = mpsc::channel();
        let first = tokio::spawn({
            let (queue, gate) = (queue.clone(), gate.clone());
            async move {
                let held = move || {
                    started.send(()).unwrap();
                    gate.wait();
                    Ok(())
                };
                queue.run(Priority::Stranger, Vec::new(), held).await
            }
        });
        tokio::task::block_in_place(|| starts.recv().unwrap());
        let crowd: Vec<_> = (1..STRANGERS_ASKED_FOR)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.run(Priority::Stranger, Vec::new(), || Ok(())).await })
            })
            .collect();
        while queue.strangers.asked_for.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(queue.run(Priority::Stranger, Vec::new(), || Ok(())).await.unwrap_err().code, "busy");
        let known: Vec<_> = (STRANGERS_ASKED_FOR..ASKED_FOR)
            .map(|_| {
                let queue = queue.clone();
                tokio::spawn(async move { queue.run(Priority::Known, Vec::new(), || Ok(())).await })
            })
            .collect();
        for task in known {
            task.await.unwrap().unwrap();
        }
        assert!(crowd.iter().all(|stranger| !stranger.is_finished()));
        tokio::task::block_in_place(|| gate.wait());
        for task in crowd.into_iter().chain([first]) {
            task.await.unwrap().unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_repeats_oneself_takes_no_place_from_others() {
        let queue = Queue::default();
        let gate = Arc::new(std::sync::Barrier::new(3));
        let shares = |device: u8| vec![Share::new(b'a', b"ada", 2), Share::new(b'd', &[device], 1)];
        let asks = |device| {
            let (queue, gate) = (queue.clone(), gate.clone());
            let waiting = move || {
                gate.wait();
                Ok(())
            };
            tokio::spawn(async move { queue.run(Priority::Known, shares(device), waiting).await })
        };
        let held = asks(1);
        while queue.all.in_the_making.available_permits() == AT_ONCE {
            tokio::task::yield_now().await;
        }
        for _ in 0..24 {
            assert_eq!(asks(1).await.unwrap().unwrap_err().code, "too-many-at-once", "one of a device");
        }
        let second = asks(2);
        while queue.all.in_the_making.available_permits() > 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(asks(3).await.unwrap().unwrap_err().code, "too-many-at-once", "two of an account");
        assert_eq!(queue.all.asked_for.available_permits(), ASKED_FOR - 2, "the others are left to others");
        tokio::task::block_in_place(|| gate.wait());
        for done in [held, second] {
            done.await.unwrap().unwrap();
        }
        assert!(queue.shares.lock().unwrap().is_empty(), "nothing is left behind");
    }
}
