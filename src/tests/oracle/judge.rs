//! What was shown, against what was so.
//!
//! Truth is replayed from the audit, which the engine does not know: the rows at a position are what its transactions wrote
//! and did not take away again. What a filter lets through and how rows are ordered Postgres is asked, once for each row
//! that ever was; totals it computes, for some of the positions.

use super::{
    query::{Asks, Query},
    schema::Table,
};
use crate::support::client::Step;
use rowcast::protocol::Position;
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, PgPool, Row};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write,
    sync::Arc,
};

/// Positions of one record at which totals are computed anew.
const TOTALS_CHECKED: usize = 60;
/// Writes that a report tells of.
const REPORTED: usize = 30;

/// What one use of a query showed, from its beginning to its end.
pub struct Record {
    pub who: String,
    pub query: usize,
    pub steps: Vec<Step>,
}

struct Entry {
    xid: u64,
    table: usize,
    old: Option<Arc<str>>,
    new: Option<Arc<str>>,
}

/// Everything that was written and committed.
pub struct History {
    /// In the order of their numbers.
    entries: Vec<Entry>,
    by_xid: BTreeMap<u64, Vec<usize>>,
}

impl History {
    /// Reads the audit.
    pub async fn read(pool: &PgPool) -> Self {
        let mut texts: BTreeSet<Arc<str>> = BTreeSet::new();
        let mut one = |text: Option<String>| {
            text.map(|text| {
                let text: Arc<str> = text.into();
                texts.get(&text).cloned().unwrap_or_else(|| {
                    texts.insert(text.clone());
                    text
                })
            })
        };
        let sql = "select xid::text, number, old, new from oracle.audit order by seq";
        let rows = sqlx::query(sql).fetch_all(pool).await.expect("reads");
        let entries: Vec<Entry> = rows
            .iter()
            .map(|row| Entry {
                xid: row.get::<String, _>(0).parse().expect("a number"),
                table: row.get::<i32, _>(1) as usize,
                old: one(row.get(2)),
                new: one(row.get(3)),
            })
            .collect();
        let mut by_xid: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (index, entry) in entries.iter().enumerate() {
            by_xid.entry(entry.xid).or_default().push(index);
        }
        Self { entries, by_xid }
    }

    /// What was written to a table between two positions, in order.
    fn between(&self, table: usize, from: Option<&Position>, to: &Position) -> Vec<&Entry> {
        let first = from.map_or(0, Position::oldest_missing);
        let mut found: Vec<usize> = self
            .by_xid
            .range(first..to.next())
            .filter(|(xid, _)| to.includes(**xid) && !from.is_some_and(|from| from.includes(**xid)))
            .flat_map(|(_, entries)| entries.iter().copied())
            .filter(|index| self.entries[*index].table == table)
            .collect();
        found.sort_unstable();
        found.into_iter().map(|index| &self.entries[index]).collect()
    }

    fn texts(&self, table: usize) -> BTreeSet<Arc<str>> {
        let own = self.entries.iter().filter(|entry| entry.table == table);
        own.flat_map(|entry| entry.old.iter().chain(&entry.new)).cloned().collect()
    }
}

/// Rows with how often each is there: once, or something is wrong. Counting makes the order of what one statement does
/// irrelevant, such as when it swaps two keys.
#[derive(Clone, Default)]
struct Counted(BTreeMap<Arc<str>, i32>);

impl Counted {
    fn add(&mut self, text: &Arc<str>, amount: i32) {
        let count = self.0.entry(text.clone()).or_default();
        *count += amount;
        if *count == 0 {
            self.0.remove(text);
        }
    }

    fn apply(&mut self, entry: &Entry) {
        if let (None, None) = (&entry.old, &entry.new) {
            self.0.clear();
        }
        entry.old.iter().for_each(|old| self.add(old, -1));
        entry.new.iter().for_each(|new| self.add(new, 1));
    }
}

/// What Postgres says about each row that ever was, for one query.
struct Sieve {
    /// Rows that the filter lets through, with their place in the order.
    places: HashMap<Arc<str>, i64>,
    /// What is shown of each.
    shown: HashMap<Arc<str>, Arc<str>>,
}

