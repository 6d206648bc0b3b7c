//! Committed rows and edits as a page sees them.

use super::*;
use crate::store::row::tests::{Item, ItemKey, item};

fn key(id: i64) -> ItemKey {
    ItemKey { id }
}

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).expect("JSON")
}

fn row_text(item: &Item) -> Box<RawValue> {
    raw(&serde_json::to_string(item).expect("JSON"))
}

fn at(next: u64) -> Position {
    Position::new(next, [])
}

fn name(live: &Live<Item>, id: i64) -> Option<String> {
    live.row(&key(id)).map(|row| row.get_untracked().name)
}

/// These rows, as if they had come with the page.
fn live_of(rows: &[Item]) -> Live<Item> {
    let live = Live::new(&Query::all());
    live.fill(Initial { position: String::new(), rows: rows.to_vec(), key: Vec::new(), places: Vec::new() });
    live
}

fn update(live: &mut Live<Item>, row: &Item, position: u64) {
    live.changes(&[Change::Update { row: &row_text(row) }]).expect("decodes");
    live.commit(&at(position)).expect("fits");
}

fn insert(live: &mut Live<Item>, row: &Item, position: u64) {
    live.changes(&[Change::Insert { row: &row_text(row) }]).expect("decodes");
    live.commit(&at(position)).expect("fits");
}

