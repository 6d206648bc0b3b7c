//! What somebody says among the nodes who is none: nothing of it makes a node fail, or hold more than it may.

use super::cluster::{Cluster, open_rights, person};
use crate::hub::rooms::{
    BEAT, GRACE, LEASE, MAX_EVENT_BYTES, MAX_HEARD_BYTES, MAX_NAME_BYTES, MAX_NODE_BYTES, MAX_NODES, MAX_PAYLOAD_BYTES,
    MAX_ROOM_BYTES, MAX_STATE_BYTES, MAX_VERSION, MAX_WORD_BYTES, Rooms, TELL_AGAIN, WINDOW, heard, ms,
};
use proptest::prelude::*;
use serde_json::{Value, json};

const CASES: u32 = 150;
/// So few that garbage fills it up.
const LITTLE: usize = 20_000;
/// So many that a word does not hold them.
const CROWD: usize = 500;
const ID: &str = "0123456789abcdef01234567";

fn alone() -> Rooms {
    let mut rooms = Rooms::new("own");
    rooms.set_rights(open_rights());
    rooms.set_connected(Some(true));
    rooms
}

/// What the members take that others hold, counted anew.
fn weighed(rooms: &Rooms) -> usize {
    let members = rooms.rooms.values().flat_map(|room| room.members.values());
    let held = members.flat_map(|member| &member.held).filter(|(node, _)| **node != rooms.node);
    held.map(|(_, held)| held.weight()).sum()
}

/// Something that is perhaps what belongs there.
fn text() -> BoxedStrategy<Value> {
    prop_oneof![
        6 => prop_oneof![Just("a"), Just("b"), Just(ID), Just("0123456789abcdef76543210"), Just("5")].prop_map(|text| json!(text)),
        1 => prop_oneof![Just(""), Just("ä"), Just("own"), Just("a b"), Just("\u{0}")].prop_map(|text| json!(text)),
        1 => (0..2_000usize).prop_map(|length| json!("x".repeat(length))),
        1 => prop_oneof![Just(Value::Null), Just(json!(7)), Just(json!([]))],
    ]
    .boxed()
}

fn number() -> BoxedStrategy<u64> {
    prop_oneof![4 => 0..4u64, 1 => any::<u64>(), 1 => Just(u64::MAX)].boxed()
}

fn state() -> BoxedStrategy<Value> {
    prop_oneof![4 => Just(json!({"typing": true})), 1 => (0..3_000usize).prop_map(|length| json!("s".repeat(length)))]
        .boxed()
}

fn member() -> BoxedStrategy<Value> {
    (text(), text(), text(), state(), number()).prop_map(
        |(id, user, name, state, version)| json!({"id": id, "user": user, "name": name, "state": state, "version": version}),
    )
    .boxed()
}

fn members() -> BoxedStrategy<Vec<Value>> {
    prop::collection::vec(member(), 0..12).boxed()
}

fn from() -> BoxedStrategy<Value> {
    (text(), text(), text()).prop_map(|(id, name, session)| json!({"id": id, "name": name, "session": session})).boxed()
}

fn word() -> BoxedStrategy<Value> {
    prop_oneof![
        1 => Just(json!("beat")),
        1 => text().prop_map(|of| json!({"hello": {"of": of}})),
        4 => (any::<bool>(), any::<bool>(), text(), members()).prop_map(
            |(first, more, room, members)| json!({"members": {"first": first, "more": more, "rooms": [{"room": room, "members": members}]}})
        ),
        4 => (text(), members(), prop::collection::vec(text(), 0..3))
            .prop_map(|(room, set, gone)| json!({"presence": {"room": room, "set": set, "gone": gone}})),
        1 => (text(), from(), text(), state()).prop_map(
            |(room, from, event, payload)| json!({"message": {"room": room, "from": from, "event": event, "payload": payload}})
        ),
        1 => (text(), from(), text(), state()).prop_map(
            |(to, from, event, payload)| json!({"direct": {"to": to, "from": from, "event": event, "payload": payload}})
        ),
        1 => (from(), text(), state())
            .prop_map(|(from, event, payload)| json!({"broadcast": {"from": from, "event": event, "payload": payload}})),
        1 => (text(), 0..3_u64, text(), from(), text(), state()).prop_map(|(of, session, person, from, event, payload)| {
            let act = if session == 0 { json!("close") } else { json!({"say": {"from": from, "event": event, "payload": payload}}) };
            json!({"session": {"of": of, "session": session, "person": person, "act": act}})
        }),
        1 => Just(json!({"dance": {}})),
    ]
    .boxed()
}

