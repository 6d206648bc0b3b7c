//! The demo's orders: tables as anybody might have them, and what happened in them during the last weeks.
//!
//! | file | what it is |
//! |---|---|
//! | `story`, `words` | what happened, made up |
//!
//! It is written as it would have happened: events, read models kept from them, notifications. Only the times are others. What is
//! in stock is what those orders have left, so products are as they were.

mod story;
mod words;

use super::{
    event::OrderEvent,
    failure::Failure,
    kept,
    notify::{self, When},
    order::Order,
    projections::{self, Shape},
    stock,
};
use crate::{
    app::inventory::Price,
    changelog::statement,
    hub::Policy,
    ledger::{self, Events, Until},
    protocol::Role,
};
use serde_json::Value;
use sqlx::{PgConnection, Row};
use std::collections::BTreeMap;
use story::{Moment, People, Person, Product};

/// The tables that pages show.
pub const TABLES: [&str; 4] = ["public.orders", "public.order_lines", "public.order_steps", "public.notifications"];

/// What a table must have to be ours.
const SHAPES: [Shape; 5] = [
    projections::ORDERS,
    projections::LINES,
    projections::STEPS,
    ("public.notifications", &["id", "account", "kind", "title", "body", "link", "at", "read_at"]),
    ("public.order_requests", &["principal", "key", "request", "answer", "at"]),
];
/// Before the number of the first order.
const BEFORE_FIRST: i64 = 1_000;
/// People are told of what happened in the last seconds.
const TOLD: i64 = 14 * 86_400;
/// What they have not read yet happened in the last seconds.
const UNREAD: i64 = 86_400;
/// More events than an order of the demo has.
const MAX_EVENTS: i64 = 20;

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum DemoOrdersError {
    /// Somebody has a table of that name for something else.
    #[error(
        "there is a table {table} that is not the demo's: {why}. Rowcast leaves it alone; start without demo data, or \
         with another database"
    )]
    ForeignTable {
        /// Which.
        table: String,
        /// How that is known.
        why: String,
    },
    /// They could not be written.
    #[error("the demo's orders could not be written: {0}")]
    Failed(String),
}

impl From<sqlx::Error> for DemoOrdersError {
    fn from(error: sqlx::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<Failure> for DemoOrdersError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure.to_string())
    }
}

/// What each role may see of a table.
pub fn policies(table: &str) -> Vec<Policy> {
    let own = match table {
        "public.notifications" => "account = $user.id",
        _ => "customer = $user.id",
    };
    let filtered = |role| Policy { filter: Some(own.to_owned()), ..Policy::all(role) };
    let all_own = table == "public.notifications";
    let of = |role: Role| if all_own || role == Role::Customer { filtered(role) } else { Policy::all(role) };
    [Role::Customer, Role::Staff, Role::Admin].map(of).into()
}

/// Makes the tables and fills them, unless they are there already. What people did to the rows stays.
pub async fn install(connection: &mut PgConnection) -> Result<(), DemoOrdersError> {
    if are_there(connection).await? {
        return Ok(());
    }
    sqlx::raw_sql(include_str!("../schema.sql")).execute(&mut *connection).await?;
    projections::declare_all(connection).await.map_err(|error| DemoOrdersError::Failed(error.to_string()))?;
    // Orders that the ledger has already come back from there.
    let are_told = statement::query_scalar("select exists (select from rowcast.stream where stream like 'order-%')");
    if are_told.fetch_one(&mut *connection).await? {
        return Ok(());
    }
    let story = story::tell(&products(connection).await?, &people(connection).await?);
    write(connection, &story).await?;
    Ok(())
}

/// Whether the tables are there, as they should be.
async fn are_there(connection: &mut PgConnection) -> Result<bool, DemoOrdersError> {
    let mut found = 0;
    for (table, columns) in SHAPES {
        let row = statement::query(include_str!("../sql/missing_column.sql"))
            .bind(table)
            .bind(columns)
            .fetch_one(&mut *connection)
            .await?;
        if !row.try_get::<bool, _>("is_there")? {
            continue;
        }
        found += 1;
        if let Some(column) = row.try_get::<Option<String>, _>("missing")? {
            return Err(DemoOrdersError::ForeignTable {
                table: table.to_owned(),
                why: format!("it has no column {column}"),
            });
        }
    }
    match found {
        0 => Ok(false),
        all if all == SHAPES.len() => Ok(true),
        _ => {
            let why = format!("it is there, and others of {} are not", SHAPES.map(|(table, _)| table).join(", "));
            Err(DemoOrdersError::ForeignTable { table: projections::ORDERS.0.to_owned(), why })
        }
    }
}

