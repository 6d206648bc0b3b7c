//! Filters have the answer that Postgres has: random expressions on random rows, three ways. What Postgres says of the text
//! itself, what it says of the SQL that the filter becomes, and what the filter says of the row's text must be the same.
//!
//! `ROWCAST_FUZZ=100000` asks for that many expressions, `ROWCAST_SEED` for the same ones again.

use super::support::{Dice, sql};
use rowcast::{
    capture::{self, Trust},
    changelog,
    hub::{
        Column, Row, Table,
        filter::{Draft, Filter, scalar},
    },
};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, PgPool, Row as _};
use std::{env, fmt, sync::Arc};

/// Expressions in a run unless said otherwise.
const EXPRESSIONS: u64 = 2_000;
/// Rows that each expression is asked about.
const ROWS: u64 = 60;
/// Expressions in one statement.
const TOGETHER: usize = 25;
/// Of a hundred expressions, so many are to be accepted.
const FLOOR: u64 = 60;

/// A column: its name, its type, values that its rows have and that it is compared with (all quoted constants), and other
/// columns that are compared with it.
struct Sort {
    name: &'static str,
    sql: &'static str,
    values: &'static [&'static str],
    with: &'static [&'static str],
}

const INTEGERS: &[&str] = &["0", "1", "-1", "7", "32767", "-32768", "42"];
const TEXTS: &[&str] =
    &["", "a", "A", "ab", "a b ", "äöü", "Ä", "100%", "a_c", "a\\b", "it''s", "\u{1f600}", "\t", "true"];
const UUIDS: &[&str] = &[
    "00000000-0000-0000-0000-000000000000",
    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A12",
];
const MOMENTS: &[&str] = &[
    "2020-02-29 12:00:00.5",
    "1999-12-31 23:59:59.999999",
    "0044-03-15 12:00 BC",
    "infinity",
    "-infinity",
    "2020-02-29",
    "12345-01-01",
    "1970-01-01 00:00:00.000001",
];

