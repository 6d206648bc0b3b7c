//! The inventory as a file: what the page shows, and nothing that a policy keeps from whoever asks.

use crate::support::{Server, http, sql};
use rowcast::{
    capture::{self, Trust},
    changelog,
    hub::Policy,
    identity::{Anonymous, token},
    protocol::Role,
    rights,
};
use sqlx::PgPool;

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
    crate::support::eventually("it is taken back", || async {
        http::ask(server.address, "GET", FILE, &customer).await.status == 404
    })
    .await;
    assert_eq!(http::ask(server.address, "GET", FILE, "").await.status, 401);
}
