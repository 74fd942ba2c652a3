//! News from the control plane to one switch.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::lock;
use crate::proto::turn::data_plane::DataPlane;
use crate::proto::turn::view::Update;

/// Updates that a switch has not taken in yet.
#[derive(Debug, Default)]
pub struct Mailbox {
    updates: Mutex<Vec<Update>>,
    full: AtomicBool,
}

impl Mailbox {
    /// Adds an update; returns how many wait. A later view of a call replaces an earlier unread one.
    pub fn post(&self, update: Update) -> usize {
        let mut updates = lock(&self.updates);
        match updates.last_mut().filter(|last| last.call() == update.call()) {
            Some(last) => *last = update,
            None => updates.push(update),
        }
        self.full.store(true, Ordering::Release);
        updates.len()
    }

    /// Brings a switch up to date. One atomic load when there is nothing new.
    pub fn deliver(&self, switch: &mut DataPlane) {
        if !self.full.load(Ordering::Acquire) {
            return;
        }
        let updates = {
            let mut updates = lock(&self.updates);
            self.full.store(false, Ordering::Relaxed);
            std::mem::take(&mut *updates)
        };
        for update in updates {
            switch.update(update);
        }
    }
}