const SORTS: &[Sort] = &[
    Sort { name: "b", sql: "boolean", values: &["true", "false"], with: &["c"] },
    Sort { name: "c", sql: "boolean", values: &["t", "no"], with: &["b"] },
    Sort { name: "i2", sql: "smallint", values: INTEGERS, with: &["i4", "i8", "n", "f8", "f4"] },
    Sort {
        name: "i4",
        sql: "integer",
        values: &["0", "-1", "7", "2147483647", "-2147483648"],
        with: &["i2", "n", "f8"],
    },
    Sort {
        name: "i8",
        sql: "bigint",
        values: &["0", "9007199254740993", "9223372036854775807", "-9223372036854775808", "7"],
        with: &["i4", "n", "f8", "f4", "n2"],
    },
    Sort {
        name: "n",
        sql: "numeric",
        values: &[
            "0",
            "-0.0",
            "1.0",
            "1.000",
            "7",
            "NaN",
            "Infinity",
            "9007199254740993.0000000000000001",
            "123456789012345678901234567890123456789012345678901234567890.5",
            "0.1",
        ],
        with: &["n2", "i4", "i8"],
    },
    Sort {
        name: "n2",
        sql: "numeric(12,2)",
        values: &["0.10", "7", "-7.25", "NaN", "9999999999.99"],
        with: &["n", "i4"],
    },
    Sort {
        name: "f8",
        sql: "double precision",
        values: &["0", "-0", "0.1", "NaN", "Infinity", "-Infinity", "1e300", "9007199254740992", "7", "4.9e-324"],
        with: &["f4", "i8"],
    },
    Sort {
        name: "f4",
        sql: "real",
        values: &["0.1", "7", "NaN", "-Infinity", "16777216", "1e-45"],
        with: &["f8", "i4"],
    },
    Sort { name: "s", sql: "text collate \"C\"", values: TEXTS, with: &["v", "dom"] },
    Sort { name: "v", sql: "varchar(5) collate \"C\"", values: &["", "a", "A", "äöüß€", "ab   "], with: &["s"] },
    Sort {
        name: "ch",
        sql: "char(4) collate \"C\"",
        values: &["", "a", "a ", "ab", "a b", "äö", "\t"],
        with: &["ch2"],
    },
    Sort { name: "ch2", sql: "char(6) collate \"C\"", values: &["", "a", "ab", "ab  ", "a b"], with: &["ch"] },
    Sort { name: "default_text", sql: "text", values: TEXTS, with: &["s", "icu_text"] },
    Sort { name: "icu_text", sql: "text collate \"und-x-icu\"", values: TEXTS, with: &["s", "v", "default_text"] },
    Sort { name: "u", sql: "uuid", values: UUIDS, with: &[] },
    Sort { name: "m", sql: "mood", values: &["sad", "ok", "Happy day", "äh"], with: &[] },
    Sort { name: "dm", sql: "mood_domain", values: &["sad", "ok"], with: &[] },
    Sort { name: "dom", sql: "word", values: &["a", "ab", "zz"], with: &["s"] },
    Sort {
        name: "d",
        sql: "date",
        values: &["2020-02-29", "1999-12-31", "0044-03-15 BC", "infinity", "-infinity", "5874897-12-31"],
        with: &["ts", "tz"],
    },
    Sort { name: "ts", sql: "timestamp", values: MOMENTS, with: &["d", "tz"] },
    Sort { name: "tz", sql: "timestamptz", values: MOMENTS, with: &["ts", "d"] },
    Sort { name: "ti", sql: "time", values: &["00:00", "24:00", "12:34:56.789", "12:34:56.789001"], with: &[] },
    Sort { name: "tt", sql: "timetz", values: &["12:00+00", "13:00+01", "12:00-05:30", "00:00+15:59:59"], with: &[] },
    Sort {
        name: "iv",
        sql: "interval",
        values: &["1 mon", "30 days", "-1 year 2 mons 3 days -04:05:06.5", "0", "720:00", "1 year", "12 mons"],
        with: &[],
    },
    Sort { name: "by", sql: "bytea", values: &["", "\\x00", "\\xff00", "\\xdeadbeef", "abc"], with: &[] },
    Sort {
        name: "j",
        sql: "jsonb",
        values: &[
            "{}",
            "[]",
            "1",
            "1.0",
            "\"a\"",
            "{\"a\": 1, \"b\": [1, 2, {\"c\": null}]}",
            "[1, \"a\", [2], null]",
            "{\"a\": \"ä\\\"\\n\", \"b\": {\"c\": true}}",
            "{\"a\": null}",
            "true",
            "{\"a\": 10000000000000000000000.50}",
        ],
        with: &[],
    },
];

const ARRAYS: &[(&str, &str, &str, &[&str])] = &[
    (
        "ta",
        "text[]",
        "s",
        &["{}", "{a}", "{a,NULL,ab}", "{{a,ab},{NULL,\"\"}}", "{\"a b \",\"NULL\",\"it''s\"}", "[5:6]={a,b}"],
    ),
    ("ia", "integer[]", "i4", &["{}", "{7}", "{0,-1,NULL}", "{{0,7},{2147483647,-1}}"]),
    ("ma", "mood[]", "m", &["{}", "{sad,ok}", "{NULL}", "{\"Happy day\"}"]),
    ("fa", "double precision[]", "f8", &["{NaN,0.1}", "{}", "{-0,7,NULL}"]),
    ("va", "varchar(5)[]", "v", &["{}", "{a,A}", "{NULL,ab}"]),
    ("za", "timestamptz[]", "tz", &["{}", "{infinity,2020-02-29}", "{NULL}"]),
];

