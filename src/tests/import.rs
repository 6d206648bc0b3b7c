//! Products from a file: all of it or nothing, once, and nothing that others did is overwritten.

use crate::support::{Node, Server, eventually, http, sql, url_of, value};
use rowcast::{
    capture::{self, Trust},
    changelog, config,
    hub::Policy,
    identity::{Anonymous, token},
    protocol::Role,
    rights,
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use std::{fmt::Write, net::SocketAddr};
use tokio::{io::AsyncWriteExt, net::TcpStream};

const HEAD: &str = "sku,name,category,location,quantity,reorder_level,price\n";
const TABLES: [&str; 3] = ["public.products", "public.stock_movements", "public.imports"];
/// What a test holds while it looks at an import that runs.
const HOLD: i64 = 4711;
/// In the keys of the locks of imports.
const OF_IMPORTS: i32 = 0x696d_7074;
/// Of the test's own database: others hold some, too.
const LOCKS: &str = "select count(*) from pg_locks where locktype = 'advisory'
    and database = (select oid from pg_database where datname = current_database())";

/// A server with three products, and people.
struct Shop {
    pool: PgPool,
    server: Server,
    address: SocketAddr,
    staff: String,
}

impl Shop {
    async fn open(pool: &PgPool) -> Self {
        Self::open_with(pool, |_| {}).await
    }

    async fn open_with(pool: &PgPool, change: impl FnOnce(&mut config::Rowcast)) -> Self {
        changelog::install(pool).await.expect("installs");
        sql(pool, include_str!("../app/inventory/schema.sql")).await;
        sql(pool, include_str!("../app/product/schema.sql")).await;
        sql(pool, include_str!("../app/inventory/import/schema.sql")).await;
        sql(
            pool,
            r#"insert into public.products (sku, name, category, location, quantity, reorder_level, price) values
                ('S-1', 'Drill, 18 V "Pro"', 'Tools', 'A-01-1', 3, 5, 1299.5),
                ('S-2', '=1+1', 'Tools', ' B-01-1', 9, 5, 1),
                ('S-3', E'''=1\nNails', 'Small parts', 'A-02-1', 1, 5, 0.05)"#,
        )
        .await;
        for table in TABLES {
            capture::track(pool, table, Trust::Checked).await.expect("tracks");
            rights::grant(pool, table, Policy::all(Role::Staff)).await.expect("grants");
        }
        rights::grant(pool, "public.products", Policy::all(Role::Customer)).await.expect("grants");
        let server = Server::start_with(pool, |config| {
            config.identity.anonymous = Anonymous::Nobody;
            change(config);
        })
        .await;
        let staff = script(pool, "script", Role::Staff).await;
        Self { pool: pool.clone(), address: server.address, server, staff }
    }

    /// What the server says to somebody who brings a file: status, and data.
    async fn bring_as(&self, who: &str, content: &[u8]) -> (u16, Value) {
        let answer = http::say(self.connect().await, self.upload(who, "application/json", content)).await;
        (answer.status, serde_json::from_str(&answer.body).unwrap_or_default())
    }

    fn upload(&self, who: &str, accept: &str, content: &[u8]) -> Vec<u8> {
        let head = b"--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"stock.csv\"\r\n\r\n";
        let body = [head.as_slice(), content, b"\r\n--b--\r\n"].concat();
        let mut request = format!(
            "POST /api/import/file HTTP/1.0\r\nhost: {}\r\n{who}accept: {accept}\r\n\
             content-type: multipart/form-data; boundary=b\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        )
        .into_bytes();
        request.extend(body);
        request
    }

    /// The number of an import that was taken, and how many rows of each kind it has.
    async fn bring(&self, content: impl AsRef<[u8]>) -> (i64, [i64; 4]) {
        let (status, told) = self.bring_as(&self.staff, content.as_ref()).await;
        assert_eq!(status, 201, "{told}");
        let count = |kind: &str| told[kind].as_i64().expect("a number");
        (count("id"), ["new", "changed", "unchanged", "errors"].map(count))
    }

    /// What is wrong with a file.
    async fn refused(&self, content: &[u8]) -> String {
        let (status, told) = self.bring_as(&self.staff, content).await;
        assert!((400..500).contains(&status), "{status} {told}");
        told["message"].as_str().expect("words").to_owned()
    }

    async fn post_as(&self, who: &str, path: &str, form: &str) -> Value {
        let answer = http::say(self.connect().await, self.form(who, path, form)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    fn form(&self, who: &str, path: &str, form: &str) -> String {
        format!(
            "POST {path} HTTP/1.0\r\nhost: {}\r\n{who}content-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{form}",
            self.address,
            form.len()
        )
    }

    async fn run(&self, id: i64) -> Value {
        self.post_as(&self.staff, "/api/import/run", &format!("id={id}")).await
    }

    async fn look(&self, id: i64, show: &str) -> Value {
        self.post_as(&self.staff, "/api/import/look", &format!("id={id}&show={show}")).await["Ok"].clone()
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.expect("connects")
    }

    async fn rows(&self, query: &str) -> Value {
        let text = format!("select coalesce(json_agg(r), '[]')::text from ({query}) r");
        let text: String = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(&self.pool).await.expect("reads");
        serde_json::from_str(&text).expect("JSON")
    }

    /// All that is there, but for when it changed.
    async fn products(&self) -> Value {
        self.rows(
            "select id, sku, name, category, location, quantity, reorder_level, price from public.products order by id",
        )
        .await
    }

    /// Whoever writes this product waits until the test lets go of what is returned.
    async fn held_up_at(&self, sku: &str) -> sqlx::PgConnection {
        let wait = format!(
            "create function wait() returns trigger language plpgsql as $$
             begin perform pg_advisory_xact_lock({HOLD}); return new; end $$;
             create trigger wait before insert on public.products for each row when (new.sku = '{sku}') execute function wait()"
        );
        sql(&self.pool, &wait).await;
        let options = self.pool.connect_options();
        let mut holds = sqlx::ConnectOptions::connect(options.as_ref()).await.expect("connects");
        sqlx::query(AssertSqlSafe(format!("select pg_advisory_lock({HOLD})")))
            .execute(&mut holds)
            .await
            .expect("locks");
        holds
    }

    async fn until_it_waits(&self) {
        let waits = format!("{LOCKS} and objid = {HOLD} and not granted");
        eventually("the import is held up", async || value::<i64>(&self.pool, &waits).await > 0).await;
    }
}

async fn script(pool: &PgPool, name: &str, role: Role) -> String {
    let new = token::New { name, role, tables: None, days: None };
    let (_, secret) = token::create(pool, &new).await.expect("makes");
    format!("authorization: Bearer {secret}\r\n")
}

/// A file of so many new products.
fn many(count: usize) -> String {
    let mut text = HEAD.to_owned();
    for number in 1..=count {
        writeln!(text, "N-{number},Nut {number},Small parts,C-01-1,{},5,0.25", number % 100).expect("a string");
    }
    text
}

#[sqlx::test(migrations = false)]
async fn what_was_exported_is_imported_without_a_change(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let before = shop.products().await;
    let file = http::ask(shop.address, "GET", "/api/inventory/export", &shop.staff).await.body;
    assert!(file.contains("\"'=1+1\"") && file.contains("\"''=1"), "formulas are kept from being any: {file}");
    let (id, counts) = shop.bring(&file).await;
    assert_eq!(counts, [0, 0, 3, 0]);
    assert_eq!(shop.run(id).await["Err"], json!("nothing"));
    assert_eq!(shop.products().await, before);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, 0);
    // As a spreadsheet may write it.
    let other = file.replace("\"3\",\"5\"", "\"4\",\"5\"").replace(",\"", ";\"").replace("\r\n", "\n");
    assert_eq!(shop.bring(format!("\u{feff}{other}")).await.1, [0, 1, 2, 0]);
}

#[sqlx::test(migrations = false)]
async fn an_import_is_carried_out_once_told_and_undone(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let before = shop.products().await;
    let text = "id,sku,name,category,location,quantity,reorder_level,price\n\
        1,S-1,Drill,Tools,A-01-1,8,5,1299.50\n,S-3,Nails 40,Small parts,A-02-1,1,5,0.05\n,N-1,Rod,Tools,B-1,2,1,3.5\n";
    let (id, counts) = shop.bring(text).await;
    assert_eq!(counts, [1, 2, 0, 0]);
    assert_eq!(shop.products().await, before, "a preview writes nothing");
    let look = shop.look(id, "changed").await;
    let changes = json!([
        { "field": "name", "from": "Drill, 18 V \"Pro\"", "to": "Drill" },
        { "field": "quantity", "from": "3", "to": "8" },
    ]);
    assert_eq!((&look["rows"][0]["line"], &look["rows"][0]["changes"]), (&json!(2), &changes));
    assert_eq!(look["rows"].as_array().map(Vec::len), Some(2));

    // Twice at once, and once more.
    let (one, other) = tokio::join!(shop.run(id), shop.run(id));
    let again = shop.run(id).await;
    let done = json!({ "added": 1, "changed": 2, "unchanged": 0, "left_out": 0, "kept": 0, "is_over": true });
    assert_eq!(again["Ok"], done);
    for answer in [one, other] {
        assert!(answer["Ok"] == done || answer["Err"] == json!("running"), "{answer}");
    }
    let after = shop.rows("select sku, name, quantity from public.products where id <> 2 order by id").await;
    assert_eq!(
        after,
        json!([
            { "sku": "S-1", "name": "Drill", "quantity": 8 },
            { "sku": "S-3", "name": "Nails 40", "quantity": 1 },
            { "sku": "N-1", "name": "Rod", "quantity": 2 },
        ])
    );
    let events = "select stream, type, correlation, who_name from rowcast.event order by seq";
    let event = |stream: &str, kind: &str| json!({ "stream": stream, "type": kind, "correlation": "import-1", "who_name": "script" });
    let told = [
        event("product-1", "ProductEdited"),
        event("product-1", "StockAdjusted"),
        event("product-3", "ProductEdited"),
        event("product-4", "ProductAdded"),
    ];
    assert_eq!(shop.rows(events).await, json!(told));
    eventually("the movements are told", async || {
        value::<i64>(&pool, "select count(*) from public.stock_movements").await == 2
    })
    .await;
    let moved = shop.rows("select kind, change, left_over from public.stock_movements order by product_id").await;
    assert_eq!(
        moved,
        json!([{ "kind": "imported", "change": 5, "left_over": 8 }, { "kind": "added", "change": 2, "left_over": 2 }])
    );
    // Nobody says by a form that a file said so.
    let forged = shop.post_as(&shop.staff, "/api/product/adjust", "id=1&moved[reason]=imported&moved[pieces]=1").await;
    assert_eq!(forged["Err"], json!("not_a_number"));

    // Two are sold, and somebody else calls one otherwise: that stays.
    sql(
        &pool,
        "update public.products set quantity = 6 where id = 1; update public.products set name = 'Tacks' where id = 3",
    )
    .await;
    for _ in 0..2 {
        let undone = shop.post_as(&shop.staff, "/api/import/undo", &format!("id={id}")).await;
        assert_eq!(undone["Ok"]["kept"], json!(1), "{undone}");
    }
    let back = shop.rows("select sku, name, quantity from public.products order by id").await;
    assert_eq!(
        back,
        json!([
            { "sku": "S-1", "name": "Drill, 18 V \"Pro\"", "quantity": 1 },
            { "sku": "S-2", "name": "=1+1", "quantity": 9 },
            { "sku": "S-3", "name": "Tacks", "quantity": 1 },
        ])
    );
    assert_eq!(shop.run(id).await["Err"], json!("undone"));
    let last = shop.rows("select type, data->>'note' as note from rowcast.event order by seq offset 4").await;
    assert_eq!(
        last,
        json!([
            { "type": "ProductDeleted", "note": null },
            { "type": "ProductEdited", "note": null },
            { "type": "StockAdjusted", "note": "Undone" },
        ])
    );
}

#[sqlx::test(migrations = false)]
async fn rows_with_errors_are_left_out_only_by_whoever_says_so_and_come_back_as_a_file(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let before = shop.products().await;
    let text = format!("{HEAD}N-1,Rod,Tools,B-1,many,1,3.5\nN-2,'=2,Tools,B-1,2,1,3.5\nN-3,\"-1\",Tools,,2,1,3.5\n");
    let (id, counts) = shop.bring(&text).await;
    assert_eq!(counts, [1, 0, 0, 2]);
    assert_eq!(shop.run(id).await["Err"], json!({ "wrong": 2 }));
    assert_eq!(shop.products().await, before, "nothing of it was written");
    let look = shop.look(id, "errors").await;
    assert_eq!(
        look["rows"][0]["problems"],
        json!([["quantity", "Quantity must be a whole number from 0 to 1,000,000"]])
    );
    assert_eq!(look["rows"][1]["line"], json!(4));
    let rest = http::ask(shop.address, "GET", &format!("/api/import/rest/{id}"), &shop.staff).await;
    assert_eq!(
        rest.body,
        "\"sku\",\"name\",\"category\",\"location\",\"quantity\",\"reorder_level\",\"price\",\"error\"\r\n\
         \"N-1\",\"Rod\",\"Tools\",\"B-1\",\"many\",\"1\",\"3.5\",\"Quantity must be a whole number from 0 to 1,000,000\"\r\n\
         \"N-3\",\"'-1\",\"Tools\",\"\",\"2\",\"1\",\"3.5\",\"Location must not be empty\"\r\n"
    );
    let left = shop.post_as(&shop.staff, "/api/import/run", &format!("id={id}&leave_out=true")).await;
    assert_eq!(left["Ok"]["left_out"], json!(2), "{left}");
    assert_eq!(value::<String>(&pool, "select name from public.products where sku = 'N-2'").await, "=2");
    assert_eq!(value::<i64>(&pool, "select count(*) from public.products").await, 4);
    // What was handed back, mended.
    let mended = rest.body.replace("many", "7").replace("\"\",\"2\"", "\"C-1\",\"2\"");
    assert_eq!(shop.bring(mended).await.1, [2, 0, 0, 0]);
}

#[sqlx::test(migrations = false)]
async fn an_import_that_fails_in_its_midst_leaves_nothing(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let before = shop.products().await;
    let refuse = "create function refuse() returns trigger language plpgsql as $$ begin raise 'not this one'; end $$;
        create trigger refuse before insert on public.products for each row when (new.sku = 'N-1400') execute function refuse()";
    sql(&pool, refuse).await;
    let (id, counts) = shop.bring(format!("{}S-1,Other,Tools,A,1,1,1\n", many(1_500))).await;
    assert_eq!(counts, [1_500, 1, 0, 0]);
    assert_eq!(shop.run(id).await["Err"], json!({ "common": "forbidden" }));
    assert_eq!(shop.products().await, before);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, 0);
    assert_eq!(shop.look(id, "").await["state"], json!("ready"), "it can be tried again");
    sql(&pool, "drop trigger refuse on public.products").await;
    assert_eq!(shop.run(id).await["Ok"]["added"], json!(1_500));
}

#[sqlx::test(migrations = false)]
async fn what_others_did_since_the_preview_is_told_and_not_overwritten(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let text = "id,sku,name,quantity\n1,S-1,Drill,3\n2,S-9,Two,9\n3,S-3,Nails,5\n";
    let (id, counts) = shop.bring(text).await;
    assert_eq!(counts, [0, 3, 0, 0]);
    // Another name, another place that the file says nothing of, a SKU that is taken, and one that is gone.
    sql(
        &pool,
        "update public.products set name = 'Hammer drill', location = 'Z-9' where id = 1;
         delete from public.products where id = 3;
         insert into public.products (sku, name, category, location, quantity, reorder_level, price)
         values ('S-9', 'Nine', 'Tools', 'A', 1, 1, 1)",
    )
    .await;
    let before = shop.products().await;
    assert_eq!(shop.run(id).await["Err"], json!({ "stale": 3 }));
    assert_eq!(shop.products().await, before, "nothing of it was written");
    let look = shop.look(id, "meanwhile").await;
    let shown: Vec<_> = look["rows"].as_array().expect("rows").iter().map(|row| (&row["line"], &row["kind"])).collect();
    let (changed, wrong) = (json!("changed"), json!("wrong"));
    assert_eq!(shown, [(&json!(2), &changed), (&json!(3), &wrong), (&json!(4), &wrong)]);
    assert_eq!(look["rows"][0]["changes"], json!([{ "field": "name", "from": "Hammer drill", "to": "Drill" }]));
    // It has been seen now.
    let left = shop.post_as(&shop.staff, "/api/import/run", &format!("id={id}&leave_out=true")).await;
    assert_eq!(left["Ok"]["changed"], json!(1), "{left}");
    let row = shop.rows("select name, location from public.products where id = 1").await;
    assert_eq!(row, json!([{ "name": "Drill", "location": "Z-9" }]));

    // A SKU that somebody else takes meanwhile.
    let (id, _) = shop.bring(format!("{HEAD}N-1,Rod,Tools,B-1,2,1,3.5\nN-2,Bar,Tools,B-1,2,1,3.5\n")).await;
    sql(&pool, "update public.products set sku = 'N-2' where id = 2").await;
    let before = shop.products().await;
    assert_eq!(shop.run(id).await["Err"], json!({ "stale": 1 }));
    assert_eq!(shop.products().await, before);
    let look = shop.look(id, "meanwhile").await;
    assert_eq!(
        (&look["rows"][0]["line"], &look["rows"][0]["kind"], &look["rows"][0]["id"]),
        (&json!(3), &changed, &json!(2))
    );
}

#[sqlx::test(migrations = false)]
async fn an_import_is_for_whoever_brought_it_and_of_what_they_see(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let customer = script(&pool, "customer", Role::Customer).await;
    let colleague = script(&pool, "colleague", Role::Staff).await;
    let (status, told) = shop.bring_as(&customer, many(1).as_bytes()).await;
    assert_eq!((status, &told["code"]), (403, &json!("not_allowed")));
    assert_eq!(shop.bring_as("", many(1).as_bytes()).await.0, 401);
    assert_eq!(value::<i64>(&pool, "select count(*) from public.imports").await, 0);

    let (id, _) = shop.bring(many(1)).await;
    for path in ["look", "run", "undo"] {
        let answer = shop.post_as(&colleague, &format!("/api/import/{path}"), &format!("id={id}")).await;
        assert!(answer["Err"] == json!("gone") || answer["Err"] == json!("not_done"), "{path}: {answer}");
    }
    assert_eq!(http::ask(shop.address, "GET", &format!("/api/import/rest/{id}"), &colleague).await.status, 404);
    assert_eq!(value::<i64>(&pool, "select count(*) from public.products").await, 3);

    // One product is hidden: it is not there.
    let hidden = Policy { filter: Some("sku <> 'S-2'".to_owned()), ..Policy::all(Role::Staff) };
    rights::grant(&pool, "public.products", hidden).await.expect("grants");
    let (id, before) = (shop.bring("id,name\n1,Drill\n2,Two\n").await, shop.products().await);
    assert_eq!(id.1, [0, 1, 0, 1]);
    let (id, counts) = shop.bring(format!("{HEAD}S-2,Two,Tools,B-1,2,1,3.5\n")).await;
    assert_eq!(counts, [1, 0, 0, 0], "nothing tells that there is one");
    assert_eq!(shop.run(id).await["Err"], json!({ "stale": 1 }));
    assert_eq!(shop.products().await, before);
    // Whoever is no longer of the staff imports nothing any more, and neither does anybody what was hidden since.
    let (id, _) = shop.bring("id,name\n1,Drill\n").await;
    let hidden = Policy { filter: Some("sku = 'S-3'".to_owned()), ..Policy::all(Role::Staff) };
    rights::grant(&pool, "public.products", hidden).await.expect("grants");
    eventually("it is hidden", async || {
        http::ask(shop.address, "GET", "/api/inventory/export", &shop.staff).await.body.lines().count() < 4
    })
    .await;
    assert_eq!(shop.run(id).await["Err"], json!({ "stale": 1 }));
    assert_eq!(shop.products().await, before);
}

#[sqlx::test(migrations = false)]
async fn files_are_no_larger_than_they_may_be(pool: PgPool) {
    let shop = Shop::open_with(&pool, |config| {
        config.limits.import_rows = 3;
        config.limits.import_megabytes = 1;
    })
    .await;
    assert_eq!(shop.bring(many(3)).await.1, [3, 0, 0, 0]);
    assert_eq!(shop.refused(many(4).as_bytes()).await, "The file has more than 3 rows. Split it into smaller ones.");
    let large = format!("{HEAD}{}", "x".repeat(1024 * 1024));
    assert_eq!(shop.refused(large.as_bytes()).await, "The file is larger than 1 MB. Split it into smaller ones.");
    // As much as one that comes in pieces, of which nobody knows how many there are.
    let endless = format!("{HEAD}{}", "x".repeat(12 * 1024 * 1024));
    assert_eq!(shop.refused(endless.as_bytes()).await, "The file is larger than 1 MB. Split it into smaller ones.");
    let counters = &shop.server.counters;
    assert_eq!(counters.imports_over_size.get(), 3);
    assert_eq!(value::<i64>(&pool, "select count(*) from public.imports").await, 1, "they are not kept");
    // Nor are more files than the latest five.
    for _ in 0..7 {
        shop.bring(many(1)).await;
    }
    assert_eq!(value::<i64>(&pool, "select count(*) from public.import_files").await, 5);
}

#[sqlx::test(migrations = false)]
async fn what_is_no_file_of_products_is_told_so(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let save = "Save it as CSV in UTF-8 and try again.";
    assert_eq!(
        shop.refused(b"sku,name\nA,\0\n").await,
        format!("This is not a text file: there is a zero byte in line 2. {save}")
    );
    assert_eq!(shop.refused(b"sku,name\n\nA,\xe9\n").await, format!("Line 3 is not in UTF-8. {save}"));
    assert_eq!(shop.refused(b"\xff\xfes\0k\0u\0").await, format!("The file is in UTF-16. {save}"));
    assert!(shop.refused(b"\x7fELF\x02\x01\x01\0\0").await.starts_with("This is not a text file"));
    assert_eq!(shop.refused(b"").await, "Choose a file, or paste some rows.");
    assert!(shop.refused(b"hello").await.starts_with("The first line must name the columns"));
    assert!(shop.refused(b"sku,name\nA,\"b\n").await.starts_with("In line 2 a quote begins that does not end"));
    // A field of megabytes is the error of a row.
    let (id, counts) = shop.bring(format!("{HEAD}A,{},Tools,B-1,2,1,3.5\n", "n".repeat(5_000_000))).await;
    assert_eq!(counts, [0, 0, 0, 1]);
    let look = shop.look(id, "").await;
    assert_eq!(look["rows"][0]["problems"], json!([["name", "Name must not be longer than 200 characters"]]));
    assert!(look.to_string().len() < 5_000, "it is not shown in full");
    // Neither the form nor its end need be there.
    let broken = format!(
        "POST /api/import/file HTTP/1.0\r\nhost: {}\r\n{}content-type: multipart/form-data; boundary=b\r\ncontent-length: 20\r\n\r\n\
         --b\r\nno form at all\r",
        shop.address, shop.staff
    );
    let answer = http::say(shop.connect().await, broken).await;
    assert!((400..500).contains(&answer.status), "{}", answer.status);
    assert_eq!(value::<i64>(&pool, "select count(*) from public.imports").await, 1);
}

#[sqlx::test(migrations = false)]
async fn fifty_thousand_rows_are_there_together_and_how_far_they_are_is_told(pool: PgPool) {
    const ROWS: usize = 50_000;
    let shop = Shop::open(&pool).await;
    let (id, counts) = shop.bring(many(ROWS)).await;
    assert_eq!(counts, [ROWS as i64, 0, 0, 0]);
    let mut holds = shop.held_up_at("N-20000").await;
    // The browser is closed half-way.
    let mut stream = shop.connect().await;
    stream.write_all(shop.form(&shop.staff, "/api/import/run", &format!("id={id}")).as_bytes()).await.expect("sends");
    shop.until_it_waits().await;
    drop(stream);
    let progress = shop.rows("select state, rows_done, rows_all from public.imports").await;
    assert_eq!(progress, json!([{ "state": "running", "rows_done": 19_500, "rows_all": ROWS }]));
    assert_eq!(value::<i64>(&pool, "select count(*) from public.products").await, 3, "nobody sees any of them yet");
    assert_eq!(shop.run(id).await["Err"], json!("running"));
    sqlx::query(AssertSqlSafe(format!("select pg_advisory_unlock({HOLD})")))
        .execute(&mut holds)
        .await
        .expect("unlocks");
    eventually("it is done", async || value::<String>(&pool, "select state from public.imports").await == "done").await;
    assert_eq!(value::<i64>(&pool, "select count(*) from public.products").await, ROWS as i64 + 3);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, ROWS as i64);
    assert_eq!(shop.run(id).await["Ok"]["added"], json!(ROWS));
    let undone = shop.post_as(&shop.staff, "/api/import/undo", &format!("id={id}")).await;
    assert!(undone["Ok"].is_object(), "{undone}");
    eventually("it is undone", async || value::<i64>(&pool, "select count(*) from public.products").await == 3).await;
}

#[sqlx::test(migrations = false)]
async fn a_server_that_is_killed_half_way_leaves_nothing_and_another_begins_anew(pool: PgPool) {
    let mut shop = Shop::open(&pool).await;
    let mut node = Node::start(&url_of(&pool).await, "").await;
    shop.address = node.address();
    let (id, _) = shop.bring(many(1_500)).await;
    let mut holds = shop.held_up_at("N-1200").await;
    let mut stream = shop.connect().await;
    stream.write_all(shop.form(&shop.staff, "/api/import/run", &format!("id={id}")).as_bytes()).await.expect("sends");
    shop.until_it_waits().await;
    node.kill().await;
    sqlx::query(AssertSqlSafe(format!("select pg_advisory_unlock({HOLD})")))
        .execute(&mut holds)
        .await
        .expect("unlocks");
    let locks = format!("{LOCKS} and classid = {OF_IMPORTS} and objid = {id}");
    eventually("its connection has ended", async || value::<i64>(&pool, &locks).await == 0).await;
    assert_eq!(value::<i64>(&pool, "select count(*) from public.products").await, 3);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, 0);
    sql(&pool, "update public.imports set beat_at = beat_at - interval '1 minute'").await;
    node.revive().await;
    shop.address = node.address();
    let look = shop.look(id, "").await;
    assert_eq!((&look["state"], &look["is_interrupted"]), (&json!("running"), &json!(true)));
    assert_eq!(shop.run(id).await["Ok"]["added"], json!(1_500));
}

#[sqlx::test(migrations = false)]
async fn it_works_by_plain_forms(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let page = "accept: text/html\r\n";
    let led = async |request: Vec<u8>| {
        let answer = http::say(shop.connect().await, request).await;
        assert!((300..400).contains(&answer.status), "{} {}", answer.status, answer.body);
        answer.header("location").expect("leads somewhere").to_owned()
    };
    let shown = async |address: &str| http::ask(shop.address, "GET", address, &format!("{}{page}", shop.staff)).await;
    let refused = led(shop.upload(&shop.staff, "text/html", b"sku\n\xff")).await;
    assert!(refused.starts_with("/import?notice="), "{refused}");
    let answer = shown(&refused).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Line 2 is not in UTF-8."), "{}", answer.body);
    let preview = led(shop.upload(&shop.staff, "text/html", b"sku,name\nS-1,<b>Drill</b>\nS-9,x\n")).await;
    assert_eq!(preview, "/import/1");
    let answer = shown(&preview).await;
    assert!(answer.body.contains("&lt;b&gt;Drill&lt;/b&gt;") && answer.body.contains("Location must not be empty"));
    let run = |form: &str| shop.form(&format!("{}{page}", shop.staff), "/api/import/run", form).into_bytes();
    let refused = led(run("id=1")).await;
    let answer = shown(&refused).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("One row has errors"), "{}", answer.body);
    assert_eq!(led(run("id=1&leave_out=true")).await, preview);
    assert!(shown(&preview).await.body.contains("1 product changed; 1 row with errors left out"));
    let undo = shop.form(&format!("{}{page}", shop.staff), "/api/import/undo", "id=1").into_bytes();
    assert_eq!(led(undo).await, preview);
    assert!(shown(&preview).await.body.contains("All that it changed was taken back"));
    assert_eq!(shown("/import/2").await.status, 404);
    assert!(shown("/import").await.body.contains("stock.csv"));
}

#[sqlx::test(migrations = false)]
async fn many_who_undo_at_once_take_one_connection_each(pool: PgPool) {
    let shop = Shop::open_with(&pool, |config| config.database.max_connections = 4).await;
    let mut ids = Vec::new();
    // No more than five are kept of each person.
    for number in 1..=5 {
        let (id, _) = shop.bring(format!("{HEAD}N-{number},Rod,Tools,B-1,2,1,3.5\n")).await;
        assert_eq!(shop.run(id).await["Ok"]["added"], json!(1));
        ids.extend([id, id]);
    }
    let undo = async |id: i64| shop.post_as(&shop.staff, "/api/import/undo", &format!("id={id}")).await;
    for answer in futures::future::join_all(ids.into_iter().map(undo)).await {
        assert_eq!(answer["Ok"]["kept"], json!(0), "{answer}");
    }
    assert_eq!(value::<i64>(&pool, "select count(*) from public.products").await, 3);
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.event").await, 10, "each is undone once");
}

#[sqlx::test(migrations = false)]
async fn undoing_leaves_what_was_counted_since_skus_of_others_and_who_is_gone(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    sql(
        &pool,
        "insert into public.products (sku, name, category, location, quantity, reorder_level, price)
         select 'S-' || n, 'Four', 'Tools', 'A', 4, 1, 1 from generate_series(4, 7) n",
    )
    .await;
    let text =
        "id,sku,name,quantity\n1,S-1,Drill,8\n2,T-2,Two,9\n4,S-4,Four,9\n5,S-5,Four,9\n6,S-6,Four,9\n7,S-7,Four,9\n";
    let (id, counts) = shop.bring(text).await;
    assert_eq!(counts, [0, 6, 0, 0]);
    assert_eq!(shop.run(id).await["Ok"]["changed"], json!(6));
    // The old SKU of one is another's by now; one is gone; two were counted, one of them to what it was; of the last some were lost.
    sql(&pool, "update public.products set sku = 'S-2' where id = 3; delete from public.products where id = 1").await;
    for (path, form) in [
        ("product/adjust", "id=4&moved[reason]=counted&moved[pieces]=9"),
        ("inventory/set-quantity", "id=5&quantity=12"),
        ("product/adjust", "id=6&moved[reason]=lost&moved[pieces]=2"),
    ] {
        let answer = shop.post_as(&shop.staff, &format!("/api/{path}"), form).await;
        assert!(answer["Ok"].is_object(), "{path}: {answer}");
    }
    let undone = shop.post_as(&shop.staff, "/api/import/undo", &format!("id={id}")).await;
    assert_eq!(undone["Ok"]["kept"], json!(4), "{undone}");
    let left = shop.rows("select id, sku, name, quantity from public.products order by id").await;
    let row = |id: i64, sku: &str, name: &str, quantity: i64| json!({ "id": id, "sku": sku, "name": name, "quantity": quantity });
    let due = [
        row(2, "T-2", "=1+1", 9),
        row(3, "S-2", "'=1\nNails", 1),
        row(4, "S-4", "Four", 9),
        row(5, "S-5", "Four", 12),
        row(6, "S-6", "Four", 2),
        row(7, "S-7", "Four", 4),
    ];
    assert_eq!(left, json!(due));
}

#[sqlx::test(migrations = false)]
async fn whoever_meets_a_lock_is_told_to_try_again(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    // As a lock that does not come in time; which it must within what all transactions have.
    let wait = "create function wait() returns trigger language plpgsql as $$ begin
            if current_setting('lock_timeout') <> '5s' then raise 'there is no end of waiting'; end if;
            raise 'too late' using errcode = case old.id when 1 then '55P03' else '40P01' end;
        end $$;
        create trigger wait before update or delete on public.products for each row execute function wait()";
    sql(&pool, wait).await;
    for id in 1..=2 {
        for (path, form, due) in [
            ("inventory/set-quantity", format!("id={id}&quantity=12"), json!("busy")),
            ("inventory/delete-product", format!("id={id}"), json!("busy")),
            (
                "inventory/adjust-many",
                format!("ids[]={id}&moved[reason]=lost&moved[pieces]=1"),
                json!({ "common": "busy" }),
            ),
            ("product/adjust", format!("id={id}&moved[reason]=lost&moved[pieces]=1"), json!({ "common": "busy" })),
        ] {
            let answer = shop.post_as(&shop.staff, &format!("/api/{path}"), &form).await;
            assert_eq!(answer["Err"], due, "{path} {id}");
        }
    }
    let (id, _) = shop.bring("id,name\n1,Drill\n").await;
    assert_eq!(shop.run(id).await["Err"], json!("busy"));
}

#[sqlx::test(migrations = false)]
async fn columns_are_no_more_than_they_may_be_and_not_all_named(pool: PgPool) {
    let shop = Shop::open(&pool).await;
    let wide = |more: usize| {
        let titles: Vec<String> = (1..=more).map(|number| format!("more {number}")).collect();
        format!("id,name,{}\n1,Drill{}\n2,Two,{}x\n", titles.join(","), ",".repeat(100_000), ",".repeat(more))
    };
    assert_eq!(
        shop.refused(wide(199).as_bytes()).await,
        "There are more than 200 columns. Leave out those that are not needed."
    );
    let (id, counts) = shop.bring(wide(198)).await;
    assert_eq!(counts, [0, 1, 0, 1]);
    let look = shop.look(id, "errors").await;
    assert_eq!(look["rows"][0]["problems"], json!([["", "This line has 201 cells, the first one 200"]]));
    assert_eq!((look["ignored"].as_array().map(Vec::len), &look["ignored_more"]), (Some(20), &json!(178)));
}
