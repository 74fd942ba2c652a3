//! A table of fixed size, which a flood neither grows nor slows down.
//!
//! What its rows are about is known only by a keyed hash. The key (a salt that nobody outside knows) is random, lives in
//! memory and is replaced daily, and all rows go with it: nobody can turn the table back into addresses or names, and no
//! row outlives a day of use.
//!
//! Rows are in sets of eight, and a hash belongs to one set. Where that is full, the row that weighs least makes room:
//! so in a flood those who did least are forgotten first, and those who did most stay.

use std::time::{Duration, Instant};

use ring::hmac;

use crate::domain::random;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows of one set.
const WAYS: usize = 8;

/// What is remembered of one key.
pub(super) trait Row: Copy {
    /// Decides which row of a full set is forgotten.
    type Weight: Ord;

    /// How much it weighs; `None` if it no longer matters.
    fn weight(&self, now: Instant) -> Option<Self::Weight>;
}

/// What a row is found by, until the salt is replaced. From then on it finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TableKey {
    hash: u64,
    generation: u64,
}

/// Rows by their keys.
pub(super) struct Table<R> {
    salt: hmac::Key,
    salted_at: Instant,
    /// Counts salts.
    generation: u64,
    sets: usize,
    slots: Box<[Option<(u64, R)>]>,
}

impl<R: Row> Table<R> {
    /// An empty one, with room for `sets` times eight rows.
    pub(super) fn new(sets: usize, now: Instant) -> Self {
        let slots = vec![None; sets * WAYS].into_boxed_slice();
        Self { salt: fresh_salt(), salted_at: now, generation: 0, sets, slots }
    }

    /// Replaces the salt when it is a day old. To be called before keys are made.
    pub(super) fn renew_salt(&mut self, now: Instant) {
        if now.saturating_duration_since(self.salted_at) >= DAY {
            self.salt = fresh_salt();
            self.salted_at = now;
            self.generation += 1;
            self.slots.fill(None);
        }
    }

    /// The key of what these parts say. `kind` tells apart what would read alike.
    pub(super) fn key(&self, kind: u8, parts: &[&[u8]]) -> TableKey {
        let mut message = hmac::Context::with_key(&self.salt);
        message.update(&[kind]);
        for part in parts {
            message.update(part);
        }
        let tag = message.sign();
        let hash = u64::from_be_bytes(std::array::from_fn(|at| tag.as_ref()[at]));
        TableKey { hash, generation: self.generation }
    }

    /// The row of a key.
    pub(super) fn get(&self, key: TableKey) -> Option<R> {
        let at = self.position(key)?;
        self.slots[at].map(|(_, row)| row)
    }

    /// The same, to be changed.
    pub(super) fn get_mut(&mut self, key: TableKey) -> Option<&mut R> {
        let at = self.position(key)?;
        self.slots[at].as_mut().map(|(_, row)| row)
    }

    /// Remembers a row, in the place of the key's own, or in one that is free, or in that of the row that weighs least.
    pub(super) fn put(&mut self, key: TableKey, row: R, now: Instant) {
        if key.generation != self.generation {
            return;
        }
        let at = self.position(key).or_else(|| {
            let weight = |at: &usize| self.slots[*at].and_then(|(_, row)| row.weight(now));
            self.set(key).min_by_key(weight)
        });
        if let Some(at) = at {
            self.slots[at] = Some((key.hash, row));
        }
    }

    /// Forgets a row.
    pub(super) fn remove(&mut self, key: TableKey) {
        if let Some(at) = self.position(key) {
            self.slots[at] = None;
        }
    }

    /// How many rows there are.
    #[cfg(test)]
    pub(super) fn rows(&self) -> usize {
        self.slots.iter().flatten().count()
    }

    fn set(&self, key: TableKey) -> std::ops::Range<usize> {
        let first = key.hash as usize % self.sets * WAYS;
        first..first + WAYS
    }

    fn position(&self, key: TableKey) -> Option<usize> {
        let is_its = |at: &usize| self.slots[*at].is_some_and(|(hash, _)| hash == key.hash);
        self.set(key).find(is_its).filter(|_| key.generation == self.generation)
    }
}

fn fresh_salt() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weighs what it says, and nothing when that is zero.
    impl Row for u32 {
        type Weight = Self;

        fn weight(&self, _now: Instant) -> Option<Self> {
            Some(*self).filter(|weight| *weight > 0)
        }
    }

    /// A table of one set with these rows, and their keys.
    fn filled<const N: usize>(rows: [u32; N], now: Instant) -> (Table<u32>, [TableKey; N]) {
        let mut table = Table::new(1, now);
        let keys = std::array::from_fn(|at| table.key(0, &[&[at as u8]]));
        for (key, row) in keys.iter().zip(rows) {
            table.put(*key, row, now);
        }
        (table, keys)
    }

    #[test]
    fn a_row_is_replaced_and_removed_by_its_key() {
        let now = Instant::now();
        let (mut table, [one, other]) = filled([5, 6], now);
        table.put(one, 7, now);
        assert_eq!((table.get(one), table.get(other), table.rows()), (Some(7), Some(6), 2));
        table.remove(one);
        assert_eq!((table.get(one), table.get(other), table.rows()), (None, Some(6), 1));
    }

    #[test]
    fn a_full_set_forgets_the_row_that_weighs_least_and_first_one_that_says_nothing() {
        let now = Instant::now();
        let (mut table, keys) = filled([9, 3, 9, 9, 9, 2, 9, 0], now);
        let mut forgotten = Vec::new();
        for new in [100, 101, 102] {
            let had: Vec<_> = keys.iter().map(|key| table.get(*key)).collect();
            let key = table.key(0, &[&[new]]);
            table.put(key, 50, now);
            assert_eq!((table.get(key), table.rows()), (Some(50), WAYS));
            forgotten
                .extend(keys.iter().zip(had).filter(|(key, _)| table.get(**key).is_none()).filter_map(|(_, had)| had));
        }
        assert_eq!(forgotten, [0, 2, 3]);
    }

    #[test]
    fn keys_tell_kinds_and_parts_apart_and_nothing_without_the_salt() {
        let now = Instant::now();
        let (table, same) = (Table::<u32>::new(4, now), Table::<u32>::new(4, now));
        assert_eq!(table.key(1, &[b"ab"]), table.key(1, &[b"a", b"b"]));
        assert_ne!(table.key(1, &[b"ab"]), table.key(2, &[b"ab"]));
        assert_ne!(table.key(1, &[b"ab"]), table.key(1, &[b"ac"]));
        assert_ne!(table.key(1, &[b"ab"]), same.key(1, &[b"ab"]));
    }

    #[test]
    fn the_salt_is_replaced_daily_and_rows_and_keys_go_with_it() {
        let start = Instant::now();
        let (mut table, [key]) = filled([5], start);
        table.renew_salt(start + DAY - Duration::from_secs(1));
        assert_eq!(table.get(key), Some(5));
        table.renew_salt(start + DAY);
        table.put(key, 6, start + DAY);
        assert_eq!((table.get(key), table.rows()), (None, 0));
        assert_ne!(table.key(0, &[&[0]]).hash, key.hash);
    }
}
