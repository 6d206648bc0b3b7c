//! How totals are read from the database, in one statement.
//!
//! Each row that it returns is a JSON array that says one thing about one group; what is said in which order does not matter.
//! The first element is the word for it, the second the array of the group's values:
//!
//! | word | further elements | for each |
//! |---|---|---|
//! | `rows` | number of rows; count and sum of each number column, if it is of integers; count of each column of ends | group |
//! | `scale` | place of the number column; number of decimals, or `NaN` and the like; count; sum | group, numeric column, number of decimals |
//! | `end` | place of the column of ends; value; number of rows that have it | group, column of ends, one of its first values |

use super::{TotalsSpec, ViewBounds, group::Group, spec::column_sql};
use crate::hub::{Kind, Table, Unreadable, value};
use serde_json::value::RawValue;

/// The statement. Columns are called by their place in their list: `g0`, `n0`, `e0`.
pub(super) fn sql(
    spec: &TotalsSpec,
    bounds: ViewBounds,
    table: &Table,
    source: &str,
    condition: Option<&str>,
) -> String {
    let reading = Reading { spec, table };
    let filter = condition.map_or_else(String::new, |condition| format!(" where {condition}"));
    // More groups than that are refused, so it does not matter which are read.
    let (groups, ends) = (bounds.groups + 1, bounds.ends);
    let mut parts = vec![format!("({} limit {groups})", reading.rows())];
    for (place, column) in spec.numbers().into_iter().enumerate() {
        if table.columns[column].kind == Kind::Numeric {
            parts.push(reading.scales(place));
        }
    }
    for (place, (_, order)) in spec.ends().enumerate() {
        parts.push(format!("({} limit {})", reading.ends(place, order, ends), groups * ends));
    }
    format!("with r as (select {} from {source}{filter}) {}", reading.columns(), parts.join(" union all "))
}

struct Reading<'a> {
    spec: &'a TotalsSpec,
    table: &'a Table,
}

impl Reading<'_> {
    fn columns(&self) -> String {
        let named = |letter: &'static str| {
            move |(place, column): (usize, usize)| {
                let column = &self.table.columns[column];
                format!("{} as {letter}{place}", value::sql(&column.kind, &column_sql(&column.name)))
            }
        };
        let mut columns: Vec<String> = self.spec.group.iter().copied().enumerate().map(named("g")).collect();
        columns.extend(self.spec.numbers().into_iter().enumerate().map(named("n")));
        columns.extend(self.spec.ends().map(|(column, _)| column).enumerate().map(named("e")));
        // A select list may be empty, and is not for a count of all rows.
        columns.push("1 as one".to_owned());
        columns.join(", ")
    }

    /// The columns of the group.
    fn group(&self) -> Vec<String> {
        (0..self.spec.group.len()).map(|place| format!("g{place}")).collect()
    }

    fn group_by(&self, further: &[&str]) -> String {
        let mut columns = self.group();
        columns.extend(further.iter().map(|&column| column.to_owned()));
        if columns.is_empty() { String::new() } else { format!(" group by {}", columns.join(", ")) }
    }

    fn line(&self, word: &str, further: &str) -> String {
        format!("select json_build_array('{word}', json_build_array({}), {further})::text", self.group().join(", "))
    }

    fn rows(&self) -> String {
        let integers =
            self.spec.numbers().into_iter().enumerate().map(|(place, column)| match self.table.columns[column].kind {
                Kind::Numeric => "null".to_owned(),
                _ => format!("json_build_array(count(n{place}), sum(n{place}))"),
            });
        let integers = integers.collect::<Vec<_>>().join(", ");
        let ends = (0..self.spec.ends().count()).map(|place| format!("count(e{place})"));
        let ends = ends.collect::<Vec<_>>().join(", ");
        let further = format!("count(*), json_build_array({integers}), json_build_array({ends})");
        format!("{} from r{}", self.line("rows", &further), self.group_by(&[]))
    }

    fn scales(&self, place: usize) -> String {
        // What is not finite has no scale.
        let scale = format!("coalesce(scale(n{place})::text, n{place}::text)");
        format!(
            "{} from r where n{place} is not null{}",
            self.line("scale", &format!("{place}, {scale}, count(*), sum(n{place})")),
            self.group_by(&[&scale])
        )
    }

    fn ends(&self, place: usize, order: value::Order, most: usize) -> String {
        let direction = order.sql();
        let (value, text) = (format!("e{place}"), format!("e{place}::text collate \"C\""));
        let partition = if self.spec.group.is_empty() {
            String::new()
        } else {
            format!("partition by {} ", self.group().join(", "))
        };
        let mut columns = self.group();
        columns.push(value.clone());
        format!(
            "{} from (select {}, count(*) as rows, row_number() over ({partition}order by {value} {direction}, {text} \
             {direction}) as place from r where {value} is not null{}) e where place <= {most}",
            self.line("end", &format!("{place}, {value}, rows")),
            columns.join(", "),
            self.group_by(&[&value, &text]),
        )
    }
}

