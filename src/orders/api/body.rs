//! What the body of a request may say. A field that nobody knows is refused by its name, because it may be a known one that is
//! misspelled. Whether the values make sense is `validate`'s business.

use super::super::{
    refusal::{Refusal, RefusalCode::Malformed},
    wire::{Place, PlaceLine, StepDetails},
};
use serde_json::{Map, Value};

/// An order to be placed.
pub(super) fn place(body: &[u8]) -> Result<Place, Refusal> {
    let mut order = Object::read(body)?;
    let mut lines = Vec::new();
    for (at, line) in order.list("lines")?.unwrap_or_default().into_iter().enumerate() {
        let mut line = Object::of(format!("lines[{at}]"), line)?;
        let product_id = line.required("product_id")?;
        lines.push(PlaceLine { product_id, quantity: line.required("quantity")? });
        line.end(&["product_id", "quantity"])?;
    }
    let place = Place {
        lines,
        note: order.text("note")?.unwrap_or_default(),
        customer: order.whole("customer")?,
        customer_name: order.text("customer_name")?,
        key: None,
    };
    order.end(&["lines", "note", "customer", "customer_name"])?;
    Ok(place)
}

/// What belongs to a step. An empty body says nothing.
pub(super) fn details(body: &[u8]) -> Result<StepDetails, Refusal> {
    if body.is_empty() {
        return Ok(StepDetails::default());
    }
    let mut said = Object::read(body)?;
    let details = StepDetails {
        note: said.text("note")?.unwrap_or_default(),
        carrier: said.text("carrier")?,
        tracking: said.text("tracking")?,
        version: said.whole("version")?,
        key: None,
    };
    said.end(&["note", "carrier", "tracking", "version"])?;
    Ok(details)
}

/// An object of which fields are taken one after the other. `null` is as if it were not there.
struct Object {
    /// What its fields' names begin with.
    path: String,
    fields: Map<String, Value>,
}

impl Object {
    fn read(body: &[u8]) -> Result<Self, Refusal> {
        let value = serde_json::from_slice(body)
            .map_err(|error| Refusal::new(Malformed, format!("What was sent is not JSON: {error}")))?;
        Self::of(String::new(), value)
    }

    fn of(path: String, value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Object(fields) => Ok(Self { path, fields }),
            _ if path.is_empty() => Err(Refusal::new(Malformed, "What is sent must be a JSON object")),
            _ => Err(Refusal::of_field(Malformed, path.clone(), format!("{path} must be an object"))),
        }
    }

    fn name(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    fn take<T>(
        &mut self,
        field: &str,
        what: &str,
        read: impl FnOnce(Value) -> Option<T>,
    ) -> Result<Option<T>, Refusal> {
        let Some(value) = self.fields.remove(field).filter(|value| !value.is_null()) else { return Ok(None) };
        let name = self.name(field);
        read(value)
            .map(Some)
            .ok_or_else(|| Refusal::of_field(Malformed, name.clone(), format!("{name} must be {what}")))
    }

    fn text(&mut self, field: &str) -> Result<Option<String>, Refusal> {
        let text = |value| if let Value::String(text) = value { Some(text) } else { None };
        self.take(field, "a text", text)
    }

    fn whole(&mut self, field: &str) -> Result<Option<i64>, Refusal> {
        self.take(field, "a whole number", |value| value.as_i64())
    }

    fn required(&mut self, field: &str) -> Result<i64, Refusal> {
        let name = self.name(field);
        self.whole(field)?.ok_or_else(|| Refusal::of_field(Malformed, name.clone(), format!("{name} is missing")))
    }

    fn list(&mut self, field: &str) -> Result<Option<Vec<Value>>, Refusal> {
        let list = |value| if let Value::Array(list) = value { Some(list) } else { None };
        self.take(field, "a list", list)
    }

    /// Nothing else may be there.
    fn end(self, known: &[&str]) -> Result<(), Refusal> {
        let Some(unknown) = self.fields.keys().next() else { return Ok(()) };
        let name = self.name(unknown);
        let message = format!("There is no field {name}; there are {}", known.join(", "));
        Err(Refusal::of_field(Malformed, name, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &str) -> Option<String> {
        let refusal = place(body.as_bytes()).expect_err("is refused");
        assert_eq!(refusal.code, Malformed);
        refusal.field
    }

    #[test]
    fn an_order_reads_as_documented() {
        let body = r#"{"lines":[{"product_id":7,"quantity":2}],"note":null,"customer_name":"Cleo"}"#;
        let read = place(body.as_bytes()).expect("reads");
        assert_eq!(read.lines, [PlaceLine { product_id: 7, quantity: 2 }]);
        assert_eq!((read.note.as_str(), read.customer, read.customer_name.as_deref()), ("", None, Some("Cleo")));
        assert_eq!(details(b"").expect("reads"), StepDetails::default());
        assert_eq!(details(br#"{"version":3}"#).expect("reads").version, Some(3));
    }

    #[test]
    fn a_field_that_nobody_knows_is_refused_by_its_name() {
        assert_eq!(refused(r#"{"lines":[],"notes":"x"}"#).as_deref(), Some("notes"));
        let line = r#"{"lines":[{"product_id":7,"quantity":1},{"product_id":8,"quantity":1,"price":0}]}"#;
        assert_eq!(refused(line).as_deref(), Some("lines[1].price"));
        let said = details(br#"{"reason":"x"}"#).expect_err("is refused");
        assert_eq!(said.field.as_deref(), Some("reason"));
        assert_eq!(said.message, "There is no field reason; there are note, carrier, tracking, version");
    }

    #[test]
    fn what_is_of_another_type_is_refused_by_its_name() {
        for (body, field) in [
            (r#"{"lines":{}}"#, "lines"),
            (r#"{"lines":[7]}"#, "lines[0]"),
            (r#"{"lines":[{"product_id":7}]}"#, "lines[0].quantity"),
            (r#"{"lines":[{"product_id":"7","quantity":1}]}"#, "lines[0].product_id"),
            (r#"{"lines":[{"product_id":7,"quantity":1.5}]}"#, "lines[0].quantity"),
            (r#"{"lines":[{"product_id":7,"quantity":1e40}]}"#, "lines[0].quantity"),
            (r#"{"note":7}"#, "note"),
            (r#"{"customer":true}"#, "customer"),
        ] {
            assert_eq!(refused(body).as_deref(), Some(field), "{body}");
        }
        for body in ["", "{", "[]", "7", "null", r#"{"lines":[]} x"#, "\u{feff}{}", &"[".repeat(10_000)] {
            assert_eq!(refused(body), None, "{body}");
        }
    }
}
