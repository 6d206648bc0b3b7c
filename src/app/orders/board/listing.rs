//! Which part of the board is asked for, as the address of the page says it: `?q=cleo&state=paid&rows=100`. Pure.

use crate::{
    app::orders::{
        like,
        rows::{Order, PAGE},
    },
    identity::paths::encode,
    orders::State,
    store::Query,
};
use serde_json::Value;

/// Cards that a column shows at first, and how many more each time.
pub(super) const STEP: u32 = 50;
/// Most rows of a live window, in steps.
const MOST: u32 = 1_000;

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::app::orders) struct Listing {
    /// A part of a customer's name, or a number.
    pub(super) search: String,
    /// The column that a phone shows; those that are folded show if they are it.
    pub(super) column: Option<State>,
    /// How many cards that column shows; zero for the usual number.
    pub(super) rows: u32,
}

impl Listing {
    pub(super) const SEARCH: &'static str = "q";
    pub(super) const COLUMN: &'static str = "state";
    const ROWS: &'static str = "rows";

    /// Reads it from the parameters of the address. What makes no sense is as if it were not there.
    pub(super) fn read<'a>(parameter: impl Fn(&str) -> Option<&'a str>) -> Self {
        Self {
            search: parameter(Self::SEARCH).unwrap_or_default().to_owned(),
            column: parameter(Self::COLUMN).and_then(|word| word.parse().ok()),
            rows: parameter(Self::ROWS).and_then(|rows| rows.parse().ok()).unwrap_or_default(),
        }
    }

    /// Reads it from the query of an address.
    #[cfg_attr(not(feature = "ssr"), expect(dead_code, reason = "only a server answers forms"))]
    pub(in crate::app::orders) fn of_query(query: &str) -> Self {
        let pairs: Vec<(&str, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name, leptos_router::location::Url::unescape(&value.replace('+', " "))))
            .collect();
        Self::read(|name| pairs.iter().find(|(of, _)| *of == name).map(|(_, value)| value.as_str()))
    }

    /// The address of the page.
    pub(in crate::app::orders) fn address(&self) -> String {
        let search = (!self.search.is_empty()).then(|| format!("{}={}", Self::SEARCH, encode(&self.search)));
        let column = self.column.map(|state| format!("{}={state}", Self::COLUMN));
        let rows = (self.rows > 0).then(|| format!("{}={}", Self::ROWS, self.rows));
        let pairs: Vec<_> = [search, column, rows].into_iter().flatten().collect();
        if pairs.is_empty() { PAGE.to_owned() } else { format!("{PAGE}?{}", pairs.join("&")) }
    }

    /// The same with another column in front.
    pub(super) fn on(&self, column: Option<State>) -> Self {
        Self { column, rows: 0, search: self.search.clone() }
    }

    /// The same with more cards in a column than `rows`.
    pub(super) fn with_more(&self, column: State, rows: u32) -> Self {
        Self { rows: more(rows), ..self.on(Some(column)) }
    }

    /// How many cards a column shows.
    pub(super) fn rows_of(&self, column: State) -> u32 {
        if self.column == Some(column) { self.rows.clamp(STEP, MOST).div_ceil(STEP) * STEP } else { STEP }
    }
}

/// How many cards are shown after `rows`.
pub(super) fn more(rows: u32) -> u32 {
    (rows + STEP).min(MOST)
}

/// Whether a window can hold more than `rows`.
pub(super) fn may_be_more(rows: u32) -> bool {
    rows < MOST
}

/// The orders of a search, of a state or of all.
pub(super) fn matching(search: &str, state: Option<State>) -> Query<Order> {
    let mut params: Vec<Value> = Vec::new();
    let mut conditions = Vec::new();
    if let Some(state) = state {
        params.push(state.word().into());
        conditions.push(format!("state = ${}", params.len()));
    }
    let search = search.trim().trim_start_matches('#');
    if !search.is_empty() {
        params.push(like::containing(search).into());
        let name = format!("customer_name ilike ${}", params.len());
        conditions.push(match search.parse::<i64>() {
            Ok(number) => {
                params.push(number.into());
                format!("({name} or id = ${})", params.len())
            }
            Err(_) => name,
        });
    }
    if conditions.is_empty() { Query::all() } else { Query::all().filter(conditions.join(" and "), params) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_what_wrote_it() {
        let listing = Listing { search: "50% a&b é+".to_owned(), column: Some(State::Paid), rows: 100 };
        let address = listing.address();
        assert_eq!(address, "/orders?q=50%25%20a%26b%20%C3%A9%2B&state=paid&rows=100");
        assert_eq!(Listing::default().address(), "/orders");
        let read = |pairs: &[(&str, &'static str)]| {
            Listing::read(|name| pairs.iter().find(|(of, _)| *of == name).map(|(_, value)| *value))
        };
        assert_eq!(read(&[("state", "paid"), ("rows", "100"), ("q", "50% a&b é+")]), listing);
        assert_eq!(read(&[("state", "'; drop table"), ("rows", "-1")]), Listing::default());
    }

    #[test]
    fn only_the_column_in_front_shows_more_and_never_more_than_a_window_holds() {
        let listing = Listing::default().with_more(State::Paid, STEP);
        assert_eq!((listing.rows_of(State::Paid), listing.rows_of(State::Placed)), (100, STEP));
        assert_eq!(Listing { rows: u32::MAX, ..listing }.rows_of(State::Paid), MOST);
        assert!(may_be_more(MOST - STEP) && !may_be_more(more(MOST - STEP)));
    }

    #[test]
    fn a_number_is_looked_for_as_number_and_as_a_part_of_a_name() {
        let question = matching(" #1042 ", Some(State::Paid)).question();
        assert_eq!(question.filter.as_deref(), Some("state = $1 and (customer_name ilike $2 or id = $3)"));
        assert_eq!(question.params, [Value::from("paid"), "%1042%".into(), 1042.into()]);
        assert_eq!(matching("cleo_", None).question().params, [Value::from(r"%cleo\_%")]);
        assert_eq!(matching(" ", None).question().filter, None);
    }
}
