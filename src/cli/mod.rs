//! The command line.

mod columns;
mod database;
mod ledger;
mod rights;
mod room;
mod tables;
mod token;
mod user;

use crate::{
    capture::{self, Tracked, Trust},
    changelog,
    config::Config,
    database::Database,
    operations, server,
};
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use leptos::config::get_configuration;
use sqlx::PgPool;
use std::{io::IsTerminal, net::SocketAddr, path::PathBuf, process::ExitCode};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{EnvFilter, prelude::*};

/// Makes the rows of a Postgres database live in every browser.
///
/// Name the tables with `rowcast track`, start `rowcast serve`, and every open page changes the moment a transaction
/// commits. Works on the database that DATABASE_URL names. Without one, it runs a private Postgres of its own in
/// .rowcast, with demo data.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    /// Configuration file [default: Leptos.toml, if there is one]
    #[arg(long, global = true, value_name = "FILE", env = "ROWCAST_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the app and the live socket
    ///
    /// Creates the schema `rowcast` in the database if it is not there, and touches nothing else in it. Ctrl-C stops.
    Serve(Serve),
    /// Make tables live, also while the server runs
    ///
    /// Attaches triggers that write each change to the changelog, in the same transaction. A table needs a primary key.
    /// Nothing else about it changes, and applications that write to it need no new rights. Tracking a table again is
    /// harmless.
    #[command(after_help = "Examples:\n  rowcast track orders\n  rowcast track shop.orders 'public.\"Order Lines\"'")]
    Track {
        /// Names as in SQL: schema.table, or table alone for those on the search path
        #[arg(required = true, value_name = "TABLE")]
        tables: Vec<String>,
        /// Also tables whose owner has fewer rights than the owner of the schema rowcast, and could so get the latter's
        #[arg(long)]
        trust_owner: bool,
    },
    /// Undo `track`
    ///
    /// Removes the triggers and the changes in the changelog. Pages that show the table are told so.
    Untrack {
        /// Names as in SQL
        #[arg(required = true, value_name = "TABLE")]
        tables: Vec<String>,
    },
    /// List the tracked tables: how many changes the changelog holds of each, and how old they are
    Tables,
    /// People who may sign in
    #[command(subcommand)]
    User(user::UserCommand),
    #[command(flatten)]
    Rights(rights::RightsCommand),
    /// What scripts and services show instead of signing in
    #[command(subcommand)]
    Token(token::TokenCommand),
    /// Who may be in which rooms
    #[command(subcommand)]
    Room(room::RoomCommand),
    /// What happened, and the tables that are made from it
    #[command(subcommand)]
    Ledger(ledger::LedgerCommand),
    /// After the database's files were put back: have every page start over
    ///
    /// Pages continue from positions in the history of the database. A database that is restored by Postgres' own means is
    /// another one to them, or on another timeline; files that were simply put back, such as a snapshot of a disk or of a
    /// virtual machine, are not. Servers may run meanwhile. Harmless, but every page is read anew.
    NewHistory,
    /// Open psql on the database
    #[command(after_help = "Example:\n  rowcast psql -- -c 'update products set quantity = quantity + 1'")]
    Psql {
        /// Options of psql
        #[arg(last = true, value_name = "OPTION")]
        options: Vec<String>,
    },
    /// The database itself: its address, or a command that uses it
    #[command(subcommand)]
    Database(database::DatabaseCommand),
}

#[derive(Debug, Args)]
struct Serve {
    /// Where to listen [default: 127.0.0.1:3000]
    #[arg(long, value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Speak TLS with this certificate (PEM, with what it was signed with); read again when it changes
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// The certificate's key (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// Make the demo's tables (products, orders) and its three accounts in the database of DATABASE_URL, too
    #[arg(long)]
    demo: bool,
    /// A Redis that joins this server with others of the same database, for rooms, presence and private messages
    #[arg(long, value_name = "redis://HOST:PORT", env = "ROWCAST_REDIS", hide_env_values = true)]
    redis: Option<String>,
}

