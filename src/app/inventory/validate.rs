//! What a product may look like: the one place that says so to people, used by the browser before it asks and by the
//! server before it writes. The constraints in `schema.sql` say the same to everybody else.

use super::product::Price;
use serde::{Deserialize, Serialize};

/// Most pieces that a shelf is believed to hold.
pub const MAX_QUANTITY: i32 = 1_000_000;
/// Highest price in hundredths: what `numeric(12,2)` holds.
const MAX_PRICE: i64 = 999_999_999_999;

/// A field of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Stock-keeping unit.
    Sku,
    /// Name.
    Name,
    /// Category.
    Category,
    /// Location.
    Location,
    /// Quantity.
    Quantity,
    /// Reorder level.
    ReorderLevel,
    /// Price.
    Price,
}

impl Field {
    /// All of them, in the order of the form.
    pub const ALL: [Self; 7] =
        [Self::Sku, Self::Name, Self::Category, Self::Location, Self::Quantity, Self::ReorderLevel, Self::Price];

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Sku => "SKU",
            Self::Name => "Name",
            Self::Category => "Category",
            Self::Location => "Location",
            Self::Quantity => "Quantity",
            Self::ReorderLevel => "Reorder level",
            Self::Price => "Price",
        }
    }

    /// The column, which is also the name of the input.
    pub fn column(self) -> &'static str {
        match self {
            Self::Sku => "sku",
            Self::Name => "name",
            Self::Category => "category",
            Self::Location => "location",
            Self::Quantity => "quantity",
            Self::ReorderLevel => "reorder_level",
            Self::Price => "price",
        }
    }

    /// Longest text, in characters.
    pub fn longest(self) -> usize {
        match self {
            Self::Sku => 40,
            Self::Name => 200,
            Self::Category => 60,
            Self::Location => 40,
            Self::Quantity | Self::ReorderLevel | Self::Price => 20,
        }
    }
}

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Nothing was typed.
    Empty,
    /// More characters than [`Field::longest`].
    TooLong,
    /// Line breaks, tabs and the like.
    ControlCharacters,
    /// Not a whole number in the range of a quantity.
    NotAQuantity,
    /// Not an amount of money.
    NotAPrice,
    /// Another product has it.
    Taken,
}

impl Problem {
    /// For people: what is wrong and what would be right.
    pub fn message(self, field: Field) -> String {
        let label = field.label();
        match self {
            Self::Empty => format!("{label} must not be empty"),
            Self::TooLong => format!("{label} must not be longer than {} characters", field.longest()),
            Self::ControlCharacters => format!("{label} must be one line of text"),
            Self::NotAQuantity => format!("{label} must be a whole number from 0 to 1,000,000"),
            Self::NotAPrice => {
                format!("{label} must be an amount such as 1234.50, with a point and at most two decimals")
            }
            Self::Taken => format!("Another product already has this {label}"),
        }
    }
}

/// A product as somebody typed it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Typed {
    /// As typed.
    pub sku: String,
    /// As typed.
    pub name: String,
    /// As typed.
    pub category: String,
    /// As typed.
    pub location: String,
    /// As typed.
    pub quantity: String,
    /// As typed.
    pub reorder_level: String,
    /// As typed.
    pub price: String,
}

impl Typed {
    /// Puts something into a field.
    pub fn set(&mut self, field: Field, typed: String) {
        *match field {
            Field::Sku => &mut self.sku,
            Field::Name => &mut self.name,
            Field::Category => &mut self.category,
            Field::Location => &mut self.location,
            Field::Quantity => &mut self.quantity,
            Field::ReorderLevel => &mut self.reorder_level,
            Field::Price => &mut self.price,
        } = typed;
    }

    /// What was typed into a field.
    pub fn get(&self, field: Field) -> &str {
        match field {
            Field::Sku => &self.sku,
            Field::Name => &self.name,
            Field::Category => &self.category,
            Field::Location => &self.location,
            Field::Quantity => &self.quantity,
            Field::ReorderLevel => &self.reorder_level,
            Field::Price => &self.price,
        }
    }
}

/// A product that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valid {
    /// Checked.
    pub sku: String,
    /// Checked.
    pub name: String,
    /// Checked.
    pub category: String,
    /// Checked.
    pub location: String,
    /// Checked.
    pub quantity: i32,
    /// Checked.
    pub reorder_level: i32,
    /// Checked.
    pub price: Price,
}

/// All that is wrong with a form, one entry per field at most.
pub type Problems = Vec<(Field, Problem)>;

