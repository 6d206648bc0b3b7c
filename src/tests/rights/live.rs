//! Rights that change while somebody looks.

use super::{add, asked, client_of, grant, granted, keys, orders, own_orders, signed_in, with_orders, with_token};
use crate::support::{Client, Server, eventually, sql, value};
use rowcast::{
    hub::{Policy, Principal},
    identity::{account, token},
    protocol::{CloseCode, OrderBy, Role, Subscribe},
    rights,
    store::Phase,
};
use sqlx::PgPool;

async fn staff(pool: &PgPool, server: &Server) -> (Client, u64) {
    let mut client = client_of(server, Some(with_token(pool, Role::Staff, None).await.1)).await;
    let (id, rows) = asked(&mut client, orders(), "id").await;
    assert_eq!(rows.expect("rows").len(), 4);
    (client, id)
}

fn is_refused(client: &Client, id: u64) -> bool {
    matches!(client.view(id).phase, Some(Phase::Failed(_)))
}

#[sqlx::test(migrations = false)]
async fn what_is_revoked_vanishes_at_once_and_is_back_when_it_is_granted_again(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let (mut client, id) = staff(&pool, &server).await;
    // In one transaction with a write: nothing of it is told to those who may not see it any more.
    sql(&pool, "begin; update orders set secret = 'afterwards'; select rowcast.revoke('orders', 'staff'); commit")
        .await;
    client.until("it is refused", |client| is_refused(client, id)).await;
    assert!(client.rows(id).is_empty(), "nothing is left on the page");
    sql(&pool, "update orders set secret = 'much later'").await;
    assert!(client.heard.iter().all(|frame| !frame.contains("afterwards") && !frame.contains("much later")));
    grant(&pool, Policy::all(Role::Staff)).await;
    client.until("it is granted again", |client| client.rows(id).len() == 4).await;
}