impl Sieve {
    async fn ask(pool: &PgPool, history: &History, query: &Query, table: &Table) -> Self {
        let texts = history.texts(query.table);
        let all: Vec<&str> = texts.iter().map(|text| &**text).collect();
        let order = if query.order.is_empty() { "1" } else { &query.order };
        let sql = format!(
            "select x, row_number() over (order by {order}) from unnest($1::text[]) x,
             lateral json_populate_record(null::{}, x::json) t where {}",
            table.sql, query.condition
        );
        let rows = sqlx::query(AssertSqlSafe(sql)).bind(all).fetch_all(pool).await.expect("is evaluated");
        let places = rows.iter().map(|row| (row.get::<String, _>(0).into(), row.get(1))).collect();
        let shown = texts.iter().map(|text| (text.clone(), project(text, query, table))).collect();
        Self { places, shown }
    }

    /// The answer to a query of rows, of these rows of its table.
    fn answer(&self, rows: &Counted, limit: Option<u32>) -> Counted {
        let mut found: Vec<(i64, &Arc<str>, i32)> = rows
            .0
            .iter()
            .filter_map(|(text, count)| self.places.get(text).map(|place| (*place, text, *count)))
            .collect();
        if let Some(limit) = limit {
            found.sort_unstable();
            found.truncate(limit as usize);
        }
        let mut answer = Counted::default();
        found.into_iter().for_each(|(_, text, count)| answer.add(&self.shown[text], count));
        answer
    }
}

/// What a query shows of a row.
fn project(text: &Arc<str>, query: &Query, table: &Table) -> Arc<str> {
    let Some(columns) = &query.subscribe.columns else { return text.clone() };
    let values: HashMap<String, &RawValue> = serde_json::from_str(text).expect("a row");
    let mut names: Vec<String> = (0..table.columns.len()).map(|place| format!("c{place}")).collect();
    names.retain(|name| columns.contains(name));
    names.extend(table.key_columns());
    let fields: Vec<String> = names.iter().map(|name| format!("\"{name}\":{}", values[name].get())).collect();
    format!("{{{}}}", fields.join(",")).into()
}

/// Whoever judges: knows everything that was written, and all questions.
pub struct Judge<'a> {
    pub pool: &'a PgPool,
    pub history: &'a History,
    pub tables: &'a [Table],
    pub queries: &'a [Query],
}

