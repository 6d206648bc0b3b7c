//! The hub's parts without anything around them.

pub(crate) mod model;

use super::*;
use crate::protocol::{Change, Position};
use model::{Model, Rows, TABLES};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    id: i64,
    v: u64,
}

#[derive(Deserialize)]
struct Key {
    id: i64,
}

/// Applies changes as strictly as a client does: an insert must be new, an update and a delete must be of what is there.
fn apply(rows: &mut Rows, changes: &[Change<'_>]) -> Result<(), String> {
    for change in changes {
        let fits = match change {
            Change::Insert { row } => {
                let row: Row = serde_json::from_str(row.get()).expect("a row");
                rows.insert(row.id, row.v).is_none()
            }
            Change::Update { row } => {
                let row: Row = serde_json::from_str(row.get()).expect("a row");
                rows.insert(row.id, row.v).is_some()
            }
            Change::Delete { key } => {
                let key: Key = serde_json::from_str(key.get()).expect("a key");
                rows.remove(&key.id).is_some()
            }
            Change::Truncate => {
                rows.clear();
                true
            }
        };
        if !fits {
            return Err(format!("{change:?} does not fit {rows:?}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// From wherever a reader stands, the net change leads to every later position, and each step of it can be applied.
    #[test]
    fn the_net_change_leads_from_any_position_to_any_later_one(acts in prop::collection::vec(model::act(), 1..40)) {
        let mut model = Model::new();
        let mut seen: Vec<(Position, [Rows; TABLES])> = Vec::new();
        for act in acts {
            seen.push((model.position(), std::array::from_fn(|table| model.rows(table))));
            model.act(act);
        }
        for (from, before) in seen {
            let batch = model.batch_after(&from);
            for (index, mut rows) in before.into_iter().enumerate() {
                let net = net(&model.tables()[index], &batch.changes).expect("rows have keys");
                apply(&mut rows, &net.changes()).map_err(TestCaseError::fail)?;
                prop_assert_eq!(&rows, &model.rows(index));
            }
        }
    }
}
