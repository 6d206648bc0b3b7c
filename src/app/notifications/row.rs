//! A notification, as a row of `public.notifications`.

use crate::{
    app::time::Timestamp,
    store::{LiveRow, Query},
};
use serde::{Deserialize, Serialize};

/// Where the page is.
pub(super) const PAGE: &str = "/notifications";

/// What somebody is told of. Whose it is, is not in it: everybody sees their own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Notification {
    /// Primary key; later ones are higher.
    pub(super) id: i64,
    /// In a line.
    pub(super) title: String,
    /// What else there is to say.
    pub(super) body: String,
    /// Where there is more, as an address of this site.
    pub(super) link: String,
    /// Since when.
    pub(super) at: Timestamp,
    /// Since when it has been read.
    pub(super) read_at: Option<Timestamp>,
}

/// The key as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
pub(super) struct NotificationKey {
    /// Primary key.
    pub(super) id: i64,
}

impl LiveRow for Notification {
    const TABLE: &'static str = "public.notifications";
    type Key = NotificationKey;

    fn key(&self) -> NotificationKey {
        NotificationKey { id: self.id }
    }
}

impl Notification {
    /// The newest ones.
    pub(super) fn newest(rows: u32) -> Query<Self> {
        Query::all().columns(["id", "title", "body", "link", "at", "read_at"]).descending("id").limit(rows)
    }
}

/// How many are unread: one row.
pub(super) type Unread = crate::store::Count<Notification>;

/// How many are unread.
pub(super) fn unread() -> Query<Unread> {
    Query::<Notification>::all().filter("read_at is null", ()).totals()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notification_reads_as_postgres_writes_it() {
        let text = r#"{"id":7,"kind":"shipped","title":"Order 1042 is on its way","body":"","link":"/orders/1042",
            "at":"2026-11-26T07:00:00.5+00:00","read_at":null}"#;
        let row: Notification = serde_json::from_str(text).expect("reads");
        assert_eq!((row.id, row.link.as_str(), row.read_at), (7, "/orders/1042", None));
    }
}
