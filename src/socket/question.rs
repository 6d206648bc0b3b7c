//! From a `subscribe` frame to what it asks, or to why that cannot be answered.

use crate::{
    changelog::Source,
    hub::{
        Definition, Filter, Hub, Policy, Principal, QueryError, Spec, Table, TotalsSpec, WindowSpec,
        filter::{Draft, FilterError},
    },
    protocol::{ErrorCode, MAX_ID_BYTES, Subscribe},
};
use std::{fmt::Display, sync::Arc, time::Duration};
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

/// What a frame asks, as far as whoever asks may know it: of a table that they may not read they are told what they are told of
/// one that is not there. [`ErrorCode::SourceUnavailable`] says that it must be asked again: the source did not read its constants
/// within `patience`.
pub async fn define<S: Source>(
    asked: &Subscribe,
    principal: &Principal,
    hub: &Hub,
    source: &S,
    patience: Duration,
) -> Result<Definition, Refusal> {
    let table = hub.find_table(&asked.table).ok_or_else(|| Refusal::unknown_table(&asked.table))?;
    let policy = table.policy_for(principal).ok_or_else(|| Refusal::unknown_table(&asked.table))?;
    if let Some(column) = policy.moved_column() {
        return Err(unsayable(
            policy,
            &table,
            &format!("its column {column:?} is another one than when it was granted"),
        ));
    }
    let seen = policy.seen(&table);
    if table.key.is_empty() {
        let name = table.full_name();
        let message = match seen.columns.iter().find(|column| column.is_virtual && !column.hidden) {
            Some(column) => format!(
                "{name} has the virtual generated column {:?}, whose value no trigger sees; drop it and add it again as \
                 `generated always as (…) stored`",
                column.name
            ),
            None => format!("{name} has no primary key any more: nobody can say which row changed"),
        };
        return Err(Refusal::new(ErrorCode::UnreadableTable, message));
    }
    let columns = match (&asked.columns, &policy.columns) {
        (Some(names), _) => Some(places(names, &seen)?),
        // Totals show what they are asked for, which has been looked up among what may be seen.
        (None, Some(_)) if asked.aggregate.is_none() => Some(visible(&seen)),
        (None, _) => None,
    };
    let view = view(asked, &seen)?;
    let draft = draft(asked, &seen)?;
    let draft = narrow(draft, policy, principal, &table)?;
    let filter = match draft {
        Some(draft) => Some(bind(draft, source, patience).await?),
        None => None,
    };
    let plain = Definition { columns, filter, ..Definition::all(table.clone()) };
    Ok(match view {
        Some(spec) => plain.with_view(spec),
        None => plain,
    })
}

/// The filter that is asked for, if any.
fn draft(asked: &Subscribe, seen: &Arc<Table>) -> Result<Option<Draft>, Refusal> {
    let Some(text) = &asked.filter else {
        if asked.params.is_empty() {
            return Ok(None);
        }
        return Err(Refusal::new(ErrorCode::InvalidParameter, "\"params\" are for a filter: they need a \"where\""));
    };
    Ok(Some(Draft::read(text, &asked.params, seen)?))
}

/// What is asked for, of the rows that may be seen. A policy that cannot be read lets nobody see anything.
fn narrow(
    asked: Option<Draft>,
    policy: &Policy,
    principal: &Principal,
    table: &Arc<Table>,
) -> Result<Option<Draft>, Refusal> {
    let Some(rows) = policy.rows_for(principal) else { return Ok(asked) };
    let meant = policy.meant(table);
    let narrowed = match asked {
        Some(draft) => draft.narrowed(&rows, &meant),
        None => Draft::read(&rows, &[], &meant),
    };
    Ok(Some(narrowed.map_err(|error| unsayable(policy, table, &error))?))
}

/// Nothing is granted by such a policy, so the rows leave the page as they do when it is revoked. Whoever asks is told that it is not
/// their fault; why it is so, the log says, and `rowcast policies`.
fn unsayable(policy: &Policy, table: &Table, why: &dyn Display) -> Refusal {
    let (name, role) = (table.full_name(), policy.role);
    tracing::error!(table = name, %role, "a policy cannot be used, so nobody of this role sees the table: {why}");
    let message =
        format!("what may be seen of {name} cannot be said at the moment; an administrator must mend its policy");
    Refusal::new(ErrorCode::UnknownTable, message)
}

/// With its constants read.
async fn bind<S: Source>(draft: Draft, source: &S, patience: Duration) -> Result<Arc<Filter>, Refusal> {
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
    Ok(Arc::new(draft.bind(values)?))
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

/// The places of all columns that may be read.
fn visible(seen: &Table) -> Vec<usize> {
    seen.columns.iter().enumerate().filter(|(_, column)| !column.hidden).map(|(place, _)| place).collect()
}

/// The places of the columns that are to be shown, with those of the key.
fn places(names: &[String], table: &Arc<Table>) -> Result<Vec<usize>, Refusal> {
    let mut places = Vec::with_capacity(names.len() + table.key.len());
    for name in names.iter().chain(&table.key) {
        let place = table.place(name).ok_or_else(|| {
            let shown: String = name.chars().take(MAX_ID_BYTES).collect();
            let known: Vec<&str> = table.names().collect();
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
