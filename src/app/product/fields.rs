//! The fields of a product that are edited, as forms have them. Pure.

use crate::app::inventory::{
    Price, Product,
    validate::{self, Field, Problem},
};
use serde::{Deserialize, Serialize};

/// What is edited. How many pieces there are is not: pieces move, for a reason.
pub const FIELDS: [Field; 6] =
    [Field::Name, Field::Sku, Field::Category, Field::Location, Field::ReorderLevel, Field::Price];

/// Two people changed one field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// Which.
    pub field: Field,
    /// What it is now.
    pub theirs: String,
}

/// A field of a product, as a form has it.
pub fn value(product: &Product, field: Field) -> String {
    match field {
        Field::Sku => product.sku.clone(),
        Field::Name => product.name.clone(),
        Field::Category => product.category.clone(),
        Field::Location => product.location.clone(),
        Field::Quantity => product.quantity.to_string(),
        Field::ReorderLevel => product.reorder_level.to_string(),
        Field::Price => product.price.plain(),
    }
}

/// The same value, as [`value`] writes it.
pub fn checked(field: Field, typed: &str) -> Result<String, Problem> {
    match field {
        Field::Quantity | Field::ReorderLevel => validate::quantity(typed).map(|number| number.to_string()),
        Field::Price => validate::price(typed).map(Price::plain),
        field => validate::text(field, typed),
    }
}
