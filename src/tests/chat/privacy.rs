//! What two people say to each other nobody else reads: by no way there is, whoever they are.
//!
//! The same for all ways: the words are looked for in everything that a server says to each kind of asker.

use super::{ask, browser, client, id, person, with_server};
use crate::support::{Browser, Client, Server, sql};
use rowcast::{
    chat,
    hub::Principal,
    identity::{Anonymous, token},
    protocol::{OrderBy, Role, Subscribe},
    store::Phase,
};
use sqlx::PgPool;

/// In everything that is private here, and nowhere else.
const WORD: &str = "xyzzy";

/// Every question about a table of chat that somebody might try.
fn questions(chat: i64) -> Vec<Subscribe> {
    let mut all = Vec::new();
    for (table, of) in [("public.chats", "id"), ("public.chat_messages", "chat"), ("public.chat_marks", "chat")] {
        let ask = Subscribe::from(table);
        let filters = [
            None,
            Some(format!("{of} = {chat}")),
            Some(format!("{of} = {chat} or true")),
            Some("kind = 'private' or kind = 'room'".to_owned()),
            Some("true) or (true".to_owned()),
            Some("1 = any(members) or 2 = any(members) or 3 = any(members)".to_owned()),
        ];
        all.extend(filters.into_iter().map(|filter| Subscribe { filter, ..ask.clone() }));
        let by = |column: &str| vec![OrderBy { column: column.to_owned(), desc: true, ..OrderBy::default() }];
        all.push(Subscribe { order: by(of), limit: Some(100), ..ask });
    }
    all.push(Subscribe { filter: Some(format!("text ilike '%{WORD}%'")), ..Subscribe::from("public.chat_messages") });
    all.push(Subscribe { filter: Some("title like '%'".to_owned()), ..Subscribe::from("public.notifications") });
    all
}

/// All that the socket has said to somebody who asked all of that, before and after something more was said.
async fn listened(mut client: Client, pool: &PgPool, chat: i64, sam: &Principal, key: &str) -> String {
    let mut all = Vec::new();
    for question in questions(chat) {
        all.push(client.ask(question, vec!["id".to_owned()], None, Default::default()).await);
    }
    let bell = client.subscribe("public.bell", &["id"]).await;
    let is_answered = |client: &Client, id: u64| matches!(client.view(id).phase, Some(Phase::Live | Phase::Failed(_)));
    client.until("all is answered", |client| all.iter().chain([&bell]).all(|id| is_answered(client, *id))).await;
    chat::send(pool, sam, chat, key, &format!("more {WORD}")).await.expect("sends");
    // What comes of that comes before what comes of this.
    let before = client.rows_count(bell);
    sql(pool, "insert into public.bell default values").await;
    client.until("the bell rings", |client| client.rows_count(bell) > before).await;
    client.heard.join("\n")
}

/// Everything that is asked over HTTP.
async fn browsed(mut browser: Browser, chat: i64) -> String {
    let mut all = String::new();
    for path in [
        "/chat".to_owned(),
        format!("/chat/{chat}"),
        format!("/chat/{chat}?at=1"),
        "/chat?q=zzy".to_owned(),
        "/chat/new".to_owned(),
        "/notifications".to_owned(),
    ] {
        all.push_str(&browser.get(&path).await.body);
    }
    for (path, fields) in [
        ("/api/chat/search", vec![("q", "zzy")]),
        ("/api/chat/search", vec![("q", "%")]),
        ("/api/chat/search", vec![("q", "' or true --")]),
        ("/api/chat/nameable", vec![("chat", &*chat.to_string())]),
        ("/api/chat/edit", vec![("chat", &*chat.to_string()), ("number", "1"), ("text", "taken over")]),
        ("/api/chat/delete", vec![("chat", &*chat.to_string()), ("number", "1")]),
        ("/api/chat/read", vec![("chat", &*chat.to_string()), ("up_to", "1")]),
        ("/api/chat/send", vec![("chat", &*chat.to_string()), ("account", "1"), ("key", "k"), ("text", "taken over")]),
    ] {
        all.push_str(&ask(&browser, path, &fields).await.1.to_string());
    }
    all
}

/// A table that everybody sees.
async fn with_bell(pool: &PgPool) {
    sql(pool, "create table public.bell (id int generated always as identity primary key)").await;
    rowcast::capture::track(pool, "public.bell", rowcast::capture::Trust::Checked).await.expect("tracks");
    for role in Role::ALL {
        rowcast::rights::grant(pool, "public.bell", rowcast::hub::Policy::all(role)).await.expect("grants");
    }
}

async fn with_talk(pool: &PgPool) -> (Server, i64, Principal, Principal) {
    let server = with_server(pool).await;
    with_bell(pool).await;
    let (sam, cleo) = (person(pool, "Sam", Role::Staff).await, person(pool, "Cleo", Role::Customer).await);
    let chat = chat::begin(pool, &cleo, id(&sam)).await.expect("begins");
    chat::send(pool, &cleo, chat, "1", &format!("the word is {WORD}, @Sam")).await.expect("sends");
    (server, chat, sam, cleo)
}

