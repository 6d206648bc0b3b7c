//! One product: what two people who change it at once may each do, and what becomes of its pieces.

use crate::support::{Server, eventually, http, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog,
    hub::Policy,
    identity::{Anonymous, token},
    protocol::Role,
    rights,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use tokio::net::TcpStream;

const PIECES: i32 = 10;

/// A server with one product, and somebody of the staff.
struct Shop {
    pool: PgPool,
    server: Server,
    staff: String,
}

impl Shop {
    async fn open(pool: &PgPool) -> Self {
        changelog::install(pool).await.expect("installs");
        sql(pool, include_str!("../app/inventory/schema.sql")).await;
        sql(pool, include_str!("../app/product/schema.sql")).await;
        let product = format!(
            "insert into public.products (sku, name, category, location, quantity, reorder_level, price)
             values ('S-1', 'Bolt', 'Tools', 'A-01-1', {PIECES}, 2, 12.50)"
        );
        sql(pool, &product).await;
        for table in ["public.products", "public.stock_movements"] {
            capture::track(pool, table, Trust::Checked).await.expect("tracks");
            rights::grant(pool, table, Policy::all(Role::Staff)).await.expect("grants");
        }
        let server = Server::start_with(pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
        let new = token::New { name: "script", role: Role::Staff, tables: None, days: None };
        let (_, secret) = token::create(pool, &new).await.expect("makes");
        Self { pool: pool.clone(), server, staff: format!("authorization: Bearer {secret}\r\n") }
    }

    /// What the server says to a form of the staff's.
    async fn post(&self, path: &str, form: &str) -> Value {
        let Self { server, staff, .. } = self;
        let (address, length) = (server.address, form.len());
        let request = format!(
            "POST {path} HTTP/1.0\r\nhost: {address}\r\n{staff}content-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\n\r\n{form}"
        );
        let stream = TcpStream::connect(address).await.expect("connects");
        let answer = http::say(stream, &request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    /// Changes a field that was seen as this; the other fields were seen as they were at first, and are not changed.
    async fn edit(&self, field: &str, seen: &str, typed: &str) -> Value {
        let at_first = [
            ("sku", "S-1"),
            ("name", "Bolt"),
            ("category", "Tools"),
            ("location", "A-01-1"),
            ("reorder_level", "2"),
            ("price", "12.50"),
        ];
        let pairs = at_first.map(|(name, value)| {
            let (seen, typed) = if name == field { (seen, typed) } else { (value, value) };
            format!("seen[{name}]={seen}&typed[{name}]={typed}")
        });
        self.post("/api/product/edit", &format!("id=1&{}", pairs.join("&"))).await
    }

    async fn adjust(&self, reason: &str, pieces: &str) -> Value {
        self.post("/api/product/adjust", &format!("id=1&moved[reason]={reason}&moved[pieces]={pieces}&moved[note]=n"))
            .await
    }

    async fn rows(&self, query: &str) -> Value {
        let text = format!("select coalesce(json_agg(r), '[]')::text from ({query}) r");
        let text: String = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&self.pool).await.expect("reads");
        serde_json::from_str(&text).expect("JSON")
    }
}

#[sqlx::test(migrations = false)]
async fn two_who_change_one_product_keep_what_each_changed_and_overwrite_nothing_unseen(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    assert!(shop.edit("name", "Bolt", "Bolt+M8").await["Ok"].is_object());
    // Whoever opened the form before changes something else.
    assert!(shop.edit("location", "A-01-1", "C-2").await["Ok"].is_object());
    let conflict = shop.edit("name", "Bolt", "Nut").await;
    assert_eq!(conflict["Err"]["conflicts"], json!([{ "field": "name", "theirs": "Bolt M8" }]));
    assert!(shop.edit("name", "Bolt+M8", "Nut").await["Ok"].is_object(), "it has been seen now");
    let problem = shop.edit("price", "12.50", "much").await;
    assert_eq!(problem["Err"]["common"]["fields"], json!([["price", "not_a_price"]]));
    let product = shop.rows("select name, location, price, quantity from public.products").await;
    assert_eq!(product, json!([{ "name": "Nut", "location": "C-2", "price": 12.50, "quantity": PIECES }]));
    let events = shop.rows("select data->'changes' as changes from rowcast.event order by seq").await;
    assert_eq!(
        events,
        json!([
            { "changes": { "name": { "from": "Bolt", "to": "Bolt M8" } } },
            { "changes": { "location": { "from": "A-01-1", "to": "C-2" } } },
            { "changes": { "name": { "from": "Bolt M8", "to": "Nut" } } },
        ])
    );
    // Nothing is changed by whoever changes nothing, and nobody is told that they did.
    assert!(shop.edit("location", "C-2", "+C-2+").await["Ok"].is_object());
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, 3);
}

#[sqlx::test(migrations = false)]
async fn pieces_move_for_a_reason_never_below_none_and_each_move_is_told(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    // Twelve sell the ten that there are.
    let sold = futures::future::join_all((0..12).map(|_| shop.adjust("sold", "1"))).await;
    let refused: Vec<_> = sold.iter().filter(|answer| answer["Ok"].is_null()).collect();
    assert_eq!((refused.len(), &refused[0]["Err"]), (2, &json!({ "beyond": 0 })));
    assert!(shop.adjust("received", "40").await["Ok"].is_object());
    let counted = shop.adjust("counted", "38").await;
    assert_eq!((&counted["Ok"]["from"], &counted["Ok"]["to"]), (&json!(40), &json!(38)), "what was replaced");
    assert!(counted["Ok"]["transaction"].is_u64(), "{counted}");
    assert!(shop.adjust("corrected", "-3").await["Ok"].is_object());
    for (reason, pieces) in [("sold", "-1"), ("sold", "many"), ("eaten", "1"), ("received", "0")] {
        assert_eq!(shop.adjust(reason, pieces).await["Err"], json!("not_a_number"), "{reason} {pieces}");
    }
    assert_eq!(shop.adjust("received", "1000000").await["Err"], json!({ "beyond": 35 }));
    assert_eq!(value::<i32>(&pool, "select quantity from public.products").await, 35);
    eventually("the movements are told", async || {
        value::<i64>(&pool, "select count(*) from public.stock_movements").await == 13
    })
    .await;
    let sum = value::<i64>(&pool, "select sum(change) from public.stock_movements").await;
    assert_eq!(sum, i64::from(35 - PIECES), "every piece is accounted for");
    let last = shop
        .rows(
            "select kind, change, left_over, who_name, note from public.stock_movements order by version desc limit 2",
        )
        .await;
    assert_eq!(
        last,
        json!([
            { "kind": "corrected", "change": -3, "left_over": 35, "who_name": "script", "note": "n" },
            { "kind": "counted", "change": -2, "left_over": 38, "who_name": "script", "note": "n" },
        ])
    );
}

#[sqlx::test(migrations = false)]
async fn many_are_adjusted_together_or_not_at_all_and_back(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let more = "insert into public.products (sku, name, category, location, quantity, reorder_level, price)
         select 'M-' || n, 'Nut ' || n, 'Hidden', 'A-01-1', n, 2, 1 from generate_series(1, 4) n";
    sql(&pool, more).await;
    let hidden = Policy { filter: Some("sku <> 'M-4'".to_owned()), ..Policy::all(Role::Staff) };
    rights::grant(&pool, "public.products", hidden).await.expect("grants");
    let many = async |ids: &[i64], reason: &str, pieces: &str| {
        let ids: Vec<String> = ids.iter().map(|id| format!("ids[]={id}")).collect();
        let form = format!("{}&moved[reason]={reason}&moved[pieces]={pieces}", ids.join("&"));
        shop.post("/api/inventory/adjust-many", &form).await
    };
    let quantities = async || shop.rows("select quantity from public.products order by id").await;
    let before = quantities().await;
    eventually("the policy is known", async || many(&[5], "received", "1").await["Ok"]["gone"] == json!(1)).await;
    assert_eq!(quantities().await, before, "what is not seen is not there");
    // Of two there are fewer than two, so nobody loses any.
    let refused = many(&[1, 2, 3, 4], "sold", "3").await;
    assert_eq!(refused["Err"], json!({ "beyond": [2, "Nut 1"] }));
    assert_eq!(quantities().await, before);
    let sold = many(&[4, 1, 77], "sold", "3").await["Ok"].clone();
    assert_eq!((&sold["moves"], &sold["gone"]), (&json!([[1, -3], [4, -3]]), &json!(1)));
    let counted = many(&[1, 2, 3], "counted", "2").await["Ok"].clone();
    assert_eq!(counted["moves"], json!([[1, -5], [2, 1]]), "what was right is no change");
    for (ids, pieces) in [(&[][..], "1"), (&[1], "some")] {
        assert!(many(ids, "received", pieces).await["Err"].is_string());
    }
    eventually("the movements are told", async || {
        value::<i64>(&pool, "select count(*) from public.stock_movements").await == 5
    })
    .await;
}

#[sqlx::test(migrations = false)]
async fn a_product_that_is_not_seen_is_not_there_to_be_changed(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let others = Policy { filter: Some("category <> 'Tools'".to_owned()), ..Policy::all(Role::Staff) };
    rights::grant(&pool, "public.products", others).await.expect("grants");
    let gone = json!({ "common": "gone" });
    eventually("the policy is known", async || shop.adjust("sold", "1").await["Err"] == gone).await;
    assert_eq!(shop.edit("name", "x", "y").await["Err"], gone, "and no conflict that would tell its name");
    let page = http::ask(shop.server.address, "GET", "/products/1", &shop.staff).await;
    assert_eq!(page.status, 404);
    assert!(!page.body.contains("Bolt"));
}