#[sqlx::test(migrations = false)]
async fn a_policy_that_is_narrowed_takes_rows_and_columns_away(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let (mut client, id) = staff(&pool, &server).await;
    grant(&pool, Policy { filter: Some("amount >= 30".to_owned()), ..Policy::all(Role::Staff) }).await;
    client.until("fewer rows", |client| keys(&client.rows(id)) == ["3", "4"]).await;
    grant(&pool, Policy { columns: Some(vec!["status".to_owned()]), ..Policy::all(Role::Staff) }).await;
    client.until("fewer columns", |client| client.rows(id).values().all(|row| !row.contains("secret"))).await;
    client.until("all rows", |client| client.rows(id).len() == 4).await;
    assert_eq!(client.row(id, "1").as_deref(), Some(r#"{"id":1,"status":"new"}"#));
}

#[sqlx::test(migrations = false)]
async fn a_policy_of_its_own_goes_before_that_of_all_tables(pool: PgPool) {
    with_orders(&pool).await;
    rights::grant_all(&pool, Role::Staff).await.expect("grants");
    let server = Server::start_strict(&pool).await;
    let (mut client, id) = staff(&pool, &server).await;
    grant(&pool, Policy { filter: Some("id = 1".to_owned()), ..Policy::all(Role::Staff) }).await;
    client.until("its own", |client| keys(&client.rows(id)) == ["1"]).await;
    assert!(rights::revoke(&pool, "orders", Role::Staff).await.expect("revokes"));
    client.until("that of all", |client| client.rows(id).len() == 4).await;
    assert!(rights::revoke_all(&pool, Role::Staff).await.expect("revokes"));
    client.until("none", |client| is_refused(client, id)).await;
}

#[sqlx::test(migrations = false)]
async fn somebody_with_another_role_starts_over_and_somebody_who_is_disabled_is_out(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut ana = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let (id, _) = asked(&mut ana, orders(), "id").await;
    assert_eq!(keys(&ana.rows(id)), ["1", "3"]);
    account::set_role(&pool, "ana@example.org", Role::Staff).await.expect("sets");
    assert_eq!(ana.until_closed().await, Some(CloseCode::RightsChanged.code()));
    assert!(ana.rows(id).is_empty(), "what was seen is forgotten");
    ana.until("all of it", |client| client.rows(id).len() == 4).await;
    account::set_role(&pool, "ana@example.org", Role::Customer).await.expect("sets");
    assert_eq!(ana.until_closed().await, Some(CloseCode::RightsChanged.code()));
    assert!(ana.rows(id).is_empty());
    ana.until("what is hers", |client| keys(&client.rows(id)) == ["1", "3"]).await;
    sql(&pool, "begin; update rowcast.account set disabled = true where name = 'Ana'; update orders set status = 'unseen'; commit").await;
    assert_eq!(ana.until_closed().await, Some(CloseCode::SignedOut.code()));
    assert!(ana.rows(id).is_empty() && ana.heard.iter().all(|frame| !frame.contains("unseen")));
}

#[sqlx::test(migrations = false)]
async fn what_a_cookie_opened_ends_when_its_login_has_another_secret(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let shown = signed_in(&server, "ana@example.org").await;
    let mut thief = client_of(&server, Some(shown)).await;
    let (id, _) = asked(&mut thief, orders(), "id").await;
    assert_eq!(keys(&thief.rows(id)), ["1", "3"]);
    let ticket =
        "insert into rowcast.ticket select sha256('t'), id, null, now() + interval '1 hour' from rowcast.login";
    sql(&pool, ticket).await;
    // As a new password does it, in the browser where it is set.
    sql(&pool, "update rowcast.login set token = sha256('another one')").await;
    assert_eq!(thief.until_closed().await, Some(CloseCode::RightsChanged.code()));
    assert!(thief.rows(id).is_empty(), "what was seen is forgotten");
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.ticket").await, 0);
}

#[sqlx::test(migrations = false)]
async fn a_token_that_is_revoked_or_runs_out_ends_its_sessions_and_no_others(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let (number, shown) = with_token(&pool, Role::Staff, None).await;
    let mut revoked = client_of(&server, Some(shown)).await;
    let (mut other, id) = staff(&pool, &server).await;
    assert!(token::revoke(&pool, number).await.expect("revokes"));
    assert_eq!(revoked.until_closed().await, Some(CloseCode::SignedOut.code()));
    sql(&pool, "update orders set status = 'goes on'").await;
    other.until("goes on", |client| client.row(id, "1").is_some_and(|row| row.contains("goes on"))).await;
}

#[sqlx::test(migrations = false)]
async fn a_session_whose_person_has_gone_without_anybody_being_told_ends_at_the_next_look(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    add(&pool, "eve@example.org", "Eve", Role::Staff).await;
    let server = Server::start_strict(&pool).await;
    let shown = signed_in(&server, "eve@example.org").await;
    // As if it had happened between the handshake and the session's beginning, and the servers had been told long ago.
    let mut eve = client_of(&server, Some(shown)).await;
    sql(&pool, "set session_replication_role = replica; delete from rowcast.login; reset session_replication_role")
        .await;
    let mut second = client_of(&server, None).await;
    asked(&mut second, orders(), "id").await.1.expect_err("nobody sees anything");
    let closed = tokio::time::timeout(std::time::Duration::from_secs(70), async { while eve.listen().await {} }).await;
    assert!(closed.is_ok(), "it is found out at the next look");
    assert_eq!(eve.closed, Some(CloseCode::SignedOut.code()));
}

#[sqlx::test(migrations = false)]
async fn a_policy_that_cannot_be_read_any_more_lets_nobody_see_anything(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut ana = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let (id, _) = asked(&mut ana, orders(), "id").await;
    sql(&pool, "alter table orders rename column owner to possessor").await;
    ana.until("it is refused", |client| is_refused(client, id)).await;
    let (_, got) = asked(&mut ana, orders(), "id").await;
    assert_eq!(got, Err("unknown_table".to_owned()));
    assert!(ana.rows(id).is_empty(), "nothing is left on the page");
    let listed = rights::list(&pool).await.expect("lists");
    let broken = listed.iter().find(|listed| listed.policy.role == Role::Customer).expect("is listed");
    assert!(broken.problem.as_ref().is_some_and(|problem| problem.contains("owner")), "{broken:?}");
}

#[sqlx::test(migrations = false)]
async fn mistakes_in_a_policy_are_told_to_whoever_makes_it(pool: PgPool) {
    with_orders(&pool).await;
    let told = async |policy: Policy| rights::grant(&pool, "orders", policy).await.expect_err("is refused").to_string();
    let filtered = |filter: &str| Policy { filter: Some(filter.to_owned()), ..Policy::all(Role::Staff) };
    assert!(told(filtered("ownr = $user.id")).await.contains("ownr"));
    assert!(told(filtered("owner = ")).await.starts_with("the filter of the policy cannot be used"));
    assert!(told(filtered("id in (select 1)")).await.contains("filter"));
    let columns = Policy { columns: Some(vec!["nosuch".to_owned()]), ..Policy::all(Role::Staff) };
    assert!(told(columns).await.contains("it has id, owner, status, amount, secret"));
    let missing = rights::grant(&pool, "nosuch", Policy::all(Role::Staff)).await.expect_err("is refused").to_string();
    assert!(missing.contains("rowcast track nosuch"), "{missing}");
    assert!(rights::list(&pool).await.expect("lists").is_empty(), "nothing of it was granted");
}

#[sqlx::test(migrations = false)]
async fn it_is_told_why_somebody_sees_a_row_or_does_not(pool: PgPool) {
    let [ana, _] = with_orders(&pool).await;
    grant(&pool, own_orders()).await;
    let who = Principal { account: Some(ana), ..Principal::nobody(Role::Customer) };
    let told = async |who: &Principal, key: &str| rights::explain(&pool, who, "orders", key).await.expect("explains");
    let own = told(&who, "1").await;
    assert!(own.sees && own.to_string().contains("owner = '1'"), "{own}");
    let others = told(&who, "2").await;
    assert!(!others.sees && others.to_string().contains("does not hold for this row, which has owner = 2"), "{others}");
    let absent = told(&who, "99").await;
    assert!(!absent.sees && absent.to_string().contains("no row with this key"), "{absent}");
    let admin = told(&Principal::nobody(Role::Admin), "1").await;
    assert!(!admin.sees && admin.to_string().contains("rowcast grant orders --role admin"), "{admin}");
    let wrong = rights::explain(&pool, &who, "orders", "1,2").await.expect("a text may have commas");
    assert!(!wrong.sees);
}

#[sqlx::test(migrations = false)]
async fn a_grant_beside_a_revocation_that_is_not_committed_yet_does_not_bring_it_back(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let mut revoking = pool.begin().await.expect("begins");
    sqlx::raw_sql("select rowcast.revoke('orders', 'customer')").execute(&mut *revoking).await.expect("revokes");
    let granting = {
        let pool = pool.clone();
        tokio::spawn(async move { grant(&pool, Policy::all(Role::Admin)).await })
    };
    let waits = "select exists (select from pg_locks where not granted)";
    eventually("it waits", || async { value::<bool>(&pool, waits).await }).await;
    revoking.commit().await.expect("commits");
    granting.await.expect("grants");
    let left: String =
        value(&pool, "select string_agg(p ->> 'role', ' ') from rowcast.tracked, jsonb_array_elements(policies) p")
            .await;
    assert_eq!(left, "admin staff");
}

#[sqlx::test(migrations = false)]
async fn a_window_does_not_tell_that_something_hidden_has_changed(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut ana = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    let order = vec![OrderBy { column: "amount".to_owned(), desc: true, nulls: None }];
    let (id, _) = asked(&mut ana, Subscribe { order, limit: Some(2), ..orders() }, "id").await;
    let changes = |client: &Client| client.heard.iter().filter(|frame| frame.contains(r#""type":"changes""#)).count();
    let before = changes(&ana);
    sql(&pool, "update orders set secret = 'hidden'").await;
    sql(&pool, "update orders set status = 'seen' where id = 1").await;
    ana.until("what is shown", |client| client.row(id, "1").is_some_and(|row| row.contains("seen"))).await;
    assert_eq!(changes(&ana), before + 1);
}
