//! The server's program.

use std::process::ExitCode;

/// At least this many threads: with one, a page that waits for another task while it is rendered may wait for ever.
const MIN_THREADS: usize = 4;

fn main() -> ExitCode {
    let threads = std::thread::available_parallelism().map_or(MIN_THREADS, |cores| cores.get().max(MIN_THREADS));
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(rowcast::cli::run()));
    outcome.unwrap_or_else(|error| {
        eprintln!("rowcast: {}", tell(&error));
        ExitCode::FAILURE
    })
}

/// An error with its causes, without those that it has told already.
fn tell(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |told, cause| match cause.to_string() {
        said if told.is_empty() => said,
        said if told.contains(&said) => told,
        said => format!("{told}: {said}"),
    })
}
