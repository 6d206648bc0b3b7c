//! The hub's parts without anything around them.

pub(crate) mod model;

use super::{
    rooms::{Rights, Rule},
    view::ViewBounds,
    *,
};
use crate::protocol::{Change, CloseCode, Position, Role};
use model::{Model, Rows, TABLES};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    id: i64,
    v: u64,
}

#[derive(Deserialize)]
struct Key {
    id: i64,
}

/// Applies changes as strictly as a client does: an insert must be new, an update and a delete must be of what is there.
fn apply(rows: &mut Rows, changes: &[Change<'_>]) -> Result<(), String> {
    for change in changes {
        let fits = match change {
            Change::Insert { row } => {
                let row: Row = serde_json::from_str(row.get()).expect("a row");
                rows.insert(row.id, row.v).is_none()
            }
            Change::Update { row } => {
                let row: Row = serde_json::from_str(row.get()).expect("a row");
                rows.insert(row.id, row.v).is_some()
            }
            Change::Delete { key } => {
                let key: Key = serde_json::from_str(key.get()).expect("a key");
                rows.remove(&key.id).is_some()
            }
            Change::Truncate => {
                rows.clear();
                true
            }
        };
        if !fits {
            return Err(format!("{change:?} does not fit {rows:?}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// From wherever a reader stands, the net change leads to every later position, and each step of it can be applied.
    #[test]
    fn the_net_change_leads_from_any_position_to_any_later_one(acts in prop::collection::vec(model::act(), 1..40)) {
        let mut model = Model::new();
        let mut seen: Vec<(Position, [Rows; TABLES])> = Vec::new();
        for act in acts {
            seen.push((model.position(), std::array::from_fn(|table| model.rows(table))));
            model.act(act);
        }
        for (from, before) in seen {
            let batch = model.batch_after(&from);
            for (index, mut rows) in before.into_iter().enumerate() {
                let net = net(&model.tables()[index], &batch.changes).expect("rows have keys");
                let definition = Definition::all(model.tables()[index].clone().into());
                let rows_now = net.rows().filter_map(|touched| definition.shown(touched, net.truncated()));
                let shown: Vec<Shown> = net.truncated().then_some(Shown::Truncate).into_iter().chain(rows_now).collect();
                let changes: Vec<Change<'_>> = shown.iter().map(Shown::change).collect();
                apply(&mut rows, &changes).map_err(TestCaseError::fail)?;
                prop_assert_eq!(&rows, &model.rows(index));
            }
        }
    }
}

/// One row more than a window shows.
const VIEW: ViewBounds = ViewBounds { slack: 1, ends: 1, groups: 10 };
/// Small, so that everything overflows.
const BOUNDS: Bounds = Bounds {
    outbox_bytes: 200,
    queued_bytes: 1_000_000,
    chunks_ahead: 1,
    ring_bytes: 1_000_000,
    ring_changes: 3,
    folded_in_place: 3,
    view: VIEW,
};

/// A hub over the model, and a session that both tables are live for.
fn live_session(model: &Model) -> (std::sync::Arc<Hub>, Session, Vec<Query>) {
    let catalog = model.tables().iter().cloned().collect();
    let hub = std::sync::Arc::new(Hub::new(model.epoch, model.position(), catalog, BOUNDS));
    let session = hub.open(Default::default());
    let queries: Vec<Query> = ["a", "b"]
        .map(|name| {
            let table = hub.find_table(name).expect("is tracked");
            session.hold(Definition::all(table), |_| Vec::new()).expect("is tracked")
        })
        .into();
    (hub, session, queries)
}

fn ready(query: &Query, base: crate::protocol::Token) -> Ready {
    Ready {
        query: query.id,
        ticket: query.ticket,
        lead: Vec::new(),
        from: base.clone(),
        replay: Replay::default(),
        base,
        in_place: false,
        view: None,
    }
}

fn write(model: &mut Model, hub: &Hub, times: i64) {
    for _ in 0..times {
        let before = model.position();
        model.act(model::Act::Once { table: 0, statement: model::Statement::Insert(1) });
        model.act(model::Act::Once { table: 0, statement: model::Statement::Update(1) });
        hub.publish(model.batch_after(&before), Vec::new()).expect("rows have keys");
    }
}

#[test]
fn a_session_that_lagged_is_brought_up_as_a_whole_or_not_at_all() {
    let mut model = Model::new();
    let (hub, session, queries) = live_session(&model);
    let start = hub.token();
    session.go_live(&[ready(&queries[0], start.clone())], false).expect("goes live");
    write(&mut model, &hub, 5);
    let told = std::iter::from_fn(|| session.take()).find_map(|(sent, _)| {
        if let Sent::Lagged { position, queries } = sent { Some((position, queries)) } else { None }
    });
    assert_eq!(told, Some((start, vec![queries[0].id])), "nothing of what it missed was taken");
    let other = [ready(&queries[1], hub.token())];
    assert_eq!(session.go_live(&other, false), Err(NotYet::Lagged), "its position would speak for what lagged");
    session.go_live(&[ready(&queries[0], hub.token()), ready(&queries[1], hub.token())], true).expect("goes live");
}

#[test]
fn what_the_ring_has_let_go_must_be_read_from_the_source() {
    let mut model = Model::new();
    let (hub, session, queries) = live_session(&model);
    let start = hub.token();
    write(&mut model, &hub, 5);
    assert!(!hub.covers(&start) && hub.covers(&hub.token()));
    assert_eq!(session.go_live(&[ready(&queries[0], start)], false), Err(NotYet::Behind(queries[0].id)));
}

#[test]
fn a_table_that_is_no_longer_tracked_cannot_be_held() {
    let model = Model::new();
    let (hub, session, _) = live_session(&model);
    let table = hub.find_table("a").expect("is tracked");
    let batch = Batch { position: model.position(), changes: Vec::new() };
    hub.publish(batch, vec![CatalogChange::Untracked(table.id)]).expect("rows have keys");
    assert!(session.hold(Definition::all(table), |_| Vec::new()).is_none());
}

/// A token may stand between two transactions that the hub took as one batch: it came from a page or another server.
#[test]
fn a_window_is_not_continued_from_within_a_batch() {
    let mut model = Model::new();
    let catalog = model.tables().iter().cloned().collect();
    let bounds = Bounds { ring_changes: 100, ..BOUNDS };
    let hub = std::sync::Arc::new(Hub::new(model.epoch, model.position(), catalog, bounds));
    let session = hub.open(Default::default());
    let table = hub.find_table("a").expect("is tracked");
    let spec = Spec::Window(WindowSpec::read(&[], Some(2), &table).expect("a window"));
    let window = session.hold(Definition::all(table).with_view(spec), |_| Vec::new()).expect("is tracked");
    assert!(matches!(hub.fill(window.id, &hub.token(), Vec::new()), Filled::Done));
    let before = model.position();
    model.act(model::Act::Once { table: 0, statement: model::Statement::Insert(1) });
    let within = model.token();
    model.act(model::Act::Once { table: 0, statement: model::Statement::Delete(1) });
    hub.publish(model.batch_after(&before), Vec::new()).expect("rows have keys");
    let greeting = Greeting { id: None, resumes: true, resync: None };
    let resumed = Ready { view: Some(greeting), ..ready(&window, within) };
    session.go_live(&[resumed], false).expect("goes live");
    let Some((Sent::Delivery(delivery), _)) = session.take() else { panic!("nothing is sent") };
    let frames: Vec<&str> =
        delivery.frames.iter().map(|frame| std::str::from_utf8(frame.bytes()).expect("text")).collect();
    assert!(frames[0].contains("resync") && frames[1].contains("\"rows\":[]"), "{frames:?}");
}

#[test]
fn what_waits_for_all_together_is_bounded_and_only_who_does_not_read_lags() {
    let mut model = Model::new();
    let catalog = model.tables().iter().cloned().collect();
    let bounds = Bounds { outbox_bytes: 1_000_000, queued_bytes: 500, ring_changes: 1_000, ..BOUNDS };
    let hub = std::sync::Arc::new(Hub::new(model.epoch, model.position(), catalog, bounds));
    let [reads, stalls, stalls_too] = [(); 3].map(|()| {
        let session = hub.open(Default::default());
        let query = session.hold(Definition::all(hub.find_table("a").expect("is tracked")), |_| Vec::new());
        session.go_live(&[ready(&query.expect("is tracked"), hub.token())], false).expect("goes live");
        session
    });
    for _ in 0..50 {
        write(&mut model, &hub, 1);
        while let Some((sent, _)) = reads.take() {
            assert!(!matches!(sent, Sent::Lagged { .. }), "it took everything at once");
        }
    }
    for session in [&stalls, &stalls_too] {
        let lagged = std::iter::from_fn(|| session.take()).any(|(sent, _)| matches!(sent, Sent::Lagged { .. }));
        assert!(lagged, "both hold the same frames, so emptying one frees nothing");
    }
    assert_eq!(hub.relieved(), 2, "who has lagged holds nothing more");
}

/// The frames that wait for a session.
fn frames(session: &Session) -> Vec<Frame> {
    let sent = std::iter::from_fn(|| session.take());
    sent.filter_map(|(sent, _)| if let Sent::Delivery(delivery) = sent { Some(delivery.frames.to_vec()) } else { None })
        .flatten()
        .collect()
}

#[test]
fn equal_questions_are_one_query_and_its_frames_are_one_piece_of_memory() {
    let mut model = Model::new();
    let (hub, first, queries) = live_session(&model);
    let sessions: Vec<Session> = (0..99).map(|_| hub.open(Default::default())).chain([first]).collect();
    for session in &sessions {
        let query = session.hold(queries[0].definition.as_ref().clone(), |_| Vec::new()).expect("is tracked");
        assert_eq!(query.id, queries[0].id);
        session.go_live(&[ready(&query, hub.token())], false).expect("goes live");
    }
    assert_eq!(hub.query_count(), 2);
    write(&mut model, &hub, 1);
    let told: Vec<Vec<Frame>> = sessions.iter().map(frames).collect();
    let place = |frames: &[Frame]| frames.iter().map(|frame| frame.bytes().as_ptr()).collect::<Vec<_>>();
    assert_eq!(told[0].len(), 1);
    assert!(told.iter().all(|frames| place(frames) == place(&told[0])), "each has a copy of its own");
}

#[test]
fn many_changes_come_in_frames_of_bounded_size_of_which_the_last_commits() {
    let model = Model::new();
    let catalog = model.tables().iter().cloned().collect();
    let hub = std::sync::Arc::new(Hub::new(model.epoch, model.position(), catalog, Bounds::default()));
    let session = hub.open(Default::default());
    let table = hub.find_table("a").expect("is tracked");
    let query = session.hold(Definition::all(table), |_| Vec::new()).expect("is tracked");
    let start = hub.token();
    session.go_live(&[ready(&query, start.clone())], false).expect("goes live");
    const ROWS: usize = 2_000;
    let transaction = start.position.next();
    let insert = |id: usize| {
        let text = format!(r#"{{"id":{id},"v":1,"more":"{}"}}"#, "x".repeat(200));
        let new = Image::from(serde_json::value::RawValue::from_string(text).expect("JSON"));
        RowChange { table: query.definition.table.id, transaction, operation: Operation::Insert { new } }
    };
    let position = Position::new(transaction + 1, []);
    hub.publish(Batch { position, changes: (0..ROWS).map(insert).collect() }, Vec::new()).expect("rows have keys");
    let late = hub.open(Default::default());
    let same = late.hold(query.definition.as_ref().clone(), |_| Vec::new()).expect("is tracked");
    assert_eq!(late.go_live(&[ready(&same, start.clone())], false), Err(NotYet::Far(same.id)), "not under the lock");
    let missing = Missing { query: same.id, replay: Replay::default(), base: start };
    let folded = hub.fold(&missing).expect("the ring has it");
    let caught_up = Ready { lead: folded.frames.to_vec(), ..ready(&same, folded.to) };
    late.go_live(&[caught_up], false).expect("goes live");
    for told in [frames(&session), frames(&late)] {
        let commits = |frame: &Frame| String::from_utf8_lossy(frame.bytes()).contains("position");
        let rows = |frame: &Frame| String::from_utf8_lossy(frame.bytes()).matches("\"op\"").count();
        assert!(told.len() > 3 && commits(&told[told.len() - 1]), "{} frames", told.len());
        assert!(!told[..told.len() - 1].iter().any(commits));
        assert_eq!(told.iter().map(rows).sum::<usize>(), ROWS);
        // What is around a row is shorter than the row.
        assert!(told.iter().all(|frame| frame.bytes().len() < 2 * MAX_FRAME_ROWS_BYTES));
    }
}

#[test]
fn what_is_on_its_way_counts_until_it_has_been_sent() {
    let mut model = Model::new();
    let (hub, session, queries) = live_session(&model);
    session.go_live(&[ready(&queries[0], hub.token())], false).expect("goes live");
    let before = model.position();
    for id in 0..20 {
        model.act(model::Act::Once { table: 0, statement: model::Statement::Insert(id) });
    }
    hub.publish(model.batch_after(&before), Vec::new()).expect("rows have keys");
    let large = session.take().expect("alone, it may be larger than the bound");
    write(&mut model, &hub, 1);
    assert!(matches!(session.take(), Some((Sent::Lagged { .. }, _))), "beside it nothing has room");
    drop(large);
    session.go_live(&[ready(&queries[0], hub.token())], true).expect("goes live");
    frames(&session);
    write(&mut model, &hub, 1);
    assert!(matches!(session.take(), Some((Sent::Delivery(_), _))));
}

/// What is asked for by a value is found by it: a change is looked at for those whom it may concern, however many others
/// there are.
#[test]
fn a_change_is_evaluated_for_those_who_ask_for_its_value_whatever_the_number_of_others() {
    let table = std::sync::Arc::new(Model::new().tables()[0].clone());
    let image: Image =
        std::sync::Arc::from(serde_json::value::RawValue::from_string(r#"{"id":1,"v":77}"#.to_owned()).expect("JSON"));
    let row = super::Row::read(&table, &image).expect("a row");
    let mut index = index::Index::default();
    let mut evaluated = Vec::new();
    for query in 0..100_000_u64 {
        let text = format!("v = {query}");
        let filter = filter::Draft::read_here(&text, &[], &table).expect("reads").bind(Vec::new()).expect("binds");
        let definition = Definition { filter: Some(filter.into()), ..Definition::all(table.clone()) };
        index.insert(query, &definition);
        if [99, 99_999].contains(&query) {
            let mut found = Default::default();
            index.candidates(&table, &row, &mut found);
            evaluated.push(found.len());
        }
    }
    assert_eq!(evaluated, [1, 1]);
}

/// Frames that were sent before somebody was dismissed may be read after it.
#[test]
fn whoever_is_dismissed_has_left_the_rooms() {
    let model = Model::new();
    let catalog = model.tables().iter().cloned().collect();
    let hub = std::sync::Arc::new(Hub::new(model.epoch, model.position(), catalog, Bounds::default()));
    let rule = Rule { pattern: "*".to_owned(), role: Role::Staff, may_publish: true, history: None };
    hub.set_room_rights(Rights::new(vec![rule]));
    let person = |account| Principal {
        account: Some(account),
        credential: Credential::Login(account),
        ..Principal::nobody(Role::Staff)
    };
    let payload = serde_json::json!("still here");
    for (ends, account) in [(true, 5), (false, 6)] {
        let [gone, stays] = [account, 7].map(|account| hub.open(person(account).into()));
        for session in [&gone, &stays] {
            session.join("a", None, Some("client")).expect("may join");
        }
        assert_eq!(gone.publish("a", "said", &payload, false).expect("may speak"), 1);
        let change = PersonChange { whose: Whose::Account(account), ends };
        let batch = Batch { position: model.position(), changes: Vec::new() };
        hub.publish(batch, vec![CatalogChange::Person(change)]).expect("is taken");
        let code = if ends { CloseCode::SignedOut } else { CloseCode::RightsChanged };
        assert!(matches!(gone.take(), Some((Sent::Closed(closed), _)) if closed == code), "and nothing before it");
        assert!(gone.publish("a", "said", &payload, false).is_err(), "it says nothing any more");
        assert!(gone.join("a", None, None).is_err() && gone.direct("7", "said", &payload).is_err());
        hub.tick_rooms(1);
        let told: Vec<String> = std::iter::from_fn(|| stays.take())
            .flat_map(|(sent, _)| match sent {
                Sent::Ephemeral { frames, .. } => frames.iter().map(|frame| format!("{frame:?}")).collect(),
                _ => Vec::new(),
            })
            .collect();
        let left = told.iter().any(|frame| frame.contains("leaves") && !frame.contains(r#"leaves\":[]"#));
        assert_eq!(left, ends, "a page whose rights have changed may come back: {told:?}");
    }
}

/// Two sessions with the same question, of which one takes nothing.
#[test]
fn a_report_tells_who_is_behind_how_far_and_first_and_what_is_sent_is_measured() {
    use std::{sync::Arc, time::Duration};
    let mut model = Model::new();
    let (hub, stuck, queries) = live_session(&model);
    let start = hub.token();
    stuck.go_live(&[ready(&queries[0], start.clone())], false).expect("goes live");
    let origin = std::net::IpAddr::from([192, 0, 2, 7]);
    let person = Principal { account: Some(5), name: "Ann".into(), ..Principal::nobody(Role::Customer) };
    let reader = hub.open_from(Arc::new(person), Some(origin));
    let table = hub.find_table("a").expect("is tracked");
    let query = reader.hold(Definition::all(table), |_| Vec::new()).expect("is tracked");
    reader.go_live(&[ready(&query, start)], false).expect("goes live");
    let drain = |session: &Session| {
        while let Some((_, on_its_way)) = session.take() {
            on_its_way.arrived()
        }
    };
    drain(&stuck);
    drain(&reader);
    let before = hub.flowed();
    let position = model.position();
    model.act(model::Act::Once { table: 0, statement: model::Statement::Insert(1) });
    hub.publish_aged(model.batch_after(&position), Vec::new(), Duration::from_secs(3)).expect("rows have keys");
    assert!(hub.report(10).furthest.iter().all(SessionReport::is_slow), "both have yet to be sent it");
    drain(&reader);
    let report = hub.report(10);
    assert_eq!((report.sessions, report.slow, report.people, report.queries), (2, 1, 1, 2));
    let [first, second] = &report.furthest[..] else { panic!("{report:?}") };
    assert_eq!((first.id, first.is_slow(), first.backlog.frames), (stuck.id(), true, 1));
    assert!(first.backlog.bytes > 0 && first.backlog.waited >= Duration::from_secs(3), "{first:?}");
    assert_eq!((second.id, second.is_slow(), second.backlog), (reader.id(), false, Backlog::default()));
    assert_eq!((second.principal.id().as_deref(), second.origin), (Some("5"), Some(origin)));
    assert_eq!(second.subscriptions.values().sum::<usize>(), 1);
    let one = hub.report(1);
    assert_eq!((one.sessions, one.furthest.len(), one.furthest[0].id), (2, 1, stuck.id()), "the furthest behind");
    let now = hub.flowed();
    assert_eq!((now.changes - before.changes, now.frames - before.frames), (1, 1));
    let place = DELAYS_MS.iter().position(|most| *most == 5_000).expect("a place");
    assert_eq!(now.delays[place] - before.delays[place], 1, "three seconds, and no more than five");
    // What is taken and then given up was not delivered, but is on its way until then.
    let taken = stuck.take().expect("waits");
    assert!(hub.report(1).furthest[0].is_slow(), "it is on its way");
    drop(taken);
    assert_eq!(hub.flowed().frames, now.frames);
    assert_eq!(hub.report(10).slow, 0);
}
