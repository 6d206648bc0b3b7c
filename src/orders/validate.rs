//! What a command may say: the one place that checks it, whichever way it came. Whether it can be carried out is decided later,
//! by what the order and the stock are then.

use super::{
    refusal::{Refusal, RefusalCode::Invalid},
    step::Step,
    wire::{MAX_KEY, MAX_LINES, MAX_NAME, MAX_NOTE, MAX_QUANTITY, MAX_TRACKING, Place, StepDetails},
};
use std::collections::HashMap;

/// An order that may be placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidPlace {
    /// Products, each once, and how many pieces of them.
    pub lines: Vec<(i64, i32)>,
    /// Perhaps empty.
    pub note: String,
    /// For which account, if it was said.
    pub customer: Option<i64>,
    /// For whom without one, if it was said.
    pub customer_name: Option<String>,
}

/// What may belong to a step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValidDetails {
    /// Perhaps empty.
    pub note: String,
    /// Of a step that ships.
    pub carrier: Option<String>,
    /// Of a step that ships.
    pub tracking: Option<String>,
    /// What whoever asks has seen.
    pub version: Option<i64>,
}

/// Checks an order.
pub fn place(place: &Place) -> Result<ValidPlace, Refusal> {
    key(place.key.as_deref())?;
    let customer_name = short("customer_name", MAX_NAME, place.customer_name.as_deref())?;
    if place.customer.is_some() && customer_name.is_some() {
        let why = "An order is either for an account (customer) or for somebody without one (customer_name)";
        return Err(Refusal::of_field(Invalid, "customer_name", why));
    }
    Ok(ValidPlace { lines: lines(place)?, note: note(&place.note)?, customer: place.customer, customer_name })
}

/// Checks what belongs to a step.
pub fn details(step: Step, details: &StepDetails) -> Result<ValidDetails, Refusal> {
    key(details.key.as_deref())?;
    let carrier = short("carrier", MAX_TRACKING, details.carrier.as_deref())?;
    let tracking = short("tracking", MAX_TRACKING, details.tracking.as_deref())?;
    for (field, value) in [("carrier", &carrier), ("tracking", &tracking)] {
        if value.is_some() && step != Step::Ship {
            return Err(Refusal::of_field(Invalid, field, format!("{field} belongs to an order that is shipped")));
        }
    }
    if details.version.is_some_and(|version| version < 1) {
        return Err(Refusal::of_field(Invalid, "version", "version must be one that the order has had: 1 or more"));
    }
    Ok(ValidDetails { note: note(&details.note)?, carrier, tracking, version: details.version })
}

fn lines(place: &Place) -> Result<Vec<(i64, i32)>, Refusal> {
    if place.lines.is_empty() {
        return Err(Refusal::of_field(Invalid, "lines", "An order needs at least one line"));
    }
    if place.lines.len() > MAX_LINES {
        let why = format!("An order has at most {MAX_LINES} lines; place another one for the rest");
        return Err(Refusal::of_field(Invalid, "lines", why));
    }
    let mut first = HashMap::with_capacity(place.lines.len());
    let mut lines = Vec::with_capacity(place.lines.len());
    for (at, line) in place.lines.iter().enumerate() {
        if let Some(before) = first.insert(line.product_id, at) {
            let why = format!("lines[{before}] has this product already; order all pieces of it on one line");
            return Err(Refusal::of_field(Invalid, format!("lines[{at}].product_id"), why));
        }
        let quantity =
            i32::try_from(line.quantity).ok().filter(|quantity| (1..=MAX_QUANTITY).contains(&i64::from(*quantity)));
        let Some(quantity) = quantity else {
            let why = format!("The quantity must be a whole number from 1 to {MAX_QUANTITY}");
            return Err(Refusal::of_field(Invalid, format!("lines[{at}].quantity"), why));
        };
        lines.push((line.product_id, quantity));
    }
    Ok(lines)
}

/// Text of several lines. Blanks around it are not part of it.
fn note(typed: &str) -> Result<String, Refusal> {
    let text = typed.replace("\r\n", "\n").trim().to_owned();
    if text.chars().any(|char| char.is_control() && char != '\n' && char != '\t') {
        return Err(Refusal::of_field(Invalid, "note", "The note must be text without control characters"));
    }
    if text.chars().count() > MAX_NOTE {
        let why = format!("The note must not be longer than {MAX_NOTE} characters");
        return Err(Refusal::of_field(Invalid, "note", why));
    }
    Ok(text)
}

