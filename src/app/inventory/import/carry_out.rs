//! Carries an import out: all of it in one transaction, or nothing.
//!
//! It goes on when nobody waits for it any more; a server that ends meanwhile leaves nothing of it. Products are locked in the order of
//! their ids, as orders do it, and compared with what was shown: what somebody has changed since is told, and not overwritten. Each
//! change has its event in the product's stream. How far it is, is written beside the transaction, for everybody to see.
//!
//! Invariant: an import is carried out once, however often it is asked for: its state changes in the same transaction, under a lock.

use super::{
    keep::{self, Kept, refused},
    model::{Change, Done, Refusal, State},
    places::{Place, Places},
    plan::{Row, Step, counts},
};
use crate::{
    app::{
        inventory::{
            Product,
            refusal::Refusal as Common,
            statements::metadata,
            validate::{self, Field, Valid},
        },
        product::{self, Reason, value},
        time::Timestamp,
    },
    changelog::statement,
    identity::visitor::{Person, person_asking},
    ledger::{self, AppendError, Metadata, NewEvent},
    store::{PageReader, Query, ReadError},
};
use leptos::prelude::use_context;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::{Error, PgConnection, PgPool, Row as _};
use std::{collections::HashMap, future::Future, time::Duration};

/// Rows that are written at once. With two events each they are as many as the ledger takes.
const AT_ONCE: usize = 500;
/// How long an answer waits for an import. It goes on afterwards.
const WAITED_FOR: Duration = Duration::from_secs(20);
/// How long an import waits until it can say how far it is.
const TELLING: Duration = Duration::from_secs(1);
/// Before the number of an import, in the key of its lock. Any number of our own.
const LOCK: i32 = 0x696d_7074;
/// The form that the data of the events has.
const SCHEMA: i16 = 1;

/// What was written of a row: how to undo it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Written {
    /// This product was added.
    Added(Box<Product>),
    /// These fields were changed.
    Changed(i64, Vec<Change>),
}

/// Who asks, and by what.
pub(super) struct Asking {
    pub(super) pool: PgPool,
    pub(super) person: Person,
    pub(super) places: Places,
}

/// Those who work here may import.
pub(super) fn asking() -> Result<Asking, Refusal> {
    let person = person_asking().filter(Person::works_here).ok_or(Common::NotAllowed)?;
    let (Some(pool), Some(places)) = (use_context::<PgPool>(), use_context::<Places>()) else {
        tracing::error!("a server function was called without a database in its context");
        return Err(Common::Unavailable.into());
    };
    Ok(Asking { pool, person, places })
}

/// What whoever asks sees of the products. To them there are no others.
pub(super) async fn visible(reader: &PageReader) -> Result<Vec<Product>, Common> {
    match reader.read(Query::<Product>::all()).await {
        Ok(found) => Ok(found.rows),
        Err(ReadError::Unavailable) => Err(Common::Unavailable),
        Err(_) => Err(Common::Forbidden),
    }
}

/// Imports the rows of a file: all of them, or those without errors.
pub(super) async fn run(id: i64, leaves_out: bool) -> Result<Done, Refusal> {
    let asking = asking()?;
    let reader = use_context::<PageReader>().ok_or(Common::Unavailable)?;
    // Whoever leaves while they wait for it, waits no more.
    let place = asking.places.import().await?;
    // Read by the request, which says who reads, and before there is a transaction, which holds a connection already.
    let visible = visible(&reader).await?.into_iter().map(|product| (product.id, product)).collect();
    waiting(async move { Import { id, asking, leaves_out }.run(visible, &place).await }).await
}

/// Waits for something that goes on anyhow.
pub(super) async fn waiting(
    work: impl Future<Output = Result<Done, Refusal>> + Send + 'static,
) -> Result<Done, Refusal> {
    match tokio::time::timeout(WAITED_FOR, tokio::spawn(work)).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(error)) => {
            tracing::error!(%error, "an import ended unexpectedly");
            Err(Common::Unavailable.into())
        }
        Err(_) => Ok(Done::default()),
    }
}