async fn products(connection: &mut PgConnection) -> Result<Vec<Product>, sqlx::Error> {
    let all = statement::query("select id, sku, name, (price * 100)::bigint as price from public.products order by id");
    let rows = all.fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (id, sku, name) = (row.try_get("id")?, row.try_get("sku")?, row.try_get("name")?);
            Ok(Product { id, sku, name, price: Price(row.try_get("price")?) })
        })
        .collect()
}

/// The accounts of the demo, where they are; others have done it without one.
async fn people(connection: &mut PgConnection) -> Result<People, sqlx::Error> {
    let mut known = BTreeMap::new();
    for (email, name, role) in crate::identity::demo::PEOPLE {
        let account = statement::query_scalar("select id from rowcast.account where lower(email) = $1 and role = $2");
        let account = account.bind(email).bind(role.word()).fetch_optional(&mut *connection).await?;
        known.insert(role, Person { account, name: name.to_owned() });
    }
    let mut of = |role| known.remove(&role).unwrap_or_default();
    Ok(People {
        customer: of(Role::Customer),
        staff: vec![of(Role::Staff), of(Role::Admin)],
        shop: Person { account: None, name: "Web shop".to_owned() },
    })
}

/// The columns of what is recorded, one value for each event.
#[derive(Default)]
struct Columns {
    streams: Vec<String>,
    kinds: Vec<String>,
    data: Vec<String>,
    who: Vec<Option<String>>,
    names: Vec<String>,
    causes: Vec<Option<String>>,
    correlations: Vec<String>,
    ages: Vec<i64>,
}

impl Columns {
    fn push(&mut self, stream: String, kind: &str, data: &Value, cause: Option<&str>, order: &str, moment: &Moment) {
        self.streams.push(stream);
        self.kinds.push(kind.to_owned());
        self.data.push(data.to_string());
        self.who.push(moment.who.account.map(|account| account.to_string()));
        self.names.push(moment.who.name.clone());
        self.causes.push(cause.map(str::to_owned));
        self.correlations.push(order.to_owned());
        self.ages.push(moment.age);
    }
}

async fn write(connection: &mut PgConnection, story: &[Moment]) -> Result<(), Failure> {
    if story.is_empty() {
        return Ok(());
    }
    let orders = record(connection, story).await?;
    let mut recorded = Vec::new();
    for order in &orders {
        let stream = kept::stream(*order);
        recorded.extend(ledger::read_stream(&mut *connection, &stream, 1, &Until::Latest, MAX_EVENTS).await?);
    }
    projections::follow(connection, &recorded).await?;
    tell(connection, story).await?;
    statement::query("select setval('public.order_number', $1)")
        .bind(orders.iter().max().copied().unwrap_or(BEFORE_FIRST))
        .execute(connection)
        .await?;
    Ok(())
}

/// The number of an order of the story.
fn number(moment: &Moment) -> i64 {
    BEFORE_FIRST + 1 + moment.order as i64
}

/// Writes the events with the times of the story. Returns the orders' numbers.
async fn record(connection: &mut PgConnection, story: &[Moment]) -> Result<Vec<i64>, Failure> {
    let mut columns = Columns::default();
    let mut lines = BTreeMap::new();
    for moment in story {
        let id = number(moment);
        let order = kept::stream(id);
        let event = moment.event.to_new();
        columns.push(order.clone(), &event.kind, &event.data, None, &order, moment);
        if let OrderEvent::OrderPlaced { lines: ordered, .. } = &moment.event {
            lines.insert(id, ordered.clone());
        }
        let Some(way) = stock::Way::of(moment.event.state()) else { continue };
        for line in &lines[&id] {
            let (stream, event) = stock::event(way, id, line.product_id, line.quantity);
            columns.push(stream, &event.kind, &event.data, Some(&order), &order, moment);
        }
    }
    statement::query(include_str!("../sql/record_story.sql"))
        .bind(kept::SCHEMA)
        .bind(columns.streams)
        .bind(columns.kinds)
        .bind(columns.data)
        .bind(columns.who)
        .bind(columns.names)
        .bind(columns.causes)
        .bind(columns.correlations)
        .bind(columns.ages)
        .execute(connection)
        .await?;
    Ok(lines.into_keys().collect())
}

/// Tells whom it concerned, as far as they would still know.
async fn tell(connection: &mut PgConnection, story: &[Moment]) -> Result<(), Failure> {
    let mut orders: BTreeMap<i64, Order> = BTreeMap::new();
    for moment in story {
        let order = orders.entry(number(moment)).or_default();
        order.apply(&moment.event, order.version + 1, "", &moment.who.name);
        if moment.age < TOLD {
            let when = When { age: moment.age, is_read: moment.age > UNREAD };
            let actor = moment.who.account;
            notify::recall(connection, number(moment), order, &moment.event, actor, when).await?;
        }
    }
    Ok(())
}
