//! Rows that come with the page: read while it is rendered, carried in its HTML, continued by the socket.
//!
//! All reads of one page come from one database snapshot, unless it takes seconds to render. Each carries the position that it was read at.

use super::{LiveRow, Query, SubscriptionError, place::Place};
use crate::protocol::Subscribe;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

/// Rows as of a position.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Initial<T> {
    /// The token that the socket resumes from.
    pub position: String,
    /// All rows of the subscription, in the order in which they are shown.
    pub rows: Vec<T>,
    /// Columns of the key, if the rows are sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) key: Vec<String>,
    /// Where each row stands, if the rows are sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) places: Vec<Place>,
}

impl<T: LiveRow> Initial<T> {
    /// Reads what the server answered.
    pub(super) fn read(query: &Query<T>, page: PageRows) -> Result<Self, serde_json::Error> {
        let mut sorting = query.sorting();
        sorting.keyed(&page.key);
        let mut placed = page
            .rows
            .iter()
            .map(|text| {
                let place = if sorting.sorts() { sorting.place(text)? } else { Place::default() };
                Ok((place, T::read(text, &page.key)?))
            })
            .collect::<Result<Vec<(Place, T)>, serde_json::Error>>()?;
        if !sorting.sorts() {
            let rows = placed.into_iter().map(|(_, row)| row).collect();
            return Ok(Self { position: page.position, rows, key: Vec::new(), places: Vec::new() });
        }
        placed.sort_by(|(a, _), (b, _)| sorting.compare(a, b));
        let (places, rows) = placed.into_iter().unzip();
        Ok(Self { position: page.position, rows, key: page.key, places })
    }
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
    /// The query cannot be answered as it is.
    #[error(transparent)]
    Refused(#[from] SubscriptionError),
}

/// The rows of a query as of the page's position.
#[derive(Clone, Debug)]
pub struct PageRows {
    /// The page's position, as a token.
    pub position: String,
    /// The columns of the key, as in a `subscribed` frame.
    pub key: Vec<String>,
    /// The rows, each as one JSON object.
    pub rows: Vec<Box<RawValue>>,
}

type Reading = Pin<Box<dyn Future<Output = Result<PageRows, ReadError>> + Send>>;

/// Given to a page by the server that renders it, through the context: answers a query as of this page's snapshot.
#[derive(Clone)]
pub struct PageReader(Arc<dyn Fn(Subscribe, Option<Duration>) -> Reading + Send + Sync>);

impl PageReader {
    /// Wraps the function that answers a query. What it is given is as in a `subscribe` frame, without id and position.
    pub fn new<F>(read: impl Fn(Subscribe) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<PageRows, ReadError>> + Send + 'static,
    {
        Self::bounded(move |question, _| read(question))
    }

    /// The same for a function that can be told how long the database may take for the answer.
    pub fn bounded<F>(read: impl Fn(Subscribe, Option<Duration>) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<PageRows, ReadError>> + Send + 'static,
    {
        Self(Arc::new(move |question, patience| Box::pin(read(question, patience))))
    }

    /// The answer to a question, as text.
    pub async fn ask(&self, question: Subscribe) -> Result<PageRows, ReadError> {
        (self.0)(question, None).await
    }

    /// The same, if the database does not take longer than that for it.
    pub async fn ask_within(&self, question: Subscribe, patience: Duration) -> Result<PageRows, ReadError> {
        (self.0)(question, Some(patience)).await
    }

    /// The rows of a query, in its order.
    pub async fn read<T: LiveRow>(&self, query: Query<T>) -> Result<Initial<T>, ReadError> {
        let question = query.question();
        let table = question.table.clone();
        let page = self.ask(question).await?;
        Initial::read(&query, page).map_err(|_| ReadError::OtherColumns(table))
    }
}

/// The rows of `T`'s table, while a server renders the page; `None` in a browser, where the socket will bring them.
pub async fn initial_rows<T: LiveRow>() -> Result<Option<Initial<T>>, ReadError> {
    read_page(Query::all()).await
}

/// The rows of a query, while a server renders the page; `None` in a browser, where the socket will bring them.
pub async fn read_page<T: LiveRow>(query: Query<T>) -> Result<Option<Initial<T>>, ReadError> {
    let Some(reader) = leptos::prelude::use_context::<PageReader>() else { return Ok(None) };
    reader.read(query).await.map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::row::tests::{Item, item};

    #[test]
    fn rows_of_a_page_are_in_the_order_that_is_shown_and_remember_where_they_stand() {
        let rows = [r#"{"id":1,"name":"b"}"#, r#"{"id":2,"name":"a"}"#];
        let rows = rows.map(|row| RawValue::from_string(row.to_owned()).expect("JSON"));
        let page = PageRows { position: "0.1".to_owned(), key: vec!["id".to_owned()], rows: rows.into() };
        let initial = Initial::read(&Query::<Item>::all().ascending("name"), page).expect("reads");
        assert_eq!(initial.rows, [item(2, "a"), item(1, "b")]);
        let carried = serde_json::to_string(&initial).expect("writes");
        assert_eq!(serde_json::from_str::<Initial<Item>>(&carried).expect("reads"), initial);
    }
}
