//! What the forms do, as a browser without JavaScript sends them.

use super::{EMAIL, PASSWORD, add, sign_in, signed_in, whoami, with_ada};
use crate::support::{Browser, Server, sql, value};
use rowcast::{changelog, identity::Anonymous, protocol::Role};
use sqlx::PgPool;

const NEW: &str = "another good password";

#[sqlx::test(migrations = false)]
async fn signing_in_sets_a_cookie_for_this_site_that_no_script_reads(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let mut browser = Browser::new(server.address);
    let typed = [("email", " ADA@example.org "), ("password", PASSWORD), ("next", "/?q=drill")];
    let answer = browser.post("/sign-in", &typed).await;
    assert_eq!((answer.status, answer.location()), (303, "/?q=drill"));
    let cookie = answer.header("set-cookie");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600"), "{cookie}");
    assert_eq!(browser.cookie.as_deref().map(str::len), Some(43), "256 bits");
    assert_eq!(whoami(&browser).await.0, 200);
    let typed = [("email", EMAIL), ("password", PASSWORD), ("next", "//evil.example")];
    assert_eq!(browser.post("/sign-in", &typed).await.location(), "/", "only to this site");
}

#[sqlx::test(migrations = false)]
async fn a_stranger_cannot_tell_which_addresses_have_accounts(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    add(&pool, "off@example.org", Role::Customer).await;
    sql(&pool, "update rowcast.account set disabled = true where email = 'off@example.org'").await;
    let mut browser = Browser::new(server.address);
    let mut said = Vec::new();
    for (email, password) in
        [(EMAIL, "wrong password"), ("eve@example.org", "wrong password"), ("off@example.org", PASSWORD)]
    {
        let answer = browser.post("/sign-in", &[("email", email), ("password", password)]).await;
        assert!(browser.cookie.is_none());
        let location = answer.location().replace(email.split('@').next().expect("a part"), "…");
        said.push((answer.status, location.clone(), answer.body.clone(), answer.headers.len()));
        let page = browser.get(answer.location()).await;
        assert_eq!(page.status, 401);
        assert!(page.body.contains("The e-mail address or the password is wrong."));
    }
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], said[2]);
    assert!(said[0].1.starts_with("/sign-in?notice=wrong&"), "{:?}", said[0]);
}

#[sqlx::test(migrations = false)]
async fn too_many_attempts_must_wait_whether_the_account_exists_or_not(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    for email in [EMAIL, "eve@example.org"] {
        let mut browser = Browser::new(server.address);
        let mut locations = Vec::new();
        for _ in 0..7 {
            let answer = browser.post("/sign-in", &[("email", email), ("password", "wrong password")]).await;
            locations.push(answer.location().split("&email").next().expect("a part").to_owned());
        }
        assert!(locations[..5].iter().all(|location| location == "/sign-in?notice=wrong"), "{locations:?}");
        assert!(locations[5..].iter().all(|location| location.starts_with("/sign-in?notice=wait&seconds=")));
        let right = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
        assert!(right.location().starts_with("/sign-in?notice=wait"), "also with the right one");
        let page = browser.get(right.location()).await;
        assert_eq!(page.status, 429);
        assert!(page.body.contains("Too many attempts. Try again in "), "{}", page.body);
    }
    let failures: i32 = value(&pool, "select max(failures) from rowcast.attempt where whose like 'pair:%'").await;
    assert_eq!(failures, 5, "what is refused is not counted");
    sql(&pool, "update rowcast.attempt set last = last - interval '15 seconds'").await;
    let _signed_in = signed_in(&server).await;
    let left: i64 = value(&pool, "select count(*) from rowcast.attempt where whose like 'pair:%'").await;
    assert_eq!(left, 1, "the attempts of who signed in are forgotten");
}

#[sqlx::test(migrations = false)]
async fn strangers_elsewhere_do_not_keep_the_owner_out(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let _before = signed_in(&server).await;
    // As a thousand machines would leave it.
    sql(
        &pool,
        "delete from rowcast.attempt;
         insert into rowcast.attempt
         select 'account:' || encode(sha256('ada@example.org'), 'hex'), 1000, now()",
    )
    .await;
    let _again = signed_in(&server).await;
    sql(&pool, "update rowcast.account set addresses = '{}'").await;
    let answer = sign_in(&mut Browser::new(server.address), PASSWORD).await;
    assert!(answer.location().starts_with("/sign-in?notice=wait&seconds="), "a place that is not known: {answer:?}");
}

