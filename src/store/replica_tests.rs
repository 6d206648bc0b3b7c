//! Which frame belongs to which subscription, and what commits when. Whole histories are run in `socket/tests.rs`.

use super::*;
use crate::store::{
    Live, LiveRow,
    row::tests::{Item, item},
};

const HEAD: &str = "00000000000000aa";

fn replica() -> (Replica, Live<Item>) {
    let live = Live::<Item>::new(None);
    let mut replica = Replica::default();
    replica.subscribe(Item::TABLE, None, Box::new(live.clone()));
    replica.opened();
    (replica, live)
}

fn hear(replica: &mut Replica, frame: &str) -> Outgoing {
    let out = replica.receive(&frame.replace("HEAD", HEAD));
    assert_eq!(out.complaints, Vec::<String>::new(), "{frame}");
    out
}

const SUBSCRIBED: &str = r#"{"type":"subscribed","id":"1","query":5,"key":["id"],"resumed":false}"#;
const SNAPSHOT: &str = r#"{"type":"snapshot","query":5,"rows":[{"id":1,"name":"a"}]}"#;

#[test]
fn rows_are_shown_with_their_position_and_not_before() {
    let (mut replica, live) = replica();
    hear(&mut replica, SUBSCRIBED);
    hear(&mut replica, r#"{"type":"heartbeat","position":"HEAD.4"}"#);
    hear(&mut replica, SNAPSHOT);
    assert_eq!((live.snapshot(), replica.caught_up()), (vec![], false));
    hear(&mut replica, r#"{"type":"commit","position":"HEAD.5"}"#);
    assert_eq!((live.snapshot(), replica.caught_up()), (vec![item(1, "a")], true));
}

#[test]
fn a_subscription_that_was_still_arriving_resumes_without_a_position() {
    let (mut replica, live) = replica();
    hear(&mut replica, SUBSCRIBED);
    hear(&mut replica, SNAPSHOT);
    hear(&mut replica, r#"{"type":"commit","position":"HEAD.5"}"#);
    let late = Live::<Item>::new(None);
    replica.subscribe(Item::TABLE, None, Box::new(late));
    hear(&mut replica, r#"{"type":"commit","position":"HEAD.6"}"#);
    replica.closed();
    let frames = replica.opened();
    assert!(frames[0].contains(&format!("{HEAD}.6")), "{frames:?}");
    assert!(!frames[1].contains("position"), "{frames:?}");
    assert_eq!(live.snapshot(), vec![item(1, "a")], "what was shown stays");
}

#[test]
fn rows_that_differ_from_what_the_server_believes_are_read_anew() {
    let (mut replica, _) = replica();
    hear(&mut replica, SUBSCRIBED);
    hear(&mut replica, SNAPSHOT);
    hear(&mut replica, r#"{"type":"commit","position":"HEAD.5"}"#);
    let wrong = r#"{"type":"changes","query":5,"changes":[{"op":"delete","key":{"id":9}}],"position":"HEAD.6"}"#;
    let out = replica.receive(&wrong.replace("HEAD", HEAD));
    assert_eq!(out.complaints.len(), 1);
    assert!(out.frames[0].contains("unsubscribe") && !out.frames[1].contains("position"), "{:?}", out.frames);
    assert!(!replica.caught_up());
}

#[test]
fn frames_of_queries_that_nobody_wants_are_passed_over() {
    let (mut replica, live) = replica();
    hear(&mut replica, SNAPSHOT);
    hear(&mut replica, r#"{"type":"error","id":"77","code":"unknown_id","message":""}"#);
    hear(&mut replica, r#"{"type":"commit","position":"HEAD.5"}"#);
    assert_eq!(live.snapshot(), vec![]);
}

#[test]
fn rows_that_the_page_cannot_read_end_the_subscription_and_nothing_else() {
    let (mut replica, live) = replica();
    hear(&mut replica, SUBSCRIBED);
    let out = hear(&mut replica, r#"{"type":"snapshot","query":5,"rows":[{"id":"x"}]}"#);
    assert!(out.frames[0].contains("unsubscribe"));
    assert!(replica.caught_up(), "nothing is left to wait for");
    assert!(matches!(live.phase(), Phase::Failed { .. }));
}
