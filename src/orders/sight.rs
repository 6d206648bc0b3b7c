//! What somebody sees of orders: rows as live pages get them, so by policies. Whoever is no staff sees their own at most, whatever
//! policies say.
//!
//! An order's past is more than its rows: events tell everything. So it is for those who see all that there is of the order.

use super::{
    failure,
    projections::{LINES, ORDERS, STEPS},
    refusal::{Refusal, Telling},
    state::State,
    step::Actor,
};
use crate::{
    hub::Principal,
    protocol::{ErrorCode, OrderBy, Role, Subscribe},
    store::{PageReader, ReadError},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// What orders are made of.
const PRODUCTS: &str = "public.products";
/// Most rows of one order: more than it can have lines or events.
const MAX_ROWS: u32 = 200;

/// Which orders are asked for: the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    /// In this state only.
    pub(super) state: Option<State>,
    /// So many at most.
    pub(super) limit: u32,
    /// Older than this one.
    pub(super) before: Option<i64>,
}

/// An order with all that belongs to it, of which somebody may see a part.
pub(crate) struct Sight {
    /// A row of `public.orders`.
    pub(super) order: Box<RawValue>,
    /// Rows of `public.order_lines`.
    pub(super) lines: Vec<Box<RawValue>>,
    /// Rows of `public.order_steps`.
    pub(super) steps: Vec<Box<RawValue>>,
    /// What the order is now, if that may be seen.
    pub(super) state: Option<State>,
    /// What whoever asks is to it.
    pub(super) actor: Actor,
    is_whole: bool,
}

/// What is looked at in a row, if it may be seen.
#[derive(Deserialize)]
struct Seen {
    id: i64,
    customer: Option<i64>,
    state: Option<State>,
    lines: Option<usize>,
    version: Option<usize>,
}

/// Of an order, what may be told to somebody who sees it.
#[derive(Deserialize)]
struct Granted {
    state: Option<IgnoredAny>,
    version: Option<IgnoredAny>,
}

/// A product that somebody sees, with what is granted to them of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Ware {
    pub(super) id: i64,
    name: Option<String>,
    sku: Option<String>,
    quantity: Option<i32>,
}

/// By their ids.
pub(super) type Wares = BTreeMap<i64, Ware>;

impl Ware {
    /// `Bolt (S-2)`, or as much of it as they may know.
    pub(super) fn words(&self) -> String {
        match (&self.name, &self.sku) {
            (Some(name), Some(sku)) => format!("{name} ({sku})"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => format!("Product {}", self.id),
        }
    }

    /// Whether they may know how many pieces there are.
    pub(super) fn is_counted(&self) -> bool {
        self.quantity.is_some()
    }
}

impl Sight {
    /// Whether nothing of the order is kept from whoever asks: no line, no step, no column of any.
    pub(crate) fn is_whole(&self) -> bool {
        self.is_whole
    }
}

/// Makes readers of what somebody may see. What one of them reads is as of one moment, which is held no longer than the reader.
#[derive(Clone)]
pub struct Readers(Arc<dyn Fn(Principal) -> PageReader + Send + Sync>);

impl Readers {
    /// Made by this.
    pub fn new(reader: impl Fn(Principal) -> PageReader + Send + Sync + 'static) -> Self {
        Self(Arc::new(reader))
    }

    /// Of orders.
    pub(super) fn of(&self, principal: &Principal) -> PageReader {
        (self.0)(reading(principal))
    }
}

/// Whose token is good for `public.orders` sees whole orders, and products to order them, whatever other tables it names.
fn reading(principal: &Principal) -> Principal {
    let mut principal = principal.clone();
    if let Some(tables) = &mut principal.tables
        && tables.iter().any(|table| table == ORDERS.0)
    {
        let parts = [LINES.0, STEPS.0, PRODUCTS].map(str::to_owned);
        *tables = tables.iter().cloned().chain(parts).collect();
    }
    principal
}

/// Orders, the newest first, and before which the next page begins. `reader` reads what `principal` may see.
pub(super) async fn list(
    reader: &PageReader,
    principal: &Principal,
    page: &Page,
) -> Result<(Vec<Box<RawValue>>, Option<i64>), ReadError> {
    let mut conditions = Vec::new();
    let mut params: Vec<Value> = Vec::new();
    let mut narrow = |condition: &str, value: Value| {
        params.push(value);
        conditions.push(format!("{condition} ${}", params.len()));
    };
    if principal.role < Role::Staff {
        // Nobody's orders are nobody's own.
        let Some(account) = principal.account else { return Ok((Vec::new(), None)) };
        narrow("customer =", account.into());
    }
    page.state.into_iter().for_each(|state| narrow("state =", state.word().into()));
    page.before.into_iter().for_each(|before| narrow("id <", before.into()));
    let question = Subscribe {
        table: ORDERS.0.to_owned(),
        filter: (!conditions.is_empty()).then(|| conditions.join(" and ")),
        params,
        order: vec![OrderBy { column: "id".to_owned(), desc: true, ..OrderBy::default() }],
        // One more tells whether there is a next page.
        limit: Some(page.limit + 1),
        ..Subscribe::default()
    };
    let mut rows = reader.ask(question).await?.rows;
    let limit = page.limit as usize;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more).map(|row| read(ORDERS.0, row)).transpose()?;
    Ok((rows, last.map(|last: Seen| last.id)))
}

