//! What browsers are told about every answer.

use crate::support::{
    Server,
    http::{Answer, ask},
    with_items,
};
use rowcast::{app::demo, capture};
use sqlx::PgPool;

async fn server(pool: &PgPool) -> Server {
    with_items(pool).await;
    demo::install(pool).await.expect("installs");
    capture::track(pool, demo::TABLE, capture::Trust::Checked).await.expect("tracks");
    Server::start_with(pool, |config| {
        config.server.trusted_proxies = vec!["127.0.0.1".parse().expect("a network")];
        config.server.hosts = vec!["rowcast.example.org".to_owned()];
    })
    .await
}

const ALL: [(&str, &str); 5] =
    [("GET", "/"), ("GET", "/nothing-here"), ("GET", "/favicon.svg"), ("GET", "/healthz"), ("POST", "/api/nothing")];

#[sqlx::test(migrations = false)]
async fn every_answer_says_that_it_is_nobody_elses(pool: PgPool) {
    let server = server(&pool).await;
    let mut answers = Vec::new();
    for (method, path) in ALL {
        answers.push((path, ask(server.address, method, path, "content-length: 0\r\n").await));
    }
    answers.push(("a foreign host", ask(server.address, "GET", "/", "host: evil.example\r\n").await));
    answers.push(("a foreign page", ask(server.address, "POST", "/", "origin: https://evil.example\r\n").await));
    let statuses: Vec<u16> = answers.iter().map(|(_, answer)| answer.status).collect();
    assert_eq!(statuses, [200, 404, 200, 200, 404, 403, 403]);
    for (what, answer) in &answers {
        let says = |name: &str, value: &str| assert_eq!(answer.header(name), Some(value), "{what}: {name}");
        says("x-content-type-options", "nosniff");
        says("x-frame-options", "DENY");
        says("referrer-policy", "same-origin");
        says("cross-origin-opener-policy", "same-origin");
        says("cross-origin-resource-policy", "same-origin");
        assert!(answer.header("permissions-policy").is_some_and(|policy| policy.contains("camera=()")), "{what}");
        assert_eq!(answer.header("strict-transport-security"), None, "{what} came unencrypted");
        let policy = answer.header("content-security-policy").expect("a policy");
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{what}: {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("http"), "{what}: {policy}");
        let kept = if *what == "/favicon.svg" { "no-cache" } else { "no-store" };
        says("cache-control", kept);
    }
    assert_eq!((server.counters.foreign_hosts.get(), server.counters.foreign_origins.get()), (1, 1));
}

/// Pages that are rendered and files that are sent on the same threads, at the same time.
#[sqlx::test(migrations = false)]
async fn a_page_keeps_its_policy_while_files_are_sent(pool: PgPool) {
    const ROUNDS: usize = 10;
    let server = server(&pool).await;
    let address = server.address;
    for _ in 0..ROUNDS {
        let paths = ["/", "/favicon.svg", "/favicon.svg", "/favicon.svg", "/favicon.svg"].repeat(4);
        let asked = paths.into_iter().map(|path| async move { (path, ask(address, "GET", path, "").await) });
        for (path, answer) in futures::future::join_all(asked).await {
            let policy = answer.header("content-security-policy").expect("a policy");
            assert_eq!(policy.contains("'nonce-"), path == "/", "{path}: {policy}");
            assert_eq!(answer.status, 200, "{path}");
        }
    }
}

#[sqlx::test(migrations = false)]
async fn whoever_came_encrypted_shall_always_do_so(pool: PgPool) {
    let server = server(&pool).await;
    for (path, _) in ALL.map(|(_, path)| (path, ())) {
        let through = "host: rowcast.example.org\r\nx-forwarded-proto: https\r\nx-forwarded-for: 203.0.113.9\r\n";
        let answer = ask(server.address, "GET", path, through).await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{path}");
    }
}

/// The nonce that an answer's policy names.
fn nonce(answer: &Answer) -> &str {
    let policy = answer.header("content-security-policy").expect("a policy");
    let (_, rest) = policy.split_once("'nonce-").expect("a nonce");
    rest.split('\'').next().expect("an end")
}

#[sqlx::test(migrations = false)]
async fn only_scripts_of_the_page_run_in_it(pool: PgPool) {
    let server = server(&pool).await;
    let mut seen = Vec::new();
    for path in ["/", "/?search=x&sort=price", "/nothing-here"] {
        let page = ask(server.address, "GET", path, "").await;
        let nonce = nonce(&page).to_owned();
        assert!(nonce.len() >= 16, "{nonce}");
        let scripts: Vec<&str> =
            page.body.split("<script").skip(1).map(|rest| &rest[..rest.find('>').unwrap()]).collect();
        assert!(scripts.len() >= 2, "{path} has scripts: {scripts:?}");
        for script in &scripts {
            assert!(script.contains(&format!("nonce=\"{nonce}\"")), "{path}: <script{script}>");
        }
        for never in ["<style", " style=", " onclick=", " onload=", " onsubmit=", "javascript:"] {
            assert!(!page.body.contains(never), "{path}: {never} would be refused by the page's own policy");
        }
        for elsewhere in ["src=\"http", "src=\"//", "href=\"http", "href=\"//"] {
            assert!(!page.body.contains(elsewhere), "{path}: {elsewhere}");
        }
        seen.push(nonce);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 3, "each answer has its own");
}
