//! What answers which address.

use super::{
    Peer,
    guard::{Guard, guard},
    headers::{self, Assets, headers},
    render::{Renderer, on_one_thread},
};
use crate::{
    app::{self, App, shell},
    changelog::{self, PageSnapshot, PageSnapshots, PostgresSource},
    config,
    counters::Counters,
    hub::{Hub, Principal},
    identity::{self, Identity},
    operations::Operations,
    orders::{self, Readers},
    protocol::{self, ErrorCode, Subscribe},
    socket::{self, Live, Refusal},
    store::{PageReader, PageRows, ReadError, SubscriptionError},
};
use axum::{
    Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};
use leptos::{
    config::LeptosOptions,
    prelude::{IntoView, provide_context},
};
use leptos_axum::{AxumRouteListing, LeptosRoutes, generate_route_list};
use std::{
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};
use tower_http::{compression::CompressionLayer, limit::RequestBodyLimitLayer, services::ServeDir};

/// Largest form that is read, in bytes.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// How long a page waits for the database to say what constants mean, and for the hub to hear of new policies, each time.
const PAGE_PATIENCE: Duration = socket::CONSTANTS_TIMEOUT;
/// How often a page tries to read rows while policies change.
const MAX_TRIES: u32 = 5;

/// Everything that the server answers.
pub(super) fn router(
    leptos: LeptosOptions,
    live: Live,
    identity: Identity,
    operations: Operations,
    config: &config::Rowcast,
) -> Router {
    let guarding = Arc::new(Guard::new(config, live.counters.clone()));
    let assets = Arc::new(Assets::of(&leptos));
    let deadline = Deadline { after: config.limits.request_timeout(), counters: live.counters.clone() };
    let engine = Router::new()
        .route(protocol::PATH, get(socket::upgrade))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(live.clone())
        .merge(app::audit::routes(identity.pool.clone()));
    let snapshots = PageSnapshots::new(identity.pool.clone());
    let reader = {
        let (identity, hub, snapshots) = (identity.clone(), live.hub.clone(), snapshots.clone());
        move |principal: Principal| page_reader(&identity, &hub, &snapshots, move || Some(principal.clone()))
    };
    let exports = app::inventory::routes(reader.clone()).layer(CompressionLayer::new());
    let places = app::inventory::ImportPlaces::new((&config.limits).into());
    let imports =
        app::inventory::import_routes(identity.pool.clone(), reader.clone(), places.clone(), live.counters.clone())
            .layer(CompressionLayer::new());
    let readers = Readers::new(reader);
    let orders = orders::api::routes(identity.pool.clone(), readers.clone()).layer(CompressionLayer::new());
    let pages = pages(leptos, live, identity.clone(), operations, snapshots, readers, places)
        .merge(identity::routes(identity.clone()))
        .layer(CompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(MAX_FORM_BYTES));
    pages
        .merge(engine)
        .merge(orders)
        .merge(exports)
        .merge(imports)
        .layer(middleware::from_fn_with_state(identity, identity::gate))
        .layer(middleware::from_fn(known_peer))
        .layer(middleware::from_fn_with_state(deadline, in_time))
        .layer(middleware::from_fn_with_state(assets.clone(), headers))
        .layer(middleware::from_fn_with_state(guarding, guard))
        // Once more, for what the guard refuses.
        .layer(middleware::from_fn_with_state(assets, headers))
}

/// Middleware: what the guard found out about the other end, in the words of those who recognise people.
async fn known_peer(mut request: Request, next: Next) -> Response {
    if let Some(peer) = request.extensions().get::<Peer>().copied() {
        request.extensions_mut().insert(identity::ClientAddress(peer.address));
        if peer.secure {
            request.extensions_mut().insert(identity::OverTls);
        }
    }
    next.run(request).await
}

/// How long a request may take.
#[derive(Clone, Debug)]
struct Deadline {
    after: Duration,
    counters: Arc<Counters>,
}

/// Middleware: a request is read, and its answer begins, in time. The rest of an answer takes as long as its reader does.
async fn in_time(State(deadline): State<Deadline>, request: Request, next: Next) -> Response {
    tokio::time::timeout(deadline.after, next.run(request)).await.unwrap_or_else(|_| {
        deadline.counters.requests_timed_out.add();
        (StatusCode::REQUEST_TIMEOUT, "this took too long; try again\n").into_response()
    })
}

