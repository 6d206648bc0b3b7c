//! Warnings and errors of the log, the newest of them, so that they can be read where there is no terminal.
//!
//! It is a part of the log and takes what the log takes, no more: what must not be logged is not here either. What says the same is one line
//! with a count.

use super::report::ErrorLine;
use std::{
    fmt::{self, Write},
    sync::{Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context};

/// Lines that are kept; the one that was said last the longest ago goes.
const MOST: usize = 100;
/// What is kept of a message, and of what is said besides, in characters.
const MAX_LENGTH: usize = 300;

/// The newest warnings and errors.
#[derive(Debug, Default)]
pub struct Recent(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    /// What was said last comes last.
    lines: Vec<ErrorLine>,
    /// Moves with every change.
    version: u64,
}

/// Those of this process.
pub fn recent() -> &'static Recent {
    static RECENT: Recent = Recent(Mutex::new(Kept { lines: Vec::new(), version: 0 }));
    &RECENT
}

impl Recent {
    /// The newest first, and a number that is another one when something has been said since.
    pub fn read(&self) -> (Vec<ErrorLine>, u64) {
        let kept = self.lock();
        (kept.lines.iter().rev().cloned().collect(), kept.version)
    }

    /// The number alone.
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    fn take(&self, mut line: ErrorLine) {
        let mut kept = self.lock();
        kept.version += 1;
        let same = |other: &ErrorLine| {
            (other.is_error, &other.target, &other.message) == (line.is_error, &line.target, &line.message)
        };
        if let Some(at) = kept.lines.iter().position(same) {
            let before = kept.lines.remove(at);
            (line.count, line.first) = (before.count + 1, before.first);
        } else if kept.lines.len() >= MOST {
            kept.lines.remove(0);
        }
        kept.lines.push(line);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Subscriber> Layer<S> for &'static Recent {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let (level, target) = (event.metadata().level(), event.metadata().target());
        if *level > Level::WARN {
            return;
        }
        let mut said = Said::default();
        event.record(&mut said);
        let now = super::watch::millis(SystemTime::now());
        self.take(ErrorLine {
            is_error: *level == Level::ERROR,
            target: target.to_owned(),
            message: bounded(said.message),
            detail: bounded(said.rest),
            count: 1,
            first: now,
            last: now,
        });
    }
}

fn bounded(text: String) -> String {
    match text.char_indices().nth(MAX_LENGTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[derive(Default)]
struct Said {
    message: String,
    rest: String,
}

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string does not fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => {
                let space = if self.rest.is_empty() { "" } else { " " };
                write!(self.rest, "{space}{name}={value:?}")
            }
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::prelude::*;

    fn kept(say: impl FnOnce()) -> Vec<ErrorLine> {
        let recent: &'static Recent = Box::leak(Box::default());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(recent), say);
        recent.read().0
    }

    #[test]
    fn what_says_the_same_is_one_line_and_what_was_said_last_comes_first() {
        let lines = kept(|| {
            for nth in 0..3 {
                tracing::warn!(nth, "the cup is full");
                tracing::info!("nobody needs to know");
            }
            tracing::error!(error = %"no tea", "the kettle is broken");
            tracing::warn!(nth = 3, "the cup is full");
        });
        let told: Vec<_> =
            lines.iter().map(|line| (line.is_error, &*line.message, &*line.detail, line.count)).collect();
        assert_eq!(told, [(false, "the cup is full", "nth=3", 4), (true, "the kettle is broken", "error=no tea", 1)]);
        assert_eq!(lines[0].target, "rowcast::operations::recent::tests");
        assert!(lines[0].first <= lines[1].first && lines[1].last <= lines[0].last);
    }

    #[test]
    fn there_is_a_bound_of_everything() {
        let lines = kept(|| {
            for nth in 0..MOST * 2 {
                tracing::warn!(long = "x".repeat(10_000), "message {nth} {}", "é".repeat(10_000));
            }
        });
        assert_eq!(lines.len(), MOST);
        assert!(lines[0].message.starts_with("message 199") && lines[99].message.starts_with("message 100"));
        assert!(lines.iter().all(|line| line.message.chars().count() <= MAX_LENGTH + 1));
        assert!(lines.iter().all(|line| line.detail.chars().count() <= MAX_LENGTH + 1));
    }
}
