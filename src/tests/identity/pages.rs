//! Pages as they are sent: who is led where, who may do what, and what the demo offers.

use super::{PASSWORD, add, signed_in, with_ada};
use crate::support::{Browser, Server, sql, value};
use rowcast::{
    app, capture, changelog,
    config::Rowcast,
    identity::{Anonymous, demo},
    protocol::Role,
};
use sqlx::PgPool;

/// The inventory of the demo.
async fn with_products(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
    app::demo::install(pool).await.expect("fills");
    capture::track(pool, app::demo::TABLE, capture::Trust::Checked).await.expect("tracks");
}

async fn nobody_let_in(pool: &PgPool) -> Server {
    Server::start_with(pool, |config| config.identity.anonymous = Anonymous::Nobody).await
}

async fn signed_in_as(server: &Server, email: &str) -> Browser {
    let mut browser = Browser::new(server.address);
    let answer = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
    assert_eq!(answer.location(), "/");
    browser
}

#[sqlx::test(migrations = false)]
async fn who_is_not_let_in_is_led_to_the_form_and_back(pool: PgPool) {
    with_products(&pool).await;
    let server = nobody_let_in(&pool).await;
    add(&pool, super::EMAIL, Role::Customer).await;
    let mut browser = Browser::new(server.address);
    let answer = browser.get("/?q=drill&sort=price").await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=/%3Fq%3Ddrill%26sort%3Dprice"));
    let form = browser.get(answer.location()).await;
    assert_eq!(form.status, 200);
    assert!(form.body.contains(r#"name="next" value="/?q=drill&amp;sort=price""#), "{}", form.body);
    assert!(form.body.contains(r#"autocomplete="current-password""#) && !form.body.contains("Sign up"));
    assert_eq!(form.header("cache-control"), "no-store");
    assert!(!form.body.contains("Hand tools"), "no row of the inventory");
    assert_eq!(browser.get("/no/such/page").await.status, 404);
    assert_eq!(browser.get("/healthz").await.status, 200);

    let mut browser = signed_in(&server).await;
    let page = browser.get("/?q=drill").await;
    assert_eq!((page.status, page.header("cache-control")), (200, "no-store"));
    assert!(page.body.contains("Ada") && page.body.contains(r#"href="/account""#));
    // A cookie that is worth nothing is none, for pages.
    browser.cookie = Some("stale".to_owned());
    assert_eq!(browser.get("/account").await.location(), "/sign-in?next=/account");
    assert_eq!(browser.cookie, None);
}

#[sqlx::test(migrations = false)]
async fn only_staff_changes_the_inventory(pool: PgPool) {
    with_products(&pool).await;
    let server = nobody_let_in(&pool).await;
    add(&pool, "staff@example.org", Role::Staff).await;
    add(&pool, "customer@example.org", Role::Customer).await;
    sql(&pool, "update products set quantity = 5 where id = 1").await;
    let forms: [(&str, &[(&str, &str)]); 3] = [
        ("/api/inventory/set-quantity", &[("id", "1"), ("quantity", "7")]),
        ("/api/inventory/delete-product", &[("id", "1")]),
        (
            "/api/inventory/add-product",
            &[
                ("product[sku]", "N-1"),
                ("product[name]", "New"),
                ("product[category]", "C"),
                ("product[location]", "L"),
                ("product[quantity]", "1"),
                ("product[reorder_level]", "1"),
                ("product[price]", "1"),
            ],
        ),
    ];
    let mut customer = signed_in_as(&server, "customer@example.org").await;
    let before: String = value(&pool, "select md5(string_agg(p::text, '' order by id)) from products p").await;
    for (path, fields) in forms {
        let program = customer.with("accept", "application/json").post(path, fields).await;
        assert_eq!((program.status, program.body.as_str()), (403, "ServerError|not_allowed"), "{path}");
        let form = customer.post(path, fields).await;
        assert_eq!(form.status, 302, "{path}: {form:?}");
        let page = customer.get(form.location()).await;
        assert_eq!(page.status, 403);
        assert!(page.body.contains("Only staff may change the inventory"), "{path}");
    }
    let after: String = value(&pool, "select md5(string_agg(p::text, '' order by id)) from products p").await;
    assert_eq!(before, after);
    let mut staff = signed_in_as(&server, "staff@example.org").await;
    for (path, fields) in forms {
        assert_eq!(staff.with("accept", "application/json").post(path, fields).await.status, 200, "{path}");
    }
    let (customers, staffs) = (customer.get("/").await.body, staff.get("/").await.body);
    for hidden in [r#"name="quantity""#, "Add product", "?delete=", "action=\"/api/inventory/"] {
        assert!(staffs.contains(hidden) && !customers.contains(hidden), "{hidden}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_form_that_comes_too_late_leads_to_signing_in_and_back(pool: PgPool) {
    with_products(&pool).await;
    let server = nobody_let_in(&pool).await;
    let browser = Browser::new(server.address).with("referer", &format!("http://{}/?q=x", server.address));
    let answer = browser.clone().post("/api/inventory/set-quantity", &[("id", "1"), ("quantity", "7")]).await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=/%3Fq%3Dx"));
}

#[sqlx::test(migrations = false)]
async fn the_account_page_says_who_one_is_and_where_one_is_signed_in(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let agent = "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0";
    let mut phone = Browser::new(server.address).with("user-agent", agent);
    super::sign_in(&mut phone, PASSWORD).await;
    let mut browser = signed_in(&server).await;
    let page = browser.get("/account").await;
    assert_eq!(page.status, 200);
    for said in
        ["Ada", "Role: customer", "Firefox on Linux", "this browser", "127.0.0.1", "Sign out everywhere", "is_let_in"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    for secret in [browser.cookie.expect("signed in"), phone.cookie.expect("signed in")] {
        assert!(!page.body.contains(&secret));
    }
}

#[sqlx::test(migrations = false)]
async fn the_demo_has_three_accounts_that_are_told_once(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    let dir = tempfile::tempdir().expect("a directory");
    let made = demo::install(&pool, Some(dir.path())).await.expect("makes");
    assert_eq!(made.iter().map(|one| one.role).collect::<Vec<_>>(), [Role::Admin, Role::Staff, Role::Customer]);
    assert_eq!(demo::install(&pool, Some(dir.path())).await.expect("reads"), made, "kept");
    assert_eq!(demo::install(&pool, None).await.expect("looks"), [], "nobody knows them without the file");
    let server = nobody_let_in(&pool).await;
    let mut browser = Browser::new(server.address);
    for account in &made {
        let typed = [("email", account.email.as_str()), ("password", account.password.as_str())];
        assert_eq!(browser.post("/sign-in", &typed).await.location(), "/");
    }
    assert!(!browser.get("/sign-in").await.body.contains("Look around as"), "this server is not the demo");
    let demo = Server::start_demo(&pool, made.clone()).await;
    let page = Browser::new(demo.address).get("/sign-in").await.body;
    for account in &made {
        assert!(page.contains(&format!("Sign in as {}", account.name)) && page.contains(&account.password));
    }
    assert_eq!(Browser::new(demo.address).get("/sign-up").await.status, 200, "everybody may sign up in the demo");
    let hosts: fn(&mut Rowcast) = |config| config.server.hosts = vec!["demo.example.org".to_owned()];
    let proxies: fn(&mut Rowcast) =
        |config| config.server.trusted_proxies = vec!["10.0.0.0/8".parse().expect("a network")];
    for others_come in [hosts, proxies] {
        let demo = Server::start_demo_with(&pool, made.clone(), others_come).await;
        let page = Browser::new(demo.address).get("/sign-in").await;
        assert_eq!(page.status, 200);
        assert!(!page.body.contains("Look around as") && !page.body.contains(&made[0].password), "where others come");
    }
}