/// A random expression, such that what is within it can be looked at alone.
#[derive(Clone)]
enum Expression {
    Leaf(String),
    Not(Box<Expression>),
    Is(Box<Expression>, &'static str),
    Both(Box<Expression>, &'static str, Box<Expression>),
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Brackets only where a leaf does not bind tightly enough, so that precedence is tested, too.
        match self {
            Self::Leaf(text) => f.write_str(text),
            Self::Not(of) if matches!(**of, Self::Leaf(_)) => write!(f, "not {of}"),
            Self::Not(of) => write!(f, "not ({of})"),
            Self::Is(of, what) => write!(f, "({of}) {what}"),
            Self::Both(left, word, right) => {
                for (part, before) in [(left, ""), (right, " ")] {
                    if !before.is_empty() {
                        write!(f, " {word} ")?;
                    }
                    match (**part).clone() {
                        Self::Both(_, own, _) if own != *word => write!(f, "({part})")?,
                        _ => write!(f, "{part}")?,
                    }
                }
                Ok(())
            }
        }
    }
}

impl Expression {
    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Leaf(_) => Vec::new(),
            Self::Not(of) | Self::Is(of, _) => vec![of],
            Self::Both(left, _, right) => vec![left, right],
        }
    }
}

fn pick<'a, T>(dice: &mut Dice, from: &'a [T]) -> &'a T {
    &from[dice.roll(from.len() as u64) as usize]
}

fn quoted(dice: &mut Dice, sort: &Sort) -> String {
    format!("'{}'", pick(dice, sort.values))
}

fn is_number(sort: &Sort) -> bool {
    matches!(sort.name, "i2" | "i4" | "i8" | "n" | "n2" | "f8" | "f4")
}

/// Something of a column's type: a constant mostly.
fn other(dice: &mut Dice, sort: &Sort) -> String {
    match dice.roll(12) {
        0..=1 if !sort.with.is_empty() => (*pick(dice, sort.with)).to_owned(),
        2..=6 if is_number(sort) => {
            (*pick(dice, &["0", "1", "7", "-1", "0.1", "2.5", "9007199254740993", "1e3", "-7.25", "16777217", ".5"]))
                .to_owned()
        }
        7 if matches!(sort.name, "s" | "v" | "dom") => {
            (*pick(dice, &["lower(s)", "upper(v)", "s || 'a'", "j ->> 'a'", "i4::text", "b::text", "coalesce(s, 'x')"]))
                .to_owned()
        }
        8 if matches!(sort.name, "i2" | "i4" | "i8" | "n2") => (*pick(
            dice,
            &["i2 + 1", "i4 - i2", "n2 * 2", "length(s)", "-i2", "n2 + i4 * 3", "coalesce(i4, i2)", "nullif(i4, 7)"],
        ))
        .to_owned(),
        9 => "null".to_owned(),
        _ => quoted(dice, sort),
    }
}

/// A value beside an array of constants and columns, which have one type together.
fn of_an_array(dice: &mut Dice, comparison: &str) -> String {
    let sort = pick(dice, SORTS);
    let mut members: Vec<_> = (0..dice.roll(3)).map(|_| other(dice, sort)).collect();
    members.insert(dice.roll(members.len() as u64 + 1) as usize, quoted(dice, sort));
    let left = if dice.roll(6) == 0 { quoted(dice, sort) } else { sort.name.to_owned() };
    let word = *pick(dice, &["any", "all"]);
    format!("{left} {comparison} {word} (array[{}])", members.join(", "))
}

