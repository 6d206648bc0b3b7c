//! Commands about the database itself.

use crate::{config::Config, database::Database, embedded::Cluster};
use anyhow::Context;
use clap::Subcommand;
use std::process::ExitCode;
use tokio::process::Command;

#[derive(Debug, Subcommand)]
pub(super) enum DatabaseCommand {
    /// Print the address of the database, as psql and other programs understand it
    ///
    /// The private Postgres stops when the last command that uses it ends, so its address is of use while the server runs.
    Url,
    /// Run a command with DATABASE_URL set, and end as it ends
    #[command(after_help = "Example:\n  rowcast database exec --temporary -- cargo test --features ssr")]
    Exec {
        /// Use a new, empty Postgres that is thrown away afterwards
        #[arg(long)]
        temporary: bool,
        /// The command and its options
        #[arg(last = true, required = true, value_name = "COMMAND")]
        command: Vec<String>,
    },
}

pub(super) async fn run(config: &Config, command: DatabaseCommand) -> anyhow::Result<ExitCode> {
    match command {
        DatabaseCommand::Url => {
            let database = Database::open(&config.rowcast.database).await?;
            println!("{}", database.url());
            database.close().await?;
            Ok(ExitCode::SUCCESS)
        }
        DatabaseCommand::Exec { temporary: true, command } => {
            let cluster = Cluster::temporary(&config.rowcast.database.embedded()).await?;
            let code = execute(&command, cluster.url()).await;
            cluster.stop().await?;
            code
        }
        DatabaseCommand::Exec { temporary: false, command } => execute_on_database(config, &command).await,
    }
}

/// Opens psql on the database: the one that belongs to the private Postgres, if it is that.
pub(super) async fn psql(config: &Config, options: Vec<String>) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config.rowcast.database).await?;
    let program = database.cluster().map_or_else(|| "psql".into(), |cluster| cluster.bin_dir().join("psql"));
    let program = if program.exists() { program } else { "psql".into() };
    let command: Vec<String> = [program.display().to_string(), "--dbname".to_owned(), database.url().to_owned()]
        .into_iter()
        .chain(options)
        .collect();
    let code = execute(&command, database.url()).await;
    database.close().await?;
    code
}

async fn execute_on_database(config: &Config, command: &[String]) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config.rowcast.database).await?;
    let code = execute(command, database.url()).await;
    database.close().await?;
    code
}

async fn execute(command: &[String], url: &str) -> anyhow::Result<ExitCode> {
    let (program, arguments) = command.split_first().context("there is no command to run")?;
    let mut child = Command::new(program);
    child.args(arguments).env("DATABASE_URL", url);
    // Ctrl-C reaches the command by itself, through the terminal; here it only must not end the database first.
    let ignore = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    let status = child.status().await.with_context(|| format!("{program} could not be run"));
    ignore.abort();
    let code = status?.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}
