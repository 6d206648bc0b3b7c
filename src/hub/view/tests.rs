//! Windows and totals against a naive model, whatever happens in whatever order.
//!
//! The bounds are tiny, so that states run out and are filled again all the time. A client applies what is said; whenever
//! something is known, it has to have the naive answer.

use super::*;
use crate::{
    hub::{Column, Kind},
    protocol::{Aggregate, ErrorCode, Nulls, OrderBy},
};
use proptest::{collection, prelude::*};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

const KEYS: i32 = 12;
/// Numerics, in their order; those of one line are equal.
const NUMBERS: [&[&str]; 6] = [&["-1.5"], &["0", "0.00"], &["1", "1.0", "1.00"], &["2.25"], &["10"], &["\"NaN\""]];
const GROUPS: [&str; 3] = ["\"a\"", "\"b \\\"\"", "null"];

fn table() -> Arc<Table> {
    Arc::new(Table {
        id: 1,
        schema: "public".to_owned(),
        name: "t".to_owned(),
        key: vec!["id".to_owned()],
        columns: vec![
            Column::new("id", "integer", Kind::Int4),
            Column::new("g", "text", Kind::Text),
            Column::new("v", "numeric", Kind::Numeric),
            Column::new("n", "integer", Kind::Int4),
        ],
        since: 0,
        partitioned: false,
        policies: Vec::new(),
    })
}

/// A row of the model, by places in the lists above.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: i32,
    group: usize,
    number: Option<(usize, usize)>,
    n: i32,
}

impl Item {
    fn number(&self) -> &'static str {
        self.number.map_or("null", |(rank, writing)| NUMBERS[rank][writing])
    }

    /// The filter of all views.
    fn matches(&self) -> bool {
        self.n >= 0
    }

    fn text(&self) -> String {
        format!(r#"{{"id":{},"g":{},"v":{},"n":{}}}"#, self.id, GROUPS[self.group], self.number(), self.n)
    }

    fn row(&self) -> Row {
        Row::read(&table(), &Arc::from(raw(self.text()))).expect("a row")
    }
}

fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).expect("JSON")
}

#[derive(Clone, Debug)]
enum Write {
    Set(Item),
    Delete(i32),
    Truncate,
}

/// What is written together, and whether a refill comes after it.
type Step = (Vec<Write>, bool);

fn item() -> impl Strategy<Value = Item> {
    let number = prop_oneof![
        1 => Just(None),
        5 => (0..NUMBERS.len()).prop_flat_map(|rank| (Just(rank), 0..NUMBERS[rank].len())).prop_map(Some)
    ];
    (0..KEYS, 0..GROUPS.len(), number, -1..5).prop_map(|(id, group, number, n)| Item { id, group, number, n })
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let write = prop_oneof![
        20 => item().prop_map(Write::Set),
        14 => (0..KEYS).prop_map(Write::Delete),
        1 => Just(Write::Truncate),
    ];
    collection::vec((collection::vec(write, 0..6), prop::bool::weighted(0.3)), 1..40)
}

/// How a view's answer and its fill are computed without any state.
trait Naive {
    fn answer(&self, items: &[&Item]) -> Vec<String>;
    fn fill(&self, items: &[&Item]) -> Vec<String>;
}

struct Simulation<'a> {
    view: View,
    naive: &'a dyn Naive,
    items: BTreeMap<i32, Item>,
    /// What a client has, by key.
    client: BTreeMap<String, String>,
}

impl Simulation<'_> {
    fn matching(&self) -> Vec<&Item> {
        self.items.values().filter(|item| item.matches()).collect()
    }

    fn write(&mut self, writes: &[Write]) {
        let mut before = self.items.clone();
        let mut touched = BTreeSet::new();
        for write in writes {
            match write {
                Write::Set(item) => {
                    touched.insert(item.id);
                    self.items.insert(item.id, item.clone());
                }
                Write::Delete(id) => {
                    touched.insert(*id);
                    self.items.remove(id);
                }
                Write::Truncate => {
                    self.view.truncate();
                    before.clear();
                    touched.clear();
                    self.items.clear();
                }
            }
        }
        for id in touched {
            let row = |items: &BTreeMap<i32, Item>| items.get(&id).filter(|item| item.matches()).map(Item::row);
            self.view.apply(row(&before).as_ref(), row(&self.items).as_ref()).expect("applies");
        }
    }

    fn refill(&mut self) {
        let rows = self.naive.fill(&self.matching());
        self.view.fill(rows.into_iter().map(raw).collect()).expect("fills");
    }

    /// Whether the output was known, and right.
    fn look(&mut self) -> bool {
        let output = self.view.output().expect("says");
        if output.need == Need::RefillNow {
            assert!(output.changes.is_empty());
            return false;
        }
        for change in output.changes {
            self.client_applies(change);
        }
        let answer = self.naive.answer(&self.matching());
        let rows: Vec<String> = self.view.rows().iter().map(|row| row.get().to_owned()).collect();
        assert_eq!(rows, answer, "the state");
        let client: BTreeSet<&String> = self.client.values().collect();
        assert_eq!(client, answer.iter().collect(), "the client");
        true
    }

    fn client_applies(&mut self, change: OutputChange) {
        let key = |row: &RawValue| {
            let row: BTreeMap<String, Box<RawValue>> = serde_json::from_str(row.get()).expect("an object");
            let name = &self.view.key()[0];
            format!("{{\"{name}\":{}}}", row[name])
        };
        match change {
            OutputChange::Insert(row) => {
                assert_eq!(self.client.insert(key(&row), row.get().to_owned()), None, "an insert of what is there");
            }
            OutputChange::Update(_, row) => {
                let old = self.client.insert(key(&row), row.get().to_owned());
                assert!(old.is_some_and(|old| old != row.get()), "an update that changes nothing");
            }
            OutputChange::Delete(key) => {
                assert!(self.client.remove(key.get()).is_some(), "a delete of what is not there");
            }
        }
    }
}