#[sqlx::test(migrations = false)]
async fn many_attempts_at_once_are_no_way_around_the_wait(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let tries = (0..20).map(|_| {
        let mut browser = Browser::new(server.address);
        async move { sign_in(&mut browser, "wrong password").await.location().to_owned() }
    });
    let locations = futures::future::join_all(tries).await;
    let wrong = locations.iter().filter(|location| location.contains("notice=wrong")).count();
    assert_eq!(wrong, 5, "{locations:?}");
}

#[sqlx::test(migrations = false)]
async fn a_session_that_somebody_else_prepared_is_worth_nothing_after_signing_in(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let mallory = signed_in(&server).await;
    let mut victim = mallory.clone();
    sign_in(&mut victim, PASSWORD).await;
    assert_ne!(victim.cookie, mallory.cookie);
    assert_eq!((whoami(&victim).await.0, whoami(&mallory).await.0), (200, 401));
    let mut victim = Browser::new(server.address);
    victim.cookie = Some("chosen-by-mallory".to_owned());
    sign_in(&mut victim, PASSWORD).await;
    assert_ne!(victim.cookie.as_deref(), Some("chosen-by-mallory"));
}

#[sqlx::test(migrations = false)]
async fn what_another_site_sends_is_refused(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let browser = signed_in(&server).await;
    let port = server.address.port();
    for (name, value) in [
        ("origin", "http://evil.example".to_owned()),
        ("origin", "null".to_owned()),
        ("origin", format!("http://127.0.0.1:{}", port.wrapping_add(1))),
        ("sec-fetch-site", "cross-site".to_owned()),
        ("sec-fetch-site", "same-site".to_owned()),
    ] {
        let mut foreign = browser.with(name, &value);
        for path in
            ["/account/sign-out", "/account/sign-out-everywhere", "/account/password", "/api/ticket", "/sign-in"]
        {
            assert_eq!(foreign.post(path, &[]).await.status, 403, "{path} {name} {value}");
        }
    }
    assert_eq!(whoami(&browser).await.0, 200);
    let mut own = browser.with("origin", &format!("http://127.0.0.1:{port}")).with("sec-fetch-site", "same-origin");
    assert_eq!(own.post("/account/sign-out", &[]).await.status, 303);
}