/// Checks a whole form.
pub fn product(typed: &Typed) -> Result<Valid, Problems> {
    let mut problems = Problems::new();
    let mut words = |field: Field| text(field, typed.get(field)).map_err(|problem| problems.push((field, problem)));
    let (sku, name) = (words(Field::Sku), words(Field::Name));
    let (category, location) = (words(Field::Category), words(Field::Location));
    let mut number = |field: Field| quantity(typed.get(field)).map_err(|problem| problems.push((field, problem)));
    let (quantity, reorder_level) = (number(Field::Quantity), number(Field::ReorderLevel));
    let price = price(&typed.price).map_err(|problem| problems.push((Field::Price, problem)));
    match (sku, name, category, location, quantity, reorder_level, price) {
        (Ok(sku), Ok(name), Ok(category), Ok(location), Ok(quantity), Ok(reorder_level), Ok(price)) => {
            Ok(Valid { sku, name, category, location, quantity, reorder_level, price })
        }
        _ => Err(problems),
    }
}

/// Checks a line of text; blanks around it are not part of it.
pub fn text(field: Field, typed: &str) -> Result<String, Problem> {
    let text = typed.trim();
    if text.is_empty() {
        Err(Problem::Empty)
    } else if text.chars().any(char::is_control) {
        Err(Problem::ControlCharacters)
    } else if text.chars().count() > field.longest() {
        Err(Problem::TooLong)
    } else {
        Ok(text.to_owned())
    }
}

/// Checks a number of pieces: digits only, because every other notation means something else somewhere.
pub fn quantity(typed: &str) -> Result<i32, Problem> {
    let digits = typed.trim();
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten();
    number.filter(|number| (0..=MAX_QUANTITY).contains(number)).ok_or(Problem::NotAQuantity)
}

/// Checks an amount of money: digits, and a point with one or two more.
pub fn price(typed: &str) -> Result<Price, Problem> {
    let text = typed.trim();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
        return Err(Problem::NotAPrice);
    }
    let cents = match fraction.len() {
        1 => fraction.parse::<i64>().map(|tenths| tenths * 10),
        _ => fraction.parse::<i64>(),
    };
    let price = whole.parse::<i64>().ok().and_then(|whole| whole.checked_mul(100)?.checked_add(cents.ok()?));
    price.filter(|price| *price <= MAX_PRICE).map(Price).ok_or(Problem::NotAPrice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_is_a_whole_number_from_zero_to_a_million() {
        assert_eq!(
            [quantity("0"), quantity(" 12 "), quantity("007"), quantity("1000000")],
            [Ok(0), Ok(12), Ok(7), Ok(MAX_QUANTITY)]
        );
        for typed in ["", " ", "abc", "-5", "+5", "1.5", "1,000", "1e3", "1000001", "1000000000000", "٣", "12 3"] {
            assert_eq!(quantity(typed), Err(Problem::NotAQuantity), "{typed}");
        }
        assert_eq!(
            Problem::NotAQuantity.message(Field::Quantity),
            "Quantity must be a whole number from 0 to 1,000,000"
        );
    }

    #[test]
    fn a_price_has_a_point_and_at_most_two_decimals() {
        assert_eq!(
            [price("0"), price("12.5"), price(" 1234.50 ")],
            [Ok(Price(0)), Ok(Price(1_250)), Ok(Price(123_450))]
        );
        assert_eq!(price("9999999999.99"), Ok(Price(MAX_PRICE)));
        for typed in
            ["", "1.234,5", "1,234.50", "-1", "1.", ".5", "1.234", "10000000000", "NaN", "1e3", "99999999999999999999"]
        {
            assert_eq!(price(typed), Err(Problem::NotAPrice), "{typed}");
        }
    }

    #[test]
    fn text_is_one_line_of_bounded_length_and_any_script() {
        assert_eq!(text(Field::Name, "  <script>\"Ünïcödé\" 🦀 שלום ").as_deref(), Ok("<script>\"Ünïcödé\" 🦀 שלום"));
        assert_eq!(text(Field::Name, " \t "), Err(Problem::Empty));
        assert_eq!(text(Field::Name, "a\0b"), Err(Problem::ControlCharacters));
        assert_eq!(text(Field::Name, &"é".repeat(200)).map(|text| text.len()), Ok(400));
        assert_eq!(text(Field::Name, &"é".repeat(201)), Err(Problem::TooLong));
    }

    #[test]
    fn a_form_is_told_everything_that_is_wrong_with_it_at_once() {
        let typed = Typed { name: "Bolt".to_owned(), price: "1.234,5".to_owned(), ..Typed::default() };
        let problems = product(&typed).expect_err("is wrong");
        let fields: Vec<Field> = problems.iter().map(|(field, _)| *field).collect();
        assert_eq!(
            fields,
            [Field::Sku, Field::Category, Field::Location, Field::Quantity, Field::ReorderLevel, Field::Price]
        );
    }
}
