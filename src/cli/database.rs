//! Commands about the database itself.

use crate::{config::Config, database::Database, embedded::Cluster};
use anyhow::Context;
use clap::Subcommand;
use percent_encoding::percent_decode_str;
use std::process::ExitCode;
use tokio::process::Command;
use url::Url;

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
            let code = execute(split(&command)?, cluster.url()).await;
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
    let (address, password) = without_password(database.url());
    let mut command = Command::new(program);
    command.arg("--dbname").arg(address).args(options);
    if let Some(password) = password {
        command.env("PGPASSWORD", password);
    }
    let code = execute(command, database.url()).await;
    database.close().await?;
    code
}

/// Everybody on the machine may read a command line, so the password of an address travels beside it.
fn without_password(address: &str) -> (String, Option<String>) {
    let Ok(mut url) = Url::parse(address) else { return (address.to_owned(), None) };
    let password = url.password().map(|encoded| percent_decode_str(encoded).decode_utf8_lossy().into_owned());
    if password.is_some() && url.set_password(None).is_err() {
        return (address.to_owned(), None);
    }
    (url.into(), password)
}

async fn execute_on_database(config: &Config, command: &[String]) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config.rowcast.database).await?;
    let code = execute(split(command)?, database.url()).await;
    database.close().await?;
    code
}

fn split(words: &[String]) -> anyhow::Result<Command> {
    let (program, arguments) = words.split_first().context("there is no command to run")?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

async fn execute(mut command: Command, url: &str) -> anyhow::Result<ExitCode> {
    // Ctrl-C reaches the command by itself, through the terminal; here it only must not end the database first.
    let ignore = tokio::spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    let status = command.env("DATABASE_URL", url).status().await;
    ignore.abort();
    let status = status.with_context(|| format!("{} could not be run", command.as_std().get_program().display()))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_does_not_stay_in_the_address() {
        let (address, password) = without_password("postgres://me:a%40b@host:5433/x?sslmode=require");
        assert_eq!((address.as_str(), password.as_deref()), ("postgres://me@host:5433/x?sslmode=require", Some("a@b")));
        let socket = "postgresql:///x?host=%2Ftmp%2Frun&user=me";
        assert_eq!(without_password(socket), (socket.to_owned(), None));
    }
}
