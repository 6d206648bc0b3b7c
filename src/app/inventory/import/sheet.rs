//! A file of products as a table of cells: which columns it has, and what stands in its lines. Pure.
//!
//! What the delimiter is, the first line tells: the one by which it has the most columns that are known. What was kept from being a
//! formula by an export is read as what it was.

use super::{column::Column, model::FileProblem};
use crate::app::csv::plain;
use csv::{ReaderBuilder, StringRecord};
use std::io::Read;

/// The first of those by which most columns are known is taken.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];
/// Known or not.
const MOST_COLUMNS: usize = 200;
/// Comes after the file, in which it cannot be: a quote that has no end swallows it.
const END: &str = "\0";
/// What some programs put before UTF-8.
const MARK: char = '\u{feff}';

/// A line below the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number in the file; a cell may have several lines.
    pub(super) number: u64,
    /// So many cells it has, also where there are no columns.
    pub(super) count: usize,
    /// Whether nothing stands where there are no columns.
    pub(super) is_blank_beyond: bool,
    /// What stands in its cells, one after the other. A text for each would take several times as much as the file.
    text: Box<str>,
    /// Where they end.
    ends: Box<[u32]>,
}

impl Line {
    /// Those of its cells that have a column. None if there are gigabytes of them.
    fn of(number: u64, record: &StringRecord, columns: usize) -> Option<Self> {
        let mut text = String::new();
        let mut ends = Vec::with_capacity(columns.min(record.len()));
        for cell in record.iter().take(columns) {
            text.push_str(plain(cell));
            ends.push(u32::try_from(text.len()).ok()?);
        }
        let is_blank_beyond = record.iter().skip(columns).all(|cell| cell.trim().is_empty());
        Some(Self { number, count: record.len(), is_blank_beyond, text: text.into(), ends: ends.into() })
    }

    /// What stands in a column, if the line is that long.
    pub(super) fn cell(&self, at: usize) -> Option<&str> {
        let end = *self.ends.get(at)? as usize;
        let start = at.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// The table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sheet {
    /// What stands above the columns.
    pub(super) titles: Vec<String>,
    /// What they mean.
    pub(super) columns: Vec<Option<Column>>,
    pub(super) lines: Vec<Line>,
}

impl Sheet {
    /// Where a column is.
    pub(super) fn place(&self, wanted: Column) -> Option<usize> {
        self.columns.iter().position(|column| *column == Some(wanted))
    }
}

/// A file as text.
pub(super) fn text(bytes: &[u8]) -> Result<&str, FileProblem> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(FileProblem::Utf16);
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(FileProblem::NotText(lines_before(&bytes[..at]) + 1));
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|error| FileProblem::NotUtf8(lines_before(&bytes[..error.valid_up_to()]) + 1))?;
    let text = text.strip_prefix(MARK).unwrap_or(text);
    if text.trim().is_empty() { Err(FileProblem::NoFile) } else { Ok(text) }
}

/// Reads at most so many lines below the first.
pub(super) fn read(text: &str, most: usize) -> Result<Sheet, FileProblem> {
    let (titles, delimiter) = head(text)?;
    let columns: Vec<Option<Column>> = titles.iter().map(|title| Column::of(title)).collect();
    for (at, column) in columns.iter().enumerate() {
        if let Some(column) = column.filter(|column| columns[..at].contains(&Some(*column))) {
            return Err(FileProblem::ColumnTwice(column));
        }
    }
    let keys = [Column::Id, Column::Field(crate::app::inventory::validate::Field::Sku)];
    if !keys.iter().any(|key| columns.contains(&Some(*key))) {
        return Err(FileProblem::NoKey);
    }
    let mut counter = Counter::new(text);
    let mut lines = Vec::new();
    let mut reader = reader(text, delimiter);
    let mut record = StringRecord::new();
    let mut last = 1;
    let mut is_first = true;
    let mut has_ended = false;
    while reader.read_record(&mut record).map_err(|_| FileProblem::Broken)? {
        last = counter.line(record.position().map_or(0, |position| position.byte()));
        has_ended = record.len() == 1 && record.get(0) == Some(END);
        if has_ended {
            break;
        }
        // A line of nothing is one that some spreadsheets write for a row that was emptied.
        if std::mem::take(&mut is_first) || record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        if lines.len() == most {
            return Err(FileProblem::TooManyRows(most));
        }
        lines.push(Line::of(last, &record, titles.len()).ok_or(FileProblem::Broken)?);
    }
    match (has_ended, lines.is_empty()) {
        (false, _) => Err(FileProblem::Unclosed(last)),
        (true, true) => Err(FileProblem::NoRows),
        (true, false) => Ok(Sheet { titles, columns, lines }),
    }
}

