//! What somebody who watches a room sees.

use super::cluster::{Cluster, open_rights, person};
use crate::{
    hub::rooms::{
        CHUNK_MEMBERS, Effect, GRACE, History, LEASE, MAX_MEMBERS, MAX_PAYLOAD_BYTES, MAX_ROOMS, MAX_STATE_BYTES,
        Rights, Rooms, Rule, WINDOW, ms,
    },
    hub::{Frame, Principal},
    protocol::{ErrorCode, Role},
};
use serde_json::json;
use std::sync::Arc;

const WATCHER: i64 = 100;

/// Somebody watches room `a` on node 0, on a cluster of so many nodes.
fn watched(nodes: usize) -> (Cluster, u64) {
    let mut cluster = Cluster::new(nodes);
    let watcher = cluster.open(0, person(WATCHER));
    cluster.join(0, watcher, "a", &json!("watches"), Some("w"));
    cluster.wait(2_000);
    (cluster, watcher)
}

fn text(frame: &Frame) -> &str {
    std::str::from_utf8(frame.bytes()).unwrap()
}

#[test]
fn a_thousand_who_come_at_once_are_a_few_frames_that_all_share() {
    let mut rooms = Rooms::new("n");
    rooms.set_rights(open_rights());
    for session in 0..1_000 {
        rooms.opened(session, person(session as i64));
        rooms.join(session, "a", None, Some("c")).unwrap();
    }
    rooms.take_effects();
    rooms.tick(0);
    let told: Vec<_> = rooms.take_effects();
    assert_eq!(told.len(), 1_000usize.div_ceil(CHUNK_MEMBERS));
    for effect in told {
        let Effect::Tell { sessions, .. } = effect else { panic!("{effect:?}") };
        assert_eq!(sessions.len(), 1_000);
    }
}

#[test]
fn a_page_that_comes_back_in_time_was_never_seen_to_go() {
    for (nodes, back_on) in [(1, 0), (2, 1)] {
        let (mut cluster, watcher) = watched(nodes);
        let session = cluster.open(0, person(1));
        cluster.join(0, session, "a", &json!(1), Some("page"));
        cluster.wait(1_000);
        cluster.close(0, session, true);
        cluster.wait(ms(GRACE) - 1_000);
        let again = cluster.open(back_on, person(1));
        cluster.join(back_on, again, "a", &json!(1), Some("page"));
        cluster.settle();
        let page = &cluster.nodes[0].pages[&watcher];
        assert_eq!((page.joins, page.leaves), (2, 0), "its own and one more, on {nodes} nodes");
        assert_eq!(page.views["a"].len(), 2);
    }
}

#[test]
fn a_page_that_does_not_come_back_is_gone_when_the_grace_is_over() {
    let (mut cluster, watcher) = watched(1);
    let session = cluster.open(0, person(1));
    cluster.join(0, session, "a", &json!(1), Some("page"));
    cluster.wait(1_000);
    cluster.close(0, session, true);
    cluster.wait(ms(GRACE) - 2 * ms(WINDOW));
    assert_eq!(cluster.view(0, watcher, "a").len(), 2);
    cluster.wait(4 * ms(WINDOW));
    assert_eq!(cluster.view(0, watcher, "a").len(), 1);
}

#[test]
fn a_goodbye_and_a_loss_without_a_name_are_seen_at_once() {
    for (client, lost) in [(Some("page"), false), (None, true)] {
        let (mut cluster, watcher) = watched(1);
        let session = cluster.open(0, person(1));
        cluster.join(0, session, "a", &json!(1), client);
        cluster.wait(100);
        assert_eq!(cluster.view(0, watcher, "a").len(), 2);
        cluster.close(0, session, lost);
        cluster.wait(100);
        assert_eq!(cluster.view(0, watcher, "a").len(), 1);
    }
}

#[test]
fn a_page_that_came_back_before_its_loss_was_noticed_stays() {
    let (mut cluster, watcher) = watched(1);
    let (half_open, again) = (cluster.open(0, person(1)), cluster.open(0, person(1)));
    cluster.join(0, half_open, "a", &json!(1), Some("page"));
    cluster.join(0, again, "a", &json!(2), Some("page"));
    cluster.close(0, half_open, true);
    cluster.settle();
    let page = &cluster.nodes[0].pages[&watcher];
    assert_eq!((page.joins, page.leaves, page.views["a"].len()), (2, 0, 2));
}

#[test]
fn nobody_takes_the_place_of_another_person() {
    let (mut cluster, watcher) = watched(1);
    let thief = cluster.open(0, person(1));
    cluster.join(0, thief, "a", &json!("stolen"), Some("w"));
    cluster.wait(100);
    let view = cluster.view(0, watcher, "a");
    assert_eq!(view.len(), 2);
    assert!(view.values().any(|state| *state == json!("watches")), "{view:?}");
    let names = view.keys().map(String::as_str).collect::<Vec<_>>();
    assert!(names.iter().all(|name| !name.contains('w')), "what a page made up for itself is not told: {names:?}");
}

