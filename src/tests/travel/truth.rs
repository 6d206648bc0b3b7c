//! As it was: random transactions, one after the other and at once.

use super::{all_of, last, moments, open, present, rows, texts, told, tracked};
use crate::support::{Dice, sql};
use futures::future::join_all;
use rowcast::changelog::travel::When;
use sqlx::{AssertSqlSafe, PgPool, Row};
use std::collections::{BTreeMap, BTreeSet};

const THINGS: &str = "create table things (id int, part text, n numeric, note text, \
    constraint things_pkey primary key (id, part) deferrable)";
/// Transactions one after the other.
const ALONE: u64 = 260;
/// Writers at once, and transactions of each.
const WRITERS: u64 = 6;
const EACH: u64 = 40;
/// Accounts between which money moves, and what each has in the beginning.
const ACCOUNTS: u64 = 12;
const MONEY: i64 = 1_000;

/// Something that a transaction may do.
fn statement(dice: &mut Dice) -> String {
    let (id, other) = (dice.roll(9), dice.roll(9));
    match dice.roll(10) {
        0 | 1 => format!("insert into things values ({id}, 'a', {other}.10, 'n{other}')"),
        2 => format!("update things set n = n + 0.5, note = null where id = {id}"),
        3 => format!("update things set note = 'ü\"{other}' where id >= {id}"),
        4 => format!("delete from things where id = {id}"),
        // Keys that pass from row to row.
        5 => "update things set id = id + 1 where id < 6 and part = 'b'".to_owned(),
        6 => "update things set id = 8 - id where part = 'c'".to_owned(),
        7 => format!(
            "insert into things select g, 'b', g, null from generate_series(0, {id}) g where not exists (select from things t where (t.id, t.part) = (g, 'b'))"
        ),
        8 => format!(
            "insert into things select g, 'c', null, 'c' from generate_series(0, 8) g where g <> {id} and not exists (select from things t where (t.id, t.part) = (g, 'c'))"
        ),
        _ => format!(
            "savepoint s; delete from things where id <> {id}; rollback to s; update things set part = part where id = {other}"
        ),
    }
}

#[sqlx::test(migrations = false)]
async fn each_of_hundreds_of_transactions_can_be_gone_back_to(pool: PgPool) {
    tracked(&pool, THINGS, "things").await;
    let mut dice = Dice::new(7);
    let (mut noted, mut seen): (Vec<(When, BTreeSet<String>)>, When) = (Vec::new(), last(&pool).await);
    for _ in 0..ALONE {
        let statements: Vec<String> = (0..1 + dice.roll(4)).map(|_| statement(&mut dice)).collect();
        let mut transaction = pool.begin().await.expect("begins");
        let outcome = sqlx::raw_sql(AssertSqlSafe(statements.join("; "))).execute(&mut *transaction).await;
        // A key that is there already, or twice in the end, ends the whole transaction: it never was.
        let committed = match outcome {
            Ok(_) => transaction.commit().await.is_ok(),
            Err(_) => false,
        };
        let moment = last(&pool).await;
        if committed && moment != seen {
            seen = moment;
            noted.push((moment, present(&pool, "things").await));
        }
    }
    assert!(noted.len() > 100, "{}", noted.len());
    let things = all_of(&pool, "things").await;
    for (when, then) in &noted {
        assert_eq!(&rows(&pool, &things, *when).await, then, "{when:?}");
        let When::Moment { at, .. } = when else { unreachable!() };
        assert_eq!(&rows(&pool, &things, When::Time(*at)).await, then, "{when:?} by its time");
    }
    assert_eq!(rows(&pool, &things, When::Now).await, noted.last().expect("some").1);
    each_moment_leads_to_the_next(&pool, "things").await;
}

/// What each moment is said to have changed is what lies between it and the one before.
async fn each_moment_leads_to_the_next(pool: &PgPool, table: &str) {
    let definition = all_of(pool, table).await;
    let mut travel = open(pool, &definition).await;
    let mut now: Option<BTreeSet<String>> = None;
    for moment in moments(pool, &definition).await {
        let then = texts(&travel.state(moment.when(), 100_000).await.expect("is known"));
        if let Some(mut before) = now {
            for one in &moment.differences {
                if let Some(old) = &one.old {
                    assert!(before.remove(old.get()), "{moment:?} changed what was not there");
                }
            }
            for one in &moment.differences {
                before.extend(one.new.as_ref().map(|new| new.get().to_owned()));
            }
            assert_eq!(before, then, "{moment:?}");
        }
        now = Some(then);
    }
    assert_eq!(now.expect("some"), present(pool, table).await);
}

