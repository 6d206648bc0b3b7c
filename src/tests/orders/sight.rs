//! Policies hold for orders as they hold for rows: the API and an order's past tell nobody more than a page would show them.

use super::{Caller, Reply, left, order, script, sql, value, with_shop};
use rowcast::{hub::Policy, identity::token, protocol::Role, rights};
use serde_json::{Value, json};
use sqlx::PgPool;

const ORDERS: &str = "public.orders";
const PRODUCTS: &str = "public.products";

/// Nothing of a table.
async fn staff_see_nothing(pool: &PgPool, table: &str) {
    // What is granted of all tables would hold again.
    rights::revoke_all(pool, Role::Staff).await.expect("revokes");
    assert!(rights::revoke(pool, table, Role::Staff).await.expect("revokes"));
}

async fn staff_see(pool: &PgPool, table: &str, change: impl FnOnce(&mut Policy)) {
    let mut policy = Policy::all(Role::Staff);
    change(&mut policy);
    rights::grant(pool, table, policy).await.expect("grants");
}

fn ids(reply: &Reply) -> Vec<i64> {
    reply.body["orders"].as_array().expect("a list").iter().filter_map(|order| order["id"].as_i64()).collect()
}

fn columns(names: &[&str]) -> Option<Vec<String>> {
    Some(names.iter().map(|&name| name.to_owned()).collect())
}

/// What the page of an order is told of its past.
async fn versions(caller: &Caller, id: i64) -> usize {
    let form = "content-type: application/x-www-form-urlencoded\r\naccept: application/json\r\n";
    let told = caller.send("POST", "/api/order-history", form, &format!("id={id}")).await;
    told.body.as_array().unwrap_or_else(|| panic!("no list: {told:?}")).len()
}

#[sqlx::test(migrations = false)]
async fn rows_that_are_not_granted_are_not_told_of(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let (first, second) = (staff.order(1, 1).await.id(), staff.order(2, 5).await.id());
    assert_eq!(ids(&staff.get("/api/orders").await), [second, first]);
    staff_see(&pool, ORDERS, |policy| policy.filter = Some("pieces > 1".to_owned())).await;
    assert_eq!(ids(&staff.get("/api/orders").await), [second], "from now on");
    assert_eq!(ids(&staff.get("/api/orders?state=placed&limit=1").await), [second]);
    let (hidden, shown) = (format!("/api/orders/{first}"), format!("/api/orders/{second}"));
    for path in [hidden.clone(), format!("{hidden}/events"), format!("{hidden}/eat")] {
        let refused = staff.get(&path).await;
        assert!(matches!(refused.status, 404 | 405), "{path}: {refused:?}");
    }
    // Nor by what is said to those who want something that cannot be done.
    for step in ["pay", "ship", "cancel"] {
        let refused = staff.post(&format!("{hidden}/{step}"), "").await;
        assert_eq!((refused.status, &refused.body["state"]), (404, &Value::Null), "{step}");
    }
    assert_eq!(left(&pool, 1).await, 9, "nothing was given back");
    assert_eq!((versions(&staff, first).await, versions(&staff, second).await), (0, 1));
    assert_eq!(staff.post(&format!("{shown}/pay"), "").await.status, 200);
    assert_eq!(staff.get(&format!("{shown}/events")).await.body["events"].as_array().map(Vec::len), Some(2));

    staff_see_nothing(&pool, ORDERS).await;
    for path in ["/api/orders".to_owned(), shown.clone(), format!("{shown}/events")] {
        let refused = staff.get(&path).await;
        assert_eq!((refused.status, refused.code()), (404, "not_found"), "{path}");
    }
    assert_eq!(staff.post(&format!("{shown}/pick"), "").await.status, 404);
    assert_eq!(versions(&staff, second).await, 0);
    // Ordering needs no sight of what others have ordered.
    assert_eq!(staff.post("/api/orders", &order(&[(3, 1)])).await.status, 201);
}

