//! Windows and totals: one state for each distinct query, whoever asks it.
//!
//! A state is *filled* by whoever reads the source ([`Hub::next_fill`], [`Hub::fill`]) and kept exact from batches. Where it
//! has forgotten what it would need to know, it falls out of live for its subscribers, who are told so and start over when it
//! is filled again. Everything else that they have goes on.
//!
//! What it told is kept for a while, so that a client that comes back soon is told what changed and not everything.

use super::{Entry, Hub, QueryId, State};
use crate::{
    hub::{
        Definition, Net, Shown, Touched, net,
        view::{Need, OutputChange, View, ViewBounds, ViewError},
    },
    protocol::{ErrorCode, Position, Token},
};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// Most outputs of one view that are kept.
const MAX_OUTPUTS: usize = 64;
/// Most changes in the outputs of one view that are kept.
const MAX_OUTPUT_CHANGES: usize = 512;

/// The state of a window or totals, and what it told lately.
#[derive(Debug)]
pub(super) struct Kept {
    view: View,
    /// Whether it is exact at the hub's position.
    filled: bool,
    /// Whether somebody has been asked to fill it, and has not.
    asked: bool,
    /// Where the hub stood when the answer was last known.
    lost_at: Position,
    /// None before it is filled for the first time.
    log: Option<Log>,
}

/// What a view told, from some position on.
#[derive(Debug)]
struct Log {
    /// Where the oldest output that is not kept led.
    start: Position,
    outputs: VecDeque<Told>,
    changes: usize,
}

/// What was told at once: nothing changed between the output before and `from`, and this leads from there to `to`.
#[derive(Debug)]
struct Told {
    from: Position,
    to: Position,
    shown: Vec<Shown>,
}

impl Log {
    fn new(start: Position) -> Self {
        Self { start, outputs: VecDeque::new(), changes: 0 }
    }

    fn push(&mut self, told: Told) {
        self.changes += told.shown.len();
        self.outputs.push_back(told);
        while self.outputs.len() > MAX_OUTPUTS || self.changes > MAX_OUTPUT_CHANGES {
            let Some(oldest) = self.outputs.pop_front() else { break };
            self.changes -= oldest.shown.len();
            self.start = oldest.to;
        }
    }

    /// What was told after a position; `None` if that is not known.
    fn after(&self, position: &Position) -> Option<Vec<Shown>> {
        let missed = self.outputs.iter().position(|told| !position.reaches(&told.to)).unwrap_or(self.outputs.len());
        let seen = missed.checked_sub(1).map_or(&self.start, |last| &self.outputs[last].to);
        let next = self.outputs.get(missed);
        let known = position.reaches(seen) && next.is_none_or(|told| told.from.reaches(position));
        known.then(|| self.outputs.range(missed..).flat_map(|told| told.shown.iter().cloned()).collect())
    }
}

impl Kept {
    /// The state of a query that is a window or totals; `None` for one that is not.
    pub(super) fn new(definition: &Definition, position: &Position, bounds: ViewBounds) -> Option<Self> {
        let spec = definition.view.clone()?;
        let view = View::empty(spec, definition.table.clone(), bounds);
        Some(Self { view, filled: false, asked: false, lost_at: position.clone(), log: None })
    }

    pub(super) fn is_filled(&self) -> bool {
        self.filled
    }

    /// What was told after a position; `None` if that is not known.
    pub(super) fn after(&self, position: &Position) -> Option<Vec<Shown>> {
        self.log.as_ref()?.after(position)
    }

    /// The hub stands somewhere else, and nothing leads there.
    pub(super) fn reset(&mut self) {
        (self.filled, self.log) = (false, None);
    }

    fn tell(&mut self, from: &Position, to: &Position, shown: &[Shown]) {
        if let Some(log) = self.log.as_mut().filter(|_| !shown.is_empty()) {
            log.push(Told { from: from.clone(), to: to.clone(), shown: shown.to_vec() });
        }
    }

