//! The explorer knows no table, and tells nobody more than they may read: neither of rows, nor of columns, nor of what was.

use crate::support::{Browser, Server, browser::JSON, eventually, sql};
use rowcast::{
    capture::{self, Trust},
    changelog,
    hub::Policy,
    identity::{Anonymous, token},
    protocol::Role,
    rights,
};
use serde_json::{Value, json};
use sqlx::PgPool;

const TABLES: &str = "/api/explore/tables";
const CHANGES: &str = "/api/explore/changes";

const LINES: &str = "shop.\"order lines\"";

/// A schema that nobody here has seen, with names that nobody should have chosen.
const SCHEMA: &str = r#"
    create schema shop;
    create table shop."order lines" (
        "order" bigint, "no." int, "größe ""x""" numeric(30, 10), secret text not null default 'hush', owner int, tags jsonb, primary key ("order", "no.")
    );
    create table public.plain (id int primary key, at timestamptz, on_sale boolean);
    create table public.heap (a int);
    create table public."it's" (id int primary key);
"#;

async fn furnish(pool: &PgPool) {
    changelog::install(pool).await.expect("installs");
    sql(pool, SCHEMA).await;
    for table in ["shop.\"order lines\"", "plain"] {
        capture::track(pool, table, Trust::Checked).await.expect("tracks");
    }
    rights::grant(pool, "shop.\"order lines\"", Policy::all(Role::Staff)).await.expect("grants");
    rights::grant(pool, LINES, some_lines()).await.expect("grants");
}

/// Some columns of some rows.
fn some_lines() -> Policy {
    let columns = ["größe \"x\"", "owner"].map(str::to_owned);
    Policy { columns: Some(columns.into()), filter: Some("owner = 1".to_owned()), ..Policy::all(Role::Customer) }
}