/// Of the columns those that are not read, and that nobody expects.
pub(super) fn ignored(text: &str) -> Vec<String> {
    let titles = head(text).map(|(titles, _)| titles).unwrap_or_default();
    titles.into_iter().filter(|title| Column::of(title).is_none() && !Column::is_expected(title)).collect()
}

/// The first line, and by which delimiter it was read.
fn head(text: &str) -> Result<(Vec<String>, u8), FileProblem> {
    let mut best: Option<(usize, StringRecord, u8)> = None;
    for delimiter in DELIMITERS {
        let mut record = StringRecord::new();
        if !reader(text, delimiter).read_record(&mut record).map_err(|_| FileProblem::Broken)? {
            continue;
        }
        let known = record.iter().filter(|title| Column::of(title).is_some()).count();
        if known > best.as_ref().map_or(0, |(most, ..)| *most) {
            best = Some((known, record, delimiter));
        }
    }
    let (_, titles, delimiter) = best.ok_or(FileProblem::NoColumns)?;
    if titles.len() > MOST_COLUMNS {
        return Err(FileProblem::TooManyColumns(MOST_COLUMNS));
    }
    Ok((titles.iter().map(|title| title.trim().to_owned()).collect(), delimiter))
}

fn reader(text: &str, delimiter: u8) -> csv::Reader<impl Read> {
    let end = b"\n".chain(END.as_bytes());
    ReaderBuilder::new().delimiter(delimiter).has_headers(false).flexible(true).from_reader(text.as_bytes().chain(end))
}

/// Counts lines as far as it is asked to.
struct Counter<'t> {
    text: &'t [u8],
    at: usize,
    lines: u64,
}

impl<'t> Counter<'t> {
    fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), at: 0, lines: 0 }
    }

    /// The line in which what comes from this byte on begins; what ends the line before is not a part of it.
    fn line(&mut self, byte: u64) -> u64 {
        let from = usize::try_from(byte).unwrap_or(usize::MAX).min(self.text.len());
        let blank = self.text[from..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let until = from + blank;
        // Between the two characters of one line end nothing begins.
        if until > self.at {
            self.lines += lines_before(&self.text[self.at..until]);
            self.at = until;
        }
        self.lines + 1
    }
}

