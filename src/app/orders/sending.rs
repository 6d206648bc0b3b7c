//! Steps as a page sends them: each under a key that is the same however often it is sent, and with a memory of those whose answer was
//! lost.

use super::{actions::step_order, telling::Unconfirmed};
use crate::{
    app::fresh,
    orders::{Done, Step, StepDetails},
};
use leptos::prelude::*;
use std::{collections::HashSet, sync::Arc};

/// The steps of a page. The copies are the same, and outlive it.
#[derive(Clone)]
pub(super) struct Sending {
    /// Made by the server and taken over by the browser, so that both ways of sending a form have the same.
    page: Arc<str>,
    /// Keys under which something may have been done, though no answer says so.
    open: ArcRwSignal<HashSet<String>>,
}

impl Sending {
    /// For the calling component.
    pub(super) fn new() -> Self {
        Self { page: SharedValue::new(fresh::word).into_inner().into(), open: ArcRwSignal::default() }
    }

    /// The key of a step.
    pub(super) fn key(&self, order: i64, version: i64, step: Step) -> String {
        format!("{}.{order}.{version}.{step}", self.page)
    }

    /// Whether the step may have been done, though no answer says so. Tracked.
    pub(super) fn is_open(&self, order: i64, version: i64, step: Step) -> bool {
        self.open.with(|open| open.contains(&self.key(order, version, step)))
    }

    /// Sends a step; says what to tell if it was not confirmed.
    pub(super) async fn send(
        self,
        order: i64,
        version: i64,
        step: Step,
        details: StepDetails,
    ) -> Result<Done, Unconfirmed> {
        let key = self.key(order, version, step);
        let details = StepDetails { version: Some(version), key: Some(key.clone()), ..details };
        let outcome = match step_order(order, step, details, String::new()).await {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(refusal)) => Err(Unconfirmed::refused(&refusal)),
            Err(error) => Err(Unconfirmed::failed(&error)),
        };
        let was_open = self.open.with_untracked(|open| open.contains(&key));
        let outcome = outcome.map_err(|unconfirmed| unconfirmed.after(was_open));
        let is_open = outcome.as_ref().is_err_and(Unconfirmed::is_open);
        if is_open != was_open {
            self.open.update(|open| {
                if is_open {
                    open.insert(key)
                } else {
                    open.remove(&key)
                };
            });
        }
        outcome
    }
}