fn leaf(dice: &mut Dice) -> String {
    let sort = pick(dice, SORTS);
    let name = sort.name;
    let comparison = *pick(dice, &["=", "<>", "<", "<=", ">", ">=", "!="]);
    let not = *pick(dice, &["", "not "]);
    match dice.roll(16) {
        0 => format!("{name} is {not}null"),
        1 => format!("{name} is {not}distinct from {}", other(dice, sort)),
        2..=3 => {
            let count = dice.roll(4) + 1;
            let list: Vec<_> = (0..count).map(|_| other(dice, sort)).collect();
            format!("{name} {not}in ({})", list.join(", "))
        }
        4 => format!("{name} {not}between {} and {}", other(dice, sort), other(dice, sort)),
        5..=6 => {
            let of = *pick(dice, &["s", "v", "ch", "dom", "j ->> 'a'", "lower(s)"]);
            let like = *pick(dice, &["like", "ilike"]);
            let pattern = *pick(
                dice,
                &[
                    "'%'",
                    "'a%'",
                    "'%B%'",
                    "'_'",
                    "'A_%'",
                    "'100\\%'",
                    "'a\\\\b'",
                    "'Ä%'",
                    "'%ö_'",
                    "'a!_c' escape '!'",
                    "'ab  '",
                    "''",
                ],
            );
            format!("{of} {not}{like} {pattern}")
        }
        7 => {
            let (array, _, element, values) = pick(dice, ARRAYS);
            let Some(sort) = SORTS.iter().find(|sort| sort.name == *element) else { return "true".to_owned() };
            let _ = values;
            match dice.roll(5) {
                0 => format!("{} {comparison} any ({array})", quoted(dice, sort)),
                1 => format!("{} {comparison} all ({array})", sort.name),
                2 => {
                    let relation = *pick(dice, &["@>", "<@", "&&"]);
                    let cast = match *array {
                        "ma" => "mood",
                        "va" => "varchar",
                        "ta" => "text",
                        "ia" => "int",
                        "fa" => "float8",
                        _ => "timestamptz",
                    };
                    let list: Vec<_> =
                        (0..=dice.roll(2)).map(|_| format!("'{}'::{cast}", pick(dice, sort.values))).collect();
                    let list = if cast == "mood" || cast == "varchar" { vec!["null".to_owned()] } else { list };
                    format!("{array} {relation} array[{}]", list.join(", "))
                }
                3 => of_an_array(dice, comparison),
                _ => format!("{array} is {not}null"),
            }
        }
        8..=9 => match dice.roll(6) {
            0 => format!("j @> {}", quoted(dice, &SORTS[SORTS.len() - 1])),
            1 => format!("j -> 'b' = '{}'", pick(dice, &["[1, 2, {\"c\": null}]", "null", "{\"c\": true}"])),
            2 => format!("j -> {} is {not}null", pick(dice, &["'a'", "0", "-1", "1", "'zz'"])),
            3 => format!(
                "j ->> {} {comparison} '{}'",
                pick(dice, &["'a'", "0", "1", "-2"]),
                pick(dice, &["1", "a", "ä", "[2]"])
            ),
            4 => format!("j ? '{}'", pick(dice, &["a", "b", "1"])),
            _ => format!("j -> 'b' -> 'c' {} 'true'", pick(dice, &["=", "<>"])),
        },
        10 => (*pick(dice, &["b", "c", "true", "null", "false"])).to_owned(),
        _ => format!("{name} {comparison} {}", other(dice, sort)),
    }
}

fn expression(dice: &mut Dice, depth: u64) -> Expression {
    if depth == 0 || dice.roll(3) == 0 {
        return Expression::Leaf(leaf(dice));
    }
    match dice.roll(8) {
        0 => Expression::Not(Box::new(expression(dice, depth - 1))),
        1 => {
            let what = *pick(
                dice,
                &["is true", "is not true", "is false", "is not false", "is unknown", "is not unknown", "is null"],
            );
            Expression::Is(Box::new(expression(dice, depth - 1)), what)
        }
        _ => {
            let word = *pick(dice, &["and", "or"]);
            Expression::Both(Box::new(expression(dice, depth - 1)), word, Box::new(expression(dice, depth - 1)))
        }
    }
}

async fn make_table(pool: &PgPool, dice: &mut Dice) {
    changelog::install(pool).await.expect("installs");
    let mut columns: Vec<String> = SORTS.iter().map(|sort| format!("{} {}", sort.name, sort.sql)).collect();
    columns.extend(ARRAYS.iter().map(|(name, sql, ..)| format!("{name} {sql}")));
    sql(
        pool,
        &format!(
            "create type mood as enum ('sad', 'ok', 'Happy day', 'äh');
             create domain mood_domain as mood;
             create domain word as text collate \"C\" check (length(value) < 3);
             create table f (id int primary key, {})",
            columns.join(", ")
        ),
    )
    .await;
    for id in 0..ROWS {
        let mut values = vec![id.to_string()];
        for values_of in SORTS.iter().map(|sort| sort.values).chain(ARRAYS.iter().map(|array| array.3)) {
            values.push(if dice.roll(5) == 0 { "null".to_owned() } else { format!("'{}'", pick(dice, values_of)) });
        }
        sql(pool, &format!("insert into f values ({})", values.join(", "))).await;
    }
    capture::track(pool, "f", Trust::Checked).await.expect("tracks");
}

