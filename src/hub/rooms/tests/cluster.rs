//! Several nodes, words between them in their order, and a model of who is where.

use crate::{
    hub::{
        Credential, Frame, Principal,
        rooms::{BEAT, Effect, GRACE, LEASE, Rights, Rooms, Rule, WINDOW, ms},
    },
    protocol::{Role, ServerFrame},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// What everybody may do in all rooms, and write to everybody.
pub(super) fn open_rights() -> Rights {
    let rule = |pattern: &str, role| Rule { pattern: pattern.to_owned(), role, may_publish: true, history: None };
    Rights::new(Role::ALL.into_iter().flat_map(|role| [rule("*", role), rule("direct:*", role)]).collect())
}

pub(super) fn person(account: i64) -> Arc<Principal> {
    let (name, credential) = (format!("p{account}").into(), Credential::Login(account));
    Arc::new(Principal { account: Some(account), name, credential, ..Principal::nobody(Role::Staff) })
}

/// What a session sees of a room.
pub(super) type View = BTreeMap<String, Value>;

/// One session's page: applies frames as a client does.
#[derive(Default)]
pub(super) struct Page {
    pub views: BTreeMap<String, View>,
    partial: View,
    /// Everything else that was said.
    pub heard: Vec<String>,
    pub joins: usize,
    pub leaves: usize,
}

impl Page {
    pub fn take(&mut self, frame: &Frame) {
        let text = std::str::from_utf8(frame.bytes()).expect("text");
        match ServerFrame::parse(text).expect(text) {
            ServerFrame::Joined { room, members, more, .. } => {
                let members =
                    members.iter().map(|one| (one.session.to_string(), serde_json::from_str(one.state.get()).unwrap()));
                self.partial.extend(members);
                if !more {
                    self.views.insert(room.into_owned(), std::mem::take(&mut self.partial));
                }
            }
            ServerFrame::Presence { room, joins, updates, leaves } => {
                let view = self.views.get_mut(&*room).expect("is in the room that it is told about");
                (self.joins, self.leaves) = (self.joins + joins.len(), self.leaves + leaves.len());
                for one in joins {
                    view.insert(one.session.to_string(), serde_json::from_str(one.state.get()).unwrap());
                }
                for one in updates {
                    let state = serde_json::from_str(one.state.get()).unwrap();
                    assert!(view.insert(one.session.to_string(), state).is_some(), "who is updated is there");
                }
                leaves.iter().for_each(|one| {
                    view.remove(&**one);
                });
            }
            _ => self.heard.push(text.to_owned()),
        }
    }
}

/// A node, its sessions, and the words on their way to it.
pub(super) struct OneNode {
    pub rooms: Rooms,
    pub pages: BTreeMap<u64, Page>,
    inbox: VecDeque<String>,
    pub connected: bool,
}

pub(super) struct Cluster {
    pub nodes: Vec<OneNode>,
    pub now: u64,
    started: usize,
    next: u64,
}

impl Cluster {
    pub fn new(nodes: usize) -> Self {
        let mut cluster = Self { nodes: Vec::new(), now: 0, started: 0, next: 0 };
        for _ in 0..nodes {
            let node = cluster.node();
            cluster.nodes.push(node);
        }
        (0..nodes).for_each(|node| cluster.connect(node, true));
        cluster
    }

    fn node(&mut self) -> OneNode {
        self.started += 1;
        let mut rooms = Rooms::new(&format!("n{}", self.started));
        rooms.set_rights(open_rights());
        OneNode { rooms, pages: BTreeMap::new(), inbox: VecDeque::new(), connected: false }
    }

    /// SIGKILL, and another one in its place.
    pub fn restart(&mut self, node: usize) {
        self.nodes[node] = self.node();
        self.connect(node, true);
    }

    pub fn connect(&mut self, node: usize, connected: bool) {
        let one = &mut self.nodes[node];
        one.connected = connected;
        one.inbox.clear();
        one.rooms.set_connected(Some(connected));
        self.apply(node);
    }

    /// Opens a session.
    pub fn open(&mut self, node: usize, who: Arc<Principal>) -> u64 {
        self.next += 1;
        self.nodes[node].rooms.opened(self.next, who);
        self.nodes[node].pages.insert(self.next, Page::default());
        self.next
    }

    pub fn join(&mut self, node: usize, session: u64, room: &str, state: &Value, client: Option<&str>) {
        let one = &mut self.nodes[node];
        let frames = one.rooms.join(session, room, Some(state), client).expect("may join");
        let page = one.pages.get_mut(&session).expect("is open");
        frames.iter().for_each(|frame| page.take(frame));
        self.apply(node);
    }

    pub fn close(&mut self, node: usize, session: u64, lost: bool) {
        let one = &mut self.nodes[node];
        one.rooms.closed(session, lost);
        one.pages.remove(&session);
        self.apply(node);
    }

    pub fn view(&self, node: usize, session: u64, room: &str) -> View {
        self.nodes[node].pages[&session].views[room].clone()
    }

    /// Hands to pages what they are told.
    pub fn apply(&mut self, node: usize) {
        let one = &mut self.nodes[node];
        for effect in one.rooms.take_effects() {
            match effect {
                Effect::Tell { sessions, frame, .. } => {
                    for session in sessions {
                        one.pages.get_mut(&session).expect("is open").take(&frame);
                    }
                }
                Effect::Insist { session, frame } => one.pages.get_mut(&session).expect("is open").take(&frame),
                Effect::Forget { .. } | Effect::Close { .. } => {}
            }
        }
    }

    /// Time passes on one node.
    pub fn tick(&mut self, node: usize) {
        self.nodes[node].rooms.tick(self.now);
        self.apply(node);
    }

    /// Words go out, and arrive where somebody listens; `lose` says which are lost.
    pub fn carry(&mut self, mut lose: impl FnMut() -> bool) {
        for from in 0..self.nodes.len() {
            while let Some(word) = self.nodes[from].rooms.take_outgoing() {
                for to in 0..self.nodes.len() {
                    if self.nodes[from].connected && self.nodes[to].connected && !lose() {
                        self.nodes[to].inbox.push_back(word.clone());
                    }
                }
            }
        }
        for to in 0..self.nodes.len() {
            while let Some(word) = self.nodes[to].inbox.pop_front() {
                self.nodes[to].rooms.hear(word.as_bytes(), self.now);
                self.apply(to);
            }
        }
    }

    /// Time passes everywhere, in steps of a window, and nothing is lost.
    pub fn wait(&mut self, passing: u64) {
        let until = self.now + passing;
        while self.now < until {
            self.now += ms(WINDOW);
            (0..self.nodes.len()).for_each(|node| self.tick(node));
            self.carry(|| false);
        }
    }

    /// Until everything that is ever going to be told has been.
    pub fn settle(&mut self) {
        let quiet = ms(GRACE) + ms(LEASE) + 4 * ms(BEAT);
        (0..self.nodes.len())
            .filter(|node| !self.nodes[*node].connected)
            .collect::<Vec<_>>()
            .into_iter()
            .for_each(|node| self.connect(node, true));
        self.wait(quiet);
    }
}

const CASES: u32 = 150;
const NODES: usize = 3;
const CLIENTS: usize = 4;
const ROOMS: [&str; 2] = ["a", "b"];

#[derive(Clone, Copy, Debug)]
enum Step {
    Join {
        client: usize,
        node: usize,
        room: usize,
        state: u8,
    },
    State {
        client: usize,
        room: usize,
        state: u8,
    },
    Leave {
        client: usize,
        room: usize,
    },
    Lose(usize),
    Goodbye(usize),
    Wait(u64),
    Kill(usize),
    Connect(usize, bool),
    /// Some words go out, of which some are lost.
    Carry(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let (client, node, room) = (|| 0..CLIENTS, || 0..NODES, || 0..ROOMS.len());
    prop_oneof![
        8 => (client(), node(), room(), 0..3u8).prop_map(|(client, node, room, state)| Step::Join { client, node, room, state }),
        3 => (client(), room(), 0..3u8).prop_map(|(client, room, state)| Step::State { client, room, state }),
        2 => (client(), room()).prop_map(|(client, room)| Step::Leave { client, room }),
        3 => client().prop_map(Step::Lose),
        1 => client().prop_map(Step::Goodbye),
        4 => prop_oneof![Just(50u64), Just(1_000), Just(6_000)].prop_map(Step::Wait),
        1 => node().prop_map(Step::Kill),
        2 => (node(), any::<bool>()).prop_map(|(node, connected)| Step::Connect(node, connected)),
        3 => any::<u8>().prop_map(Step::Carry),
    ]
}

/// Where a client is, and in which rooms with which state: all that the model knows.
type Model = [Option<(usize, u64, BTreeMap<usize, u8>)>; CLIENTS];

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_the_end_everybody_sees_exactly_those_who_are_there(steps in prop::collection::vec(step(), 1..50)) {
        let mut cluster = Cluster::new(NODES);
        let mut model: Model = Default::default();
        for step in steps {
            act(&mut cluster, &mut model, step);
        }
        cluster.settle();
        for (room, name) in ROOMS.iter().enumerate() {
            let there: Vec<u8> = model.iter().flatten().filter_map(|(_, _, rooms)| rooms.get(&room).copied()).collect();
            for (node, session, rooms) in model.iter().flatten() {
                if rooms.contains_key(&room) {
                    let view = cluster.view(*node, *session, name);
                    let mut seen: Vec<Value> = view.into_values().collect();
                    let mut expected: Vec<Value> = there.iter().map(|state| json!(state)).collect();
                    seen.sort_by_key(Value::to_string);
                    expected.sort_by_key(Value::to_string);
                    prop_assert_eq!(seen, expected, "{} as session {} of node {} sees it", name, session, node);
                }
            }
        }
        // Nobody is left where nobody is.
        if model.iter().all(Option::is_none) {
            prop_assert!(cluster.nodes.iter().all(|node| node.rooms.rooms.is_empty()));
        }
    }
}

fn act(cluster: &mut Cluster, model: &mut Model, step: Step) {
    match step {
        Step::Join { client, node, room, state } => {
            let moves = model[client].as_ref().is_some_and(|(at, ..)| *at != node);
            if moves {
                // It was lost there, and comes back here with nothing.
                act(cluster, model, Step::Lose(client));
            }
            let at =
                model[client].get_or_insert_with(|| (node, cluster.open(node, person(client as i64)), BTreeMap::new()));
            at.2.insert(room, state);
            let session = at.1;
            cluster.join(node, session, ROOMS[room], &json!(state), Some(&format!("c{client}")));
        }
        Step::State { client, room, state } => {
            let Some((node, session, rooms)) = &mut model[client] else { return };
            if let Some(now) = rooms.get_mut(&room) {
                *now = state;
                cluster.nodes[*node].rooms.set_state(*session, ROOMS[room], &json!(state)).expect("is there");
                cluster.apply(*node);
            }
        }
        Step::Leave { client, room } => {
            let Some((node, session, rooms)) = &mut model[client] else { return };
            if rooms.remove(&room).is_some() {
                cluster.nodes[*node].rooms.leave(*session, ROOMS[room]).expect("is there");
                cluster.apply(*node);
            }
        }
        Step::Lose(client) => {
            if let Some((node, session, _)) = model[client].take() {
                cluster.close(node, session, true);
            }
        }
        Step::Goodbye(client) => {
            if let Some((node, session, _)) = model[client].take() {
                cluster.close(node, session, false);
            }
        }
        Step::Wait(passing) => cluster.wait(passing),
        Step::Kill(node) => {
            cluster.restart(node);
            model.iter_mut().for_each(|client| *client = client.take().filter(|(at, ..)| *at != node));
        }
        Step::Connect(node, connected) => cluster.connect(node, connected),
        Step::Carry(losses) => {
            (0..cluster.nodes.len()).for_each(|node| cluster.tick(node));
            let mut bits = losses;
            cluster.carry(|| {
                bits = bits.rotate_left(1);
                bits & 1 == 1
            });
        }
    }
}
