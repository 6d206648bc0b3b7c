//! Chat on the real server: messages are stored once and in order, private conversations stay private, names are told to whom they are
//! and to nobody else.

mod changing;
mod demo;
mod naming;
mod pages;
mod privacy;
mod sending;

use crate::support::{Browser, Client, Server, browser::FORM, sql, value};
use rowcast::{
    capture::{self, Trust},
    changelog, chat,
    hub::{Credential, Principal},
    identity::{Anonymous, paths},
    orders,
    protocol::Role,
    rights, rules,
};
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgPool};

/// The tables of chat and of notifications, as the demo grants them.
async fn with_tables(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
    sql(pool, include_str!("../app/inventory/schema.sql")).await;
    sql(pool, include_str!("../orders/schema.sql")).await;
    sql(pool, include_str!("../chat/schema.sql")).await;
    sql(pool, include_str!("../chat/told.sql")).await;
    let talk = chat::demo::TABLES.map(|table| (table, chat::demo::policies()));
    let told = [("public.notifications", orders::demo::policies("public.notifications"))];
    for (table, policies) in talk.into_iter().chain(told) {
        capture::track(pool, table, Trust::Checked).await.expect("tracks");
        for policy in policies {
            rights::grant(pool, table, policy).await.expect("grants");
        }
    }
    for rule in chat::demo::rules() {
        rules::allow(pool, &rule).await.expect("allows");
    }
}

/// With a server that lets nobody in who is not somebody.
async fn with_server(pool: &PgPool) -> Server {
    with_tables(pool).await;
    Server::start_with(pool, |config| config.identity.anonymous = Anonymous::Nobody).await
}

/// Somebody with an account, signed in.
async fn person(pool: &PgPool, name: &str, role: Role) -> Principal {
    let email = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
    let account = format!(
        "insert into rowcast.account (email, name, role, password_hash) values ('{email}', '{name}', '{role}', '') returning id"
    );
    let account: i64 = value(pool, &account).await;
    let login = format!(
        "insert into rowcast.login (token, account, expires_at)
         values (sha256('{name}'), {account}, now() + interval '1 day')"
    );
    sql(pool, &login).await;
    Principal { account: Some(account), name: name.into(), role, credential: Credential::Login(1), tables: None }
}

fn id(principal: &Principal) -> i64 {
    principal.account.expect("has an account")
}

/// The browser of somebody who is signed in.
fn browser(server: &Server, who: &Principal) -> Browser {
    Browser { cookie: Some(who.name.to_string()), ..Browser::new(server.address) }
}

/// The socket of somebody who is signed in.
async fn client(server: &Server, who: &Principal) -> Client {
    Client::somebody(server, ("cookie", format!("rowcast_session={}", who.name))).await
}

/// What a server function answers to somebody.
async fn ask(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
    let pairs: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", paths::encode(name), paths::encode(value))).collect();
    let mut program = browser.with("accept", "application/json");
    let answer = program.send("POST", path, FORM, &pairs.join("&")).await;
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(Value::String(answer.body)))
}

/// All rows of a query as one JSON list.
async fn rows(pool: &PgPool, query: &str) -> Value {
    let text = format!("select coalesce(json_agg(r), '[]')::text from ({query}) r");
    let text: String = sqlx::query_scalar(AssertSqlSafe(text)).fetch_one(pool).await.expect("reads");
    serde_json::from_str(&text).expect("JSON")
}

/// Numbers without gaps, conversations that say what is so, marks that are no further than what there is.
async fn all_is_well(pool: &PgPool) {
    let wrong = "select c.id from public.chats c
                 left join lateral (select count(*) as messages, coalesce(max(number), 0) as last from public.chat_messages where chat = c.id) m on true
                 where c.last <> m.last or m.messages <> m.last
                 union all
                 select chat from public.chat_marks k where number > (select last from public.chats where id = k.chat)
                     or own_after <> (select count(*) from public.chat_messages m where m.chat = k.chat and m.author = k.account and m.number > k.number)";
    assert_eq!(rows(pool, wrong).await, serde_json::json!([]));
}
