//! What the parts of the board share: the rows of each column, their totals, what is asked for, what is in somebody's hand.

use super::{
    carry::Carried,
    listing::{self, Listing},
    pointer::Drag,
};
use crate::app::query_map::use_query_map;
use crate::{
    app::{
        inventory::grouped,
        missing::missing,
        orders::{
            rows::{Order, OrderKey, StateTotals, Sums},
            sending::Sending,
        },
        search_text::SearchText,
        toast::{Messages, use_messages},
    },
    orders::{State, Step},
    store::{LiveQuery, use_query},
};
use leptos::{html, prelude::*};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use std::{collections::HashSet, time::Duration};

/// How long after the last key the search follows what is typed.
const LAG: Duration = Duration::from_millis(250);

/// A column: its rows, and how many of them are asked for.
#[derive(Clone, Copy)]
pub(super) struct Column {
    pub(super) state: State,
    pub(super) rows: RwSignal<u32>,
    pub(super) orders: LiveQuery<Order>,
}

/// Shared by all parts of the board. The copies are the same.
#[derive(Clone, Copy)]
pub(super) struct Desk {
    pub(super) listing: Memo<Listing>,
    pub(super) search: SearchText,
    /// What is looked for, as the address says it.
    pub(super) wanted: Memo<String>,
    columns: StoredValue<Vec<Column>>,
    pub(super) totals: LiveQuery<StateTotals>,
    /// What is in somebody's hand.
    pub(super) carried: RwSignal<Option<Carried>>,
    /// A drag, or what may become one.
    pub(super) drag: RwSignal<Option<Drag>>,
    /// Whether a drag has ended just now.
    pub(super) dragged: StoredValue<bool>,
    /// Orders whose move is not answered yet.
    pub(super) unanswered: RwSignal<HashSet<i64>>,
    /// A move that waits for its reason.
    pub(super) asked: RwSignal<Option<(Order, Step)>>,
    /// Said to those who do not see it.
    pub(super) said: RwSignal<String>,
    pub(super) board: NodeRef<html::Div>,
    pub(super) messages: Messages,
    pub(super) steps: StoredValue<Sending>,
    go: Callback<String>,
}

impl Desk {
    /// For the calling component, which must be inside of the router.
    pub(super) fn new() -> Self {
        let query = use_query_map();
        let navigate = use_navigate();
        let listing = Memo::new(move |_| query.with(|query| Listing::read(|name| query.get_str(name))));
        let wanted = Memo::new(move |_| listing.with(|listing| listing.search.clone()));
        let column = |state: State| {
            let rows = RwSignal::new(listing.with_untracked(|listing| listing.rows_of(state)));
            let is_folded = Memo::new(move |_| is_folded(listing, state));
            let orders = use_query(move || {
                // Of a folded column only the totals are shown.
                let limit = if is_folded.get() { 1 } else { rows.get() };
                let orders = listing::matching(&wanted.get(), Some(state)).limit(limit);
                if goes_on(state) { orders.ascending("changed_at") } else { orders.descending("changed_at") }
            });
            Column { state, rows, orders }
        };
        let columns = State::ALL.map(column);
        Effect::new(move |before: Option<Listing>| {
            let now = listing.get();
            for Column { state, rows, .. } in columns {
                // What was lengthened by hand stays as it is, unless the address says otherwise now.
                let asked = now.rows_of(state);
                if before.as_ref().is_some_and(|before| before.rows_of(state) != asked) {
                    rows.set(asked);
                }
            }
            now
        });
        Self {
            listing,
            search: SearchText::new(wanted),
            wanted,
            columns: StoredValue::new(columns.to_vec()),
            totals: use_query(move || listing::matching(&wanted.get(), None).group_by::<_, Sums>().sum("total")),
            carried: RwSignal::new(None),
            drag: RwSignal::new(None),
            dragged: StoredValue::new(false),
            unanswered: RwSignal::new(HashSet::new()),
            asked: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            board: NodeRef::new(),
            messages: use_messages(),
            steps: StoredValue::new(Sending::new()),
            go: Callback::new(move |address: String| {
                let options =
                    NavigateOptions { replace: true, scroll: false, resolve: false, ..NavigateOptions::default() };
                navigate(&address, options);
            }),
        }
    }

    /// Waits for the rows that come with the page.
    pub(super) async fn ready(self) {
        for column in self.columns.get_value() {
            column.orders.ready().await;
        }
        self.totals.ready().await;
    }

    pub(super) fn column(self, state: State) -> Column {
        self.columns
            .with_value(|columns| columns.iter().find(|column| column.state == state).copied())
            .expect("there is a column for every state")
    }

    /// An order as its column shows it. Not tracked.
    pub(super) fn order(self, state: State, id: i64) -> Option<Order> {
        untrack(|| self.column(state).orders.row(OrderKey { id }).get())
    }

    /// Whether a column shows its totals only. Tracked.
    pub(super) fn is_folded(self, state: State) -> bool {
        is_folded(self.listing, state)
    }

    /// Whether it is known how many orders there are. Tracked.
    pub(super) fn is_counted(self) -> bool {
        missing(self.totals, "").is_none()
    }

    /// How many orders a column has, for people; a dash for what is not known. Tracked.
    pub(super) fn count(self, state: State) -> String {
        if self.is_counted() { grouped(self.total(state).0 as i64) } else { "–".to_owned() }
    }

    /// How many orders a column has, and what they cost. Tracked.
    pub(super) fn total(self, state: State) -> (u64, i64) {
        let of = self.totals.rows().into_iter().find(|row| row.group.state == state);
        of.map_or((0, 0), |row| (row.count, row.sum.total.map_or(0, |total| total.0)))
    }

    /// Somebody types into the search box. The address follows.
    pub(super) fn search_for(self, text: String) {
        self.search.type_in(text, LAG, move || {
            let listing = Listing { search: self.search.text.get_untracked(), ..self.listing.get_untracked() };
            self.go.run(listing.address());
        });
    }

    /// The card `steps` below this one in its column, or above it.
    pub(super) fn below(self, state: State, id: i64, steps: isize) -> Option<i64> {
        let keys = untrack(|| self.column(state).orders.keys());
        let at = keys.iter().position(|key| key.id == id)?;
        keys.get(at.checked_add_signed(steps)?).map(|key| key.id)
    }

    /// The card at the height of this one in another column, if that has any.
    pub(super) fn beside(self, state: State, id: i64, other: State) -> Option<i64> {
        let (own, others) = untrack(|| (self.column(state).orders.keys(), self.column(other).orders.keys()));
        let at = own.iter().position(|key| key.id == id).unwrap_or_default();
        others.get(at.min(others.len().checked_sub(1)?)).map(|key| key.id)
    }
}

/// Orders of these states wait for somebody: the one that has waited longest comes first. Of the others the newest does.
fn goes_on(state: State) -> bool {
    !state.is_final() && state != State::Delivered
}

/// What is given up or came back is out of the way unless it is asked for.
fn is_folded(listing: Memo<Listing>, state: State) -> bool {
    state.is_final() && listing.with(|listing| listing.column != Some(state))
}

/// The handle of a card.
pub(super) fn grip_id(order: i64) -> String {
    format!("grip-{order}")
}

/// The button of a card that moves it on.
pub(super) fn advance_id(order: i64) -> String {
    format!("advance-{order}")
}

/// The heading of a column.
pub(super) fn heading_id(state: State) -> String {
    format!("column-{state}")
}
