//! The changelog: the durable order of changes, and everything that reads it.
//!
//! | file | what it is |
//! |---|---|
//! | `schema` | creates and upgrades the engine's own schema, looks at that of what is tracked |
//! | `position` | Postgres snapshots as positions, the epoch |
//! | `read` | the changes after a position |
//! | `snapshot` | the rows of tables as of a position |
//! | `source` | both of these, as a session sees them |
//! | `constants` | constants of filters that only the database can read |
//! | `doorbell` | sleeping without missing anything |
//! | `tailer` | the one task that feeds the hub |
//! | `history` | which continuous history the database is |
//! | `statement` | statements that leave nothing behind in a session |
//! | `bulk` | what to do when there is too much to read |
//! | `retention` | how far back the changelog reaches |
//! | `survey` | what the changelog takes and what goes into it, for people |
//! | `travel` | the answer to a question as of a moment, and the moments that changed it |
//!
//! `rowcast.change` is a view of four parts, used in turn and emptied as a whole.
//!
//! Architecture invariant: nobody else reads changes from `rowcast.change`; `capture` counts and removes those of a table.

mod bulk;
mod constants;
mod doorbell;
mod error;
mod history;
mod position;
mod read;
mod retention;
mod schema;
mod snapshot;
mod source;
pub(crate) mod statement;
mod survey;
mod tailer;
pub mod travel;

pub use constants::read_constants;
pub(crate) use constants::read_constants_within;
pub use error::Error;
pub use history::renew as renew_history;
pub use position::epoch;
pub(crate) use position::{parse as parse_position, transaction as parse_transaction};
pub(crate) use read::bounds as position_bounds;
pub use read::{Measure, Reading, catch_up};
pub use retention::{Keep, Retention, begin, prune};
pub use schema::{follow, install, refresh};
pub use snapshot::{PageSnapshot, PageSnapshots, Snapshot};
pub(crate) use snapshot::{quote, tracked_table};
pub use source::{Haste, PostgresSource, Rows, Source};
pub use survey::{Survey, SurveyedPart, SurveyedTable, survey};
pub use tailer::{Tailer, WakeUp};
