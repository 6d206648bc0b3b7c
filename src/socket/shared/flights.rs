//! Work that many want done at the same time: done once, for those who come while it is under way or soon after.

use super::{KEEP, lock};
use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{
    sync::OnceCell,
    time::{Instant, sleep},
};

#[derive(Debug)]
pub(super) struct Flights<K, A, E> {
    known: Mutex<HashMap<K, Arc<Flight<A, E>>>>,
    /// Numbers the flights.
    next: AtomicU64,
}

/// One piece of work, under way or done.
#[derive(Debug)]
struct Flight<A, E> {
    number: u64,
    outcome: OnceCell<(Instant, Result<A, E>)>,
}

impl<K, A, E> Default for Flights<K, A, E> {
    fn default() -> Self {
        Self { known: Mutex::default(), next: AtomicU64::new(0) }
    }
}

impl<K, A, E> Flights<K, A, E>
where
    K: Clone + Eq + Hash + Send + 'static,
    A: Clone + Send + Sync + 'static,
    E: Clone + Send + Sync + 'static,
{
    /// The outcome of `work`. What others had done is taken if it was begun after this call, or is `useful`; a failure is for
    /// those who wait for it and nobody else.
    pub(super) async fn take<W: Future<Output = Result<A, E>> + Send>(
        self: &Arc<Self>,
        key: K,
        work: impl Fn() -> W,
        useful: impl Fn(&A) -> bool,
    ) -> Result<A, E> {
        let called = self.next.load(Ordering::Relaxed);
        loop {
            let flight = self.flight(&key);
            let _interest = Interest { flights: self, key: &key, flight: &flight };
            let mut own = false;
            let done = async {
                own = true;
                let outcome = work().await;
                (Instant::now(), outcome)
            };
            let (at, outcome) = flight.outcome.get_or_init(|| done).await;
            if own && outcome.is_ok() {
                self.let_go_later(key.clone(), flight.clone());
            }
            match outcome {
                Ok(answer) if own || at.elapsed() < KEEP && (flight.number >= called || useful(answer)) => {
                    return Ok(answer.clone());
                }
                Ok(_) => self.forget(&key, &flight),
                Err(error) => {
                    self.forget(&key, &flight);
                    return Err(error.clone());
                }
            }
        }
    }

    fn flight(&self, key: &K) -> Arc<Flight<A, E>> {
        let fresh = || Arc::new(Flight { number: self.next.fetch_add(1, Ordering::Relaxed), outcome: OnceCell::new() });
        lock(&self.known).entry(key.clone()).or_insert_with(fresh).clone()
    }

    fn let_go_later(self: &Arc<Self>, key: K, flight: Arc<Flight<A, E>>) {
        let flights = self.clone();
        tokio::spawn(async move {
            sleep(KEEP).await;
            flights.forget(&key, &flight);
        });
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        lock(&self.known).is_empty()
    }
}

impl<K: Eq + Hash, A, E> Flights<K, A, E> {
    fn forget(&self, key: &K, flight: &Arc<Flight<A, E>>) {
        let mut known = lock(&self.known);
        if known.get(key).is_some_and(|own| Arc::ptr_eq(own, flight)) {
            known.remove(key);
        }
    }
}

/// Somebody waits for a flight. The last to give up one that is not done takes it with them.
struct Interest<'a, K: Eq + Hash, A, E> {
    flights: &'a Flights<K, A, E>,
    key: &'a K,
    flight: &'a Arc<Flight<A, E>>,
}

impl<K: Eq + Hash, A, E> Drop for Interest<'_, K, A, E> {
    fn drop(&mut self) {
        let mut known = lock(&self.flights.known);
        // The map has it, and this one.
        let abandoned = self.flight.outcome.get().is_none() && Arc::strong_count(self.flight) == 2;
        if abandoned && known.get(self.key).is_some_and(|own| Arc::ptr_eq(own, self.flight)) {
            known.remove(self.key);
        }
    }
}