#[sqlx::test(migrations = false)]
async fn a_past_is_told_to_those_who_see_all_of_an_order(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let id = staff.post("/api/orders", &order(&[(1, 2), (2, 1)])).await.id();
    let path = format!("/api/orders/{id}");
    let past = async |why: &str, is_told: bool| {
        let told = staff.get(&format!("{path}/events")).await;
        assert_eq!((told.status, told.code()), if is_told { (200, "") } else { (403, "not_allowed") }, "{why}");
        assert_eq!(versions(&staff, id).await, usize::from(is_told), "{why}");
    };
    past("at first", true).await;

    staff_see(&pool, ORDERS, |policy| policy.columns = columns(&["customer_name", "version", "lines"])).await;
    let seen = staff.get(&path).await.body;
    assert_eq!(seen["order"], json!({"id": id, "customer_name": "script", "version": 1, "lines": 2}));
    assert_eq!(seen["allowed"], json!([]), "its state is not told");
    past("columns of the order", false).await;
    assert_eq!(staff.get("/api/orders?state=placed").await.code(), "not_allowed", "nor by asking for it");
    staff_see(&pool, ORDERS, |_| {}).await;

    staff_see(&pool, "public.order_lines", |policy| policy.filter = Some("quantity > 1".to_owned())).await;
    assert_eq!(staff.get(&path).await.body["lines"].as_array().map(Vec::len), Some(1));
    past("lines", false).await;
    staff_see_nothing(&pool, "public.order_lines").await;
    assert_eq!(staff.get(&path).await.body["lines"], json!([]));
    past("all lines", false).await;
    staff_see(&pool, "public.order_lines", |_| {}).await;

    staff_see(&pool, "public.order_steps", |policy| policy.columns = columns(&["state"])).await;
    past("who did it", false).await;
    staff_see(&pool, "public.order_steps", |_| {}).await;
    past("in the end", true).await;
}

#[sqlx::test(migrations = false)]
async fn a_token_for_orders_is_good_for_all_that_belongs_to_them(pool: PgPool) {
    let server = with_shop(&pool).await;
    let new = token::New { name: "narrow", role: Role::Staff, tables: Some(vec![ORDERS.to_owned()]), days: None };
    let (_, secret) = token::create(&pool, &new).await.expect("makes");
    let narrow = Caller::new(&server, &format!("authorization: Bearer {secret}\r\n"));
    let id = narrow.order(1, 1).await.id();
    let seen = narrow.get(&format!("/api/orders/{id}")).await.body;
    assert_eq!((seen["lines"].as_array().map(Vec::len), seen["steps"].as_array().map(Vec::len)), (Some(1), Some(1)));
    assert_eq!(narrow.get(&format!("/api/orders/{id}/events")).await.status, 200);
}

#[sqlx::test(migrations = false)]
async fn products_that_are_not_seen_cannot_be_ordered_and_are_answered_as_those_that_are_not_there(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let first = staff.keyed("/api/orders", "k", &order(&[(2, 1)])).await;
    assert_eq!(first.status, 201);
    staff_see(&pool, PRODUCTS, |policy| policy.filter = Some("id <> 2".to_owned())).await;
    let missing = staff.post("/api/orders", &order(&[(1, 1), (99, 11)])).await;
    assert_eq!(missing.code(), "unknown_product");
    for quantity in [1, 11] {
        let hidden = staff.post("/api/orders", &order(&[(1, 1), (2, quantity)])).await;
        let as_missing = missing.body.to_string().replace("99", "2");
        assert_eq!((hidden.status, hidden.body.to_string()), (missing.status, as_missing));
    }
    let form = "content-type: application/x-www-form-urlencoded\r\naccept: application/json\r\n";
    let told = staff.send("POST", "/api/order-forms/place", form, "wish%5Bquantity%5D%5B2%5D=11").await;
    assert_eq!(told.body["Err"]["code"], "unknown_product", "{told:?}");
    assert_eq!(staff.keyed("/api/orders", "k", &order(&[(2, 1)])).await, first, "what was carried out stays so");
    assert_eq!((left(&pool, 1).await, left(&pool, 2).await), (10, 9));

    staff_see_nothing(&pool, PRODUCTS).await;
    assert_eq!(staff.order(1, 1).await.code(), "unknown_product");
    let placed: i64 = value(&pool, "select count(*) from public.orders").await;
    assert_eq!(placed, 1);
}

