//! Windows and totals against Postgres: whatever a transaction does to a table of every type that has an order, the states
//! hold exactly what the query answers.
//!
//! The random numbers are determined by `ROWCAST_VIEWS_SEED` (one is printed with each failure); `ROWCAST_VIEWS_RUNS` says how
//! many seeds from there on.

use crate::support::{Dice, pool_of, sql, value};
use rowcast::{
    changelog,
    hub::{Column, Need, OutputChange, Row, Spec, Table, TotalsSpec, View, ViewBounds, WindowSpec},
    protocol::{Aggregate, Nulls, OrderBy},
};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, PgPool};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const RUNS: u64 = 3;
const TRANSACTIONS: u64 = 25;
const VIEWS: u64 = 10;
/// What a transaction may fail with: two rows get the same key.
const UNIQUE_VIOLATION: &str = "23505";

const TABLE: &str = r#"
create type size as enum ('small', 'large', 'huge "x"');
create domain amount as numeric;
create table "Things" (
    a int, "k""2" text, bo bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, fix numeric(8,2), dom amount,
    t text, vc varchar(9), c char(4), u uuid, d date, ti time, tz timetz, ts timestamp, tt timestamptz, by bytea, e size,
    primary key ("k""2", a));
set timezone = 'UTC'; set datestyle = 'ISO'"#;

/// Literals of each column; every column but those of the key may be null.
const VALUES: [(&str, &[&str]); 22] = [
    ("a", &["1", "2", "3", "4", "5", "-1"]),
    ("k\"2", &["", "a", "A", "é", "z\"\\", "🦀"]),
    ("bo", &["true", "false"]),
    ("i2", &["-32768", "0", "1", "2", "32767"]),
    ("i4", &["-2147483648", "0", "1", "2", "3", "2147483647"]),
    ("i8", &["-9223372036854775808", "0", "1", "7", "9223372036854775807"]),
    ("f4", &["-0", "0", "0.1", "1e-40", "16777217", "NaN", "Infinity", "-Infinity", "3.4e38"]),
    ("f8", &["-0", "0", "0.1", "0.3", "5e-324", "NaN", "Infinity", "-Infinity", "1e300", "-1e-9"]),
    (
        "n",
        &[
            "-7.77",
            "0",
            "0.000",
            "0.1",
            "0.10",
            "1",
            "1.0",
            "1e-20",
            "9999",
            "10000",
            "12345.678",
            "99999999999999999999",
            "123456789012345678901234567890.123456789",
            "NaN",
        ],
    ),
    ("fix", &["-0.01", "0", "0.1", "1", "999999.99", "12.34", "NaN"]),
    ("dom", &["0.00001", "-3", "-3.0", "Infinity", "-Infinity", "1e-1005", "5"]),
    ("t", &["", "a", "B", "a b", "é", "zz", "\t\n", "\"\\", "🦀", "ａ"]),
    ("vc", &["", "a", "Ab", "~", "null"]),
    ("c", &["", "a", "ab", "ab!", "é"]),
    ("u", &["00000000-0000-0000-0000-000000000001", "ffffffff-ffff-ffff-ffff-ffffffffffff"]),
    ("d", &["-infinity", "0044-03-15 BC", "0001-01-01", "2026-02-28", "12026-05-05", "infinity"]),
    ("ti", &["00:00", "12:00:00.5", "12:00:00.45", "24:00"]),
    ("tz", &["12:00+02", "11:00+01", "10:00-03:30", "12:00:00.1+00", "10:00+00"]),
    ("ts", &["-infinity", "0044-03-15 01:02 BC", "2026-01-01 00:00:00.5", "2026-01-01 00:00:00.45", "infinity"]),
    ("tt", &["-infinity", "0044-03-15 01:02+01 BC", "2026-01-01 00:00:00.5+09", "2026-01-01 12:00+00", "infinity"]),
    ("by", &["\\x", "\\x00", "\\x00ff", "\\x0a", "\\xff"]),
    ("e", &["small", "large", "huge \"x\""]),
];
/// Columns of which equal values are written alike.
const GROUPS: [&str; 14] = ["bo", "i2", "i4", "i8", "fix", "t", "vc", "c", "u", "d", "tz", "tt", "e", "a"];
const NUMBERS: [&str; 6] = ["i2", "i4", "i8", "n", "fix", "dom"];
const FILTERS: [&str; 4] = ["i4 >= 1", "bo is distinct from true", "n is not null and t > 'a' collate \"C\"", "a <> 3"];

fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// An expression for the column, in the order that views have.
fn ordered(name: &str) -> String {
    let collation = if ["k\"2", "t", "vc", "c"].contains(&name) { " collate \"C\"" } else { "" };
    format!("t.{}{collation}", quote(name))
}

fn pick<'a>(dice: &mut Dice, from: &[&'a str]) -> &'a str {
    from[usize::try_from(dice.roll(from.len() as u64)).expect("small")]
}

/// Up to `most` different ones.
fn some<'a>(dice: &mut Dice, from: &[&'a str], most: u64) -> Vec<&'a str> {
    let mut picked = Vec::new();
    for _ in 0..dice.roll(most + 1) {
        let one = pick(dice, from);
        if !picked.contains(&one) {
            picked.push(one);
        }
    }
    picked
}

fn literal(dice: &mut Dice, (name, values): (&str, &[&str])) -> String {
    if dice.roll(5) == 0 && !["a", "k\"2"].contains(&name) {
        return "null".to_owned();
    }
    format!("'{}'", pick(dice, values))
}

fn statement(dice: &mut Dice) -> String {
    let row = |dice: &mut Dice| {
        let values: Vec<String> = VALUES.iter().map(|column| literal(dice, *column)).collect();
        format!("({})", values.join(", "))
    };
    let key =
        |dice: &mut Dice| format!("a = {} and \"k\"\"2\" > '{}'", pick(dice, VALUES[0].1), pick(dice, VALUES[1].1));
    match dice.roll(20) {
        0..9 => format!("insert into \"Things\" values {}, {} on conflict do nothing", row(dice), row(dice)),
        9..15 => {
            let column = VALUES[2 + usize::try_from(dice.roll(20)).expect("small")];
            format!("update \"Things\" set {} = {} where {}", quote(column.0), literal(dice, column), key(dice))
        }
        15 => format!("update \"Things\" set a = 100 - a where \"k\"\"2\" = '{}'", pick(dice, VALUES[1].1)),
        16..19 => format!("delete from \"Things\" where {}", key(dice)),
        _ if dice.roll(4) == 0 => "truncate \"Things\"".to_owned(),
        _ => "delete from \"Things\" where i2 < 1".to_owned(),
    }
}

async fn texts(pool: &PgPool, query: &str) -> Vec<String> {
    sqlx::query_scalar(AssertSqlSafe(query.to_owned()))
        .fetch_all(pool)
        .await
        .unwrap_or_else(|error| panic!("{query}: {error}"))
}

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// A view, what it is checked against, and a client that only knows what is said.
struct Watched {
    view: View,
    filter: Option<&'static str>,
    /// The query that answers the same.
    reference: String,
    /// Rows that match the filter, by key.
    matching: BTreeMap<String, String>,
    client: BTreeSet<String>,
    known: bool,
}

impl Watched {
    fn random(dice: &mut Dice, table: &Arc<Table>) -> Self {
        let filter = (dice.roll(2) == 0).then(|| pick(dice, &FILTERS));
        let source = format!("only \"Things\" t{}", filter.map_or(String::new(), |filter| format!(" where {filter}")));
        let window = dice.roll(2) == 0;
        let (spec, reference) =
            if window { random_window(dice, table, &source) } else { random_totals(dice, table, &source) };
        let slack = usize::try_from(1 + dice.roll(4)).expect("small");
        let ends = usize::try_from(1 + dice.roll(3)).expect("small");
        let view = View::empty(spec, table.clone(), ViewBounds { slack, ends, groups: 1_000 });
        Self { view, filter, reference, matching: BTreeMap::new(), client: BTreeSet::new(), known: false }
    }

    async fn read_matching(&self, pool: &PgPool) -> BTreeMap<String, String> {
        let filter = self.filter.unwrap_or("true");
        let query = format!(
            "select json_build_array(json_build_array(a, \"k\"\"2\")::text, row_to_json(t.*)::text)::text from \"Things\" t where {filter}"
        );
        let pairs = texts(pool, &query).await;
        pairs.iter().map(|pair| serde_json::from_str::<(String, String)>(pair).expect("a pair")).collect()
    }

