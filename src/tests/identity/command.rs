//! The command line, as a process of its own.

use super::{EMAIL, whoami};
use crate::support::{Browser, Server, sql, value, with_items};
use rowcast::identity::Anonymous;
use sqlx::PgPool;
use std::process::Stdio;
use tokio::{io::AsyncWriteExt, process::Command};

/// What a command said, on both streams, and whether it succeeded.
struct Said {
    out: String,
    err: String,
    ok: bool,
}

async fn rowcast(pool: &PgPool, arguments: &[&str], input: &str) -> Said {
    let name: String = value(pool, "select current_database()::text").await;
    let url = std::env::var("DATABASE_URL").expect("the tests' database");
    let mut url = url::Url::parse(&url).expect("an address");
    url.set_path(&name);
    let mut child = Command::new(env!("CARGO_BIN_EXE_rowcast"))
        .args(arguments)
        .env("DATABASE_URL", url.as_str())
        .current_dir(std::env::temp_dir())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    // Fails where it ends without reading.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = child.wait_with_output().await.expect("ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Said { out: text(&output.stdout), err: text(&output.stderr), ok: output.status.success() }
}

#[sqlx::test(migrations = false)]
async fn somebody_is_added_signs_in_and_is_let_in_no_more(pool: PgPool) {
    let run = async |arguments: &[&str], input: &str| rowcast(&pool, arguments, input).await;
    let said = run(&["user", "add", EMAIL, "--role", "staff", "--name", "Ada L."], "").await;
    let password = said.out.trim().to_owned();
    assert!(said.ok && said.out.lines().count() == 1 && password.len() == 23, "{}{}", said.out, said.err);
    let server = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let mut browser = Browser::new(server.address);
    super::sign_in(&mut browser, &password).await;
    assert!(whoami(&browser).await.1.contains(r#""name":"Ada L.","role":"staff""#));

    assert!(run(&["user", "role", "ADA@example.org", "customer"], "").await.ok);
    assert!(whoami(&browser).await.1.contains(r#""role":"customer""#));
    let list = run(&["user", "list"], "").await.out;
    assert!(list.contains(EMAIL) && list.contains("in 1 browsers") && !list.contains("argon2"), "{list}");

    let said = run(&["user", "passwd", EMAIL, "--password-stdin"], "a chosen password\n").await;
    assert!(said.ok && said.out.is_empty(), "{}{}", said.out, said.err);
    assert_eq!(whoami(&browser).await.0, 401);
    super::sign_in(&mut browser, "a chosen password").await;
    assert_eq!(whoami(&browser).await.0, 200);
    assert!(run(&["user", "disable", EMAIL], "").await.ok);
    assert_eq!(whoami(&browser).await.0, 401);
    assert!(run(&["user", "list"], "").await.out.contains("disabled"));
    assert!(run(&["user", "enable", EMAIL], "").await.ok);

    for (arguments, input, why) in [
        (&["user", "add", "Ada@example.org", "--role", "staff"][..], "", "has an account already"),
        (&["user", "add", "eve", "--role", "staff"], "", "not an e-mail address"),
        (&["user", "add", "eve@example.org", "--role", "anonymous"], "", "customer, staff or admin"),
        (
            &["user", "add", "eve@example.org", "--role", "staff", "--password-stdin"],
            "short\n",
            "at least 10 characters",
        ),
        (&["user", "add", "eve@example.org", "--role", "staff", "--password-stdin"], "", "no password"),
        (&["user", "role", "eve@example.org", "staff"], "", "has no account"),
        (&["user", "passwd", "eve@example.org"], "", "has no account"),
        (&["user", "disable", "eve@example.org"], "", "has no account"),
    ] {
        let said = run(arguments, input).await;
        assert!(!said.ok && said.err.contains(why) && said.out.is_empty(), "{arguments:?}: {}{}", said.out, said.err);
    }
}

#[sqlx::test(migrations = false)]
async fn a_token_is_told_once_and_taken_back(pool: PgPool) {
    with_items(&pool).await;
    sql(&pool, "create table \"Other Table\" (id int primary key)").await;
    let run = async |arguments: &[&str]| rowcast(&pool, arguments, "").await;
    let create = ["token", "create", "--role", "staff", "--name", "till", "--expires-days", "30", "--table", "items"];
    let said = run(&[&create[..], &["--table", "\"Other Table\""]].concat()).await;
    let token = said.out.trim_end().to_owned();
    assert!(said.ok && token.starts_with("rowcast_") && !token.contains('\n'), "{}{}", said.out, said.err);
    assert!(!said.err.contains(&token));
    let server = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let program = Browser::new(server.address).with("authorization", &format!("Bearer {token}"));
    assert_eq!(whoami(&program).await.0, 200);
    let list = run(&["token", "list"]).await.out;
    assert!(
        list.contains("valid") && list.contains("public.items public.Other Table") && list.contains("till"),
        "{list}"
    );
    assert!(!list.contains(&token[8..]));
    assert!(run(&["token", "revoke", "1"]).await.ok);
    assert_eq!(whoami(&program).await.0, 401);
    assert!(run(&["token", "list"]).await.out.contains("revoked"));
    for (arguments, why) in [
        (&["token", "revoke", "1"][..], "no token 1"),
        (&["token", "create", "--role", "staff", "--table", "nothing"], "there is no table nothing"),
        (&["token", "create", "--role", "king"], "customer, staff or admin"),
    ] {
        let said = run(arguments).await;
        assert!(!said.ok && said.err.contains(why) && said.out.is_empty(), "{arguments:?}: {}{}", said.out, said.err);
    }
}