fn simulate(spec: Spec, bounds: ViewBounds, naive: &dyn Naive, steps: &[Step]) {
    let view = View::empty(spec, table(), bounds);
    let mut simulation = Simulation { view, naive, items: BTreeMap::new(), client: BTreeMap::new() };
    for (writes, refill) in steps {
        simulation.write(writes);
        simulation.look();
        if *refill {
            simulation.refill();
            assert!(simulation.look(), "it was just filled");
        }
    }
    simulation.refill();
    assert!(simulation.look());
}

struct NaiveWindow {
    desc: bool,
    nulls_first: bool,
    limit: usize,
    slack: usize,
}

impl NaiveWindow {
    fn sorted(&self, items: &[&Item]) -> Vec<String> {
        let mut items = items.to_vec();
        items.sort_by(|one, other| {
            let rank = |item: &Item| item.number.map(|(rank, _)| rank);
            let by_number = match (rank(one), rank(other)) {
                (Some(one), Some(other)) if self.desc => other.cmp(&one),
                (Some(one), Some(other)) => one.cmp(&other),
                (None, None) => Ordering::Equal,
                (one, _) if one.is_none() == self.nulls_first => Ordering::Less,
                _ => Ordering::Greater,
            };
            by_number.then(one.id.cmp(&other.id))
        });
        items.into_iter().map(Item::text).collect()
    }
}

impl Naive for NaiveWindow {
    fn answer(&self, items: &[&Item]) -> Vec<String> {
        self.sorted(items).into_iter().take(self.limit).collect()
    }

    fn fill(&self, items: &[&Item]) -> Vec<String> {
        self.sorted(items).into_iter().take(self.limit + self.slack + 1).collect()
    }
}

struct NaiveTotals {
    grouped: bool,
    ends: usize,
}

impl NaiveTotals {
    fn groups<'a>(&self, items: &[&'a Item]) -> BTreeMap<Option<&'static str>, Vec<&'a Item>> {
        let mut groups: BTreeMap<_, Vec<&Item>> = BTreeMap::new();
        if !self.grouped {
            groups.insert(None, Vec::new());
        }
        for item in items {
            groups.entry(self.grouped.then(|| GROUPS[item.group])).or_default().push(item);
        }
        groups
    }

    /// Numbers that are not null in rising order, with how often each writing occurs.
    fn numbers(items: &[&Item]) -> BTreeMap<(usize, usize), usize> {
        let mut counts = BTreeMap::new();
        items.iter().filter_map(|item| item.number).for_each(|number| *counts.entry(number).or_default() += 1);
        counts
    }
}

fn hundredths(text: &str) -> i64 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<2}").parse().expect("a number")
}

fn decimals(text: &str) -> usize {
    text.split_once('.').map_or(0, |(_, fraction)| fraction.len())
}

/// The sum of numbers that are written so.
fn sum(numbers: &[&str]) -> String {
    if numbers.is_empty() || numbers.contains(&"\"NaN\"") {
        return if numbers.is_empty() { "null" } else { "\"NaN\"" }.to_owned();
    }
    let sum: i64 = numbers.iter().map(|text| hundredths(text)).sum();
    let scale = numbers.iter().map(|text| decimals(text)).max().expect("there are some");
    let text = format!("{}{}.{:02}", if sum < 0 { "-" } else { "" }, sum.abs() / 100, sum.abs() % 100);
    text[..text.len() - if scale == 0 { 3 } else { 2 - scale }].to_owned()
}