/// Does what the command line says.
pub async fn run() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    // A server tells what it does; a command speaks only of what went wrong.
    log(if matches!(cli.command, Command::Serve(_)) { "info,sqlx=warn" } else { "warn" });
    let mut config = Config::load(cli.config.as_deref())?;
    match cli.command {
        Command::Serve(options) => {
            let file = cli.config.unwrap_or_else(|| Config::FILE.into());
            let file = file.exists().then(|| file.display().to_string());
            let leptos =
                get_configuration(file.as_deref()).context("the part of the configuration that leptos reads")?;
            let stop = CancellationToken::new();
            tokio::spawn(stop_on_signal(stop.clone()));
            if let Some(redis) = options.redis {
                config.rowcast.nodes.redis = redis;
            }
            if options.tls_cert.is_some() {
                (config.rowcast.server.tls_cert, config.rowcast.server.tls_key) = (options.tls_cert, options.tls_key);
            }
            let options = server::Options { listen: options.listen, demo: options.demo };
            server::serve(config, leptos.leptos_options, options, stop).await?;
        }
        Command::Track { tables, trust_owner } => {
            let trust = if trust_owner { Trust::Given } else { Trust::Checked };
            return each(&config, &tables, async |database, table| {
                changelog::install(&database.pool).await?;
                Ok(match capture::track(&database.pool, table, trust).await? {
                    Tracked::Now { table, key } => {
                        let key = key.join(", ");
                        format!("{table} is live, by its key ({key}); `rowcast grant {table} --role ROLE` says who may see it")
                    }
                    Tracked::Already { table } => format!("{table} was live already"),
                })
            })
            .await;
        }
        Command::Untrack { tables } => {
            return each(&config, &tables, async |database, table| {
                let table = capture::untrack(&database.pool, table).await?;
                Ok(format!("{table} is no longer live"))
            })
            .await;
        }
        Command::Tables => {
            let database = Database::open(&config.rowcast.database).await?;
            let listed = capture::list(&database.pool).await;
            database.close().await?;
            tables::print(&listed?);
        }
        Command::User(command) => user::run(&config, command).await?,
        Command::Rights(command) => return rights::run(&config, command).await,
        Command::Token(command) => token::run(&config, command).await?,
        Command::Room(command) => return room::run(&config, command).await,
        Command::Ledger(command) => return ledger::run(&config, command).await,
        Command::NewHistory => {
            with_database(&config, async |pool| Ok(changelog::renew_history(pool).await?)).await?;
            println!("A new history has begun: every page starts over.");
        }
        Command::Psql { options } => return database::psql(&config, options).await,
        Command::Database(command) => return database::run(&config, command).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// Logs go to standard error; RUST_LOG says how much, else `default`.
fn log(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(colour).with_target(false);
    tracing_subscriber::registry().with(filter).with(lines).with(operations::recent()).init();
}

/// Does something with a database that has the engine's schema, and lets go of it whatever comes of that.
async fn with_database<T>(config: &Config, act: impl AsyncFnOnce(&PgPool) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let database = Database::open(&config.rowcast.database).await?;
    let done = match changelog::install(&database.pool).await {
        Ok(()) => act(&database.pool).await,
        Err(error) => Err(error.into()),
    };
    database.close().await?;
    done
}

/// Does all of them even if one fails, and says how each went.
async fn each(
    config: &Config,
    tables: &[String],
    act: impl AsyncFn(&Database, &str) -> anyhow::Result<String>,
) -> anyhow::Result<ExitCode> {
    let database = Database::open(&config.rowcast.database).await?;
    let mut code = ExitCode::SUCCESS;
    for table in tables {
        match act(&database, table).await {
            Ok(said) => println!("{said}"),
            Err(error) => {
                eprintln!("rowcast: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    database.close().await?;
    Ok(code)
}

/// Ctrl-C, a terminal that is closed, or the polite signal of a service manager. The second one does not wait: what it leaves behind, such as a
/// running private Postgres, the next start takes over.
async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let [Ok(mut terminate), Ok(mut interrupt), Ok(mut hangup)] =
        [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup()].map(signal)
    else {
        return;
    };
    let mut signalled = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    };
    signalled().await;
    tracing::info!("stopping");
    stop.cancel();
    signalled().await;
    tracing::warn!("stopping at once");
    std::process::exit(130);
}
