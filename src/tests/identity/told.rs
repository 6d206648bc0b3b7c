//! What servers are told, in the transaction that ends or changes somebody.

use super::{EMAIL, PASSWORD, signed_in, with_ada};
use crate::support::{sql, value};
use rowcast::{
    identity::{account, token},
    protocol::Role,
};
use serde_json::{Value, json};
use sqlx::PgPool;

/// What was told since `after`, and where that ends.
async fn told(pool: &PgPool, after: &mut i64) -> Vec<Value> {
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "select seq, new from rowcast.change where table_id = -1 and op = 'I' and seq > $1 order by seq",
    )
    .bind(*after)
    .fetch_all(pool)
    .await
    .expect("reads");
    *after = rows.last().map_or(*after, |(seq, _)| *seq);
    rows.iter().map(|(_, text)| serde_json::from_str(text).expect("JSON")).collect()
}

#[sqlx::test(migrations = false)]
async fn all_that_ends_or_changes_a_session_is_told(pool: PgPool) {
    let (server, ada) = with_ada(&pool, Role::Staff).await;
    let after = &mut 0;
    let logins = async || -> Vec<i64> {
        sqlx::query_scalar("select id from rowcast.login order by id").fetch_all(&pool).await.expect("reads")
    };
    let mut browser = signed_in(&server).await;
    assert_eq!(told(&pool, after).await, [] as [Value; 0], "signing in ends nothing");

    account::set_role(&pool, EMAIL, Role::Admin).await.expect("sets");
    assert_eq!(told(&pool, after).await, [json!({"account": ada})]);
    account::set_role(&pool, EMAIL, Role::Admin).await.expect("sets");
    assert_eq!(told(&pool, after).await, [] as [Value; 0], "nothing has changed");
    sql(&pool, "update rowcast.account set name = 'A.'").await;
    assert_eq!(told(&pool, after).await, [json!({"account": ada})]);

    let [here] = logins().await[..] else { panic!("one login") };
    let other = signed_in(&server).await;
    let there = logins().await[1];
    let form = [("old", PASSWORD), ("new", "another password"), ("again", "another password")];
    browser.post("/account/password", &form).await;
    let all_but_this_one = [json!({"login": here}), json!({"login": there, "ends": true})];
    assert_eq!(told(&pool, after).await, all_but_this_one, "which has another secret");
    drop(other);
    let [renewed] = logins().await[..] else { panic!("one login") };
    assert_ne!(renewed, here, "what was let in by the secret of before is not let in by this one");

    browser.post("/account/sign-out", &[]).await;
    assert_eq!(told(&pool, after).await, [json!({"login": renewed, "ends": true})]);

    account::reset_password(&pool, EMAIL, PASSWORD).await.expect("resets");
    let _browser = signed_in(&server).await;
    let login = logins().await[0];
    account::set_disabled(&pool, EMAIL, true).await.expect("disables");
    let ends = [json!({"account": ada, "ends": true}), json!({"login": login, "ends": true})];
    assert_eq!(told(&pool, after).await, ends);
    assert_eq!(logins().await, [] as [i64; 0], "who is let in again signs in again");
    account::set_disabled(&pool, EMAIL, false).await.expect("enables");
    assert_eq!(told(&pool, after).await, [] as [Value; 0]);

    let _browser = signed_in(&server).await;
    let login = logins().await[0];
    sql(&pool, "delete from rowcast.account").await;
    let mut all = told(&pool, after).await;
    all.sort_by_key(|one| one.get("login").is_some());
    assert_eq!(all, [json!({"account": ada, "ends": true}), json!({"login": login, "ends": true})]);
}

#[sqlx::test(migrations = false)]
async fn a_token_that_is_taken_back_is_told_and_one_that_is_used_is_not(pool: PgPool) {
    let (_server, _) = with_ada(&pool, Role::Staff).await;
    let after = &mut 0;
    let new = token::New { name: "script", role: Role::Staff, tables: None, days: None };
    let (one, _) = token::create(&pool, &new).await.expect("makes");
    let (two, _) = token::create(&pool, &new).await.expect("makes");
    let (three, _) = token::create(&pool, &new).await.expect("makes");
    sql(&pool, "update rowcast.token set last_used = now()").await;
    assert_eq!(told(&pool, after).await, [] as [Value; 0]);
    token::revoke(&pool, one).await.expect("revokes");
    sql(&pool, &format!("update rowcast.token set role = 'customer' where id = {two}")).await;
    sql(&pool, &format!("delete from rowcast.token where id = {three}")).await;
    let ends = [one, two, three].map(|id| json!({"token": id, "ends": true}));
    assert_eq!(told(&pool, after).await, ends);
}

#[sqlx::test(migrations = false)]
async fn a_truncated_table_ends_everybody_in_it(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Staff).await;
    let _browser = signed_in(&server).await;
    let login: i64 = value(&pool, "select id from rowcast.login").await;
    sql(&pool, "truncate rowcast.account cascade").await;
    assert_eq!(told(&pool, &mut 0).await, [json!({"login": login, "ends": true})]);
}

#[sqlx::test(migrations = false)]
async fn what_is_undone_is_not_told(pool: PgPool) {
    let (_server, _) = with_ada(&pool, Role::Staff).await;
    sql(&pool, "begin; update rowcast.account set disabled = true; rollback").await;
    assert_eq!(told(&pool, &mut 0).await, [] as [Value; 0]);
}
