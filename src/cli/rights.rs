//! Commands about who may see what.

use super::{
    columns::{aligned, plain},
    room::role,
};
use crate::{config::Config, hub::Policy, identity, protocol::Role, rights};
use anyhow::{Context, ensure};
use clap::{ArgGroup, Args, Subcommand};
use sqlx::PgPool;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum RightsCommand {
    /// Let a role see a live table
    ///
    /// Nothing is seen by anybody unless it is granted. What is granted takes the place of what was granted to the role before.
    /// Open pages follow at once.
    #[command(
        after_help = "Examples:\n  rowcast grant orders --role staff\n  rowcast grant orders --role customer --columns id,status --where 'customer_id = $user.id'\n  rowcast grant --all --role admin"
    )]
    Grant(Grant),
    /// Take back what `grant` gave; rows vanish from open pages at once
    Revoke {
        #[command(flatten)]
        what: What,
        /// From whom: anonymous, customer, staff or admin
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// List what is granted to whom
    Policies,
    /// Say why somebody sees a row, or does not. Ends with 1 if they do not
    #[command(after_help = "Example:\n  rowcast explain --user ana@example.org --table orders --key 1017")]
    Explain {
        /// Whose eyes: an account's address
        #[arg(long, value_name = "EMAIL", required_unless_present = "role")]
        user: Option<String>,
        /// Or those of anybody of a role
        #[arg(long, conflicts_with = "user", value_parser = role)]
        role: Option<Role>,
        /// Which table
        #[arg(long, value_name = "TABLE")]
        table: String,
        /// Which row: the value of its key; of a key of several columns the values, with commas between them
        #[arg(long, value_name = "KEY")]
        key: String,
    },
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub(super) struct What {
    /// Name as in SQL: schema.table
    #[arg(value_name = "TABLE", group = "what")]
    table: Option<String>,
    /// Every live table that has no policy of its own for the role, also those to come
    #[arg(long, group = "what")]
    all: bool,
}

#[derive(Debug, Args)]
pub(super) struct Grant {
    #[command(flatten)]
    what: What,
    /// To whom: anonymous, customer, staff or admin
    #[arg(long, value_parser = role)]
    role: Role,
    /// Only these columns, and those of the key
    #[arg(long, value_delimiter = ',', value_name = "COLUMN", conflicts_with = "all")]
    columns: Option<Vec<String>>,
    /// Only these rows: a filter, in which $user.id and $user.role stand for whoever looks
    #[arg(long = "where", value_name = "FILTER", conflicts_with = "all")]
    filter: Option<String>,
}

pub(super) async fn run(config: &Config, command: RightsCommand) -> anyhow::Result<ExitCode> {
    super::with_database(config, async |pool| act(pool, command).await).await
}

async fn act(pool: &PgPool, command: RightsCommand) -> anyhow::Result<ExitCode> {
    match command {
        RightsCommand::Grant(Grant { what: What { table: Some(table), .. }, role, columns, filter }) => {
            let granted = rights::grant(pool, &table, Policy { columns, filter, ..Policy::all(role) }).await?;
            println!("{role} may see {}", granted.table);
        }
        RightsCommand::Grant(Grant { role, .. }) => {
            rights::grant_all(pool, role).await?;
            println!("{role} may see every live table that has no policy of its own for this role");
        }
        RightsCommand::Revoke { what: What { table: Some(table), .. }, role } => {
            let revoked = rights::revoke(pool, &table, role).await?;
            ensure!(revoked, "nothing of {table} is granted to {role} by itself; `rowcast policies` lists what is");
            println!("{role} may not see {table} by that any more");
        }
        RightsCommand::Revoke { role, .. } => {
            ensure!(rights::revoke_all(pool, role).await?, "not all tables are granted to {role}");
            println!("{role} sees only tables that are granted by themselves now");
        }
        RightsCommand::Policies => list(&rights::list(pool).await?),
        RightsCommand::Explain { user, role, table, key } => {
            let who = match (user, role) {
                (Some(email), _) => {
                    let found = identity::account::principal(pool, &email).await?;
                    let (who, disabled) = found.with_context(|| format!("there is no account {email}"))?;
                    println!("{email} is account {}, of the role {}.", who.account.unwrap_or_default(), who.role);
                    if disabled {
                        println!("The account is disabled: whoever it is sees nothing.");
                        return Ok(ExitCode::FAILURE);
                    }
                    who
                }
                (None, role) => crate::hub::Principal::nobody(role.unwrap_or_default()),
            };
            let explanation = rights::explain(pool, &who, &table, &key).await?;
            println!("{explanation}");
            return Ok(if explanation.sees { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn list(policies: &[rights::Listed]) {
    if policies.is_empty() {
        println!("Nothing is granted to anybody. `rowcast grant TABLE --role ROLE` does.");
        return;
    }
    let row = |listed: &rights::Listed| {
        let or = |text: Option<String>, none: &str| text.map_or_else(|| none.to_owned(), |text| plain(&text));
        let filter = or(listed.policy.filter.clone(), "all");
        [
            or(listed.table.clone(), "(all others)"),
            listed.policy.role.to_string(),
            or(listed.policy.columns.as_ref().map(|columns| columns.join(",")), "all"),
            match &listed.problem {
                Some(problem) => format!("{filter}   NONE: {}", plain(problem)),
                None => filter,
            },
        ]
    };
    println!("{}", aligned(["TABLE", "ROLE", "COLUMNS", "ROWS"], &policies.iter().map(row).collect::<Vec<_>>()));
}
