//! What a file would do to the products as they were seen. Pure.
//!
//! A row with an id is about that product; one without about the product of its SKU, and if there is none it adds one. Columns that the
//! file does not have stay as they are. What a row says that is so already is no change, also where nobody could type it.

use super::{
    column::Column,
    model::{Change, Counts, Kind},
    sheet::{Line, Sheet},
};
use crate::app::{
    inventory::{
        Product,
        validate::{self, Field, Problem, Typed, Valid},
    },
    product::{checked, value},
};
use std::collections::HashMap;

/// What becomes of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A product is added.
    Add(Box<Valid>),
    /// A product gets other values.
    Change(i64, Vec<Change>),
    /// A product is so already.
    Keep(i64),
    /// It cannot be.
    Wrong(Option<i64>, Vec<Fault>),
}

/// What is wrong with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It has so many cells, and the first line so many.
    Cells(usize, usize),
    /// The id is no number.
    NotAnId,
    /// There is no such product.
    NoSuch(i64),
    /// That line is about the same product.
    Twice(u64),
    /// A field is not as it must be.
    Field(Field, Problem),
}

impl Fault {
    /// The column that it is about, if it is about one.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Cells(..) | Self::Twice(_) => "",
            Self::NotAnId | Self::NoSuch(_) => Column::Id.name(),
            Self::Field(field, _) => field.column(),
        }
    }

    /// For people.
    pub(super) fn message(self) -> String {
        match self {
            Self::Cells(here, due) => format!("This line has {here} cells, the first one {due}"),
            Self::NotAnId => "The id must be a whole number, or empty for a new product".to_owned(),
            Self::NoSuch(id) => {
                format!("There is no product with the id {id}; without an id the row adds one")
            }
            Self::Twice(line) => format!("Line {line} is about the same product"),
            Self::Field(field, problem) => problem.message(field),
        }
    }
}

/// A line, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Its number in the file.
    pub(super) line: u64,
    pub(super) name: String,
    pub(super) sku: String,
    pub(super) step: Step,
}

impl Row {
    pub(super) fn kind(&self) -> Kind {
        match self.step {
            Step::Add(_) => Kind::New,
            Step::Change(..) => Kind::Changed,
            Step::Keep(_) => Kind::Unchanged,
            Step::Wrong(..) => Kind::Wrong,
        }
    }
}

/// How many there are of each kind. `stale` is sorted.
pub(super) fn counts(rows: &[Row], stale: &[u64]) -> Counts {
    let mut counts = Counts::default();
    for row in rows {
        *match row.kind() {
            Kind::New => &mut counts.new,
            Kind::Changed => &mut counts.changed,
            Kind::Unchanged => &mut counts.unchanged,
            Kind::Wrong => &mut counts.wrong,
        } += 1;
        counts.stale += usize::from(stale.binary_search(&row.line).is_ok());
    }
    counts
}

/// The products that a file may be about, of all that there are.
pub(super) fn meant(sheet: &Sheet, products: Vec<Product>) -> Vec<Product> {
    let cells = |column| {
        sheet.place(column).into_iter().flat_map(|at| sheet.lines.iter().filter_map(move |line| line.cell(at)))
    };
    let ids: std::collections::HashSet<i64> = cells(Column::Id).filter_map(|cell| id(cell).ok().flatten()).collect();
    let skus: std::collections::HashSet<&str> =
        cells(Column::Field(Field::Sku)).flat_map(|cell| [cell, cell.trim()]).collect();
    products.into_iter().filter(|product| ids.contains(&product.id) || skus.contains(product.sku.as_str())).collect()
}

/// What becomes of each line, if the products that it may be about were `seen` as these.
pub(super) fn plan(sheet: &Sheet, seen: &[Product]) -> Vec<Row> {
    let planner = Planner::new(sheet, seen);
    let twice = planner.twice();
    sheet.lines.iter().zip(twice).map(|(line, twice)| planner.row(line, twice)).collect()
}

struct Planner<'p> {
    sheet: &'p Sheet,
    by_id: HashMap<i64, &'p Product>,
    by_sku: HashMap<&'p str, &'p Product>,
    id: Option<usize>,
    fields: Vec<(Field, usize)>,
}

impl<'p> Planner<'p> {
    fn new(sheet: &'p Sheet, seen: &'p [Product]) -> Self {
        let place = |field| sheet.place(Column::Field(field)).map(|at| (field, at));
        Self {
            sheet,
            by_id: seen.iter().map(|product| (product.id, product)).collect(),
            by_sku: seen.iter().map(|product| (product.sku.as_str(), product)).collect(),
            id: sheet.place(Column::Id),
            fields: Field::ALL.into_iter().filter_map(place).collect(),
        }
    }

    fn cell(&self, line: &'p Line, field: Field) -> Option<&'p str> {
        let (_, at) = self.fields.iter().find(|(one, _)| *one == field)?;
        line.cell(*at)
    }

    fn of_sku(&self, sku: &str) -> Option<&'p Product> {
        self.by_sku.get(sku).or_else(|| self.by_sku.get(sku.trim())).copied()
    }