/// One line of text. What is blank is as if it were not there.
fn short(field: &str, longest: usize, typed: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(text) = typed.map(str::trim).filter(|text| !text.is_empty()) else { return Ok(None) };
    if text.chars().any(char::is_control) {
        return Err(Refusal::of_field(Invalid, field, format!("{field} must be one line of text")));
    }
    if text.chars().count() > longest {
        let why = format!("{field} must not be longer than {longest} characters");
        return Err(Refusal::of_field(Invalid, field, why));
    }
    Ok(Some(text.to_owned()))
}

/// A key is something that a header can carry.
fn key(key: Option<&str>) -> Result<(), Refusal> {
    let Some(key) = key else { return Ok(()) };
    if key.is_empty() || key.len() > MAX_KEY || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        let why = format!("An idempotency key has 1 to {MAX_KEY} visible ASCII characters, without blanks");
        return Err(Refusal::of_field(Invalid, "Idempotency-Key", why));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{super::wire::PlaceLine, *};

    fn order(lines: &[(i64, i64)]) -> Place {
        let line = |&(product_id, quantity)| PlaceLine { product_id, quantity };
        Place { lines: lines.iter().map(line).collect(), ..Place::default() }
    }

    fn refused_field(outcome: Result<impl std::fmt::Debug, Refusal>) -> String {
        let refusal = outcome.expect_err("is refused");
        assert_eq!(refusal.code, Invalid);
        refusal.field.expect("names a field")
    }

    #[test]
    fn an_order_has_one_to_a_hundred_lines_of_one_to_a_hundred_thousand_pieces() {
        assert_eq!(place(&order(&[(7, 1), (8, 100_000)])).expect("is valid").lines, [(7, 1), (8, 100_000)]);
        let many = |count: i64| order(&(1..=count).map(|id| (id, 1)).collect::<Vec<_>>());
        assert!(place(&many(100)).is_ok());
        assert_eq!(refused_field(place(&many(101))), "lines");
        assert_eq!(refused_field(place(&order(&[]))), "lines");
        for quantity in [0, -1, 100_001, i64::MAX, i64::MIN, 4_294_967_297] {
            assert_eq!(refused_field(place(&order(&[(7, 1), (8, quantity)]))), "lines[1].quantity");
        }
        assert_eq!(refused_field(place(&order(&[(7, 1), (8, 1), (7, 2)]))), "lines[2].product_id");
    }

    #[test]
    fn notes_are_text_of_bounded_length_in_any_script() {
        let with = |note: &str| place(&Place { note: note.to_owned(), ..order(&[(7, 1)]) }).map(|valid| valid.note);
        assert_eq!(with("  zwei\r\nZeilen 🦀\n").as_deref(), Ok("zwei\nZeilen 🦀"));
        assert!(with(&"é".repeat(1_000)).is_ok());
        assert_eq!(refused_field(with(&"é".repeat(1_001))), "note");
        assert_eq!(refused_field(with("a\0b")), "note");
    }

    #[test]
    fn only_what_is_shipped_has_a_carrier() {
        let shipped =
            StepDetails { carrier: Some(" DHL ".to_owned()), tracking: Some(" ".to_owned()), ..StepDetails::default() };
        let valid = details(Step::Ship, &shipped).expect("is valid");
        assert_eq!((valid.carrier.as_deref(), valid.tracking), (Some("DHL"), None));
        assert_eq!(refused_field(details(Step::Pack, &shipped)), "carrier");
        let long = StepDetails { tracking: Some("1".repeat(101)), ..StepDetails::default() };
        assert_eq!(refused_field(details(Step::Ship, &long)), "tracking");
        let never = StepDetails { version: Some(0), ..StepDetails::default() };
        assert_eq!(refused_field(details(Step::Pay, &never)), "version");
    }

    #[test]
    fn an_order_is_for_an_account_or_for_a_name() {
        let both = Place { customer: Some(7), customer_name: Some("Cleo".to_owned()), ..order(&[(7, 1)]) };
        assert_eq!(refused_field(place(&both)), "customer_name");
        let lines = Place { customer_name: Some("a\nb".to_owned()), ..order(&[(7, 1)]) };
        assert_eq!(refused_field(place(&lines)), "customer_name");
    }

    #[test]
    fn a_key_is_what_a_header_can_carry() {
        let with = |key: &str| place(&Place { key: Some(key.to_owned()), ..order(&[(7, 1)]) });
        assert!(with("7a-b_c").is_ok() && with(&"k".repeat(200)).is_ok());
        for key in ["", " ", "a b", "é", "a\nb", &"k".repeat(201)] {
            assert_eq!(refused_field(with(key)), "Idempotency-Key");
        }
    }
}