fn pages(
    leptos: LeptosOptions,
    live: Live,
    identity: Identity,
    operations: Operations,
    snapshots: PageSnapshots,
    readers: Readers,
    places: app::inventory::ImportPlaces,
) -> Router {
    let admit = middleware::from_fn_with_state(identity.clone(), identity::admit);
    let context = move || {
        provide_context(identity.clone());
        provide_context(operations.clone());
        provide_context(places.clone());
        provide_page(&identity, &live.hub, &snapshots, &readers);
    };
    let rendered = {
        let leptos = leptos.clone();
        move || document(leptos.clone())
    };
    let renderer = Renderer::new();
    Router::new()
        .leptos_routes_with_context(&leptos, addresses(), context.clone(), rendered)
        .route_layer(middleware::from_fn_with_state(renderer.clone(), on_one_thread))
        .route_layer(admit)
        .fallback_service(files(&leptos, context, renderer))
        .with_state(leptos)
}

/// The addresses of the pages. They are found out once: meanwhile leptos has no resource of this process load, and pages that another
/// server of the process renders at that moment would wait for theirs for good.
fn addresses() -> Vec<AxumRouteListing> {
    static ADDRESSES: LazyLock<Vec<AxumRouteListing>> = LazyLock::new(|| {
        // Who comes first says where leptos' tasks run, and this does by the way.
        Renderer::install();
        generate_route_list(App)
    });
    ADDRESSES.clone()
}

/// The site's files, and for what is none the page that says so.
///
/// Not leptos' own: it takes a file for a part of whichever page is being rendered on the same thread, and gives the file that page's
/// headers. The page then has none, and shows without its style and its program.
fn files(
    leptos: &LeptosOptions,
    context: impl Fn() + Clone + Send + Sync + 'static,
    renderer: Renderer,
) -> ServeDir<MethodRouter> {
    let shown = leptos.clone();
    let nothing = leptos_axum::render_app_async_with_context(context, move || document(shown.clone()));
    // Whatever the method: there is nothing to be done with it, either.
    ServeDir::new(&*leptos.site_root)
        .append_index_html_on_directories(false)
        .precompressed_gzip()
        .precompressed_br()
        .call_fallback_on_method_not_allowed(true)
        .fallback(any(nothing).layer(middleware::from_fn_with_state(renderer, on_one_thread)))
}

/// A page, and permission for its scripts to run.
fn document(leptos: LeptosOptions) -> impl IntoView {
    headers::permit_scripts(&leptos);
    shell(leptos)
}

/// What pages and server functions find in their context.
fn provide_page(identity: &Identity, hub: &Arc<Hub>, snapshots: &PageSnapshots, readers: &Readers) {
    let pool = &identity.pool;
    provide_context(pool.clone());
    provide_context(hub.clone());
    provide_context(readers.clone());
    provide_context(page_reader(identity, hub, snapshots, identity::visitor::principal_asking));
}

/// What somebody may read, all of it as of one snapshot. Whoever is not let in sees nothing, by whichever way they came here.
fn page_reader(
    identity: &Identity,
    hub: &Arc<Hub>,
    snapshots: &PageSnapshots,
    asking: impl Fn() -> Option<Principal> + Send + Sync + 'static,
) -> PageReader {
    let snapshot = Arc::new(snapshots.page());
    let (hub, source) = (hub.clone(), PostgresSource::new(identity.pool.clone()));
    let identity = identity.clone();
    // Who asks is known where a page begins to be rendered, and not everywhere that one of its reads goes on from another.
    let known = OnceLock::new();
    PageReader::new(move |question| {
        let (snapshot, hub, source) = (snapshot.clone(), hub.clone(), source.clone());
        let asks = known.get().cloned().or_else(|| asking().inspect(|principal| drop(known.set(principal.clone()))));
        let principal = reader(&identity, asks);
        async move {
            let Some(principal) = principal else { return Err(ReadError::NotTracked(question.table)) };
            read_for_page(&question, &principal, &snapshot, &hub, &source).await
        }
    })
}

fn reader(identity: &Identity, principal: Option<Principal>) -> Option<Principal> {
    principal.filter(|principal| identity.lets_in(principal))
}

