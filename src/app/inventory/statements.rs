//! The inventory's writes, as SQL. Each returns the number of its transaction.
//!
//! A refusal by a constraint is told as the field that it is about; every other failure is logged here and told as what a
//! person can do about it.

use super::{
    actions::{Answer, Committed},
    product::Product,
    refusal::Refusal,
    validate::{self, Field, Problem, Typed, Valid},
};
use crate::identity::visitor::person_asking;
use leptos::prelude::use_context;
use sqlx::{Error, PgPool, postgres::PgArguments, query::QueryAs};

/// Key and transaction.
type Written = (i64, i64);
type Statement = QueryAs<'static, sqlx::Postgres, Written, PgArguments>;

pub(super) async fn set_quantity(id: i64, typed: &str) -> Answer {
    let quantity = validate::quantity(typed).map_err(|problem| Refusal::field(Field::Quantity, problem))?;
    let statement = sqlx::query_as(
        "update public.products set quantity = $2 where id = $1
         returning id, pg_current_xact_id()::text::bigint",
    );
    write(statement.bind(id).bind(quantity), Refusal::Gone).await
}

pub(super) async fn add(typed: &Typed) -> Answer {
    let valid = validate::product(typed).map_err(Refusal::Fields)?;
    let statement = sqlx::query_as(
        "insert into public.products (sku, name, category, location, quantity, reorder_level, price)
         values ($1, $2, $3, $4, $5, $6, $7::bigint / 100.0)
         returning id, pg_current_xact_id()::text::bigint",
    );
    write(bind(statement, valid), Refusal::Forbidden).await
}

pub(super) async fn delete(id: i64) -> Answer {
    let statement = sqlx::query_as(
        "delete from public.products where id = $1
         returning id, pg_current_xact_id()::text::bigint",
    );
    write(statement.bind(id), Refusal::Gone).await
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
    let statement = sqlx::query_as(
        "insert into public.products (sku, name, category, location, quantity, reorder_level, price, id)
         overriding system value
         values ($1, $2, $3, $4, $5, $6, $7::bigint / 100.0, $8)
         returning id, pg_current_xact_id()::text::bigint",
    );
    write(bind(statement, valid).bind(product.id), Refusal::Forbidden).await
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
async fn write(statement: Statement, missing: Refusal) -> Answer {
    if !person_asking().is_some_and(|person| person.works_here()) {
        return Err(Refusal::NotAllowed);
    }
    let Some(pool) = use_context::<PgPool>() else {
        tracing::error!("a server function was called without a database in its context");
        return Err(Refusal::Unavailable);
    };
    match run(&pool, statement).await {
        Ok(Some((id, transaction))) => Ok(Committed { id, transaction: transaction.unsigned_abs() }),
        Ok(None) => Err(missing),
        Err(error) => Err(refusal(&error)),
    }
}

/// In a transaction and without a name: behind a pooler, the session belongs to others, too.
async fn run(pool: &PgPool, statement: Statement) -> Result<Option<Written>, Error> {
    let mut transaction = pool.begin().await?;
    let row = statement.persistent(false).fetch_optional(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(row)
}

fn refusal(error: &Error) -> Refusal {
    let constraint = match error {
        Error::Database(error) => error.constraint().unwrap_or_default(),
        _ => "",
    };
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
