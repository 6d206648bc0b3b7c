//! What is told of an import, and how it travels. Pure.

use super::column::Column;
use crate::app::inventory::{grouped, refusal::Refusal as Common, validate::Field};
use serde::{Deserialize, Serialize};

/// Why a file is not looked at any further. Lines are counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileProblem {
    /// There is no file, and nothing in its place.
    NoFile,
    /// More than so many megabytes.
    TooLarge(usize),
    /// More than so many rows.
    TooManyRows(usize),
    /// A character in this line has no place in a text.
    NotText(u64),
    /// This line is not UTF-8.
    NotUtf8(u64),
    /// UTF-16, as some programs call Unicode.
    Utf16,
    /// A quote that begins in this line has no end.
    Unclosed(u64),
    /// None of the columns is known.
    NoColumns,
    /// A column is there twice.
    ColumnTwice(Column),
    /// More than so many columns.
    TooManyColumns(usize),
    /// Neither ids nor SKUs.
    NoKey,
    /// Columns, and nothing below them.
    NoRows,
    /// It did not come as a whole.
    Broken,
    /// The database does not answer.
    Unavailable,
    /// As many files as may be are being read.
    Full,
    /// Whoever asks may not see the products.
    Forbidden,
}

impl FileProblem {
    /// For people.
    pub fn message(self) -> String {
        const SAVE: &str = "Save it as CSV in UTF-8 and try again";
        match self {
            Self::NoFile => "Choose a file, or paste some rows.".to_owned(),
            Self::TooLarge(megabytes) => {
                format!("The file is larger than {megabytes} MB. Split it into smaller ones.")
            }
            Self::TooManyRows(rows) => {
                format!("The file has more than {} rows. Split it into smaller ones.", grouped(rows as i64))
            }
            Self::NotText(line) => format!("This is not a text file: there is a zero byte in line {line}. {SAVE}."),
            Self::NotUtf8(line) => format!("Line {line} is not in UTF-8. {SAVE}."),
            Self::Utf16 => format!("The file is in UTF-16. {SAVE}."),
            Self::Unclosed(line) => {
                format!("In line {line} a quote begins that does not end. Write it twice if it is part of a text.")
            }
            Self::NoColumns => {
                "The first line must name the columns, such as id, sku, name, category, location, quantity, reorder_level, price."
                    .to_owned()
            }
            Self::TooManyColumns(most) => format!("There are more than {most} columns. Leave out those that are not needed."),
            Self::ColumnTwice(column) => format!("The column {} is there twice.", column.name()),
            Self::NoKey => "There must be a column id, or sku, that says which products are meant.".to_owned(),
            Self::NoRows => "There are columns, but no rows below them.".to_owned(),
            Self::Broken => "The file did not arrive as a whole. Try again.".to_owned(),
            Self::Unavailable => "The database does not answer. Try again.".to_owned(),
            Self::Full => "Other files are being read at the moment. Try again.".to_owned(),
            Self::Forbidden => "The products that are to be compared with cannot be shown to you.".to_owned(),
        }
    }

    /// HTTP status.
    pub fn status(self) -> u16 {
        match self {
            Self::TooLarge(_) | Self::TooManyRows(_) => 413,
            Self::Broken => 400,
            Self::Unavailable | Self::Full => 503,
            Self::Forbidden => 403,
            _ => 422,
        }
    }
}

/// Where an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It can be looked at, and then be imported.
    #[default]
    Ready,
    /// It is being imported.
    Running,
    /// It was imported.
    Done,
    /// It was imported, and undone.
    Undone,
}

impl State {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Ready => "Not imported yet",
            Self::Running => "Being imported",
            Self::Done => "Imported",
            Self::Undone => "Undone",
        }
    }
}

/// What becomes of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A product is added.
    New,
    /// A product is changed.
    Changed,
    /// There is nothing to do.
    Unchanged,
    /// It cannot be.
    Wrong,
}

impl Kind {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Changed => "Changed",
            Self::Unchanged => "Unchanged",
            Self::Wrong => "Error",
        }
    }
}

/// Which rows are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// All.
    #[default]
    All,
    /// Those of one kind.
    Only(Kind),
    /// Those about products that somebody changed meanwhile.
    Stale,
}

impl Show {
    /// The parameter of the address.
    pub const PARAMETER: &'static str = "show";
    /// In the order of the page.
    pub const ALL: [Self; 6] = [
        Self::All,
        Self::Only(Kind::Wrong),
        Self::Stale,
        Self::Only(Kind::New),
        Self::Only(Kind::Changed),
        Self::Only(Kind::Unchanged),
    ];