    /// The product that a line is about; none if it adds one.
    fn product(&self, line: &Line) -> Result<Option<&'p Product>, Fault> {
        let given = self.id.and_then(|at| line.cell(at)).map_or(Ok(None), id)?;
        if let Some(id) = given {
            return self.by_id.get(&id).copied().map(Some).ok_or(Fault::NoSuch(id));
        }
        let (_, at) = self.fields.first().filter(|(field, _)| *field == Field::Sku).copied().unzip();
        Ok(at.and_then(|at| line.cell(at)).and_then(|sku| self.of_sku(sku)))
    }

    /// For each line another one that is about the same product, if there is one.
    fn twice(&self) -> Vec<Option<u64>> {
        let mut ids: HashMap<i64, usize> = HashMap::new();
        let mut skus: HashMap<&str, usize> = HashMap::new();
        let mut twice = vec![None; self.sheet.lines.len()];
        for (at, line) in self.sheet.lines.iter().enumerate() {
            let product = self.product(line).ok().flatten().map(|product| product.id);
            let sku = self.cell(line, Field::Sku).map(str::trim).filter(|sku| !sku.is_empty());
            let before = product.map(|id| *ids.entry(id).or_insert(at)).filter(|first| *first != at);
            let same = sku.map(|sku| *skus.entry(sku).or_insert(at)).filter(|first| *first != at);
            if let Some(first) = before.or(same) {
                twice[at] = Some(self.sheet.lines[first].number);
                twice[first].get_or_insert(line.number);
            }
        }
        twice
    }

    fn row(&self, line: &'p Line, twice: Option<u64>) -> Row {
        let product = self.product(line);
        let known = product.ok().flatten();
        let (here, due) = (line.count, self.sheet.titles.len());
        let has_all = here >= due && line.is_blank_beyond;
        let mut faults = Vec::new();
        if !has_all {
            faults.push(Fault::Cells(here, due));
        }
        faults.extend(twice.map(Fault::Twice));
        faults.extend(product.err());
        let step = match (faults.is_empty(), known) {
            (false, _) => Step::Wrong(known.map(|product| product.id), faults),
            (true, Some(product)) => self.change(line, product),
            (true, None) => self.add(line),
        };
        let said = |field: Field| self.cell(line, field).map(str::trim).filter(|said| !said.is_empty());
        Row {
            line: line.number,
            name: known.map(|product| product.name.as_str()).or(said(Field::Name)).unwrap_or_default().to_owned(),
            sku: known.map(|product| product.sku.as_str()).or(said(Field::Sku)).unwrap_or_default().to_owned(),
            step,
        }
    }

    fn add(&self, line: &'p Line) -> Step {
        let mut typed = Typed::default();
        for (field, _) in &self.fields {
            typed.set(*field, self.cell(line, *field).unwrap_or_default().to_owned());
        }
        match validate::product(&typed) {
            Ok(valid) => Step::Add(Box::new(valid)),
            Err(problems) => {
                Step::Wrong(None, problems.into_iter().map(|(field, problem)| Fault::Field(field, problem)).collect())
            }
        }
    }

    fn change(&self, line: &'p Line, product: &Product) -> Step {
        let (mut changes, mut faults) = (Vec::new(), Vec::new());
        for (field, _) in &self.fields {
            let (field, typed) = (*field, self.cell(line, *field).unwrap_or_default());
            let from = value(product, field);
            if typed == from {
                continue;
            }
            match checked(field, typed) {
                Ok(to) if to == from => {}
                Ok(to) if field == Field::Sku && self.of_sku(&to).is_some_and(|other| other.id != product.id) => {
                    faults.push(Fault::Field(field, Problem::Taken));
                }
                Ok(to) => changes.push(Change { field, from, to }),
                Err(problem) => faults.push(Fault::Field(field, problem)),
            }
        }
        match (faults.is_empty(), changes.is_empty()) {
            (false, _) => Step::Wrong(Some(product.id), faults),
            (true, true) => Step::Keep(product.id),
            (true, false) => Step::Change(product.id, changes),
        }
    }
}

/// None for an empty cell.
fn id(cell: &str) -> Result<Option<i64>, Fault> {
    match cell.trim() {
        "" => Ok(None),
        digits if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| Fault::NotAnId)
        }
        _ => Err(Fault::NotAnId),
    }
}

#[cfg(test)]
mod tests {
    use super::{super::sheet, *};
    use crate::app::inventory::{Price, export, product_of_tests};
    use proptest::prelude::*;

    fn planned(text: &str, seen: &[Product]) -> Vec<Step> {
        let sheet = sheet::read(text, 1_000).expect("reads");
        let meant = meant(&sheet, seen.to_vec());
        plan(&sheet, &meant).into_iter().map(|row| row.step).collect()
    }

