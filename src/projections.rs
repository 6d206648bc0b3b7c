//! The projections that this program keeps: its server brings them up to date, its commands rebuild and check them.
//!
//! This is the one place that knows them all. The ledger itself knows none.

use crate::ledger::Registry;

/// All of them. Those whose tables are not in a database are not kept there.
pub fn all() -> Registry {
    Registry::new()
}