impl Naive for NaiveTotals {
    fn answer(&self, items: &[&Item]) -> Vec<String> {
        let row = |(group, items): (Option<&str>, Vec<&Item>)| {
            let group = group.map_or("{}".to_owned(), |group| format!("{{\"g\":{group}}}"));
            let numbers: Vec<&str> = items.iter().map(|item| item.number()).filter(|text| *text != "null").collect();
            let integers = items.iter().map(|item| item.n).sum::<i32>();
            let integers = if items.is_empty() { "null".to_owned() } else { integers.to_string() };
            let ordered: Vec<_> =
                Self::numbers(&items).into_keys().map(|(rank, writing)| NUMBERS[rank][writing]).collect();
            let (min, max) = (ordered.first().unwrap_or(&"null"), ordered.last().unwrap_or(&"null"));
            format!(
                r#"{{"group":{group},"count":{},"sum":{{"v":{},"n":{integers}}},"min":{{"v":{min}}},"max":{{"v":{max}}}}}"#,
                items.len(),
                sum(&numbers)
            )
        };
        self.groups(items).into_iter().map(row).collect()
    }

    fn fill(&self, items: &[&Item]) -> Vec<String> {
        let mut lines = Vec::new();
        for (group, items) in self.groups(items) {
            let group = format!("[{}]", group.unwrap_or(""));
            let numbers = Self::numbers(&items);
            let written = |(rank, writing): (usize, usize)| NUMBERS[rank][writing];
            let known: usize = numbers.values().sum();
            let integers: i32 = items.iter().map(|item| item.n).sum();
            let rows = items.len();
            let mut scales: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for (number, count) in &numbers {
                let text = written(*number);
                let scale = if text == "\"NaN\"" { text.to_owned() } else { format!("\"{}\"", decimals(text)) };
                scales.entry(scale).or_default().extend(std::iter::repeat_n(text, *count));
            }
            // Before what is said of the group, and after it.
            for (scale, numbers) in scales {
                lines.push(format!(r#"["scale",{group},0,{scale},{},{}]"#, numbers.len(), sum(&numbers)));
            }
            for (number, count) in numbers.iter().rev().take(self.ends) {
                lines.push(format!(r#"["end",{group},1,{},{count}]"#, written(*number)));
            }
            lines.push(format!(r#"["rows", {group}, {rows}, [null, [{rows}, {integers}]], [{known}, {known}]]"#));
            for (number, count) in numbers.iter().take(self.ends) {
                lines.push(format!(r#"["end",{group},0,{},{count}]"#, written(*number)));
            }
        }
        lines
    }
}

fn by(column: &str, desc: bool, nulls: Option<Nulls>) -> OrderBy {
    OrderBy { column: column.to_owned(), desc, nulls }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn all_totals() -> Aggregate {
    Aggregate { count: true, sum: names(&["v", "n"]), min: names(&["v"]), max: names(&["v"]), avg: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_window_is_always_the_first_rows(
        steps in steps(),
        desc in any::<bool>(),
        nulls_first in any::<bool>(),
        limit in 1_usize..5,
        slack in 1_usize..4,
    ) {
        let nulls = if nulls_first { Nulls::First } else { Nulls::Last };
        let limit_asked = u32::try_from(limit).expect("small");
        let spec = WindowSpec::read(&[by("v", desc, Some(nulls))], Some(limit_asked), &table()).expect("reads");
        let bounds = ViewBounds { slack, ..ViewBounds::default() };
        simulate(Spec::Window(spec), bounds, &NaiveWindow { desc, nulls_first, limit, slack }, &steps);
    }

    #[test]
    fn totals_are_always_those_of_the_rows(steps in steps(), grouped in any::<bool>(), ends in 1_usize..4) {
        let group: &[&str] = if grouped { &["g"] } else { &[] };
        let spec = TotalsSpec::read(&all_totals(), &names(group), &table()).expect("reads");
        let bounds = ViewBounds { ends, ..ViewBounds::default() };
        simulate(Spec::Totals(spec), bounds, &NaiveTotals { grouped, ends }, &steps);
    }
}

fn row(id: i32, group: usize, rank: usize) -> Item {
    Item { id, group, number: Some((rank, 0)), n: 0 }
}

fn totals(bounds: ViewBounds, items: &[Item]) -> View {
    let spec = TotalsSpec::read(&all_totals(), &names(&["g"]), &table()).expect("reads");
    let mut view = View::empty(Spec::Totals(spec), table(), bounds);
    view.truncate();
    items.iter().for_each(|item| view.apply(None, Some(&item.row())).expect("applies"));
    view
}

#[test]
fn more_groups_than_are_kept_are_an_error_and_moving_between_groups_is_not() {
    let bounds = ViewBounds { groups: 2, ..ViewBounds::default() };
    let mut view = totals(bounds, &[row(1, 0, 0), row(2, 1, 0), row(3, 2, 0)]);
    assert_eq!(view.output().expect_err("three groups"), ViewError::TooManyGroups);
    let mut view = totals(bounds, &[row(1, 0, 0), row(2, 1, 0)]);
    view.apply(Some(&row(1, 0, 0).row()), Some(&row(1, 2, 0).row())).expect("applies");
    assert_eq!(view.output().expect("two groups").changes.len(), 2);
}

#[test]
fn a_row_that_was_never_there_cannot_leave() {
    let mut view = totals(ViewBounds::default(), &[row(1, 0, 0)]);
    assert_eq!(view.apply(Some(&row(2, 1, 0).row()), None), Err(ViewError::Inconsistent));
    let spec = WindowSpec::read(&[], Some(3), &table()).expect("reads");
    let mut view = View::empty(Spec::Window(spec), table(), ViewBounds::default());
    view.truncate();
    assert_eq!(view.apply(Some(&row(2, 1, 0).row()), None), Err(ViewError::Inconsistent));
}

#[test]
fn totals_ask_for_a_refill_before_they_need_it() {
    let bounds = ViewBounds { ends: 3, ..ViewBounds::default() };
    let items = [0, 1, 2, 3, 4].map(|rank| row(i32::try_from(rank).expect("small"), 0, rank));
    let mut view = totals(bounds, &items);
    let mut needs = vec![view.output().expect("says").need];
    for item in &items[..3] {
        view.apply(Some(&item.row()), None).expect("applies");
        needs.push(view.output().expect("says").need);
    }
    // Of the three smallest two are left, then one, then none.
    assert_eq!(needs, [Need::Nothing, Need::Nothing, Need::RefillSoon, Need::RefillNow]);
}

#[test]
fn what_cannot_be_exact_is_refused_with_advice() {
    let mut table = Arc::unwrap_or_clone(table());
    for (name, sql, kind) in
        [("j", "jsonb", Kind::Jsonb), ("f", "double precision", Kind::Float8), ("fixed", "numeric(8,2)", Kind::Numeric)]
    {
        table.columns.push(Column::new(name, sql, kind));
    }
    let window = |order: &[OrderBy], limit| WindowSpec::read(order, limit, &table).map_err(|error| error.code);
    assert_eq!(window(&[by("v", false, None)], None), Err(ErrorCode::InvalidQuery));
    assert_eq!(window(&[], Some(0)), Err(ErrorCode::InvalidQuery));
    assert_eq!(window(&[], Some(MAX_LIMIT + 1)), Err(ErrorCode::InvalidQuery));
    assert_eq!(window(&[by("v", false, None), by("v", true, None)], Some(1)), Err(ErrorCode::InvalidQuery));
    assert_eq!(window(&[by("x", false, None)], Some(1)), Err(ErrorCode::UnknownColumn));
    assert_eq!(window(&[by("j", false, None)], Some(1)), Err(ErrorCode::Unsupported));
    let totals = |sum: &[&str], min: &[&str], group: &[&str]| {
        let aggregate = Aggregate { sum: names(sum), min: names(min), ..Aggregate::default() };
        TotalsSpec::read(&aggregate, &names(group), &table).map(|_| ()).map_err(|error| error.code)
    };
    assert_eq!(totals(&[], &[], &["g"]), Err(ErrorCode::InvalidQuery));
    assert_eq!(totals(&["v", "v"], &[], &[]), Err(ErrorCode::InvalidQuery));
    assert_eq!(totals(&["f"], &[], &[]), Err(ErrorCode::Unsupported));
    assert_eq!(totals(&["g"], &[], &[]), Err(ErrorCode::Unsupported));
    assert_eq!(totals(&[], &["j"], &[]), Err(ErrorCode::Unsupported));
    assert_eq!(totals(&["v"], &[], &["v"]), Err(ErrorCode::Unsupported));
    assert_eq!(totals(&["v"], &["f"], &["fixed", "g"]), Ok(()));
    assert!(WindowSpec::read(&[by("j", false, None)], Some(1), &table).is_err_and(|error| !error.hint.is_empty()));
}

#[test]
fn a_view_says_which_columns_it_reads_and_equal_ones_are_called_the_same() {
    let window = |order: &[OrderBy]| Spec::Window(WindowSpec::read(order, Some(5), &table()).expect("reads"));
    assert_eq!(window(&[by("v", true, None)]).uses(), [0, 2]);
    assert_eq!(window(&[by("v", true, None)]).text(), window(&[by("v", true, Some(Nulls::First))]).text());
    assert_ne!(window(&[by("v", true, None)]).text(), window(&[by("v", false, None)]).text());
    assert_eq!(window(&[]).text(), window(&[by("id", false, None)]).text());
    let totals = Spec::Totals(TotalsSpec::read(&all_totals(), &names(&["g"]), &table()).expect("reads"));
    assert_eq!(totals.uses(), [1, 2, 3]);
}
