//! The hub's parts without anything around them.

pub(crate) mod model;

use super::{view::ViewBounds, *};
use crate::protocol::{Change, Position};
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
    queued_bytes: 500,
    chunks_ahead: 1,
    ring_bytes: 1_000_000,
    ring_changes: 3,
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
        replay: Vec::new(),
        base,
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
    let told = std::iter::from_fn(|| session.take())
        .find_map(|sent| if let Sent::Lagged { position, queries } = sent { Some((position, queries)) } else { None });
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
    assert!(!session.covers(&start) && session.covers(&hub.token()));
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
    let Some(Sent::Delivery(delivery)) = session.take() else { panic!("nothing is sent") };
    let frames: Vec<&str> =
        delivery.frames.iter().map(|frame| std::str::from_utf8(frame.bytes()).expect("text")).collect();
    assert!(frames[0].contains("resync") && frames[1].contains("\"rows\":[]"), "{frames:?}");
}

#[test]
fn what_waits_for_all_together_is_bounded_and_only_who_does_not_read_lags() {
    let mut model = Model::new();
    let catalog = model.tables().iter().cloned().collect();
    let bounds = Bounds { outbox_bytes: 1_000_000, ring_changes: 1_000, ..BOUNDS };
    let hub = std::sync::Arc::new(Hub::new(model.epoch, model.position(), catalog, bounds));
    let [reads, stalls, stalls_too] = [(); 3].map(|()| {
        let session = hub.open(Default::default());
        let query = session.hold(Definition::all(hub.find_table("a").expect("is tracked")), |_| Vec::new());
        session.go_live(&[ready(&query.expect("is tracked"), hub.token())], false).expect("goes live");
        session
    });
    for _ in 0..50 {
        write(&mut model, &hub, 1);
        while let Some(sent) = reads.take() {
            assert!(!matches!(sent, Sent::Lagged { .. }), "it took everything at once");
        }
    }
    for session in [&stalls, &stalls_too] {
        let lagged = std::iter::from_fn(|| session.take()).any(|sent| matches!(sent, Sent::Lagged { .. }));
        assert!(lagged, "both hold the same frames, so emptying one frees nothing");
    }
    assert_eq!(hub.relieved(), 2, "who has lagged holds nothing more");
}
