//! What is asked, as the address of the page says it: `?table=public.orders&where=total > 100&sort=total&direction=desc&limit=50`. Pure.

use crate::{
    identity::paths::encode,
    protocol::{Aggregate, OrderBy, Subscribe},
};
use serde::{Deserialize, Serialize};

/// The address of the page.
pub(super) const PATH: &str = "/explore";
/// How many rows are shown if nothing is said.
pub(super) const USUAL_LIMIT: u32 = 100;
/// What can be chosen; a window has no more than the last.
pub(super) const LIMITS: [u32; 5] = [25, 100, 250, 500, 1_000];
/// Longest text of an address that is looked at, in bytes: longer than the engine takes, so that it is refused rather than cut.
const MAX_BYTES: usize = 10_000;
/// Most columns that are named in one place.
const MAX_COLUMNS: usize = 200;

/// What is added up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Total {
    /// All together.
    Sum,
    /// The average.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
}

impl Total {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Sum, Self::Avg, Self::Min, Self::Max];

    /// As addresses and rows have it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
        }
    }
}

/// A question to one table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// `schema.table`.
    pub table: String,
    /// The columns that are shown; empty for all.
    pub columns: Vec<String>,
    /// Which rows, in SQL; empty for all.
    pub filter: String,
    /// By which column they are sorted, and whether from large to small; of totals, the heading of a column.
    pub sort: Option<(String, bool)>,
    /// How many rows at most.
    pub limit: u32,
    /// Totals for each combination of values of these.
    pub group: Vec<String>,
    /// What is added up, of which columns.
    pub totals: Vec<(Total, String)>,
    /// Only how many rows there are.
    pub count: bool,
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heading {
    /// Where the value is in a row.
    pub(super) path: Vec<String>,
    /// What it is called, and sorted by.
    pub(super) label: String,
    /// The column of the table that it is made of, if it is of one.
    pub(super) column: Option<String>,
    /// Whether its values are numbers whatever the column's are.
    pub(super) is_number: bool,
    /// Whether it has more decimals than anybody wants.
    pub(super) is_rounded: bool,
}

/// The least that can be chosen and is as many.
fn offered(limit: u32) -> Option<u32> {
    LIMITS.into_iter().find(|offered| limit > 0 && *offered >= limit)
}

impl Ask {
    /// Everything of a table.
    pub fn of(table: &str) -> Self {
        Self { table: table.to_owned(), limit: USUAL_LIMIT, ..Self::default() }
    }

    /// Reads it from what an address or a form has under a name. What makes no sense is as if it were not there.
    pub(super) fn read(all: impl Fn(&str) -> Vec<String>) -> Self {
        let text = |name: &str| {
            let text = all(name).into_iter().next().unwrap_or_default();
            let end = (0..=text.len().min(MAX_BYTES)).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
            text[..end].replace('\0', "")
        };
        let names = |name: &str| {
            let mut names: Vec<String> = Vec::new();
            for one in all(name).into_iter().filter(|one| !one.is_empty()).take(MAX_COLUMNS) {
                if !names.contains(&one) {
                    names.push(one);
                }
            }
            names
        };
        let totals =
            Total::ALL.into_iter().flat_map(|total| names(total.word()).into_iter().map(move |column| (total, column)));
        let sort = text("sort");
        Self {
            table: text("table").trim().to_owned(),
            columns: names("column"),
            filter: text("where").trim().to_owned(),
            sort: (!sort.is_empty()).then(|| (sort, text("direction") == "desc")),
            limit: text("limit").parse().ok().and_then(offered).unwrap_or(USUAL_LIMIT),
            group: names("group"),
            totals: totals.collect(),
            count: text("count") == "1",
        }
    }

    /// The address that asks this, without what says nothing.
    pub(super) fn address(&self) -> String {
        let mut pairs: Vec<(&str, &str)> = vec![("table", &self.table)];
        pairs.extend(self.columns.iter().map(|column| ("column", column.as_str())));
        pairs.push(("where", &self.filter));
        let limit = self.limit.to_string();
        if let Some((column, desc)) = &self.sort {
            pairs.extend([("sort", column.as_str()), ("direction", if *desc { "desc" } else { "" })]);
        }
        if self.limit != USUAL_LIMIT {
            pairs.push(("limit", &limit));
        }
        pairs.extend(self.group.iter().map(|column| ("group", column.as_str())));
        pairs.extend(self.totals.iter().map(|(total, column)| (total.word(), column.as_str())));
        pairs.push(("count", if self.count { "1" } else { "" }));
        let pairs = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let query = pairs.map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&");
        if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
    }

