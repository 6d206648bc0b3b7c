//! Rendering: each page by one thread, from its beginning to its end.
//!
//! What a page waits for (rows, sessions, timers) is the server's runtime's, as ever. What leptos starts for a page (its resources,
//! the effects by which it finds out that they are there) stays on the page's own thread. Left to the runtime, several threads run
//! parts of one page at once; and leptos' signals, when they are read while another thread writes to them, do not wait but say that they
//! have been disposed of, which ends the page's task. The page then never comes.
//!
//! Invariants:
//! - Nothing of a page runs once its request is no longer waited for.
//! - An answer that is made here is made as a whole before any of it is sent.

use super::routes::MAX_FORM_BYTES;
use crate::identity::paths;
use any_spawner::{CustomExecutor, Executor, PinnedFuture, PinnedLocalFuture};
use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{cell::Cell, sync::Arc, time::Duration};
use tokio::{
    runtime::Handle,
    sync::Semaphore,
    task::{LocalSet, spawn_blocking, spawn_local},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// So many pages are rendered at once; further ones wait. Most of the time of most of them goes by with waiting for rows.
const MAX_PAGES: usize = 128;

thread_local! {
    /// Whether this thread is rendering a page.
    static RENDERS: Cell<bool> = const { Cell::new(false) };
}

/// How long something waits for its place.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where pages are rendered. What is asked by pages that are open has places of its own: neither keeps the other waiting.
#[derive(Clone, Debug)]
pub(super) struct Renderer {
    pages: Arc<Semaphore>,
    functions: Arc<Semaphore>,
}

impl Renderer {
    /// Everything that leptos starts is started here from now on.
    pub(super) fn new() -> Self {
        Self::install();
        let places = || Arc::new(Semaphore::new(MAX_PAGES));
        Self { pages: places(), functions: places() }
    }

    /// Before leptos is asked for anything, because it chooses for itself otherwise.
    pub(super) fn install() {
        // A second server of the same process finds it set.
        let _ = Executor::init_custom_executor(Starter);
    }
}

/// Middleware: the answer is made by one thread, which makes nothing else until then.
pub(super) async fn on_one_thread(State(renderer): State<Renderer>, request: Request, next: Next) -> Response {
    // Nobody holds a place who has not yet said what they want.
    let (head, body) = request.into_parts();
    let request = match to_bytes(body, MAX_FORM_BYTES).await {
        Ok(bytes) => Request::from_parts(head, Body::from(bytes)),
        Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
    };
    let is_function = request.uri().path().starts_with(paths::API);
    let places = if is_function { renderer.functions } else { renderer.pages };
    let Ok(place) = timeout(PATIENCE, places.acquire_owned()).await else {
        let again = [(header::RETRY_AFTER, "5")];
        return (StatusCode::SERVICE_UNAVAILABLE, again, "there is too much to do at the moment; try again\n")
            .into_response();
    };
    let place = place.expect("it is never closed");
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

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, body::to_bytes, middleware::from_fn_with_state, routing::get};
    use std::{collections::HashSet, sync::Mutex, thread};
    use tokio::task::yield_now;
    use tower::ServiceExt;

    /// Asks a router that renders what `page` says.
    async fn answer<F>(page: impl Fn() -> F + Clone + Send + Sync + 'static) -> Response
    where
        F: Future<Output = String> + Send,
    {
        let renderer = Renderer::new();
        let routes = Router::new().fallback(get(page)).layer(from_fn_with_state(renderer, on_one_thread));
        routes.oneshot(Request::new(Body::empty())).await.expect("answers")
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn whatever_a_page_starts_runs_on_its_thread() {
        let seen: Arc<Mutex<HashSet<thread::ThreadId>>> = Arc::default();
        let answer = answer({
            let seen = seen.clone();
            move || {
                let seen = seen.clone();
                async move {
                    let note = move || {
                        seen.lock().expect("is whole").insert(thread::current().id());
                    };
                    let (done, all) = tokio::sync::mpsc::channel::<()>(1);
                    for _ in 0..50 {
                        let (note, done) = (note.clone(), done.clone());
                        Executor::spawn(async move {
                            for _ in 0..20 {
                                note();
                                yield_now().await;
                                tokio::time::sleep(Duration::from_millis(1)).await;
                            }
                            drop(done);
                        });
                    }
                    drop(done);
                    let mut all = all;
                    all.recv().await;
                    note();
                    "done".to_owned()
                }
            }
        })
        .await;
        let body = to_bytes(answer.into_body(), 100).await.expect("a body");
        assert_eq!(&body[..], b"done");
        assert_eq!(seen.lock().expect("is whole").len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn functions_that_take_long_keep_no_page_waiting_and_neither_does_a_body_that_never_comes() {
        let renderer = Renderer::new();
        let page = async || {
            let routes = Router::new()
                .fallback(get(|| async { "page" }))
                .layer(from_fn_with_state(renderer.clone(), on_one_thread));
            routes.oneshot(Request::new(Body::empty())).await.expect("answers").status()
        };
        let _busy = renderer.functions.clone().acquire_many_owned(MAX_PAGES as u32).await.expect("are free");
        let silent =
            Request::new(Body::from_stream(futures::stream::pending::<Result<axum::body::Bytes, std::io::Error>>()));
        let routes =
            Router::new().fallback(get(|| async { "page" })).layer(from_fn_with_state(renderer.clone(), on_one_thread));
        let waiting = tokio::spawn(routes.oneshot(silent));
        tokio::task::yield_now().await;
        assert_eq!(renderer.pages.available_permits(), MAX_PAGES, "who has not said what they want has no place");
        assert_eq!(page().await, StatusCode::OK);
        let _all = renderer.pages.clone().acquire_many_owned(MAX_PAGES as u32).await.expect("are free");
        assert_eq!(page().await, StatusCode::SERVICE_UNAVAILABLE);
        waiting.abort();
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_page_that_nobody_waits_for_any_more_ends_with_what_it_has_started() {
        struct Gone(Option<tokio::sync::oneshot::Sender<()>>);
        impl Drop for Gone {
            fn drop(&mut self) {
                if let Some(gone) = self.0.take() {
                    let _ = gone.send(());
                }
            }
        }
        let (began, begins) = tokio::sync::oneshot::channel();
        let (gone, goes) = tokio::sync::oneshot::channel();
        let both = Arc::new(Mutex::new(Some((began, Gone(Some(gone))))));
        let asking = tokio::spawn(answer(move || {
            let both = both.clone();
            async move {
                let (began, gone) = both.lock().expect("is whole").take().expect("is asked once");
                Executor::spawn(async move {
                    let _gone = gone;
                    let _ = began.send(());
                    std::future::pending::<()>().await;
                });
                std::future::pending().await
            }
        }));
        begins.await.expect("begins");
        asking.abort();
        tokio::time::timeout(Duration::from_secs(10), goes).await.expect("in time").expect("is told");
    }
}
