//! Where the person is in time: which moments are known here, after which of them the page stands, and the rows then.
//!
//! Stop 0 is before all moments that are known here, stop `n` after the `n`th, and the stop beyond the last is the present,
//! where the page is live. From stop to stop rows are made from what each moment changed; only what is not known here is asked
//! of the server. Nobody is in the present before the server has told the moments that lead to it: those that are known here may
//! have ended long before.
//!
//! What a person does last counts: a step that needs no answer makes those that are due come too late. The address says where the page
//! is, not where it is about to be.

use super::{
    actions::read_past,
    model::{Change, Moment, Past, Reach, Refusal},
    rows::Rows,
    scope::Scope,
    stamp::Stamp,
};
use crate::app::{inventory::Product, time::Timestamp};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::{sync::Arc, time::Duration};

/// How long after the last step the address follows.
const ADDRESS_LAG: Duration = Duration::from_millis(400);

/// Shared by all parts of the page. Copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Journey {
    pub(super) scope: Scope,
    pub(super) moments: RwSignal<Arc<[Moment]>>,
    pub(super) earlier: RwSignal<bool>,
    later: RwSignal<bool>,
    pub(super) reach: RwSignal<Reach>,
    pub(super) stop: RwSignal<usize>,
    /// The rows of the stop; of the present there are none here.
    pub(super) rows: RwSignal<Arc<Rows>>,
    pub(super) busy: RwSignal<bool>,
    pub(super) problem: RwSignal<Option<Refusal>>,
    /// How many moments pass in ten seconds; `None` while nothing is played.
    pub(super) playing: RwSignal<Option<u32>>,
    /// What was asked for last: answers to anything before come too late.
    asked: StoredValue<u64>,
    /// Whether the answer that is due leads somewhere else.
    leaves: StoredValue<bool>,
    timer: StoredValue<Option<TimeoutHandle>>,
    go: Callback<String>,
}

impl Journey {
    /// From what came with the page. To be made inside of the router.
    pub(super) fn new(first: Past) -> Self {
        let navigate = use_navigate();
        let journey = Self {
            scope: Scope::of_page(),
            moments: RwSignal::new(Arc::default()),
            earlier: RwSignal::new(false),
            later: RwSignal::new(false),
            reach: RwSignal::new(Reach::default()),
            stop: RwSignal::new(0),
            rows: RwSignal::new(Arc::default()),
            busy: RwSignal::new(false),
            problem: RwSignal::new(None),
            playing: RwSignal::new(None),
            asked: StoredValue::new(0),
            leaves: StoredValue::new(false),
            timer: StoredValue::new(None),
            go: Callback::new(move |address: String| {
                let options =
                    NavigateOptions { replace: true, scroll: false, resolve: false, ..NavigateOptions::default() };
                navigate(&address, options);
            }),
        };
        journey.hear(Ok(first));
        journey
    }

    fn hear(self, told: Result<Past, Refusal>) {
        match told {
            Ok(past) => {
                let live = past.moments.len() + 1;
                self.stop.set(past.after.unwrap_or(live));
                self.rows.set(Arc::new(past.rows.into_iter().collect()));
                self.moments.set(past.moments.into());
                self.earlier.set(past.earlier);
                self.later.set(past.later);
                self.reach.set(past.reach);
                self.problem.set(None);
            }
            Err(refusal) => {
                self.playing.set(None);
                self.problem.set(Some(refusal));
            }
        }
    }

    /// The stop of the present. Tracked.
    pub(super) fn present(self) -> usize {
        self.moments.with(|moments| moments.len()) + 1
    }

    /// The first stop: before the first moment only if that is where the record begins. Tracked.
    pub(super) fn first(self) -> usize {
        usize::from(self.earlier.get() || self.reach.with(|reach| reach.at.is_none())).min(self.present())
    }

    /// Whether the page shows the present. Tracked.
    pub(super) fn is_live(self) -> bool {
        self.stop.get() == self.present() && self.problem.with(Option::is_none)
    }

    /// The moment that the page shows the outcome of; of the present, the last one. Tracked.
    pub(super) fn moment(self) -> Option<Moment> {
        let stop = self.stop.get();
        self.moments.with(|moments| moments.get(stop.min(moments.len()).checked_sub(1)?).cloned())
    }

    /// What changed at that moment. Tracked.
    pub(super) fn changes(self) -> Vec<Change> {
        self.moment().map(|moment| moment.changes).unwrap_or_default()
    }

    /// The moment of a stop, as an address has it; `None` for the present. Tracked.
    pub(super) fn stamp(self, stop: usize) -> Option<Stamp> {
        match stop.checked_sub(1) {
            None => self.reach.with(|reach| reach.at.map(|at| Stamp { at, seq: None })),
            Some(place) => self.moments.with(|moments| moments.get(place).map(|moment| moment.stamp)),
        }
    }

    /// The address of a stop. Tracked.
    pub(super) fn address(self, stop: usize) -> String {
        self.stamp(stop).map_or_else(|| self.scope.present(), |stamp| self.scope.at(stamp))
    }

