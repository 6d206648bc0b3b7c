//! Everything that answers over HTTP, asked by everybody, against what is written here. What is not written here and answers
//! anyhow fails the test.

use super::{add, with_token};
use crate::support::{
    Browser, Server,
    browser::{FORM, JSON},
    sql,
};
use leptos::server_fn::axum::server_fn_paths;
use rowcast::{
    app::{self, App},
    changelog,
    identity::{Anonymous, token},
    protocol::Role,
};
use sqlx::PgPool;
use std::{collections::BTreeSet, fs, path::Path};

/// Who asks: somebody who shows nothing, where nobody is let in so, and where everybody is; three who are signed in; tokens of
/// staff: for everything, for other tables, one that was taken back; and a cookie that has expired.
const WHO: [&str; 9] = [
    "nobody",
    "anonymous",
    "customer",
    "staff",
    "admin",
    "token",
    "token for some tables",
    "revoked token",
    "expired cookie",
];

/// What is asked, and how.
struct Row {
    method: &'static str,
    path: &'static str,
    kind: &'static str,
    body: &'static str,
    /// For each of [`WHO`], the status, and where it leads.
    due: [&'static str; 9],
}

const LED: &str = "303 /sign-in";
const OUT: &str = "401";
const REFUSED: &str = "200 refused";

const fn get(path: &'static str, due: [&'static str; 9]) -> Row {
    Row { method: "GET", path, kind: FORM, body: "", due }
}

