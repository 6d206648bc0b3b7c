//! Who sees what: every kind of question as every role, attempts to see more, and rights that change while somebody looks.

mod columns;
mod endpoints;
mod live;
mod matrix;
mod messages;
mod operators;
mod widening;

use crate::support::{Browser, Client, Rows, Server, client::Shown, sql};
use rowcast::{
    capture::{self, Trust},
    changelog,
    hub::Policy,
    identity::{account, token},
    protocol::{Role, Subscribe},
    rights,
    store::Phase,
};
use sqlx::PgPool;

const PASSWORD: &str = "correct horse battery";
/// What customers see of the orders that are theirs.
const SEEN: &[&str] = &["id", "status", "amount"];

/// Orders of Ana (the first account) and Bob (the second), each with a secret.
async fn with_orders(pool: &PgPool) -> [i64; 2] {
    changelog::install(pool).await.expect("installs");
    let ana = add(pool, "ana@example.org", "Ana", Role::Customer).await;
    let bob = add(pool, "bob@example.org", "Bob", Role::Customer).await;
    sql(
        pool,
        &format!(
            "create table orders (id int primary key, owner bigint not null, status text not null, amount int not null, secret text);
             insert into orders values (1, {ana}, 'new', 10, 'a1'), (2, {bob}, 'new', 20, 'b2'),
                 (3, {ana}, 'paid', 30, 'a3'), (4, {bob}, 'paid', 40, 'b4')"
        ),
    )
    .await;
    capture::track(pool, "orders", Trust::Checked).await.expect("tracks");
    [ana, bob]
}

/// Staff sees all, customers some columns of their own orders, others nothing: not even administrators.
async fn granted(pool: &PgPool) {
    grant(pool, Policy::all(Role::Staff)).await;
    grant(pool, own_orders()).await;
}

fn own_orders() -> Policy {
    Policy {
        columns: Some(SEEN.iter().map(|&name| name.to_owned()).collect()),
        filter: Some("owner = $user.id".to_owned()),
        ..Policy::all(Role::Customer)
    }
}

async fn grant(pool: &PgPool, policy: Policy) {
    rights::grant(pool, "orders", policy).await.expect("grants");
}

async fn add(pool: &PgPool, email: &str, name: &str, role: Role) -> i64 {
    let new = account::New { email, name, role, password: PASSWORD };
    account::create(pool, new).await.expect("adds").expect("is new")
}

/// What somebody's browser shows.
async fn signed_in(server: &Server, email: &str) -> Shown {
    let mut browser = Browser::new(server.address);
    let answer = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    ("cookie", format!("rowcast_session={}", browser.cookie.expect("a cookie")))
}

/// What a script shows, with the number of its token.
async fn with_token(pool: &PgPool, role: Role, tables: Option<&[&str]>) -> (i64, Shown) {
    let tables = tables.map(|tables| tables.iter().map(|&name| name.to_owned()).collect());
    let (id, token) =
        token::create(pool, &token::New { name: "script", role, tables, days: None }).await.expect("makes");
    (id, ("authorization", format!("Bearer {token}")))
}

async fn client_of(server: &Server, shown: Option<Shown>) -> Client {
    match shown {
        Some(shown) => Client::somebody(server, shown).await,
        None => Client::connected(server).await,
    }
}

fn orders() -> Subscribe {
    Subscribe { table: "orders".to_owned(), ..Subscribe::default() }
}

/// Asks, and waits until there is an answer: rows, or the code of the refusal.
async fn asked(client: &mut Client, question: Subscribe, key: &str) -> (u64, Result<Rows, String>) {
    let id = client.ask(question, vec![key.to_owned()], None, Rows::new()).await;
    client
        .until("it is answered", |client| matches!(client.view(id).phase, Some(Phase::Live | Phase::Failed(_))))
        .await;
    let phase = client.view(id).phase.clone();
    let outcome = match phase {
        Some(Phase::Failed(error)) => {
            Err(serde_json::to_value(error.code).expect("a word").as_str().expect("a word").to_owned())
        }
        _ => Ok(client.rows(id)),
    };
    (id, outcome)
}

fn keys(rows: &Rows) -> Vec<&str> {
    rows.keys().map(String::as_str).collect()
}
