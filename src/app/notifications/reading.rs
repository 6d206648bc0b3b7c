//! Marking as read: shown at once, on this device; taken back, with the reason, if the server refuses.

use super::{
    actions::{self, Answer, Refusal, mark_all_read, mark_read},
    row::{Notification, NotificationKey, Unread},
};
use crate::{
    app::{
        time::Timestamp,
        toast::{Messages, use_messages},
    },
    store::{Edit, Everything, GroupKey, LiveQuery},
};
use leptos::{prelude::*, task::spawn_local, web_sys::js_sys::Date};

const MICROS_PER_MILLI: i64 = 1_000;

/// The rows that change when something is read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) list: LiveQuery<Notification>,
    pub(super) unread: LiveQuery<Unread>,
    messages: Messages,
}

/// The edits that show something as read before the server has agreed.
struct Shown {
    rows: Vec<Edit<Notification>>,
    count: Edit<Unread>,
}

impl Reading {
    pub(super) fn new(list: LiveQuery<Notification>, unread: LiveQuery<Unread>) -> Self {
        Self { list, unread, messages: use_messages() }
    }

    /// One has been read, if it was not yet.
    pub(super) fn one(self, id: i64) {
        let shown = self.show(|row| row.id == id);
        if !shown.rows.is_empty() {
            spawn_local(async move { self.settle(shown, mark_read(id, 0).await) });
        }
    }

    /// All that are shown have been read, and those before them.
    pub(super) fn all(self) {
        let (unread, before) = untrack(|| (self.shown_unread(), self.before()));
        let shown = self.show(|row| unread.0.contains(&row.id));
        spawn_local(async move { self.settle(shown, mark_all_read(unread, before, 0).await) });
    }

    /// What is shown as unread. Tracked.
    pub(super) fn shown_unread(self) -> actions::Shown {
        actions::Shown(self.list.rows().into_iter().filter(|row| row.read_at.is_none()).map(|row| row.id).collect())
    }

    /// Lower numbers than this are older than what is shown. Tracked.
    pub(super) fn before(self) -> i64 {
        self.list.keys().last().map_or(0, |key| key.id)
    }

    fn show(self, which: impl Fn(&Notification) -> bool) -> Shown {
        let now = Timestamp(Date::now() as i64 * MICROS_PER_MILLI);
        let unread = untrack(|| self.list.rows()).into_iter().filter(|row| row.read_at.is_none() && which(row));
        let rows: Vec<_> = unread
            .map(|row| self.list.edit(NotificationKey { id: row.id }, move |row| row.read_at = Some(now)))
            .collect();
        let count = rows.len() as u64;
        let key = GroupKey { group: Everything {} };
        let count = self.unread.edit(key, move |unread| unread.count = unread.count.saturating_sub(count));
        Shown { rows, count }
    }

    /// Edits that are dropped are rolled back.
    fn settle(self, shown: Shown, answer: Result<Answer, ServerFnError>) {
        match answer {
            Ok(Ok(marked)) if marked.count > 0 => {
                shown.rows.into_iter().for_each(|edit| edit.confirm(marked.transaction));
                shown.count.confirm(marked.transaction);
            }
            // They had been read elsewhere, and the rows that say so are on their way.
            Ok(Ok(_)) => {}
            Ok(Err(refusal)) => self.messages.refused(refusal.message()),
            Err(_) => self.messages.refused("This may not have been marked as read. The server did not answer."),
        }
    }
}

impl Refusal {
    /// For people.
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::SignedOut => "This was not marked as read. You are signed out; sign in again.",
            Self::Unavailable => "This was not marked as read. The database does not answer; try again in a moment.",
        }
    }

    /// In an address.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::Unavailable => "unavailable",
        }
    }

    /// The inverse of [`word`](Self::word).
    pub(super) fn of(word: &str) -> Option<Self> {
        [Self::SignedOut, Self::Unavailable].into_iter().find(|refusal| refusal.word() == word)
    }

    /// HTTP status of a page that shows it.
    pub(super) fn status(self) -> u16 {
        match self {
            Self::SignedOut => 401,
            Self::Unavailable => 503,
        }
    }
}
