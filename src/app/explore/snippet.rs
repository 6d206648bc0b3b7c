//! The question in other languages: whole programs, as short as they can be and still exact. Pure.

use super::{
    ask::Ask,
    cell::indented,
    model::{Column, Shape, Table},
};
use crate::protocol::{ClientFrame, Nulls, Subscribe};
use serde_json::{Map, Value};
use std::fmt::Write;

/// What the question can be copied as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    #[default]
    Json,
    Rust,
    JavaScript,
    Python,
}

impl Language {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Json, Self::Rust, Self::JavaScript, Self::Python];

    /// What it is called.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Rust => "Rust",
            Self::JavaScript => "JavaScript",
            Self::Python => "Python",
        }
    }
}

/// The question to a server at an origin such as `https://example.org`.
pub(super) fn snippet(language: Language, ask: &Ask, table: &Table, origin: &str) -> String {
    let question = ask.question();
    let socket = format!("{}/live", origin.replacen("http", "ws", 1));
    match language {
        Language::Json => indented(&frame(&question)),
        Language::Rust if ask.is_totals() => any(&question),
        Language::Rust => typed(ask, &question, table),
        Language::JavaScript => {
            JAVASCRIPT.replace("SOCKET", &quoted(&socket)).replacen("QUESTION", &indented(&written(&question)), 1)
        }
        Language::Python => PYTHON
            .replace("SOCKET", &quoted(&socket))
            .replace("QUESTION = {}", &format!("QUESTION = {}", python(&Value::Object(body(&question))))),
    }
}

/// With the question in it.
const JAVASCRIPT: &str = include_str!("snippet.js");
/// Around the question.
const PYTHON: &str = include_str!("snippet.py");

/// The `subscribe` frame.
fn frame(question: &Subscribe) -> String {
    let question = Subscribe { id: "1".to_owned(), ..question.clone() };
    serde_json::to_string(&ClientFrame::Subscribe(Box::new(question))).unwrap_or_default()
}

/// The question without its id, in the order in which one says it.
fn written(question: &Subscribe) -> String {
    serde_json::to_string(question).unwrap_or_default().replacen("\"id\":\"\",", "", 1)
}

/// The question without its id.
fn body(question: &Subscribe) -> Map<String, Value> {
    let mut body = match serde_json::to_value(question) {
        Ok(Value::Object(body)) => body,
        _ => Map::new(),
    };
    body.remove("id");
    body
}

/// A string as JSON, JavaScript, Python and nearly Rust have it.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A value as Python has it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Array(values) => format!("[{}]", values.iter().map(python).collect::<Vec<_>>().join(", ")),
        Value::Object(values) => {
            let pairs = values.iter().map(|(name, value)| format!("{}: {}", quoted(name), python(value)));
            format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
        }
        Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

/// Totals, and whatever else: rows without a type.
fn any(question: &Subscribe) -> String {
    let text = serde_json::to_string(question).unwrap_or_default();
    let hashes = "#".repeat(
        1 + text.split('"').skip(1).map(|rest| rest.len() - rest.trim_start_matches('#').len()).max().unwrap_or(0),
    );
    format!(
        "use rowcast::store::{{AnyRow, Query, use_query}};\n\nlet question = serde_json::from_str(r{hashes}\"{text}\"{hashes})?;\nlet rows = use_query(Query::<AnyRow>::asking(question));\n"
    )
}

/// Rows of a type of their own.
fn typed(ask: &Ask, question: &Subscribe, table: &Table) -> String {
    let (_, name) = table.parts();
    let kind = type_name(name);
    let shown: Vec<&Column> =
        ask.headings(&table.names(), &table.key).iter().filter_map(|heading| table.column(&heading.label)).collect();
    let field = |column: &Column, in_key: bool| {
        let name = field_name(&column.name);
        let renamed = (name != column.name && name != format!("r#{}", column.name))
            .then(|| format!("    #[serde(rename = {:?})]\n", column.name));
        let value = value_type(column);
        let value = if in_key { value.to_owned() } else { format!("Option<{value}>") };
        format!("{}    {name}: {value},\n", renamed.unwrap_or_default())
    };
    let is_key = |column: &Column| table.key.contains(&column.name);
    let fields: String = shown.iter().map(|column| field(column, is_key(column))).collect();
    let keys: Vec<&Column> = table.key.iter().filter_map(|name| table.column(name)).collect();
    let key_fields: String = keys.iter().map(|column| field(column, true)).collect();
    let own: Vec<String> = keys
        .iter()
        .map(|column| {
            let name = field_name(&column.name);
            format!("{name}: self.{name}{}", if is_copied(column) { "" } else { ".clone()" })
        })
        .collect();
    let mut query = format!("Query::<{kind}>::all()");
    if let Some(columns) = &question.columns {
        let _ = write!(query, ".columns({columns:?})");
    }
    if let Some(filter) = &question.filter {
        let _ = write!(query, ".filter({filter:?}, ())");
    }
    for by in &question.order {
        let _ = write!(query, ".{}({:?})", if by.desc { "descending" } else { "ascending" }, by.column);
        match by.nulls {
            Some(Nulls::First) => query.push_str(".nulls(Nulls::First)"),
            Some(Nulls::Last) => query.push_str(".nulls(Nulls::Last)"),
            None => {}
        }
    }
    if let Some(limit) = question.limit {
        let _ = write!(query, ".limit({limit})");
    }
    format!(
        "use rowcast::store::{{LiveRow, Query, use_query}};\nuse serde::{{Deserialize, Serialize}};\n\n\
         #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\nstruct {kind} {{\n{fields}}}\n\n\
         #[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]\nstruct {kind}Key {{\n{key_fields}}}\n\n\
         impl LiveRow for {kind} {{\n    const TABLE: &'static str = {:?};\n    type Key = {kind}Key;\n\n    \
         fn key(&self) -> {kind}Key {{\n        {kind}Key {{ {} }}\n    }}\n}}\n\n\
         let rows = use_query({query});\n",
        table.name,
        own.join(", ")
    )
}

