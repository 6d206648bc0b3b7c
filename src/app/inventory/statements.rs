//! The inventory's writes, as SQL. Each returns the number of its transaction.
//!
//! With each goes an event in the ledger, in the stream of the product and in the same transaction: that is how the past knows
//! who changed what. A refusal by a constraint is told as the field that it is about; every other failure is logged here
//! and told as what a person can do about it.

use super::{
    actions::{Answer, Committed},
    product::Product,
    refusal::Refusal,
    validate::{self, Field, Problem, Typed, Valid},
};
use crate::{
    changelog::statement,
    identity::visitor::{Person, person_asking},
    ledger::{self, AppendError, Expected, Metadata, NewEvent},
};
use leptos::prelude::use_context;
use sqlx::{Error, PgPool, postgres::PgArguments, query::QueryAs};

/// Key, transaction, and what there is to tell about it, as JSON.
type Written = (i64, i64, String);
type Statement = QueryAs<'static, sqlx::Postgres, Written, PgArguments>;

/// The form that the data of all events of products has.
const SCHEMA: i16 = 1;

pub(super) async fn set_quantity(id: i64, typed: &str) -> Answer {
    let quantity = validate::quantity(typed).map_err(|problem| Refusal::field(Field::Quantity, problem))?;
    let statement = sqlx::query_as(include_str!("set_quantity.sql"));
    write("QuantitySet", statement.bind(id).bind(quantity), Refusal::Gone).await
}

pub(super) async fn add(typed: &Typed) -> Answer {
    let valid = validate::product(typed).map_err(Refusal::Fields)?;
    write("ProductAdded", bind(sqlx::query_as(include_str!("add_product.sql")), valid), Refusal::Forbidden).await
}

pub(super) async fn delete(id: i64) -> Answer {
    write("ProductDeleted", sqlx::query_as(include_str!("delete_product.sql")).bind(id), Refusal::Gone).await
}

/// As it was, even if nobody could type it so: what is not possible at all, the constraints refuse.
pub(super) async fn restore(product: &Product) -> Answer {
    let Product { sku, name, category, location, .. } = product.clone();
    let valid = Valid {
        sku,
        name,
        category,
        location,
        quantity: product.quantity,
        reorder_level: product.reorder_level,
        price: product.price,
    };
    let statement = bind(sqlx::query_as(include_str!("restore_product.sql")), valid).bind(product.id);
    write("ProductRestored", statement, Refusal::Forbidden).await
}

fn bind(statement: Statement, valid: Valid) -> Statement {
    statement
        .bind(valid.sku)
        .bind(valid.name)
        .bind(valid.category)
        .bind(valid.location)
        .bind(valid.quantity)
        .bind(valid.reorder_level)
        .bind(valid.price.0)
}

/// Runs a statement that writes one row, for those who may; `missing` is what it means if it wrote none.
async fn write(kind: &str, statement: Statement, missing: Refusal) -> Answer {
    let Some(person) = person_asking().filter(Person::works_here) else { return Err(Refusal::NotAllowed) };
    let Some(pool) = use_context::<PgPool>() else {
        tracing::error!("a server function was called without a database in its context");
        return Err(Refusal::Unavailable);
    };
    match run(&pool, kind, statement, &person).await {
        Ok(Some((id, transaction, _))) => Ok(Committed { id, transaction: transaction.unsigned_abs() }),
        Ok(None) => Err(missing),
        Err(error) => Err(refusal(&error)),
    }
}

/// In a transaction and without a name: behind a pooler, the session belongs to others, too.
async fn run(pool: &PgPool, kind: &str, statement: Statement, person: &Person) -> Result<Option<Written>, Error> {
    let mut transaction = statement::begin(pool).await?;
    let row = statement.persistent(false).fetch_optional(&mut *transaction).await?;
    if let Some((id, _, data)) = &row {
        let data = serde_json::from_str(data).map_err(|error| Error::Decode(error.into()))?;
        let event = NewEvent { kind: kind.to_owned(), schema: SCHEMA, data };
        let stream = format!("product-{id}");
        let appended = ledger::append(&mut transaction, &stream, Expected::Any, &[event], &metadata(person)).await;
        appended.map_err(|error| match error {
            AppendError::Database(error) => error,
            other => Error::Encode(other.into()),
        })?;
    }
    transaction.commit().await?;
    Ok(row)
}

/// Who did it, as events have it.
pub(in crate::app) fn metadata(person: &Person) -> Metadata {
    let nameless = || format!("Somebody without an account ({})", person.role);
    let who_name = if person.name.is_empty() { nameless() } else { person.name.clone() };
    Metadata { who: person.id.clone(), who_name, ..Metadata::default() }
}

/// What people are told of it.
pub(in crate::app) fn refusal(error: &Error) -> Refusal {
    let (constraint, code) = match error {
        Error::Database(error) => (error.constraint().unwrap_or_default(), error.code().unwrap_or_default()),
        _ => ("", "".into()),
    };
    // A lock that did not come in time, or a deadlock.
    if matches!(&*code, "55P03" | "40P01") {
        return Refusal::Busy;
    }
    match constraint {
        "products_sku_key" => Refusal::field(Field::Sku, Problem::Taken),
        "products_pkey" => Refusal::Present,
        "products_sku_length" => Refusal::field(Field::Sku, Problem::TooLong),
        "products_name_length" => Refusal::field(Field::Name, Problem::TooLong),
        "products_category_length" => Refusal::field(Field::Category, Problem::TooLong),
        "products_location_length" => Refusal::field(Field::Location, Problem::TooLong),
        "products_quantity_range" => Refusal::field(Field::Quantity, Problem::NotAQuantity),
        "products_reorder_level_range" => Refusal::field(Field::ReorderLevel, Problem::NotAQuantity),
        "products_price_range" => Refusal::field(Field::Price, Problem::NotAPrice),
        _ => unexpected(error),
    }
}

fn unexpected(error: &Error) -> Refusal {
    tracing::warn!(%error, "a change of the inventory failed");
    match error {
        // Classes 53, 57, 58 and 08 of SQLSTATE: the server is full, stopping, broken or gone.
        Error::Database(error) => match error.code().as_deref().and_then(|code| code.get(..2)) {
            Some("08" | "53" | "57" | "58") => Refusal::Unavailable,
            _ => Refusal::Forbidden,
        },
        _ => Refusal::Unavailable,
    }
}
