//! Takes files: as a form sends them, or a program. They are read and compared with the products, and kept; nothing is written to these.
//!
//! Beside forms of pages, which are small, because a file may be large. Whoever brings one that is too large is told so, for which all of
//! it must have come; but not more than several times as much as may come.

use super::{
    carry_out::{Asking, visible},
    keep,
    look::rest,
    model::{FileProblem, Notice, Refusal},
    places::Places,
    plan::{counts, meant, plan},
    sheet,
};
use crate::{
    app::inventory::{refusal::Refusal as Common, statements::metadata},
    config::Limits,
    counters::Counters,
    hub::Principal,
    identity::{
        paths::{NOT_ALLOWED, encode},
        visitor::{Person, person_of},
    },
    store::PageReader,
};
use axum::{
    Extension, Json, Router,
    extract::{
        DefaultBodyLimit, Multipart, Path, State,
        multipart::{Field, MultipartRejection},
    },
    http::{
        HeaderMap, HeaderValue, StatusCode,
        header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::json;
use sqlx::PgPool;
use std::sync::Arc;

use super::{PATH, REST, UPLOAD};

const MEGABYTE: usize = 1024 * 1024;
/// So many times as much as may come is read and thrown away, so that whoever sends it hears why.
const PATIENCE: usize = 10;
/// Longest name of a file that is kept, in characters.
const NAME: usize = 100;

/// How large files may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Most megabytes.
    pub megabytes: usize,
    /// Most rows.
    pub rows: usize,
}

impl From<&Limits> for Bounds {
    fn from(limits: &Limits) -> Self {
        Self { megabytes: limits.import_megabytes, rows: limits.import_rows }
    }
}

impl Default for Bounds {
    fn default() -> Self {
        Self::from(&Limits::default())
    }
}

#[derive(Clone)]
struct Desk {
    pool: PgPool,
    reader: Arc<dyn Fn(Principal) -> PageReader + Send + Sync>,
    places: Places,
    counters: Arc<Counters>,
}

/// Below `/api/`. `reader` reads what somebody may read.
pub fn routes(
    pool: PgPool,
    reader: impl Fn(Principal) -> PageReader + Send + Sync + 'static,
    places: Places,
    counters: Arc<Counters>,
) -> Router {
    Router::new()
        .route(UPLOAD, post(upload).layer(DefaultBodyLimit::max(PATIENCE * places.bounds.megabytes * MEGABYTE)))
        .route(REST, get(rows_with_errors))
        .with_state(Desk { pool, reader: Arc::new(reader), places, counters })
}

async fn upload(
    State(desk): State<Desk>,
    Extension(principal): Extension<Principal>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let wants_a_page =
        headers.get(ACCEPT).is_some_and(|accept| accept.to_str().is_ok_and(|text| text.contains("text/html")));
    let person = person_of(&principal);
    if !person.works_here() {
        return not_allowed(wants_a_page);
    }
    let taken = match form {
        Ok(form) => take(form, desk.places.bounds).await,
        Err(_) => Err(FileProblem::NoFile),
    };
    let taken = match taken {
        Ok((name, bytes)) => desk.keep(&principal, &person, &name, bytes).await,
        Err(problem) => Err(problem),
    };
    match taken {
        Ok((id, _)) if wants_a_page => led(&format!("{PATH}/{id}")),
        Ok((id, told)) => {
            let address = format!("{PATH}/{id}");
            (StatusCode::CREATED, [(LOCATION, header(&address))], Json(told)).into_response()
        }
        Err(problem) => {
            if matches!(
                problem,
                FileProblem::TooLarge(_) | FileProblem::TooManyRows(_) | FileProblem::TooManyColumns(_)
            ) {
                desk.counters.imports_over_size.add();
            }
            refused(problem, wants_a_page)
        }
    }
}

impl Desk {
    /// Reads, compares, and keeps a file. Its number, and what a program is told of it.
    async fn keep(
        &self,
        principal: &Principal,
        person: &Person,
        name: &str,
        bytes: Vec<u8>,
    ) -> Result<(i64, serde_json::Value), FileProblem> {
        let place = self.places.look().await.map_err(|_| FileProblem::Full)?;
        let products = visible(&(self.reader)(principal.clone())).await.map_err(|refusal| match refusal {
            Common::Unavailable => FileProblem::Unavailable,
            _ => FileProblem::Forbidden,
        })?;
        let most = self.places.bounds.rows;
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            let text = sheet::text(&bytes)?;
            let sheet = sheet::read(text, most)?;
            let seen = meant(&sheet, products);
            let counts = counts(&plan(&sheet, &seen), &[]);
            Ok((text.to_owned(), seen, counts))
        });
        let (text, seen, counts) = read.await.map_err(|_| FileProblem::Broken)??;
        let who_name = metadata(person).who_name;
        let id = keep::keep(&self.pool, person, &who_name, name, &text, &seen).await.map_err(|error| {
            tracing::warn!(%error, "a file of products could not be kept");
            FileProblem::Unavailable
        })?;
        let told = json!({ "id": id, "new": counts.new, "changed": counts.changed, "unchanged": counts.unchanged,
            "errors": counts.wrong });
        Ok((id, told))
    }
}

