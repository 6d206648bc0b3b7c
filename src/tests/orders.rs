//! Orders on the real server: what programs may ask and are answered, stock that is never sold twice, requests that come twice,
//! who is told of what, and the demo's own.

mod api;
mod demo;
mod errors;
mod pages;
mod random;
mod sight;
mod stock;
mod told;
mod twice;

use crate::support::{Server, http, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog,
    hub::{Credential, Policy, Principal},
    identity::{Anonymous, token},
    orders::{self, Readers},
    protocol::Role,
    rights,
    store::{PageReader, PageRows, ReadError},
};
use serde_json::{Value, value::RawValue};
use sqlx::{AssertSqlSafe, PgPool};
use std::net::SocketAddr;
use tokio::net::TcpStream;

/// Products 1 to 5, with ten pieces each, at 12.50.
const PRODUCTS: &str = "insert into public.products (sku, name, category, location, quantity, reorder_level, price)
    select 'S-' || n, 'Product ' || n, 'Tools', 'A-01-1', 10, 2, 12.50 from generate_series(1, 5) n";

/// The tables of products and orders, and a server that lets nobody in who is not somebody.
async fn with_shop(pool: &PgPool) -> Server {
    with_tables(pool).await;
    show(pool).await;
    Server::start_with(pool, |config| config.identity.anonymous = Anonymous::Nobody).await
}

/// Everybody sees of them what they see in the demo.
async fn show(pool: &PgPool) {
    capture::track(pool, "public.products", Trust::Checked).await.expect("tracks");
    for role in [Role::Customer, Role::Staff, Role::Admin] {
        rights::grant(pool, "public.products", Policy::all(role)).await.expect("grants");
    }
    for table in orders::demo::TABLES {
        capture::track(pool, table, Trust::Checked).await.expect("tracks");
        for policy in orders::demo::policies(table) {
            rights::grant(pool, table, policy).await.expect("grants");
        }
    }
}

async fn with_tables(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
    sql(pool, include_str!("../app/inventory/schema.sql")).await;
    sql(pool, include_str!("../orders/schema.sql")).await;
    sql(pool, PRODUCTS).await;
}

/// Somebody with an account, signed in.
async fn person(pool: &PgPool, name: &str, role: Role) -> (i64, String) {
    let email = format!("{}@example.org", name.to_lowercase());
    let account = format!(
        "insert into rowcast.account (email, name, role, password_hash) values ('{email}', '{name}', '{role}', '') returning id"
    );
    let account: i64 = value(pool, &account).await;
    let login = format!(
        "insert into rowcast.login (token, account, expires_at)
         values (sha256('{name}'), {account}, now() + interval '1 day')"
    );
    sql(pool, &login).await;
    (account, format!("cookie: rowcast_session={name}\r\n"))
}

/// A script.
async fn script(pool: &PgPool, role: Role) -> String {
    let new = token::New { name: "script", role, tables: None, days: None };
    let (_, secret) = token::create(pool, &new).await.expect("makes");
    format!("authorization: Bearer {secret}\r\n")
}

/// Somebody as commands know them.
fn principal(account: i64, name: &str, role: Role) -> Principal {
    Principal { account: Some(account), name: name.into(), role, credential: Credential::Login(1), tables: None }
}

/// Reads what there is, for commands that no server hands on: whoever asks sees everything.
fn everything(pool: &PgPool) -> Readers {
    let pool = pool.clone();
    Readers::new(move |_| everything_in(&pool))
}

fn everything_in(pool: &PgPool) -> PageReader {
    let pool = pool.clone();
    PageReader::new(move |question| {
        let pool = pool.clone();
        async move {
            let filter = question.filter.expect("asks for some");
            let numbered = question.params.iter().enumerate().rev();
            let condition = numbered.fold(filter, |condition, (place, value)| {
                condition.replace(&format!("${}", place + 1), &value.to_string())
            });
            let text = format!("select row_to_json(t)::text from {} t where {condition}", question.table);
            let rows: Vec<String> =
                sqlx::query_scalar(AssertSqlSafe(text)).fetch_all(&pool).await.map_err(|_| ReadError::Unavailable)?;
            let rows = rows.into_iter().map(|row| RawValue::from_string(row).expect("JSON")).collect();
            Ok(PageRows { position: String::new(), key: Vec::new(), rows })
        }
    })
}

/// What a program was answered.
#[derive(Clone, Debug, PartialEq)]
struct Reply {
    status: u16,
    location: Option<String>,
    body: Value,
}

impl Reply {
    fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }

    fn id(&self) -> i64 {
        self.body["id"].as_i64().unwrap_or_else(|| panic!("no order: {self:?}"))
    }
}

/// A program that is somebody, by the header that it sends.
#[derive(Clone, Debug)]
struct Caller {
    address: SocketAddr,
    who: String,
}

impl Caller {
    fn new(server: &Server, who: &str) -> Self {
        Self { address: server.address, who: who.to_owned() }
    }

    async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, "", "").await
    }

    async fn post(&self, path: &str, body: &str) -> Reply {
        self.send("POST", path, "content-type: application/json\r\n", body).await
    }

    async fn keyed(&self, path: &str, key: &str, body: &str) -> Reply {
        let headers = format!("content-type: application/json\r\nidempotency-key: {key}\r\n");
        self.send("POST", path, &headers, body).await
    }

    /// Orders one product.
    async fn order(&self, product: i64, quantity: i64) -> Reply {
        self.post("/api/orders", &order(&[(product, quantity)])).await
    }

    async fn send(&self, method: &str, path: &str, headers: &str, body: &str) -> Reply {
        let Self { address, who } = self;
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.0\r\nhost: {address}\r\n{who}{headers}content-length: {length}\r\n\r\n{body}"
        );
        let stream = TcpStream::connect(address).await.expect("connects");
        let answer = http::say(stream, &request).await;
        let location = answer.header("location").map(str::to_owned);
        let body = serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body));
        Reply { status: answer.status, location, body }
    }
}

/// The body of an order.
fn order(lines: &[(i64, i64)]) -> String {
    let line = |(product, quantity): &(i64, i64)| format!(r#"{{"product_id":{product},"quantity":{quantity}}}"#);
    format!(r#"{{"lines":[{}]}}"#, lines.iter().map(line).collect::<Vec<_>>().join(","))
}

/// How many pieces of a product are there.
async fn left(pool: &PgPool, product: i64) -> i32 {
    value(pool, &format!("select quantity from public.products where id = {product}")).await
}

/// All rows of a query as one JSON list.
async fn rows(pool: &PgPool, query: &str) -> Value {
    let text = format!("select coalesce(json_agg(r), '[]')::text from ({query}) r");
    let text: String = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(pool).await.expect("reads");
    serde_json::from_str(&text).expect("JSON")
}

/// Versions without gaps, one row for each order and event, every piece accounted for, nothing that no step leads to.
async fn all_is_well(pool: &PgPool, pieces_at_first: i64) {
    for (what, query) in [
        ("versions are dense", include_str!("orders/dense.sql")),
        ("every event has its step, and each order the state of its last", include_str!("orders/steps.sql")),
        ("every step is one that leads there", include_str!("orders/legal.sql")),
    ] {
        assert_eq!(rows(pool, query).await, serde_json::json!([]), "{what}");
    }
    let pieces: i64 = value(pool, include_str!("orders/pieces.sql")).await;
    assert_eq!(pieces, pieces_at_first, "pieces in stock and with orders");
    let moved: bool = value(pool, include_str!("orders/moved.sql")).await;
    assert!(moved, "the streams of products tell of every piece that moved");
}