    /// Whether totals are asked for, not rows.
    pub(super) fn is_totals(&self) -> bool {
        self.count || !self.group.is_empty() || !self.totals.is_empty()
    }

    /// Whether anything but the table has been chosen.
    pub(super) fn is_narrow(&self) -> bool {
        *self != Self { limit: self.limit, ..Self::of(&self.table) }
    }

    /// As it travels.
    pub fn question(&self) -> Subscribe {
        let rows = self.rows();
        if self.is_totals() {
            let of = |wanted| {
                let found = self.totals.iter().filter(move |(total, _)| *total == wanted);
                found.map(|(_, column)| column.clone()).collect()
            };
            let aggregate = Aggregate {
                count: true,
                sum: of(Total::Sum),
                min: of(Total::Min),
                max: of(Total::Max),
                avg: of(Total::Avg),
            };
            return Subscribe { columns: None, aggregate: Some(aggregate), group_by: self.group.clone(), ..rows };
        }
        let order = self.sort.iter().map(|(column, desc)| OrderBy { column: column.clone(), desc: *desc, nulls: None });
        Subscribe { order: order.collect(), limit: Some(self.limit), ..rows }
    }

    /// All rows that the answer is made of.
    pub(super) fn rows(&self) -> Subscribe {
        Subscribe {
            table: self.table.clone(),
            columns: (!self.columns.is_empty()).then(|| self.columns.clone()),
            filter: (!self.filter.is_empty()).then(|| self.filter.clone()),
            ..Subscribe::default()
        }
    }

    /// How many those are.
    pub(super) fn counted(&self) -> Subscribe {
        let aggregate = Some(Aggregate { count: true, ..Aggregate::default() });
        Subscribe { columns: None, aggregate, ..self.rows() }
    }

    /// The columns of the answer; `columns` are those of the table that may be read, and `key` is its key.
    pub(super) fn headings(&self, columns: &[String], key: &[String]) -> Vec<Heading> {
        if !self.is_totals() {
            let shown = |name: &&String| self.columns.is_empty() || self.columns.contains(name) || key.contains(name);
            let heading = |name: &String| Heading {
                path: vec![name.clone()],
                label: name.clone(),
                column: Some(name.clone()),
                is_number: false,
                is_rounded: false,
            };
            return columns.iter().filter(shown).map(heading).collect();
        }
        let groups = self.group.iter().map(|name| Heading {
            path: vec!["group".to_owned(), name.clone()],
            label: name.clone(),
            column: Some(name.clone()),
            is_number: false,
            is_rounded: false,
        });
        let count = Heading {
            path: vec!["count".to_owned()],
            label: "count(*)".to_owned(),
            column: None,
            is_number: true,
            is_rounded: false,
        };
        let totals = self.totals.iter().map(|(total, name)| Heading {
            path: vec![total.word().to_owned(), name.clone()],
            label: format!("{}({name})", total.word()),
            column: Some(name.clone()),
            is_number: matches!(total, Total::Sum | Total::Avg),
            is_rounded: *total == Total::Avg,
        });
        groups.chain([count]).chain(totals).collect()
    }

