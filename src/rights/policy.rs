//! Granting, revoking, listing.

use super::RightsError;
use crate::{
    changelog::{Snapshot, read_constants, statement},
    hub::{Filter, Policy, Principal, Table, filter::Draft},
    protocol::Role,
};
use sqlx::{PgPool, Row};
use std::sync::Arc;

/// What was granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// Of which table.
    pub table: String,
}

/// One policy, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Of which table; none: of all that have no policy of their own for the role.
    pub table: Option<String>,
    /// What is granted.
    pub policy: Policy,
    /// Why nobody sees anything by it, if it cannot be read any more.
    pub problem: Option<String>,
}

/// Lets a role read a table: these columns of these rows, in place of what it might read of it before. Open pages follow at once.
pub async fn grant(pool: &PgPool, typed: &str, policy: Policy) -> Result<Granted, RightsError> {
    let table = find(pool, typed).await?;
    if let Some(missing) = policy.columns.iter().flatten().find(|column| table.place(column).is_none()) {
        let known = table.names().collect::<Vec<_>>().join(", ");
        return Err(RightsError::NoColumn { table: table.full_name(), column: missing.clone(), known });
    }
    // Read for an account, because null would fit everything.
    let sample = Principal { account: Some(1), ..Principal::nobody(policy.role) };
    filter_of(pool, &policy, &sample, &table).await?;
    let grant = statement::query(
        "insert into rowcast.policy (tracked, role, columns, filter) values ($1, $2, $3, $4)
         on conflict (tracked, role) where tracked is not null
             do update set columns = excluded.columns, filter = excluded.filter, at = now()",
    )
    .bind(table.id)
    .bind(policy.role.word())
    .bind(policy.columns)
    .bind(policy.filter);
    statement::execute(pool, grant).await?;
    Ok(Granted { table: table.full_name() })
}

/// Takes back what was granted of a table. Whether anything was.
pub async fn revoke(pool: &PgPool, typed: &str, role: Role) -> Result<bool, RightsError> {
    let table = find(pool, typed).await?;
    let revoked = statement::query("delete from rowcast.policy where tracked = $1 and role = $2 returning id");
    Ok(!statement::rows(pool, revoked.bind(table.id).bind(role.word())).await?.is_empty())
}

/// Lets a role read every live table that has no policy of its own for it, also those to come.
pub async fn grant_all(pool: &PgPool, role: Role) -> Result<(), RightsError> {
    Ok(statement::execute(pool, statement::query("select rowcast.grant_all($1)").bind(role.word())).await?)
}

/// Takes that back. Whether it was granted.
pub async fn revoke_all(pool: &PgPool, role: Role) -> Result<bool, RightsError> {
    Ok(statement::value(pool, statement::query_scalar("select rowcast.revoke_all($1)").bind(role.word())).await?)
}

/// All policies, those of all tables first.
pub async fn list(pool: &PgPool) -> Result<Vec<Listed>, RightsError> {
    let tables = tables(pool).await?;
    let all = statement::query(
        "select p.tracked, p.role, p.columns, p.filter, rowcast.moved_columns(p.attributes, t.relid) as moved
         from rowcast.policy p left join rowcast.tracked t on t.id = p.tracked
         order by t.schema_name nulls first, t.table_name, p.role",
    );
    let rows = statement::rows(pool, all).await?;
    let mut listed = Vec::with_capacity(rows.len());
    for row in rows {
        let policy = Policy {
            role: Role::from(row.try_get::<String, _>("role")?),
            columns: row.try_get("columns")?,
            filter: row.try_get("filter")?,
            moved: row.try_get("moved")?,
        };
        let number: Option<i32> = row.try_get("tracked")?;
        let table = tables.iter().find(|table| Some(table.id) == number);
        let sample = Principal { account: Some(1), ..Principal::nobody(policy.role) };
        let problem = match table {
            Some(table) => filter_of(pool, &policy, &sample, table).await.err().map(|error| error.to_string()),
            None => None,
        };
        listed.push(Listed { table: table.map(|table| table.full_name()), policy, problem });
    }
    Ok(listed)
}

/// What a policy lets somebody see; none: all rows.
///
/// # Errors
/// It cannot be read, or means other columns than when it was granted: nobody sees anything by it.
pub(super) async fn filter_of(
    pool: &PgPool,
    policy: &Policy,
    principal: &Principal,
    table: &Arc<Table>,
) -> Result<Option<Filter>, RightsError> {
    let Some(draft) = draft_of(policy, principal, table)? else { return Ok(None) };
    let values = read_constants(pool, draft.constants()).await??;
    bound(draft, values, policy, table).map(Some)
}

/// The same before its constants are read.
pub(super) fn draft_of(
    policy: &Policy,
    principal: &Principal,
    table: &Arc<Table>,
) -> Result<Option<Draft>, RightsError> {
    if let Some(column) = policy.moved_column() {
        return Err(moved(column));
    }
    let Some(text) = policy.rows_for(principal) else { return Ok(None) };
    Ok(Some(Draft::read(&text, &[], table)?))
}

/// The same with its constants.
pub(super) fn bound(
    draft: Draft,
    values: Vec<String>,
    policy: &Policy,
    table: &Arc<Table>,
) -> Result<Filter, RightsError> {
    let filter = draft.bind(values)?;
    let names = filter.uses().iter().map(|place| &table.columns[*place].name);
    match names.into_iter().find(|name| policy.moved.contains(name)) {
        Some(column) => Err(moved(column)),
        None => Ok(filter),
    }
}

fn moved(column: &str) -> RightsError {
    RightsError::Moved { column: column.to_owned() }
}

pub(super) async fn find(pool: &PgPool, typed: &str) -> Result<Arc<Table>, RightsError> {
    let number = statement::query_scalar(
        "select max(t.id) from rowcast.tracked t where rowcast.attached_to(t.id, t.relid) = to_regclass($1)",
    );
    let number: Option<i32> = statement::value(pool, number.bind(typed)).await?;
    let found = tables(pool).await?.into_iter().find(|table| Some(table.id) == number);
    found.ok_or_else(|| RightsError::NotTracked(typed.to_owned()))
}

async fn tables(pool: &PgPool) -> Result<Vec<Arc<Table>>, RightsError> {
    let mut snapshot = Snapshot::open(pool, &[]).await?;
    Ok(snapshot.tables().await?.into_iter().map(Arc::new).collect())
}