#[sqlx::test(migrations = false)]
async fn of_products_whoever_orders_is_told_the_columns_that_are_granted(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let id = staff.order(1, 1).await.id();
    sql(&pool, "update public.products set name = 'Bolt', quantity = 7").await;
    let few = async |granted: &[&str]| {
        staff_see(&pool, PRODUCTS, |policy| policy.columns = columns(granted)).await;
        let refused = staff.order(1, 11).await;
        assert_eq!(refused.code(), "out_of_stock");
        refused.body["message"].clone()
    };
    assert_eq!(few(&["name", "sku", "quantity"]).await, "Only 7 pieces of Bolt (S-1) are left");
    assert_eq!(few(&["name"]).await, "There are fewer pieces of Bolt than that");
    assert_eq!(few(&["price"]).await, "There are fewer pieces of Product 1 than that");
    sql(&pool, "update public.products set quantity = 1000000").await;
    let full = staff.post(&format!("/api/orders/{id}/cancel"), "").await;
    let said = full.body["message"].as_str().expect("words");
    assert!(full.code() == "stock_full" && said.contains("Product 1;") && !said.contains("Bolt"), "{said}");
    staff_see(&pool, PRODUCTS, |policy| policy.filter = Some("id <> 1".to_owned())).await;
    let full = staff.post(&format!("/api/orders/{id}/cancel"), "").await;
    let said = full.body["message"].as_str().expect("words");
    assert!(full.code() == "stock_full" && said.contains("one of its products"), "{said}");
}

#[sqlx::test(migrations = false)]
async fn a_step_tells_the_columns_that_are_granted(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let id = staff.order(1, 1).await.id();
    let refused = async |step: &str, body: &str, code: &str| {
        let refused = staff.post(&format!("/api/orders/{id}/{step}"), body).await;
        assert_eq!(refused.code(), code);
        refused.body
    };
    staff_see(&pool, ORDERS, |policy| policy.columns = columns(&["customer_name"])).await;
    let cannot = format!("Order {id} cannot be shipped now");
    assert_eq!(refused("ship", "", "illegal_step").await, json!({"code": "illegal_step", "message": cannot}));
    let changed = format!("Order {id} has changed since the version that was named");
    let named = refused("pay", r#"{"version":5}"#, "invalid").await;
    assert_eq!(
        named,
        refused("pay", r#"{"version":1}"#, "invalid").await,
        "no version is told by which one is refused"
    );
    staff_see(&pool, ORDERS, |policy| policy.columns = columns(&["version"])).await;
    let conflict = refused("pay", r#"{"version":5}"#, "version_conflict").await;
    assert_eq!(conflict, json!({"code": "version_conflict", "message": changed, "version": 1}));
    staff_see(&pool, ORDERS, |policy| policy.columns = columns(&["state"])).await;
    let illegal = refused("ship", "", "illegal_step").await;
    assert_eq!((&illegal["state"], &illegal["version"]), (&json!("placed"), &Value::Null));
    assert_eq!(illegal["allowed"], json!(["pay", "cancel"]));
    for _ in 0..2 {
        let paid = staff.keyed(&format!("/api/orders/{id}/pay"), "one", "").await;
        assert_eq!((&paid.body["state"], paid.body.get("version")), (&json!("paid"), None), "nor by what was done");
    }
}
