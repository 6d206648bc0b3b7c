//! What of the words that arrive is taken: nothing that a node of ours would not say.
//!
//! Whoever can write to what joins the nodes can say anything there. They can speak for others, and that is all: no word makes a
//! node fail, or hold more than it may.

use super::{
    MAX_EVENT_BYTES, MAX_NAME_BYTES, MAX_NODE_BYTES, MAX_PAYLOAD_BYTES, MAX_STATE_BYTES, MAX_VERSION, MAX_WORD_BYTES,
    member::is_id,
    name::{is_name, is_sign},
    word::{Act, Carried, Envelope, From, Word},
};
use serde_json::{Value, value::RawValue};

/// Why a word is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unfit {
    /// It is none.
    Malformed,
    /// It is longer, or has something longer in it, than any of ours.
    Beyond,
}

/// Reads a word. Members in it that are none of ours are left out; how many they are.
pub(super) fn read(text: &[u8]) -> Result<(Envelope, u64), Unfit> {
    if text.len() > MAX_WORD_BYTES {
        return Err(Unfit::Beyond);
    }
    let mut envelope: Envelope = serde_json::from_slice(text).map_err(|_| Unfit::Malformed)?;
    if !is_node(&envelope.node) || !is_word(&envelope.word) {
        return Err(Unfit::Beyond);
    }
    let unfit = match &mut envelope.word {
        Word::Members { rooms, .. } => rooms.iter_mut().map(|crowd| weed(&mut crowd.members)).sum(),
        Word::Presence { set, .. } => weed(set),
        _ => 0,
    };
    Ok((envelope, unfit))
}

fn weed(members: &mut Vec<Carried>) -> u64 {
    members.extract_if(.., |member| !is_carried(member)).count() as u64
}

fn is_node(name: &str) -> bool {
    (1..=MAX_NODE_BYTES).contains(&name.len()) && name.bytes().all(is_sign)
}

fn is_word(word: &Word) -> bool {
    match word {
        Word::Beat => true,
        Word::Hello { of } => of.as_deref().is_none_or(is_node),
        Word::Members { rooms, .. } => rooms.iter().all(|crowd| is_name(&crowd.room)),
        Word::Presence { room, gone, .. } => is_name(room) && gone.iter().all(|id| is_id(id)),
        Word::Message { room, from, event, payload } => is_name(room) && is_said(from, event, payload),
        Word::Direct { to, from, event, payload } => is_name(to) && is_said(from, event, payload),
        Word::Broadcast { from, event, payload } => is_said(from, event, payload),
        Word::Session { of, person, act, .. } => {
            let is_act = match act {
                Act::Close => true,
                Act::Say { from, event, payload } => is_said(from, event, payload),
            };
            is_node(of) && person.as_deref().is_none_or(is_name) && is_act
        }
    }
}

fn is_carried(Carried { id, user, name, state, version }: &Carried) -> bool {
    is_id(id)
        && user.as_deref().is_none_or(is_name)
        && name.len() <= MAX_NAME_BYTES
        && *version <= MAX_VERSION
        && is_value(state, MAX_STATE_BYTES)
}

fn is_said(From { id, name, session }: &From, event: &str, payload: &RawValue) -> bool {
    id.as_deref().is_none_or(is_name)
        && name.len() <= MAX_NAME_BYTES
        && session.as_deref().is_none_or(is_id)
        && (1..=MAX_EVENT_BYTES).contains(&event.len())
        && is_value(payload, MAX_PAYLOAD_BYTES)
}

/// Not longer than allowed, and not deeper than pages can read.
fn is_value(value: &RawValue, most: usize) -> bool {
    value.get().len() <= most && serde_json::from_str::<Value>(value.get()).is_ok()
}
