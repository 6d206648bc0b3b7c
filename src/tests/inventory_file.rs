//! The inventory as a file: what the page shows, and nothing that a policy keeps from whoever asks.

use crate::support::{Server, eventually, http, pool_of, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog,
    hub::Policy,
    identity::{Anonymous, token},
    protocol::Role,
    rights,
};
use sqlx::PgPool;
use std::time::Duration;

const FILE: &str = "/api/inventory/export";
const HEAD: &str = r#""id","sku","name","category","location","quantity","reorder_level","price","updated_at""#;

async fn script(pool: &PgPool, role: Role) -> String {
    let new = token::New { name: "script", role, tables: None, days: None };
    let (_, secret) = token::create(pool, &new).await.expect("makes");
    format!("authorization: Bearer {secret}\r\n")
}

#[sqlx::test(migrations = false)]
async fn a_file_has_what_the_page_shows_to_whoever_asks(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    sql(&pool, include_str!("../app/inventory/schema.sql")).await;
    sql(
        &pool,
        r#"insert into public.products (sku, name, category, location, quantity, reorder_level, price, updated_at) values
            ('S-1', 'Drill, 18 V "Pro"', 'Tools', 'A-01-1', 3, 5, 1299.5, '2026-01-02 03:04:05Z'),
            ('S-2', '=1+1', 'Tools', 'B-01-1', 9, 5, 1, '2026-01-02 03:04:05Z'),
            ('S-3', 'Nails', 'Small parts', 'A-02-1', 1, 5, 0.05, '2026-01-02 03:04:05Z')"#,
    )
    .await;
    capture::track(&pool, "products", Trust::Checked).await.expect("tracks");
    rights::grant(&pool, "products", Policy::all(Role::Staff)).await.expect("grants");
    let small = Policy { filter: Some("category <> 'Tools'".to_owned()), ..Policy::all(Role::Customer) };
    rights::grant(&pool, "products", small).await.expect("grants");
    let server = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let (staff, customer) = (script(&pool, Role::Staff).await, script(&pool, Role::Customer).await);
    let lines = async |who: &str, of: &str| {
        let answer = http::ask(server.address, "GET", &format!("{FILE}{of}"), who).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let mut lines: Vec<String> = answer.body.split_terminator("\r\n").map(str::to_owned).collect();
        assert_eq!(lines.remove(0), HEAD);
        lines
    };
    let all = lines(&staff, "").await;
    let first = r#""1","S-1","Drill, 18 V ""Pro""","Tools","A-01-1","3","5","1299.50","2026-01-02T03:04:05Z""#;
    assert_eq!((all.len(), &*all[0]), (3, first));
    assert!(all[1].contains(r#""'=1+1""#), "no spreadsheet carries it out: {}", all[1]);
    assert_eq!(lines(&staff, "?category=Tools&low=1").await, [first]);
    assert_eq!(lines(&staff, "?q=nails").await, all[2..]);
    assert_eq!(lines(&staff, "?aisle=A&sort=quantity&dir=desc&page=7").await, [&*all[0], &all[2]], "all pages of it");
    assert_eq!(lines(&customer, "").await, all[2..]);
    let answer = http::ask(server.address, "GET", FILE, &staff).await;
    assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"inventory.csv\""));

    rights::revoke_all(&pool, Role::Customer).await.expect("revokes");
    rights::revoke(&pool, "products", Role::Customer).await.expect("revokes");
    eventually("it is taken back", || async { http::ask(server.address, "GET", FILE, &customer).await.status == 404 })
        .await;
    assert_eq!(http::ask(server.address, "GET", FILE, "").await.status, 401);
}

/// Files and pages are read by the rights that a server knows of, and from the rows that there are: where it has yet to hear of other
/// rights, it has to wait.
#[sqlx::test(migrations = false)]
async fn new_rows_are_not_read_by_old_rights(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    sql(&pool, include_str!("../app/inventory/schema.sql")).await;
    capture::track(&pool, "products", Trust::Checked).await.expect("tracks");
    rights::grant(&pool, "products", Policy::all(Role::Staff)).await.expect("grants");
    let server = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let staff = script(&pool, Role::Staff).await;
    let ask = async || http::ask(server.address, "GET", FILE, &staff).await;
    assert_eq!(ask().await.status, 200);

    // A part of the changelog that nobody writes to, so that writers go on and the server does not get to know what they have written.
    let pool = pool_of(&pool, 4).await;
    let current = value::<i64>(&pool, "select last_value >> 40 & 3 from rowcast.change_seq").await;
    let mut holds = pool.begin().await.expect("begins");
    let lock = format!("lock table rowcast.change_{} in access exclusive mode", (current + 2) & 3);
    sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&mut *holds).await.expect("locks");
    let narrowed = Policy { filter: Some("category <> 'Secret'".to_owned()), ..Policy::all(Role::Staff) };
    rights::grant(&pool, "products", narrowed).await.expect("grants");
    sql(
        &pool,
        "insert into public.products (sku, name, category, location, quantity, reorder_level, price)
         values ('S-1', 'Plans', 'Secret', 'A-01-1', 1, 1, 1), ('S-2', 'Nails', 'Small parts', 'A-02-1', 1, 1, 1)",
    )
    .await;
    let (answer, ()) = tokio::join!(ask(), async {
        let waits = "select count(*) from pg_locks where relation in (
            'rowcast.change_0'::regclass, 'rowcast.change_1'::regclass, 'rowcast.change_2'::regclass, 'rowcast.change_3'::regclass
        ) and not granted";
        eventually("the server is held up", || async { value::<i64>(&pool, waits).await > 0 }).await;
        // As long as a request usually takes.
        tokio::time::sleep(Duration::from_millis(200)).await;
        holds.commit().await.expect("commits");
    });
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.body.contains("Nails") && !answer.body.contains("Plans"), "{}", answer.body);
}
