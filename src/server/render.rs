//! Rendering: each page by one thread, from its beginning to its end.
//!
//! What a page waits for (rows, sessions, timers) is the server's runtime's, as ever. What leptos starts for a page (its resources,
//! the effects by which it finds out that they are there) stays on the page's own thread. Left to the runtime, several threads run
//! parts of one page at once, and now and then leptos loses the news that a resource is there: the page waits for good.
//!
//! Invariant: nothing of a page runs once its request is no longer waited for.

use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{cell::Cell, sync::Arc};
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    task::{LocalSet, spawn_blocking, spawn_local},
};
use tokio_util::sync::CancellationToken;

/// So many pages are rendered at once; further ones wait. Most of the time of most of them goes by with waiting for rows.
const MAX_PAGES: usize = 128;

thread_local! {
    /// Whether this thread is rendering a page.
    static RENDERS: Cell<bool> = const { Cell::new(false) };
}

/// Where pages are rendered.
#[derive(Clone, Debug)]
pub(super) struct Renderer(Arc<Semaphore>);

impl Renderer {
    /// Everything that leptos starts is started here from now on.
    pub(super) fn new() -> Self {
        // A second server of the same process finds it set.
        let _ = Executor::init_custom_executor(Starter);
        Self(Arc::new(Semaphore::new(MAX_PAGES)))
    }
}

/// Middleware: the answer is made by one thread, which makes nothing else until then.
pub(super) async fn on_one_thread(State(renderer): State<Renderer>, request: Request, next: Next) -> Response {
    let place = renderer.0.acquire_owned().await.expect("it is never closed");
    let unwanted = CancellationToken::new();
    let wanted = unwanted.clone().drop_guard();
    let runtime = Handle::current();
    let made = spawn_blocking(move || {
        let _place = place;
        let _rendering = Rendering::begin();
        // What is left of the page's tasks is dropped with it, where they have run.
        let page = LocalSet::new();
        runtime.block_on(unwanted.run_until_cancelled(page.run_until(whole(next.run(request)))))
    });
    let made = made.await;
    drop(wanted);
    match made {
        Ok(Some(answer)) => answer,
        Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

/// The answer, with all of its body: what makes it must not go on elsewhere.
async fn whole(answer: impl Future<Output = Response>) -> Response {
    let (head, body) = answer.await.into_parts();
    match to_bytes(body, usize::MAX).await {
        Ok(bytes) => Response::from_parts(head, Body::from(bytes)),
        Err(error) => {
            tracing::warn!(%error, "a page ended before its end");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// While it is there, this thread renders a page.
struct Rendering;

impl Rendering {
    fn begin() -> Self {
        RENDERS.set(true);
        Self
    }
}

impl Drop for Rendering {
    fn drop(&mut self) {
        RENDERS.set(false);
    }
}

/// Starts what leptos wants to be started: on the thread that renders, if it is one; else anywhere.
struct Starter;

impl CustomExecutor for Starter {
    fn spawn(&self, task: PinnedFuture<()>) {
        if RENDERS.get() {
            spawn_local(task);
        } else {
            tokio::spawn(task);
        }
    }

    fn spawn_local(&self, task: PinnedLocalFuture<()>) {
        spawn_local(task);
    }

    fn poll_local(&self) {}
}