/// Whether nobody else has it; until the transaction ends.
async fn lock(connection: &mut PgConnection, id: i64) -> Result<bool, Error> {
    // Two numbers of 32 bits are what there is; imports that share the lower half wait for each other.
    let lock = statement::query_scalar("select pg_try_advisory_xact_lock($1, $2)").bind(LOCK).bind(id as i32);
    lock.fetch_one(connection).await
}

/// Waits until nobody else has it.
pub(super) async fn wait_for_lock(connection: &mut PgConnection, id: i64) -> Result<(), Error> {
    let lock = statement::query("select pg_advisory_xact_lock($1, $2)").bind(LOCK).bind(id as i32);
    lock.execute(connection).await.map(drop)
}

struct Import {
    id: i64,
    asking: Asking,
    leaves_out: bool,
}

/// Why nothing was written.
enum Undecided {
    /// These lines, and the products that were found changed.
    Stale(Vec<u64>, Vec<Product>),
    Refused(Refusal),
}

impl From<Error> for Undecided {
    fn from(error: Error) -> Self {
        Self::Refused(refused(&error))
    }
}

impl Import {
    async fn run(self, visible: HashMap<i64, Product>, place: &Place) -> Result<Done, Refusal> {
        let Self { id, asking: Asking { pool, person, .. }, leaves_out } = &self;
        let mut transaction = statement::begin(pool).await.map_err(|error| refused(&error))?;
        if !lock(&mut transaction, *id).await.map_err(|error| refused(&error))? {
            // What is committed is seen a moment before its lock ends.
            let kept = keep::find_on(&mut transaction, *id, person).await?;
            return if kept.state == State::Done { Ok(kept.told) } else { Err(Refusal::Running) };
        }
        // From here on nobody else changes its state.
        let kept = keep::find_on(&mut transaction, *id, person).await?;
        match kept.state {
            State::Done => return Ok(kept.told),
            State::Undone => return Err(Refusal::Undone),
            State::Ready | State::Running => {}
        }
        let (kept, rows) = kept.planned(place).await?;
        let counts = counts(&rows, &kept.stale);
        match (counts.wrong, counts.written()) {
            (wrong, _) if wrong > 0 && !leaves_out => return Err(Refusal::Wrong(wrong)),
            (_, 0) => return Err(Refusal::Nothing),
            (_, all) => self.tell("state = 'running', rows_done = 0, rows_all", all).await,
        }
        let written = self.write(&mut transaction, &rows, &visible).await;
        let outcome = match written {
            Ok(written) => {
                let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
                let done = Done {
                    added: number(counts.new),
                    changed: number(counts.changed),
                    unchanged: number(counts.unchanged),
                    left_out: number(counts.wrong),
                    kept: 0,
                    is_over: true,
                };
                self.finish(transaction, done, &written).await.map_err(Undecided::from).map(|()| done)
            }
            Err(undecided) => {
                transaction.rollback().await.unwrap_or_default();
                Err(undecided)
            }
        };
        let refusal = match outcome {
            Ok(done) => return Ok(done),
            Err(Undecided::Stale(lines, found)) => self.show_again(&kept, &lines, visible, found).await,
            Err(Undecided::Refused(refusal)) => refusal,
        };
        self.tell("state = 'ready', rows_all = 0, rows_done", 0).await;
        Err(refusal)
    }

    /// Beside the transaction. That it cannot be said how far it is keeps no import up.
    async fn tell(&self, what: &'static str, number: usize) {
        let set = format!(
            "update public.imports set {what} = $2, beat_at = now() where id = $1 and state in ('ready', 'running')"
        );
        let set = statement::query(sqlx::AssertSqlSafe(set)).bind(self.id).bind(number as i32);
        let told = tokio::time::timeout(TELLING, statement::execute(&self.asking.pool, set)).await;
        if !matches!(told, Ok(Ok(()))) {
            tracing::debug!(import = self.id, "how far an import is could not be told");
        }
    }

