//! Commands about the ledger: what happened, and the tables that are made from it.

use super::columns::{aligned, plain};
use crate::{
    changelog::statement,
    config::Config,
    ledger::{self, Checked, Entry, Recorded, Registry, Status, Until},
    projections,
};
use anyhow::{Context, bail};
use clap::Subcommand;
use sqlx::PgPool;
use std::{process::ExitCode, time::Duration};

/// Streams, or events, that are read at once.
const PAGE: i64 = 500;
/// Differences that are told of one projection.
const DIFFERENCES: i64 = 20;
/// How often a rebuild says how far it is.
const PROGRESS: Duration = Duration::from_secs(1);

#[derive(Debug, Subcommand)]
pub(super) enum LedgerCommand {
    /// List the streams of events, and where each stands
    Streams {
        /// Only those whose names begin so
        #[arg(default_value = "", value_name = "PREFIX")]
        prefix: String,
    },
    /// Show the events of a stream, also as they were at some time
    #[command(after_help = "Examples:\n  rowcast ledger show order-17\n  rowcast ledger show order-17 --until 3\n  \
        rowcast ledger show order-17 --until 2026-03-01T12:00:00Z")]
    Show {
        /// Which stream
        stream: String,
        /// Up to this version, or as of this time (ISO 8601; UTC unless it says otherwise) [default: all]
        #[arg(long, value_name = "VERSION|TIME", value_parser = until)]
        until: Option<Until>,
    },
    /// List the tables that are made from events, and how far each has come
    Projections,
    /// Make such a table anew from all events, while it is in use
    ///
    /// Only rows that differ are written, all at once at the end.
    Rebuild {
        /// Its name, as `ledger projections` tells it
        name: String,
    },
    /// Compare such tables with what their events make, and look whether every stream is whole
    ///
    /// Changes nothing. Fails if something is not as it should be.
    Check {
        /// Only this one
        name: Option<String>,
    },
}

/// A number is a version, anything else a time.
fn until(word: &str) -> Result<Until, std::convert::Infallible> {
    Ok(word.parse().map_or_else(|_| Until::Time(word.to_owned()), Until::Version))
}

pub(super) async fn run(config: &Config, command: LedgerCommand) -> anyhow::Result<ExitCode> {
    super::with_database(config, async |pool| act(pool, command).await).await
}

async fn act(pool: &PgPool, command: LedgerCommand) -> anyhow::Result<ExitCode> {
    let known = projections::of(pool).await?;
    match command {
        LedgerCommand::Streams { prefix } => streams(pool, &prefix).await?,
        LedgerCommand::Show { stream, until } => show(pool, &stream, &until.unwrap_or(Until::Latest)).await?,
        LedgerCommand::Projections => list(&statuses(pool).await?),
        LedgerCommand::Rebuild { name } => rebuild(pool, find(&known, &name)?).await?,
        LedgerCommand::Check { name } => return check(pool, &known, name.as_deref()).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn find<'r>(known: &'r Registry, name: &str) -> anyhow::Result<&'r dyn Entry> {
    known.get(name).with_context(|| {
        let names: Vec<_> = known.names().collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        format!("there is no projection {name} in this program, which has {known}")
    })
}

/// Page by page: there may be millions.
async fn streams(pool: &PgPool, prefix: &str) -> anyhow::Result<()> {
    let mut after = String::new();
    loop {
        let mut transaction = statement::begin(pool).await?;
        let page = ledger::streams(&mut transaction, prefix, &after, PAGE).await?;
        transaction.commit().await?;
        let Some(last) = page.last() else {
            if after.is_empty() {
                println!("There is no stream{}.", if prefix.is_empty() { "" } else { " whose name begins so" });
            }
            return Ok(());
        };
        let rows: Vec<_> =
            page.iter().map(|stream| [plain(&stream.name), stream.version.to_string(), stream.at.clone()]).collect();
        println!("{}", aligned(["STREAM", "VERSION", "LAST EVENT (UTC)"], &rows));
        after.clone_from(&last.name);
    }
}

async fn show(pool: &PgPool, stream: &str, until: &Until) -> anyhow::Result<()> {
    let mut next = 1;
    loop {
        let mut transaction = statement::begin(pool).await?;
        let page = ledger::read_stream(&mut transaction, stream, next, until, PAGE).await?;
        transaction.commit().await?;
        let Some(last) = page.last() else {
            if next == 1 {
                bail!("{stream} has no events{}", if *until == Until::Latest { "" } else { " until then" });
            }
            return Ok(());
        };
        next = last.version + 1;
        println!(
            "{}",
            aligned(["VERSION", "AT (UTC)", "TYPE", "BY", "DATA"], &page.iter().map(line).collect::<Vec<_>>())
        );
    }
}

fn line(event: &Recorded) -> [String; 5] {
    let by = match &event.metadata.who {
        Some(who) => format!("{} ({who})", event.metadata.who_name),
        None if event.metadata.who_name.is_empty() => "-".to_owned(),
        None => event.metadata.who_name.clone(),
    };
    let (kind, data) = (format!("{} v{}", event.kind, event.schema), event.data.to_string());
    [event.version.to_string(), event.at.clone(), plain(&kind), plain(&by), plain(&data)]
}