async fn table_of(pool: &PgPool) -> Arc<Table> {
    let columns: String = sqlx::query_scalar("select columns::text from rowcast.tracked where table_name = 'f'")
        .fetch_one(pool)
        .await
        .expect("tracked");
    let columns: Vec<Column> = serde_json::from_str(&columns).expect("columns");
    Arc::new(Table {
        id: 1,
        schema: "public".to_owned(),
        name: "f".to_owned(),
        key: vec!["id".to_owned()],
        columns,
        since: 0,
        partitioned: false,
        policies: Vec::new(),
    })
}

/// What each of some conditions is for each row.
async fn ask(
    pool: &PgPool,
    conditions: &[String],
    parameters: &[Option<String>],
) -> Result<Vec<Vec<Option<bool>>>, sqlx::Error> {
    let conditions: Vec<_> = conditions.iter().map(|condition| format!("({condition})")).collect();
    let text = format!("select {} from f t order by id", conditions.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(text)).persistent(false);
    for parameter in parameters {
        query = query.bind(parameter.clone());
    }
    let rows = query.fetch_all(pool).await?;
    Ok((0..conditions.len()).map(|place| rows.iter().map(|row| row.get::<Option<bool>, _>(place)).collect()).collect())
}

async fn filter_of(pool: &PgPool, text: &str, table: &Arc<Table>) -> Option<Filter> {
    let draft = Draft::read(text, &[], table).ok()?;
    let values = changelog::read_constants(pool, draft.constants()).await.expect("a database").ok()?;
    draft.bind(values).ok()
}

/// The expression with the collation in which filters compare texts: most columns have it by themselves here, members of a
/// jsonb have not. An explicit collation of one side of an operator goes for its result.
fn as_compared_here(text: &str) -> String {
    let text = ["default_text", "icu_text"]
        .iter()
        .fold(text.to_owned(), |text, name| text.replace(name, &format!("{name} collate \"C\"")));
    let mut parts = text.split("->> ");
    let mut compared = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find([' ', ')', ',']).unwrap_or(part.len());
        let (member, rest) = part.split_at(end);
        compared.push_str(&format!(
            "->> {} collate \"C\"{rest}",
            if member.starts_with('\'') { member.to_owned() } else { format!("({member})") }
        ));
    }
    compared
}

/// Whether the index of queries by the value of a column would find the query for every row that it has.
fn is_found_by_its_value(filter: &Filter, table: &Table, rows: &[Row]) -> bool {
    let Some((column, values)) = filter.equalities() else { return true };
    let kind = &table.columns[*column].kind;
    rows.iter()
        .filter(|row| filter.matches(row))
        .all(|row| row.value(*column).and_then(|json| scalar(kind, json)).is_some_and(|value| values.contains(&value)))
}

/// How the three ways differ for an expression: the first row, and what each says.
async fn difference(pool: &PgPool, text: &str, table: &Arc<Table>, rows: &[Row]) -> Option<String> {
    let filter = filter_of(pool, text, table).await?;
    if !is_found_by_its_value(&filter, table, rows) {
        return Some(format!("the index by value misses a row: {:?}", filter.equalities()));
    }
    let (condition, parameters) = filter.condition(1);
    let ours = match ask(pool, std::slice::from_ref(&condition), &parameters).await {
        Ok(mut answers) => answers.remove(0),
        Err(error) => return Some(format!("{condition} {parameters:?}\n  raises {error}")),
    };
    // Where Postgres refuses the text itself, the filter is the more generous.
    let theirs = ask(pool, &[as_compared_here(text)], &[]).await.ok().map(|mut answers| answers.remove(0));
    for (place, row) in rows.iter().enumerate() {
        let original = theirs.as_ref().map(|theirs| theirs[place]);
        let evaluated = filter.matches(row);
        if original.is_some_and(|original| original != ours[place]) || evaluated != (ours[place] == Some(true)) {
            let values: Vec<_> = filter
                .uses()
                .iter()
                .map(|column| format!("{} = {}", table.columns[*column], row.value(*column).unwrap_or("nothing")))
                .collect();
            return Some(format!(
                "{}\n  Postgres: {original:?}, condition: {:?}, evaluated: {evaluated}\n  {condition} {parameters:?}",
                values.join(", "),
                ours[place]
            ));
        }
    }
    None
}

