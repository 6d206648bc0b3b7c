//! Rows of comma-separated values that a spreadsheet shows and does not carry out. Pure.
//!
//! A cell that begins with `=`, `+`, `-`, `@`, a tab or a line break is a formula to some of them: such a cell begins with an
//! apostrophe here. All cells are quoted (RFC 4180).

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
        // Blanks before it do not keep everybody from reading a formula.
        if cell.trim_start_matches(' ').starts_with(FORMULA) {
            text.push('\'');
        }
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
    text
}

#[cfg(test)]
mod tests {
    use super::row;

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
