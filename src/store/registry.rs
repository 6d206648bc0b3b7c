//! Which queries the page is using, and the rows of each, so that components with equal queries share them.
//!
//! Pure but for the rows themselves. A query that nobody uses any more is kept for a while, because moving from one page
//! to the next is leaving and coming back within a moment.

use super::{Initial, Live, LiveRow, Query, ReadError};
use crate::protocol::Subscribe;
use leptos::prelude::ArcResource;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
};

/// How long the rows of a query that nobody uses are kept live, in milliseconds.
pub const UNUSED_KEPT_MS: u32 = 10_000;

/// What the server read for the page: rows, nothing (in a browser), or why not.
pub(super) type Reading<T> = Result<Option<Initial<T>>, ReadError>;

/// A row type and a question: the same question may be read into different types.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Identity(TypeId, String);

impl Identity {
    pub(super) fn of<T: LiveRow>(query: &Query<T>) -> Self {
        Self(TypeId::of::<T>(), query.identity())
    }
}

struct Entry {
    /// A `Live<T>` of the identity's `T`.
    live: Box<dyn Any + Send + Sync>,
    /// An `ArcResource<Reading<T>>`, if the page was rendered with this query.
    reading: Option<Box<dyn Any + Send + Sync>>,
    question: Subscribe,
    /// The token of rows that came with the page.
    position: Option<String>,
    users: usize,
    subscription: Option<u64>,
    /// Counts how often nobody was left.
    left: u64,
}

/// All queries of a page.
#[derive(Default)]
pub(super) struct Registry {
    entries: HashMap<Identity, Entry>,
}

impl Registry {
    /// One more user of a query.
    pub(super) fn enter<T: LiveRow>(&mut self, query: &Query<T>) -> Live<T> {
        let entry = self.entries.entry(Identity::of(query)).or_insert_with(|| Entry {
            live: Box::new(Live::new(query)),
            reading: None,
            question: query.question(),
            position: None,
            users: 0,
            subscription: None,
            left: 0,
        });
        entry.users += 1;
        entry.live.downcast_ref::<Live<T>>().expect("the identity names the type").clone()
    }

    /// One user less. If that was the last one, returns what [`expire`](Self::expire) wants to know later.
    pub(super) fn leave(&mut self, identity: &Identity) -> Option<u64> {
        let entry = self.entries.get_mut(identity)?;
        entry.users = entry.users.saturating_sub(1);
        (entry.users == 0).then(|| {
            entry.left += 1;
            entry.left
        })
    }

    /// Forgets a query if nobody has come back since `left`. Returns its subscription, which is to be ended.
    pub(super) fn expire(&mut self, identity: &Identity, left: u64) -> Option<u64> {
        let unused = self.entries.get(identity).is_some_and(|entry| entry.users == 0 && entry.left == left);
        if unused { self.entries.remove(identity)?.subscription } else { None }
    }

    /// The rows that came with the page are as of this position. Of two that came, the first counts.
    pub(super) fn filled(&mut self, identity: &Identity, position: String) {
        if let Some(entry) = self.entries.get_mut(identity)
            && entry.subscription.is_none()
        {
            entry.position.get_or_insert(position);
        }
    }

    /// What is to be subscribed, unless it is already. `subscribed` is called with it and returns the subscription's id.
    pub(super) fn start(&mut self, identity: &Identity, subscribed: impl FnOnce(Subscribe, Option<String>) -> u64) {
        if let Some(entry) = self.entries.get_mut(identity)
            && entry.subscription.is_none()
        {
            entry.subscription = Some(subscribed(entry.question.clone(), entry.position.take()));
        }
    }

    /// The reading that all components with this query share, made by the first of them.
    pub(super) fn reading<T: LiveRow>(
        &mut self,
        identity: &Identity,
        make: impl FnOnce() -> Option<ArcResource<Reading<T>>>,
    ) -> Option<ArcResource<Reading<T>>> {
        let entry = self.entries.get_mut(identity)?;
        if entry.reading.is_none() {
            entry.reading = make().map(|reading| Box::new(reading) as _);
        }
        entry.reading.as_ref()?.downcast_ref::<ArcResource<Reading<T>>>().cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::row::tests::{Item, item};

    fn query(below: i64) -> Query<Item> {
        Query::all().filter("id < $1", [below])
    }

    fn start(registry: &mut Registry, query: &Query<Item>, id: u64) -> bool {
        let mut asked = false;
        registry.start(&Identity::of(query), |_, _| {
            asked = true;
            id
        });
        asked
    }

    #[test]
    fn equal_queries_share_their_rows_and_one_subscription() {
        let mut registry = Registry::default();
        let (one, same, other) = (registry.enter(&query(5)), registry.enter(&query(5)), registry.enter(&query(6)));
        assert!(one == same && one != other);
        assert!(start(&mut registry, &query(5), 1) && !start(&mut registry, &query(5), 2));
        assert!(start(&mut registry, &query(6), 3));
    }

    #[test]
    fn the_last_user_who_leaves_ends_the_subscription_and_no_other_does() {
        let mut registry = Registry::default();
        let identity = Identity::of(&query(5));
        let _ = (registry.enter(&query(5)), registry.enter(&query(5)));
        start(&mut registry, &query(5), 7);
        assert_eq!(registry.leave(&identity), None);
        let left = registry.leave(&identity).expect("was the last");
        assert_eq!(registry.expire(&identity, left), Some(7));
        assert_eq!(registry.expire(&identity, left), None, "it ends once");
    }

    #[test]
    fn who_comes_back_in_time_finds_the_rows_live() {
        let mut registry = Registry::default();
        let identity = Identity::of(&query(5));
        let before = registry.enter(&query(5));
        start(&mut registry, &query(5), 7);
        let left = registry.leave(&identity).expect("was the last");
        let after = registry.enter(&query(5));
        assert!(before == after && !start(&mut registry, &query(5), 8));
        assert_eq!(registry.expire(&identity, left), None);
        let again = registry.leave(&identity).expect("was the last");
        assert_eq!(registry.expire(&identity, left), None, "an older wait does not count");
        assert_eq!(registry.expire(&identity, again), Some(7));
    }

    #[test]
    fn rows_of_another_type_are_other_rows() {
        let mut registry = Registry::default();
        let rows = registry.enter(&Query::<Item>::all());
        rows.fill(Initial { position: String::new(), rows: vec![item(1, "a")], key: Vec::new(), places: Vec::new() });
        let totals = registry.enter(&Query::<Item>::all().totals::<Item2>());
        assert_eq!((rows.snapshot().len(), totals.snapshot().len()), (1, 0));
    }

    #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Item2 {
        id: Option<i64>,
    }
}
