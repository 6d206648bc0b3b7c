//! How queries become live: what they missed and the position that speaks for them, in one delivery.

use super::{Entry, QueryId, State, Ticket, fold, resync};
use crate::{
    hub::{Chunks, Delivery, Frame, Replay, frames, subscribed},
    protocol::{ErrorCode, ResyncReason, Token},
};
use std::sync::Arc;

/// Most answers that are kept for those who come from the same position, until the position moves.
const MAX_CAUGHT_UP: usize = 1_000;

/// A query that can become live, up to what the ring still has to add.
#[derive(Debug)]
pub struct Ready {
    /// Which query.
    pub query: QueryId,
    /// Which use of it. A use that has ended is passed over.
    pub ticket: Ticket,
    /// Frames that come before the changes.
    pub lead: Vec<Frame>,
    /// Where `lead` brings the client.
    pub from: Token,
    /// Changes of the table from there to `base`.
    pub replay: Replay,
    /// Where `lead` and `replay` together bring the client.
    pub base: Token,
    /// Whether what is missing is folded in place, however much it is.
    pub in_place: bool,
    /// Of a window or totals, for which the rest is told here too.
    pub view: Option<Greeting>,
}

/// How a window or totals begins for a client.
#[derive(Clone, Debug)]
pub struct Greeting {
    /// The client's id, if it has not been told the query's number.
    pub id: Option<String>,
    /// Whether the client has what was there at [`Ready::from`].
    pub resumes: bool,
    /// Why the client must start over, if that is known already.
    pub resync: Option<ResyncReason>,
}

/// Why queries cannot become live yet.
#[derive(Debug, PartialEq, Eq)]
pub enum NotYet {
    /// The hub has yet to reach the base of a query.
    Ahead(Token),
    /// The ring does not hold what came after the base of this query: read it from the source.
    Behind(QueryId),
    /// More was missed by this query than everybody should wait for: have it folded, see [`Hub::fold`](super::Hub::fold).
    Far(QueryId),
    /// The rows of this query changed in bulk since its base: read it anew.
    Reload(QueryId),
    /// This window or these totals have yet to be filled.
    Unfilled(QueryId),
    /// The session has lagged meanwhile: what lagged must become live together with these.
    Lagged,
}

impl State {
    pub(super) fn go_live(&mut self, session: u64, ready: &[Ready], recovering: bool) -> Result<(), NotYet> {
        let Some(own) = self.sessions.get(&session) else { return Ok(()) };
        if own.lagging && !recovering {
            return Err(NotYet::Lagged);
        }
        let ready: Vec<&Ready> = ready.iter().filter(|one| own.held.get(&one.query) == Some(&one.ticket)).collect();
        let mut frames = Vec::new();
        let mut live = Vec::new();
        let mut unreadable = Vec::new();
        if let Some(obstacle) = ready.iter().find_map(|one| self.obstacle(one)) {
            return Err(obstacle);
        }
        for one in ready {
            if let Some(greeting) = &one.view {
                frames.extend(self.greet(one, greeting));
                live.push(one.query);
                continue;
            }
            match self.catch_up(one) {
                Ok(changes) => {
                    frames.extend(one.lead.iter().cloned());
                    frames.extend(changes.iter().cloned());
                    live.push(one.query);
                }
                Err(Missed::Reload) => return Err(NotYet::Reload(one.query)),
                Err(Missed::Unreadable) => unreadable.push(one.query),
            }
        }
        for query in live {
            if let Some(entry) = self.queries.get_mut(&query) {
                entry.live.insert(session);
            }
        }
        // Logged with the batch that has the row.
        unreadable.into_iter().for_each(|query| self.end(query, ErrorCode::UnreadableTable));
        let token = self.token();
        let Some(own) = self.sessions.get_mut(&session) else { return Ok(()) };
        own.lagging = false;
        if !frames.is_empty() || recovering {
            frames.push(Frame::commit(&token));
            own.outbox.push(Delivery { frames: frames.into(), position: Some(token), pinned: true });
        }
        Ok(())
    }

    /// Why a query cannot become live yet, as far as that is seen without folding what it missed.
    fn obstacle(&self, one: &Ready) -> Option<NotYet> {
        if self.is_ahead(&one.base) {
            return Some(NotYet::Ahead(one.base.clone()));
        }
        if one.view.is_some() {
            let kept = self.queries.get(&one.query)?.kept.as_ref()?;
            return (!kept.is_filled()).then_some(NotYet::Unfilled(one.query));
        }
        if one.base.epoch != self.epoch || !self.ring.covers(&one.base.position) {
            return Some(NotYet::Behind(one.query));
        }
        if one.in_place || self.caught_up.contains_key(&(one.query, one.from.to_string())) {
            return None;
        }
        let rest = self.bounds.folded_in_place.checked_sub(one.replay.len());
        let far = rest.is_none_or(|rest| self.ring.has_more_after(&one.base.position, rest));
        far.then_some(NotYet::Far(one.query))
    }

    /// The frames that bring a window or totals to the hub's position: what was told since, if that is known, or all.
    fn greet(&self, one: &Ready, greeting: &Greeting) -> Vec<Frame> {
        let Some(Entry { definition, kept: Some(kept), .. }) = self.queries.get(&one.query) else {
            return Vec::new();
        };
        let resumes = greeting.resumes && one.from.epoch == self.epoch;
        // What a view told is known from batch to batch; what was shown between the transactions of one is not.
        let (position, table) = (&one.from.position, definition.table.id);
        let known = resumes && self.ring.covers(position) && self.ring.splits_no_batch(position, table);
        let missed = known.then(|| kept.after(position)).flatten();
        let id = greeting.id.as_ref();
        let mut frames: Vec<Frame> =
            id.map(|id| subscribed(id, one.query, &definition.key, missed.is_some())).into_iter().collect();
        match missed {
            Some(shown) => frames.extend(frames::changes(one.query, &shown)),
            None => {
                let foreign = one.from.epoch != self.epoch;
                let reason = if foreign { ResyncReason::PositionForeign } else { ResyncReason::PositionTooOld };
                let stale = greeting.resumes.then_some(reason);
                frames.extend(greeting.resync.or(stale).map(|reason| resync(one.query, reason)));
                let mut chunks = Chunks::new(one.query);
                frames.extend(kept.rows(definition).into_iter().filter_map(|row| chunks.push(row)));
                frames.push(chunks.last());
            }
        }
        frames
    }

    /// The frames that bring a query from where its client stands to the hub's position. Whoever stood at the same place is
    /// told the same.
    fn catch_up(&mut self, one: &Ready) -> Result<Arc<[Frame]>, Missed> {
        let from = (one.query, one.from.to_string());
        if let Some(known) = self.caught_up.get(&from) {
            return Ok(known.clone());
        }
        let Some(entry) = self.queries.get(&one.query) else { return Ok(Arc::default()) };
        let shown = fold::shown(&entry.definition, one.replay.iter().chain(self.ring.after(&one.base.position)))?;
        let frames: Arc<[Frame]> = frames::changes(one.query, &shown).into();
        if !one.in_place && self.caught_up.len() < MAX_CAUGHT_UP {
            self.caught_up.insert(from, frames.clone());
        }
        Ok(frames)
    }
}

/// Why a query cannot be caught up.
pub(super) enum Missed {
    Reload,
    Unreadable,
}
