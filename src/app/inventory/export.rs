//! A list of products as CSV: what the page shows, all of it, whichever part of it is on the screen.
//!
//! Invariant: nobody gets a row or column that a page would not show them; it is read as pages read.

use super::{
    arrange::Arranger,
    listing::{LIST_FILE, Listing},
    product::Product,
};
use crate::{
    app::csv,
    hub::Principal,
    store::{PageReader, Query, ReadError},
};
use axum::{
    Extension, Json, Router,
    extract::Query as Parameters,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use std::collections::HashMap;

/// Above the columns.
const NAMES: [&str; 9] =
    ["id", "sku", "name", "category", "location", "quantity", "reorder_level", "price", "updated_at"];

/// Below `/api/`. `reader` reads what somebody may read.
pub fn routes(reader: impl Fn(Principal) -> PageReader + Clone + Send + Sync + 'static) -> Router {
    let export = async move |Extension(principal): Extension<Principal>,
                             Parameters(parameters): Parameters<HashMap<String, String>>| {
        let listing = Listing::read(|name| parameters.get(name).map(String::as_str));
        match reader(principal).read(Query::<Product>::all()).await {
            Ok(products) => file(&listing, products.rows),
            Err(error) => refused(&error),
        }
    };
    Router::new().route(LIST_FILE, get(export))
}

fn file(listing: &Listing, products: Vec<Product>) -> Response {
    let mut arranger = Arranger::new(listing);
    products.iter().for_each(|row| arranger.take(row));
    let by_id: HashMap<i64, &Product> = products.iter().map(|row| (row.id, row)).collect();
    let text = text(arranger.finish().keys.iter().filter_map(|id| by_id.get(id).copied()));
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
        (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"inventory.csv\"")),
    ];
    (headers, text).into_response()
}

/// The file: what can be imported again.
pub(super) fn text<'p>(products: impl Iterator<Item = &'p Product>) -> String {
    let mut text = csv::row(NAMES);
    products.for_each(|row| text.push_str(&line(row)));
    text
}

fn line(row: &Product) -> String {
    csv::row([
        &*row.id.to_string(),
        &row.sku,
        &row.name,
        &row.category,
        &row.location,
        &row.quantity.to_string(),
        &row.reorder_level.to_string(),
        &row.price.plain(),
        &row.updated_at.iso(),
    ])
}

fn refused(error: &ReadError) -> Response {
    let (status, code) = match error {
        ReadError::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        // Also for whoever may not see it: they are not told that it is there.
        ReadError::NotTracked(_) => (StatusCode::NOT_FOUND, "unknown_table"),
        ReadError::OtherColumns(_) => (StatusCode::CONFLICT, "other_columns"),
        ReadError::Refused(_) => (StatusCode::BAD_REQUEST, "refused"),
    };
    (status, Json(json!({ "code": code, "message": error.to_string() }))).into_response()
}
