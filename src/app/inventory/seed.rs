//! The demo's products: made from word lists by a generator of fixed seed, so that every demo has the same ones.

use super::{
    product::Price,
    seed_words::{CATEGORIES, Category, Kind},
    validate::Valid,
};
use crate::random::Random;
use sqlx::PgConnection;
use std::collections::HashSet;

/// Products in the demo.
const PRODUCTS: usize = 2_000;
/// Oldest last change, in seconds.
const OLDEST: u64 = 120 * 86_400;

/// What `public.products` must have to be ours.
pub(crate) const COLUMNS: [&str; 9] =
    ["id", "sku", "name", "category", "location", "quantity", "reorder_level", "price", "updated_at"];

/// Inserts all of them in one statement.
pub(crate) async fn insert(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let (rows, ages): (Vec<Valid>, Vec<i64>) = products().into_iter().unzip();
    sqlx::query(include_str!("seed.sql"))
        .persistent(false)
        .bind(rows.iter().map(|row| row.sku.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.name.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.category.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.location.clone()).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.quantity).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.reorder_level).collect::<Vec<_>>())
        .bind(rows.iter().map(|row| row.price.0).collect::<Vec<_>>())
        .bind(ages)
        .execute(connection)
        .await
        .map(drop)
}

/// The products, each with the age of its last change in seconds.
fn products() -> Vec<(Valid, i64)> {
    let mut random = Random(0x5eed_0f0a_c01d_cafe);
    let mut names = HashSet::with_capacity(PRODUCTS);
    let mut numbers = [1_000; CATEGORIES.len()];
    let mut rows = Vec::with_capacity(PRODUCTS);
    while rows.len() < PRODUCTS {
        let at = random.below(CATEGORIES.len() as u64) as usize;
        let (category, number) = (&CATEGORIES[at], &mut numbers[at]);
        let row = product(category, *number, &mut random);
        if names.insert(row.name.clone()) {
            *number += 1 + random.below(9);
            // Most rows changed lately, a few long ago.
            let age = OLDEST * random.below(1_000).pow(3) / 1_000_u64.pow(3) + random.below(3_600);
            rows.push((row, age as i64));
        }
    }
    rows
}

fn product(category: &Category, number: u64, random: &mut Random) -> Valid {
    let kind: &Kind = random.pick(category.kinds);
    let (feature, size) = (random.pick(category.features), random.pick(kind.sizes));
    let scale = 1.0 + kind.sizes.iter().position(|one| one == size).unwrap_or_default() as f64 * 0.35;
    let (least, most) = kind.price;
    let cents = (least + random.below(most - least)) as f64 * scale;
    // Prices end as prices do: in 9, 5 or 0.
    let cents = (cents as i64 / 10) * 10 + random.pick(&[9_i64, 9, 5, 0]);
    let reorder_level = category.turnover / 4 * (1 + random.below(3) as i32);
    // One in fourteen is low, one in seventy has run out.
    let quantity = match random.below(70) {
        0 => 0,
        1..=4 => random.below(reorder_level as u64 + 1) as i32,
        _ => reorder_level + 1 + random.below(category.turnover as u64 * 4) as i32,
    };
    Valid {
        sku: format!("{}-{}-{number:04}", category.code, kind.code),
        name: [*feature, kind.noun, *size]
            .iter()
            .filter(|part| !part.is_empty())
            .copied()
            .collect::<Vec<_>>()
            .join(" "),
        category: category.name.to_owned(),
        location: format!("{}-{:02}-{}", category.aisle, 1 + random.below(24), 1 + random.below(5)),
        quantity,
        reorder_level,
        price: Price(cents.max(9)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::inventory::validate::{self, Typed};

    #[test]
    fn the_demo_has_two_thousand_different_and_valid_products() {
        let rows = products();
        let skus: HashSet<&str> = rows.iter().map(|(row, _)| row.sku.as_str()).collect();
        assert_eq!(skus.len(), PRODUCTS);
        for (row, age) in &rows {
            let typed = Typed {
                sku: row.sku.clone(),
                name: row.name.clone(),
                category: row.category.clone(),
                location: row.location.clone(),
                quantity: row.quantity.to_string(),
                reorder_level: row.reorder_level.to_string(),
                price: row.price.plain(),
            };
            assert_eq!(validate::product(&typed).as_ref(), Ok(row));
            assert!((0..=OLDEST as i64 + 3_600).contains(age));
        }
    }

    #[test]
    fn some_products_are_low_and_most_are_not() {
        let low = products().iter().filter(|(row, _)| row.quantity <= row.reorder_level).count();
        assert!((80..250).contains(&low), "{low}");
    }

    #[test]
    fn every_demo_is_the_same() {
        assert_eq!(products(), products());
    }
}