/// Refuses what somebody wants to do with an order that they do not see: a refusal of another kind would tell of it. What may be told
/// of one that they see.
///
/// # Errors
///
/// There is no such order for whoever asks, or the database does not answer.
pub(super) async fn must_see(reader: &PageReader, id: i64) -> Result<Telling, Refusal> {
    let look = async {
        let seen = part(reader, ORDERS.0, "id", "id", id).await?.pop();
        seen.map(|row| read(ORDERS.0, &row)).transpose()
    };
    let seen: Option<Granted> = look.await.map_err(failure::of_sight)?;
    let Granted { state, version } = seen.ok_or_else(|| Refusal::not_found(id))?;
    Ok(Telling { state: state.is_some(), version: version.is_some() })
}

/// Those of the products that somebody sees. To them there are no others.
///
/// # Errors
///
/// The database does not answer.
pub(super) async fn wares(reader: &PageReader, products: &[i64]) -> Result<Wares, Refusal> {
    let places: Vec<String> = (1..=products.len()).map(|place| format!("${place}")).collect();
    let question = Subscribe {
        table: PRODUCTS.to_owned(),
        filter: Some(format!("id in ({})", places.join(", "))),
        params: products.iter().map(|product| (*product).into()).collect(),
        ..Subscribe::default()
    };
    let rows = match reader.ask(question).await {
        Ok(page) => page.rows,
        // None are live, or none are granted, or not by their numbers.
        Err(ReadError::NotTracked(_)) => Vec::new(),
        Err(ReadError::Refused(error)) if error.code == ErrorCode::UnknownColumn => Vec::new(),
        Err(error) => {
            tracing::warn!(%error, "products cannot be read for an order");
            return Err(Refusal::unavailable());
        }
    };
    let ware = |row: &RawValue| read(PRODUCTS, row).map(|ware: Ware| (ware.id, ware));
    rows.iter().map(|row| ware(row)).collect::<Result<_, _>>().map_err(failure::of_sight)
}

/// One order. `None` if there is none for whoever asks. `reader` reads what `principal` may see.
pub(crate) async fn one(reader: &PageReader, principal: &Principal, id: i64) -> Result<Option<Sight>, ReadError> {
    let Some(order) = part(reader, ORDERS.0, "id", "id", id).await?.pop() else { return Ok(None) };
    let seen: Seen = read(ORDERS.0, &order)?;
    let actor = Actor::of(principal.role, principal.account, seen.customer);
    if actor == Actor::Stranger {
        return Ok(None);
    }
    let lines = granted(part(reader, LINES.0, "order_id", "line", id).await)?;
    let steps = granted(part(reader, STEPS.0, "order_id", "version", id).await)?;
    let is_whole = seen.lines == Some(lines.len())
        && seen.version == Some(steps.len())
        && has_all(&ORDERS, std::slice::from_ref(&order))?
        && has_all(&LINES, &lines)?
        && has_all(&STEPS, &steps)?;
    Ok(Some(Sight { order, lines, steps, state: seen.state, actor, is_whole }))
}

async fn part(reader: &PageReader, table: &str, of: &str, by: &str, id: i64) -> Result<Vec<Box<RawValue>>, ReadError> {
    let question = Subscribe {
        table: table.to_owned(),
        filter: Some(format!("{of} = $1")),
        params: vec![id.into()],
        order: vec![OrderBy { column: by.to_owned(), ..OrderBy::default() }],
        limit: Some(MAX_ROWS),
        ..Subscribe::default()
    };
    Ok(reader.ask(question).await?.rows)
}

/// Of a table that somebody may not see at all, they see no rows.
fn granted(rows: Result<Vec<Box<RawValue>>, ReadError>) -> Result<Vec<Box<RawValue>>, ReadError> {
    match rows {
        Err(ReadError::NotTracked(_)) => Ok(Vec::new()),
        other => other,
    }
}

fn has_all((table, columns): &(&str, &[&str]), rows: &[Box<RawValue>]) -> Result<bool, ReadError> {
    for row in rows {
        let row: HashMap<String, &RawValue> = read(table, row)?;
        if !columns.iter().all(|column| row.contains_key(*column)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn read<'a, T: Deserialize<'a>>(table: &str, row: &'a RawValue) -> Result<T, ReadError> {
    serde_json::from_str(row.get()).map_err(|_| ReadError::OtherColumns(table.to_owned()))
}