fn delete(live: &mut Live<Item>, id: i64, position: u64) {
    let key = raw(&format!(r#"{{"id":{id}}}"#));
    live.changes(&[Change::Delete { key: std::borrow::Cow::Borrowed(&key) }]).expect("decodes");
    live.commit(&at(position)).expect("fits");
}

#[test]
fn an_edit_is_shown_at_once_and_lifted_by_the_position_that_includes_it() {
    let mut live = live_of(&[item(1, "a")]);
    let edit = live.edit(key(1), |row| row.name = "edited".to_owned());
    assert_eq!(name(&live, 1).as_deref(), Some("edited"));
    edit.confirm(7);
    live.commit(&at(7)).expect("fits");
    assert_eq!(name(&live, 1).as_deref(), Some("edited"), "7 is not included yet");
    update(&mut live, &item(1, "b"), 8);
    assert_eq!(name(&live, 1).as_deref(), Some("b"));
}

#[test]
fn an_edit_whose_batch_came_before_its_answer_is_lifted_by_the_answer() {
    let mut live = live_of(&[item(1, "a")]);
    let edit = live.edit(key(1), |row| row.name = "edited".to_owned());
    update(&mut live, &item(1, "b"), 8);
    assert_eq!(name(&live, 1).as_deref(), Some("edited"));
    edit.confirm(7);
    assert_eq!(name(&live, 1).as_deref(), Some("b"));
}

#[test]
fn a_refused_edit_shows_what_is_committed_and_leaves_other_edits_alone() {
    let live = live_of(&[item(1, "a")]);
    let refused = live.edit(key(1), |row| row.name.push('1'));
    let other = live.edit(key(1), |row| row.name.push('2'));
    refused.roll_back();
    assert_eq!(name(&live, 1).as_deref(), Some("a2"));
    other.roll_back();
    assert_eq!(name(&live, 1).as_deref(), Some("a"));
}

#[test]
fn an_edit_that_is_dropped_is_rolled_back() {
    let live = live_of(&[item(1, "a")]);
    drop(live.edit(key(1), |row| row.name.push('1')));
    assert_eq!(name(&live, 1).as_deref(), Some("a"));
}

#[test]
fn a_new_row_is_shown_at_once_and_once() {
    let mut live = live_of(&[item(1, "a")]);
    let edit = live.insert(item(2, "new"));
    assert_eq!(live.snapshot(), [item(1, "a"), item(2, "new")]);
    insert(&mut live, &item(2, "new, as the database has it"), 8);
    assert_eq!(name(&live, 2).as_deref(), Some("new, as the database has it"), "before the answer");
    edit.confirm(7);
    assert_eq!(live.len(), 2);
    delete(&mut live, 2, 9);
    assert_eq!(live.snapshot(), [item(1, "a")]);
}

#[test]
fn a_new_row_that_is_refused_leaves_and_one_that_the_query_does_not_match_leaves_with_its_position() {
    let mut live = live_of(&[]);
    live.insert(item(1, "refused")).roll_back();
    assert!(live.is_empty());
    live.insert(item(2, "of another category")).confirm(7);
    assert_eq!(live.len(), 1);
    live.commit(&at(8)).expect("fits");
    assert!(live.is_empty());
}

#[test]
fn a_removed_row_is_hidden_at_once_and_comes_back_if_that_is_refused() {
    let mut live = live_of(&[item(1, "a"), item(2, "b")]);
    let refused = live.remove(key(1));
    let confirmed = live.remove(key(2));
    assert_eq!((live.len(), name(&live, 1)), (0, None));
    refused.roll_back();
    assert_eq!(live.snapshot(), [item(1, "a")]);
    confirmed.confirm(7);
    delete(&mut live, 2, 8);
    assert_eq!(live.snapshot(), [item(1, "a")]);
    insert(&mut live, &item(2, "again"), 9);
    assert_eq!(name(&live, 2).as_deref(), Some("again"), "nothing hides it any more");
}

#[test]
fn edits_outlive_a_reconnect_and_a_resync_that_does_not_include_them() {
    let mut live = live_of(&[item(1, "a"), item(2, "b")]);
    let edit = live.edit(key(1), |row| row.name = "edited".to_owned());
    let removal = live.remove(key(2));
    edit.confirm(7);
    live.discard();
    live.enter(Phase::CatchingUp);
    live.snapshot_of(&[item(1, "older"), item(2, "b")], 6);
    assert_eq!(live.snapshot(), [item(1, "edited")]);
    live.snapshot_of(&[item(1, "newer")], 8);
    assert_eq!(live.snapshot(), [item(1, "newer")]);
    removal.confirm(7);
    assert_eq!(live.snapshot(), [item(1, "newer")]);
}

impl Live<Item> {
    fn snapshot_of(&mut self, rows: &[Item], position: u64) {
        let texts: Vec<Box<RawValue>> = rows.iter().map(row_text).collect();
        let texts: Vec<&RawValue> = texts.iter().map(AsRef::as_ref).collect();
        Sink::snapshot(self, &texts, false).expect("decodes");
        self.commit(&at(position)).expect("fits");
    }
}

#[test]
fn a_row_that_leaves_and_comes_back_within_one_commit_keeps_its_signal() {
    let mut live = live_of(&[item(1, "a"), item(2, "b")]);
    let (one, two) = (live.row(&key(1)).expect("is there"), live.row(&key(2)).expect("is there"));
    live.changes(&[Change::Truncate, Change::Insert { row: &row_text(&item(1, "new")) }]).expect("decodes");
    live.commit(&at(5)).expect("fits");
    assert_eq!(one.get_untracked().name, "new");
    assert_eq!(live.snapshot(), [item(1, "new")]);
    insert(&mut live, &item(2, "again"), 6);
    assert_eq!(two.get_untracked().name, "b", "a row of another commit is another row");
}

#[test]
fn a_window_is_sorted_as_its_rows_move() {
    let mut live = Live::<Item>::new(&Query::all().descending("name").limit(3));
    live.keyed(&["id".to_owned()]);
    live.snapshot_of(&[item(1, "a"), item(3, "c"), item(2, "c")], 5);
    let names = |live: &Live<Item>| live.snapshot().into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(names(&live), [2, 3, 1]);
    update(&mut live, &item(1, "d"), 6);
    assert_eq!(names(&live), [1, 2, 3]);
    delete(&mut live, 2, 7);
    insert(&mut live, &item(9, "c"), 8);
    assert_eq!(names(&live), [1, 3, 9]);
}

#[test]
fn rows_without_an_order_are_in_the_order_in_which_they_came() {
    let mut live = live_of(&[item(5, "a"), item(1, "b")]);
    insert(&mut live, &item(3, "c"), 5);
    assert_eq!(live.snapshot(), [item(5, "a"), item(1, "b"), item(3, "c")]);
}

#[test]
fn counters_move_once_per_commit_and_only_if_something_is_shown_differently() {
    let mut live = live_of(&[item(1, "a"), item(2, "b")]);
    let counters = |live: &Live<Item>| (live.revision.get_untracked(), live.members.get_untracked());
    let before = counters(&live);
    live.commit(&at(5)).expect("fits");
    update(&mut live, &item(1, "a"), 6);
    assert_eq!(counters(&live), before);
    let (one, two) = (row_text(&item(1, "x")), row_text(&item(2, "y")));
    live.changes(&[Change::Update { row: &one }, Change::Update { row: &two }]).expect("decodes");
    live.commit(&at(7)).expect("fits");
    assert_eq!(counters(&live), (before.0 + 1, before.1), "no row came or went");
    delete(&mut live, 1, 8);
    assert_eq!(counters(&live), (before.0 + 2, before.1 + 1));
}

#[test]
fn what_does_not_fit_is_told() {
    let fits = |changes: &[Change<'_>]| {
        let mut live = live_of(&[item(1, "a")]);
        live.changes(changes).expect("decodes");
        live.commit(&at(5)).is_ok()
    };
    let gone = raw(r#"{"id":9}"#);
    assert!(!fits(&[Change::Insert { row: &row_text(&item(1, "b")) }]));
    assert!(!fits(&[Change::Update { row: &row_text(&item(9, "b")) }]));
    assert!(!fits(&[Change::Delete { key: std::borrow::Cow::Borrowed(&gone) }]));
    assert!(fits(&[Change::Update { row: &row_text(&item(1, "b")) }]));
}

mod any_history {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[derive(Clone, Debug)]
    enum Step {
        Write(i64, Option<u8>),
        Rename(i64, u8),
        Add(i64, u8),
        Remove(i64),
        Answer(usize, bool),
        Resync,
    }

    fn step() -> impl Strategy<Value = Step> {
        let id = 0..4i64;
        prop_oneof![
            4 => (id.clone(), any::<Option<u8>>()).prop_map(|(id, to)| Step::Write(id, to)),
            2 => (id.clone(), any::<u8>()).prop_map(|(id, to)| Step::Rename(id, to)),
            2 => (id.clone(), any::<u8>()).prop_map(|(id, to)| Step::Add(id, to)),
            2 => id.prop_map(Step::Remove),
            3 => (any::<usize>(), any::<bool>()).prop_map(|(edit, granted)| Step::Answer(edit, granted)),
            1 => Just(Step::Resync),
        ]
    }

    /// What the database has, applied with the position that follows it.
    struct History {
        live: Live<Item>,
        database: BTreeMap<i64, String>,
        next: u64,
        open: Vec<Edit<Item>>,
    }

    impl History {
        fn write(&mut self, id: i64, to: Option<String>) {
            self.next += 1;
            let before = match &to {
                Some(name) => self.database.insert(id, name.clone()),
                None => self.database.remove(&id),
            };
            match (before, to) {
                (Some(_), Some(name)) => update(&mut self.live, &item(id, &name), self.next),
                (None, Some(name)) => insert(&mut self.live, &item(id, &name), self.next),
                (Some(_), None) => delete(&mut self.live, id, self.next),
                (None, None) => self.live.commit(&at(self.next)).expect("fits"),
            }
        }

        fn play(&mut self, step: Step) {
            match step {
                Step::Write(id, to) => self.write(id, to.map(|to| to.to_string())),
                Step::Rename(id, to) => self.open.push(self.live.edit(key(id), move |row| row.name = format!("{to}?"))),
                Step::Add(id, to) => self.open.push(self.live.insert(item(id, &format!("{to}?")))),
                Step::Remove(id) => self.open.push(self.live.remove(key(id))),
                Step::Answer(edit, granted) if !self.open.is_empty() => {
                    let edit = self.open.swap_remove(edit % self.open.len());
                    // The transaction that is to come next, or one that has come.
                    if granted { edit.confirm(self.next - self.next % 2) } else { edit.roll_back() }
                }
                Step::Answer(..) => {}
                Step::Resync => {
                    self.next += 1;
                    let rows: Vec<Item> = self.database.iter().map(|(id, name)| item(*id, name)).collect();
                    self.live.snapshot_of(&rows, self.next);
                }
            }
        }
    }

    proptest! {
        /// Whatever was edited, answered and written in whichever order: with every edit answered and its transaction
        /// included, what is shown is what the database has, and every counter agrees.
        #[test]
        fn ends_with_what_the_database_has(steps in proptest::collection::vec(step(), 0..40)) {
            let mut history = History { live: live_of(&[]), database: BTreeMap::new(), next: 2, open: Vec::new() };
            for step in steps {
                history.play(step);
                prop_assert_eq!(history.live.len(), history.live.snapshot().len());
            }
            for edit in std::mem::take(&mut history.open) {
                edit.confirm(history.next);
            }
            history.next += 1;
            history.live.commit(&at(history.next)).expect("fits");
            let mut shown = history.live.snapshot();
            shown.sort_by_key(|row| row.id);
            let due: Vec<Item> = history.database.iter().map(|(id, name)| item(*id, name)).collect();
            prop_assert_eq!(shown, due);
            prop_assert_eq!(history.live.len(), history.database.len());
        }
    }
}
