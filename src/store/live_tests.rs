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

fn update(live: &mut Live<Item>, row: &Item, position: u64) {
    live.changes(&[Change::Update { row: &row_text(row) }]).expect("decodes");
    live.commit(&at(position)).expect("fits");
}

#[test]
fn an_edit_is_shown_at_once_and_lifted_by_the_position_that_includes_it() {
    let mut live = Live::new(Some(vec![item(1, "a")]));
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
    let mut live = Live::new(Some(vec![item(1, "a")]));
    let edit = live.edit(key(1), |row| row.name = "edited".to_owned());
    update(&mut live, &item(1, "b"), 8);
    assert_eq!(name(&live, 1).as_deref(), Some("edited"));
    edit.confirm(7);
    assert_eq!(name(&live, 1).as_deref(), Some("b"));
}

#[test]
fn a_refused_edit_shows_what_is_committed_and_leaves_other_edits_alone() {
    let live = Live::new(Some(vec![item(1, "a")]));
    let refused = live.edit(key(1), |row| row.name.push('1'));
    let other = live.edit(key(1), |row| row.name.push('2'));
    refused.roll_back();
    assert_eq!(name(&live, 1).as_deref(), Some("a2"));
    other.roll_back();
    assert_eq!(name(&live, 1).as_deref(), Some("a"));
}

#[test]
fn a_row_that_leaves_and_comes_back_within_one_commit_keeps_its_signal() {
    let mut live = Live::new(Some(vec![item(1, "a"), item(2, "b")]));
    let (one, two) = (live.row(&key(1)).expect("is there"), live.row(&key(2)).expect("is there"));
    live.changes(&[Change::Truncate, Change::Insert { row: &row_text(&item(1, "new")) }]).expect("decodes");
    live.commit(&at(5)).expect("fits");
    assert_eq!(one.get_untracked().name, "new");
    assert_eq!(live.snapshot(), vec![item(1, "new")]);
    let snapshot = row_text(&item(2, "again"));
    live.changes(&[Change::Insert { row: &snapshot }]).expect("decodes");
    live.commit(&at(6)).expect("fits");
    assert_eq!(two.get_untracked().name, "b", "a row of another commit is another row");
}

#[test]
fn what_does_not_fit_is_told() {
    let fits = |changes: &[Change<'_>]| {
        let mut live = Live::new(Some(vec![item(1, "a")]));
        live.changes(changes).expect("decodes");
        live.commit(&at(5)).is_ok()
    };
    let gone = raw(r#"{"id":9}"#);
    assert!(!fits(&[Change::Insert { row: &row_text(&item(1, "b")) }]));
    assert!(!fits(&[Change::Update { row: &row_text(&item(9, "b")) }]));
    assert!(!fits(&[Change::Delete { key: std::borrow::Cow::Borrowed(&gone) }]));
    assert!(fits(&[Change::Update { row: &row_text(&item(1, "b")) }]));
}
