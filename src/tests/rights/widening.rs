//! Attempts to see more than is granted: through the filter, through positions, through those of others.

use super::{SEEN, asked, client_of, granted, keys, orders, signed_in, with_orders};
use crate::support::{Client, Rows, Server, sql};
use rowcast::protocol::Subscribe;
use serde_json::json;
use sqlx::PgPool;

/// Each would let everything through if it were joined with the policy as text.
const ATTEMPTS: &[&str] = &[
    "true",
    "true or true",
    "1 = 1 or id = 1",
    "id > 0) or (true",
    "true) or (owner <> 0",
    "true -- ",
    "true --\n",
    "true /* ",
    "true /* */",
    "id = 1 or not (id = 1)",
    "id is null or id is not null",
    "'x' = 'x' or id::text = 'x'",
    "id in (1, 2, 3, 4)",
    "id = any (array[1, 2, 3, 4])",
    "coalesce(id, 0) >= 0",
    "exists (select 1 from orders)",
    "id in (select id from orders)",
    "(select true)",
    "owner = 2",
    "\"owner\" = 2",
    "orders.owner = 2",
    "t.owner = 2",
    "owner::text = '2'",
    "\"secret\" = 'b2'",
    "orders.\"secret\" is not null",
    "row_to_json(orders)::text like '%b2%'",
    "orders::text like '%b2%'",
    "t is not null",
    "$user.id = 2 or true",
    "$1 or true",
    "id >= $1 or true",
    "id = 1; select 1",
    "id = 1 union select 2",
    "pg_sleep(1) is null",
    "current_user = 'x' or true",
    "status like '%' escape ''",
    "status = 'new' collate \"C\" or true",
    "\u{ff}true",
    "true\u{0}",
];

#[sqlx::test(migrations = false)]
async fn no_filter_lets_anybody_see_more_than_is_granted(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut ana = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let (mut shown, mut refused) = (0, 0);
    for attempt in ATTEMPTS {
        for params in [vec![], vec![json!(true)], vec![json!(0)]] {
            let question = Subscribe { filter: Some((*attempt).to_owned()), params, ..orders() };
            let (id, got) = asked(&mut ana, question, "id").await;
            match got {
                Ok(rows) => {
                    shown += 1;
                    let own = keys(&rows).iter().all(|key| ["1", "3"].contains(key));
                    assert!(own, "{attempt:?} shows {rows:?}");
                    // The changes are filtered as the rows are.
                    sql(&pool, "update orders set amount = amount + 1").await;
                    let amount = |rows: &Rows| rows.values().next().cloned();
                    let before = amount(&rows);
                    if before.is_some() {
                        ana.until("it changes", |client| amount(&client.rows(id)) != before).await;
                    }
                    let rows = ana.rows(id);
                    assert!(keys(&rows).iter().all(|key| ["1", "3"].contains(key)), "{attempt:?} shows {rows:?}");
                }
                Err(_) => refused += 1,
            }
            ana.unsubscribe(id).await;
        }
    }
    assert!(ana.heard.iter().all(|frame| !frame.contains(r#""b2""#) && !frame.contains(r#""owner":"#)));
    assert!(shown > 10 && refused > 10, "{shown} are read, {refused} are refused");
}

#[sqlx::test(migrations = false)]
async fn rows_of_others_and_columns_that_are_hidden_never_arrive(pool: PgPool) {
    let [ana, bob] = with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut client = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let (id, rows) = asked(&mut client, orders(), "id").await;
    let rows = rows.expect("rows");
    assert_eq!(keys(&rows), ["1", "3"]);
    for text in rows.values() {
        let row: serde_json::Map<String, serde_json::Value> = serde_json::from_str(text).expect("JSON");
        assert_eq!(
            row.keys().map(String::as_str).collect::<Vec<_>>(),
            ["amount", "id", "status"],
            "{SEEN:?} and no more"
        );
    }
    sql(
        &pool,
        &format!(
            "update orders set secret = 'other' where id = 2; update orders set owner = {ana} where id = 2;
             update orders set owner = {bob} where id = 1; insert into orders values (5, {bob}, 'new', 1, 'b5'), (6, {ana}, 'new', 1, 'a6');
             update orders set secret = 'hidden' where id = 3; delete from orders where id = 4"
        ),
    )
    .await;
    client.until("what is theirs", |client| keys(&client.rows(id)) == ["2", "3", "6"]).await;
    let seen = client.heard.join("\n");
    for hidden in
        [r#""a1""#, r#""a3""#, r#""b2""#, r#""b5""#, r#""a6""#, "other", "hidden", r#""id":4"#, r#""id":5"#, "owner"]
    {
        assert!(!seen.contains(hidden), "{hidden} in {seen}");
    }
}

/// Rows that somebody was shown, with the position that they belong to and whose that is.
async fn stood(client: &mut Client, id: u64) -> (String, Rows) {
    let welcome: serde_json::Value = serde_json::from_str(&client.heard[0]).expect("JSON");
    let position = client.token.clone().expect("a position");
    (format!("{position}~{}", welcome["rights"].as_str().expect("somebody")), client.rows(id))
}

#[sqlx::test(migrations = false)]
async fn nobody_continues_where_somebody_else_stood(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let shown = [signed_in(&server, "ana@example.org").await, signed_in(&server, "bob@example.org").await];
    let mut ana = client_of(&server, Some(shown[0].clone())).await;
    let (id, _) = asked(&mut ana, orders(), "id").await;
    let (position, rows) = stood(&mut ana, id).await;

    let mut again = client_of(&server, Some(shown[0].clone())).await;
    again.subscribe_from("orders", &["id"], Some(position.clone()), rows.clone()).await;
    again.until_live().await;
    assert!(again.resyncs().is_empty() && !again.has_heard("snapshot"), "whose it is continues");

    let bare = position.split('~').next().expect("a position").to_owned();
    for foreign in [position.clone(), bare, position.replace("customer:1", "staff:1"), format!("{position}~")] {
        let mut bob = client_of(&server, Some(shown[1].clone())).await;
        let id = bob.subscribe_from("orders", &["id"], Some(foreign.clone()), rows.clone()).await;
        bob.until_live().await;
        assert_eq!(bob.resyncs(), ["rights_changed"], "{foreign}");
        assert_eq!(keys(&bob.rows(id)), ["2", "4"]);
    }
}