/// A word in its envelope, whole or cut off, or bytes that are none.
fn said() -> BoxedStrategy<Vec<u8>> {
    let envelope = || {
        (text(), number(), word())
            .prop_map(|(node, seq, word)| json!({"node": node, "seq": seq, "word": word}).to_string().into_bytes())
    };
    prop_oneof![
        12 => envelope(),
        1 => (envelope(), any::<prop::sample::Index>()).prop_map(|(mut bytes, at)| {
            bytes.truncate(at.index(bytes.len()));
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_a_node_holds_no_more_than_it_may_and_forgets_it_all(said in prop::collection::vec((said(), 0..2_000u64), 1..60)) {
        let mut rooms = alone();
        rooms.most_heard = LITTLE;
        rooms.opened(1, person(5));
        rooms.join(1, "a", Some(&json!("mine")), Some("c")).expect("may join");
        let mut now = 0;
        for (text, passing) in said {
            now += passing;
            rooms.hear(&text, now);
            rooms.tick(now);
            rooms.take_effects();
            while rooms.take_outgoing().is_some() {}
            prop_assert_eq!(rooms.heard, weighed(&rooms));
            prop_assert!(rooms.heard <= LITTLE && rooms.nodes.len() <= MAX_NODES);
        }
        now += ms(LEASE);
        rooms.tick(now);
        prop_assert_eq!((rooms.heard, rooms.nodes.len()), (0, 0));
        prop_assert_eq!(rooms.rooms.keys().map(|name| &**name).collect::<Vec<_>>(), ["a"], "what is its own is left");
        let room = &rooms.rooms["a"];
        prop_assert_eq!((room.members.len(), room.mine.len(), rooms.own), (1, 1, 1));
    }
}

fn sealed(node: &str, seq: u64, word: &Value) -> Vec<u8> {
    json!({"node": node, "seq": seq, "word": word}).to_string().into_bytes()
}

#[test]
fn there_are_only_so_many_nodes() {
    let mut rooms = alone();
    for number in 0..2 * MAX_NODES {
        rooms.hear(&sealed(&format!("n{number}"), 1, &json!("beat")), 0);
    }
    assert_eq!((rooms.nodes.len(), rooms.counters().refused), (MAX_NODES, MAX_NODES as u64));
    rooms.hear(&sealed("n0", 2, &json!("beat")), 0);
    assert_eq!(rooms.counters().refused, MAX_NODES as u64, "those that are known are heard");
    rooms.tick(ms(LEASE));
    rooms.hear(&sealed("late", 1, &json!("beat")), ms(LEASE));
    assert_eq!(rooms.nodes.len(), 1, "whoever is gone makes room");
}

#[test]
fn a_telling_without_an_end_leaves_nothing_behind_but_its_members() {
    let mut rooms = alone();
    let part = |first, number: u64| {
        let member = json!({"id": format!("{number:024x}"), "user": null, "name": "", "state": 1, "version": 1});
        json!({"members": {"first": first, "more": true, "rooms": [{"room": "a", "members": [member]}]}})
    };
    rooms.most_heard = LITTLE;
    for number in 0..1_000 {
        rooms.hear(&sealed("n", number, &part(number == 0, number)), 0);
    }
    assert!(rooms.heard <= LITTLE && rooms.counters().refused > 900, "{:?}", rooms.counters());
}

#[test]
fn what_is_longer_than_anything_of_ours_is_refused_and_what_is_as_long_is_taken() {
    let said = |from: Value, event: usize, payload: usize| json!({"message": {"room": "r".repeat(MAX_ROOM_BYTES), "from": from, "event": "e".repeat(event), "payload": "p".repeat(payload)}});
    let nobody = json!({"id": null, "name": "", "session": null});
    let member = |id: &str, name: usize, state: usize, version: u64| {
        let member = json!({"id": id, "user": "token:9223372036854775807", "name": "n".repeat(name), "state": "s".repeat(state), "version": version});
        json!({"presence": {"room": "a", "set": [member], "gone": []}})
    };
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let deep: Box<serde_json::value::RawValue> = serde_json::from_str(&deep).expect("a value");
    let deep = format!(
        r#"{{"node":"n","seq":1,"word":{{"broadcast":{{"from":{{"name":""}},"event":"e","payload":{deep}}}}}}}"#
    );
    let fits = |word: &Value| heard::read(&sealed("n", 1, word)).is_ok_and(|(_, unfit)| unfit == 0);
    assert!(fits(&said(nobody.clone(), MAX_EVENT_BYTES, MAX_PAYLOAD_BYTES - 2)));
    assert!(fits(&member(ID, MAX_NAME_BYTES, MAX_STATE_BYTES - 2, MAX_VERSION)));
    for word in [
        said(nobody.clone(), MAX_EVENT_BYTES + 1, 1),
        said(nobody.clone(), 0, 1),
        said(nobody, 1, MAX_PAYLOAD_BYTES - 1),
        said(json!({"id": "a b", "name": "", "session": null}), 1, 1),
        said(json!({"id": null, "name": "", "session": "short"}), 1, 1),
        member("0123", 1, 1, 1),
        member(&ID.to_uppercase(), 1, 1, 1),
        member(ID, MAX_NAME_BYTES + 1, 1, 1),
        member(ID, 1, MAX_STATE_BYTES - 1, 1),
        member(ID, 1, 1, MAX_VERSION + 1),
        json!({"hello": {"of": "n".repeat(MAX_NODE_BYTES + 1)}}),
        json!({"presence": {"room": "a b", "set": [], "gone": []}}),
        json!({"presence": {"room": "a", "set": [], "gone": ["x"]}}),
    ] {
        assert!(!fits(&word), "{word}");
    }
    assert!(heard::read(&sealed(&"n".repeat(MAX_NODE_BYTES + 1), 1, &json!("beat"))).is_err());
    assert!(heard::read(deep.as_bytes()).is_err(), "deeper than pages read");
    assert!(heard::read(&[b' '; MAX_WORD_BYTES + 1]).is_err());
}

#[test]
fn a_member_that_is_none_of_ours_is_left_out_and_the_others_are_taken() {
    let mut rooms = alone();
    let member = |id: &str, version: u64| json!({"id": id, "user": null, "name": "", "state": 1, "version": version});
    let (fit, unfit) = (member(ID, 1), member("fedcba9876543210fedcba98", MAX_VERSION + 1));
    let all = json!({"members": {"first": true, "more": false, "rooms": [{"room": "a", "members": [unfit, fit]}]}});
    rooms.hear(&sealed("n", 1, &all), 0);
    rooms.hear(&sealed("n", 2, &json!({"presence": {"room": "b", "set": [fit, unfit], "gone": []}})), 0);
    for room in ["a", "b"] {
        assert_eq!(rooms.rooms[room].members.keys().map(|id| &**id).collect::<Vec<_>>(), [ID], "{room}");
    }
    assert_eq!(rooms.counters().refused, 2);
}

/// Somebody says that a page is another one's, in the highest version that there is.
#[test]
fn what_is_said_of_a_page_of_ours_lasts_as_long_as_whoever_says_it() {
    let mut cluster = Cluster::new(2);
    cluster.wait(2 * ms(BEAT));
    let session = cluster.open(0, person(5));
    cluster.join(0, session, "a", &json!("mine"), Some("c"));
    cluster.wait(2 * ms(WINDOW));
    let shown = |cluster: &Cluster, node: usize| {
        let room = &cluster.nodes[node].rooms.rooms["a"];
        let (id, _) = room.members.first_key_value().expect("somebody is there");
        let shown = room.shown(id).expect("is shown");
        (shown.user.unwrap_or_default().to_string(), shown.state.get().to_owned())
    };
    let own = shown(&cluster, 0);
    let id = cluster.nodes[0].rooms.rooms["a"].members.keys().next().expect("somebody").to_string();
    let lie = json!({"id": id, "user": "666", "name": "Liar", "state": "false", "version": MAX_VERSION});
    let all = json!({"members": {"first": true, "more": false, "rooms": [{"room": "a", "members": [lie]}]}});
    for node in &mut cluster.nodes {
        node.rooms.hear(&sealed("liar", 1, &all), cluster.now);
    }
    assert_eq!(shown(&cluster, 0).0, "666", "whoever can write there can do that");
    // Its page goes on, and everybody goes on hearing of it.
    cluster.nodes[0].rooms.set_state(session, "a", &json!("later")).expect("is there");
    cluster.wait(ms(LEASE) + 2 * ms(BEAT));
    for node in 0..2 {
        assert_eq!(shown(&cluster, node), (own.0.clone(), r#""later""#.to_owned()), "node {node}");
    }
    assert!(cluster.nodes.iter().all(|node| node.rooms.counters().refused == 0), "what ours say is taken");
    cluster.close(0, session, false);
    cluster.wait(2 * ms(BEAT));
    assert!(cluster.nodes.iter().all(|node| node.rooms.rooms.is_empty()));
}

#[test]
fn a_crowd_is_told_in_words_that_every_node_takes() {
    let mut cluster = Cluster::new(2);
    cluster.wait(2 * ms(BEAT));
    let state = json!("s".repeat(MAX_STATE_BYTES - 2));
    let mut sessions = Vec::new();
    for number in 0..CROWD {
        let session = cluster.open(0, person(number as i64));
        cluster.nodes[0].rooms.join(session, "a", Some(&state), Some("c")).expect("may join");
        cluster.nodes[0].rooms.take_effects();
        sessions.push(session);
    }
    let longest = |cluster: &mut Cluster| {
        cluster.now += ms(WINDOW) + ms(TELL_AGAIN);
        cluster.nodes[0].rooms.tick(cluster.now);
        cluster.nodes[0].rooms.take_effects();
        let mut longest = 0;
        while let Some(word) = cluster.nodes[0].rooms.take_outgoing() {
            longest = longest.max(word.len());
            cluster.nodes[1].rooms.hear(word.as_bytes(), cluster.now);
        }
        longest
    };
    let members = |cluster: &Cluster| cluster.nodes[1].rooms.rooms.get("a").map_or(0, |room| room.members.len());
    // As changes, and as all that it has.
    for _ in 0..2 {
        let length = longest(&mut cluster);
        assert!(length > 0 && length <= MAX_WORD_BYTES / 2, "{length}");
        assert_eq!(members(&cluster), CROWD);
        cluster.nodes[0].rooms.hear(&sealed("n2", 9, &json!({"hello": {"of": "n1"}})), cluster.now);
    }
    sessions.iter().for_each(|session| cluster.nodes[0].rooms.closed(*session, false));
    assert!(longest(&mut cluster) <= MAX_WORD_BYTES / 2);
    assert_eq!(members(&cluster), 0);
    assert!(cluster.nodes.iter().all(|node| node.rooms.heard == 0 && node.rooms.own == 0));
    assert_eq!(cluster.nodes[1].rooms.counters().refused, 0);
}

#[test]
fn a_server_that_is_full_lets_nobody_into_more_rooms_until_somebody_goes() {
    let mut rooms = alone();
    rooms.most_own = 2;
    for session in 1..=2 {
        rooms.opened(session, person(session as i64));
    }
    let join = |rooms: &mut Rooms, session, room| rooms.join(session, room, None, Some("c")).is_ok();
    assert!(join(&mut rooms, 1, "a") && join(&mut rooms, 1, "b"));
    assert!(!join(&mut rooms, 2, "a"));
    assert!(join(&mut rooms, 1, "a"), "whoever is there starts over");
    assert_eq!(rooms.counters().full, 1);
    rooms.leave(1, "b").expect("is there");
    assert!(join(&mut rooms, 2, "a"));
    rooms.closed(1, true);
    rooms.tick(0);
    assert!(!join(&mut rooms, 2, "b"), "whoever is lost keeps the place for a while");
    rooms.tick(ms(GRACE));
    assert!(join(&mut rooms, 2, "b"));
}

#[test]
fn however_often_a_node_is_asked_it_tells_all_it_has_now_and_then() {
    let mut rooms = alone();
    let mut told = 0;
    for step in 0..20 {
        let now = step * ms(WINDOW);
        rooms.hear(&sealed("n", step, &json!({"hello": {"of": null}})), now);
        rooms.tick(now);
        while let Some(word) = rooms.take_outgoing() {
            told += usize::from(word.contains("members"));
        }
    }
    assert_eq!(told, 2, "in {} ms", ms(BEAT));
    assert!(rooms.heard < MAX_HEARD_BYTES);
}