/// Moves money, and tells the number of the transaction and what both accounts have then.
async fn transfer(pool: &PgPool, dice: &mut Dice) -> Option<(u64, Vec<(i64, i64)>)> {
    let (from, to) = (dice.roll(ACCOUNTS), dice.roll(ACCOUNTS));
    let amount = 1 + dice.roll(50) as i64;
    let mut transaction = pool.begin().await.expect("begins");
    let mut left = Vec::new();
    for (account, change) in [(from, -amount), (to, amount)] {
        let update = format!("update accounts set money = money + {change} where id = {account} returning id, money");
        // Whoever is in a deadlock gives up.
        let row = sqlx::query(AssertSqlSafe(update)).fetch_one(&mut *transaction).await.ok()?;
        left.push((row.get::<i64, _>(0), row.get::<i64, _>(1)));
        if dice.roll(3) == 0 {
            tokio::task::yield_now().await;
        }
    }
    if dice.roll(6) == 0 {
        transaction.rollback().await.expect("rolls back");
        return None;
    }
    let number: i64 =
        sqlx::query_scalar("select pg_current_xact_id()::text::bigint").fetch_one(&mut *transaction).await.ok()?;
    transaction.commit().await.expect("commits");
    Some((number.unsigned_abs(), left))
}

#[sqlx::test(migrations = false)]
async fn transactions_at_once_are_whole_and_in_the_order_in_which_they_met(pool: PgPool) {
    tracked(&pool, "create table accounts (id bigint primary key, money bigint not null)", "accounts").await;
    sql(&pool, &format!("insert into accounts select g, {MONEY} from generate_series(0, {}) g", ACCOUNTS - 1)).await;
    let writers = (0..WRITERS).map(|writer| {
        let pool = pool.clone();
        tokio::spawn(async move {
            let mut dice = Dice::new(writer + 11);
            let mut done = Vec::new();
            for _ in 0..EACH {
                done.extend(transfer(&pool, &mut dice).await);
            }
            done
        })
    });
    let done: BTreeMap<u64, Vec<(i64, i64)>> =
        join_all(writers).await.into_iter().flat_map(|done| done.expect("writes")).collect();
    assert!(done.len() > 50, "{} transfers", done.len());

    let accounts = all_of(&pool, "accounts").await;
    let mut travel = open(&pool, &accounts).await;
    let mut balances: BTreeMap<i64, i64> = (0..ACCOUNTS as i64).map(|id| (id, MONEY)).collect();
    let all = moments(&pool, &accounts).await;
    assert!(all.len() > 50);
    for moment in &all {
        // What the writers were told, in the order of the moments.
        if let Some(left) = done.get(&moment.transaction) {
            balances.extend(left.iter().copied());
        }
        let then = texts(&travel.state(moment.when(), 1_000).await.expect("is known"));
        let expected = balances.iter().map(|(id, money)| format!(r#"{{"id":{id},"money":{money}}}"#)).collect();
        assert_eq!(then, expected, "{moment:?}");
        assert_eq!(balances.values().sum::<i64>(), MONEY * ACCOUNTS as i64, "nothing is shown half");
    }
    drop(travel);
    each_moment_leads_to_the_next(&pool, "accounts").await;
}

#[sqlx::test(migrations = false)]
async fn a_transaction_that_stays_open_happens_as_a_whole_when_it_made_its_last_change(pool: PgPool) {
    tracked(&pool, "create table items (id int primary key, v text)", "items").await;
    sql(&pool, "insert into items values (1, 'a'), (2, 'a'), (3, 'a')").await;
    let mut long = pool.begin().await.expect("begins");
    sqlx::query("update items set v = 'long' where id = 1").execute(&mut *long).await.expect("writes");
    sql(&pool, "update items set v = 'short' where id = 2").await;
    sqlx::query("update items set v = 'long' where id = 3").execute(&mut *long).await.expect("writes");
    let items = all_of(&pool, "items").await;
    assert_eq!(moments(&pool, &items).await.len(), 2, "what is not committed is not to be seen");
    long.commit().await.expect("commits");

    let all = moments(&pool, &items).await;
    let said: Vec<_> = all.iter().skip(1).map(told).collect();
    assert_eq!(
        said,
        [vec!["{id:2,v:a} → {id:2,v:short}"], vec!["{id:1,v:a} → {id:1,v:long}", "{id:3,v:a} → {id:3,v:long}"]]
    );
    let between = rows(&pool, &items, all[1].when()).await;
    assert_eq!(
        between.into_iter().collect::<Vec<_>>(),
        [r#"{"id":1,"v":"a"}"#, r#"{"id":2,"v":"short"}"#, r#"{"id":3,"v":"a"}"#]
    );
}

#[sqlx::test(migrations = false)]
async fn a_clock_that_is_set_back_loses_no_moment(pool: PgPool) {
    tracked(&pool, "create table items (id int primary key, v int)", "items").await;
    sql(&pool, "insert into items values (1, 0)").await;
    for v in 1..=4 {
        sql(&pool, &format!("update items set v = {v}")).await;
    }
    // As if the clock had been set back by an hour before the third.
    sql(
        &pool,
        "update rowcast.change_0 set at = at - interval '1 hour' where new like '%\"v\":3}' or new like '%\"v\":4}'",
    )
    .await;
    let items = all_of(&pool, "items").await;
    let all = moments(&pool, &items).await;
    assert_eq!(all.len(), 5);
    for (v, moment) in all.iter().enumerate() {
        let then = rows(&pool, &items, moment.when()).await;
        assert_eq!(then.into_iter().collect::<Vec<_>>(), [format!(r#"{{"id":1,"v":{v}}}"#)]);
    }
}
