//! Who is named is told, and nobody else.

use super::{id, person, rows, sql, with_tables};
use rowcast::{
    chat::{self, Refusal},
    hub::Policy,
    protocol::Role,
    rights,
};
use serde_json::{Value, json};
use sqlx::PgPool;

/// The last change was some time ago.
const LATER: &str = "update public.chat_messages set edited_at = edited_at - interval '1 minute'";

/// Who is told of what.
async fn told(pool: &PgPool) -> Value {
    rows(
        pool,
        "select account, title, body, link from public.notifications where kind = 'chat_mention' order by account, id",
    )
    .await
}

#[sqlx::test(migrations = false)]
async fn exactly_those_who_are_named_are_told_and_what_they_are_told_follows_the_message(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, kim) = (person(&pool, "Sam Staff", Role::Staff).await, person(&pool, "Kim", Role::Staff).await);
    let (ada, cleo) = (person(&pool, "Ada", Role::Admin).await, person(&pool, "Cleo", Role::Customer).await);
    let gone = person(&pool, "Gone", Role::Staff).await;
    sql(&pool, &format!("update rowcast.account set disabled = true where id = {}", id(&gone))).await;
    let room = chat::open_room(&pool, &sam, "General", "").await.expect("opens");
    let text = "@ada and @Kim, not @Cleo, @Gone, `@Sam Staff`, mail@Kim or @Sam Staff";
    chat::send(&pool, &sam, room, "1", text).await.expect("sends");
    let link = format!("/chat/{room}?at=1");
    let note = |who, body: &str| json!({ "account": who, "title": "Sam Staff mentioned you in General", "body": body, "link": link });
    let mut due = vec![note(id(&kim), text), note(id(&ada), text)];
    due.sort_by_key(|note| note["account"].as_i64());
    assert_eq!(told(&pool).await, json!(due));
    // Sent again, it tells nobody again.
    chat::send(&pool, &sam, room, "1", text).await.expect("sends");
    assert_eq!(told(&pool).await, json!(due));
    let names = rows(&pool, "select mentions, mentioned from public.chat_messages").await;
    assert_eq!(names[0]["mentioned"], json!(["Kim", "ada"]));
    // Who is not named any more is not told any more.
    chat::edit(&pool, &sam, room, 1, "only @Kim").await.expect("edits");
    assert_eq!(told(&pool).await, json!([note(id(&kim), "only @Kim")]));
    // Who is named again was told before, and is not told again and again; who is new is told.
    let new = person(&pool, "Ned", Role::Staff).await;
    sql(&pool, LATER).await;
    chat::edit(&pool, &sam, room, 1, "@Ada, @Kim, @Ned").await.expect("edits");
    let mut due = vec![note(id(&kim), "@Ada, @Kim, @Ned"), note(id(&new), "@Ada, @Kim, @Ned")];
    due.sort_by_key(|note| note["account"].as_i64());
    assert_eq!(told(&pool).await, json!(due));
    chat::delete(&pool, &sam, room, 1).await.expect("deletes");
    assert_eq!(told(&pool).await, json!([]), "with what it said");
    let _ = cleo;
}

#[sqlx::test(migrations = false)]
async fn whoever_has_read_the_message_has_read_what_they_were_told_of_it(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, kim) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Kim", Role::Staff).await);
    let (one, other) = ("General", "Other");
    let one = chat::open_room(&pool, &sam, one, "").await.expect("opens");
    let other = chat::open_room(&pool, &sam, other, "").await.expect("opens");
    for (chat, key) in [(one, "1"), (one, "2"), (other, "3")] {
        chat::send(&pool, &sam, chat, key, "@Kim").await.expect("sends");
    }
    chat::read(&pool, &kim, one, 1).await.expect("reads");
    let read = rows(&pool, "select link from public.notifications where read_at is not null").await;
    assert_eq!(read, json!([{ "link": format!("/chat/{one}?at=1") }]));
}

#[sqlx::test(migrations = false)]
async fn in_a_private_conversation_only_the_other_one_can_be_named(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, cleo) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Cleo", Role::Customer).await);
    let _ada = person(&pool, "Ada", Role::Admin).await;
    let chat = chat::begin(&pool, &cleo, id(&sam)).await.expect("begins");
    chat::send(&pool, &sam, chat, "1", "@Ada @Cleo @Sam").await.expect("sends");
    assert_eq!(
        rows(&pool, "select account, title from public.notifications").await,
        json!([{ "account": id(&cleo), "title": "Sam mentioned you" }])
    );
}

#[sqlx::test(migrations = false)]
async fn nobody_is_told_who_does_not_see_it_by_the_policies(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, kim) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Kim", Role::Staff).await);
    let ada = person(&pool, "Ada", Role::Admin).await;
    let room = chat::open_room(&pool, &sam, "General", "").await.expect("opens");
    let none = Policy { filter: Some("text not like '%secret%'".to_owned()), ..Policy::all(Role::Staff) };
    rights::grant(&pool, "public.chat_messages", none).await.expect("grants");
    chat::send(&pool, &sam, room, "1", "a secret for @Kim and @Ada").await.expect("sends");
    assert_eq!(rows(&pool, "select account from public.notifications").await, json!([{ "account": id(&ada) }]));
    let _ = kim;
}

#[sqlx::test(migrations = false)]
async fn not_too_many_are_named_at_once(pool: PgPool) {
    with_tables(&pool).await;
    let sam = person(&pool, "Sam", Role::Staff).await;
    let room = chat::open_room(&pool, &sam, "General", "").await.expect("opens");
    let many = chat::limits::MAX_MENTIONS + 1;
    let people = format!(
        "insert into rowcast.account (email, name, role, password_hash)
         select 'p' || n || '@example.org', 'P' || n, 'staff', '' from generate_series(1, {many}) n"
    );
    sql(&pool, &people).await;
    let all: String = (1..=many).map(|number| format!("@P{number} ")).collect();
    assert_eq!(chat::send(&pool, &sam, room, "1", &all).await, Err(Refusal::TooManyNames));
    // Of one name, all are meant.
    sql(&pool, "update rowcast.account set name = 'Twin' where name in ('P1', 'P2')").await;
    chat::send(&pool, &sam, room, "1", "@Twin").await.expect("sends");
    assert_eq!(rows(&pool, "select count(*) as told from public.notifications").await, json!([{ "told": 2 }]));
}