    /// All there is, as it is shown.
    pub(super) fn rows(&self, definition: &Definition) -> Vec<Arc<RawValue>> {
        self.view.rows().into_iter().map(|row| definition.show(row)).collect()
    }

    /// Applies what happened to the rows.
    fn apply(&mut self, definition: &Definition, truncated: bool, rows: &[Touched<'_>]) -> Result<(), ViewError> {
        if truncated {
            self.view.truncate();
        }
        for touched in rows {
            let before = definition.select(touched.before).filter(|_| !truncated);
            self.view.apply(before, definition.select(touched.after))?;
        }
        Ok(())
    }

    fn output(&mut self, definition: &Definition) -> Result<(Vec<Shown>, Need), ViewError> {
        let output = self.view.output()?;
        let shown = output.changes.into_iter().filter_map(|change| match change {
            OutputChange::Insert(row) => Some(Shown::Insert(definition.show(row))),
            // Nobody learns that something changed which is not shown.
            OutputChange::Update(old, new) => {
                let (old, new) = (definition.show(old), definition.show(new));
                (definition.columns.is_none() || old.get() != new.get()).then_some(Shown::Update(new))
            }
            OutputChange::Delete(key) => Some(Shown::Delete(key.into())),
        });
        Ok((shown.collect(), output.need))
    }
}

/// What became of filling a view.
#[derive(Debug)]
pub enum Filled {
    /// It is filled, or nobody wants it any more.
    Done,
    /// The hub has yet to reach the base: wait and fill it with the same again.
    Ahead(Vec<Box<RawValue>>),
    /// What was read is of no use any more: read again.
    Stale,
}

impl Hub {
    /// Resolves with a window or totals that must be filled.
    pub async fn next_fill(&self) -> (QueryId, Arc<Definition>) {
        loop {
            let wanted = self.fill_wanted.notified();
            if let Some(next) = self.lock().take_fill() {
                return next;
            }
            wanted.await;
        }
    }

    /// Fills a window or totals with what was read at `base`.
    pub fn fill(&self, query: QueryId, base: &Token, rows: Vec<Box<RawValue>>) -> Filled {
        let filled = self.lock().fill(query, base, rows);
        self.reached.send_modify(|version| *version += 1);
        filled
    }

    /// Whether somebody asks this query.
    pub fn wants(&self, query: QueryId) -> bool {
        self.lock().queries.contains_key(&query)
    }

    /// A window or totals cannot be filled: its subscribers are told.
    pub fn cannot_fill(&self, query: QueryId, code: ErrorCode, message: &str) {
        self.lock().end_with(query, code, message);
        self.reached.send_modify(|version| *version += 1);
    }

    /// Whether a window or totals is filled, or nobody wants it any more.
    pub fn is_filled(&self, query: QueryId) -> bool {
        let state = self.lock();
        state.queries.get(&query).and_then(|entry| entry.kept.as_ref()).is_none_or(|kept| kept.filled)
    }

    /// Waits until a window or totals is filled, or nobody wants it any more.
    pub async fn filled(&self, query: QueryId) {
        let mut reached = self.reached.subscribe();
        while !self.is_filled(query) {
            // The sender lives as long as the hub.
            let _ = reached.changed().await;
        }
    }
}

impl State {
    fn take_fill(&mut self) -> Option<(QueryId, Arc<Definition>)> {
        loop {
            let query = self.to_fill.pop_first()?;
            if let Some(entry) = self.queries.get(&query) {
                return Some((query, entry.definition.clone()));
            }
        }
    }

    /// Has a view filled, if that is not under way.
    pub(super) fn want_fill(&mut self, query: QueryId) {
        let Some(kept) = self.queries.get_mut(&query).and_then(|entry| entry.kept.as_mut()) else { return };
        if !std::mem::replace(&mut kept.asked, true) {
            self.to_fill.insert(query);
            self.fill_wanted.notify_one();
        }
    }