/// How many lines end in it.
fn lines_before(bytes: &[u8]) -> u64 {
    let ends = |at: usize| bytes[at] == b'\n' || bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    (0..bytes.len()).filter(|at| ends(*at)).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: usize = 100;

    fn cells(text: &str) -> Vec<(u64, Vec<String>)> {
        let sheet = read(text, MOST).expect("reads");
        sheet
            .lines
            .iter()
            .map(|line| (line.number, (0..).map_while(|at| line.cell(at)).map(str::to_owned).collect()))
            .collect()
    }

    fn line(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (number, cells.iter().map(|cell| (*cell).to_owned()).collect())
    }

    #[test]
    fn delimiters_quotes_and_line_ends_are_those_of_any_spreadsheet() {
        let due = [line(2, &["1", "a, \"b\"; c"]), line(4, &["2", "d\ne"]), line(6, &["3", "f"])];
        assert_eq!(cells("id,name\n1,\"a, \"\"b\"\"; c\"\n\n2,\"d\ne\"\n3,f"), due);
        assert_eq!(cells("Id;NAME\r\n1;\"a, \"\"b\"\"; c\"\r\n\r\n2;\"d\ne\"\r\n3;f\r\n"), due);
        assert_eq!(cells("id\tname\r1\t\"a, \"\"b\"\"; c\"\r\r2\t\"d\ne\"\r3\tf\r;\r").len(), 4);
        assert_eq!(text("\u{feff}id\n1".as_bytes()), Ok("id\n1"));
        assert_eq!(cells("id,name\n1,'=1\n2,'t\n,,\n"), [line(2, &["1", "=1"]), line(3, &["2", "'t"])]);
    }

    #[test]
    fn columns_come_in_any_order_and_unknown_ones_are_told() {
        const TEXT: &str = "colour,Reorder level,SKU,updated_at,\n,1,A,,";
        let sheet = read(TEXT, MOST).expect("reads");
        assert_eq!(ignored(TEXT), ["colour"]);
        assert_eq!(sheet.place(Column::Field(crate::app::inventory::validate::Field::Sku)), Some(2));
        assert_eq!(sheet.place(Column::Id), None);
    }

    #[test]
    fn what_is_no_such_file_is_told_with_the_line() {
        let refused = |bytes: &[u8]| text(bytes).and_then(|text| read(text, 2)).expect_err("is refused");
        assert_eq!(refused(b"id,name\n1,a\n2,\xff\n"), FileProblem::NotUtf8(3));
        assert_eq!(refused(b"id,name\r\n1,a\0"), FileProblem::NotText(2));
        assert_eq!(refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), FileProblem::NotText(3));
        assert_eq!(refused(b"\xff\xfei\0d\0"), FileProblem::Utf16);
        assert_eq!(refused(b" \r\n \n"), FileProblem::NoFile);
        assert_eq!(refused(b"a,b\n1,2"), FileProblem::NoColumns);
        assert_eq!(refused(b"name,price\nA,2"), FileProblem::NoKey);
        assert_eq!(refused(b"id,name,ID\n1,2,3"), FileProblem::ColumnTwice(Column::Id));
        assert_eq!(refused(b"id,name\n\n"), FileProblem::NoRows);
        assert_eq!(refused(b"id,name\n1,a\n2,\"b\n3,c\n"), FileProblem::Unclosed(3));
        assert_eq!(refused(b"id\n1\n2\n3\n"), FileProblem::TooManyRows(2));
        let wide = |columns: usize| format!("id{}\n1", ",x".repeat(columns - 1));
        assert_eq!(refused(wide(MOST_COLUMNS + 1).as_bytes()), FileProblem::TooManyColumns(MOST_COLUMNS));
        assert!(read(&wide(MOST_COLUMNS), 2).is_ok());
    }

    #[test]
    fn cells_without_a_column_are_counted_and_not_kept() {
        let long = format!("id,name\n1,a{}\n2,b,{},c\n3\n", ",".repeat(100_000), " ,".repeat(100));
        let sheet = read(&long, MOST).expect("reads");
        let told = |line: &Line| (line.count, line.is_blank_beyond, line.ends.len(), line.text.to_string());
        let told: Vec<_> = sheet.lines.iter().map(told).collect();
        let due = [(100_002, true, 2, "1a"), (104, false, 2, "2b"), (1, true, 1, "3")];
        assert_eq!(told, due.map(|(count, blank, kept, text)| (count, blank, kept, text.to_owned())));
        assert_eq!((sheet.lines[0].cell(1), sheet.lines[0].cell(2), sheet.lines[2].cell(1)), (Some("a"), None, None));
    }

    #[test]
    fn no_bytes_make_it_panic() {
        let mut random = crate::random::Random(7);
        for _ in 0..2_000 {
            let some = b"id,sku;\tname\"\"\r\n=' \xc3\xa9\0\xff1";
            let bytes: Vec<u8> = (0..random.below(60)).map(|_| *random.pick(some.as_slice())).collect();
            let named: Vec<u8> = b"id,name\n".iter().copied().chain(bytes.iter().copied()).collect();
            for bytes in [bytes, named] {
                if let Ok(sheet) = text(&bytes).and_then(|text| read(text, 3)) {
                    assert!((1..=3).contains(&sheet.lines.len()));
                }
            }
        }
    }
}
