//! Every kind of question as every role, and as nobody, against what is written here.

use super::{asked, client_of, granted, orders, signed_in, with_orders, with_token};
use crate::support::{Client, Server};
use rowcast::protocol::{Aggregate, OrderBy, Role, Subscribe};
use sqlx::PgPool;

/// What a question is answered with: keys (or totals) as one text, or the code of the refusal.
type Due = Result<&'static str, &'static str>;

/// A question, and what staff and a customer get. Everybody else gets what they would get of a table that is not there.
struct Case {
    question: fn() -> Subscribe,
    key: &'static str,
    staff: Due,
    ana: Due,
}

fn by(column: &str) -> Vec<OrderBy> {
    vec![OrderBy { column: column.to_owned(), desc: true, nulls: None }]
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn totals(of: &str) -> Aggregate {
    Aggregate { count: true, sum: if of.is_empty() { Vec::new() } else { names(&[of]) }, ..Aggregate::default() }
}

const CASES: &[Case] = &[
    Case { question: orders, key: "id", staff: Ok("1 2 3 4"), ana: Ok("1 3") },
    Case {
        question: || Subscribe { columns: Some(names(&["status"])), ..orders() },
        key: "id",
        staff: Ok("1 2 3 4"),
        ana: Ok("1 3"),
    },
    Case {
        question: || Subscribe { columns: Some(names(&["secret"])), ..orders() },
        key: "id",
        staff: Ok("1 2 3 4"),
        ana: Err("unknown_column"),
    },
    Case {
        question: || Subscribe { filter: Some("amount > 10".to_owned()), ..orders() },
        key: "id",
        staff: Ok("2 3 4"),
        ana: Ok("3"),
    },
    Case {
        question: || Subscribe { filter: Some("secret like 'b%'".to_owned()), ..orders() },
        key: "id",
        staff: Ok("2 4"),
        ana: Err("unknown_column"),
    },
    Case {
        question: || Subscribe { filter: Some("owner is not null".to_owned()), ..orders() },
        key: "id",
        staff: Ok("1 2 3 4"),
        ana: Err("unknown_column"),
    },
    Case {
        question: || Subscribe { order: by("amount"), limit: Some(1), ..orders() },
        key: "id",
        staff: Ok("4"),
        ana: Ok("3"),
    },
    Case {
        question: || Subscribe { order: by("secret"), limit: Some(1), ..orders() },
        key: "id",
        staff: Ok("4"),
        ana: Err("unknown_column"),
    },
    Case {
        question: || Subscribe { aggregate: Some(totals("amount")), ..orders() },
        key: "group",
        staff: Ok(r#"{"group":{},"count":4,"sum":{"amount":100}}"#),
        ana: Ok(r#"{"group":{},"count":2,"sum":{"amount":40}}"#),
    },
    Case {
        question: || Subscribe { aggregate: Some(totals("")), group_by: names(&["secret"]), ..orders() },
        key: "group",
        staff: Ok(
            r#"{"group":{"secret":"a1"},"count":1} {"group":{"secret":"a3"},"count":1} {"group":{"secret":"b2"},"count":1} {"group":{"secret":"b4"},"count":1}"#,
        ),
        ana: Err("unknown_column"),
    },
    Case {
        question: || Subscribe { aggregate: Some(totals("owner")), ..orders() },
        key: "group",
        staff: Ok(r#"{"group":{},"count":4,"sum":{"owner":6}}"#),
        ana: Err("unknown_column"),
    },
    Case {
        question: || Subscribe { aggregate: Some(Aggregate { min: names(&["secret"]), ..totals("") }), ..orders() },
        key: "group",
        staff: Ok(r#"{"group":{},"count":4,"min":{"secret":"a1"}}"#),
        ana: Err("unknown_column"),
    },
];

async fn answers(client: &mut Client, who: &str, due: impl Fn(&Case) -> Due) {
    for case in CASES {
        let question = (case.question)();
        let (id, got) = asked(client, question.clone(), case.key).await;
        let got = got.map(|rows| {
            let parts: Vec<String> = match case.key {
                "id" => rows.into_keys().collect(),
                _ => rows.into_values().collect(),
            };
            parts.join(" ")
        });
        assert_eq!(got, due(case).map(str::to_owned).map_err(str::to_owned), "{who} asks {question:?}");
        client.unsubscribe(id).await;
    }
}

#[sqlx::test(migrations = false)]
async fn every_role_gets_what_is_granted_to_it_and_no_more(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let hidden = |_: &Case| Err("unknown_table");
    let staff = with_token(&pool, Role::Staff, None).await.1;
    answers(&mut client_of(&server, Some(staff)).await, "staff", |case| case.staff).await;
    let ana = signed_in(&server, "ana@example.org").await;
    answers(&mut client_of(&server, Some(ana)).await, "Ana", |case| case.ana).await;
    let admin = with_token(&pool, Role::Admin, None).await.1;
    answers(&mut client_of(&server, Some(admin)).await, "an administrator", hidden).await;
    answers(&mut client_of(&server, None).await, "nobody", hidden).await;
    let other = with_token(&pool, Role::Staff, Some(&["public.other"])).await.1;
    answers(&mut client_of(&server, Some(other)).await, "a token for another table", hidden).await;
    let own = with_token(&pool, Role::Staff, Some(&["public.orders"])).await.1;
    answers(&mut client_of(&server, Some(own)).await, "a token for this table", |case| case.staff).await;
}

#[sqlx::test(migrations = false)]
async fn a_customer_without_an_account_has_nothing_of_their_own(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let script = with_token(&pool, Role::Customer, None).await.1;
    let (_, rows) = asked(&mut client_of(&server, Some(script)).await, orders(), "id").await;
    assert_eq!(rows, Ok(Default::default()));
}

#[sqlx::test(migrations = false)]
async fn what_is_hidden_is_told_as_what_is_not_there(pool: PgPool) {
    with_orders(&pool).await;
    granted(&pool).await;
    let server = Server::start_strict(&pool).await;
    let mut nobody = client_of(&server, None).await;
    asked(&mut nobody, orders(), "id").await.1.expect_err("is refused");
    let message = |client: &Client, name: &str| {
        let last = client.heard.iter().rev().find(|frame| frame.contains(r#""type":"error""#)).expect("an error");
        let frame: serde_json::Value = serde_json::from_str(last).expect("JSON");
        frame.to_string().replace(name, "NAME").replace(frame["id"].as_str().expect("an id"), "ID")
    };
    let hidden = message(&nobody, "orders");
    asked(&mut nobody, Subscribe { table: "nonsense".to_owned(), ..Subscribe::default() }, "id")
        .await
        .1
        .expect_err("is refused");
    assert_eq!(hidden, message(&nobody, "nonsense"));

    let mut ana = client_of(&server, Some(signed_in(&server, "ana@example.org").await)).await;
    for (hidden, absent) in [("secret = 'x'", "nosuch = 'x'"), ("owner > 1", "nosuch > 1")] {
        let of = async |client: &mut Client, filter: &str| {
            let question = Subscribe { filter: Some(filter.to_owned()), ..orders() };
            asked(client, question, "id").await.1.expect_err("is refused");
            message(client, filter.split(' ').next().expect("a name"))
        };
        assert_eq!(of(&mut ana, hidden).await, of(&mut ana, absent).await);
    }
    let columns = Subscribe { columns: Some(vec!["nosuch".to_owned()]), ..orders() };
    asked(&mut ana, columns, "id").await.1.expect_err("is refused");
    let said = message(&ana, "orders");
    assert!(said.contains("id, status, amount") && !said.contains("secret") && !said.contains("owner"), "{said}");
}