/// The smallest part of an expression that still differs.
async fn smallest(pool: &PgPool, whole: &Expression, table: &Arc<Table>, rows: &[Row]) -> String {
    let mut least = whole.clone();
    'smaller: loop {
        for part in least.clone().parts() {
            if difference(pool, &part.to_string(), table, rows).await.is_some() {
                least = part.clone();
                continue 'smaller;
            }
        }
        let shown = difference(pool, &least.to_string(), table, rows).await.unwrap_or_default();
        return format!("{least}\n  {shown}");
    }
}

fn number_from(name: &str) -> Option<u64> {
    env::var(name).ok()?.parse().ok()
}

#[sqlx::test(migrations = false)]
async fn filters_have_the_answer_that_postgres_has(pool: PgPool) {
    let seed = number_from("ROWCAST_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("ROWCAST_SEED={seed}");
    let dice = &mut Dice::new(seed);
    make_table(&pool, dice).await;
    let table = table_of(&pool).await;
    let pool = {
        // Moments are compared in UTC.
        let options = pool.connect_options().as_ref().clone().options([("timezone", "UTC")]);
        sqlx::postgres::PgPoolOptions::new().max_connections(2).connect_with(options).await.expect("connects")
    };
    let texts: Vec<String> =
        sqlx::query_scalar("select row_to_json(t.*)::text from f t order by id").fetch_all(&pool).await.expect("rows");
    let rows: Vec<Row> = texts
        .into_iter()
        .map(|text| Row::read(&table, &Arc::from(RawValue::from_string(text).expect("JSON"))).expect("a row"))
        .collect();

    let wanted = number_from("ROWCAST_FUZZ").unwrap_or(EXPRESSIONS);
    let (mut asked, mut accepted, mut indexed) = (0, 0, 0);
    let mut differences = Vec::new();
    while asked < wanted && differences.len() < 10 {
        let (mut batch, mut conditions, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
        while batch.len() < TOGETHER && asked < wanted {
            asked += 1;
            let expression = expression(dice, 3);
            let text = expression.to_string();
            let Some(filter) = filter_of(&pool, &text, &table).await else { continue };
            accepted += 1;
            indexed += u64::from(filter.equalities().is_some());
            let (condition, own) = filter.condition(parameters.len() + 1);
            conditions.push(condition);
            conditions.push(as_compared_here(&text));
            parameters.extend(own);
            batch.push((expression, filter));
        }
        // One statement for all is fast; only where it fails or differs is each looked at alone.
        let answers = ask(&pool, &conditions, &parameters).await.ok();
        for (place, (expression, filter)) in batch.iter().enumerate() {
            let same = answers.as_ref().is_some_and(|answers| {
                let (ours, theirs) = (&answers[2 * place], &answers[2 * place + 1]);
                ours == theirs
                    && is_found_by_its_value(filter, &table, &rows)
                    && rows.iter().zip(ours).all(|(row, ours)| filter.matches(row) == (*ours == Some(true)))
            });
            if !same && difference(&pool, &expression.to_string(), &table, &rows).await.is_some() {
                differences.push(smallest(&pool, expression, &table, &rows).await);
            }
        }
    }
    println!("{accepted} of {asked} expressions accepted, {indexed} of them found by a value, {ROWS} rows");
    assert!(indexed > 0 || asked < 100, "none has an index");
    assert!(differences.is_empty(), "ROWCAST_SEED={seed}\n{}", differences.join("\n\n"));
    assert!(accepted * 100 >= asked * FLOOR, "only {accepted} of {asked} were accepted");
}
