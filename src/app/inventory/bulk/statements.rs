//! Moves of pieces of many products, in one transaction. Products are locked in the order of their ids, as orders do it.

use super::actions::{Adjusted, Answer, MOST, ManyRefusal};
use crate::{
    app::{
        inventory::{
            Product,
            refusal::Refusal as Common,
            statements::{metadata, refusal},
            validate::MAX_QUANTITY,
        },
        product::{self, Moved, Reason},
    },
    changelog::statement,
    identity::visitor::{Person, person_asking},
    ledger::{self, AppendError, Expected},
    store::{PageReader, Query, ReadError},
};
use leptos::prelude::use_context;
use sqlx::{Error, PgConnection, PgPool};
use std::collections::BTreeMap;

/// So many products are looked up by one question.
const AT_ONCE: usize = 100;

/// Which way the pieces of one product go.
#[derive(Clone, Copy, Debug)]
struct Move {
    reason: Reason,
    number: i32,
}

/// For one reason, and as many of each.
pub(super) async fn adjust(ids: &[i64], moved: &Moved) -> Answer {
    let reason = Reason::of(&moved.reason).ok_or(ManyRefusal::NotANumber)?;
    let number = reason.number(&moved.pieces).ok_or(ManyRefusal::NotANumber)?;
    let note = product::note(&moved.note).ok_or(ManyRefusal::Note)?;
    carry_out(ids.iter().map(|id| (*id, Move { reason, number })).collect(), note).await
}

/// So many more, or fewer, of each.
pub(super) async fn move_back(moves: &[(i64, i32)]) -> Answer {
    let back = moves.iter().filter(|(_, change)| *change != 0);
    carry_out(back.map(|(id, change)| (*id, Move { reason: Reason::Corrected, number: *change })).collect(), "Undone")
        .await
}

async fn carry_out(moves: BTreeMap<i64, Move>, note: &str) -> Answer {
    let person = person_asking().filter(Person::works_here).ok_or(ManyRefusal::Common(Common::NotAllowed))?;
    let (Some(pool), Some(reader)) = (use_context::<PgPool>(), use_context::<PageReader>()) else {
        tracing::error!("a server function was called without a database in its context");
        return Err(ManyRefusal::Common(Common::Unavailable));
    };
    match moves.len() {
        0 => return Err(ManyRefusal::None),
        count if count > MOST => return Err(ManyRefusal::TooMany),
        _ => {}
    }
    let seen = seen(&reader, moves.keys().copied().collect()).await?;
    let written = write(&pool, &moves, &seen, note, &person).await;
    written.unwrap_or_else(|error: Error| Err(ManyRefusal::Common(refusal(&error))))
}

/// Those that whoever asks sees: to them there are no others.
async fn seen(reader: &PageReader, ids: Vec<i64>) -> Result<Vec<i64>, ManyRefusal> {
    let mut seen = Vec::with_capacity(ids.len());
    for some in ids.chunks(AT_ONCE) {
        let places: Vec<String> = (1..=some.len()).map(|place| format!("${place}")).collect();
        let query = Query::<Product>::all().filter(format!("id in ({})", places.join(", ")), some.to_vec());
        match reader.read(query).await {
            Ok(found) => seen.extend(found.rows.iter().map(|product| product.id)),
            Err(ReadError::Unavailable) => return Err(ManyRefusal::Common(Common::Unavailable)),
            Err(_) => return Err(ManyRefusal::Common(Common::Forbidden)),
        }
    }
    Ok(seen)
}

async fn write(
    pool: &PgPool,
    moves: &BTreeMap<i64, Move>,
    seen: &[i64],
    note: &str,
    person: &Person,
) -> Result<Answer, Error> {
    let mut transaction = statement::begin(pool).await?;
    let found = statement::query_scalar(include_str!("lock.sql")).bind(seen);
    let rows: Vec<String> = found.fetch_all(&mut *transaction).await?;
    let (mut changed, mut beyond) = (Vec::new(), Vec::new());
    let there = rows.len();
    for row in rows {
        let now: Product = serde_json::from_str(&row).map_err(|error| Error::Decode(error.into()))?;
        let Some(Move { reason, number }) = moves.get(&now.id).copied() else { continue };
        match reason.apply(now.quantity, number).filter(|after| (0..=MAX_QUANTITY).contains(after)) {
            Some(after) => changed.push((now, reason, after)),
            None => beyond.push(now.name),
        }
    }
    if let Some(name) = beyond.first() {
        return Ok(Err(ManyRefusal::Beyond(beyond.len(), name.clone())));
    }
    let ids: Vec<i64> = changed.iter().map(|(now, ..)| now.id).collect();
    let quantities: Vec<i32> = changed.iter().map(|(.., after)| *after).collect();
    let update = statement::query(include_str!("set.sql")).bind(ids).bind(quantities);
    update.execute(&mut *transaction).await?;
    for (now, reason, after) in &changed {
        tell(&mut transaction, now, *reason, *after, note, person).await?;
    }
    let number = statement::query_scalar("select pg_current_xact_id()::text::bigint");
    let number: i64 = number.fetch_one(&mut *transaction).await?;
    transaction.commit().await?;
    let moves_done =
        changed.iter().map(|(now, _, after)| (now.id, after - now.quantity)).filter(|(_, change)| *change != 0);
    Ok(Ok(Adjusted {
        moves: moves_done.collect(),
        gone: moves.len().saturating_sub(there),
        transaction: number.unsigned_abs(),
    }))
}

async fn tell(
    connection: &mut PgConnection,
    now: &Product,
    reason: Reason,
    after: i32,
    note: &str,
    person: &Person,
) -> Result<(), Error> {
    let event = product::adjusted(now, reason, after, note);
    let stream = format!("product-{}", now.id);
    let appended = ledger::append(connection, &stream, Expected::Any, &[event], &metadata(person)).await;
    appended.map(drop).map_err(|error| match error {
        AppendError::Database(error) => error,
        other => Error::Encode(other.into()),
    })
}
