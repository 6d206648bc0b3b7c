//! Undoes an import, in one transaction. Nothing that others have changed since is lost: such fields, and products, stay.
//!
//! Pieces go back by as many as they came, as everywhere else; but not those of a product that was counted since. A SKU that another
//! product has by now stays there.

use super::{
    carry_out::{
        Asking, Written, append, asking, locked, of_import, of_whole, owners, told, update, wait_for_lock, waiting,
        with,
    },
    keep::{self, refused},
    model::{Change, Done, Refusal, State},
};
use crate::{
    app::{
        inventory::{
            Product,
            validate::{Field, MAX_QUANTITY},
        },
        product::{Reason, value},
    },
    changelog::statement,
};
use sqlx::{Error, PgConnection};
use std::collections::HashSet;

/// Products that are written at once, with at most two events each.
const AT_ONCE: usize = 500;
/// What is said with pieces that go back.
const NOTE: &str = "Undone";

/// For whoever imported it.
pub(super) async fn undo(id: i64) -> Result<Done, Refusal> {
    let asking = asking()?;
    let place = asking.places.import().await?;
    waiting(async move {
        let _place = place;
        carry_out(id, &asking).await.unwrap_or_else(|error| Err(refused(&error)))
    })
    .await
}

async fn carry_out(id: i64, asking: &Asking) -> Result<Result<Done, Refusal>, Error> {
    let Asking { pool, person, .. } = asking;
    let mut transaction = statement::begin(pool).await?;
    wait_for_lock(&mut transaction, id).await?;
    let kept = match keep::find_on(&mut transaction, id, person).await {
        Ok(kept) => kept,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let written = match (kept.state, kept.done) {
        (State::Undone, _) => return Ok(Ok(kept.told)),
        (State::Done, Some(written)) => written,
        _ => return Ok(Err(Refusal::NotDone)),
    };
    let mut written: Vec<Written> = serde_json::from_str(&written).map_err(|error| Error::Decode(error.into()))?;
    written.sort_unstable_by_key(Written::id);
    let now = locked(&mut transaction, written.iter().map(Written::id)).await?;
    let counted = counted_since(&mut transaction, id, &written).await?;
    let skus = written.iter().flat_map(|one| one.sku_before());
    let owners = owners(&mut transaction, skus.collect()).await?;
    let (mut removed, mut restored, mut kept_products) = (Vec::new(), Vec::new(), 0);
    for one in &written {
        match (one, now.get(&one.id())) {
            (Written::Added(_), None) => {}
            (Written::Added(as_added), Some(now)) if is_same(now, as_added) => removed.push(now),
            (Written::Added(_), Some(_)) | (Written::Changed(..), None) => kept_products += 1,
            (Written::Changed(product, changes), Some(now)) => {
                let is_free = |change: &&Change| match change.field {
                    Field::Sku => owners.get(&change.from).is_none_or(|owner| owner == product),
                    Field::Quantity => !counted.contains(product),
                    _ => true,
                };
                let back: Vec<Change> = changes.iter().filter(is_free).filter_map(|change| back(now, change)).collect();
                kept_products += i32::from(back.len() < changes.len());
                if !back.is_empty() {
                    restored.push((now, back));
                }
            }
        }
    }
    let metadata = of_import(id, person);
    for some in removed.chunks(AT_ONCE) {
        let ids: Vec<i64> = some.iter().map(|product| product.id).collect();
        statement::query(include_str!("remove.sql")).bind(ids).execute(&mut *transaction).await?;
        let events: Vec<_> = some.iter().map(|product| of_whole("ProductDeleted", product)).collect();
        append(&mut transaction, &events, &metadata).await?;
    }
    for some in restored.chunks(AT_ONCE) {
        let after: Vec<Product> = some.iter().map(|(now, back)| with(now, back)).collect();
        update(&mut transaction, &after).await?;
        let events: Vec<_> = some.iter().flat_map(|(now, back)| told(now, back, Reason::Corrected, NOTE)).collect();
        append(&mut transaction, &events, &metadata).await?;
    }
    let undone = statement::query("update public.imports set state = 'undone', kept = $2 where id = $1");
    undone.bind(id).bind(kept_products).execute(&mut *transaction).await?;
    transaction.commit().await?;
    Ok(Ok(Done { kept: kept_products, ..kept.told }))
}

impl Written {
    fn id(&self) -> i64 {
        match self {
            Self::Added(product) => product.id,
            Self::Changed(id, _) => *id,
        }
    }

    /// The SKU that it would have again.
    fn sku_before(&self) -> Option<&str> {
        let Self::Changed(_, changes) = self else { return None };
        changes.iter().find(|change| change.field == Field::Sku).map(|change| change.from.as_str())
    }
}

/// The products of which somebody has said since how many pieces there are: that is so, however many came by the import.
async fn counted_since(connection: &mut PgConnection, id: i64, written: &[Written]) -> Result<HashSet<i64>, Error> {
    let is_moved = |one: &&Written| match one {
        Written::Added(_) => false,
        Written::Changed(_, changes) => changes.iter().any(|change| change.field == Field::Quantity),
    };
    let ids: Vec<i64> = written.iter().filter(is_moved).map(Written::id).collect();
    let mut counted = HashSet::new();
    for some in ids.chunks(AT_ONCE) {
        let question = statement::query_scalar(include_str!("counted_since.sql"));
        let found: Vec<i64> = question.bind(some).bind(format!("import-{id}")).fetch_all(&mut *connection).await?;
        counted.extend(found);
    }
    Ok(counted)
}

/// Whether nobody has changed it.
fn is_same(now: &Product, then: &Product) -> bool {
    Field::ALL.into_iter().all(|field| value(now, field) == value(then, field))
}

/// The way back of one change; none if somebody has changed the field since.
fn back(now: &Product, change: &Change) -> Option<Change> {
    let Change { field, from, to } = change;
    let is = value(now, *field);
    if *field == Field::Quantity {
        let number = |text: &str| text.parse::<i32>().ok();
        let there = now.quantity.checked_sub(number(to)?.checked_sub(number(from)?)?)?;
        let there = Some(there).filter(|there| (0..=MAX_QUANTITY).contains(there))?;
        return Some(Change { field: *field, from: is, to: there.to_string() });
    }
    (is == *to).then(|| Change { field: *field, from: is, to: from.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::inventory::product_of_tests;

    fn change(field: Field, from: &str, to: &str) -> Change {
        Change { field, from: from.to_owned(), to: to.to_owned() }
    }

    #[test]
    fn pieces_go_back_by_as_many_as_came_and_fields_only_if_nobody_changed_them() {
        let now = product_of_tests(1, "A", "Rod", 7);
        let quantity = |from, to| back(&now, &change(Field::Quantity, from, to)).map(|back| back.to);
        assert_eq!(quantity("5", "9"), Some("3".to_owned()), "two were sold meanwhile");
        assert_eq!(quantity("1", "9"), None, "there would be fewer than none");
        let name = |to| back(&now, &change(Field::Name, "Bolt", to)).map(|back| back.to);
        assert_eq!((name("Rod"), name("Nut")), (Some("Bolt".to_owned()), None));
    }
}
