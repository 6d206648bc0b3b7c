//! A row's text with the place of each column's value found once.
//!
//! Rows are kept as the text that the source wrote; what is needed of them is looked up in it. Finding the values of a row
//! costs one pass over its text, however many queries look at them.

use super::{Image, Table};
use std::ops::Range;

/// The text of a row is not a JSON object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text of a row is not a JSON object")]
pub struct Unreadable;

/// A row and where its values are.
#[derive(Clone, Debug)]
pub struct Row {
    image: Image,
    /// By the place of the column in its table; empty where the text does not have the column.
    values: Box<[Range<u32>]>,
    /// Whether the text has exactly the columns of the table, in their order.
    in_order: bool,
}

impl Row {
    /// Finds the values of the table's columns in a row's text. Columns that the table does not have are passed over.
    ///
    /// # Errors
    /// The text is not a JSON object, or is larger than 4 GiB.
    pub fn read(table: &Table, image: &Image) -> Result<Self, Unreadable> {
        let text = image.get();
        u32::try_from(text.len()).map_err(|_| Unreadable)?;
        let mut values = vec![0..0; table.columns.len()].into_boxed_slice();
        let mut scanner = Scanner { bytes: text.as_bytes(), at: 0 };
        let mut members = 0;
        let mut in_order = true;
        scanner.expect(b'{')?;
        if scanner.peek() != Some(b'}') {
            loop {
                let name = scanner.string()?;
                scanner.expect(b':')?;
                let value = scanner.value()?;
                match place(table, members, &text[name]) {
                    Some(place) => {
                        in_order &= place == members;
                        #[expect(
                            clippy::cast_possible_truncation,
                            reason = "the whole text is shorter, as was seen above"
                        )]
                        let range = value.start as u32..value.end as u32;
                        values[place] = range;
                    }
                    None => in_order = false,
                }
                members += 1;
                match scanner.next() {
                    Some(b',') => {}
                    Some(b'}') => break,
                    _ => return Err(Unreadable),
                }
            }
        }
        in_order &= members == table.columns.len();
        Ok(Self { image: image.clone(), values, in_order })
    }

    /// The JSON text of a column's value, by its place in [`Table::columns`]; `None` if the row's text does not have it.
    pub fn value(&self, column: usize) -> Option<&str> {
        let range = self.values.get(column)?;
        (!range.is_empty()).then(|| &self.image.get()[range.start as usize..range.end as usize])
    }

    /// The row's text.
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Whether the text has exactly the columns of the table.
    pub fn has_all_columns(&self) -> bool {
        self.in_order
    }
}

/// Which column a quoted name means. It is most often the one at the same place.
fn place(table: &Table, likely: usize, quoted: &str) -> Option<usize> {
    let bare = &quoted[1..quoted.len() - 1];
    if !bare.contains('\\') {
        return match table.columns.get(likely) {
            Some(column) if column.name == bare => Some(likely),
            _ => table.columns.iter().position(|column| column.name == bare),
        };
    }
    let name: String = serde_json::from_str(quoted).ok()?;
    table.columns.iter().position(|column| column.name == name)
}

/// Walks over JSON that is known to be well-formed, because a [`RawValue`](serde_json::value::RawValue) holds nothing else.
struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn blank(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&mut self) -> Option<u8> {
        self.blank();
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, byte: u8) -> Result<(), Unreadable> {
        if self.next() == Some(byte) { Ok(()) } else { Err(Unreadable) }
    }

    /// The range of a string, quotes included.
    fn string(&mut self) -> Result<Range<usize>, Unreadable> {
        self.expect(b'"')?;
        let start = self.at - 1;
        loop {
            match self.bytes.get(self.at).ok_or(Unreadable)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        Ok(start..self.at)
    }

    /// The range of a value of any kind.
    fn value(&mut self) -> Result<Range<usize>, Unreadable> {
        match self.peek().ok_or(Unreadable)? {
            b'"' => self.string(),
            b'{' | b'[' => {
                let start = self.at;
                let mut depth = 0_usize;
                loop {
                    match self.bytes.get(self.at).ok_or(Unreadable)? {
                        b'"' => {
                            self.string()?;
                            continue;
                        }
                        b'{' | b'[' => depth += 1,
                        b'}' | b']' => depth -= 1,
                        _ => {}
                    }
                    self.at += 1;
                    if depth == 0 {
                        return Ok(start..self.at);
                    }
                }
            }
            _ => {
                let start = self.at;
                while !matches!(self.bytes.get(self.at), None | Some(b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r'))
                {
                    self.at += 1;
                }
                Ok(start..self.at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Column, Kind};
    use serde_json::value::RawValue;
    use std::sync::Arc;

    fn table(names: &[&str]) -> Table {
        Table {
            id: 1,
            schema: "public".to_owned(),
            name: "t".to_owned(),
            key: vec!["id".to_owned()],
            columns: names.iter().map(|name| Column::new(name, "text", Kind::Text)).collect(),
            partitioned: false,
            policies: Vec::new(),
            since: 0,
        }
    }

    fn read(names: &[&str], text: &str) -> Result<Row, Unreadable> {
        Row::read(&table(names), &Arc::from(RawValue::from_string(text.to_owned()).expect("JSON")))
    }

    #[test]
    fn values_are_found_whatever_is_in_them() {
        let row =
            read(&["a", "b", "c", "d"], r#"{"a":"x,}\"\\","b":{"b":[1,"]}"]},"c":-1.50e10,"d":[]}"#).expect("reads");
        let values: Vec<_> = (0..4).map(|column| row.value(column)).collect();
        assert_eq!(values, [Some(r#""x,}\"\\""#), Some(r#"{"b":[1,"]}"]}"#), Some("-1.50e10"), Some("[]")]);
        assert!(row.has_all_columns());
    }

    #[test]
    fn columns_are_found_by_name_wherever_they_are() {
        let row = read(&["a", "ü\"", "gone"], r#" { "ü\"" : null , "later":1, "a" : true } "#).expect("reads");
        assert_eq!([row.value(0), row.value(1), row.value(2)], [Some("true"), Some("null"), None]);
        assert!(!row.has_all_columns());
    }

    #[test]
    fn an_empty_object_has_no_values_and_anything_else_is_refused() {
        assert_eq!(read(&["a"], "{}").expect("reads").value(0), None);
        for text in ["[]", "1", "\"a\"", "null"] {
            assert!(read(&["a"], text).is_err(), "{text}");
        }
    }
}