    fn changed(id: i64, changes: &[(Field, &str, &str)]) -> Step {
        let change = |(field, from, to): &(Field, &str, &str)| Change {
            field: *field,
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        };
        Step::Change(id, changes.iter().map(change).collect())
    }

    #[test]
    fn rows_change_the_product_of_their_id_or_else_of_their_sku_or_add_one() {
        let seen = [product_of_tests(1, "A", "Bolt", 5), product_of_tests(2, "B", "Nut", 7)];
        let text = "id,sku,name,category,location,quantity,reorder_level,price\n\
            1,A,Bolt M8,Tools,A-01-1,5,10,12.5\n\
            ,B,Nut,Tools,A-01-1,007,10,12.50\n\
            ,C,Rod,Tools,B-1,3,1,9\n";
        let rod = Valid {
            sku: "C".to_owned(),
            name: "Rod".to_owned(),
            category: "Tools".to_owned(),
            location: "B-1".to_owned(),
            quantity: 3,
            reorder_level: 1,
            price: Price(900),
        };
        let due = [changed(1, &[(Field::Name, "Bolt", "Bolt M8")]), Step::Keep(2), Step::Add(Box::new(rod))];
        assert_eq!(planned(text, &seen), due);
        // Columns that are not there stay as they are.
        assert_eq!(planned("quantity;sku\n9;B", &seen), [changed(2, &[(Field::Quantity, "7", "9")])]);
    }

    #[test]
    fn everything_that_is_wrong_with_a_row_is_told_in_the_words_of_the_forms() {
        let seen = [product_of_tests(1, "A", "Bolt", 5), product_of_tests(2, "B", "Nut", 7)];
        let text = "id,sku,name,quantity\n1,B,,5\n9,Z,x,1\n1.5,Y,x,1\n,N,New,many\n2,B,Nut\n";
        let words = |step: &Step| match step {
            Step::Wrong(_, faults) => {
                faults.iter().map(|fault| format!("{}: {}", fault.column(), fault.message())).collect()
            }
            other => vec![format!("{other:?}")],
        };
        let told: Vec<Vec<String>> = planned(text, &seen).iter().map(words).collect();
        // The first and the last are about one SKU.
        assert_eq!(told[0], [": Line 6 is about the same product"]);
        assert_eq!(told[1], ["id: There is no product with the id 9; without an id the row adds one"]);
        assert_eq!(told[2], ["id: The id must be a whole number, or empty for a new product"]);
        assert!(told[3].contains(&"quantity: Quantity must be a whole number from 0 to 1,000,000".to_owned()));
        assert!(told[3].contains(
            &"price: Price must be an amount such as 1234.50, with a point and at most two decimals".to_owned()
        ));
        assert_eq!(told[4][0], ": This line has 3 cells, the first one 4");
        let taken = planned("id,sku,name\n1,B,\n", &seen);
        assert_eq!(words(&taken[0]), ["sku: Another product already has this SKU", "name: Name must not be empty"]);
    }

    #[test]
    fn a_product_that_is_there_twice_is_wrong_both_times() {
        let seen = [product_of_tests(1, "A", "Bolt", 5)];
        let steps = planned("id,sku,quantity\n1,A,6\n,A,7\n", &seen);
        assert_eq!(steps, [Step::Wrong(Some(1), vec![Fault::Twice(3)]), Step::Wrong(Some(1), vec![Fault::Twice(2)])]);
        let steps = planned("sku,name\nN,x\n N ,y\n", &[]);
        assert!(
            steps.iter().all(|step| matches!(step, Step::Wrong(None, faults) if matches!(faults[0], Fault::Twice(_))))
        );
    }

    prop_compose! {
        fn any_product()(
            id in 1..100_000_i64,
            texts in proptest::array::uniform3("['= +@\\-\\t\\r\\n\",;a＝\u{feff}é]{1,8}|\\PC{1,20}"),
            numbers in proptest::array::uniform2(0..1_000_000_i32),
            price in 0..999_999_999_999_i64,
        ) -> Product {
            let [name, category, location] = texts;
            let [quantity, reorder_level] = numbers;
            let product = product_of_tests(id, &format!("{name}-{id}"), &name, quantity);
            Product { category, location, reorder_level, price: Price(price), ..product }
        }
    }

    proptest! {
        #[test]
        fn what_was_exported_is_imported_without_a_change(products in proptest::collection::vec(any_product(), 1..6)) {
            let mut seen = products;
            seen.sort_by_key(|product| product.id);
            seen.dedup_by_key(|product| product.id);
            let mut skus: std::collections::HashSet<String> = std::collections::HashSet::new();
            seen.retain(|product| skus.insert(product.sku.trim().to_owned()));
            let text = export::text(seen.iter());
            let bytes = text.as_bytes();
            let read = sheet::text(bytes).expect("is text");
            let steps = planned(read, &seen);
            let due: Vec<Step> = seen.iter().map(|product| Step::Keep(product.id)).collect();
            prop_assert_eq!(steps, due);
        }
    }
}