    async fn follow(&mut self, pool: &PgPool, table: &Table, truncated: bool) {
        let row = |text: Option<&String>| {
            text.map(|text| {
                let image = Arc::from(RawValue::from_string(text.clone()).expect("JSON"));
                Row::read(table, &image).expect("a row")
            })
        };
        let now = self.read_matching(pool).await;
        if truncated {
            self.view.truncate();
            self.matching.clear();
        }
        let keys: BTreeSet<&String> = now.keys().chain(self.matching.keys()).collect();
        for key in keys {
            let (before, after) = (self.matching.get(key), now.get(key));
            if before != after {
                self.view.apply(row(before).as_ref(), row(after).as_ref()).expect("applies");
            }
        }
        self.matching = now;
    }

    async fn refill(&mut self, pool: &PgPool) {
        let rows = texts(pool, &self.view.fill_sql("only \"Things\" t", self.filter)).await;
        let rows = rows.into_iter().map(|text| RawValue::from_string(text).expect("JSON")).collect();
        self.view.fill(rows).expect("fills");
    }

    async fn check(&mut self, pool: &PgPool, seed: u64) {
        let output = self.view.output().expect("says");
        self.known = output.need != Need::RefillNow;
        if !self.known {
            return;
        }
        for change in output.changes {
            match change {
                OutputChange::Insert(row) => assert!(self.client.insert(row.get().to_owned())),
                OutputChange::Update(_, row) => {
                    let key = self.key(row.get());
                    assert!(self.remove(&key), "an update of what is not there");
                    self.client.insert(row.get().to_owned());
                }
                OutputChange::Delete(key) => {
                    let key = self.key(key.get());
                    assert!(self.remove(&key), "a delete of what is not there");
                }
            }
        }
        let answer = texts(pool, &self.reference).await;
        let rows: Vec<String> = self.view.rows().iter().map(|row| row.get().to_owned()).collect();
        let sorted = |texts: &[String]| texts.iter().cloned().collect::<BTreeSet<String>>();
        assert_eq!(sorted(&rows), sorted(&answer), "seed {seed}: {}", self.reference);
        if self.view.key().len() > 1 {
            assert_eq!(rows, answer, "the order, seed {seed}: {}", self.reference);
        }
        assert_eq!(self.client, sorted(&answer), "the client, seed {seed}: {}", self.reference);
    }

    fn key(&self, row: &str) -> Vec<String> {
        let row: BTreeMap<String, Box<RawValue>> = serde_json::from_str(row).expect("an object");
        self.view.key().iter().map(|name| row[name].get().to_owned()).collect()
    }

    fn remove(&mut self, key: &[String]) -> bool {
        let found = self.client.iter().find(|row| self.key(row) == key).cloned();
        found.is_some_and(|row| self.client.remove(&row))
    }
}

fn random_window(dice: &mut Dice, table: &Table, source: &str) -> (Spec, String) {
    let names: Vec<&str> = VALUES.iter().map(|(name, _)| *name).collect();
    let (mut order, mut terms) = (Vec::new(), Vec::new());
    for name in some(dice, &names, 3) {
        let (desc, nulls) = (dice.roll(2) == 0, [None, Some(Nulls::First), Some(Nulls::Last)][dice.roll(3) as usize]);
        order.push(OrderBy { column: name.to_owned(), desc, nulls });
        let nulls = nulls.map_or("", |nulls| if nulls == Nulls::First { "nulls first" } else { "nulls last" });
        terms.push(format!("{} {} {nulls}", ordered(name), if desc { "desc" } else { "" }));
    }
    terms.extend(["k\"2", "a"].map(ordered));
    let limit = u32::try_from(1 + dice.roll(8)).expect("small");
    let spec = WindowSpec::read(&order, Some(limit), table).expect("can be ordered");
    let reference = format!("select row_to_json(t.*)::text from {source} order by {} limit {limit}", terms.join(", "));
    (Spec::Window(spec), reference)
}

