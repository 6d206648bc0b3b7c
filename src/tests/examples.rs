//! The example clients do what they are shown for. (The one for browsers is tested in one, in `end2end/`.)

use crate::support::{PATIENCE, Server, sql, with_items};
use rowcast::{
    identity::{Anonymous, token},
    protocol::Role,
};
use sqlx::PgPool;
use std::process::Stdio;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{ChildStdout, Command},
};

/// What it prints up to the next commit.
async fn until_commit(lines: &mut Lines<BufReader<ChildStdout>>) -> Vec<String> {
    let mut said = Vec::new();
    loop {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("in time").expect("text");
        said.push(line.expect("goes on"));
        if said.last().is_some_and(|line| line.starts_with("commit")) {
            return said;
        }
    }
}

#[sqlx::test(migrations = false)]
async fn the_python_client_prints_each_commit_and_continues_after_a_restart(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1, 'é'), (2, 'b')").await;
    let server = Server::start(&pool).await;
    let address = server.address;
    let mut python = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python/live.py"))
        .args(["public.items", "--port", &address.port().to_string()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("python3 is installed");
    let mut lines = BufReader::new(python.stdout.take().expect("a pipe")).lines();
    let first = r#"= {"id": 1, "name": "é"}"#;
    assert_eq!(
        until_commit(&mut lines).await,
        ["replace 2 rows", first, r#"= {"id": 2, "name": "b"}"#, "commit, 2 rows"]
    );
    sql(&pool, "begin; update items set name = 'c' where id = 2; delete from items where id = 1; commit").await;
    let mut both = until_commit(&mut lines).await;
    both.sort();
    assert_eq!(both, [r#"- {"id": 1, "name": "é"}"#, "commit, 1 rows", r#"~ {"id": 2, "name": "c"}"#]);
    server.kill();
    sql(&pool, "insert into items values (3, 'while it was down')").await;
    let _server = Server::start_at(&pool, address).await;
    assert_eq!(until_commit(&mut lines).await, [r#"+ {"id": 3, "name": "while it was down"}"#, "commit, 2 rows"]);
}

#[sqlx::test(migrations = false)]
async fn the_python_client_shows_a_token_where_nobody_is_let_in_without(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "insert into items values (1, 'a')").await;
    let server = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let python = || {
        let mut python = Command::new("python3");
        python
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python/live.py"))
            .args(["public.items", "--port", &server.address.port().to_string()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        python
    };
    let refused = python().env_remove("ROWCAST_TOKEN").output().await.expect("ends");
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("set ROWCAST_TOKEN"));
    let new = token::New { name: "example", role: Role::Staff, tables: None, days: None };
    let (_, token) = token::create(&pool, &new).await.expect("makes");
    let mut child = python().env("ROWCAST_TOKEN", token).spawn().expect("runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert_eq!(until_commit(&mut lines).await.last().map(String::as_str), Some("commit, 1 rows"));
}
