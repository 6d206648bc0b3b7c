//! Rows of comma-separated values that a spreadsheet shows and does not carry out. Pure.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break is a formula to some of them: such a cell begins with an
//! apostrophe here, and one that begins so anyway with one more. All cells are quoted (RFC 4180).
//!
//! Invariant: what was read by [`plain`] is what was given to [`row`].

/// What formulas begin with, also as wide characters.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// One row, with its line end.
pub(in crate::app) fn row<'c>(cells: impl IntoIterator<Item = &'c str>) -> String {
    let mut text = String::new();
    for cell in cells {
        if !text.is_empty() {
            text.push(',');
        }
        text.push('"');
        if is_formula(cell.trim_start_matches('\'')) {
            text.push('\'');
        }
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
    text
}

/// Blanks before it do not keep everybody from reading a formula.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches(' ').starts_with(FORMULA)
}

/// What was meant by a cell that [`row`] may have written: without the apostrophe that keeps a formula from being one.
pub(in crate::app) fn plain(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(meant) if is_formula(meant.trim_start_matches('\'')) => meant,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::{plain, row};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(cells in proptest::collection::vec("['= +@\\-\t\r\n\",a＝]{0,6}|\\PC{0,12}", 2..5)) {
            let text = row(cells.iter().map(String::as_str));
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("reads");
            let read: Vec<String> = rows.iter().flatten().map(|cell| plain(cell).to_owned()).collect();
            prop_assert_eq!(read, cells);
        }
    }

    #[test]
    fn an_apostrophe_that_was_there_stays() {
        for (cell, written) in [("'=1", "''=1"), ("' =1", "'' =1"), ("'t Hart", "'t Hart"), ("'", "'"), ("=1", "'=1")] {
            assert_eq!(row([cell]), format!("\"{written}\"\r\n"));
            assert_eq!(plain(written), cell);
        }
    }

    #[test]
    fn cells_cannot_end_their_quotes() {
        assert_eq!(row(["a", "b \"c\", d\ne", ""]), "\"a\",\"b \"\"c\"\", d\ne\",\"\"\r\n");
    }

    #[test]
    fn nothing_is_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"] {
            assert_eq!(row([text]), format!("\"'{text}\"\r\n"));
        }
        assert_eq!(row(["a=1"]), "\"a=1\"\r\n");
    }
}
