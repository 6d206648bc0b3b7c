//! Who writes: transactions that overlap, fail, are undone in part, and meet at the same rows in opposite orders.

use super::schema::{KEYS, Table};
use crate::support::Dice;
use sqlx::{AssertSqlSafe, Connection, PgConnection, postgres::PgConnectOptions};
use std::time::Duration;

/// Between two tries to connect.
const RETRY: Duration = Duration::from_millis(50);
/// Longest pause within a transaction.
const PAUSE_MS: u64 = 20;

/// One statement, or several that belong together.
pub fn statement(tables: &[Table], dice: &mut Dice) -> String {
    let table = &tables[dice.roll(tables.len() as u64) as usize];
    let name = &table.sql;
    let (a, b) = (dice.roll(KEYS), dice.roll(KEYS));
    match dice.roll(60) {
        0..8 => format!("insert into {name} values {} on conflict do nothing", table.row(a, dice)),
        8..16 if !table.deferrable => format!(
            "insert into {name} values {}, {} on conflict ({}) do update set {}",
            table.row(a, dice),
            table.row((a + 1) % KEYS, dice),
            table.key_list(),
            table.assignment(dice)
        ),
        8..30 => {
            format!("update {name} set {} where {} or {}", table.assignment(dice), table.is_key(a), table.is_key(b))
        }
        30..36 => format!("update {name} set {} where {}", table.assignment(dice), table.is_key(a)),
        36..42 => format!("delete from {name} where {}", table.is_key(a)),
        42..46 => format!(
            "update {name} set ({k}) = row({}) where {}",
            table.key_value(b),
            table.is_key(a),
            k = table.key_list()
        ),
        46..51 if table.deferrable => format!(
            "update {name} set ({k}) = (select {k_a} where not {is_a} union all select {k_b} where {is_a}) where {is_a} or {is_b}",
            k = table.key_list(),
            k_a = table.key_value(a),
            k_b = table.key_value(b),
            is_a = table.is_key(a),
            is_b = table.is_key(b),
        ),
        46..51 => format!(
            "update {name} set ({k}) = row({free}) where {}; update {name} set ({k}) = row({}) where {}; update {name} set ({k}) = row({}) where {}",
            table.is_key(a),
            table.key_value(a),
            table.is_key(b),
            table.key_value(b),
            table.is_key(KEYS),
            k = table.key_list(),
            free = table.key_value(KEYS),
        ),
        51..55 => format!(
            "delete from {name} where {is}; insert into {name} values {}",
            table.row(a, dice),
            is = table.is_key(a)
        ),
        55..58 => format!("update {name} set {}", table.assignment(dice)),
        58 => {
            let rows: Vec<String> = (0..KEYS).map(|n| table.row(n, dice)).collect();
            format!("insert into {name} values {} on conflict do nothing", rows.join(", "))
        }
        _ => format!("truncate {name}"),
    }
}

async fn run(connection: &mut PgConnection, text: String) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(text)).execute(connection).await.map(|_| ())
}

/// One transaction; whether it committed.
async fn transact(connection: &mut PgConnection, tables: &[Table], dice: &mut Dice) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin().await?;
    for _ in 0..=dice.roll(3) {
        if dice.roll(3) > 0 {
            run(&mut transaction, statement(tables, dice)).await?;
        } else {
            run(&mut transaction, "savepoint s".to_owned()).await?;
            let done = run(&mut transaction, statement(tables, dice)).await;
            if done.is_err() || dice.roll(2) == 0 {
                run(&mut transaction, "rollback to s".to_owned()).await?;
            }
        }
        // Not to wait for anything, but to keep transactions open beside each other.
        tokio::time::sleep(Duration::from_millis(dice.roll(PAUSE_MS))).await;
    }
    if dice.roll(8) == 0 {
        transaction.rollback().await?;
        return Ok(false);
    }
    transaction.commit().await?;
    Ok(true)
}

/// Writes so many transactions, whatever happens to the database meanwhile. Returns how many committed.
pub async fn write(options: PgConnectOptions, tables: Vec<Table>, steps: u64, seed: u64) -> usize {
    let mut dice = Dice::new(seed);
    let mut committed = 0;
    let mut connection = None;
    for _ in 0..steps {
        let open = match &mut connection {
            Some(open) => open,
            None => loop {
                match PgConnection::connect_with(&options).await {
                    Ok(fresh) => break connection.insert(fresh),
                    Err(_) => tokio::time::sleep(RETRY).await,
                }
            },
        };
        match transact(open, &tables, &mut dice).await {
            Ok(done) => committed += usize::from(done),
            // Its own fault, such as a key that exists or a deadlock: the connection has rolled back.
            Err(sqlx::Error::Database(error)) if !error.code().is_some_and(|code| code.starts_with("57")) => {}
            Err(_) => connection = None,
        }
    }
    committed
}
