//! The columns that a file of products may have: those of an export. Pure.

use crate::app::inventory::validate::Field;
use serde::{Deserialize, Serialize};

/// A column that says something about a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Which product it is; empty for a new one.
    Id,
    /// What it is to be.
    Field(Field),
}

/// Columns of an export, or of rows that were handed back, which say nothing about what a product is to be.
#[cfg(feature = "ssr")]
const WITHOUT_MEANING: [&str; 2] = ["updated_at", "error"];

impl Column {
    /// As an export calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Field(field) => field.column(),
        }
    }
}

#[cfg(feature = "ssr")]
impl Column {
    /// By what stands above it: the export's name or the form's, however it is written.
    pub(super) fn of(title: &str) -> Option<Self> {
        let name = normal(title);
        if name == "id" {
            return Some(Self::Id);
        }
        Field::ALL.into_iter().find(|field| field.column() == name).map(Self::Field)
    }

    /// Whether a column that is none is expected to be there.
    pub(super) fn is_expected(title: &str) -> bool {
        title.trim().is_empty() || WITHOUT_MEANING.contains(&normal(title).as_str())
    }
}

#[cfg(feature = "ssr")]
fn normal(title: &str) -> String {
    title.trim().to_lowercase().replace([' ', '-'], "_")
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn titles_are_those_of_exports_and_forms_in_any_case() {
        let read = ["id", " SKU ", "Reorder level", "reorder_level", "REORDER-LEVEL", "colour"].map(Column::of);
        let level = Some(Column::Field(Field::ReorderLevel));
        assert_eq!(read, [Some(Column::Id), Some(Column::Field(Field::Sku)), level, level, level, None]);
        assert!(Column::is_expected("Updated at") && Column::is_expected("error") && !Column::is_expected("colour"));
    }
}
