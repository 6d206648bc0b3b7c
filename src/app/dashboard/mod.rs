//! The dashboard: figures of the shop as they are this moment, for those who work here.
//!
//! | file | what it is |
//! |---|---|
//! | `range` | which time is looked at, and the steps that it is cut into; pure |
//! | `bars` | what a chart shows, and how high; pure |
//! | `rows` | the totals and windows that are asked for |
//! | `page` | the page |
//! | `figures`, `sales`, `states`, `popular`, `feed`, `low` | its panels |
//! | `known` | what is shown of what is not known, or not any more |
//! | `chart` | bars, which are a table as well |
//! | `columns.sql` | columns by which the demo's rows are added up |
//!
//! All figures are live totals and live windows: whatever the size of the tables, a browser holds no rows but those that it shows, and
//! one of totals for each product that was ordered in the time that is looked at.

mod bars;
mod chart;
mod feed;
mod figures;
mod known;
mod low;
mod page;
mod popular;
mod range;
mod rows;
mod sales;
mod states;

pub(super) use bars::Bar;
pub(super) use chart::Chart;
pub(super) use page::DashboardPage;

/// Where it is.
pub(super) const PAGE: &str = "/dashboard";
