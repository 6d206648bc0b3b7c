//! What the query of an address may say.

use super::super::{
    refusal::{
        Refusal,
        RefusalCode::{Invalid, Malformed},
    },
    sight::Page,
    state::UnknownState,
};

/// Orders that are told at once, unless somebody says how many.
const DEFAULT_LIMIT: u32 = 50;
/// Most that are told at once.
const MAX_LIMIT: u32 = 200;

/// Reads the query of the list.
pub(super) fn page(query: &str) -> Result<Page, Refusal> {
    let mut page = Page { state: None, limit: DEFAULT_LIMIT, before: None };
    for (name, value) in pairs(query) {
        match name {
            "state" => {
                let state = value.parse().map_err(|unknown: UnknownState| invalid("state", unknown.to_string()))?;
                page.state = Some(state);
            }
            "limit" => {
                let limit = whole(value)
                    .and_then(|limit| u32::try_from(limit).ok())
                    .filter(|limit| (1..=MAX_LIMIT).contains(limit));
                let message = || invalid("limit", format!("limit must be a whole number from 1 to {MAX_LIMIT}"));
                page.limit = limit.ok_or_else(message)?;
            }
            "before" => {
                let before = whole(value);
                page.before =
                    Some(before.ok_or_else(|| invalid("before", "before must be the number of an order".to_owned()))?);
            }
            unknown => return Err(no_such(unknown, "there are state, limit, before")),
        }
    }
    Ok(page)
}

/// Where a query may say nothing.
pub(super) fn none(query: &str) -> Result<(), Refusal> {
    pairs(query).next().map_or(Ok(()), |(name, _)| Err(no_such(name, "there are none here")))
}

/// All words that are known need no decoding.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn whole(text: &str) -> Option<i64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn invalid(field: &str, message: String) -> Refusal {
    Refusal::of_field(Invalid, field, message)
}

fn no_such(name: &str, there_are: &str) -> Refusal {
    Refusal::of_field(Malformed, name, format!("There is no parameter {name}; {there_are}"))
}

#[cfg(test)]
mod tests {
    use super::{super::super::state::State, *};

    #[test]
    fn a_list_is_asked_for_as_documented() {
        let default = Page { state: None, limit: 50, before: None };
        assert_eq!(page(""), Ok(default));
        assert_eq!(
            page("state=shipped&limit=200&before=1042"),
            Ok(Page { state: Some(State::Shipped), limit: 200, before: Some(1_042) })
        );
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_name() {
        for (query, code, field) in [
            ("limit=0", Invalid, "limit"),
            ("limit=201", Invalid, "limit"),
            ("limit=", Invalid, "limit"),
            ("limit", Invalid, "limit"),
            ("limit=-1", Invalid, "limit"),
            ("before=x", Invalid, "before"),
            ("state=Placed", Invalid, "state"),
            ("State=placed", Malformed, "State"),
            ("after=1", Malformed, "after"),
        ] {
            let refusal = page(query).expect_err("is refused");
            assert_eq!((refusal.code, refusal.field.as_deref()), (code, Some(field)), "{query}");
        }
        assert_eq!(none("x=1").expect_err("is refused").field.as_deref(), Some("x"));
    }
}