/// What one row of the statement says.
pub(super) struct Filled<'a> {
    /// The JSON text of the values of the group's columns.
    pub group: Vec<&'a str>,
    said: Said<'a>,
}

enum Said<'a> {
    Rows { count: u64, integers: Vec<Option<(u64, &'a RawValue)>>, ends: Vec<u64> },
    Scale { place: usize, scale: String, count: u64, sum: &'a RawValue },
    End { place: usize, value: &'a RawValue, rows: u64 },
}

impl<'a> Filled<'a> {
    pub fn read(row: &'a RawValue) -> Result<Self, Unreadable> {
        fn read<'a, T: serde::Deserialize<'a>>(json: &'a str) -> Result<T, Unreadable> {
            serde_json::from_str(json).map_err(|_| Unreadable)
        }
        let parts: Vec<&RawValue> = read(row.get())?;
        let parts: Vec<&str> = parts.into_iter().map(RawValue::get).collect();
        let said = match *parts.as_slice() {
            ["\"rows\"", _, count, integers, ends] => {
                Said::Rows { count: read(count)?, integers: read(integers)?, ends: read(ends)? }
            }
            ["\"scale\"", _, place, scale, count, sum] => {
                Said::Scale { place: read(place)?, scale: read(scale)?, count: read(count)?, sum: read(sum)? }
            }
            ["\"end\"", _, place, value, rows] => {
                Said::End { place: read(place)?, value: read(value)?, rows: read(rows)? }
            }
            _ => return Err(Unreadable),
        };
        let group: Vec<&RawValue> = read(parts[1])?;
        Ok(Self { group: group.into_iter().map(RawValue::get).collect(), said })
    }

    /// Makes it part of the group's state.
    pub fn put(&self, group: &mut Group, spec: &TotalsSpec, table: &Table) -> Result<(), Unreadable> {
        match &self.said {
            Said::Rows { count, integers, ends } => {
                group.count = *count;
                for (sum, integer) in group.sums.iter_mut().zip(integers) {
                    if let Some((count, json)) = integer {
                        sum.fill_integers(*count, json.get())?;
                    }
                }
                group.ends.iter_mut().zip(ends).for_each(|(end, rows)| end.fill_all(*rows));
            }
            Said::Scale { place, scale, count, sum } => {
                group.sums.get_mut(*place).ok_or(Unreadable)?.fill_numerics(scale, *count, sum.get())?;
            }
            Said::End { place, value, rows } => {
                let (column, order) = spec.ends().nth(*place).ok_or(Unreadable)?;
                let ends = group.ends.get_mut(*place).ok_or(Unreadable)?;
                ends.fill_value(&table.columns[column], order, value.get(), *rows)?;
            }
        }
        Ok(())
    }
}