    /// In addresses.
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Only(Kind::Wrong) => "errors",
            Self::Only(Kind::New) => "new",
            Self::Only(Kind::Changed) => "changed",
            Self::Only(Kind::Unchanged) => "unchanged",
            Self::Stale => "meanwhile",
        }
    }

    /// The inverse of [`word`](Self::word); what is none is all.
    pub fn of(word: &str) -> Self {
        Self::ALL.into_iter().find(|show| show.word() == word).unwrap_or_default()
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::All => "All rows",
            Self::Only(Kind::Wrong) => "Errors",
            Self::Only(kind) => kind.label(),
            Self::Stale => "Changed by others",
        }
    }
}

/// How many rows of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Products to be added.
    pub new: usize,
    /// Products to be changed.
    pub changed: usize,
    /// Rows that say what is so already.
    pub unchanged: usize,
    /// Rows with errors.
    pub wrong: usize,
    /// Rows about products that somebody changed after they were shown.
    pub stale: usize,
}

impl Counts {
    /// Of what is shown.
    pub fn of(self, show: Show) -> usize {
        match show {
            Show::All => self.new + self.changed + self.unchanged + self.wrong,
            Show::Only(Kind::New) => self.new,
            Show::Only(Kind::Changed) => self.changed,
            Show::Only(Kind::Unchanged) => self.unchanged,
            Show::Only(Kind::Wrong) => self.wrong,
            Show::Stale => self.stale,
        }
    }

    /// Rows that would be written.
    pub fn written(self) -> usize {
        self.new + self.changed
    }
}

/// A field, what it is and what it is to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Which.
    pub field: Field,
    /// Empty for a new product.
    pub from: String,
    /// As it is written.
    pub to: String,
}

/// A row of the preview.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowView {
    /// The line of the file in which it begins.
    pub line: u64,
    /// What becomes of it.
    pub kind: Kind,
    /// The product, if there is one.
    pub id: Option<i64>,
    /// What it is called there, or here.
    pub name: String,
    /// The same.
    pub sku: String,
    /// What it is to be.
    pub changes: Vec<Change>,
    /// What is wrong: the column, if it is about one, and words.
    pub problems: Vec<(String, String)>,
    /// Whether somebody changed the product after it was shown.
    pub is_stale: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Products that were added.
    pub added: i32,
    /// Products that were changed.
    pub changed: i32,
    /// Rows that said what was so already.
    pub unchanged: i32,
    /// Rows with errors that were left out.
    pub left_out: i32,
    /// Products that stayed as others had changed them, or are gone, when it was undone.
    pub kept: i32,
    /// Whether it is over: an import that takes long goes on when it is not waited for any more.
    pub is_over: bool,
}

impl Done {
    /// For people, without a full stop.
    pub fn told(self) -> String {
        let Self { added, changed, left_out, .. } = self;
        let products = |count: i32| format!("{} {}", grouped(count.into()), noun(count, "product", "products"));
        let mut told = match (added, changed) {
            (0, changed) => format!("{} changed", products(changed)),
            (added, 0) => format!("{} added", products(added)),
            (added, changed) => format!("{} added, {} changed", products(added), grouped(changed.into())),
        };
        if left_out > 0 {
            told.push_str(&format!("; {} with errors left out", rows(left_out as usize)));
        }
        told
    }

    /// For people, when it was undone.
    pub fn told_undone(self) -> String {
        const REST: &str = "the rest was taken back, pieces by as many as came";
        match self.kept {
            0 => "All that it changed was taken back; pieces were moved back by as many as came".to_owned(),
            1 => format!("One product was changed or deleted by somebody else since, and that stays; {REST}"),
            kept => {
                format!(
                    "{} products were changed or deleted by others since, and that stays; {REST}",
                    grouped(kept.into())
                )
            }
        }
    }
}

/// `1 row`, `12 rows`.
pub fn rows(count: usize) -> String {
    format!("{} {}", grouped(count as i64), noun(count as i32, "row", "rows"))
}

fn noun(count: i32, one: &'static str, many: &'static str) -> &'static str {
    if count == 1 { one } else { many }
}

/// An import as its page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its number.
    pub id: i64,
    /// The file's name.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// Whether it runs, and nothing was heard of it for some time.
    pub is_interrupted: bool,
    /// Of its rows.
    pub counts: Counts,
    /// Columns that are not known, and not read.
    pub ignored: Vec<String>,
    /// So many more of them.
    pub ignored_more: usize,
    /// Which rows are here.
    pub show: Show,
    /// The first of them.
    pub rows: Vec<RowView>,
    /// So many are to be written, and are, while it runs.
    pub progress: (i32, i32),
    /// What was done.
    pub done: Done,
}

