//! Every operator of filters, on every column that somebody sees, so that it holds for as many rows as can be: nobody sees more by it
//! than is theirs.

use super::{asked, client_of, granted, keys, orders, signed_in, with_orders};
use crate::support::{Server, sql};
use rowcast::protocol::{Aggregate, OrderBy, Subscribe};
use sqlx::PgPool;

/// Of a number, of a text, of anything. Each holds for all orders, or is refused.
const OF_NUMBERS: &[&str] = &[
    "{} >= -1000000",
    "{} > -1",
    "{} < 1000000",
    "{} <= 1000000",
    "{} <> -1",
    "{} != -1",
    "not ({} = -1)",
    "{} between -1000000 and 1000000",
    "{} not between -3 and -2",
    "{} + 1 > {}",
    "{} - 1 < {}",
    "{} * 0 = 0",
    "- {} <= 0",
    "{} % 1 = 0",
    "coalesce({}, -1) >= -1",
    "nullif({}, -1) is not null",
    "{}::text <> ''",
    "{}::numeric >= -1.5",
    "{} = any (array[10, 20, 30, 40, 1, 2, 3, 4])",
    "{} <> all (array[-1, -2])",
];
const OF_TEXTS: &[&str] = &[
    "{} like '%'",
    "{} not like 'nothing'",
    "{} ilike '%E%' or {} ilike '%A%'",
    "{} not ilike 'nothing'",
    "{} || 'x' <> ''",
    "length({}) > 0",
    "lower({}) <> ''",
    "upper({}) <> ''",
    "{} >= ''",
    "{} ~ '.*'",
    "{} similar to '%'",
    "{} collate \"C\" >= ''",
];
const OF_ANY: &[&str] = &[
    "{} is not null",
    "{} is null or {} is not null",
    "{} is distinct from null",
    "({} is null) = false",
    "({} is not null) is true",
    "{} = {}",
    "{} in ({}, {})",
    "case when {} is null then false else true end",
    "true or {} is null",
    "{} is not null or false",
];

fn filters() -> Vec<String> {
    let numbers =
        ["id", "amount"].into_iter().flat_map(|column| OF_NUMBERS.iter().map(move |form| form.replace("{}", column)));
    let texts = OF_TEXTS.iter().map(|form| form.replace("{}", "status"));
    let any = ["id", "amount", "status"]
        .into_iter()
        .flat_map(|column| OF_ANY.iter().map(move |form| form.replace("{}", column)));
    numbers.chain(texts).chain(any).collect()
}

#[sqlx::test(migrations = false)]
async fn no_operator_shows_more_than_is_granted(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut ana = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let (mut read, mut refused) = (0, 0);
    for filter in filters() {
        let rows = Subscribe { filter: Some(filter.clone()), ..orders() };
        let first = OrderBy { column: "amount".to_owned(), desc: true, nulls: None };
        let window = Subscribe { order: vec![first], limit: Some(10), ..rows.clone() };
        for question in [rows.clone(), window] {
            let (id, got) = asked(&mut ana, question, "id").await;
            match got {
                Ok(rows) => {
                    read += 1;
                    assert_eq!(keys(&rows), ["1", "3"], "{filter}");
                }
                Err(_) => refused += 1,
            }
            ana.unsubscribe(id).await;
        }
        let aggregate = Some(Aggregate { count: true, ..Aggregate::default() });
        let (id, got) = asked(&mut ana, Subscribe { aggregate, ..rows }, "group").await;
        if let Ok(totals) = got {
            assert!(totals.values().all(|total| total.contains(r#""count":2"#)), "{filter}: {totals:?}");
        }
        ana.unsubscribe(id).await;
    }
    assert!(read > 60 && refused > 10, "{read} are read, {refused} are refused");
    // The stream is filtered as the snapshots are, with all of them open at once.
    let mut open = Vec::new();
    for filter in filters().into_iter().filter(|filter| !filter.contains("array")).take(60) {
        let question = Subscribe { filter: Some(filter), ..orders() };
        let (id, got) = asked(&mut ana, question, "id").await;
        open.extend(got.is_ok().then_some(id));
    }
    sql(&pool, "update orders set amount = amount + 1; insert into orders select 5, owner, 'new', 5, 'new' from orders where id = 1").await;
    for id in open {
        ana.until("the new one", |client| keys(&client.rows(id)) == ["1", "3", "5"]).await;
    }
    assert!(ana.heard.iter().all(|frame| !frame.contains(r#""id":2,"#) && !frame.contains(r#""id":4,"#)));
}