/// `order_lines` is `OrderLines`.
fn type_name(table: &str) -> String {
    let mut name = String::new();
    let mut starts = true;
    for next in table.chars() {
        if !next.is_ascii_alphanumeric() {
            starts = true;
        } else if starts {
            name.push(next.to_ascii_uppercase());
            starts = false;
        } else {
            name.push(next);
        }
    }
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("Row{name}") }
}

/// Words that no field can be called.
const KEYWORDS: [&str; 37] = [
    "as", "async", "await", "break", "const", "continue", "dyn", "else", "enum", "extern", "false", "fn", "for", "gen",
    "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref", "return", "static", "struct",
    "trait", "true", "try", "type", "union", "unsafe", "use", "where", "while",
];

fn field_name(column: &str) -> String {
    let name: String =
        column.chars().map(|next| if next.is_ascii_alphanumeric() { next.to_ascii_lowercase() } else { '_' }).collect();
    if KEYWORDS.contains(&name.as_str()) {
        format!("r#{name}")
    } else if ["self", "super", "crate", "_", ""].contains(&name.as_str())
        || name.starts_with(|first: char| first.is_ascii_digit())
    {
        format!("column_{name}")
    } else {
        name
    }
}

fn value_type(column: &Column) -> &'static str {
    match (column.shape, column.sql.as_str()) {
        (Shape::Bool, _) => "bool",
        (Shape::Number, "smallint") => "i16",
        (Shape::Number, "integer") => "i32",
        (Shape::Number, "bigint") => "i64",
        // Keys must be compared; `f64` cannot be.
        (Shape::Number, _) => "serde_json::Number",
        (Shape::Json, _) => "serde_json::Value",
        (Shape::Text | Shape::Time, _) => "String",
    }
}

fn is_copied(column: &Column) -> bool {
    matches!(value_type(column), "bool" | "i16" | "i32" | "i64")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, sql: &str, shape: Shape) -> Column {
        Column { name: name.to_owned(), sql: sql.to_owned(), shape }
    }

    fn orders() -> Table {
        Table {
            name: "shop.order lines".to_owned(),
            key: vec!["id".to_owned(), "type".to_owned()],
            columns: vec![
                column("id", "bigint", Shape::Number),
                column("type", "text", Shape::Text),
                column("Größe \"x\"", "numeric(10,2)", Shape::Number),
            ],
            narrowed: false,
        }
    }

    fn ask() -> Ask {
        Ask {
            filter: "\"Größe \"\"x\"\"\" > 5".to_owned(),
            sort: Some(("id".to_owned(), true)),
            ..Ask::of("shop.order lines")
        }
    }

    #[test]
    fn a_row_type_has_fields_for_columns_of_any_name() {
        let text = snippet(Language::Rust, &ask(), &orders(), "");
        for part in [
            "struct OrderLines {\n    id: i64,\n    r#type: String,\n    #[serde(rename = \"Größe \\\"x\\\"\")]\n    gr__e__x_: Option<serde_json::Number>,\n}",
            "struct OrderLinesKey {\n    id: i64,\n    r#type: String,\n}",
            "const TABLE: &'static str = \"shop.order lines\";",
            "OrderLinesKey { id: self.id, r#type: self.r#type.clone() }",
            "Query::<OrderLines>::all().filter(\"\\\"Größe \\\"\\\"x\\\"\\\"\\\" > 5\", ()).descending(\"id\").limit(100)",
        ] {
            assert!(text.contains(part), "{part}\n\nis not in\n\n{text}");
        }
    }

    #[test]
    fn the_frame_is_one_that_the_server_understands() {
        let totals = Ask { group: vec!["type".to_owned()], ..ask() };
        for ask in [ask(), totals] {
            let text = snippet(Language::Json, &ask, &orders(), "");
            let frame = ClientFrame::parse(&text).expect("is understood");
            let expected = Subscribe { id: "1".to_owned(), ..ask.question() };
            assert_eq!(frame, ClientFrame::Subscribe(Box::new(expected)));
        }
    }

    #[test]
    fn totals_are_rows_without_a_type() {
        let totals = Ask { group: vec!["type".to_owned()], filter: "name <> '\"#x'".to_owned(), ..ask() };
        let text = snippet(Language::Rust, &totals, &orders(), "");
        let raw = text.split_once("r##\"").and_then(|(_, rest)| rest.split_once("\"##")).expect("a raw string").0;
        assert_eq!(serde_json::from_str::<Subscribe>(raw).expect("reads"), totals.question());
    }

    #[test]
    fn programs_speak_to_the_server_that_the_page_is_from() {
        let script = snippet(Language::JavaScript, &ask(), &orders(), "https://db.example.org");
        assert!(script.contains("(\"wss://db.example.org/live\", 'rowcast.v1')"), "{script}");
        let program = snippet(Language::Python, &ask(), &orders(), "http://localhost:3000");
        assert!(program.contains("connect(\"ws://localhost:3000/live\","), "{program}");
        assert!(
            program.contains(r#"QUESTION = {"limit": 100, "order": [{"column": "id", "desc": True}], "table""#),
            "{program}"
        );
    }
}
