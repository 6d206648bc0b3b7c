//! Rows that come with the page: read while it is rendered, carried in its HTML, continued by the socket.
//!
//! All reads of one page come from one database snapshot, so all of them carry the same position.

use super::LiveRow;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{future::Future, pin::Pin, sync::Arc};

/// Rows as of a position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Initial<T> {
    /// The token that the socket resumes from.
    pub position: String,
    /// All rows of the subscription, in the order of the key.
    pub rows: Vec<T>,
}

/// Why rows could not be read while a page was rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ReadError {
    /// The database does not answer.
    #[error("the database cannot be reached")]
    Unavailable,
    /// There is no such table, or it is not tracked.
    #[error("the table {0} is not tracked: `rowcast track {0}` makes it live")]
    NotTracked(String),
    /// The table has other columns than the page expects.
    #[error("the table {0} does not have the columns that this page shows")]
    OtherColumns(String),
}

/// What [`PageReader`] answers: the token, and the rows as JSON.
pub type RawRows = (String, Vec<Box<RawValue>>);

type Reading = Pin<Box<dyn Future<Output = Result<RawRows, ReadError>> + Send>>;

/// Given to a page by the server that renders it, through the context: reads a table as of this page's snapshot.
#[derive(Clone)]
pub struct PageReader(Arc<dyn Fn(&'static str) -> Reading + Send + Sync>);

impl PageReader {
    /// Wraps the function that reads a table.
    pub fn new<F>(read: impl Fn(&'static str) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<RawRows, ReadError>> + Send + 'static,
    {
        Self(Arc::new(move |table| Box::pin(read(table))))
    }
}

/// The rows of `T`'s table, while a server renders the page; `None` in a browser, where the socket will bring them.
pub async fn initial_rows<T: LiveRow>() -> Result<Option<Initial<T>>, ReadError> {
    let Some(reader) = leptos::prelude::use_context::<PageReader>() else { return Ok(None) };
    let (position, raw) = (reader.0)(T::TABLE).await?;
    let rows = raw
        .iter()
        .map(|row| serde_json::from_str(row.get()))
        .collect::<Result<_, _>>()
        .map_err(|_| ReadError::OtherColumns(T::TABLE.to_owned()))?;
    Ok(Some(Initial { position, rows }))
}
