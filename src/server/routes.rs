//! What answers which address.

use super::guard::guard;
use crate::{
    app::{App, shell},
    changelog::{PageSnapshot, PostgresSource},
    hub::{Hub, Principal},
    identity::{self, Identity},
    protocol::{self, ErrorCode, Subscribe},
    socket::{self, Live, Refusal},
    store::{PageReader, PageRows, ReadError, SubscriptionError},
};
use axum::{
    Router,
    extract::State,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS},
    },
    middleware,
    routing::get,
};
use leptos::{config::LeptosOptions, prelude::provide_context};
use leptos_axum::{LeptosRoutes, generate_route_list};
use sqlx::PgPool;
use std::sync::Arc;
use tower_http::{compression::CompressionLayer, limit::RequestBodyLimitLayer, set_header::SetResponseHeaderLayer};

/// Largest form that is read, in bytes.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// Everything that the server answers. `origins`: other sites whose pages may open WebSockets.
pub(super) fn router(leptos: LeptosOptions, live: Live, identity: Identity, origins: Arc<[String]>) -> Router {
    let engine = Router::new()
        .route(protocol::PATH, get(socket::upgrade))
        .route("/healthz", get(healthz))
        .route("/readyz", get(readyz))
        .with_state(live.clone());
    let nosniff = SetResponseHeaderLayer::if_not_present(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // A page of another site that shows ours in a frame could lead its visitors' clicks.
    let unframed = SetResponseHeaderLayer::if_not_present(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    let ancestors = HeaderValue::from_static("frame-ancestors 'none'");
    let policy = SetResponseHeaderLayer::if_not_present(CONTENT_SECURITY_POLICY, ancestors);
    let pages = pages(leptos, live, identity.clone())
        .merge(identity::routes(identity.clone()))
        .layer(CompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(MAX_FORM_BYTES));
    pages
        .merge(engine)
        .layer(nosniff)
        .layer(unframed)
        .layer(policy)
        .layer(middleware::from_fn_with_state(identity, identity::gate))
        .layer(middleware::from_fn_with_state(origins, guard))
}

fn pages(leptos: LeptosOptions, live: Live, identity: Identity) -> Router {
    let admit = middleware::from_fn_with_state(identity.clone(), identity::admit);
    let context = move || {
        provide_context(identity.clone());
        provide_page(&identity.pool, &live.hub);
    };
    let document = {
        let leptos = leptos.clone();
        move || shell(leptos.clone())
    };
    Router::new()
        .leptos_routes_with_context(&leptos, generate_route_list(App), context.clone(), document)
        .route_layer(admit)
        .fallback(leptos_axum::file_and_error_handler_with_context::<LeptosOptions, _>(context, shell))
        .with_state(leptos)
}

/// What pages and server functions find in their context.
fn provide_page(pool: &PgPool, hub: &Arc<Hub>) {
    provide_context(pool.clone());
    let snapshot = Arc::new(PageSnapshot::new(pool.clone()));
    let (hub, source) = (hub.clone(), PostgresSource::new(pool.clone()));
    provide_context(PageReader::new(move |question| {
        let (snapshot, hub, source) = (snapshot.clone(), hub.clone(), source.clone());
        let principal = identity::visitor::principal_asking().unwrap_or_default();
        async move { read_for_page(&question, &principal, &snapshot, &hub, &source).await }
    }));
}

async fn read_for_page(
    question: &Subscribe,
    principal: &Principal,
    snapshot: &PageSnapshot,
    hub: &Hub,
    source: &PostgresSource,
) -> Result<PageRows, ReadError> {
    let table = question.table.as_str();
    if !hub.is_available() {
        return Err(ReadError::Unavailable);
    }
    let definition = socket::define(question, principal, hub, source).await.map_err(|refusal| match refusal.code {
        ErrorCode::UnknownTable => ReadError::NotTracked(table.to_owned()),
        ErrorCode::SourceUnavailable => ReadError::Unavailable,
        code => {
            let Refusal { message, at, hint, .. } = refusal;
            ReadError::Refused(SubscriptionError { code, message, at, hint })
        }
    })?;
    match snapshot.read(&definition).await {
        Ok((token, rows)) => {
            let position = protocol::stamp(&token.to_string(), &principal.rights());
            Ok(PageRows { position, key: definition.key.clone(), rows })
        }
        Err(error) => {
            tracing::warn!(%error, table, "a page could not read its rows");
            Err(ReadError::Unavailable)
        }
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
