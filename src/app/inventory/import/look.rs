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
use std::collections::HashMap;

/// Rows that are shown.
pub(super) const SHOWN: usize = 200;
/// Longer values are shown up to so many characters.
const SHOWN_CHARACTERS: usize = 120;
/// So many columns that are not read are named.
const IGNORED: usize = 20;

/// What somebody may bring, and has brought.
pub(super) async fn home() -> Result<Home, Refusal> {
    let Asking { pool, person, places } = asking()?;
    let Bounds { megabytes, rows } = places.bounds;
    Ok(Home { megabytes, rows, imports: keep::recent(&pool, &person).await? })
}

/// An import, and the first of its rows.
pub(super) async fn look(id: i64, show: Show) -> Result<View, Refusal> {
    let Asking { pool, person, places } = asking()?;
    let place = places.look().await?;
    let (kept, rows) = keep::find(&pool, id, &person).await?.planned(&place).await?;
    let ignored = sheet::ignored(&kept.content);
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
        ignored: ignored.iter().take(IGNORED).map(|title| short(title)).collect(),
        ignored_more: ignored.len().saturating_sub(IGNORED),
        show,
        rows: rows.iter().filter(is_shown).take(SHOWN).map(|row| shown(row, is_stale(row))).collect(),
        progress: kept.progress,
        done: kept.told,
    })
}

/// The rows with errors, as they came, with what is wrong in a column more.
pub(super) async fn rest(asking: &Asking, id: i64) -> Result<String, Refusal> {
    let place = asking.places.look().await?;
    let (kept, rows) = keep::find(&asking.pool, id, &asking.person).await?.planned(&place).await?;
    let sheet = sheet::read(&kept.content, usize::MAX).map_err(|_| Refusal::Gone)?;
    let errors: HashMap<u64, String> = rows.iter().filter_map(|row| Some((row.line, errors(row)?))).collect();
    // One that was handed back before has such a column already.
    let kept_columns: Vec<usize> =
        (0..sheet.titles.len()).filter(|at| !sheet.titles[*at].eq_ignore_ascii_case("error")).collect();
    let titles = kept_columns.iter().map(|at| sheet.titles[*at].as_str());
    let mut text = csv::row(titles.chain(["error"]));
    for line in &sheet.lines {
        if let Some(error) = errors.get(&line.number) {
            let cells = kept_columns.iter().map(|at| line.cell(*at).unwrap_or_default());
            text.push_str(&csv::row(cells.chain([error.as_str()])));
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

fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn shown(row: &Row, is_stale: bool) -> RowView {
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
