//! How many of each there are at the moment, with a bound.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Counts places that are taken, by whom.
#[derive(Debug)]
pub struct Tally<K> {
    taken: Mutex<HashMap<K, usize>>,
    most: usize,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub struct Place<K: Hash + Eq> {
    key: K,
    tally: Arc<Tally<K>>,
}

impl<K: Hash + Eq + Clone> Tally<K> {
    /// With so many places for each.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { taken: Mutex::new(HashMap::new()), most })
    }

    /// Takes a place, if there is one left.
    pub fn enter(self: &Arc<Self>, key: K) -> Option<Place<K>> {
        let mut taken = self.lock();
        // Looked up first, so that who is refused leaves nothing behind.
        if taken.get(&key).is_some_and(|taken| *taken >= self.most) {
            return None;
        }
        *taken.entry(key.clone()).or_default() += 1;
        drop(taken);
        Some(Place { key, tally: self.clone() })
    }
}

impl<K> Tally<K> {
    /// A count is changed in one step, so there is nothing half done.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut taken = self.tally.lock();
        if let Some(count) = taken.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn each_has_its_places_and_gives_them_back() {
        let tally = Tally::new(2);
        let (first, second) = (tally.enter("a"), tally.enter("a"));
        assert!(first.is_some() && second.is_some());
        assert!(tally.enter("a").is_none(), "a has no more");
        assert!(tally.enter("b").is_some(), "b has its own");
        drop(first);
        let third = tally.enter("a");
        assert!(third.is_some());
        drop((second, third));
        assert!(tally.lock().is_empty(), "nothing is left of who has gone");
    }
}