    /// What was shown is what is there now, and says what has changed.
    async fn show_again(
        &self,
        kept: &Kept,
        lines: &[u64],
        mut visible: HashMap<i64, Product>,
        found: Vec<Product>,
    ) -> Refusal {
        visible.extend(found.into_iter().map(|product| (product.id, product)));
        let seen = super::sheet::read(&kept.content, usize::MAX)
            .map(|sheet| super::plan::meant(&sheet, visible.into_values().collect()))
            .unwrap_or_default();
        let Ok(seen) = serde_json::to_string(&seen) else { return Common::Unavailable.into() };
        let stale: Vec<i64> = lines.iter().map(|line| line.cast_signed()).collect();
        let show = statement::query("update public.import_files set seen = $2, stale = $3 where import = $1");
        match statement::execute(&self.asking.pool, show.bind(self.id).bind(seen).bind(stale)).await {
            Ok(()) => Refusal::Stale(lines.len()),
            Err(error) => refused(&error),
        }
    }

    async fn write(
        &self,
        connection: &mut PgConnection,
        rows: &[Row],
        visible: &HashMap<i64, Product>,
    ) -> Result<Vec<Written>, Undecided> {
        let metadata = of_import(self.id, &self.asking.person);
        let changes = changes(rows);
        let now = locked(connection, changes.iter().map(|(id, ..)| *id)).await?;
        let mut stale = taken(connection, &changes).await?;
        let mut changed = Vec::with_capacity(changes.len());
        for (id, line, changes) in &changes {
            // What is not seen is not there.
            let product = now.get(id).filter(|_| visible.contains_key(id));
            match product.map(|product| (product, still_due(product, changes))) {
                Some((product, Some(due))) => changed.push((product, due)),
                _ => stale.push(*line),
            }
        }
        if !stale.is_empty() {
            return Err(Undecided::Stale(
                stale,
                now.into_values().filter(|now| visible.contains_key(&now.id)).collect(),
            ));
        }
        let mut written = Vec::with_capacity(rows.len());
        let mut rows_done = 0;
        for some in changed.chunks(AT_ONCE) {
            let after: Vec<Product> = some.iter().map(|(now, due)| with(now, due)).collect();
            update(connection, &after).await?;
            let events = some.iter().flat_map(|(now, due)| told(now, due, Reason::Imported, "")).collect::<Vec<_>>();
            append(connection, &events, &metadata).await?;
            written.extend(some.iter().map(|(now, due)| Written::Changed(now.id, due.clone())));
            rows_done += some.len();
            self.tell("rows_done", rows_done).await;
        }
        let new: Vec<(u64, &Valid)> = rows.iter().filter_map(added).collect();
        for some in new.chunks(AT_ONCE) {
            let products = add(connection, some).await?;
            let events: Vec<_> = products.iter().map(|product| of_whole("ProductAdded", product)).collect();
            append(connection, &events, &metadata).await?;
            written.extend(products.into_iter().map(|product| Written::Added(Box::new(product))));
            rows_done += some.len();
            self.tell("rows_done", rows_done).await;
        }
        Ok(written)
    }

    async fn finish(
        &self,
        mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
        done: Done,
        written: &[Written],
    ) -> Result<(), Error> {
        let written = serde_json::to_string(written).map_err(|error| Error::Encode(error.into()))?;
        let finish = statement::query(include_str!("finish.sql")).bind(self.id);
        let finish = finish.bind(done.added).bind(done.changed).bind(done.unchanged).bind(done.left_out).bind(written);
        // Whose file is gone, has no import either.
        if finish.execute(&mut *transaction).await?.rows_affected() == 0 {
            return Err(Error::RowNotFound);
        }
        transaction.commit().await
    }
}

/// Which products are changed, in which line, and how; in the order of their ids.
fn changes(rows: &[Row]) -> Vec<(i64, u64, &[Change])> {
    let mut changes: Vec<_> = rows
        .iter()
        .filter_map(|row| match &row.step {
            Step::Change(id, changes) => Some((*id, row.line, changes.as_slice())),
            _ => None,
        })
        .collect();
    changes.sort_unstable_by_key(|(id, ..)| *id);
    changes
}

fn added(row: &Row) -> Option<(u64, &Valid)> {
    match &row.step {
        Step::Add(valid) => Some((row.line, valid)),
        _ => None,
    }
}

