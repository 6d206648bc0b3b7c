//! From a `subscribe` frame to what it asks, or to why that cannot be answered.

use crate::{
    changelog::Source,
    hub::{
        Definition, Filter, Hub, QueryError, Spec, Table, TotalsSpec, WindowSpec,
        filter::{Draft, FilterError},
    },
    protocol::{ErrorCode, MAX_ID_BYTES, Subscribe},
};
use std::{sync::Arc, time::Duration};
use tokio::time::timeout;

/// Why a subscription is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// For programs.
    pub code: ErrorCode,
    /// For people.
    pub message: String,
    /// Where in the filter, in bytes from its start.
    pub at: Option<usize>,
    /// What might be meant instead.
    pub hint: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), at: None, hint: None }
    }

    pub(super) fn unknown_table(name: &str) -> Self {
        let name: String = name.chars().take(MAX_ID_BYTES).collect();
        let message = format!("there is no live table {name:?}; `rowcast track` makes one live");
        Self::new(ErrorCode::UnknownTable, message)
    }
}

/// What a frame asks. [`ErrorCode::SourceUnavailable`] says that it must be asked again: the source did not read its constants
/// within `patience`.
pub async fn define<S: Source>(
    asked: &Subscribe,
    hub: &Hub,
    source: &S,
    patience: Duration,
) -> Result<Definition, Refusal> {
    let table = hub.find_table(&asked.table).ok_or_else(|| Refusal::unknown_table(&asked.table))?;
    if table.key.is_empty() {
        let name = table.full_name();
        let message = match table.columns.iter().find(|column| column.is_virtual) {
            Some(column) => format!(
                "{name} has the virtual generated column {:?}, whose value no trigger sees; drop it and add it again as \
                 `generated always as (…) stored`",
                column.name
            ),
            None => format!("{name} has no primary key any more: nobody can say which row changed"),
        };
        return Err(Refusal::new(ErrorCode::UnreadableTable, message));
    }
    let columns = asked.columns.as_ref().map(|names| places(names, &table)).transpose()?;
    let view = view(asked, &table)?;
    let filter = filter(asked, &table, source, patience).await?;
    let plain = Definition { columns, filter, ..Definition::all(table) };
    Ok(match view {
        Some(spec) => plain.with_view(spec),
        None => plain,
    })
}

/// The filter that is asked for, if any, with its constants read.
async fn filter<S: Source>(
    asked: &Subscribe,
    table: &Arc<Table>,
    source: &S,
    patience: Duration,
) -> Result<Option<Arc<Filter>>, Refusal> {
    let Some(text) = &asked.filter else {
        if asked.params.is_empty() {
            return Ok(None);
        }
        return Err(Refusal::new(ErrorCode::InvalidParameter, "\"params\" are for a filter: they need a \"where\""));
    };
    let draft = Draft::read(text, &asked.params, table)?;
    let values = match draft.constants() {
        [] => Vec::new(),
        constants => match timeout(patience, source.constants(constants)).await {
            Ok(Ok(values)) => values?,
            Ok(Err(error)) if !error.is_unavailable() => {
                tracing::warn!(%error, "constants of a filter cannot be read");
                return Err(Refusal::new(ErrorCode::InvalidParameter, "a value of the filter cannot be read"));
            }
            _ => {
                let message = "the database cannot be read; this starts when it can";
                return Err(Refusal::new(ErrorCode::SourceUnavailable, message));
            }
        },
    };
    Ok(Some(Arc::new(draft.bind(values)?)))
}

impl From<FilterError> for Refusal {
    fn from(error: FilterError) -> Self {
        Self { code: error.code, message: error.message, at: error.at, hint: error.hint }
    }
}

/// The window or totals that are asked for, if any.
fn view(asked: &Subscribe, table: &Table) -> Result<Option<Spec>, Refusal> {
    let Some(aggregate) = &asked.aggregate else {
        if !asked.group_by.is_empty() {
            return Err(Refusal::new(ErrorCode::InvalidQuery, "\"group_by\" is for totals: it needs an \"aggregate\""));
        }
        if asked.order.is_empty() && asked.limit.is_none() {
            return Ok(None);
        }
        return Ok(Some(Spec::Window(WindowSpec::read(&asked.order, asked.limit, table)?)));
    };
    if asked.columns.is_some() || !asked.order.is_empty() || asked.limit.is_some() {
        let message = "totals have no \"columns\", \"order\" or \"limit\"";
        return Err(Refusal::new(ErrorCode::InvalidQuery, message));
    }
    Ok(Some(Spec::Totals(TotalsSpec::read(aggregate, &asked.group_by, table)?)))
}

impl From<QueryError> for Refusal {
    fn from(error: QueryError) -> Self {
        Self { code: error.code, message: error.message, at: None, hint: Some(error.hint) }
    }
}

/// The places of the columns that are to be shown, with those of the key.
fn places(names: &[String], table: &Arc<Table>) -> Result<Vec<usize>, Refusal> {
    let mut places = Vec::with_capacity(names.len() + table.key.len());
    for name in names.iter().chain(&table.key) {
        let place = table.columns.iter().position(|column| column.name == *name).ok_or_else(|| {
            let shown: String = name.chars().take(MAX_ID_BYTES).collect();
            let known: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
            Refusal {
                hint: Some(format!("its columns are {}", known.join(", "))),
                ..Refusal::new(ErrorCode::UnknownColumn, format!("{} has no column {shown:?}", table.full_name()))
            }
        })?;
        places.push(place);
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}