/// An import in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its number.
    pub id: i64,
    /// The file's name.
    pub name: String,
    /// Where it is.
    pub state: State,
    /// When it came, in microseconds since 1970.
    pub at: i64,
    /// What was done.
    pub done: Done,
}

/// What somebody may bring, and what they have brought lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Home {
    /// Most megabytes of a file.
    pub megabytes: usize,
    /// Most rows.
    pub rows: usize,
    /// The latest first.
    pub imports: Vec<Summary>,
}

/// Why nothing was imported, or undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// There is no such import, or it is somebody else's.
    Gone,
    /// So many rows have errors, and nobody said to leave them out.
    Wrong(usize),
    /// So many rows are about products that somebody changed after they were shown.
    Stale(usize),
    /// There is nothing to write.
    Nothing,
    /// It is being carried out.
    Running,
    /// It was undone, and is over.
    Undone,
    /// It was not imported.
    NotDone,
    /// Somebody else holds some of the products.
    Busy,
    /// As many files as may be are being worked at.
    Full,
    /// As for any change of the inventory.
    Common(Common),
}

impl Refusal {
    /// For people, without a full stop.
    pub fn message(&self) -> String {
        match self {
            Self::Gone => "There is no such import any more; they are kept for a day".to_owned(),
            Self::Wrong(1) => "One row has errors: leave it out, or mend it".to_owned(),
            Self::Wrong(count) => format!("{} have errors: leave them out, or mend them", rows(*count)),
            Self::Stale(1) => "Somebody has changed one of the products since you looked: look at it again".to_owned(),
            Self::Stale(count) => format!(
                "Others have changed {} of the products since you looked: look at them again",
                grouped(*count as i64)
            ),
            Self::Nothing => "There is nothing to import: everything is so already".to_owned(),
            Self::Running => "It is being carried out already".to_owned(),
            Self::Undone => "It was undone; bring the file again to import it".to_owned(),
            Self::NotDone => "It was not imported, so there is nothing to undo".to_owned(),
            Self::Busy => "Somebody else is changing some of the products; try again in a moment".to_owned(),
            Self::Full => "Other files are being read or imported at the moment; try again soon".to_owned(),
            Self::Common(refusal) => refusal.message(),
        }
    }

    /// HTTP status of a page that shows it.
    pub fn status(&self) -> u16 {
        match self {
            Self::Gone => 404,
            Self::Wrong(_) | Self::Nothing => 422,
            Self::Stale(_) | Self::Running | Self::Undone | Self::NotDone | Self::Busy => 409,
            Self::Full => 503,
            Self::Common(refusal) => refusal.status(),
        }
    }
}

impl From<Common> for Refusal {
    fn from(refusal: Common) -> Self {
        Self::Common(refusal)
    }
}

/// What became of a form that was sent without JavaScript, in the address of the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A file was not taken.
    File(FileProblem),
    /// Nothing was imported, or undone.
    Refused(Refusal),
}

impl Notice {
    /// The parameter of the address.
    pub const PARAMETER: &'static str = "notice";

    /// Reads the parameter. Nonsense is as if it were not there.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// For people.
    pub fn message(&self) -> String {
        match self {
            Self::File(problem) => problem.message(),
            Self::Refused(refusal) => format!("{}.", refusal.message()),
        }
    }

    /// The status of the page.
    pub fn status(&self) -> u16 {
        match self {
            Self::File(problem) => problem.status(),
            Self::Refused(refusal) => refusal.status(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_in_one_line() {
        let told = |added, changed, left_out| Done { added, changed, left_out, ..Done::default() }.told();
        assert_eq!(told(1, 0, 0), "1 product added");
        assert_eq!(told(0, 1_200, 1), "1,200 products changed; 1 row with errors left out");
        assert_eq!(told(3, 2, 0), "3 products added, 2 changed");
    }

    #[test]
    fn addresses_say_what_is_shown_and_bring_no_sentences() {
        assert!(Show::ALL.into_iter().all(|show| Show::of(show.word()) == show));
        assert_eq!(Show::of("<b>"), Show::All);
        assert_eq!(Notice::read("\"You have been hacked\""), None);
        let notice = Notice::File(FileProblem::ColumnTwice(Column::Field(Field::Sku)));
        let text = serde_json::to_string(&notice).expect("writes");
        assert_eq!(Notice::read(&text), Some(notice));
    }
}
