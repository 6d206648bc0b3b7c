//! What programs can do: place orders, look at them, have them go their way.

use super::{Caller, left, order, person, rows, script, sql, with_shop};
use rowcast::{identity::token, protocol::Role};
use serde_json::{Value, json};
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn an_order_is_placed_and_goes_all_its_way(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (cleo, cookie) = person(&pool, "Cleo", Role::Customer).await;
    let (customer, staff) = (Caller::new(&server, &cookie), Caller::new(&server, &script(&pool, Role::Staff).await));

    let body = r#"{"lines":[{"product_id":2,"quantity":3},{"product_id":1,"quantity":1}],"note":"Quick, please"}"#;
    let placed = customer.post("/api/orders", body).await;
    let id = placed.id();
    assert_eq!((placed.status, placed.location.as_deref()), (201, Some(&*format!("/api/orders/{id}"))));
    assert_eq!((&placed.body["version"], &placed.body["state"]), (&json!(1), &json!("placed")));
    assert!(placed.body["transaction"].as_u64().is_some_and(|transaction| transaction > 0));
    assert_eq!((left(&pool, 1).await, left(&pool, 2).await), (9, 7));

    let shown = customer.get(&format!("/api/orders/{id}")).await;
    let order = &shown.body["order"];
    assert_eq!(
        (&order["customer"], &order["customer_name"], &order["note"]),
        (&json!(cleo), &json!("Cleo"), &json!("Quick, please"))
    );
    assert_eq!((&order["lines"], &order["pieces"], &order["total"]), (&json!(2), &json!(4), &json!(50.0)));
    assert_eq!(
        shown.body["lines"],
        json!([
            {"order_id": id, "line": 1, "product_id": 2, "sku": "S-2", "name": "Product 2", "quantity": 3, "price": 12.5, "customer": cleo},
            {"order_id": id, "line": 2, "product_id": 1, "sku": "S-1", "name": "Product 1", "quantity": 1, "price": 12.5, "customer": cleo}
        ])
    );
    assert_eq!(shown.body["allowed"], json!(["pay", "cancel"]));
    assert!(order["placed_at"].as_str().is_some_and(|at| at.ends_with("+00:00")), "{order}");

    assert_eq!(customer.post(&format!("/api/orders/{id}/pay"), "").await.status, 200);
    for (step, body) in [
        ("pick", r#"{"version":2}"#),
        ("pack", "{}"),
        ("ship", r#"{"carrier":"DHL","tracking":"0034"}"#),
        ("deliver", ""),
        ("return", r#"{"note":"Too big"}"#),
    ] {
        let done = staff.post(&format!("/api/orders/{id}/{step}"), body).await;
        assert_eq!((done.status, done.id()), (200, id), "{step}: {done:?}");
    }
    assert_eq!((left(&pool, 1).await, left(&pool, 2).await), (10, 10), "back in stock");

    let events = customer.get(&format!("/api/orders/{id}/events")).await.body["events"].clone();
    let kinds: Vec<&str> =
        events.as_array().expect("a list").iter().filter_map(|event| event["type"].as_str()).collect();
    let expected =
        ["OrderPlaced", "OrderPaid", "OrderPicked", "OrderPacked", "OrderShipped", "OrderDelivered", "OrderReturned"];
    assert_eq!(kinds, expected);
    assert_eq!((&events[4]["data"]["tracking"], &events[4]["who_name"]), (&json!("0034"), &json!("script")));
    assert_eq!((&events[0]["who"], &events[6]["data"]["reason"]), (&json!(cleo.to_string()), &json!("Too big")));

    let told = rows(
        &pool,
        "select type, data, cause, who_name from rowcast.event where stream = 'product-2' order by version",
    )
    .await;
    assert_eq!(
        told,
        json!([
            {"type": "StockReserved", "data": {"order": id, "quantity": 3}, "cause": format!("order-{id}"), "who_name": "Cleo"},
            {"type": "StockReleased", "data": {"order": id, "quantity": 3}, "cause": format!("order-{id}"), "who_name": "script"}
        ])
    );
    super::all_is_well(&pool, 50).await;
}

#[sqlx::test(migrations = false)]
async fn customers_see_and_move_their_own_orders_only(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (_, cleo) = person(&pool, "Cleo", Role::Customer).await;
    let (_, bob) = person(&pool, "Bob", Role::Customer).await;
    let (cleo, bob) = (Caller::new(&server, &cleo), Caller::new(&server, &bob));
    let (of_cleo, of_bob) = (cleo.order(1, 1).await.id(), bob.order(1, 1).await.id());
    for path in [format!("/api/orders/{of_cleo}"), format!("/api/orders/{of_cleo}/events")] {
        assert_eq!(cleo.get(&path).await.status, 200);
        let refused = bob.get(&path).await;
        assert_eq!((refused.status, refused.code()), (404, "not_found"));
    }
    for step in ["pay", "cancel", "ship"] {
        assert_eq!(bob.post(&format!("/api/orders/{of_cleo}/{step}"), "").await.status, 404, "{step}");
    }
    let listed = async |caller: &Caller| {
        let listed = caller.get("/api/orders").await.body["orders"].clone();
        listed.as_array().expect("a list").iter().filter_map(|order| order["id"].as_i64()).collect::<Vec<_>>()
    };
    assert_eq!((listed(&cleo).await, listed(&bob).await), (vec![of_cleo], vec![of_bob]));
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    assert_eq!(listed(&staff).await, [of_bob, of_cleo]);
    let without_account = Caller::new(&server, &script(&pool, Role::Customer).await);
    assert!(listed(&without_account).await.is_empty(), "a token owns nothing");
}

#[sqlx::test(migrations = false)]
async fn lists_come_in_pages_the_newest_first(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let mut placed = Vec::new();
    for _ in 0..5 {
        placed.push(staff.order(1, 1).await.id());
    }
    staff.post(&format!("/api/orders/{}/pay", placed[2]), "").await;
    placed.reverse();
    let (mut seen, mut address) = (Vec::new(), "/api/orders?limit=2".to_owned());
    loop {
        let Value::Object(page) = staff.get(&address).await.body else { panic!("no page") };
        let ids: Vec<i64> =
            page["orders"].as_array().expect("a list").iter().filter_map(|order| order["id"].as_i64()).collect();
        assert!((1..=2).contains(&ids.len()));
        seen.extend(ids);
        let Some(next) = page["next"].as_i64() else { break };
        address = format!("/api/orders?limit=2&before={next}");
    }
    assert_eq!(seen, placed);
    let paid = staff.get("/api/orders?state=paid").await.body;
    assert_eq!((&paid["orders"][0]["id"], &paid["next"]), (&json!(placed[2]), &Value::Null));
    assert_eq!(staff.get("/api/orders?state=shipped").await.body, json!({"orders": [], "next": null}));
}

#[sqlx::test(migrations = false)]
async fn staff_place_orders_for_accounts_and_for_those_without(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (cleo, cookie) = person(&pool, "Cleo", Role::Customer).await;
    let (sam, of_sam) = person(&pool, "Sam", Role::Staff).await;
    let (script, sam_calls) = (Caller::new(&server, &script(&pool, Role::Staff).await), Caller::new(&server, &of_sam));
    let lines = r#""lines":[{"product_id":1,"quantity":1}]"#;
    script.post("/api/orders", &format!("{{{lines},\"customer\":{cleo}}}")).await.id();
    script.post("/api/orders", &format!("{{{lines},\"customer_name\":\"Okafor Electrical\"}}")).await.id();
    script.post("/api/orders", &format!("{{{lines}}}")).await.id();
    sam_calls.post("/api/orders", &format!("{{{lines}}}")).await.id();
    assert_eq!(
        rows(&pool, "select customer, customer_name, changed_by from public.orders order by id").await,
        json!([
            {"customer": cleo, "customer_name": "Cleo", "changed_by": "script"},
            {"customer": null, "customer_name": "Okafor Electrical", "changed_by": "script"},
            {"customer": null, "customer_name": "script", "changed_by": "script"},
            {"customer": sam, "customer_name": "Sam", "changed_by": "Sam"}
        ])
    );
    let own = Caller::new(&server, &cookie).get("/api/orders").await;
    assert_eq!(own.body["orders"].as_array().map(Vec::len), Some(1));
}

#[sqlx::test(migrations = false)]
async fn a_page_of_another_site_can_do_nothing(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (_, cookie) = person(&pool, "Cleo", Role::Customer).await;
    let cleo = Caller::new(&server, &cookie);
    let of = |line: &str| format!("content-type: application/json\r\n{line}\r\n");
    for line in
        ["origin: https://evil.example", "sec-fetch-site: cross-site", "sec-fetch-site: same-site", "origin: null"]
    {
        let refused = cleo.send("POST", "/api/orders", &of(line), &order(&[(1, 1)])).await;
        assert_eq!(refused.status, 403, "{line}");
    }
    let id = cleo.order(1, 1).await.id();
    let refused = cleo.send("POST", &format!("/api/orders/{id}/cancel"), "origin: https://evil.example\r\n", "").await;
    assert_eq!((refused.status, left(&pool, 1).await), (403, 9));
    let own = format!("origin: http://{}", server.address);
    assert_eq!(cleo.send("POST", "/api/orders", &of(&own), &order(&[(1, 1)])).await.status, 201);
}

#[sqlx::test(migrations = false)]
async fn a_token_is_good_for_its_tables_and_strangers_for_none(pool: PgPool) {
    let server = with_shop(&pool).await;
    let tables = |name: &str| Some(vec![name.to_owned()]);
    for (table, status) in [("public.products", 403), ("public.orders", 201)] {
        let new = token::New { name: "narrow", role: Role::Staff, tables: tables(table), days: None };
        let (_, secret) = token::create(&pool, &new).await.expect("makes");
        let narrow = Caller::new(&server, &format!("authorization: Bearer {secret}\r\n"));
        assert_eq!(narrow.order(1, 1).await.status, status, "{table}");
        assert_eq!(narrow.get("/api/orders").await.status, if status == 201 { 200 } else { 403 }, "{table}");
    }
    let nobody = Caller::new(&server, "accept: application/json\r\n").order(1, 1).await;
    assert_eq!((nobody.status, nobody.code()), (401, "signed_out"));
    let strangers = crate::support::Server::start(&pool).await;
    let stranger = Caller::new(&strangers, "").get("/api/orders").await;
    assert_eq!((stranger.status, stranger.code()), (401, "signed_out"), "let in, and still nobody");
}

#[sqlx::test(migrations = false)]
async fn a_customer_changes_their_mind_until_work_has_begun(pool: PgPool) {
    let server = with_shop(&pool).await;
    let (_, cookie) = person(&pool, "Cleo", Role::Customer).await;
    let (cleo, staff) = (Caller::new(&server, &cookie), Caller::new(&server, &script(&pool, Role::Admin).await));
    let (early, late) = (cleo.order(1, 2).await.id(), cleo.order(2, 2).await.id());
    let done = cleo.post(&format!("/api/orders/{early}/cancel"), r#"{"note":"Changed my mind"}"#).await;
    assert_eq!((done.status, &done.body["state"], left(&pool, 1).await), (200, &json!("cancelled"), 10));
    cleo.post(&format!("/api/orders/{late}/pay"), "").await;
    staff.post(&format!("/api/orders/{late}/pick"), "").await;
    let refused = cleo.post(&format!("/api/orders/{late}/cancel"), "").await;
    assert_eq!((refused.status, refused.code(), &refused.body["allowed"]), (409, "illegal_step", &json!([])));
    assert_eq!((&refused.body["state"], &refused.body["version"]), (&json!("picked"), &json!(3)));
    assert_eq!(staff.post(&format!("/api/orders/{late}/cancel"), "").await.status, 200, "staff still may");
    super::all_is_well(&pool, 50).await;
}

#[sqlx::test(migrations = false)]
async fn a_product_that_is_gone_does_not_keep_an_order_from_coming_back(pool: PgPool) {
    let server = with_shop(&pool).await;
    let staff = Caller::new(&server, &script(&pool, Role::Staff).await);
    let id = staff.post("/api/orders", &order(&[(1, 2), (2, 2)])).await.id();
    sql(&pool, "delete from public.products where id = 1").await;
    let done = staff.post(&format!("/api/orders/{id}/cancel"), "").await;
    assert_eq!((done.status, left(&pool, 2).await), (200, 10), "{done:?}");
    let last = staff.get(&format!("/api/orders/{id}/events")).await.body["events"][1].clone();
    assert_eq!(last["data"]["gone"], json!([1]));
    let steps = rows(&pool, "select note from public.order_steps where state = 'cancelled'").await;
    assert!(steps[0]["note"].as_str().is_some_and(|note| note.contains("gone")), "{steps}");
}