async fn statuses(pool: &PgPool) -> anyhow::Result<Vec<Status>> {
    let mut transaction = statement::begin(pool).await?;
    let statuses = ledger::projections(&mut transaction).await?;
    transaction.commit().await?;
    Ok(statuses)
}

fn list(statuses: &[Status]) {
    if statuses.is_empty() {
        println!("No table has been made from events here.");
        return;
    }
    let rows: Vec<_> = statuses
        .iter()
        .map(|status| {
            let kept = if status.follows { "after the commit" } else { "with the event" };
            let (name, table, version) = (plain(&status.name), plain(&status.table), status.version.to_string());
            [name, table, version, kept.to_owned(), state(status)]
        })
        .collect();
    println!("{}", aligned(["PROJECTION", "TABLE", "VERSION", "KEPT", "STATE"], &rows));
}

fn state(status: &Status) -> String {
    let heard = format!("heard of {} s ago", status.seconds.max(0.0) as u64);
    match (&status.state[..], &status.at_event, &status.problem) {
        ("live", ..) => "live".to_owned(),
        ("failed", Some((stream, version)), Some(problem)) => {
            format!("failed at event {version} of {}: {}", plain(stream), plain(problem))
        }
        ("failed", None, Some(problem)) => format!("failed: {}", plain(problem)),
        (state, ..) => format!("{state}, {} of {} events, {heard}", status.done, status.total),
    }
}

async fn rebuild(pool: &PgPool, projection: &dyn Entry) -> anyhow::Result<()> {
    let mut rebuilding = projection.rebuild(pool);
    let rebuilt = loop {
        tokio::select! {
            rebuilt = &mut rebuilding => break rebuilt?,
            () = tokio::time::sleep(PROGRESS) => {}
        }
        // It is not worth ending for.
        if let Ok(statuses) = statuses(pool).await
            && let Some(status) = statuses.iter().find(|status| status.name == projection.name())
        {
            eprintln!("{} of {} events", status.done, status.total);
        }
    };
    println!(
        "{} is made of {} events anew: {} rows were added or changed, {} removed",
        projection.name(),
        rebuilt.events,
        rebuilt.written,
        rebuilt.removed
    );
    Ok(())
}

/// All of them even if one cannot be checked.
async fn check(pool: &PgPool, known: &Registry, name: Option<&str>) -> anyhow::Result<ExitCode> {
    let mut is_well = true;
    if name.is_none() {
        let mut transaction = statement::begin(pool).await?;
        let faults = ledger::check_streams(&mut transaction, DIFFERENCES).await?;
        transaction.commit().await?;
        is_well &= faults.is_empty();
        if faults.is_empty() {
            println!("every stream is whole");
        }
        for (stream, fault) in faults {
            println!("{} {fault}", plain(&stream));
        }
    }
    let names: Vec<&str> = match name {
        Some(name) => vec![name],
        None => known.names().collect(),
    };
    for name in names {
        match find(known, name)?.check(pool, DIFFERENCES).await {
            Ok(checked) => {
                is_well &= checked.differences.is_empty();
                println!("{}", told(name, &checked));
            }
            Err(error) => {
                is_well = false;
                eprintln!("rowcast: {error}");
            }
        }
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(name: &str, checked: &Checked) -> String {
    if checked.differences.is_empty() {
        return format!("{name} is what its {} events make", checked.events);
    }
    let row = |row: &Option<String>| row.as_deref().map_or_else(|| "no row".to_owned(), plain);
    let lines = checked.differences.iter().map(|difference| {
        format!(
            "{name} {}: is {}, should be {}",
            plain(&difference.key),
            row(&difference.actual),
            row(&difference.expected)
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_version_and_anything_else_a_time() {
        assert_eq!(until("17"), Ok(Until::Version(17)));
        assert_eq!(until("2026-03-01"), Ok(Until::Time("2026-03-01".to_owned())));
    }

    #[test]
    fn what_keeps_a_projection_is_told_with_the_event() {
        let status = Status {
            name: "a".into(),
            table: "public.a".into(),
            version: 1,
            state: "failed".into(),
            follows: true,
            done: 3,
            total: 9,
            at_event: Some(("order-7".into(), 2)),
            problem: Some("it is\npoison".into()),
            seconds: 4.9,
        };
        assert_eq!(state(&status), "failed at event 2 of order-7: it ispoison");
        let behind = Status { state: "behind".into(), ..status.clone() };
        assert_eq!(state(&behind), "behind, 3 of 9 events, heard of 4 s ago");
        assert_eq!(state(&Status { state: "live".into(), ..status }), "live");
    }

    #[test]
    fn a_difference_is_told_with_both_rows() {
        let difference = ledger::Difference { key: "k".into(), actual: None, expected: Some("{}".into()) };
        let checked = Checked { events: 4, differences: vec![difference] };
        assert_eq!(told("a", &checked), "a k: is no row, should be {}");
        assert_eq!(told("a", &Checked { events: 4, differences: vec![] }), "a is what its 4 events make");
    }
}