    /// When the page is, for people. Tracked.
    pub(super) fn time(self) -> Option<Timestamp> {
        self.stamp(self.stop.get()).map(|stamp| stamp.at)
    }

    /// Where the answer says, and the address with it.
    fn arrive_at(self, past: Past) {
        self.hear(Ok(past));
        self.follow();
    }

    /// Goes to a stop; what is not known here is asked for.
    pub(super) fn go_to(self, stop: usize) {
        let (from, present) = untrack(|| (self.stop.get(), self.present()));
        let stop = stop.min(present);
        if stop == present {
            // An answer that is due may lead away from it.
            if self.busy.get_untracked() || !untrack(|| self.is_live()) {
                self.leave(None, Self::arrive_at);
            }
            return;
        }
        let moved = (from < present).then(|| {
            self.moments.with_untracked(|moments| self.rows.with_untracked(|rows| rows.moved(moments, from, stop)))
        });
        match moved.flatten() {
            Some(rows) => {
                self.stay();
                self.problem.set(None);
                self.rows.set(Arc::new(rows));
                self.stop.set(stop);
                self.follow();
            }
            None => self.leave(untrack(|| self.stamp(stop)), Self::arrive_at),
        }
    }

    /// One moment on. After the last one that is known here it is asked whether that was the last; if so, the present follows.
    pub(super) fn step(self) {
        let (stop, present) = untrack(|| (self.stop.get(), self.present()));
        if stop + 1 < present {
            self.go_to(stop + 1);
        } else if stop < present {
            self.leave(untrack(|| self.stamp(stop)), |journey, past| {
                let is_last = past.after == Some(past.moments.len()) && !past.later;
                let next = past.after.unwrap_or_default() + 1;
                journey.hear(Ok(past));
                if is_last { journey.arrive() } else { journey.go_to(next) }
            });
        } else {
            self.arrive();
        }
    }

    /// The same while it plays, which waits for answers.
    pub(super) fn tick(self) {
        if !self.busy.get_untracked() {
            self.step();
        }
    }

    /// The present.
    fn arrive(self) {
        self.playing.set(None);
        self.go_to(untrack(|| self.present()));
    }

    /// One moment back.
    pub(super) fn step_back(self) {
        let (stop, first) = untrack(|| (self.stop.get(), self.first()));
        // The last moment is what the present looks like, too.
        if stop > first {
            self.go_to(stop - 1);
        } else if self.earlier.get_untracked() {
            self.leave(untrack(|| self.stamp(stop)), |journey, past| {
                let before = past.after.unwrap_or_default().saturating_sub(1);
                journey.hear(Ok(past));
                journey.go_to(before);
            });
        }
    }

    /// Something happened while the page shows the present: which moment was that? Nobody asks who is about to leave it.
    pub(super) fn look_again(self) {
        if untrack(|| self.is_live()) && !self.leaves.get_value() {
            self.ask(None, |journey, past| {
                if untrack(|| journey.is_live()) {
                    journey.hear(Ok(past));
                }
            });
        }
    }

    /// Whatever answer is due, the page stays where it is.
    pub(super) fn stay(self) {
        self.asked.update_value(|asked| *asked += 1);
        self.leaves.set_value(false);
        self.busy.set(false);
    }

    /// Goes to where the server's answer leads, unless something else is done before it comes.
    fn leave(self, stamp: Option<Stamp>, then: impl FnOnce(Self, Past) + 'static) {
        self.ask(stamp, then);
        self.leaves.set_value(true);
    }

    /// Asks the server for a moment, and hands it to `then` unless something else was asked or done since.
    fn ask(self, stamp: Option<Stamp>, then: impl FnOnce(Self, Past) + 'static) {
        self.asked.update_value(|asked| *asked += 1);
        let number = self.asked.get_value();
        self.busy.set(true);
        spawn_local(async move {
            let told = read_past(stamp.map(Stamp::text).unwrap_or_default(), self.scope.product).await;
            if self.asked.try_get_value() != Some(number) {
                return;
            }
            self.stay();
            match told.unwrap_or(Err(Refusal::Unavailable)) {
                Ok(past) => then(self, past),
                refused => self.hear(refused),
            }
        });
    }

    /// The address says where the page is, so that it can be kept and sent to others.
    fn follow(self) {
        let address = untrack(|| self.address(self.stop.get()));
        if let Some(Some(timer)) = self.timer.try_get_value() {
            timer.clear();
        }
        let go = self.go;
        self.timer.set_value(set_timeout_with_handle(move || go.run(address), ADDRESS_LAG).ok());
    }

    /// The page goes; nothing is to happen any more.
    pub(super) fn end(self) {
        if let Some(Some(timer)) = self.timer.try_get_value() {
            timer.clear();
        }
    }
}

/// The rows that are shown: those of the stop, or the live ones.
pub(super) type Shown = Signal<Arc<Vec<Product>>>;
