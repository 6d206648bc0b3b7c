//! Random questions, each as a subscription and as what gives the same answer without the engine.

use super::schema::{Kind, Table};
use crate::support::Dice;
use rowcast::protocol::{Aggregate, Nulls, OrderBy, Subscribe};
use serde_json::{Value, json};

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// All rows.
    Whole,
    /// Some columns of all rows.
    Columns,
    /// The first rows in an order.
    Window,
    /// Totals, of groups or of all.
    Totals,
}

/// What is asked, and how often of so many.
const MIX: [Asks; 10] = [
    Asks::Whole,
    Asks::Whole,
    Asks::Whole,
    Asks::Columns,
    Asks::Columns,
    Asks::Window,
    Asks::Window,
    Asks::Window,
    Asks::Totals,
    Asks::Totals,
];
/// Whether rows are filtered: of so many questions, how many.
const FILTERED: (u64, u64) = (1, 2);

/// One question.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its table's place.
    pub table: usize,
    pub asks: Asks,
    pub subscribe: Subscribe,
    /// What tells its rows apart.
    pub key: Vec<String>,
    /// The filter as SQL without parameters; `true` if there is none.
    pub condition: String,
    /// The order of a window, complete to the last tie.
    pub order: String,
    /// One row of totals as a JSON text, and what it is grouped by.
    pub totals: (String, String),
}

impl Query {
    /// All rows of a table.
    pub fn whole(number: usize, table: &Table) -> Self {
        Self {
            table: number,
            asks: Asks::Whole,
            subscribe: Subscribe { table: table.name.clone(), ..Subscribe::default() },
            key: table.key_columns(),
            condition: "true".to_owned(),
            order: String::new(),
            totals: Default::default(),
        }
    }

    pub fn random(tables: &[Table], dice: &mut Dice) -> Self {
        let number = dice.roll(tables.len() as u64) as usize;
        let table = &tables[number];
        let asks = MIX[dice.roll(MIX.len() as u64) as usize];
        let mut query = Self { asks, ..Self::whole(number, table) };
        if dice.roll(FILTERED.1) < FILTERED.0 {
            query.filter(dice);
        }
        match asks {
            Asks::Whole => {}
            Asks::Columns => query.subscribe.columns = Some(some_columns(table, dice)),
            Asks::Window => query.window(table, dice),
            Asks::Totals => query.total(table, dice),
        }
        query
    }

    /// `c0` is an integer and `c1` a text in every table.
    fn filter(&mut self, dice: &mut Dice) {
        let (n, m) = (dice.roll(8), dice.roll(8));
        let text = ["a", "A", "é", ""][dice.roll(4) as usize];
        let (filter, params, condition): (&str, Vec<Value>, String) = match dice.roll(8) {
            0 => ("c0 = $1", vec![json!(n)], format!("c0 = {n}")),
            1 => ("c0 < $1", vec![json!(n)], format!("c0 < {n}")),
            2 => ("c0 in ($1, $2)", vec![json!(n), json!(m)], format!("c0 in ({n}, {m})")),
            3 => ("c1 = $1 or c0 >= $2", vec![json!(text), json!(n)], format!("c1 = '{text}' or c0 >= {n}")),
            4 => ("not (c0 > $1 and c1 is not null)", vec![json!(n)], format!("not (c0 > {n} and c1 is not null)")),
            5 => ("c1 like $1", vec![json!("%")], "c1 like '%'".to_owned()),
            6 => ("c0 is distinct from $1", vec![json!(n)], format!("c0 is distinct from {n}")),
            _ => ("c0 between $1 and $2", vec![json!(n), json!(m)], format!("c0 between {n} and {m}")),
        };
        self.subscribe.filter = Some(filter.to_owned());
        self.subscribe.params = params;
        self.condition = condition;
    }

    fn window(&mut self, table: &Table, dice: &mut Dice) {
        let column = dice.roll(2);
        let desc = dice.roll(2) == 0;
        let nulls = [None, Some(Nulls::First), Some(Nulls::Last)][dice.roll(3) as usize];
        self.subscribe.order = vec![OrderBy { column: format!("c{column}"), desc, nulls }];
        self.subscribe.limit = Some(1 + dice.roll(6) as u32);
        let collate = if column == 1 { r#" collate "C""# } else { "" };
        let direction = if desc { " desc" } else { "" };
        let nulls = match nulls {
            None => "",
            Some(Nulls::First) => " nulls first",
            Some(Nulls::Last) => " nulls last",
        };
        let key: Vec<String> = table
            .key_columns()
            .iter()
            .map(|name| {
                let text = name == "part" || table.key == super::schema::Key::Text;
                format!("\"{name}\"{}", if text { r#" collate "C""# } else { "" })
            })
            .collect();
        self.order = format!("c{column}{collate}{direction}{nulls}, {}", key.join(", "));
    }

    fn total(&mut self, table: &Table, dice: &mut Dice) {
        let group: Vec<String> = if dice.roll(3) > 0 { vec!["c1".to_owned()] } else { Vec::new() };
        let summed: Vec<usize> = (0..table.columns.len())
            .filter(|place| matches!(table.columns[*place], Kind::Int | Kind::Bigint))
            .filter(|_| dice.roll(2) == 0)
            .collect();
        let names: Vec<String> = summed.iter().map(|place| format!("c{place}")).collect();
        self.subscribe.aggregate = Some(Aggregate {
            count: true,
            sum: names.clone(),
            min: names.clone(),
            max: names.clone(),
            avg: names.clone(),
        });
        self.subscribe.group_by = group.clone();
        self.key = vec!["group".to_owned()];
        let object = |fields: Vec<String>| format!("json_build_object({})", fields.join(", "));
        let each = |function: &str| object(names.iter().map(|name| format!("'{name}', {function}({name})")).collect());
        let mut fields = vec![
            format!("'group', {}", object(group.iter().map(|name| format!("'{name}', {name}")).collect())),
            "'count', count(*)".to_owned(),
        ];
        if !names.is_empty() {
            fields.extend(["sum", "min", "max", "avg"].map(|function| format!("'{function}', {}", each(function))));
        }
        self.totals = (object(fields), group.join(", "));
    }

    /// What a person would type.
    pub fn describe(&self) -> String {
        serde_json::to_string(&self.subscribe).expect("a frame")
    }
}

fn some_columns(table: &Table, dice: &mut Dice) -> Vec<String> {
    let mut columns: Vec<String> =
        (0..table.columns.len()).filter(|_| dice.roll(2) == 0).map(|place| format!("c{place}")).collect();
    if columns.is_empty() {
        columns.push("c0".to_owned());
    }
    columns
}