/// The file that a form brings, or the text that stands for one, and its name.
async fn take(mut form: Multipart, bounds: Bounds) -> Result<(String, Vec<u8>), FileProblem> {
    let most = bounds.megabytes * MEGABYTE;
    let (mut file, mut text) = (None, None);
    while let Some(field) = form.next_field().await.map_err(|_| broken(most, &bounds))? {
        match field.name() {
            Some("file") => {
                let name = named(field.file_name().unwrap_or_default());
                file = Some((name, bytes(field, most, &bounds).await?));
            }
            Some("text") => text = Some(("Pasted rows".to_owned(), bytes(field, most, &bounds).await?)),
            _ => drop(bytes(field, most, &bounds).await?),
        }
    }
    let taken = [file, text].into_iter().flatten().find(|(_, bytes)| !bytes.is_empty()).ok_or(FileProblem::NoFile)?;
    if taken.1.len() > most { Err(FileProblem::TooLarge(bounds.megabytes)) } else { Ok(taken) }
}

/// One byte more than may come says that it is too large; the rest is thrown away.
async fn bytes(mut field: Field<'_>, most: usize, bounds: &Bounds) -> Result<Vec<u8>, FileProblem> {
    let (mut bytes, mut all) = (Vec::new(), 0_usize);
    while let Some(piece) = field.chunk().await.map_err(|_| broken(all, bounds))? {
        all += piece.len();
        let room = (most + 1).saturating_sub(bytes.len()).min(piece.len());
        bytes.extend_from_slice(&piece[..room]);
    }
    Ok(bytes)
}

/// After so many bytes.
fn broken(after: usize, bounds: &Bounds) -> FileProblem {
    if after > bounds.megabytes * MEGABYTE { FileProblem::TooLarge(bounds.megabytes) } else { FileProblem::Broken }
}

fn named(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|sign| !sign.is_control()).take(NAME).collect();
    if name.trim().is_empty() { "A file".to_owned() } else { name }
}

async fn rows_with_errors(
    State(desk): State<Desk>,
    Extension(principal): Extension<Principal>,
    Path(id): Path<i64>,
) -> Response {
    let person = person_of(&principal);
    if !person.works_here() {
        return not_allowed(false);
    }
    match rest(&Asking { pool: desk.pool, person, places: desk.places }, id).await {
        Ok(text) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8; header=present")),
                (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"rows-with-errors.csv\"")),
            ];
            (headers, text).into_response()
        }
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let code = if refusal == Refusal::Gone { "gone" } else { "unavailable" };
            told(status, code, &format!("{}.", refusal.message()))
        }
    }
}

fn refused(problem: FileProblem, wants_a_page: bool) -> Response {
    if wants_a_page {
        let notice = serde_json::to_string(&Notice::File(problem)).unwrap_or_default();
        return led(&format!("{PATH}?{}={}", Notice::PARAMETER, encode(&notice)));
    }
    let status = StatusCode::from_u16(problem.status()).unwrap_or(StatusCode::UNPROCESSABLE_ENTITY);
    told(status, "file_refused", &problem.message())
}

fn not_allowed(wants_a_page: bool) -> Response {
    // The page says why.
    if wants_a_page {
        led(PATH)
    } else {
        told(StatusCode::FORBIDDEN, NOT_ALLOWED, "Only staff may change the inventory.")
    }
}

fn told(status: StatusCode, code: &str, message: &str) -> Response {
    (status, Json(json!({ "code": code, "message": message }))).into_response()
}

fn led(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [(LOCATION, header(address))]).into_response()
}

fn header(address: &str) -> HeaderValue {
    HeaderValue::from_str(address).unwrap_or(HeaderValue::from_static(PATH))
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_file_is_called_by_its_name_alone() {
        assert_eq!(named("C:\\Users\\a\\stock.csv"), "stock.csv");
        assert_eq!(named("../../etc/a\u{0}b\n.csv"), "ab.csv");
        assert_eq!([named(""), named("  ")], ["A file", "A file"]);
        assert_eq!(named(&"x".repeat(500)).len(), 100);
    }
}