    /// Tells the views about a table what happened to its rows. `before` is where the hub stood.
    pub(super) fn tell_views(
        &mut self,
        matched: &BTreeMap<QueryId, Vec<Touched<'_>>>,
        net: &Net,
        before: &Position,
        told: &mut BTreeMap<QueryId, Vec<Shown>>,
    ) {
        for (query, rows) in matched {
            let Some(Entry { definition, kept: Some(kept), .. }) = self.queries.get_mut(query) else { continue };
            if !kept.filled {
                continue;
            }
            let outcome = kept.apply(definition, net.truncated(), rows).and_then(|()| kept.output(definition));
            match outcome {
                Ok((_, Need::RefillNow)) => self.lose(*query, before),
                Ok((shown, need)) => {
                    kept.tell(before, &self.position, &shown);
                    if !shown.is_empty() {
                        told.insert(*query, shown);
                    }
                    if need == Need::RefillSoon {
                        self.want_fill(*query);
                    }
                }
                Err(error) => self.failed(*query, before, error),
            }
        }
    }

    /// What a view would tell is not known from `before` on: whoever has it live starts over once it is filled again. Their
    /// other queries go on, so they have to be told: what they commit meanwhile says nothing about this one.
    pub(super) fn lose(&mut self, query: QueryId, before: &Position) {
        let Some(kept) = self.queries.get_mut(&query).and_then(|entry| entry.kept.as_mut()) else { return };
        if std::mem::replace(&mut kept.filled, false) {
            kept.lost_at = before.clone();
        }
        self.start_over(query);
        self.want_fill(query);
    }

    /// Nothing leads to where the hub stands now.
    pub(super) fn reset_view(&mut self, query: QueryId) {
        if let Some(kept) = self.queries.get_mut(&query).and_then(|entry| entry.kept.as_mut()) {
            kept.reset();
            self.want_fill(query);
        }
    }

    fn failed(&mut self, query: QueryId, before: &Position, error: ViewError) {
        match error {
            ViewError::TooManyGroups => self.end_with(query, ErrorCode::TooManyGroups, &error.to_string()),
            ViewError::Unreadable | ViewError::Inconsistent => self.lose(query, before),
        }
    }

    fn fill(&mut self, query: QueryId, base: &Token, rows: Vec<Box<RawValue>>) -> Filled {
        let ahead = self.is_ahead(base);
        let Some(Entry { definition, kept: Some(kept), .. }) = self.queries.get_mut(&query) else {
            return Filled::Done;
        };
        if ahead {
            return Filled::Ahead(rows);
        }
        if base.epoch != self.epoch || !self.ring.covers(&base.position) {
            return Filled::Stale;
        }
        let since = match net(&definition.table, self.ring.after(&base.position)) {
            Ok(since) if !since.must_reload() => since,
            _ => return Filled::Stale,
        };
        let touched: Vec<Touched<'_>> = since.rows().collect();
        let outcome = kept
            .view
            .fill(rows)
            .and_then(|()| kept.apply(definition, since.truncated(), &touched))
            .and_then(|()| kept.output(definition));
        match outcome {
            Ok((shown, need)) if need != Need::RefillNow => {
                kept.asked = false;
                let was_filled = std::mem::replace(&mut kept.filled, true);
                let from = if was_filled { self.position.clone() } else { kept.lost_at.clone() };
                match &mut kept.log {
                    // Even if nothing is told: what was shown meanwhile is not known.
                    Some(log) if !was_filled => {
                        log.push(Told { from, to: self.position.clone(), shown: shown.clone() })
                    }
                    _ => kept.tell(&from, &self.position, &shown),
                }
                kept.log.get_or_insert_with(|| Log::new(self.position.clone()));
                if was_filled && !shown.is_empty() {
                    self.hand_over(&BTreeMap::from([(query, shown)]));
                }
                Filled::Done
            }
            Err(error @ ViewError::TooManyGroups) => {
                self.end_with(query, ErrorCode::TooManyGroups, &error.to_string());
                Filled::Done
            }
            _ => {
                self.lose(query, &self.position.clone());
                Filled::Stale
            }
        }
    }
}
