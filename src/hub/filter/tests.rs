//! Filters as clients write them: what is refused and where, what is equal, what parameters may be.

use super::*;
use crate::hub::{Column, Kind};
use serde_json::{Value, json, value::RawValue};

fn table() -> Arc<Table> {
    let labels = vec!["sad".to_owned(), "ok".to_owned()];
    Arc::new(Table {
        id: 1,
        schema: "public".to_owned(),
        name: "t".to_owned(),
        key: vec!["id".to_owned()],
        columns: vec![
            Column::new("id", "integer", Kind::Int4),
            Column::new("name", "text", Kind::Text),
            Column::new("price", "numeric(10,2)", Kind::Numeric),
            Column::new("mood", "mood", Kind::Enum { labels, base: "mood".to_owned() }),
            Column::new("tags", "text[]", Kind::Array { of: Box::new(Kind::Text) }),
            Column::new("Odd \"one\"", "boolean", Kind::Bool),
        ],
        since: 0,
        partitioned: false,
        policies: Vec::new(),
    })
}

fn read(text: &str, parameters: &[Value]) -> Result<Filter, FilterError> {
    let draft = Draft::read(text, parameters, &table())?;
    assert!(draft.constants().is_empty(), "{text} needs no database");
    draft.bind(Vec::new())
}

fn row(text: &str) -> Row {
    Row::read(&table(), &Arc::from(RawValue::from_string(text.to_owned()).expect("JSON"))).expect("a row")
}

const ROW: &str = r#"{"id":7,"name":"ä'b","price":1.50,"mood":"ok","tags":["x","y"],"Odd \"one\"":null}"#;

