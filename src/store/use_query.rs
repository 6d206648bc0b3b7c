//! The one call that a component makes: rows of a query as signals, rendered by the server, continued in the browser.

use super::{
    Connection, Edit, Initial, Live, LiveRow, Phase, Query, ReadError, SubscriptionError, connection::Lease, read_page,
    registry::Reading, use_connection,
};
use leptos::prelude::*;
use std::sync::Arc;

/// What [`use_query`] takes: a query, or a closure that makes one from signals.
pub trait IntoQuery<T: LiveRow> {
    /// As a closure that may read signals.
    fn into_query(self) -> impl Fn() -> Query<T> + Send + Sync + 'static;
}

impl<T: LiveRow> IntoQuery<T> for Query<T> {
    fn into_query(self) -> impl Fn() -> Query<T> + Send + Sync + 'static {
        move || self.clone()
    }
}

impl<T: LiveRow, F: Fn() -> Query<T> + Send + Sync + 'static> IntoQuery<T> for F {
    fn into_query(self) -> impl Fn() -> Query<T> + Send + Sync + 'static {
        self
    }
}

/// Why a query has no rows, or none that are kept current.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The server could not read them for the page. They may still come over the socket.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The server refused or ended the subscription.
    #[error(transparent)]
    Subscription(#[from] SubscriptionError),
}

/// The rows of a query for as long as the component lives that called [`use_query`]. Copies are the same.
pub struct LiveQuery<T: LiveRow> {
    inner: StoredValue<Arc<Inner<T>>>,
}

impl<T: LiveRow> Clone for LiveQuery<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: LiveRow> Copy for LiveQuery<T> {}

struct Inner<T: LiveRow> {
    reading: Option<ArcResource<Reading<T>>>,
    first: Arc<Lease<T>>,
    /// The rows that answer the query as it is now.
    wanted: ArcRwSignal<Arc<Lease<T>>>,
    /// Those, or the ones of before until those have come.
    shown: ArcMemo<Live<T>>,
}

/// The rows of a query, live, for as long as the calling component lives. See [the module](super) for a tour.
///
/// While a server renders the page, the rows are read as of the page's one snapshot and sent along with it; in the browser
/// the socket continues from there. For that, read them inside of a `<Suspense>`, or wait for [`LiveQuery::ready`].
///
/// Components with equal queries share the rows and one subscription. Where `query` is a closure, the subscription follows
/// the signals that it reads; the rows of before stay until the new ones have come.
pub fn use_query<T: LiveRow>(query: impl IntoQuery<T>) -> LiveQuery<T> {
    let connection = use_connection();
    let query = ArcMemo::new({
        let query = query.into_query();
        move |_| query()
    });
    let first = Arc::new(connection.lease(&query.get_untracked()));
    let reading = first.reading(|| read_with_page(query.get_untracked()));
    let wanted = ArcRwSignal::new(first.clone());
    let shown = ArcMemo::new({
        let wanted = wanted.clone();
        move |before: Option<&Live<T>>| {
            let wanted = wanted.read().live().clone();
            let loading = wanted.phase() == Phase::Loading;
            before.filter(|_| loading).cloned().unwrap_or(wanted)
        }
    });
    let inner = Arc::new(Inner { reading, first, wanted, shown });
    inner.take_up();
    let following = Arc::downgrade(&inner);
    // Effects run in the browser only.
    Effect::new(move || {
        if let Some(inner) = following.upgrade()
            && inner.take_up()
        {
            inner.follow(&connection, &query.get());
        }
    });
    LiveQuery { inner: StoredValue::new(inner) }
}

/// Only what is rendered by a server and what takes such a page over can have rows that came with it.
fn read_with_page<T: LiveRow>(query: Query<T>) -> Option<ArcResource<Reading<T>>> {
    let page = Owner::current_shared_context()?;
    (!page.is_browser() || page.during_hydration())
        .then(|| ArcResource::new_blocking(|| (), move |()| read_page(query.clone())))
}

impl<T: LiveRow> Inner<T> {
    /// Takes the rows that came with the page, as soon as they are there. Returns whether there is nothing to wait for.
    /// Tracked.
    fn take_up(&self) -> bool {
        // Not the resource itself: it would warn where it is read outside of a `<Suspense>`, which is as it should be for
        // those who only want to know the phase.
        let Some(reading) = self.reading.as_deref() else { return true };
        let loading = self.first.live().has_phase(&Phase::Loading);
        match &*reading.read() {
            None => false,
            Some(Ok(Some(initial))) if loading => {
                self.first.fill(initial.clone());
                true
            }
            Some(_) => true,
        }
    }

    /// Subscribes what is asked for now, unless it is.
    fn follow(&self, connection: &Connection, query: &Query<T>) {
        if !self.wanted.read_untracked().is_of(query) {
            self.wanted.set(Arc::new(connection.lease(query)));
        }
        self.wanted.read_untracked().start();
    }