impl Judge<'_> {
    /// Compares all records. Returns how many commits were compared.
    ///
    /// # Errors
    /// With a report of the first difference of a record.
    pub async fn judge(&self, records: &[Record]) -> Result<usize, String> {
        let mut compared = 0;
        for (number, query) in self.queries.iter().enumerate() {
            let sieve = Sieve::ask(self.pool, self.history, query, &self.tables[query.table]).await;
            for record in records.iter().filter(|record| record.query == number) {
                compared += self.compare(record, query, &sieve).await?;
            }
        }
        Ok(compared)
    }

    async fn compare(&self, record: &Record, query: &Query, sieve: &Sieve) -> Result<usize, String> {
        let (mut shown, mut rows) = (Counted::default(), Counted::default());
        let mut before: Option<&Position> = None;
        let mut samples = Vec::new();
        let every = (record.steps.len() / TOTALS_CHECKED).max(1);
        for (number, step) in record.steps.iter().enumerate() {
            if before.is_some_and(|before| !step.position.reaches(before)) {
                return Err(self.report(record, query, before, step, "the position goes backwards"));
            }
            let written = self.history.between(query.table, before, &step.position);
            written.iter().for_each(|entry| rows.apply(entry));
            step.removed.iter().for_each(|text| shown.add(text, -1));
            step.added.iter().for_each(|text| shown.add(text, 1));
            if query.asks == Asks::Totals {
                if number % every == 0 || number + 1 == record.steps.len() {
                    samples.push((before, step, shown.clone(), rows.clone()));
                }
            } else if !written.is_empty() || !step.removed.is_empty() || !step.added.is_empty() {
                let due = sieve.answer(&rows, query.subscribe.limit);
                if let Some(difference) = differ(&shown, &due) {
                    return Err(self.report(record, query, before, step, &difference));
                }
            }
            before = Some(&step.position);
        }
        if !samples.is_empty() {
            self.compare_totals(record, query, &samples).await?;
        }
        Ok(record.steps.len())
    }

    async fn compare_totals(
        &self,
        record: &Record,
        query: &Query,
        samples: &[(Option<&Position>, &Step, Counted, Counted)],
    ) -> Result<(), String> {
        let (mut numbers, mut texts) = (Vec::new(), Vec::new());
        for (number, (_, _, _, rows)) in samples.iter().enumerate() {
            for text in rows.0.keys() {
                numbers.push(number as i32);
                texts.push(&**text);
            }
        }
        let (row, group) = &query.totals;
        let group = if group.is_empty() { String::new() } else { format!("group by {group}") };
        let sql = format!(
            "select n, totals.j from generate_series(0, $3::int - 1) n, lateral (
                 select {row}::text j
                 from unnest($1::int[], $2::text[]) s (n, x), lateral json_populate_record(null::{}, s.x::json) t
                 where s.n = n.n and ({}) {group}
             ) totals",
            self.tables[query.table].sql, query.condition
        );
        let found = sqlx::query(AssertSqlSafe(sql))
            .bind(numbers)
            .bind(texts)
            .bind(samples.len() as i32)
            .fetch_all(self.pool)
            .await
            .expect("is computed");
        let mut due = vec![Counted::default(); samples.len()];
        for row in found {
            due[row.get::<i32, _>(0) as usize].add(&canonical(&row.get::<String, _>(1)), 1);
        }
        for ((before, step, shown, _), due) in samples.iter().zip(&due) {
            let mut own = Counted::default();
            shown.0.iter().for_each(|(text, count)| own.add(&canonical(text), *count));
            if let Some(difference) = differ(&own, due) {
                return Err(self.report(record, query, *before, step, &difference));
            }
        }
        Ok(())
    }

    fn report(&self, record: &Record, query: &Query, before: Option<&Position>, step: &Step, what: &str) -> String {
        let mut report = format!(
            "{} shows what was not so.\n  it asked  {}\n  it stood  {before:?}\n  and went  {:?}\n{what}\n\
             what was written to the table in between:\n",
            record.who,
            query.describe(),
            step.position
        );
        let written = self.history.between(query.table, before, &step.position);
        let touched = |entry: &&&Entry| {
            let mut images = entry.old.iter().chain(&entry.new);
            (entry.old.is_none() && entry.new.is_none()) || images.any(|text| what.contains(&*short(text)))
        };
        for entry in written.iter().filter(touched).take(REPORTED) {
            let image =
                |image: &Option<Arc<str>>| image.as_ref().map_or("–".to_owned(), |text| short(text).to_string());
            let _ = writeln!(report, "  {}: {} → {}", entry.xid, image(&entry.old), image(&entry.new));
        }
        let _ = writeln!(report, "  (of {} writes in all)", written.len());
        report
    }
}

/// JSON with its fields in the order of their names and without blanks; values as they are.
fn canonical(text: &str) -> Arc<str> {
    fn write(text: &str, out: &mut String) {
        let Ok(fields) = serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text) else {
            out.push_str(text);
            return;
        };
        out.push('{');
        for (name, value) in fields {
            let _ = write!(out, "{name:?}:");
            write(value.get(), out);
            out.push(',');
        }
        out.push('}');
    }
    let mut out = String::new();
    write(text, &mut out);
    out.into()
}

/// The beginning of a text.
fn short(text: &Arc<str>) -> Arc<str> {
    text.chars().take(300).collect::<String>().into()
}

/// What is there and not due, and the other way round.
fn differ(shown: &Counted, due: &Counted) -> Option<String> {
    if shown.0 == due.0 {
        return None;
    }
    let mut report = String::new();
    let mut list = |title: &str, from: &Counted, other: &Counted| {
        for (text, count) in &from.0 {
            let elsewhere = other.0.get(text).copied().unwrap_or_default();
            if *count > elsewhere {
                let _ = writeln!(report, "  {title} {} × {}", count - elsewhere, short(text));
            }
        }
    };
    list("shown and not due:", shown, due);
    list("due and not shown:", due, shown);
    Some(report)
}
