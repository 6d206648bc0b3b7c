//! Every kind of credential, right and wrong, at the handshake and at the addresses for programs.

use super::{EMAIL, PASSWORD, add, handshake, sign_in, signed_in, whoami, with_ada};
use crate::support::{Browser, Server, sql, value, with_items};
use rowcast::{
    changelog,
    hub::{Credential, Principal},
    identity::{Anonymous, Standing, check, ticket, token},
    protocol::Role,
};
use sqlx::PgPool;

async fn new_token(pool: &PgPool, role: Role) -> (i64, String) {
    let new = token::New { name: "script", role, tables: Some(vec!["public.items".to_owned()]), days: Some(1) };
    token::create(pool, &new).await.expect("makes")
}

#[sqlx::test(migrations = false)]
async fn nobody_is_let_in_who_shows_nothing_or_nonsense(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Staff).await;
    for (query, headers) in [
        ("", vec![]),
        ("", vec![("cookie", "rowcast_session=nonsense")]),
        ("", vec![("authorization", "Bearer nonsense")]),
        ("", vec![("authorization", "Bearer ")]),
        ("?ticket=nonsense", vec![]),
        ("?ticket=", vec![]),
    ] {
        assert_eq!(handshake(&server, query, &headers).await.err(), Some(401), "{query} {headers:?}");
    }
    let browser = Browser::new(server.address).with("accept", "application/json");
    assert_eq!(whoami(&browser).await.0, 401);
    let answer = browser.clone().post("/api/inventory/set-quantity", &[("id", "1"), ("quantity", "2")]).await;
    assert_eq!((answer.status, answer.header("www-authenticate")), (401, "Bearer"));
    assert_eq!(browser.clone().post("/api/ticket", &[]).await.status, 401);
}

