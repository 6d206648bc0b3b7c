//! Lists as people read them: one line for each, in columns.

/// The lines; columns are as wide as their widest text, the last one as long as it is.
pub(super) fn aligned<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    let head = head.map(str::to_owned);
    let all = || std::iter::once(&head).chain(rows);
    let widths: [usize; N] =
        std::array::from_fn(|column| all().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(text, width)| format!("{text:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    all().map(line).collect::<Vec<_>>().join("\n")
}

/// A text that somebody else wrote, without what would do something to a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|sign| !sign.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::{aligned, plain};

    #[test]
    fn columns_are_as_wide_as_their_widest_text() {
        let rows = [["1".to_owned(), "é".to_owned()], ["20".to_owned(), "long".to_owned()]];
        assert_eq!(aligned(["ID", "B"], &rows), "ID  B\n1   é\n20  long");
        assert_eq!(plain("a\u{1b}[31mb\n"), "a[31mb");
    }
}
