//! Somebody signs in while their password is reset, or they are disabled: whoever comes second is decided by what the first has done.

use super::{EMAIL, PASSWORD, add, sign_in, signed_in, whoami, with_ada};
use crate::support::{Browser, eventually, value};
use rowcast::{
    hub::{Credential, Principal},
    identity::{self, Standing, account},
    protocol::Role,
};
use sqlx::PgPool;

const NEW: &str = "another good password";
/// Statements about accounts that wait for somebody else's lock. Not others: the server has locks of its own.
const WAITING: &str = "select count(*) from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and query like '%rowcast.account%'";
const LOGINS: &str = "select count(*) from rowcast.login";

async fn until_somebody_waits(pool: &PgPool) {
    eventually("somebody waits", async || value::<i64>(pool, WAITING).await >= 1).await;
}

#[sqlx::test(migrations = false)]
async fn who_signs_in_with_a_password_that_is_being_reset_is_not_let_in(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    for (email, change) in [("a@example.org", "password_hash = 'of another one'"), ("b@example.org", "disabled = true")]
    {
        let account = add(&pool, email, Role::Customer).await;
        // The right one was looked at before; it is another one when the login is to begin.
        let mut reset = pool.begin().await.expect("begins");
        let statement = format!("update rowcast.account set {change} where id = {account}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut *reset).await.expect("changes");
        let mut browser = Browser::new(server.address);
        let signing_in = tokio::spawn(async move {
            let answer = browser.post("/sign-in", &[("email", email), ("password", PASSWORD)]).await;
            (answer.location().to_owned(), browser.cookie)
        });
        until_somebody_waits(&pool).await;
        reset.commit().await.expect("commits");
        let (location, cookie) = signing_in.await.expect("ends");
        assert!(location.contains("notice=wrong") && cookie.is_none(), "{change}: {location}");
        assert_eq!(value::<i64>(&pool, LOGINS).await, 0, "{change}");
    }
}

#[sqlx::test(migrations = false)]
async fn a_login_that_is_not_committed_yet_ends_with_the_password_that_it_began_with(pool: PgPool) {
    let (server, ada) = with_ada(&pool, Role::Customer).await;
    // As signing in does it: the account is held until the login is there.
    let mut signing_in = pool.begin().await.expect("begins");
    let begin = format!(
        "insert into rowcast.login (token, account, expires_at)
         select sha256('secret'), a.id, now() + interval '1 day' from rowcast.account a where a.id = {ada} for share"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(begin)).execute(&mut *signing_in).await.expect("inserts");
    let resetting = tokio::spawn({
        let pool = pool.clone();
        async move { account::reset_password(&pool, EMAIL, NEW).await.expect("resets") }
    });
    until_somebody_waits(&pool).await;
    signing_in.commit().await.expect("commits");
    assert!(resetting.await.expect("ends"));
    assert_eq!(value::<i64>(&pool, LOGINS).await, 0);
    let mut browser = Browser::new(server.address);
    browser.cookie = Some("secret".to_owned());
    assert_eq!(whoami(&browser).await.0, 401);
}

/// As when a socket is opened with a cookie in the moment in which its secret ends: what tells that it ended is not for this one any more.
#[sqlx::test(migrations = false)]
async fn whoever_was_let_in_by_a_secret_that_has_ended_since_is_found_out(pool: PgPool) {
    let (server, ada) = with_ada(&pool, Role::Customer).await;
    let mut browser = signed_in(&server).await;
    let login: i64 = value(&pool, "select id from rowcast.login").await;
    let let_in = Principal {
        account: Some(ada),
        name: value::<String>(&pool, "select name from rowcast.account").await.into(),
        credential: Credential::Login(login),
        ..Principal::nobody(Role::Customer)
    };
    let same = identity::check(&pool, &let_in).await.expect("checks");
    let answer = browser.post("/account/password", &[("old", PASSWORD), ("new", NEW), ("again", NEW)]).await;
    assert_eq!((same, answer.location()), (Standing::Same, "/account?notice=changed"));
    assert_eq!(
        identity::check(&pool, &let_in).await.expect("checks"),
        Standing::Changed,
        "it must show again who it is"
    );
    assert_eq!(whoami(&browser).await.0, 200, "whoever changed it is signed in");
}

#[sqlx::test(migrations = false)]
async fn of_two_who_change_a_password_at_once_only_the_first_does(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Customer).await;
    let browsers = [signed_in(&server).await, signed_in(&server).await];
    let changes = browsers.into_iter().enumerate().map(|(number, mut browser)| async move {
        let new = format!("{NEW} {number}");
        let typed = [("old", PASSWORD), ("new", new.as_str()), ("again", new.as_str())];
        let answer = browser.post("/account/password", &typed).await;
        (answer.location().to_owned(), browser, new)
    });
    let outcomes = futures::future::join_all(changes).await;
    let changed: Vec<_> = outcomes.iter().filter(|(location, ..)| location == "/account?notice=changed").collect();
    assert_eq!(changed.len(), 1, "{outcomes:?}");
    for (location, browser, new) in &outcomes {
        let first = location == "/account?notice=changed";
        assert_eq!(whoami(browser).await.0, if first { 200 } else { 401 }, "{location}");
        assert_eq!(sign_in(&mut Browser::new(server.address), new).await.location() == "/", first, "{location}");
    }
}