/// Products as they are, and as they stay until the transaction ends. `ids` are in order.
pub(super) async fn locked(
    connection: &mut PgConnection,
    ids: impl Iterator<Item = i64>,
) -> Result<HashMap<i64, Product>, Error> {
    let ids: Vec<i64> = ids.collect();
    let mut found = HashMap::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let lock = statement::query_scalar(include_str!("../bulk/lock.sql")).bind(some);
        let rows: Vec<String> = lock.fetch_all(&mut *connection).await?;
        for row in rows {
            let product: Product = serde_json::from_str(&row).map_err(|error| Error::Decode(error.into()))?;
            found.insert(product.id, product);
        }
    }
    Ok(found)
}

/// The lines that would give a product a SKU that another has by now.
async fn taken(connection: &mut PgConnection, changes: &[(i64, u64, &[Change])]) -> Result<Vec<u64>, Error> {
    let of_sku = |change: &&Change| change.field == Field::Sku;
    let wanted: HashMap<&str, (i64, u64)> = changes
        .iter()
        .filter_map(|(id, line, changes)| Some((changes.iter().find(of_sku)?.to.as_str(), (*id, *line))))
        .collect();
    let owners = owners(connection, wanted.keys().copied().collect()).await?;
    let of_others = wanted.iter().filter(|(sku, (id, _))| owners.get(**sku).is_some_and(|owner| owner != id));
    Ok(of_others.map(|(_, (_, line))| *line).collect())
}