async fn read_for_page(
    question: &Subscribe,
    principal: &Principal,
    snapshot: &PageSnapshot,
    hub: &Hub,
    source: &PostgresSource,
) -> Result<PageRows, ReadError> {
    let table = question.table.as_str();
    let mut tries = 0;
    let error = loop {
        if !hub.is_available() {
            return Err(ReadError::Unavailable);
        }
        tries += 1;
        let definition = socket::define(question, principal, hub, source, PAGE_PATIENCE).await;
        let definition = definition.map_err(|refusal| not_answered(table, refusal))?;
        match snapshot.read(&definition).await {
            Ok((token, rows)) => {
                let position = protocol::stamp(&token.to_string(), &principal.rights());
                return Ok(PageRows { position, key: definition.key.clone(), rows });
            }
            // The hub has yet to hear of new policies. Once it has, the question means something else.
            Err(changelog::Error::Outdated(token))
                if tries < MAX_TRIES && tokio::time::timeout(PAGE_PATIENCE, hub.reach(&token)).await.is_ok() => {}
            Err(error) => break error,
        }
    };
    tracing::warn!(%error, table, "a page could not read its rows");
    Err(ReadError::Unavailable)
}

fn not_answered(table: &str, refusal: Refusal) -> ReadError {
    let Refusal { code, message, at, hint, .. } = refusal;
    match code {
        ErrorCode::UnknownTable => ReadError::NotTracked(table.to_owned()),
        ErrorCode::SourceUnavailable => ReadError::Unavailable,
        code => ReadError::Refused(SubscriptionError { code, message, at, hint }),
    }
}

/// The process is there.
async fn healthz() -> &'static str {
    "ok\n"
}

/// Changes flow.
async fn readyz(State(live): State<Live>) -> (StatusCode, &'static str) {
    if live.hub.is_available() {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be read\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{hub::Credential, identity::Anonymous, protocol::Role};
    use axum::http::request::Parts;
    use leptos::prelude::{ArcResource, Owner};
    use sqlx::postgres::PgPoolOptions;
    use std::sync::atomic::{AtomicBool, Ordering};

    /// Many times longer than a resource takes that has nothing to wait for.
    const LONG: Duration = Duration::from_secs(5);

    #[tokio::test]
    async fn a_server_that_starts_holds_up_no_page_of_another_in_the_same_process() {
        addresses();
        let over = Arc::new(AtomicBool::new(false));
        let other = {
            let over = over.clone();
            std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    addresses();
                }
            })
        };
        for _ in 0..500 {
            let read = Owner::new().with(|| ArcResource::new(|| (), |()| std::future::ready(7)));
            assert_eq!(tokio::time::timeout(LONG, read).await, Ok(7));
        }
        over.store(true, Ordering::Relaxed);
        other.join().expect("ends");
    }

    #[tokio::test]
    async fn rows_of_a_page_are_for_those_who_are_let_in() {
        let pool = PgPoolOptions::new().connect_lazy("postgres://localhost/nothing").expect("an address");
        let session = Duration::from_secs(1);
        let identity = |anonymous| Identity { pool: pool.clone(), anonymous, session, sign_up: false, demo: [].into() };
        let reads = |anonymous, principal: Option<Principal>| {
            let (mut parts, ()): (Parts, ()) = axum::http::Request::new(()).into_parts();
            parts.extensions.extend(
                principal
                    .map(|principal| {
                        let mut own = axum::http::Extensions::new();
                        own.insert(principal);
                        own
                    })
                    .unwrap_or_default(),
            );
            Owner::new().with(|| {
                provide_context(parts);
                reader(&identity(anonymous), identity::visitor::principal_asking()).is_some()
            })
        };
        let nobody = |role| Some(Principal::nobody(role));
        let somebody = Principal { credential: Credential::Login(1), ..Principal::nobody(Role::Customer) };
        assert!(!reads(Anonymous::Nobody, nobody(Role::Anonymous)));
        assert!(!reads(Anonymous::Nobody, nobody(Role::Admin)), "a role alone is no credential");
        assert!(!reads(Anonymous::Admin, None), "a request that nobody looked at");
        assert!(reads(Anonymous::Anonymous, nobody(Role::Anonymous)));
        assert!(reads(Anonymous::Nobody, Some(somebody)));
    }
}
