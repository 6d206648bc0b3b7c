//! What has been chosen, against what there is: as the stock changes, so does what is possible.

use crate::{
    app::{
        inventory::{Price, Product, ProductKey, grouped},
        orders::{
            telling::Unconfirmed,
            wish::{NOT_A_QUANTITY, quantity},
        },
    },
    orders::MAX_QUANTITY,
    store::{LiveQuery, Phase, Query, RowSignal, use_query},
};
use leptos::prelude::*;
use std::collections::BTreeMap;

/// The order as it grows. The copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Basket {
    /// Products with what was typed, in the order in which they were chosen.
    pub(super) chosen: RwSignal<Vec<Chosen>>,
    /// Those products, live.
    products: LiveQuery<Product>,
    /// What is typed lives as long as this, not as long as the row of the list that it was chosen from.
    owner: StoredValue<Option<WeakOwner>>,
    /// Where they were chosen from: known before the others are.
    pub(super) found: LiveQuery<Product>,
    /// All that was sent and may have been ordered, though no answer says so: one of it at most, for it has one key. Then the stock is
    /// without these pieces already.
    pub(super) unconfirmed: RwSignal<Vec<Quantities>>,
}

/// How many pieces of each product, as typed.
pub(super) type Quantities = BTreeMap<String, String>;

/// A product and how many pieces of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) product: i64,
    pub(super) typed: RwSignal<String>,
}

/// Why a line cannot be ordered as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// There is no such product any more.
    Gone,
    /// There is nothing left of it.
    SoldOut,
    /// There are only so many left.
    Only(i32),
    /// What was typed is no number of pieces.
    NotAQuantity,
}

impl Obstacle {
    /// What stands in the way of ordering `typed` pieces, if `stock` are left.
    fn of(typed: &str, stock: Option<i32>) -> Option<Self> {
        match (stock, quantity(typed)) {
            (None, _) => Some(Self::Gone),
            (Some(0), _) => Some(Self::SoldOut),
            (_, None) => Some(Self::NotAQuantity),
            (Some(stock), Some(wanted)) if wanted > i64::from(stock) => Some(Self::Only(stock)),
            _ => None,
        }
    }

    /// For people.
    pub(super) fn message(self) -> String {
        match self {
            Self::Gone => "This product is not there any more. Take it out".to_owned(),
            Self::SoldOut => "Sold out. Take it out, or wait for more".to_owned(),
            Self::Only(left) => format!("Only {} left", grouped(left.into())),
            Self::NotAQuantity => NOT_A_QUANTITY.to_owned(),
        }
    }
}

impl Basket {
    /// With what the address says was chosen before.
    pub(super) fn new(chosen: Vec<(i64, String)>, found: LiveQuery<Product>) -> Self {
        let chosen = chosen.into_iter().map(|(product, typed)| Chosen { product, typed: RwSignal::new(typed) });
        let chosen = RwSignal::new(chosen.collect::<Vec<_>>());
        let products = use_query(move || {
            let ids: Vec<i64> = chosen.with(|chosen| chosen.iter().map(|one| one.product).collect());
            Query::<Product>::all().filter("id = any($1)", (ids,))
        });
        let owner = StoredValue::new(Owner::current().map(|owner| owner.downgrade()));
        Self { chosen, products, owner, found, unconfirmed: RwSignal::new(Vec::new()) }
    }

    /// Waits for the rows that come with the page.
    pub(super) async fn ready(self) -> Self {
        self.products.ready().await;
        self.found.ready().await;
        self
    }

    /// One piece more.
    pub(super) fn add(self, product: i64) {
        match self.of(product) {
            Some(one) => self.step(one, 1),
            None => {
                let Some(owner) = self.owner.get_value().and_then(|owner| owner.upgrade()) else { return };
                let typed = owner.with(|| RwSignal::new("1".to_owned()));
                self.chosen.update(|chosen| chosen.push(Chosen { product, typed }));
            }
        }
    }

    /// So many pieces more or less, but not less than one.
    pub(super) fn step(self, one: Chosen, by: i64) {
        one.typed.update(|typed| {
            let now = quantity(typed).unwrap_or(if by > 0 { 0 } else { 2 });
            *typed = (now + by).clamp(1, MAX_QUANTITY).to_string();
        });
    }

