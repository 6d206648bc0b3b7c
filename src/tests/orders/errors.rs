//! Every refusal that is documented, as it is answered.

use super::{Caller, order, person, script, sql, with_shop};
use rowcast::{
    orders::{RefusalCode, Step},
    protocol::Role,
};
use serde_json::json;
use sqlx::PgPool;
use std::collections::BTreeSet;

const DOCUMENTATION: &str = include_str!("../../orders/API.md");

/// A request that is refused: what it is, with which status, code and field.
struct Case {
    method: &'static str,
    path: &'static str,
    body: String,
    due: (u16, RefusalCode, Option<&'static str>),
}

fn post(path: &'static str, body: &str, status: u16, code: RefusalCode, field: Option<&'static str>) -> Case {
    Case { method: "POST", path, body: body.to_owned(), due: (status, code, field) }
}

fn get(path: &'static str, status: u16, code: RefusalCode, field: Option<&'static str>) -> Case {
    Case { method: "GET", path, body: String::new(), due: (status, code, field) }
}

fn noted(note: &str) -> String {
    json!({"lines": [{"product_id": 1, "quantity": 1}], "note": note}).to_string()
}

/// What is refused to staff, when order 1001 is placed and nothing else is there.
fn cases() -> Vec<Case> {
    use RefusalCode::*;
    const ALL: &str = "/api/orders";
    let many: Vec<(i64, i64)> = (1..=101).map(|product| (product, 1)).collect();
    vec![
        post(ALL, "{", 400, Malformed, None),
        post(ALL, "", 400, Malformed, None),
        post(ALL, "[]", 400, Malformed, None),
        post(ALL, r#"{"lines":[],"colour":"red"}"#, 400, Malformed, Some("colour")),
        post(ALL, r#"{"lines":[{"product_id":1,"quantity":1,"price":0}]}"#, 400, Malformed, Some("lines[0].price")),
        post(ALL, r#"{"lines":[{"product_id":"1","quantity":1}]}"#, 400, Malformed, Some("lines[0].product_id")),
        post(ALL, r#"{"lines":[{"product_id":1}]}"#, 400, Malformed, Some("lines[0].quantity")),
        post(ALL, r#"{}"#, 422, Invalid, Some("lines")),
        post(ALL, &order(&[]), 422, Invalid, Some("lines")),
        post(ALL, &order(&many), 422, Invalid, Some("lines")),
        post(ALL, &order(&[(1, 0)]), 422, Invalid, Some("lines[0].quantity")),
        post(ALL, &order(&[(1, 100_001)]), 422, Invalid, Some("lines[0].quantity")),
        post(ALL, &order(&[(1, 1), (1, 1)]), 422, Invalid, Some("lines[1].product_id")),
        post(ALL, &noted(&"x".repeat(1_001)), 422, Invalid, Some("note")),
        post(ALL, &noted("\0"), 422, Invalid, Some("note")),
        post(ALL, &noted(&"x".repeat(40_000)), 413, TooLarge, None),
        post(ALL, &order(&[(1, 1), (99, 1)]), 422, UnknownProduct, Some("lines[1].product_id")),
        post(ALL, &order(&[(1, 1), (2, 11)]), 409, OutOfStock, Some("lines[1].quantity")),
        post(ALL, r#"{"lines":[{"product_id":1,"quantity":1}],"customer":99}"#, 422, UnknownCustomer, Some("customer")),
        get("/api/orders?limit=201", 422, Invalid, Some("limit")),
        get("/api/orders?limit=0", 422, Invalid, Some("limit")),
        get("/api/orders?state=lost", 422, Invalid, Some("state")),
        get("/api/orders?before=x", 422, Invalid, Some("before")),
        get("/api/orders?page=2", 400, Malformed, Some("page")),
        get("/api/orders/1001?x=1", 400, Malformed, Some("x")),
        get("/api/orders/99", 404, NotFound, None),
        get("/api/orders/abc", 404, NotFound, None),
        get("/api/orders/99/events", 404, NotFound, None),
        Case { method: "DELETE", ..get("/api/orders/1001", 405, MethodNotAllowed, None) },
        get("/api/orders/1001/pay", 405, MethodNotAllowed, None),
        post("/api/orders/1001/events", "", 405, MethodNotAllowed, None),
        post("/api/orders/1001/eat", "", 404, NotFound, None),
        post("/api/orders/99/pay", "", 404, NotFound, None),
        post("/api/orders/1001/ship", "", 409, IllegalStep, None),
        post("/api/orders/1001/pay", r#"{"version":2}"#, 409, VersionConflict, None),
        post("/api/orders/1001/pay", r#"{"version":0}"#, 422, Invalid, Some("version")),
        post("/api/orders/1001/pay", r#"{"carrier":"DHL"}"#, 422, Invalid, Some("carrier")),
        post("/api/orders/1001/pay", r#"{"reason":"x"}"#, 400, Malformed, Some("reason")),
    ]
}

#[sqlx::test(migrations = false)]
async fn every_refusal_is_answered_as_documented_and_changes_nothing(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let (_, cookie) = person(&pool, "Cleo", Role::Customer).await;
    let customer = Caller::new(&server, &cookie);
    assert_eq!(customer.order(1, 1).await.id(), 1_001);
    let mut seen = BTreeSet::new();
    for Case { method, path, body, due: (status, code, field) } in cases() {
        let refused = staff.send(method, path, "content-type: application/json\r\n", &body).await;
        let told = (refused.status, refused.code(), refused.body["field"].as_str());
        assert_eq!(told, (status, code.word(), field), "{method} {path} {}", body.chars().take(80).collect::<String>());
        assert!(refused.body["message"].as_str().is_some_and(|message| !message.is_empty()), "{refused:?}");
        seen.insert(code.word());
    }
    let refusals = [
        (customer.post("/api/orders/1001/pick", "").await, RefusalCode::NotAllowed),
        (
            customer.post("/api/orders", r#"{"lines":[{"product_id":1,"quantity":1}],"customer":1}"#).await,
            RefusalCode::NotAllowed,
        ),
        (Caller::new(&server, "").get("/api/orders").await, RefusalCode::SignedOut),
        (
            staff.send("POST", "/api/orders", "content-type: text/plain\r\n", &order(&[(1, 1)])).await,
            RefusalCode::Malformed,
        ),
        (staff.keyed("/api/orders", "a b", &order(&[(1, 1)])).await, RefusalCode::Invalid),
        (staff.keyed("/api/orders", "a\r\nidempotency-key: b", &order(&[(1, 1)])).await, RefusalCode::Malformed),
        (staff.keyed("/api/orders/1001/cancel", "k", "").await, RefusalCode::KeyReused),
    ];
    for (at, (refused, code)) in refusals.into_iter().enumerate() {
        if code == RefusalCode::KeyReused {
            // The key was free: this was carried out, and is what the key stands for now.
            assert_eq!(refused.status, 200);
            let other = staff.keyed("/api/orders/1001/pay", "k", "").await;
            assert_eq!((other.status, other.code()), (422, code.word()));
        } else {
            assert_eq!((refused.status, refused.code()), (code.status(), code.word()), "{at}: {refused:?}");
        }
        seen.insert(code.word());
    }
    // No room for what comes back.
    let id = staff.order(2, 1).await.id();
    sql(&pool, "update public.products set quantity = 1000000 where id = 2").await;
    assert_eq!(staff.post(&format!("/api/orders/{id}/cancel"), "").await.code(), "stock_full");
    seen.insert("stock_full");
    // The database does not do it.
    sql(&pool, "alter table public.order_steps add constraint nothing_new check (false) not valid").await;
    let unavailable = staff.order(3, 1).await;
    assert_eq!((unavailable.status, unavailable.code()), (503, "unavailable"));
    seen.insert("unavailable");
    // Nobody knows whether it does: it ends the connection at the end of the transaction.
    sql(
        &pool,
        "alter table public.order_steps drop constraint nothing_new;
         create function public.hang_up() returns trigger language plpgsql as $$
             begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(10); return null; end
         $$;
         create constraint trigger hang_up after insert on public.order_steps deferrable initially deferred
             for each row execute function public.hang_up()",
    )
    .await;
    let unknown = staff.order(3, 1).await;
    assert_eq!((unknown.status, unknown.code()), (503, "unconfirmed"));
    seen.insert("unconfirmed");
    let documented: BTreeSet<&str> = RefusalCode::ALL.iter().map(|code| code.word()).collect();
    assert_eq!(seen, documented);
    let placed: i64 = super::value(&pool, "select count(*) from public.orders").await;
    assert_eq!(placed, 2, "what was refused has left nothing behind");
    super::all_is_well(&pool, 50 + 999_991).await;
}

#[sqlx::test(migrations = false)]
async fn where_there_are_no_orders_programs_are_told_so(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    sql(&pool, "drop table public.orders; create table public.orders (id int primary key, secret text)").await;
    for path in ["/api/orders", "/api/orders/7", "/api/orders/7/events"] {
        let refused = staff.get(path).await;
        assert_eq!((refused.status, refused.code()), (404, "not_found"), "{path}: {refused:?}");
    }
    sql(&pool, "drop table public.orders").await;
    assert_eq!(staff.order(1, 1).await.status, 404);
}

#[test]
fn the_documentation_tells_every_code_with_its_status_every_step_and_every_bound() {
    for code in RefusalCode::ALL {
        let line = format!("| {} | `{}` |", code.status(), code.word());
        assert!(DOCUMENTATION.contains(&line), "{line}");
    }
    for step in Step::ALL {
        assert!(DOCUMENTATION.contains(&format!("| `{step}` |")), "{step}");
    }
    for bound in ["100 lines", "100,000", "1,000 characters", "32 KiB", "at most 200", "a day"] {
        assert!(DOCUMENTATION.contains(bound), "{bound}");
    }
}
