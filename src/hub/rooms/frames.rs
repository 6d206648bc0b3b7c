//! The frames that tell sessions of a room, encoded once for all of them.

use super::{
    CHUNK_BYTES, CHUNK_MEMBERS, RoomName,
    room::{Changes, MemberId, Shown},
    word::From,
};
use crate::{
    hub::Frame,
    protocol::{ErrorCode, Present, Sender, ServerFrame, StateOf},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, sync::Arc};

/// Who came, changed and went: as many frames as it takes.
pub(super) fn presence(room: &RoomName, changes: &Changes) -> Vec<Frame> {
    let frame = |joins, updates, leaves| {
        Frame::from(ServerFrame::Presence { room: Cow::Borrowed(room), joins, updates, leaves }.encode())
    };
    let joins = chunks(&changes.joins, |(_, shown)| shown.state.get().len());
    let updates = chunks(&changes.updates, |(_, state)| state.get().len());
    let leaves = chunks(&changes.leaves, |_| 0);
    // Few changes of each kind are one frame.
    if joins.len() + updates.len() + leaves.len() > 1
        && [joins.len(), updates.len(), leaves.len()].iter().all(|count| *count <= 1)
        && changes.joins.len() + changes.updates.len() + changes.leaves.len() <= CHUNK_MEMBERS
    {
        return vec![frame(
            changes.joins.iter().map(present).collect(),
            changes.updates.iter().map(state_of).collect(),
            changes.leaves.iter().map(|id| Cow::Borrowed(&**id)).collect(),
        )];
    }
    let left = leaves
        .into_iter()
        .map(|ids| frame(Vec::new(), Vec::new(), ids.iter().map(|id| Cow::Borrowed(&**id)).collect()));
    let came = joins.into_iter().map(|members| frame(members.iter().map(present).collect(), Vec::new(), Vec::new()));
    let changed =
        updates.into_iter().map(|states| frame(Vec::new(), states.iter().map(state_of).collect(), Vec::new()));
    left.chain(came).chain(changed).collect()
}

/// Everybody who is there: at least one frame, of which the last says what to ask for what was said before.
pub(super) fn joined(
    room: &RoomName,
    own: &MemberId,
    members: &[(MemberId, Shown)],
    history: Option<&RawValue>,
) -> Vec<Frame> {
    let mut chunks = chunks(members, |(_, shown)| shown.state.get().len());
    if chunks.is_empty() {
        chunks.push(&[]);
    }
    let last = chunks.len() - 1;
    let frame = |(index, members): (usize, &[(MemberId, Shown)])| {
        let frame = ServerFrame::Joined {
            room: Cow::Borrowed(room),
            session: Cow::Borrowed(own),
            members: members.iter().map(present).collect(),
            more: index < last,
            history: history.filter(|_| index == last),
        };
        Frame::from(frame.encode())
    };
    chunks.into_iter().enumerate().map(frame).collect()
}

pub(super) fn message(room: &str, from: &From, event: &str, payload: &RawValue) -> Frame {
    let (room, event) = (Cow::Borrowed(room), Cow::Borrowed(event));
    Frame::from(ServerFrame::Message { room, from: sender(from), event, payload }.encode())
}

pub(super) fn direct(from: &From, event: &str, payload: &RawValue) -> Frame {
    Frame::from(ServerFrame::Direct { from: sender(from), event: Cow::Borrowed(event), payload }.encode())
}

pub(super) fn broadcast(from: &From, event: &str, payload: &RawValue) -> Frame {
    Frame::from(ServerFrame::Broadcast { from: sender(from), event: Cow::Borrowed(event), payload }.encode())
}

/// Something about a room, or about none, did not fit.
pub(in crate::hub) fn missed(room: Option<&str>) -> Frame {
    Frame::from(ServerFrame::Missed { room: room.map(Cow::Borrowed) }.encode())
}

/// Whoever was in a room may be there no longer.
pub(super) fn expelled(room: &str) -> Frame {
    let frame = ServerFrame::Error {
        id: None,
        code: ErrorCode::UnknownRoom,
        message: Cow::Borrowed("you may not be in this room any more"),
        at: None,
        hint: None,
        room: Some(Cow::Borrowed(room)),
        r#ref: None,
    };
    Frame::from(frame.encode())
}

fn present((id, shown): &(MemberId, Shown)) -> Present<'_> {
    Present {
        session: Cow::Borrowed(id),
        user: shown.user.as_deref().map(Cow::Borrowed),
        name: Cow::Borrowed(&shown.name),
        state: &shown.state,
    }
}

fn state_of((id, state): &(MemberId, Arc<RawValue>)) -> StateOf<'_> {
    StateOf { session: Cow::Borrowed(id), state }
}

fn sender(from: &From) -> Sender<'_> {
    Sender {
        id: from.id.as_deref().map(Cow::Borrowed),
        name: Cow::Borrowed(&from.name),
        session: from.session.as_deref().map(Cow::Borrowed),
    }
}

/// Cut where a frame is full.
fn chunks<T>(all: &[T], bytes_of: impl Fn(&T) -> usize) -> Vec<&[T]> {
    let mut chunks = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (index, one) in all.iter().enumerate() {
        let more = bytes_of(one);
        if index > from && (index - from >= CHUNK_MEMBERS || bytes + more > CHUNK_BYTES) {
            chunks.push(&all[from..index]);
            (from, bytes) = (index, 0);
        }
        bytes += more;
    }
    if from < all.len() {
        chunks.push(&all[from..]);
    }
    chunks
}