    /// Not this product.
    pub(super) fn take_out(self, product: i64) {
        self.chosen.update(|chosen| chosen.retain(|one| one.product != product));
    }

    /// What was chosen of a product. Tracked.
    pub(super) fn of(self, product: i64) -> Option<Chosen> {
        self.chosen.with(|chosen| chosen.iter().find(|one| one.product == product).copied())
    }

    /// A product as a signal.
    pub(super) fn product(self, product: i64) -> BasketProduct {
        let key = ProductKey { id: product };
        BasketProduct { basket: self, chosen: self.products.row(key), found: self.found.row(key) }
    }

    /// What is chosen now. Tracked.
    pub(super) fn quantities(self) -> Quantities {
        self.chosen.get().into_iter().map(|one| (one.product.to_string(), one.typed.get())).collect()
    }

    /// Keeps in mind what may have been ordered, after an answer that is no order. Returns it as it is to be told, and whether the same
    /// may have been ordered.
    pub(super) fn refused(self, sent: &Quantities, refused: Unconfirmed) -> (Unconfirmed, bool) {
        let is_lost = refused.is_open();
        let told = refused.after(self.unconfirmed.try_with_untracked(|open| !open.is_empty()).unwrap_or_default());
        let is_same = self.unconfirmed.try_update(|open| {
            if !told.is_open() {
                open.clear();
            } else if is_lost && !open.contains(sent) {
                open.push(sent.clone());
            }
            open.contains(sent)
        });
        (told, is_same.unwrap_or_default())
    }

    /// What stands in the way of a line; nothing stands in the way of sending again what may have been ordered. Tracked.
    pub(super) fn obstacle(self, one: Chosen) -> Option<Obstacle> {
        if self.unconfirmed.with(|sent| !sent.is_empty() && sent.contains(&self.quantities())) {
            return None;
        }
        let key = ProductKey { id: one.product };
        let live = self.products.live();
        live.members();
        let stock = live.row(&key).map(|row| row.with(|row| row.quantity));
        // Not before it is known.
        (stock.is_some() || self.products.phase() == Phase::Live)
            .then(|| one.typed.with(|typed| Obstacle::of(typed, stock)))
            .flatten()
    }

    /// The first line that something stands in the way of, if any. Tracked.
    pub(super) fn first_obstacle(self) -> Option<(Chosen, Obstacle)> {
        self.chosen.get().into_iter().find_map(|one| Some((one, self.obstacle(one)?)))
    }

    /// Pieces, and what they cost as prices are now. Tracked.
    pub(super) fn total(self) -> (i64, Price) {
        let live = self.products.live();
        live.revision();
        self.chosen.get().into_iter().fold((0, Price(0)), |(pieces, sum), one| {
            let row = live.row(&ProductKey { id: one.product });
            let price = row.map_or(0, |row| row.with(|row| row.price.0));
            let wanted = one.typed.with(|typed| quantity(typed)).unwrap_or(0);
            (pieces + wanted, Price(sum.0.saturating_add(price.saturating_mul(wanted))))
        })
    }
}

/// A product that was chosen: as it is now, or as it was found while that is not known yet.
#[derive(Clone, Copy)]
pub(super) struct BasketProduct {
    basket: Basket,
    chosen: RowSignal<Product>,
    found: RowSignal<Product>,
}

impl BasketProduct {
    /// Reads something of it. Tracked.
    pub(super) fn read<R: Default>(self, read: impl Fn(&Product) -> R) -> R {
        let known = self.chosen.with(&read);
        let loading = known.is_none() && self.basket.products.phase() != Phase::Live;
        known.or_else(|| loading.then(|| self.found.with(&read)).flatten()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_stands_in_its_way() {
        assert_eq!(Obstacle::of("3", Some(3)), None);
        assert_eq!(Obstacle::of("4", Some(3)), Some(Obstacle::Only(3)));
        assert_eq!(Obstacle::of("4", Some(0)), Some(Obstacle::SoldOut));
        assert_eq!(Obstacle::of("x", Some(3)), Some(Obstacle::NotAQuantity));
        assert_eq!(Obstacle::of("1", None), Some(Obstacle::Gone));
    }
}