#[sqlx::test(migrations = false)]
async fn the_two_whose_conversation_it_is_read_it_by_every_way(pool: PgPool) {
    let (server, chat, sam, cleo) = with_talk(&pool).await;
    for who in [&sam, &cleo] {
        let mut listener = client(&server, who).await;
        let all = listener
            .ask("public.chat_messages", vec!["chat".to_owned(), "number".to_owned()], None, Default::default())
            .await;
        listener.until("it is there", |client| client.rows(all).values().any(|row| row.contains(WORD))).await;
        let mut browser = browser(&server, who);
        let page = browser.get(&format!("/chat/{chat}")).await;
        assert!(page.status == 200 && page.body.contains(WORD), "{}", page.status);
        let (_, found) = ask(&browser, "/api/chat/search", &[("q", "zzy WORD")]).await;
        assert_eq!(found["Ok"][0]["number"], 1, "{found}");
    }
}

#[sqlx::test(migrations = false)]
async fn nobody_else_reads_it_by_any_way(pool: PgPool) {
    let (server, chat, sam, _cleo) = with_talk(&pool).await;
    let kim = person(&pool, "Kim", Role::Staff).await;
    let ada = person(&pool, "Ada", Role::Admin).await;
    let bob = person(&pool, "Bob", Role::Customer).await;
    for (number, who) in [&kim, &ada, &bob].into_iter().enumerate() {
        let key = format!("more-{number}");
        let heard = listened(client(&server, who).await, &pool, chat, &sam, &key).await;
        assert!(heard.contains("subscribed"), "{who:?} asked something");
        assert!(!heard.contains(WORD) && !heard.contains("Cleo"), "{who:?} heard of it: {heard}");
        let read = browsed(browser(&server, who), chat).await;
        assert!(!read.contains(WORD), "{who:?} read it: {read}");
        let page = browser(&server, who).get(&format!("/chat/{chat}")).await;
        assert_eq!(page.status, 404, "{who:?}: there is no such conversation");
    }
    // Scripts of all roles, and of some tables: nothing is theirs.
    for role in [Role::Customer, Role::Staff, Role::Admin] {
        for tables in [None, Some(["public.chat_messages", "public.chats", "public.bell"].map(str::to_owned).to_vec())]
        {
            let new = token::New { name: "script", role, tables: tables.clone(), days: None };
            let (number, secret) = token::create(&pool, &new).await.expect("makes");
            let shown = ("authorization", format!("Bearer {secret}"));
            let heard =
                listened(Client::somebody(&server, shown).await, &pool, chat, &sam, &format!("script-{number}")).await;
            assert!(!heard.contains(WORD), "a script of {role} heard of it");
            let program = Browser::new(server.address).with("authorization", &format!("Bearer {secret}"));
            assert!(!browsed(program, chat).await.contains(WORD), "a script of {role} read it");
        }
    }
    let nobody = Browser::new(server.address);
    assert!(!browsed(nobody, chat).await.contains(WORD));
    let untouched: bool =
        crate::support::value(&pool, "select bool_and(text like '%xyzzy%') from public.chat_messages").await;
    assert!(untouched, "and nobody wrote there");
}

#[sqlx::test(migrations = false)]
async fn whoever_is_taken_for_staff_without_an_account_reads_rooms_and_nothing_private(pool: PgPool) {
    super::with_tables(&pool).await;
    with_bell(&pool).await;
    let server = Server::start_with(&pool, |config| config.identity.anonymous = Anonymous::Staff).await;
    let (sam, cleo) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Cleo", Role::Customer).await);
    let chat = chat::begin(&pool, &cleo, id(&sam)).await.expect("begins");
    chat::send(&pool, &cleo, chat, "1", &format!("the word is {WORD}, @Sam")).await.expect("sends");
    let heard = listened(Client::connected(&server).await, &pool, chat, &sam, "more").await;
    assert!(!heard.contains(WORD));
    assert!(!browsed(Browser::new(server.address), chat).await.contains(WORD));
}

#[sqlx::test(migrations = false)]
async fn the_database_keeps_what_decides_as_the_conversation_says(pool: PgPool) {
    let (_server, chat, ..) = with_talk(&pool).await;
    for change in [
        "update public.chat_messages set kind = 'room', members = '{}'",
        "update public.chat_messages set members = members || 99::bigint",
        "update public.chat_marks set kind = 'room', members = '{}'",
        "update public.chats set members = '{}', names = '{}', kind = 'room', name = 'x'",
        "update public.chats set members = array[members[2], members[1]]",
    ] {
        let outcome = sqlx::raw_sql(change).execute(&pool).await;
        assert!(outcome.is_err(), "{change} of {chat}");
    }
}

#[sqlx::test(migrations = false)]
async fn rooms_of_the_engine_are_for_those_who_work_here(pool: PgPool) {
    let (server, chat, sam, cleo) = with_talk(&pool).await;
    let mut staff = client(&server, &sam).await;
    staff.join("chat:1", serde_json::json!({})).await;
    let mut customer = client(&server, &cleo).await;
    let seat = customer.ask_to_join(&format!("chat:{chat}"), serde_json::json!({})).await;
    customer.until("it is refused", |_| seat.is_refused()).await;
}
