//! Random tables, and random values for them, as SQL.

use crate::support::Dice;
use std::fmt::Write;

/// Keys of a table: few, so that writers meet.
pub const KEYS: u64 = 14;
/// Names of tables: `schema`, `table`.
const NAMES: [(&str, &str); 4] =
    [("public", "plain"), ("odd place", "Ünï \"q\""), ("public", "order"), ("shop", "Größe")];
/// Most columns besides the key's.
const MOST_COLUMNS: u64 = 6;
/// Bytes of a large value, and how many sizes there are: of few rows that have them, the server holds too much for a client that
/// does not read.
const LARGE_BYTES: u64 = 4000;
const LARGE_SIZES: u64 = 12;

/// How rows are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Int,
    Bigint,
    Uuid,
    Text,
    Composite,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Int,
    Bigint,
    Numeric,
    Float,
    Text,
    Large,
    Bool,
    Timestamptz,
    Jsonb,
    Array,
    Enum,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::Int,
        Self::Bigint,
        Self::Numeric,
        Self::Float,
        Self::Text,
        Self::Large,
        Self::Bool,
        Self::Timestamptz,
        Self::Jsonb,
        Self::Array,
        Self::Enum,
    ];

    fn sql(self) -> &'static str {
        match self {
            Self::Int => "int",
            Self::Bigint => "bigint",
            Self::Numeric => "numeric",
            Self::Float => "float8",
            Self::Text | Self::Large => "text",
            Self::Bool => "boolean",
            Self::Timestamptz => "timestamptz",
            Self::Jsonb => "jsonb",
            Self::Array => "text[]",
            Self::Enum => "oracle.mood",
        }
    }

    /// A value of the type, as an SQL expression.
    pub fn value(self, dice: &mut Dice) -> String {
        let n = dice.roll(8);
        if dice.roll(9) == 0 {
            return "null".to_owned();
        }
        match self {
            Self::Int => n.to_string(),
            Self::Bigint => format!("{}", 9_007_199_254_740_992 + n),
            Self::Numeric => {
                ["0", "0.10", "1e20", "-3.000000000000000000001", "7", "7.0", "12345678901234567890.5", "2.5"]
                    [n as usize]
                    .to_owned()
            }
            Self::Float => ["0", "'-0'", "0.1", "1e300", "'infinity'", "-2.5", "3", "1e-7"][n as usize].to_owned(),
            Self::Text => ["''", "'a'", "'A'", "'é'", "E'\\n\"'", "'%'", "'null'", "'🦀'"][n as usize].to_owned(),
            Self::Large => format!("repeat('{n}', {})", LARGE_BYTES * dice.roll(LARGE_SIZES)),
            Self::Bool => n.is_multiple_of(2).to_string(),
            Self::Timestamptz => format!("timestamptz '2024-02-29 23:59:59.12345{n}+02'"),
            Self::Jsonb => format!("jsonb '{{\"b\": [1.50, null], \"a\": \"{n}\"}}'"),
            Self::Array => format!("array['x', null, '{n}']"),
            Self::Enum => ["'sad'", "'ok'", "'happy'"][(n % 3) as usize].to_owned(),
        }
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// As SQL names it.
    pub sql: String,
    /// As a subscription names it.
    pub name: String,
    pub key: Key,
    /// A unique key that may be violated within a statement allows swaps and no upserts; the other way round without.
    pub deferrable: bool,
    /// The kinds of `c0`, `c1`, ….
    pub columns: Vec<Kind>,
}

impl Table {
    /// Several tables.
    pub fn several(dice: &mut Dice) -> Vec<Self> {
        let count = 2 + dice.roll(3) as usize;
        let mut tables: Vec<Self> = NAMES[..count].iter().map(|name| Self::random(name, dice)).collect();
        tables[0].columns.push(Kind::Large);
        tables
    }

    fn random((schema, table): &(&str, &str), dice: &mut Dice) -> Self {
        let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
        let keys = [Key::Int, Key::Bigint, Key::Uuid, Key::Text, Key::Composite];
        // The first two are what windows and totals are most often of.
        let mut columns = vec![Kind::Int, Kind::Text];
        columns.extend((0..dice.roll(MOST_COLUMNS - 1)).map(|_| Kind::ALL[dice.roll(Kind::ALL.len() as u64) as usize]));
        Self {
            sql: format!("{}.{}", quoted(schema), quoted(table)),
            name: format!("{schema}.{table}"),
            key: keys[dice.roll(5) as usize],
            deferrable: dice.roll(2) == 0,
            columns,
        }
    }

    /// Makes it, with the triggers of the audit, which know it by `number`.
    pub fn create(&self, number: usize) -> String {
        let mut columns = String::new();
        for (place, kind) in self.columns.iter().enumerate() {
            write!(columns, "c{place} {}, ", kind.sql()).expect("writes");
        }
        let key = match self.key {
            Key::Int => "\"Id\" int",
            Key::Bigint => "\"Id\" bigint",
            Key::Uuid => "\"Id\" uuid",
            Key::Text => "\"Id\" text",
            Key::Composite => "\"Id\" int, part text",
        };
        format!(
            "create table {table} ({columns}{key}, primary key ({key_columns}){deferrable});
             create trigger \"50_audit\" after insert or update or delete on {table}
                 for each row execute function oracle.audit('{number}');
             create trigger \"50_audit_truncate\" after truncate on {table}
                 for each statement execute function oracle.audit('{number}');",
            table = self.sql,
            key_columns = self.key_list(),
            deferrable = if self.deferrable { " deferrable" } else { "" },
        )
    }

    /// Columns of the key, as subscriptions name them.
    pub fn key_columns(&self) -> Vec<String> {
        match self.key {
            Key::Composite => vec!["Id".to_owned(), "part".to_owned()],
            _ => vec!["Id".to_owned()],
        }
    }

    /// Columns of the key, as SQL names them.
    pub fn key_list(&self) -> &'static str {
        if self.key == Key::Composite { "\"Id\", part" } else { "\"Id\"" }
    }

    /// The values of key number `n`, as SQL.
    pub fn key_value(&self, n: u64) -> String {
        match self.key {
            Key::Int => n.to_string(),
            Key::Bigint => format!("{}", 9_007_199_254_740_993 + n),
            Key::Uuid => format!("md5('{n}')::uuid"),
            Key::Text => format!("'key ''é'' {n}'"),
            Key::Composite => format!("{}, 'p{}'", n / 4, n % 4),
        }
    }

    /// An expression that is true for the row of key number `n`.
    pub fn is_key(&self, n: u64) -> String {
        format!("({}) = ({})", self.key_list(), self.key_value(n))
    }

    /// A random assignment to one of its columns.
    pub fn assignment(&self, dice: &mut Dice) -> String {
        let place = dice.roll(self.columns.len() as u64) as usize;
        format!("c{place} = {}", self.columns[place].value(dice))
    }

    /// A row with key number `n`, in the order of the columns.
    pub fn row(&self, n: u64, dice: &mut Dice) -> String {
        let values: Vec<String> = self.columns.iter().map(|kind| kind.value(dice)).collect();
        format!("({}, {})", values.join(", "), self.key_value(n))
    }
}