    /// The same sorted by a column: first up, then down, then not at all.
    pub(super) fn sorted_by(&self, label: &str) -> Self {
        let sort = match &self.sort {
            Some((by, false)) if by == label => Some((label.to_owned(), true)),
            Some((by, true)) if by == label => None,
            _ => Some((label.to_owned(), false)),
        };
        Self { sort, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(pairs: &[(&str, &str)]) -> Ask {
        Ask::read(|name| pairs.iter().filter(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()).collect())
    }

    fn parse(address: &str) -> Ask {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let decode = |text: &str| {
            let mut bytes = Vec::new();
            let mut rest = text.as_bytes();
            while let [first, tail @ ..] = rest {
                if *first == b'%' {
                    let hex = std::str::from_utf8(&tail[..2]).expect("two digits");
                    bytes.push(u8::from_str_radix(hex, 16).expect("two digits"));
                    rest = &tail[2..];
                } else {
                    bytes.push(*first);
                    rest = tail;
                }
            }
            String::from_utf8(bytes).expect("text")
        };
        let pairs: Vec<(String, String)> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| (name.to_owned(), decode(value)))
            .collect();
        Ask::read(|name| pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect())
    }

    proptest! {
        #[test]
        fn an_address_says_all_of_it(
            table in "[^\0\\s][^\0]{0,8}[^\0\\s]", columns in prop::collection::hash_set("[^\0]{1,6}", 0..3), desc: bool,
            filter in "([^\0\\s]([^\0]{0,20}[^\0\\s])?)?", sort in prop::option::of("[^\0]{1,6}"), limit in prop::sample::select(&LIMITS[..]),
            group in prop::collection::hash_set("[^\0]{1,6}", 0..3), sums in prop::collection::hash_set("[^\0]{1,6}", 0..3),
        ) {
            let ask = Ask {
                table, filter, limit,
                columns: columns.into_iter().collect(),
                sort: sort.map(|sort| (sort, desc)),
                group: group.into_iter().collect(),
                totals: sums.into_iter().map(|sum| (Total::Sum, sum)).collect(),
                count: desc,
            };
            prop_assert_eq!(parse(&ask.address()), ask);
        }
    }

    #[test]
    fn nonsense_is_as_if_it_were_not_there() {
        for pairs in
            [[("limit", "0")], [("limit", "1001")], [("limit", "x")], [("direction", "desc")], [("column", "")]]
        {
            assert_eq!(read(&pairs), Ask::of(""), "{pairs:?}");
        }
        assert_eq!(read(&[]).address(), "/explore");
        assert_eq!(["1", "26", "1000"].map(|text| read(&[("limit", text)]).limit), [25, 100, 1_000]);
        assert_eq!(read(&[("column", "a"), ("column", "a")]).columns, ["a"]);
        assert!(read(&[("where", &"ü".repeat(9_000))]).filter.len() <= MAX_BYTES);
    }

    #[test]
    fn rows_are_a_window_and_totals_have_neither_order_nor_limit() {
        let rows =
            Ask { sort: Some(("total".to_owned(), true)), filter: "total > 5".to_owned(), ..Ask::of("public.orders") };
        assert_eq!(
            serde_json::to_string(&rows.question()).expect("writes"),
            r#"{"id":"","table":"public.orders","where":"total > 5","order":[{"column":"total","desc":true}],"limit":100}"#
        );
        let totals = Ask {
            columns: vec!["id".to_owned()],
            group: vec!["state".to_owned()],
            totals: vec![(Total::Max, "total".to_owned())],
            ..rows
        };
        assert_eq!(
            serde_json::to_string(&totals.question()).expect("writes"),
            r#"{"id":"","table":"public.orders","where":"total > 5","aggregate":{"count":true,"max":["total"]},"group_by":["state"]}"#
        );
        let labels: Vec<String> = totals.headings(&[], &[]).into_iter().map(|heading| heading.label).collect();
        assert_eq!(labels, ["state", "count(*)", "max(total)"]);
    }

    #[test]
    fn columns_are_shown_in_the_order_of_the_table_with_those_of_the_key() {
        let columns = ["id", "name", "price"].map(str::to_owned);
        let ask = Ask { columns: vec!["price".to_owned()], ..Ask::of("t") };
        let labels = |ask: &Ask| {
            let all = ask.headings(&columns, &columns[..1]).into_iter().map(|heading| heading.label);
            all.collect::<Vec<_>>().join(" ")
        };
        assert_eq!((labels(&ask).as_str(), labels(&Ask::of("t")).as_str()), ("id price", "id name price"));
    }

    #[test]
    fn a_heading_sorts_up_then_down_then_not() {
        let up = Ask::of("t").sorted_by("a");
        let down = up.sorted_by("a");
        assert_eq!((up.sort, down.sort.clone()), (Some(("a".to_owned(), false)), Some(("a".to_owned(), true))));
        assert_eq!(down.sorted_by("a").sort, None);
        assert_eq!(down.sorted_by("b").sort, Some(("b".to_owned(), false)));
    }
}