/// A server where nothing is seen but what is granted by name.
async fn serve(pool: &PgPool) -> Server {
    let server = Server::start_with(pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    for role in Role::ALL {
        rights::revoke_all(pool, role).await.expect("revokes");
    }
    let staff = script(pool, &server, Role::Staff).await;
    eventually("the server has heard of it", || async {
        names(&ask(&mut staff.clone(), TABLES, &json!({})).await) == ["shop.order lines"]
    })
    .await;
    server
}

async fn script(pool: &PgPool, server: &Server, role: Role) -> Browser {
    let new = token::New { name: "script", role, tables: None, days: None };
    let (_, secret) = token::create(pool, &new).await.expect("makes");
    Browser::new(server.address).with("authorization", &format!("Bearer {secret}")).with("accept", "application/json")
}

async fn ask(browser: &mut Browser, path: &str, body: &Value) -> Value {
    let answer = browser.send("POST", path, JSON, &body.to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

fn names(tables: &Value) -> Vec<&str> {
    tables["Ok"]["tables"].as_array().expect("a list").iter().filter_map(|table| table["name"].as_str()).collect()
}

fn asking(more: Value) -> Value {
    let mut ask = json!({"table": "shop.order lines", "columns": [], "filter": "", "sort": null, "limit": 100, "group": [], "totals": [], "count": false});
    ask.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    json!({ "ask": ask })
}

#[sqlx::test(migrations = false)]
async fn tables_and_columns_are_told_as_far_as_they_may_be_read(pool: PgPool) {
    furnish(&pool).await;
    let server = serve(&pool).await;
    let mut staff = script(&pool, &server, Role::Staff).await;
    let known = ask(&mut staff, TABLES, &json!({})).await;
    assert_eq!(names(&known), ["shop.order lines"]);
    let table = &known["Ok"]["tables"][0];
    assert_eq!((&table["key"], &table["narrowed"]), (&json!(["order", "no."]), &json!(false)));
    let columns = table["columns"].as_array().expect("a list");
    let told: Vec<String> =
        columns.iter().map(|one| format!("{} {} {}", one["name"], one["sql"], one["shape"])).collect();
    assert_eq!(
        told,
        [
            r#""order" "bigint" "Number""#,
            r#""no." "integer" "Number""#,
            r#""größe \"x\"" "numeric(30,10)" "Number""#,
            r#""secret" "text" "Text""#,
            r#""owner" "integer" "Number""#,
            r#""tags" "jsonb" "Json""#
        ]
    );
    assert_eq!(known["Ok"]["asleep"], json!([]), "what is not live is for administrators");

    let mut customer = script(&pool, &server, Role::Customer).await;
    let known = ask(&mut customer, TABLES, &json!({})).await.to_string();
    assert!(known.contains("größe") && known.contains(r#""narrowed":true"#), "{known}");
    assert!(!known.contains("secret") && !known.contains("tags") && !known.contains("plain"), "{known}");

    let mut admin = script(&pool, &server, Role::Admin).await;
    let known = ask(&mut admin, TABLES, &json!({})).await;
    assert_eq!(names(&known), [""; 0]);
    assert_eq!(
        known["Ok"]["asleep"],
        json!([
            {"name": "public.heap", "command": "", "why": "NoKey"},
            {"name": "public.\"it's\"", "command": r#"rowcast track 'public."it'\''s"' && rowcast grant 'public."it'\''s"' --role admin"#, "why": "NotLive"},
            {"name": "public.plain", "command": "rowcast grant public.plain --role admin", "why": "NotGranted"},
            {"name": "shop.\"order lines\"", "command": "rowcast grant 'shop.\"order lines\"' --role admin", "why": "NotGranted"},
        ])
    );

    let answer = Browser::new(server.address).with("accept", "application/json").send("POST", TABLES, JSON, "{}").await;
    assert_eq!(answer.status, 401, "{}", answer.body);
}

#[sqlx::test(migrations = false)]
async fn the_past_of_a_table_is_told_as_its_present_is(pool: PgPool) {
    furnish(&pool).await;
    let server = serve(&pool).await;
    // Who sees some of it, and who sees all.
    rights::grant(&pool, LINES, Policy { role: Role::Staff, ..some_lines() }).await.expect("grants");
    rights::grant(&pool, LINES, Policy::all(Role::Admin)).await.expect("grants");
    let (mut admin, mut staff) = (script(&pool, &server, Role::Admin).await, script(&pool, &server, Role::Staff).await);
    sql(
        &pool,
        r#"insert into shop."order lines" values (1, 1, 1.0000000001, 'hush', 1), (1, 2, 2, 'hush', 2);
           update shop."order lines" set "größe ""x""" = 12345678901234567890.5, secret = 'hush hush' where "no." = 1;
           update shop."order lines" set secret = 'psst' where "no." = 1;
           delete from shop."order lines" where "no." = 2"#,
    )
    .await;
    let log = async |browser: &mut Browser, more: Value| ask(browser, CHANGES, &asking(more)).await;
    let rows = |log: &Value| -> Vec<String> {
        let told = log["Ok"]["transactions"].as_array().unwrap_or_else(|| panic!("{log}")).iter();
        let changes = told.flat_map(|one| one["rows"].as_array().expect("a list").clone());
        changes
            .map(|change| {
                format!("{} → {}", change["old"].as_str().unwrap_or("-"), change["new"].as_str().unwrap_or("-"))
            })
            .collect()
    };
    // The four statements are one transaction: what it came to is told.
    let all = log(&mut admin, json!({})).await;
    let one = r#"- → {"order":1,"no.":1,"größe \"x\"":12345678901234567890.5000000000,"secret":"psst","owner":1,"tags":null}"#;
    assert_eq!(rows(&all), [one], "{all}");

    sql(&pool, r#"update shop."order lines" set "größe ""x""" = 7"#).await;
    sql(&pool, r#"update shop."order lines" set secret = 'unheard'"#).await;
    sql(&pool, r#"update shop."order lines" set owner = 2"#).await;
    let seen = log(&mut staff, json!({})).await;
    assert_eq!(
        rows(&seen),
        [
            // It is somebody else's from then on.
            r#"{"order":1,"no.":1,"größe \"x\"":7.0000000000,"owner":1} → -"#,
            r#"{"order":1,"no.":1,"größe \"x\"":12345678901234567890.5000000000,"owner":1} → {"order":1,"no.":1,"größe \"x\"":7.0000000000,"owner":1}"#,
            r#"- → {"order":1,"no.":1,"größe \"x\"":12345678901234567890.5000000000,"owner":1}"#
        ],
        "what changed only where they do not look is no change, and no hidden column is told"
    );
    // Neither by asking for totals, nor by naming it.
    let totals = log(&mut staff, json!({"group": ["owner"], "totals": [["max", "secret"]], "count": true})).await;
    assert_eq!(rows(&totals), rows(&seen));
    for more in [json!({"columns": ["secret"]}), json!({"filter": "secret = 'psst'"}), json!({"filter": "owner = "})] {
        let refused = log(&mut staff, more).await;
        assert!(refused["Err"]["Refused"].is_string(), "{refused}");
    }
    let narrow = log(&mut admin, json!({"columns": ["owner"], "filter": "\"größe \"\"x\"\"\" = 7"})).await;
    assert_eq!(
        rows(&narrow),
        [r#"{"order":1,"no.":1,"owner":1} → {"order":1,"no.":1,"owner":2}"#, r#"- → {"order":1,"no.":1,"owner":1}"#]
    );

    rights::revoke(&pool, LINES, Role::Staff).await.expect("revokes");
    eventually("it is taken back", || async {
        let mut staff = staff.clone();
        ask(&mut staff, CHANGES, &asking(json!({}))).await["Err"]["Refused"].is_string()
    })
    .await;

    // Who does not work here is not told who did what, and what was deleted in a conversation is told to nobody.
    let mut customer = script(&pool, &server, Role::Customer).await;
    assert_eq!(log(&mut customer, json!({})).await, json!({"Err": "NotAllowed"}));
    for table in ["chat_messages", "notifications"] {
        sql(&pool, &format!("create table {table} (id int primary key)")).await;
        capture::track(&pool, table, Trust::Checked).await.expect("tracks");
        rights::grant(&pool, table, Policy::all(Role::Admin)).await.expect("grants");
    }
    eventually("they may be read", || async { names(&ask(&mut admin.clone(), TABLES, &json!({})).await).len() == 3 })
        .await;
    for table in ["public.chat_messages", "chat_messages", "public.notifications"] {
        assert_eq!(log(&mut admin, json!({ "table": table })).await, json!({"Err": "Forgotten"}), "{table}");
    }
}

#[sqlx::test(migrations = false)]
async fn the_page_shows_an_unknown_table_without_a_program(pool: PgPool) {
    furnish(&pool).await;
    let lines = r#"insert into shop."order lines" values (1, 1, 2, '<b>hush</b>', 1, '{"a": [1, 2]}'), (1, 2, 10, 'x', 2, null)"#;
    sql(&pool, lines).await;
    let server = serve(&pool).await;
    let mut staff = script(&pool, &server, Role::Staff).await.with("accept", "text/html");
    let page = staff.get("/explore").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("order lines"), "the table is offered");
    let page = staff.get("/explore?table=shop.order%20lines&sort=gr%C3%B6%C3%9Fe%20%22x%22&direction=desc").await;
    assert_eq!(page.status, 200);
    let (ten, two) =
        (page.body.find("10.0000000000").expect("is shown"), page.body.find(">2.0000000000").expect("is shown"));
    assert!(ten < two, "sorted as numbers are, from large to small");
    assert!(page.body.contains("&lt;b&gt;hush") && !page.body.contains("<b>hush"), "values are text");
    let page = staff.get("/explore?table=shop.order%20lines&group=owner&sum=gr%C3%B6%C3%9Fe%20%22x%22").await;
    assert!(page.status == 200 && page.body.contains("sum(größe"), "{}", page.status);
    for nothing in ["/explore?table=public.plain", "/explore?table=nothing", "/explore?table=rowcast.login"] {
        assert_eq!(staff.get(nothing).await.status, 404, "{nothing}");
    }
    let page = staff.get("/explore?table=shop.order%20lines&where=owner%20%3D%20").await;
    assert!(page.status == 200 && page.body.contains("role=\"alert\""), "{}", page.status);
}

/// Parts of a page that wait for others run on whichever thread is free, unless somebody sees to it: then two of them meet at one signal now
/// and then, and leptos ends that page's task.
#[sqlx::test(migrations = false)]
async fn parts_of_a_page_do_not_get_into_each_others_way(pool: PgPool) {
    furnish(&pool).await;
    sql(&pool, r#"insert into shop."order lines" select 1, n, n, 'x', 1, null from generate_series(1, 50) n"#).await;
    let server = serve(&pool).await;
    let staff = script(&pool, &server, Role::Staff).await.with("accept", "text/html");
    for _ in 0..40 {
        let pages = (0..8).map(|_| {
            let mut staff = staff.clone();
            async move { staff.get("/explore?table=shop.order%20lines").await }
        });
        for page in futures::future::join_all(pages).await {
            assert_eq!(page.status, 200);
            assert!(page.body.contains("50 rows"), "all of it is there");
        }
    }
}