#[sqlx::test(migrations = false)]
async fn a_cookie_a_token_and_a_ticket_open_the_socket(pool: PgPool) {
    let (server, ada) = with_ada(&pool, Role::Staff).await;
    let mut browser = signed_in(&server).await;
    let cookie = format!("a=b; rowcast_session={}", browser.cookie.clone().expect("signed in"));
    assert!(handshake(&server, "", &[("cookie", &cookie)]).await.is_ok());
    let (status, said) = whoami(&browser).await;
    assert_eq!((status, said.as_str()), (200, &*format!(r#"{{"id":"{ada}","name":"Ada","role":"staff"}}"#)));

    let (id, token) = new_token(&pool, Role::Customer).await;
    let bearer = format!("Bearer {token}");
    assert!(handshake(&server, "", &[("authorization", &bearer)]).await.is_ok());
    let program = Browser::new(server.address).with("authorization", &bearer);
    let (_, said) = whoami(&program).await;
    assert_eq!(said, format!(r#"{{"id":"token:{id}","name":"script","role":"customer"}}"#));
    assert!(value::<bool>(&pool, "select last_used is not null from rowcast.token").await);

    for asker in [&mut browser, &mut program.clone()] {
        let answer = asker.post("/api/ticket", &[]).await;
        let said: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        assert_eq!((answer.status, said["seconds"].as_u64()), (200, Some(ticket::SECONDS.into())));
        let query = format!("?ticket={}", said["ticket"].as_str().expect("text"));
        assert!(handshake(&server, &query, &[]).await.is_ok());
        assert_eq!(handshake(&server, &query, &[]).await.err(), Some(401), "a ticket is good once");
    }
    assert_eq!(value::<i64>(&pool, "select count(*) from rowcast.ticket").await, 0);
}

#[sqlx::test(migrations = false)]
async fn what_has_expired_or_was_taken_back_opens_nothing(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Staff).await;
    let mut browser = signed_in(&server).await;
    let answer = browser.post("/api/ticket", &[]).await;
    let ticket: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let query = format!("?ticket={}", ticket["ticket"].as_str().expect("text"));
    sql(&pool, "update rowcast.ticket set expires_at = now()").await;
    assert_eq!(handshake(&server, &query, &[]).await.err(), Some(401), "expired");

    let answer = browser.post("/api/ticket", &[]).await;
    let ticket: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
    let query = format!("?ticket={}", ticket["ticket"].as_str().expect("text"));
    sql(&pool, "update rowcast.login set expires_at = now()").await;
    assert_eq!(handshake(&server, &query, &[]).await.err(), Some(401), "of a login that has expired");
    assert_eq!(whoami(&browser).await.0, 401);

    let (id, token) = new_token(&pool, Role::Staff).await;
    let bearer = format!("Bearer {token}");
    sql(&pool, "update rowcast.token set expires_at = now()").await;
    assert_eq!(handshake(&server, "", &[("authorization", &bearer)]).await.err(), Some(401), "expired");
    sql(&pool, "update rowcast.token set expires_at = null").await;
    assert!(handshake(&server, "", &[("authorization", &bearer)]).await.is_ok());
    assert!(token::revoke(&pool, id).await.expect("revokes"));
    assert!(!token::revoke(&pool, id).await.expect("looks"), "once");
    assert_eq!(handshake(&server, "", &[("authorization", &bearer)]).await.err(), Some(401), "revoked");
}

#[sqlx::test(migrations = false)]
async fn strangers_are_who_the_configuration_says(pool: PgPool) {
    with_items(&pool).await;
    for (anonymous, role) in [(Anonymous::Anonymous, "anonymous"), (Anonymous::Staff, "staff")] {
        let server = Server::start_with(&pool, |config| config.identity.anonymous = anonymous).await;
        assert!(handshake(&server, "", &[]).await.is_ok());
        let (_, said) = whoami(&Browser::new(server.address)).await;
        assert_eq!(said, format!(r#"{{"id":null,"name":"","role":"{role}"}}"#));
        let wrong = [("cookie", "rowcast_session=nonsense")];
        assert_eq!(handshake(&server, "", &wrong).await.err(), Some(401), "a wrong credential is not none");
    }
}

#[sqlx::test(migrations = false)]
async fn one_login_has_so_many_tickets_at_a_time(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Staff).await;
    let mut browser = signed_in(&server).await;
    let fill = format!(
        "insert into rowcast.ticket (ticket, login, expires_at)
         select sha256(n::text::bytea), id, now() + interval '1 minute' from rowcast.login, generate_series(1, {}) n",
        ticket::MOST
    );
    sql(&pool, &fill).await;
    assert_eq!(browser.post("/api/ticket", &[]).await.status, 429);
    sql(&pool, "update rowcast.ticket set expires_at = now()").await;
    assert_eq!(browser.post("/api/ticket", &[]).await.status, 200);
}

#[sqlx::test(migrations = false)]
async fn an_open_session_is_checked_against_what_is_so_now(pool: PgPool) {
    let (server, ada) = with_ada(&pool, Role::Staff).await;
    let _browser = signed_in(&server).await;
    let login: i64 = value(&pool, "select id from rowcast.login").await;
    let then = Principal {
        account: Some(ada),
        name: "Ada".into(),
        role: Role::Staff,
        credential: Credential::Login(login),
        tables: None,
    };
    let standing = async || check(&pool, &then).await.expect("looks");
    assert_eq!(standing().await, Standing::Same);
    sql(&pool, "update rowcast.account set role = 'admin'").await;
    assert_eq!(standing().await, Standing::Changed);
    sql(&pool, "update rowcast.account set role = 'staff'; update rowcast.login set expires_at = now()").await;
    assert_eq!(standing().await, Standing::Ended);
    assert_eq!(check(&pool, &Principal::nobody(Role::Staff)).await.expect("looks"), Standing::Same);

    let (id, _) = new_token(&pool, Role::Staff).await;
    let then = Principal {
        account: None,
        name: "script".into(),
        credential: Credential::Token(id),
        tables: Some(["public.items".to_owned()].into()),
        ..then
    };
    assert_eq!(check(&pool, &then).await.expect("looks"), Standing::Same);
    sql(&pool, "update rowcast.token set tables = null").await;
    assert_eq!(check(&pool, &then).await.expect("looks"), Standing::Changed);
    token::revoke(&pool, id).await.expect("revokes");
    assert_eq!(check(&pool, &then).await.expect("looks"), Standing::Ended);
}

#[sqlx::test(migrations = false)]
async fn secrets_are_stored_as_what_nobody_can_sign_in_with(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Staff).await;
    let browser = signed_in(&server).await;
    let (_, token) = new_token(&pool, Role::Staff).await;
    let stored = "select concat(
        (select string_agg(a::text, '') from rowcast.account a), (select string_agg(l::text, '') from rowcast.login l),
        (select string_agg(t::text, '') from rowcast.token t), (select string_agg(c::text, '') from rowcast.change c))";
    let stored: String = value(&pool, stored).await;
    for secret in [browser.cookie.as_deref().expect("signed in"), &token, PASSWORD] {
        assert!(!stored.contains(secret));
    }
    assert!(stored.contains("$argon2id$"));
}

#[sqlx::test(migrations = false)]
async fn over_tls_a_cookie_that_a_neighbour_could_have_planted_is_nobodys(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    add(&pool, EMAIL, Role::Staff).await;
    let server = Server::start_with(&pool, |config| {
        config.identity.anonymous = Anonymous::Nobody;
        config.server.trusted_proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    })
    .await;
    let mut ada = Browser::over_tls(server.address);
    let answer = sign_in(&mut ada, PASSWORD).await;
    let set = answer.header("set-cookie");
    assert!(
        set.starts_with("__Host-rowcast_session=") && set.ends_with("; Secure") && !set.contains("Domain"),
        "{set}"
    );
    assert_eq!(whoami(&ada).await.0, 200);
    // The same secret under the name that a sibling, or plain HTTP, could set.
    let planted = Browser { name: "rowcast_session", ..ada.clone() };
    assert_eq!(whoami(&planted).await.0, 401);
    let secret = ada.cookie.clone().expect("signed in");
    let both = ada.with("cookie", &format!("rowcast_session=planted; __Host-rowcast_session={secret}"));
    assert_eq!(whoami(&Browser { cookie: None, ..both }).await.0, 200, "beside it nothing is planted");
    let mut out = ada.clone();
    assert!(out.post("/account/sign-out", &[]).await.header("set-cookie").starts_with("__Host-rowcast_session=; "));
    assert_eq!((out.cookie, whoami(&ada).await.0), (None, 401));
}

#[sqlx::test(migrations = false)]
async fn of_two_cookies_that_differ_neither_is_believed(pool: PgPool) {
    let (server, _) = with_ada(&pool, Role::Staff).await;
    let own = signed_in(&server).await.cookie.expect("signed in");
    let planted = signed_in(&server).await.cookie.expect("signed in");
    for cookies in [format!("{own}; rowcast_session={planted}"), format!("{planted}; rowcast_session={own}")] {
        let cookies = format!("rowcast_session={cookies}");
        assert_eq!(handshake(&server, "", &[("cookie", &cookies)]).await.err(), Some(401), "{cookies}");
        let mut browser = Browser::new(server.address).with("cookie", &cookies);
        assert_eq!(whoami(&browser).await.0, 401);
        let page = browser.get("/").await;
        assert_eq!((page.status, page.location()), (303, "/sign-in"));
        assert!(page.header("set-cookie").starts_with("rowcast_session=; "), "the own one is forgotten");
    }
    let same = format!("rowcast_session={own}; rowcast_session={own}");
    assert!(handshake(&server, "", &[("cookie", &same)]).await.is_ok());
}
