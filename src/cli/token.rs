//! Commands about API tokens.

use super::{
    columns::{aligned, plain},
    user::account_role,
};
use crate::{
    config::Config,
    identity::{form, token},
    protocol::Role,
};
use anyhow::{Context, ensure};
use clap::Subcommand;
use sqlx::PgPool;

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token for a script or a service
    ///
    /// The token alone goes to standard output, this once. It is shown as `Authorization: Bearer TOKEN`.
    #[command(
        after_help = "Example:\n  TOKEN=$(rowcast token create --role staff --name dashboard --table orders --expires-days 90)"
    )]
    Create {
        /// What whoever shows it is: customer, staff or admin
        #[arg(long, value_parser = account_role)]
        role: Role,
        /// What it is for
        #[arg(long, default_value = "")]
        name: String,
        /// Only this table, whatever the role may see; can be given several times
        #[arg(long = "table", value_name = "TABLE")]
        tables: Vec<String>,
        /// After so many days it is worth nothing [default: never]
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        expires_days: Option<u32>,
    },
    /// Make a token worthless at once; sessions that were opened with it end
    Revoke {
        /// Its number, as `token list` tells it
        id: i64,
    },
    /// List the tokens, without their secrets
    List,
}

pub(super) async fn run(config: &Config, command: TokenCommand) -> anyhow::Result<()> {
    super::with_database(config, async |pool| act(pool, command).await).await
}

async fn act(pool: &PgPool, command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create { role, name, tables, expires_days } => {
            let name = if name.is_empty() { "" } else { form::name(&name)? };
            let mut known = Vec::with_capacity(tables.len());
            for typed in &tables {
                known.push(token::table(pool, typed).await?.with_context(|| format!("there is no table {typed}"))?);
            }
            let tables = (!known.is_empty()).then_some(known);
            let (id, token) = token::create(pool, &token::New { name, role, tables, days: expires_days }).await?;
            eprintln!(
                "Token {id}, as {role}. It is told only this once; `rowcast token revoke {id}` makes it worthless."
            );
            println!("{token}");
        }
        TokenCommand::Revoke { id } => {
            let revoked = token::revoke(pool, id).await?;
            ensure!(revoked, "there is no token {id} that is worth something; `rowcast token list` lists all");
            println!("token {id} is worthless now");
        }
        TokenCommand::List => list(&token::list(pool).await?),
    }
    Ok(())
}

fn list(tokens: &[token::Listed]) {
    if tokens.is_empty() {
        println!("There are no tokens. `rowcast token create` makes one.");
        return;
    }
    let row = |token: &token::Listed| {
        let or = |time: &Option<String>, none: &str| time.clone().unwrap_or_else(|| none.to_owned());
        let tables = token.tables.as_ref().map_or_else(|| "all".to_owned(), |tables| tables.join(" "));
        [
            token.id.to_string(),
            token.role.to_string(),
            token.state.clone(),
            token.created_at.clone(),
            or(&token.expires_at, "never"),
            or(&token.last_used, "never"),
            plain(&tables),
            plain(&token.name),
        ]
    };
    let rows: Vec<_> = tokens.iter().map(row).collect();
    let head = ["ID", "ROLE", "STATE", "SINCE (UTC)", "EXPIRES", "LAST USED", "TABLES", "NAME"];
    println!("{}", aligned(head, &rows));
}
