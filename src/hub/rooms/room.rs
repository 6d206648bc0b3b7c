//! One room: its members, its audience, what the audience and the other nodes have yet to be told.

use super::{
    MAX_VERSION, NodeId,
    member::{Held, Member},
    word::Carried,
};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a page is called.
pub(super) type MemberId = Arc<str>;

/// A member as it is shown.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub user: Option<Arc<str>>,
    pub name: Arc<str>,
    pub state: Arc<RawValue>,
}

impl PartialEq for Shown {
    fn eq(&self, other: &Self) -> bool {
        (&self.user, &self.name, self.state.get()) == (&other.user, &other.name, other.state.get())
    }
}

/// What became of a room since its audience was told last.
#[derive(Debug, Default)]
pub(super) struct Changes {
    pub joins: Vec<(MemberId, Shown)>,
    pub updates: Vec<(MemberId, Arc<RawValue>)>,
    pub leaves: Vec<MemberId>,
}

/// A member that this node holds.
#[derive(Debug, Default)]
pub(super) struct Mine {
    pub sessions: BTreeSet<u64>,
    /// When it is given up, if no session holds it any more; the next tick says when.
    pub until: Option<u64>,
    /// Whether it may come back.
    pub returns: bool,
}

/// How a member was shown before it changed.
#[derive(Debug)]
struct Told {
    before: Option<Shown>,
    /// Somebody who came meanwhile was shown something between then and now.
    between: bool,
}

#[derive(Debug, Default)]
pub(super) struct Room {
    pub members: BTreeMap<MemberId, Member>,
    /// Sessions of this node, and what they are called.
    pub audience: BTreeMap<u64, MemberId>,
    pub mine: BTreeMap<MemberId, Mine>,
    /// Members that changed, as the audience was last told.
    told: BTreeMap<MemberId, Told>,
    /// Members of this node that changed.
    changed: BTreeSet<MemberId>,
}

impl Room {
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && self.audience.is_empty() && self.told.is_empty()
    }

    pub fn shown(&self, id: &str) -> Option<Shown> {
        let Held { user, name, state, .. } = self.members.get(id)?.shown()?.clone();
        Some(Shown { user, name, state })
    }

    /// All members, for somebody who is shown them now.
    pub fn show_all(&mut self) -> Vec<(MemberId, Shown)> {
        for id in self.told.keys().cloned().collect::<Vec<_>>() {
            let now = self.shown(&id);
            if let Some(told) = self.told.get_mut(&id) {
                told.between |= told.before != now;
            }
        }
        self.members.keys().filter_map(|id| Some((id.clone(), self.shown(id)?))).collect()
    }

    /// This node holds a member from now on, with this state.
    pub fn hold(&mut self, node: &NodeId, id: &MemberId, user: Option<Arc<str>>, name: Arc<str>, state: Arc<RawValue>) {
        // Not more than other nodes take, whatever some node has said.
        let version = self.members.get(id).map_or(0, Member::version).saturating_add(1).min(MAX_VERSION);
        self.changed.insert(id.clone());
        self.set(node, id, Held { user, name, state, version, telling: 0 });
    }

    /// A node holds a member, as it says. What it held before, if it did.
    pub fn set(&mut self, node: &NodeId, id: &MemberId, held: Held) -> Option<Held> {
        self.remember(id);
        self.members.entry(id.clone()).or_default().held.insert(node.clone(), held)
    }

    /// A node holds a member no more. What it held, if it did.
    pub fn unset(&mut self, node: &NodeId, id: &MemberId) -> Option<Held> {
        if !self.members.get(id)?.held.contains_key(node) {
            return None;
        }
        self.remember(id);
        let member = self.members.get_mut(id)?;
        let held = member.held.remove(node);
        if member.held.is_empty() {
            self.members.remove(id);
        }
        held
    }

    /// This node holds a member no more. Whether it did.
    pub fn give_up(&mut self, node: &NodeId, id: &MemberId) -> bool {
        self.changed.insert(id.clone());
        self.unset(node, id);
        self.mine.remove(id).is_some()
    }

    /// A session is in the room no more. Whether that was the last that held its member here.
    pub fn depart(&mut self, session: u64) -> Option<(MemberId, bool)> {
        let id = self.audience.remove(&session)?;
        let mine = self.mine.get_mut(&id)?;
        mine.sessions.remove(&session);
        Some((id, mine.sessions.is_empty()))
    }

    /// What another node holds, except what it has told of in this telling.
    pub fn held_before(&self, node: &NodeId, telling: Option<u64>) -> Vec<MemberId> {
        let is_old = |member: &Member| member.held.get(node).is_some_and(|held| Some(held.telling) != telling);
        self.members.iter().filter(|(_, member)| is_old(member)).map(|(id, _)| id.clone()).collect()
    }

    /// What this node holds, as it is told to the others.
    pub fn carried(&self, node: &NodeId) -> Vec<Carried> {
        self.mine.keys().filter_map(|id| self.carry(node, id)).collect()
    }

    fn carry(&self, node: &NodeId, id: &MemberId) -> Option<Carried> {
        let held = self.members.get(id)?.held.get(node)?;
        Some(Carried {
            id: id.to_string(),
            user: held.user.as_deref().map(str::to_owned),
            name: held.name.to_string(),
            state: held.state.as_ref().to_owned(),
            version: held.version,
        })
    }

    fn remember(&mut self, id: &MemberId) {
        if !self.told.contains_key(id) {
            self.told.insert(id.clone(), Told { before: self.shown(id), between: false });
        }
    }

    /// What the audience has yet to be told.
    pub fn take_changes(&mut self) -> Changes {
        let mut changes = Changes::default();
        for (id, Told { before, between }) in std::mem::take(&mut self.told) {
            match (before, self.shown(&id)) {
                // Whatever anybody was shown, this leads to the same.
                (_, Some(now)) if between => changes.joins.push((id, now)),
                (_, None) if between => changes.leaves.push(id),
                (None, Some(now)) => changes.joins.push((id, now)),
                (Some(_), None) => changes.leaves.push(id),
                (Some(before), Some(now)) if before == now => {}
                (Some(before), Some(now)) if (&before.user, &before.name) == (&now.user, &now.name) => {
                    changes.updates.push((id, now.state));
                }
                (Some(_), Some(now)) => changes.joins.push((id, now)),
                (None, None) => {}
            }
        }
        changes
    }

    /// What the other nodes have yet to be told.
    pub fn take_own_changes(&mut self, node: &NodeId) -> (Vec<Carried>, Vec<String>) {
        let changed = std::mem::take(&mut self.changed);
        let gone = changed.iter().filter(|id| !self.mine.contains_key(*id)).map(|id| id.to_string()).collect();
        (changed.iter().filter_map(|id| self.carry(node, id)).collect(), gone)
    }
}
