//! Which frame belongs to which subscription, and what commits when. Whole histories are run in `socket/tests.rs`.

use super::*;
use crate::store::{
    Live, LiveRow, Query,
    row::tests::{Item, item},
};

const HEAD: &str = "00000000000000aa";

fn replica() -> (Replica, Live<Item>) {
    let live = Live::<Item>::new(&Query::all());
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
    let late = Live::<Item>::new(&Query::all());
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

#[test]
fn a_query_is_asked_whole_and_again_on_the_next_connection() {
    let mut replica = Replica::default();
    let query = Query::<Item>::all().filter("id < $1", [5]).descending("id").limit(3);
    replica.subscribe(query.question(), Some("t".to_owned()), Box::new(Live::new(&query)));
    let due = r#"{"type":"subscribe","id":"1","table":"items","where":"id < $1","params":[5],"order":[{"column":"id","desc":true}],"limit":3,"position":"t"}"#;
    for _ in 0..2 {
        assert_eq!(replica.opened(), [due]);
        replica.closed();
    }
}

#[test]
fn a_resync_of_one_query_leaves_the_others_live_and_resumes_each_from_its_own_position() {
    let (mut replica, live) = replica();
    let other = Live::<Item>::new(&Query::all());
    hear(&mut replica, SUBSCRIBED);
    hear(&mut replica, SNAPSHOT);
    hear(&mut replica, r#"{"type":"commit","position":"HEAD.5"}"#);
    replica.subscribe("parts", None, Box::new(other.clone()));
    hear(&mut replica, r#"{"type":"subscribed","id":"2","query":6,"key":["id"],"resumed":false}"#);
    hear(&mut replica, r#"{"type":"snapshot","query":6,"rows":[],"position":"HEAD.6"}"#);
    hear(&mut replica, r#"{"type":"resync","query":6,"reason":"too_much_to_replay"}"#);
    hear(&mut replica, r#"{"type":"commit","position":"HEAD.7"}"#);
    assert_eq!((live.phase(), other.phase()), (Phase::Live, Phase::CatchingUp));
    replica.closed();
    let frames = replica.opened();
    assert!(frames[0].contains(&format!("{HEAD}.7")) && frames[1].contains(&format!("{HEAD}.6")), "{frames:?}");
}
