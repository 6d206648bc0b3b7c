//! Looks at imports, for whoever brought them.

use super::{
    carry_out::{Asking, asking},
    keep,
    model::{Change, Home, Kind, Refusal, RowView, Show, View},
    plan::{Row, Step, counts},
    sheet,
    upload::Bounds,
};
use crate::app::{
    csv,
    inventory::validate::{Field, Valid},
};
use leptos::prelude::use_context;
use std::collections::HashMap;

/// Rows that are shown.
pub(super) const SHOWN: usize = 200;
/// Longer values are shown up to so many characters.
const SHOWN_CHARACTERS: usize = 120;

/// What somebody may bring, and has brought.
pub(super) async fn home() -> Result<Home, Refusal> {
    let Asking { pool, person } = asking()?;
    let Bounds { megabytes, rows } = use_context::<Bounds>().unwrap_or_default();
    Ok(Home { megabytes, rows, imports: keep::recent(&pool, &person).await? })
}

/// An import, and the first of its rows.
pub(super) async fn look(id: i64, show: Show) -> Result<View, Refusal> {
    let Asking { pool, person } = asking()?;
    let (kept, rows) = keep::find(&pool, id, &person).await?.planned().await?;
    let is_stale = |row: &Row| kept.stale.binary_search(&row.line).is_ok();
    let is_shown = |row: &&Row| match show {
        Show::All => true,
        Show::Only(kind) => row.kind() == kind,
        Show::Stale => is_stale(row),
    };
    Ok(View {
        id,
        name: kept.name.clone(),
        state: kept.state,
        is_interrupted: kept.is_interrupted,
        counts: counts(&rows, &kept.stale),
        ignored: sheet::ignored(&kept.content),
        show,
        rows: rows.iter().filter(is_shown).take(SHOWN).map(|row| shown(row, is_stale(row))).collect(),
        progress: kept.progress,
        done: kept.told,
    })
}

/// The rows with errors, as they came, with what is wrong in a column more.
pub(super) async fn rest(asking: &Asking, id: i64) -> Result<String, Refusal> {
    let (kept, rows) = keep::find(&asking.pool, id, &asking.person).await?.planned().await?;
    let sheet = sheet::read(&kept.content, usize::MAX).map_err(|_| Refusal::Gone)?;
    let errors: HashMap<u64, String> = rows.iter().filter_map(|row| Some((row.line, errors(row)?))).collect();
    // One that was handed back before has such a column already.
    let kept_columns: Vec<usize> =
        (0..sheet.titles.len()).filter(|at| !sheet.titles[*at].eq_ignore_ascii_case("error")).collect();
    let cells = |cells: &[String], error: &str| {
        let own = kept_columns.iter().map(|at| cells.get(*at).map_or("", String::as_str));
        csv::row(own.chain([error]))
    };
    let mut text = cells(&sheet.titles, "error");
    for line in &sheet.lines {
        if let Some(error) = errors.get(&line.number) {
            text.push_str(&cells(&line.cells, error));
        }
    }
    Ok(text)
}

fn errors(row: &Row) -> Option<String> {
    match &row.step {
        Step::Wrong(_, faults) => Some(faults.iter().map(|fault| fault.message()).collect::<Vec<_>>().join(". ")),
        _ => None,
    }
}

fn shown(row: &Row, is_stale: bool) -> RowView {
    let short = |text: &str| match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    let (mut id, mut changes, mut problems) = (None, Vec::new(), Vec::new());
    match &row.step {
        Step::Add(valid) => changes = whole(valid),
        Step::Change(product, due) => {
            id = Some(*product);
            changes.clone_from(due);
        }
        Step::Keep(product) => id = Some(*product),
        Step::Wrong(product, faults) => {
            id = *product;
            problems = faults.iter().map(|fault| (fault.column().to_owned(), fault.message())).collect();
        }
    }
    for change in &mut changes {
        (change.from, change.to) = (short(&change.from), short(&change.to));
    }
    let kind: Kind = row.kind();
    RowView { line: row.line, kind, id, name: short(&row.name), sku: short(&row.sku), changes, problems, is_stale }
}

/// What a new product is to be, but for what it is called.
fn whole(valid: &Valid) -> Vec<Change> {
    let values = [
        (Field::Category, valid.category.clone()),
        (Field::Location, valid.location.clone()),
        (Field::Quantity, valid.quantity.to_string()),
        (Field::ReorderLevel, valid.reorder_level.to_string()),
        (Field::Price, valid.price.plain()),
    ];
    values.map(|(field, to)| Change { field, from: String::new(), to }).into()
}