#[sqlx::test(migrations = false)]
async fn signing_out_ends_this_browser_and_everywhere_ends_all(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let [mut one, two, mut three] = [signed_in(&server).await, signed_in(&server).await, signed_in(&server).await];
    let before = one.clone();
    let answer = one.post("/account/sign-out", &[]).await;
    assert_eq!(answer.location(), "/sign-in?notice=signed-out");
    assert!(one.cookie.is_none() && answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!((whoami(&before).await.0, whoami(&two).await.0), (401, 200));

    let other: i64 = value(&pool, "select min(id) from rowcast.login").await;
    three.post("/account/end-login", &[("login", &other.to_string())]).await;
    assert_eq!((whoami(&two).await.0, whoami(&three).await.0), (401, 200));

    let four = signed_in(&server).await;
    let answer = three.post("/account/sign-out-everywhere", &[]).await;
    assert_eq!((answer.location(), three.cookie), ("/sign-in?notice=everywhere", None));
    assert_eq!(whoami(&four).await.0, 401);
}

#[sqlx::test(migrations = false)]
async fn a_new_password_signs_out_all_other_browsers_and_renews_this_one(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let (mut here, there) = (signed_in(&server).await, signed_in(&server).await);
    let typed = |old, new, again| [("old", old), ("new", new), ("again", again)];
    for (form, notice) in [
        (typed("wrong password", NEW, NEW), "old"),
        (typed(PASSWORD, NEW, PASSWORD), "differ"),
        (typed(PASSWORD, "short", "short"), "short"),
        (typed(PASSWORD, EMAIL, EMAIL), "easy"),
    ] {
        let answer = here.post("/account/password", &form).await;
        assert_eq!(answer.location(), format!("/account?notice={notice}"));
    }
    let before = here.clone();
    let answer = here.post("/account/password", &typed(PASSWORD, NEW, NEW)).await;
    assert_eq!(answer.location(), "/account?notice=changed");
    let status = async |browser: &Browser| whoami(browser).await.0;
    assert_eq!([status(&here).await, status(&there).await, status(&before).await], [200, 401, 401]);
    let mut other = Browser::new(server.address);
    assert!(sign_in(&mut other, PASSWORD).await.location().contains("notice=wrong"));
    assert_eq!(sign_in(&mut other, NEW).await.location(), "/");
}

#[sqlx::test(migrations = false)]
async fn forms_of_an_account_need_somebody_who_is_signed_in(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let mut nobody = Browser::new(server.address);
    for path in ["/account/password", "/account/sign-out-everywhere", "/account/end-login"] {
        let answer = nobody.post(path, &[]).await;
        assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=/account"), "{path}");
    }
    let mut ada = signed_in(&server).await;
    add(&pool, "eve@example.org", Role::Customer).await;
    let mut eve = Browser::new(server.address);
    eve.post("/sign-in", &[("email", "eve@example.org"), ("password", PASSWORD)]).await;
    let login: i64 = value(&pool, "select max(id) from rowcast.login").await;
    ada.post("/account/end-login", &[("login", &login.to_string())]).await;
    assert_eq!(whoami(&eve).await.0, 200, "nobody ends another person's login");
}

#[sqlx::test(migrations = false)]
async fn a_login_that_is_used_lasts_on_and_seldom_writes(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let mut browser = signed_in(&server).await;
    let row = "select xmin::text || ' ' || expires_at::text from rowcast.login";
    let before: String = value(&pool, row).await;
    assert_eq!(browser.get("/account").await.header("set-cookie"), "");
    assert_eq!(before, value::<String>(&pool, row).await, "reading writes nothing");
    sql(&pool, "update rowcast.login set seen_at = now() - interval '2 hours', expires_at = now() + interval '1 day'")
        .await;
    let answer = browser.get("/account").await;
    assert!(answer.header("set-cookie").ends_with("Max-Age=1209600"), "{answer:?}");
    assert!(value::<bool>(&pool, "select expires_at > now() + interval '13 days' from rowcast.login").await);
    sql(&pool, "update rowcast.login set expires_at = now()").await;
    let answer = browser.get("/account").await;
    assert_eq!((answer.status, answer.location()), (303, "/sign-in?next=/account"));
    assert!(browser.cookie.is_none(), "forgotten");
}

#[sqlx::test(migrations = false)]
async fn one_person_is_signed_in_with_so_many_browsers(pool: PgPool) {
    let (server, ada) = with_ada(&pool, Role::Customer).await;
    let oldest = signed_in(&server).await;
    sql(&pool, "update rowcast.login set seen_at = now() - interval '1 minute'").await;
    let fill = format!(
        "insert into rowcast.login (token, account, expires_at)
         select sha256(n::text::bytea), {ada}, now() + interval '1 day' from generate_series(2, {}) n",
        rowcast::identity::login::MOST
    );
    sql(&pool, &fill).await;
    assert_eq!(whoami(&oldest).await.0, 200);
    let newest = signed_in(&server).await;
    assert_eq!((whoami(&oldest).await.0, whoami(&newest).await.0), (401, 200));
}

#[sqlx::test(migrations = false)]
async fn signing_up_says_the_same_whether_the_address_was_free(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    add(&pool, EMAIL, Role::Admin).await;
    let closed = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Nobody).await;
    let form = |email| [("email", email), ("name", "Eve"), ("password", NEW)];
    assert_eq!(Browser::new(closed.address).post("/sign-up", &form("x@example.org")).await.status, 404);
    assert_eq!(Browser::new(closed.address).get("/sign-up").await.status, 404);
    let open = Server::start_with(&pool, |config| {
        config.identity.anonymous = Anonymous::Nobody;
        config.identity.sign_up = true;
    })
    .await;
    let mut browser = Browser::new(open.address);
    let taken = browser.post("/sign-up", &form("Ada@Example.org")).await;
    let free = browser.post("/sign-up", &form("Eve@Example.org")).await;
    assert_eq!(taken.location().replace("Ada", "Eve"), free.location());
    assert_eq!(free.location(), "/sign-in?notice=signed-up&email=Eve%40Example.org");
    assert!(browser.cookie.is_none());
    assert_eq!(sign_in(&mut browser, PASSWORD).await.location(), "/", "what was there is as it was");
    let mut eve = Browser::new(open.address);
    eve.post("/sign-in", &[("email", "eve@example.org"), ("password", NEW)]).await;
    assert!(whoami(&eve).await.1.contains(r#""role":"customer""#));
    let answer = browser.post("/sign-up", &[("email", "n"), ("name", "N"), ("password", NEW)]).await;
    assert_eq!(answer.location(), "/sign-up?notice=email");
}