fn random_totals(dice: &mut Dice, table: &Table, source: &str) -> (Spec, String) {
    let names: Vec<&str> = VALUES.iter().map(|(name, _)| *name).collect();
    let group = some(dice, &GROUPS, 2);
    let (sum, avg) = (some(dice, &NUMBERS, 4), some(dice, &NUMBERS, 4));
    let (min, max) = (some(dice, &names, 4), some(dice, &names, 4));
    let aggregate =
        Aggregate { count: true, sum: strings(&sum), min: strings(&min), max: strings(&max), avg: strings(&avg) };
    let spec = TotalsSpec::read(&aggregate, &strings(&group), table).expect("can be kept");
    // Each total under a name of its own first, then as members of an object.
    let mut inner = vec!["count(*) as count".to_owned()];
    let mut outer = Vec::new();
    let mut object = |title: &str, names: &[&str], expression: &dyn Fn(&str) -> String| {
        let members: Vec<String> =
            names.iter().enumerate().map(|(place, name)| format!("q.{title}{place} as {}", quote(name))).collect();
        inner.extend(names.iter().enumerate().map(|(place, name)| format!("{} as {title}{place}", expression(name))));
        if !names.is_empty() {
            outer.push(format!("(select row_to_json(x) from (select {}) x) as {title}", members.join(", ")));
        }
    };
    let end = |direction: &'static str| {
        move |name: &str| {
            let value = ordered(name);
            let text = format!("t.{}::text collate \"C\"", quote(name));
            format!(
                "(array_agg({value} order by {value} {direction}, {text} {direction}) filter (where {value} is not null))[1]"
            )
        }
    };
    object("g", &group, &|name| ordered(name));
    object("sum", &sum, &|name| format!("sum({})", ordered(name)));
    object("min", &min, &end("asc"));
    object("max", &max, &end("desc"));
    object("avg", &avg, &|name| format!("avg({})", ordered(name)));
    let group_member = if group.is_empty() {
        "'{}'::json as \"group\"".to_owned()
    } else {
        outer.remove(0).replace(") x) as g", ") x) as \"group\"")
    };
    let group_by: Vec<String> = group.iter().map(|name| ordered(name)).collect();
    let group_by = if group.is_empty() { String::new() } else { format!("group by {}", group_by.join(", ")) };
    outer.insert(0, "q.count".to_owned());
    let reference = format!(
        "select row_to_json(o)::text from (select {group_member}, {} from (select {} from {source} {group_by}) q) o",
        outer.join(", "),
        inner.join(", ")
    );
    (Spec::Totals(spec), reference)
}

async fn run(pool: &PgPool, table: &Arc<Table>, seed: u64) -> (usize, usize) {
    let mut dice = Dice::new(seed);
    sql(pool, "truncate \"Things\"").await;
    let mut watched: Vec<Watched> = (0..VIEWS).map(|_| Watched::random(&mut dice, table)).collect();
    let (mut known, mut refills) = (0, 0);
    for _ in 0..TRANSACTIONS {
        let statements: Vec<String> = (0..=dice.roll(6)).map(|_| statement(&mut dice)).collect();
        // Rows that come after a truncate are told apart from those before it; what came before is gone with it.
        let truncated = statements.iter().any(|statement| statement.starts_with("truncate"));
        let result =
            sqlx::raw_sql(AssertSqlSafe(format!("begin; {}; commit", statements.join("; ")))).execute(pool).await;
        if let Err(error) = &result {
            let code = error.as_database_error().and_then(|error| error.code()).unwrap_or_default();
            assert_eq!(code, UNIQUE_VIOLATION, "{error}: {statements:?}");
            sql(pool, "rollback").await;
        }
        for watched in &mut watched {
            watched.follow(pool, table, truncated && result.is_ok()).await;
            watched.check(pool, seed).await;
            known += usize::from(watched.known && watched.client.len() > 1);
            if dice.roll(4) == 0 {
                watched.refill(pool).await;
                refills += 1;
                watched.check(pool, seed).await;
                assert!(watched.known, "it was just filled");
            }
        }
    }
    (known, refills)
}

fn variable(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[sqlx::test(migrations = false)]
async fn windows_and_totals_are_what_postgres_answers(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    // Settings of a session are those of all statements.
    let pool = pool_of(&pool, 1).await;
    sql(&pool, TABLE).await;
    let columns: String = value(&pool, "select rowcast.columns_of('\"Things\"'::regclass)::text").await;
    let columns: Vec<Column> = serde_json::from_str(&columns).expect("columns");
    let table = Table {
        id: 1,
        schema: "public".to_owned(),
        name: "Things".to_owned(),
        key: strings(&["k\"2", "a"]),
        columns,
        since: 0,
        partitioned: false,
        policies: Vec::new(),
    };
    let table = Arc::new(table);
    let first = variable("ROWCAST_VIEWS_SEED", 1);
    for seed in first..first + variable("ROWCAST_VIEWS_RUNS", RUNS) {
        let (known, refills) = run(&pool, &table, seed).await;
        assert!(known > 20 && refills > 20, "seed {seed}: {known} answers of several rows, {refills} refills");
    }
}