#[test]
fn whom_a_killed_node_held_is_gone_within_its_lease() {
    let (mut cluster, watcher) = watched(2);
    let session = cluster.open(1, person(1));
    cluster.join(1, session, "a", &json!(1), Some("page"));
    cluster.wait(1_000);
    assert_eq!(cluster.view(0, watcher, "a").len(), 2);
    cluster.restart(1);
    cluster.wait(ms(LEASE) + ms(WINDOW) + 1_000);
    assert_eq!(cluster.view(0, watcher, "a").len(), 1);
    assert_eq!(cluster.nodes[0].rooms.counters().dead_nodes, 1);
}

#[test]
fn a_missing_word_is_noticed_and_made_up_for() {
    let (mut cluster, watcher) = watched(2);
    let session = cluster.open(1, person(1));
    cluster.join(1, session, "a", &json!(1), Some("page"));
    cluster.now += ms(WINDOW);
    cluster.tick(1);
    cluster.carry(|| true);
    assert_eq!(cluster.view(0, watcher, "a").len(), 1);
    cluster.wait(3_000);
    assert_eq!(cluster.view(0, watcher, "a").len(), 2);
    assert_eq!(cluster.nodes[0].rooms.counters().gaps, 1);
}

#[test]
fn nodes_that_cannot_hear_each_other_say_so_and_come_together_again() {
    let (mut cluster, watcher) = watched(2);
    let session = cluster.open(1, person(1));
    cluster.join(1, session, "a", &json!(1), Some("page"));
    cluster.wait(1_000);
    cluster.connect(0, false);
    cluster.wait(10_000);
    assert_eq!(cluster.view(0, watcher, "a").len(), 1, "who cannot be heard is not shown for ever");
    assert_eq!(cluster.nodes[0].pages[&watcher].heard, [r#"{"type":"nodes","connected":false}"#]);
    cluster.connect(0, true);
    cluster.wait(2_000);
    assert_eq!(cluster.view(0, watcher, "a").len(), 2);
}

#[test]
fn what_is_said_reaches_all_others_once_on_all_nodes() {
    let (mut cluster, watcher) = watched(2);
    let (here, there) = (cluster.open(0, person(1)), cluster.open(1, person(2)));
    cluster.join(0, here, "a", &json!(1), None);
    cluster.join(1, there, "a", &json!(1), None);
    cluster.wait(1_000);
    let count = cluster.nodes[0].rooms.say(here, "a", "line", &json!({"n": 1}), false);
    assert_eq!(count, Ok(1));
    cluster.apply(0);
    cluster.carry(|| false);
    let lines = |cluster: &Cluster, node: usize, session| cluster.nodes[node].pages[&session].heard.len();
    assert_eq!([lines(&cluster, 0, watcher), lines(&cluster, 0, here), lines(&cluster, 1, there)], [1, 0, 1]);
    assert_eq!(cluster.nodes[0].rooms.say(here, "a", "line", &json!(2), true), Ok(2));
    cluster.apply(0);
    assert_eq!(lines(&cluster, 0, here), 1, "with an echo it hears itself");
    let said = &cluster.nodes[1].pages[&there].heard[0];
    assert!(said.starts_with(r#"{"type":"message","room":"a","from":{"id":"1","name":"p1","session":""#), "{said}");
}

#[test]
fn a_person_is_written_to_on_all_pages_and_nodes_and_an_admin_speaks_to_everybody() {
    let mut cluster = Cluster::new(2);
    let (one, other, there) = (cluster.open(0, person(1)), cluster.open(0, person(2)), cluster.open(1, person(2)));
    cluster.wait(1_000);
    assert_eq!(cluster.nodes[0].rooms.direct(one, "2", "nudge", &json!({})), Ok(1));
    cluster.apply(0);
    cluster.carry(|| false);
    for (node, session) in [(0, other), (1, there)] {
        let heard = &cluster.nodes[node].pages[&session].heard;
        assert_eq!(*heard, [r#"{"type":"direct","from":{"id":"1","name":"p1"},"event":"nudge","payload":{}}"#]);
    }
    let admin = Arc::new(Principal { role: Role::Admin, ..(*person(3)).clone() });
    let admin = cluster.open(1, admin);
    let refused = cluster.nodes[1].rooms.broadcast(there, "e", &json!(1)).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
    assert_eq!(cluster.nodes[1].rooms.broadcast(admin, "e", &json!(1)), Ok(2));
    cluster.apply(1);
    cluster.carry(|| false);
    assert!(cluster.nodes[0].pages[&one].heard[0].starts_with(r#"{"type":"broadcast""#));
}

#[test]
fn everything_has_a_limit_with_a_code() {
    let mut rooms = Rooms::new("n");
    rooms.set_rights(open_rights());
    rooms.opened(1, person(1));
    let code = |outcome: Result<Vec<Frame>, crate::hub::rooms::Refused>| outcome.map(|_| ()).unwrap_err().code;
    let long = |bytes: usize| json!("x".repeat(bytes));
    assert_eq!(code(rooms.join(1, "a b", None, None)), ErrorCode::InvalidRoom);
    assert_eq!(code(rooms.join(1, "direct:1", None, None)), ErrorCode::UnknownRoom);
    assert_eq!(code(rooms.join(1, "a", Some(&long(MAX_STATE_BYTES)), None)), ErrorCode::PayloadTooLarge);
    assert_eq!(code(rooms.join(1, "a", None, Some(""))), ErrorCode::InvalidRoom);
    assert_eq!(rooms.set_state(1, "a", &json!(1)).unwrap_err().code, ErrorCode::NotJoined);
    assert_eq!(rooms.leave(1, "a").unwrap_err().code, ErrorCode::NotJoined);
    assert_eq!(rooms.say(1, "a", "e", &json!(1), true).unwrap_err().code, ErrorCode::NotJoined);
    assert_eq!(rooms.direct(1, "9", "e", &json!(1)).unwrap_err().code, ErrorCode::UnknownPerson);
    for number in 0..MAX_ROOMS {
        rooms.join(1, &format!("r{number}"), None, None).unwrap();
    }
    assert_eq!(code(rooms.join(1, "more", None, None)), ErrorCode::TooManyRooms);
    assert!(rooms.join(1, "r0", None, None).is_ok(), "again");
    assert_eq!(rooms.say(1, "r0", "e", &long(MAX_PAYLOAD_BYTES), true).unwrap_err().code, ErrorCode::PayloadTooLarge);
    assert_eq!(rooms.say(1, "r0", "", &json!(1), true).unwrap_err().code, ErrorCode::InvalidRoom);
    let members: Vec<_> = (1..MAX_MEMBERS)
        .map(|number| json!({"id": format!("{number:024x}"), "user": null, "name": "", "state": null, "version": 1}))
        .collect();
    let parts: Vec<_> = members.chunks(1_000).collect();
    for (seq, part) in parts.iter().enumerate() {
        let (first, more) = (seq == 0, seq + 1 < parts.len());
        let crowd = json!([{"room": "r0", "members": part}]);
        let word =
            json!({"node": "other", "seq": seq, "word": {"members": {"first": first, "more": more, "rooms": crowd}}});
        rooms.hear(word.to_string().as_bytes(), 0);
    }
    rooms.opened(1_000_000, person(2));
    assert_eq!(code(rooms.join(1_000_000, "r0", None, None)), ErrorCode::RoomFull);
}

#[test]
fn a_right_that_is_lost_ends_being_there_at_once() {
    let (mut cluster, watcher) = watched(1);
    let staff = cluster.open(0, person(1));
    cluster.join(0, staff, "a", &json!(1), Some("page"));
    let customer = Arc::new(Principal { role: Role::Customer, ..(*person(2)).clone() });
    let customer = cluster.open(0, customer);
    cluster.join(0, customer, "a", &json!(2), Some("page"));
    cluster.wait(100);
    let rule = |role, may_publish| Rule { pattern: "a".to_owned(), role, may_publish, history: None };
    cluster.nodes[0].rooms.set_rights(Rights::new(vec![rule(Role::Staff, false)]));
    cluster.apply(0);
    let told = &cluster.nodes[0].pages[&customer].heard;
    assert!(told[0].contains(r#""code":"unknown_room""#) && told[0].contains(r#""room":"a""#), "{told:?}");
    cluster.wait(100);
    assert_eq!(cluster.view(0, watcher, "a").len(), 2, "staff stays, and hears that the customer has gone");
    let refused = cluster.nodes[0].rooms.say(staff, "a", "e", &json!(1), true).unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotAllowed);
    assert_eq!(cluster.nodes[0].rooms.say(customer, "a", "e", &json!(1), true).unwrap_err().code, ErrorCode::NotJoined);
}

#[test]
fn who_joins_is_told_in_parts_and_where_to_read_what_was_said_before() {
    let mut rooms = Rooms::new("n");
    let filter = "room = $room".to_owned();
    let history = Some(History { table: "messages".to_owned(), filter, order: Vec::new(), limit: None });
    let rule = Rule { pattern: "a".to_owned(), role: Role::Staff, may_publish: true, history };
    rooms.set_rights(Rights::new(vec![rule]));
    let mut frames = Vec::new();
    for session in 0..=CHUNK_MEMBERS as u64 {
        rooms.opened(session, person(session as i64));
        frames = rooms.join(session, "a", None, None).unwrap();
    }
    let [first, last] = &frames[..] else { panic!("{} frames", frames.len()) };
    assert!(text(first).ends_with(r#""more":true}"#) && !text(last).contains(r#""more""#));
    let history = r#""history":{"table":"messages","where":"room = $1","params":["a"]}}"#;
    assert!(text(last).ends_with(history) && !text(first).contains("history"));
}