#[test]
fn parameters_are_read_as_what_the_expression_needs() {
    for (text, parameters, matches) in [
        ("id = $1", vec![json!(7)], true),
        ("id = $1", vec![json!("7")], true),
        ("id = $1", vec![json!(null)], false),
        ("price = $1", vec![json!(1.5)], true),
        ("price = $1", vec![json!("1.500")], true),
        ("name = $1", vec![json!("ä'b")], true),
        ("name = $1 and id < $2", vec![json!("ä'b"), json!(8)], true),
        ("id in ($1, $2)", vec![json!(1), json!(7)], true),
        ("id in ($1)", vec![json!([1, 7])], true),
        ("id = any($1)", vec![json!([1, 7])], true),
        ("name = any($1)", vec![json!(["a"])], false),
        ("$1 = any(tags)", vec![json!("y")], true),
        ("$1", vec![json!(true)], true),
        ("\"Odd \"\"one\"\"\" is null", vec![], true),
    ] {
        let filter = read(text, &parameters).unwrap_or_else(|error| panic!("{text} {parameters:?}: {error}"));
        assert_eq!(filter.matches(&row(ROW)), matches, "{text} {parameters:?}");
    }
    for (text, parameters) in [
        ("id = $1", vec![]),
        ("id = $1", vec![json!(1), json!(2)]),
        ("id = $2", vec![json!(1)]),
        ("id = $1", vec![json!("x")]),
        ("id = $1", vec![json!({})]),
        ("id = $1", vec![json!([1])]),
        ("mood = $1", vec![json!("none")]),
        ("id = $0", vec![json!(1)]),
        ("id = $99999999999999999999", vec![json!(1)]),
    ] {
        let error = read(text, &parameters).err().unwrap_or_else(|| panic!("{text} {parameters:?} was read"));
        assert_eq!(error.code, ErrorCode::InvalidParameter, "{text} {parameters:?}: {error}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (text, code, at) in [
        ("id = 1 and nothing = 2", ErrorCode::UnknownColumn, Some(11)),
        ("id = 'x'", ErrorCode::InvalidFilter, Some(5)),
        ("id = 1 id", ErrorCode::InvalidFilter, Some(7)),
        ("name = 'a' and id / 2 = 1", ErrorCode::UnsupportedFilter, Some(15)),
        ("id = (select 1)", ErrorCode::UnsupportedFilter, None),
        ("mood = 'none'", ErrorCode::InvalidFilter, Some(7)),
        ("pg_sleep(1) is null", ErrorCode::UnsupportedFilter, None),
    ] {
        let error = read(text, &[]).err().unwrap_or_else(|| panic!("{text} was read"));
        assert_eq!(error.code, code, "{text}: {error}");
        if at.is_some() {
            assert_eq!(error.at, at, "{text}: {error}");
        }
    }
    for text in ["", " ", "(", "'", "id =", "id = 1;", "id = 1 -- x\n and", "\u{0}", "$", "id", "1", "name", "🦀", "/*"]
    {
        assert!(read(text, &[]).is_err(), "{text:?} was read");
    }
}

/// On a stack as small as that of the threads that serve.
#[test]
fn no_text_is_too_deep_to_be_refused() {
    let read_all = || {
        let deep = |open: &str, inner: &str, close: &str, times: usize| {
            format!("{}{inner}{}", open.repeat(times), close.repeat(times))
        };
        for times in [10, 50, 500, 2_000] {
            for text in [
                deep("(", "id = 1", ")", times),
                deep("not ", "id = 1", "", times),
                deep("not (", "id = 1", ")", times),
                format!("id = {}", deep("-", "1", "", times)),
                format!("id = {}", deep("- ", "1", "", times)),
                format!("id = {}1", "1 + ".repeat(times)),
                format!("name = {}'a'", "'a' || ".repeat(times)),
                format!("tags @> {}", deep("array[", "'a'", "]", times)),
                format!("id = {}", deep("coalesce(", "1", ")", times)),
                deep("case when ", "true", " then true end", times),
                format!("name = {}", deep("cast(", "'a'", " as text)", times)),
                format!("name = 'a'{}", "::text".repeat(times)),
                "id = 1 and ".repeat(times) + "id = 2",
                "id = 1 or ".repeat(times) + "id = 2",
                "id = 1 and not (".repeat(times),
                "x".repeat(times * 100),
                format!("id in ({}1)", "1, ".repeat(times)),
            ] {
                // Whether it is read or refused.
                if let Ok(filter) = Draft::read(&text, &[], &table()).and_then(|draft| draft.bind(Vec::new())) {
                    filter.matches(&row(ROW));
                    filter.condition(1);
                }
            }
        }
    };
    std::thread::Builder::new()
        .stack_size(2 * 1024 * 1024)
        .spawn(read_all)
        .expect("starts")
        .join()
        .expect("no overflow");
}

#[test]
fn long_lists_of_alternatives_are_read() {
    let text = (0..100).map(|id| format!("id = {id}")).collect::<Vec<_>>().join(" or ");
    assert!(read(&text, &[]).expect("is read").matches(&row(ROW)));
    let text = (0..100).map(|id| format!("id <> {}", id + 1000)).collect::<Vec<_>>().join(" and ");
    assert!(read(&text, &[]).expect("is read").matches(&row(ROW)));
}

#[test]
fn equal_questions_have_equal_texts() {
    let text = |text: &str, parameters: &[Value]| read(text, parameters).expect("is read").text().to_owned();
    assert_eq!(text("id=1", &[]), text(" ( id = $1 ) ", &[json!(1)]));
    assert_ne!(text("id = 1", &[]), text("id = 2", &[]));
    assert_ne!(text("name = '1'", &[]), text("id = 1", &[]));
}

#[test]
fn the_columns_that_it_reads_are_known() {
    assert_eq!(
        read("\"Odd \"\"one\"\"\" is not true and (id = 1 or name like 'a%')", &[]).expect("is read").uses(),
        [0, 1, 5]
    );
    assert_eq!(read("coalesce(price, 0) > 1 and 'x' = any(tags)", &[]).expect("is read").uses(), [2, 4]);
}

#[test]
fn what_asks_for_a_value_is_found_by_it() {
    let equalities =
        |text: &str| read(text, &[]).expect("is read").equalities().map(|(column, values)| (*column, values.len()));
    assert_eq!(equalities("id = 7 and price > 1"), Some((0, 1)));
    assert_eq!(equalities("price > 1 and id in (1, 2, 3)"), Some((0, 3)));
    assert_eq!(equalities("id = 7 or price > 1"), None);
    assert_eq!(equalities("not (id = 7)"), None);
}

#[test]
fn an_array_has_one_type_whatever_it_is_compared_with() {
    let table = Arc::new(Table {
        columns: vec![
            Column::new("id", "integer", Kind::Int4),
            Column::new("day", "date", Kind::Date),
            Column::new("moment", "timestamp without time zone", Kind::Timestamp),
            Column::new("ratio", "double precision", Kind::Float8),
            Column::new("code", "character(3)", Kind::Bpchar),
        ],
        ..table().as_ref().clone()
    });
    for (text, read_as) in [
        // Beside a date a constant is a date, and its time of day goes.
        ("moment = any (array['2020-02-29 12:00', day])", "date"),
        ("moment <> all (array[day, '2020-02-29 12:00'])", "date"),
        ("moment = any (array[day, '2020-02-29 12:00', moment])", "timestamp"),
        ("'2020-02-29 12:00' = any (array[day, moment])", "timestamp"),
        ("day < any (array['2020-02-29 12:00', '2020-02-29'])", "date"),
    ] {
        let draft = Draft::read(text, &[], &table).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(!draft.constants().is_empty(), "{text}");
        assert!(draft.constants().iter().all(|constant| constant.sql_type == read_as), "{:?}", draft.constants());
    }
    // Blanks at the end of a character(n) do not count, and in an array of nothing but constants they do: it is one of texts.
    for text in ["code = any (array['a ', code])", "code in ('a ')"] {
        Draft::read(text, &[], &table).unwrap_or_else(|error| panic!("{text}: {error}"));
    }
    for text in ["id = any (array[id, ratio])", "id = any (array[day, 7])", "code = any (array['a '])"] {
        let error = Draft::read(text, &[], &table).err().unwrap_or_else(|| panic!("{text} was read"));
        assert_eq!(error.code, ErrorCode::UnsupportedFilter, "{text}: {error}");
    }
}
