//! Who sees how much of a row that is just being written, for those who write to people what the row says: in the same transaction, by the
//! policies that it sees.
//!
//! Invariant: nothing fails here but the database. By a policy that cannot be used, nobody sees anything.

use super::{
    RightsError,
    policy::{bound, draft_of},
};
use crate::{
    changelog::{self, quote, read_constants_within, statement::query, tracked_table},
    hub::{Filter, Policy, Principal, Row, Table},
};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row as _};
use std::sync::Arc;

/// A row of a live table.
#[derive(Debug)]
pub(crate) struct Beheld {
    table: Arc<Table>,
    row: Row,
}

impl Beheld {
    /// The row with this number in a column, and this one in another. None if the table is not live, or there is no such row.
    pub(crate) async fn read(
        connection: &mut PgConnection,
        table: &str,
        of: &[(&str, i64)],
    ) -> Result<Option<Self>, changelog::Error> {
        let Some(table) = tracked_table(connection, table).await?.map(Arc::new) else { return Ok(None) };
        let conditions: Vec<String> =
            of.iter().zip(1..).map(|((column, _), place)| format!("t.{} = ${place}", quote(column))).collect();
        let source = format!("{}.{}", quote(&table.schema), quote(&table.name));
        let select = format!("select row_to_json(t.*)::text from {source} t where {}", conditions.join(" and "));
        let row = of.iter().fold(query(AssertSqlSafe(select)), |statement, (_, number)| statement.bind(*number));
        // The settings under which rows are written end here.
        let mut pinned = connection.begin().await?;
        query(include_str!("../changelog/constants.sql")).execute(&mut *pinned).await?;
        let row = row.fetch_optional(&mut *pinned).await?;
        pinned.rollback().await?;
        let text: Option<String> = row.map(|row| row.try_get(0)).transpose()?;
        let image = text.and_then(|text| RawValue::from_string(text).ok()).map(Arc::from);
        let row = image.and_then(|image| Row::read(&table, &image).ok());
        Ok(row.map(|row| Self { table, row }))
    }

    /// The columns of it that somebody sees; none if they do not see the row.
    pub(crate) async fn by(
        &self,
        connection: &mut PgConnection,
        principal: &Principal,
    ) -> Result<Vec<String>, changelog::Error> {
        let Some(policy) = self.table.policy_for(principal) else { return Ok(Vec::new()) };
        let sees = match self.filter(connection, policy, principal).await {
            Ok(filter) => filter.is_none_or(|filter| filter.matches(&self.row)),
            Err(RightsError::Database(error)) => return Err(error.into()),
            Err(RightsError::Changelog(error)) => return Err(error),
            Err(error) => {
                let (table, role) = (self.table.full_name(), policy.role);
                tracing::error!(table, %role, %error, "a policy cannot be used, so nobody of this role is told of the row");
                false
            }
        };
        let seen = policy.seen(&self.table);
        Ok(if sees { seen.names().map(str::to_owned).collect() } else { Vec::new() })
    }

    /// Which rows a policy lets somebody see; none: all.
    async fn filter(
        &self,
        connection: &mut PgConnection,
        policy: &Policy,
        principal: &Principal,
    ) -> Result<Option<Filter>, RightsError> {
        let Some(draft) = draft_of(policy, principal, &self.table)? else { return Ok(None) };
        let values = read_constants_within(connection, draft.constants()).await?;
        let Some(values) = values else {
            let error = draft.constants().first().map(|constant| constant.refused("the database refuses it"));
            return Err(error.map_or_else(|| RightsError::NotTracked(self.table.full_name()), RightsError::from));
        };
        bound(draft, values, policy, &self.table).map(Some)
    }
}