    fn read_error(&self) -> Option<ReadError> {
        let reading = self.reading.as_deref()?;
        reading.read().as_ref().and_then(|reading| reading.as_ref().err().cloned())
    }

    fn live(&self) -> Live<T> {
        self.take_up();
        self.shown.get()
    }
}

impl<T: LiveRow> LiveQuery<T> {
    fn inner(&self) -> Arc<Inner<T>> {
        self.inner.get_value()
    }

    /// Waits until the rows that come with the page are there; in a browser that moves from page to page, not at all. For
    /// `Suspend`, to have the rows in what the server sends.
    pub async fn ready(self) -> Self {
        let reading = self.inner().reading.clone();
        if let Some(reading) = reading {
            // What went wrong is in `error`.
            let _ = reading.await;
            // Nobody follows what comes after an `await`.
            untrack(|| self.inner().take_up());
        }
        self
    }

    /// The rows themselves, for what is not here. They are others after the query has changed. Tracked.
    pub fn live(&self) -> Live<T> {
        self.inner().live()
    }

    /// Where the rows stand: [`CatchingUp`](Phase::CatchingUp) also while those of the query before are shown. Tracked.
    pub fn phase(&self) -> Phase {
        let inner = self.inner();
        let shown = inner.live();
        let wanted = inner.wanted.get();
        if *wanted.live() == shown { shown.phase() } else { Phase::CatchingUp }
    }

    /// What is wrong, if anything is. Tracked.
    pub fn error(&self) -> Option<QueryError> {
        match self.phase() {
            Phase::Failed(error) => Some(error.into()),
            Phase::Loading => self.inner().read_error().map(Into::into),
            Phase::CatchingUp | Phase::Live => None,
        }
    }

    /// All rows, in the query's order, else in that in which they came. Tracked: for a list of many rows that change,
    /// [`keys`](Self::keys) and [`row`](Self::row) touch less of the page.
    pub fn rows(&self) -> Vec<T> {
        let live = self.live();
        live.revision();
        live.snapshot()
    }

    /// The keys of all rows, in the same order: what `<For>` goes through. Tracked.
    pub fn keys(&self) -> Vec<T::Key> {
        let live = self.live();
        // Which row comes first may depend on any value of any row.
        if live.is_sorted() {
            live.revision()
        } else {
            live.members()
        };
        live.keys().to_vec()
    }

    /// A row as a signal. It follows a row that leaves and comes back.
    pub fn row(&self, key: T::Key) -> RowSignal<T> {
        let this = *self;
        RowSignal {
            row: Memo::new(move |_| {
                let live = this.live();
                live.members();
                live.row(&key)
            }),
        }
    }

    /// The first row: of totals without groups, the only one. Tracked.
    pub fn first(&self) -> Option<T> {
        let key = self.keys().into_iter().next()?;
        self.live().row(&key).map(|row| row.get())
    }

    /// The number of rows. Tracked.
    pub fn len(&self) -> usize {
        self.live().len()
    }

    /// Whether there are no rows. Tracked.
    pub fn is_empty(&self) -> bool {
        self.live().is_empty()
    }

    /// See [`Live::edit`].
    pub fn edit(&self, key: T::Key, apply: impl Fn(&mut T) + Send + 'static) -> Edit<T> {
        untrack(|| self.live()).edit(key, apply)
    }

    /// See [`Live::insert`].
    pub fn insert(&self, row: T) -> Edit<T> {
        untrack(|| self.live()).insert(row)
    }

    /// See [`Live::remove`].
    pub fn remove(&self, key: T::Key) -> Edit<T> {
        untrack(|| self.live()).remove(key)
    }
}

/// One row of a [`LiveQuery`], as a signal. What reads it is touched when this row changes, and by no other.
pub struct RowSignal<T: LiveRow> {
    row: Memo<Option<ArcReadSignal<T>>>,
}

impl<T: LiveRow> Clone for RowSignal<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: LiveRow> Copy for RowSignal<T> {}

impl<T: LiveRow> RowSignal<T> {
    /// The row, if it is there. Tracked.
    pub fn get(&self) -> Option<T> {
        self.with(T::clone)
    }

    /// Looks at the row, if it is there. Tracked.
    pub fn with<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.row.with(|row| row.as_ref().map(|row| row.with(look)))
    }
}

/// The live rows of `T`'s whole table for as long as the calling component lives: those that came with the page, if any,
/// continued by the socket. [`use_query`] reads them itself and can ask for less.
pub fn use_live<T: LiveRow>(initial: Option<Initial<T>>) -> Live<T> {
    let lease = use_connection().lease(&Query::<T>::all());
    if let Some(initial) = initial {
        lease.fill(initial);
    }
    let live = lease.live().clone();
    let lease = StoredValue::new(lease);
    // Effects run in the browser only.
    Effect::new(move || lease.with_value(Lease::start));
    live
}

#[cfg(test)]
#[path = "use_query_tests.rs"]
mod tests;