/// Whose these SKUs are, if they are anybody's.
pub(super) async fn owners(connection: &mut PgConnection, skus: Vec<&str>) -> Result<HashMap<String, i64>, Error> {
    let found = statement::query("select sku, id from public.products where sku = any($1)").bind(skus);
    found.fetch_all(connection).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// What is still to be changed; none if somebody has changed one of the fields otherwise since it was shown.
fn still_due(now: &Product, changes: &[Change]) -> Option<Vec<Change>> {
    let mut due = Vec::with_capacity(changes.len());
    for change in changes {
        let theirs = value(now, change.field);
        if theirs == change.from {
            due.push(change.clone());
        } else if theirs != change.to {
            return None;
        }
    }
    Some(due)
}

/// A product with other values, which were checked.
pub(super) fn with(product: &Product, changes: &[Change]) -> Product {
    let mut product = product.clone();
    for Change { field, to, .. } in changes {
        match field {
            Field::Sku => product.sku.clone_from(to),
            Field::Name => product.name.clone_from(to),
            Field::Category => product.category.clone_from(to),
            Field::Location => product.location.clone_from(to),
            Field::Quantity => product.quantity = validate::quantity(to).unwrap_or(product.quantity),
            Field::ReorderLevel => product.reorder_level = validate::quantity(to).unwrap_or(product.reorder_level),
            Field::Price => product.price = validate::price(to).unwrap_or(product.price),
        }
    }
    product
}

/// What is told of a change: what was edited, and how many pieces there are.
pub(super) fn told(now: &Product, changes: &[Change], reason: Reason, note: &str) -> Vec<(String, NewEvent)> {
    let edits: Vec<(Field, String)> = changes
        .iter()
        .filter(|change| change.field != Field::Quantity)
        .map(|change| (change.field, change.to.clone()))
        .collect();
    let edited = (!edits.is_empty()).then(|| product::edited(now, &edits));
    let after = with(now, changes).quantity;
    let moved = (after != now.quantity).then(|| product::adjusted(now, reason, after, note));
    edited.into_iter().chain(moved).map(|event| (stream(now.id), event)).collect()
}

/// An event that tells of a whole product.
pub(super) fn of_whole(kind: &str, product: &Product) -> (String, NewEvent) {
    let Product { sku, name, category, location, quantity, reorder_level, price, .. } = product;
    let price = price.plain();
    let data = json!({ "sku": sku, "name": name, "category": category, "location": location, "quantity": quantity,
        "reorder_level": reorder_level, "price": price });
    (stream(product.id), NewEvent { kind: kind.to_owned(), schema: SCHEMA, data })
}

fn stream(id: i64) -> String {
    format!("product-{id}")
}

/// All events of an import can be found together.
pub(super) fn of_import(id: i64, person: &Person) -> Metadata {
    Metadata { correlation: Some(format!("import-{id}")), ..metadata(person) }
}

pub(super) async fn append(
    connection: &mut PgConnection,
    events: &[(String, NewEvent)],
    metadata: &Metadata,
) -> Result<(), Error> {
    ledger::append_each(connection, events, metadata).await.map_err(|error| match error {
        AppendError::Database(error) => error,
        other => Error::Encode(other.into()),
    })
}

/// Writes products as they are from now on.
pub(super) async fn update(connection: &mut PgConnection, products: &[Product]) -> Result<(), Error> {
    let text = |of: fn(&Product) -> &String| products.iter().map(|product| of(product).as_str()).collect::<Vec<_>>();
    let number = |of: fn(&Product) -> i32| products.iter().map(of).collect::<Vec<_>>();
    let update = statement::query(include_str!("change.sql"))
        .bind(text(|product| &product.sku))
        .bind(text(|product| &product.name))
        .bind(text(|product| &product.category))
        .bind(text(|product| &product.location))
        .bind(number(|product| product.quantity))
        .bind(number(|product| product.reorder_level))
        .bind(products.iter().map(|product| product.price.0).collect::<Vec<_>>())
        .bind(products.iter().map(|product| product.id).collect::<Vec<_>>());
    update.execute(connection).await.map(drop)
}

async fn add(connection: &mut PgConnection, new: &[(u64, &Valid)]) -> Result<Vec<Product>, Undecided> {
    let text = |of: fn(&Valid) -> &String| new.iter().map(|(_, valid)| of(valid).as_str()).collect::<Vec<_>>();
    let number = |of: fn(&Valid) -> i32| new.iter().map(|(_, valid)| of(valid)).collect::<Vec<_>>();
    let add = statement::query(include_str!("add.sql"))
        .bind(text(|valid| &valid.sku))
        .bind(text(|valid| &valid.name))
        .bind(text(|valid| &valid.category))
        .bind(text(|valid| &valid.location))
        .bind(number(|valid| valid.quantity))
        .bind(number(|valid| valid.reorder_level))
        .bind(new.iter().map(|(_, valid)| valid.price.0).collect::<Vec<_>>());
    let mut ids: HashMap<String, i64> = HashMap::with_capacity(new.len());
    for row in add.fetch_all(connection).await? {
        ids.insert(row.try_get("sku")?, row.try_get("id")?);
    }
    let (mut products, mut stale) = (Vec::with_capacity(new.len()), Vec::new());
    for (line, valid) in new {
        match ids.get(&valid.sku) {
            Some(id) => products.push(product_of(*id, valid)),
            None => stale.push(*line),
        }
    }
    if stale.is_empty() { Ok(products) } else { Err(Undecided::Stale(stale, Vec::new())) }
}

fn product_of(id: i64, valid: &Valid) -> Product {
    let Valid { sku, name, category, location, quantity, reorder_level, price } = valid.clone();
    Product { id, sku, name, category, location, quantity, reorder_level, price, updated_at: Timestamp(0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::inventory::product_of_tests;

    fn change(field: Field, from: &str, to: &str) -> Change {
        Change { field, from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn what_others_changed_since_it_was_shown_is_not_overwritten() {
        let wanted = [change(Field::Name, "Bolt", "Rod"), change(Field::Quantity, "5", "9")];
        let due = |name: &str, quantity| still_due(&product_of_tests(1, "A", name, quantity), &wanted);
        assert_eq!(due("Bolt", 5), Some(wanted.to_vec()));
        assert_eq!(due("Rod", 5), Some(wanted[1..].to_vec()), "two who want the same do not disagree");
        assert_eq!(due("Bolt", 4), None);
        assert_eq!(due("Nut", 5), None);
    }

    #[test]
    fn an_edit_and_a_move_of_pieces_are_two_events() {
        let now = product_of_tests(7, "A", "Bolt", 5);
        let wanted = [change(Field::Name, "Bolt", "Rod"), change(Field::Quantity, "5", "9")];
        let kinds: Vec<String> = told(&now, &wanted, Reason::Imported, "")
            .into_iter()
            .map(|(stream, event)| format!("{stream} {}", event.kind))
            .collect();
        assert_eq!(kinds, ["product-7 ProductEdited", "product-7 StockAdjusted"]);
        assert_eq!((with(&now, &wanted).name.as_str(), with(&now, &wanted).quantity), ("Rod", 9));
    }
}