const fn form(path: &'static str, body: &'static str, due: [&'static str; 9]) -> Row {
    Row { method: "POST", path, kind: FORM, body, due }
}

/// The same for all but a token that was taken back, which is worth less than none.
const fn all(due: &'static str) -> [&'static str; 9] {
    [due, due, due, due, due, due, due, OUT, due]
}

/// The same for all who send a form; with a token that was taken back they are led to the form to sign in.
const fn all_led(due: &'static str) -> [&'static str; 9] {
    [due, due, due, due, due, due, due, LED, due]
}

/// For those who have an account; others are led to the form.
const fn own(due: &'static str) -> [&'static str; 9] {
    [LED, LED, due, due, due, LED, LED, LED, LED]
}

/// For those who work here.
const WORK: [&str; 9] = [OUT, "403", "403", "200", "200", "200", "403", OUT, OUT];

/// The same, as data.
const WORK_DATA: [&str; 9] = [OUT, REFUSED, REFUSED, "200", "200", "200", REFUSED, OUT, OUT];
/// For administrators.
const ADMIN_DATA: [&str; 9] = [OUT, REFUSED, REFUSED, REFUSED, "200", REFUSED, REFUSED, OUT, OUT];
/// The same, as a status.
const ADMIN: [&str; 9] = [OUT, "403", "403", "403", "200", "403", "403", OUT, OUT];

/// With data, to all who are let in.
const ANSWERED: [&str; 9] = [OUT, "200", "200", "200", "200", "200", "200", OUT, OUT];

const PRODUCT: &str = r#"{"product":{"id":9000001,"sku":"N-2","name":"N","category":"C","location":"L","quantity":1,"reorder_level":1,"price":1.0,"updated_at":"2026-01-01T00:00:00+00:00"}}"#;

const MATRIX: &[Row] = &[
    // Pages.
    // A token for other tables finds nothing to be shown.
    get("/", [LED, "200", "200", "200", "200", "200", "503", OUT, LED]),
    get("/sign-in", all("200")),
    // Switched off.
    get("/sign-up", all("404")),
    get("/account", [LED, LED, "200", "200", "200", LED, LED, OUT, LED]),
    get("/no/such/page", all("404")),
    // For machines.
    get("/healthz", ["200"; 9]),
    get("/readyz", ["200"; 9]),
    get("/favicon.svg", ["200"; 9]),
    // Let in, and no handshake.
    get("/live", [OUT, "400", "400", "400", "400", "400", "400", OUT, OUT]),
    get("/api/whoami", [OUT, "200", "200", "200", "200", "200", "200", OUT, OUT]),
    form("/api/ticket", "", [OUT, OUT, "200", "200", "200", "200", "200", OUT, OUT]),
    // Forms.
    form("/sign-in", "email=x@example.org&password=wrong+password", all_led(LED)),
    form("/sign-up", "email=x@example.org&name=X&password=correct+horse+battery", all_led("404")),
    form("/account/password", "old=a&new=b&again=c", own("303 /account")),
    form("/account/end-login", "login=0", own("303 /account")),
    form("/account/sign-out", "", all_led(LED)),
    form("/account/sign-out-everywhere", "", all_led(LED)),
    // Server functions.
    form("/api/account/logins", "", [OUT, "200", "200", "200", "200", "200", "200", OUT, OUT]),
    form("/api/inventory/set-quantity", "id=1&quantity=7", WORK),
    form(
        "/api/inventory/add-product",
        "product[sku]=N-1&product[name]=N&product[category]=C&product[location]=L&product[quantity]=1&product[reorder_level]=1&product[price]=1",
        WORK,
    ),
    form("/api/inventory/delete-product", "id=0", WORK),
    Row { method: "POST", path: "/api/inventory/restore-product", kind: JSON, body: PRODUCT, due: WORK },
    // One of them. What is not seen is not there.
    get("/products/1", [LED, "200", "200", "200", "200", "200", "404", OUT, LED]),
    get("/products/9000009", [LED, "404", "404", "404", "404", "404", "404", OUT, LED]),
    form("/api/inventory/adjust-many", "ids[]=0&moved[reason]=counted&moved[pieces]=1", WORK),
    Row { method: "POST", path: "/api/inventory/move-back", kind: JSON, body: r#"{"moves":[]}"#, due: WORK },
    form("/api/product/edit", "id=0", WORK),
    form("/api/product/adjust", "id=0&moved[reason]=counted&moved[pieces]=1", WORK),
    get("/dashboard", [LED, "403", "403", "200", "200", "200", "403", OUT, LED]),
    // Products from a file. There is none of that number.
    get("/import", [LED, "403", "403", "200", "200", "200", "403", OUT, LED]),
    get("/import/9", [LED, "403", "403", "404", "404", "404", "403", OUT, LED]),
    form("/api/import/file", "", [OUT, "403", "403", "422", "422", "422", "403", OUT, OUT]),
    get("/api/import/rest/9", [OUT, "403", "403", "404", "404", "404", "403", OUT, OUT]),
    form("/api/import/home", "", WORK),
    form("/api/import/look", "id=9", WORK),
    form("/api/import/run", "id=9", WORK),
    form("/api/import/undo", "id=9", WORK),
    // The past.
    get("/history", [LED, "403", "403", "200", "200", "200", "403", OUT, LED]),
    form("/api/history/past", "", WORK_DATA),
    form("/api/history/compare", "at=now&and=now", WORK_DATA),
    // Orders. What is seen of them is a matter of policies; of the demo's, a customer here has none.
    // Whoever has no account is shown where to sign in. An order that is not theirs is not there, whatever they may read; with a token for
    // other tables there is none.
    get("/orders", [LED, "200", "200", "200", "200", "200", "503", OUT, LED]),
    get("/orders/new", [LED, "200", "200", "200", "200", "200", "200", OUT, LED]),
    get("/orders/1001", [LED, "404", "404", "200", "200", "200", "404", OUT, LED]),
    get("/orders/9", [LED, "404", "404", "404", "404", "404", "404", OUT, LED]),
    form("/api/order-forms/place", "", [OUT, "200", "200", "200", "200", "200", "200", OUT, OUT]),
    form("/api/order-forms/step", "order=9&step=pay", [OUT, "200", "200", "200", "200", "200", "403", OUT, OUT]),
    // An empty one, for those who may not see the order.
    form("/api/order-history", "id=1001", [OUT, "200", "200", "200", "200", "200", "200", OUT, OUT]),
    get("/api/orders", [OUT, "401", "200", "200", "200", "200", "403", OUT, OUT]),
    Row {
        method: "POST",
        path: "/api/orders",
        kind: JSON,
        body: "{}",
        due: [OUT, "401", "422", "422", "422", "422", "403", OUT, OUT],
    },
    get("/api/orders/1001", [OUT, "401", "404", "200", "200", "200", "403", OUT, OUT]),
    get("/api/orders/1001/events", [OUT, "401", "404", "200", "200", "200", "403", OUT, OUT]),
    Row {
        method: "POST",
        path: "/api/orders/1001/pay",
        kind: JSON,
        body: "{}",
        due: [OUT, "401", "404", "409", "409", "409", "403", OUT, OUT],
    },
    // Chat. A conversation is there for those who see it; whoever has no account is shown where to sign in. What is refused is data.
    get("/chat", [LED, "200", "200", "200", "200", "200", "200", OUT, LED]),
    get("/chat/1", [LED, "200", "404", "200", "200", "200", "200", OUT, LED]),
    form("/api/chat/send", "chat=0&account=0&key=k&text=x", ANSWERED),
    form("/api/chat/edit", "chat=0&number=1&text=x", ANSWERED),
    form("/api/chat/delete", "chat=0&number=1", ANSWERED),
    form("/api/chat/read", "chat=0&up_to=1", ANSWERED),
    form("/api/chat/open-room", "name=N", ANSWERED),
    form("/api/chat/begin", "person=0", ANSWERED),
    form("/api/chat/search", "q=x", ANSWERED),
    form("/api/chat/people", "q=x", ANSWERED),
    form("/api/chat/nameable", "chat=0", ANSWERED),
    // What people are told.
    get("/notifications", [LED, "200", "200", "200", "200", "200", "503", OUT, LED]),
    form("/api/notifications/mark-read", "id=0", [OUT, "200", "200", "200", "200", "200", "200", OUT, OUT]),
    form("/api/notifications/mark-all-read", "before=0", [OUT, "200", "200", "200", "200", "200", "200", OUT, OUT]),
    // The explorer, for all who are let in: what is told depends on policies.
    get("/explore", [LED, "200", "200", "200", "200", "200", "200", OUT, LED]),
    Row { method: "POST", path: "/api/explore/tables", kind: JSON, body: "{}", due: ANSWERED },
    Row {
        method: "POST",
        path: "/api/explore/changes",
        kind: JSON,
        body: r#"{"ask":{"table":"public.products","columns":[],"filter":"","sort":null,"limit":100,"group":[],"totals":[],"count":false}}"#,
        due: WORK_DATA,
    },
    // The audit.
    get("/audit", [LED, "403", "403", "403", "200", "403", "403", OUT, LED]),
    Row { method: "POST", path: "/api/audit/search", kind: JSON, body: r#"{"search":{}}"#, due: ADMIN_DATA },
    Row {
        method: "POST",
        path: "/api/audit/newer",
        kind: JSON,
        body: r#"{"search":{},"than":"1:1:"}"#,
        due: ADMIN_DATA,
    },
    get("/api/audit/export?format=ndjson", ADMIN),
    // Operations.
    get("/operations", [LED, "403", "403", "403", "200", "403", "403", OUT, LED]),
    Row { method: "POST", path: "/api/operations/read", kind: JSON, body: "{}", due: ADMIN_DATA },
    form("/api/operations/message", "node=x&session=0&text=x", ADMIN_DATA),
    form("/api/operations/disconnect", "node=x&session=0", ADMIN_DATA),
    form("/api/operations/sign-out", "person=0", ADMIN_DATA),
    form("/api/operations/broadcast", "text=x", ADMIN_DATA),
    // The inventory as a file.
    get("/api/inventory/export", [OUT, "200", "200", "200", "200", "200", "404", OUT, OUT]),
];

/// Whoever shows something: by which header.
struct Shown {
    name: &'static str,
    value: String,
}

/// A login that no form made, with a secret of its own.
async fn login(pool: &PgPool, account: i64, secret: &str, lasts: &str) -> Shown {
    let made = format!(
        "insert into rowcast.login (token, account, expires_at)
         values (sha256('{secret}'), {account}, now() + interval '{lasts}')"
    );
    sql(pool, &made).await;
    Shown { name: "cookie", value: format!("rowcast_session={secret}") }
}

async fn bearer(pool: &PgPool, tables: Option<&[&str]>) -> (i64, Shown) {
    let (id, (_, value)) = with_token(pool, Role::Staff, tables).await;
    (id, Shown { name: "authorization", value })
}

/// What one of [`WHO`] shows, new each time, for some requests end it.
async fn shown(pool: &PgPool, accounts: &[i64; 3], who: usize, request: usize) -> Option<Shown> {
    let secret = format!("secret-{who}-{request}");
    match WHO[who] {
        "customer" => Some(login(pool, accounts[0], &secret, "1 day").await),
        "staff" => Some(login(pool, accounts[1], &secret, "1 day").await),
        "admin" => Some(login(pool, accounts[2], &secret, "1 day").await),
        "expired cookie" => Some(login(pool, accounts[1], &secret, "-1 minute").await),
        "token" => Some(bearer(pool, None).await.1),
        "token for some tables" => Some(bearer(pool, Some(&["public.other"])).await.1),
        "revoked token" => {
            let (id, shown) = bearer(pool, None).await;
            assert!(token::revoke(pool, id).await.expect("revokes"));
            Some(shown)
        }
        _ => None,
    }
}

async fn with_people(pool: &PgPool) -> [i64; 3] {
    changelog::install(pool).await.expect("installs");
    app::demo::install(pool).await.expect("fills");
    app::demo::show(pool).await.expect("shows");
    let mut accounts = [0; 3];
    for (account, (email, role)) in accounts.iter_mut().zip([
        ("customer@example.org", Role::Customer),
        ("staff@example.org", Role::Staff),
        ("admin@example.org", Role::Admin),
    ]) {
        *account = add(pool, email, "Somebody", role).await;
    }
    accounts
}

async fn ask(server: &Server, row: &Row, shown: Option<&Shown>, more: Option<(&str, &str)>) -> String {
    let mut browser =
        Browser::new(server.address).with("accept", if row.path.starts_with("/api/") { JSON } else { "text/html" });
    for (name, value) in shown.map(|shown| (shown.name, shown.value.as_str())).into_iter().chain(more) {
        browser = browser.with(name, value);
    }
    let answer = browser.send(row.method, row.path, row.kind, row.body).await;
    match answer.location().split('?').next().unwrap_or_default() {
        // Questions are answered with data, also where that is a refusal.
        "" if answer.body.contains(r#"{"Err":"NotAllowed"}"#) => format!("{} refused", answer.status),
        "" => answer.status.to_string(),
        leads => format!("{} {leads}", answer.status),
    }
}

#[sqlx::test(migrations = false)]
async fn every_address_answers_everybody_as_is_written(pool: PgPool) {
    let accounts = with_people(&pool).await;
    let strict = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let open = Server::start_strict(&pool).await;
    let mut wrong = Vec::new();
    for (request, row) in MATRIX.iter().enumerate() {
        for (who, due) in row.due.iter().enumerate() {
            let shown = shown(&pool, &accounts, who, request).await;
            let server = if WHO[who] == "anonymous" { &open } else { &strict };
            let got = ask(server, row, shown.as_ref(), None).await;
            if got != *due {
                wrong.push(format!("{} asks {} {}: {got}, not {due}", WHO[who], row.method, row.path));
            }
            // Nobody is to be kept waiting for what others tried.
            sql(&pool, "delete from rowcast.attempt").await;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[sqlx::test(migrations = false)]
async fn nothing_is_changed_for_a_page_of_another_site(pool: PgPool) {
    let accounts = with_people(&pool).await;
    let server = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let admin = login(&pool, accounts[2], "secret", "1 day").await;
    let own = format!("http://{}", server.address);
    let foreign = [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", ""),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ];
    for row in MATRIX.iter().filter(|row| row.method == "POST") {
        for header in foreign {
            assert_eq!(ask(&server, row, Some(&admin), Some(header)).await, "403", "{} {header:?}", row.path);
        }
    }
    let ticket = MATRIX.iter().find(|row| row.path == "/api/ticket").expect("is there");
    assert_eq!(
        ask(&server, ticket, Some(&admin), Some(("origin", own.as_str()))).await,
        "200",
        "all that was refused changed nothing"
    );
}

/// How the source spells the addresses that it routes by hand.
const SPELLED: &[(&str, &str)] = &[
    ("protocol::PATH", "/live"),
    ("\"/healthz\"", "/healthz"),
    ("\"/readyz\"", "/readyz"),
    ("paths::SIGN_IN", "/sign-in"),
    ("paths::SIGN_UP", "/sign-up"),
    ("paths::PASSWORD", "/account/password"),
    ("paths::SIGN_OUT", "/account/sign-out"),
    ("paths::SIGN_OUT_EVERYWHERE", "/account/sign-out-everywhere"),
    ("paths::END_LOGIN", "/account/end-login"),
    ("paths::WHOAMI", "/api/whoami"),
    ("paths::TICKET", "/api/ticket"),
    ("\"/api/orders\"", "/api/orders"),
    ("\"/api/orders/{id}\"", "/api/orders/1001"),
    ("\"/api/orders/{id}/events\"", "/api/orders/1001/events"),
    ("\"/api/orders/{id}/{step}\"", "/api/orders/1001/pay"),
    ("EXPORT", "/api/audit/export?format=ndjson"),
    ("LIST_FILE", "/api/inventory/export"),
    ("UPLOAD", "/api/import/file"),
    ("REST", "/api/import/rest/9"),
];

/// An address for each page that has a part of its address as a parameter.
const EXAMPLES: &[(&str, &str)] = &[
    ("/orders/{id}", "/orders/1001"),
    ("/products/{id}", "/products/1"),
    ("/chat/{id}", "/chat/1"),
    ("/import/{id}", "/import/9"),
];

/// What stands first in every call of these in the server's source.
fn routed(below: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(below).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("tests") {
            routed(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            let text = fs::read_to_string(&path).expect("text");
            for call in [".route(", ".route_service(", ".nest(", ".nest_service("] {
                let calls = text.split(call).skip(1).map(|rest| rest.split(',').next().unwrap_or_default());
                found.extend(calls.map(|first| first.trim().to_owned()));
            }
        }
    }
}

#[tokio::test]
async fn whatever_answers_is_in_the_matrix() {
    let written: BTreeSet<&str> = MATRIX.iter().map(|row| row.path).collect();
    let functions: Vec<&str> = server_fn_paths().map(|(path, _)| path).collect();
    assert!(functions.len() >= 4, "{functions:?}");
    let missing: Vec<&str> = functions.into_iter().filter(|path| !written.contains(path)).collect();
    assert!(missing.is_empty(), "these server functions are asked by nobody: {missing:?}");
    let pages = leptos_axum::generate_route_list(App);
    assert!(pages.len() >= 4);
    for page in pages {
        let example = EXAMPLES.iter().find(|(pattern, _)| *pattern == page.path());
        let path = example.map_or(page.path(), |(_, path)| path);
        assert!(written.contains(path), "the page {} is asked for by nobody", page.path());
    }
    let mut found = BTreeSet::new();
    routed(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")), &mut found);
    assert_eq!(found, SPELLED.iter().map(|(name, _)| (*name).to_owned()).collect(), "routes that are not spelled here");
    for (name, path) in SPELLED {
        assert!(written.contains(path), "{name} is asked by nobody");
    }
}
