//! Changes of one product, as SQL, each with its event in the product's stream.
//!
//! A product that whoever asks does not see is not there for them, and is not changed.

use super::{
    actions::{Adjusted, Answer, MoveAnswer},
    fields,
    merge::{self, Unmerged},
    movement::{MAX_NOTE, Reason},
    refusal::{Moved, Refusal},
};
use crate::{
    app::inventory::{
        Committed, Product,
        refusal::Refusal as Common,
        statements::{metadata, refusal},
        validate::{self, Field, MAX_QUANTITY, Typed},
    },
    changelog::statement,
    identity::visitor::{Person, person_asking},
    ledger::{self, AppendError, Expected, NewEvent},
    store::{PageReader, ReadError},
};
use leptos::prelude::use_context;
use serde_json::{Map, Value, json};
use sqlx::{Error, PgConnection, PgPool};

/// The form that the data of the events has.
const SCHEMA: i16 = 1;

/// Changes what was typed otherwise than it was seen.
pub(super) async fn edit(id: i64, typed: &Typed, seen: &Typed) -> Answer {
    let (pool, person) = may_change(id).await?;
    let change = async {
        let mut transaction = statement::begin(&pool).await?;
        let Some(now) = locked(&mut transaction, id).await? else { return Ok(Err(Common::Gone.into())) };
        let changes = match merge::merge(&now, seen, typed) {
            Ok(changes) => changes,
            Err(Unmerged::Problems(problems)) => return Ok(Err(Common::Fields(problems).into())),
            Err(Unmerged::Conflicts(conflicts)) => return Ok(Err(Refusal::Conflicts(conflicts))),
        };
        if !changes.is_empty() {
            write(&mut transaction, id, &now, &changes).await?;
            append(&mut transaction, id, edited(&now, &changes), &person).await?;
        }
        finish(transaction, id).await.map(Ok)
    };
    change.await.unwrap_or_else(|error: Error| Err(refusal(&error).into()))
}

/// Moves pieces.
pub(super) async fn adjust(id: i64, moved: &Moved) -> MoveAnswer {
    let (pool, person) = may_change(id).await?;
    let reason = Reason::of(&moved.reason).ok_or(Refusal::NotANumber)?;
    let number = reason.number(&moved.pieces).ok_or(Refusal::NotANumber)?;
    let note = note(&moved.note).ok_or(Refusal::Note)?;
    let change = async {
        let mut transaction = statement::begin(&pool).await?;
        let Some(now) = locked(&mut transaction, id).await? else { return Ok(Err(Common::Gone.into())) };
        let there = reason.apply(now.quantity, number).filter(|there| (0..=MAX_QUANTITY).contains(there));
        let Some(there) = there else { return Ok(Err(Refusal::Beyond(now.quantity))) };
        let update = statement::query("update public.products set quantity = $2 where id = $1");
        update.bind(id).bind(there).execute(&mut *transaction).await?;
        append(&mut transaction, id, adjusted(&now, reason, there, note), &person).await?;
        let committed = finish(transaction, id).await?;
        Ok(Ok(Adjusted { committed, from: now.quantity, to: there }))
    };
    change.await.unwrap_or_else(|error: Error| Err(refusal(&error).into()))
}

/// What is said with a movement, if it is one line that is not too long.
pub(in crate::app) fn note(typed: &str) -> Option<&str> {
    let note = typed.trim();
    (note.chars().count() <= MAX_NOTE && !note.chars().any(char::is_control)).then_some(note)
}

/// The event of a product whose pieces were moved.
pub(in crate::app) fn adjusted(now: &Product, reason: Reason, after: i32, note: &str) -> NewEvent {
    let (from, word) = (now.quantity, reason.word());
    let data = json!({ "sku": now.sku, "name": now.name, "reason": word, "from": from, "to": after, "note": note });
    NewEvent { kind: "StockAdjusted".to_owned(), schema: SCHEMA, data }
}

/// Those who work here may change what they see.
async fn may_change(id: i64) -> Result<(PgPool, Person), Refusal> {
    let person = person_asking().filter(Person::works_here).ok_or(Common::NotAllowed)?;
    let (Some(pool), Some(reader)) = (use_context::<PgPool>(), use_context::<PageReader>()) else {
        tracing::error!("a server function was called without a database in its context");
        return Err(Common::Unavailable.into());
    };
    match reader.read(super::page::one(id)).await {
        Ok(seen) if seen.rows.is_empty() => Err(Common::Gone.into()),
        Ok(_) => Ok((pool, person)),
        Err(ReadError::Unavailable) => Err(Common::Unavailable.into()),
        Err(_) => Err(Common::Forbidden.into()),
    }
}

/// The product as it is, and as it stays until the transaction ends.
async fn locked(connection: &mut PgConnection, id: i64) -> Result<Option<Product>, Error> {
    let found = statement::query_scalar("select row_to_json(p)::text from public.products p where id = $1 for update");
    let row: Option<String> = found.bind(id).fetch_optional(connection).await?;
    row.map(|row| serde_json::from_str(&row).map_err(|error| Error::Decode(error.into()))).transpose()
}

async fn write(
    connection: &mut PgConnection,
    id: i64,
    now: &Product,
    changes: &[(Field, String)],
) -> Result<(), Error> {
    let mut form = merge::form_of(now);
    changes.iter().for_each(|(field, value)| form.set(*field, value.clone()));
    // What somebody could not type here may be in a row all the same, and stays; only what is changed was checked.
    let reorder_level = validate::quantity(&form.reorder_level).unwrap_or(now.reorder_level);
    let price = validate::price(&form.price).unwrap_or(now.price);
    let update = statement::query(include_str!("edit.sql"));
    let bound = update.bind(id).bind(form.sku).bind(form.name).bind(form.category).bind(form.location);
    bound.bind(reorder_level).bind(price.0).execute(connection).await?;
    Ok(())
}

/// The event of a product that was edited: each field with what it was and is.
pub(in crate::app) fn edited(now: &Product, changes: &[(Field, String)]) -> NewEvent {
    let change = |(field, to): &(Field, String)| {
        (field.column().to_owned(), json!({"from": fields::value(now, *field), "to": to}))
    };
    let changes: Map<String, Value> = changes.iter().map(change).collect();
    let data = json!({ "sku": now.sku, "name": now.name, "changes": changes });
    NewEvent { kind: "ProductEdited".to_owned(), schema: SCHEMA, data }
}

async fn append(connection: &mut PgConnection, id: i64, event: NewEvent, person: &Person) -> Result<(), Error> {
    let stream = format!("product-{id}");
    let appended = ledger::append(connection, &stream, Expected::Any, &[event], &metadata(person)).await;
    appended.map(drop).map_err(|error| match error {
        AppendError::Database(error) => error,
        other => Error::Encode(other.into()),
    })
}

async fn finish(mut transaction: sqlx::Transaction<'_, sqlx::Postgres>, id: i64) -> Result<Committed, Error> {
    let number = statement::query_scalar("select pg_current_xact_id()::text::bigint");
    let number: i64 = number.fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Committed { id, transaction: number.unsigned_abs() })
}
