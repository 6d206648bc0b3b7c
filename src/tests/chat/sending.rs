//! Sending: once under a key, in the order of commits, by those whose conversation it is.

use super::{all_is_well, id, person, rows, value, with_tables};
use rowcast::{
    chat::{self, Refusal},
    hub::Principal,
    protocol::Role,
};
use serde_json::json;
use sqlx::PgPool;

async fn room(pool: &PgPool, who: &Principal) -> i64 {
    chat::open_room(pool, who, "General", "").await.expect("opens")
}

#[sqlx::test(migrations = false)]
async fn the_same_key_twice_is_one_message(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, ada) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Ada", Role::Admin).await);
    let (one, other) = (room(&pool, &sam).await, chat::open_room(&pool, &ada, "Other", "").await.expect("opens"));
    let first = chat::send(&pool, &sam, one, "key", "hello").await.expect("sends");
    assert!(first.transaction > 0);
    let again = chat::send(&pool, &sam, one, "key", "hello").await.expect("is answered");
    assert_eq!((again.chat, again.number, again.transaction), (one, 1, 0));
    // Also when it was changed, or taken back, meanwhile.
    chat::edit(&pool, &sam, one, 1, "hello you").await.expect("edits");
    assert_eq!(chat::send(&pool, &sam, one, "key", "hello").await.map(|done| done.number), Ok(1));
    chat::delete(&pool, &sam, one, 1).await.expect("deletes");
    assert_eq!(chat::send(&pool, &sam, one, "key", "hello").await.map(|done| done.number), Ok(1));
    // A key belongs to its author, and to one conversation.
    assert_eq!(chat::send(&pool, &sam, other, "key", "hello").await, Err(Refusal::Key));
    assert_eq!(chat::send(&pool, &ada, one, "key", "hello").await.map(|done| done.number), Ok(2));
    assert_eq!(value::<i64>(&pool, "select count(*) from public.chat_messages").await, 2);
    all_is_well(&pool).await;
}

#[sqlx::test(migrations = false)]
async fn many_who_send_at_once_are_stored_each_once_without_gaps_in_the_order_of_commits(pool: PgPool) {
    with_tables(&pool).await;
    let sam = person(&pool, "Sam", Role::Staff).await;
    let ada = person(&pool, "Ada", Role::Admin).await;
    let room = room(&pool, &sam).await;
    let pool = crate::support::pool_of(&pool, 12).await;
    // Each twice, under its key.
    let all = (0..20).flat_map(|number| [number, number]).map(|number| {
        let (pool, who) = (pool.clone(), if number % 2 == 0 { sam.clone() } else { ada.clone() });
        async move { chat::send(&pool, &who, room, &format!("k{number}"), &format!("text {number}")).await }
    });
    let sent = futures::future::join_all(all).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    let keys = rows(
        &pool,
        "select count(*) as messages, count(distinct key) as keys, max(number) as last from public.chat_messages",
    )
    .await;
    assert_eq!(keys, json!([{ "messages": 20, "keys": 20, "last": 20 }]));
    // Whoever commits later has a higher number: the changelog tells in which order that was.
    let order = "select (new::json ->> 'number')::bigint as number from rowcast.change
                 where new is not null and new::json ->> 'key' like 'k%' order by seq";
    let order: Vec<i64> = sqlx::query_scalar(order).fetch_all(&pool).await.expect("reads");
    assert_eq!(order, (1..=20).collect::<Vec<_>>());
    all_is_well(&pool).await;
}

#[sqlx::test(migrations = false)]
async fn what_is_no_message_is_refused_and_nothing_is_stored(pool: PgPool) {
    with_tables(&pool).await;
    let sam = person(&pool, "Sam", Role::Staff).await;
    let cleo = person(&pool, "Cleo", Role::Customer).await;
    let room = room(&pool, &sam).await;
    let long = "x".repeat(chat::limits::MAX_TEXT + 1);
    for (who, chat, key, text, refusal) in [
        (&sam, room, "k", " \n", Refusal::Empty),
        (&sam, room, "k", long.as_str(), Refusal::TooLong),
        (&sam, room, "", "hello", Refusal::Key),
        (&sam, room, "not a key", "hello", Refusal::Key),
        (&sam, room + 1, "k", "hello", Refusal::NotFound),
        (&cleo, room, "k", "hello", Refusal::NotFound),
        (&Principal::nobody(Role::Admin), room, "k", "hello", Refusal::SignedOut),
    ] {
        assert_eq!(chat::send(&pool, who, chat, key, text).await, Err(refusal), "{who:?} {text:.10}");
    }
    assert_eq!(value::<i64>(&pool, "select count(*) from public.chat_messages").await, 0);
}

#[sqlx::test(migrations = false)]
async fn nobody_floods_a_conversation(pool: PgPool) {
    with_tables(&pool).await;
    let sam = person(&pool, "Sam", Role::Staff).await;
    let room = room(&pool, &sam).await;
    let most = chat::limits::MAX_A_MINUTE;
    let many = format!(
        "insert into public.chat_messages (chat, number, kind, members, author, author_name, key, text)
         select {room}, n, 'room', '{{}}', {}, 'Sam', 'f' || n, 'x' from generate_series(1, {most}) n",
        id(&sam)
    );
    super::sql(&pool, &many).await;
    super::sql(&pool, &format!("update public.chats set last = {most}")).await;
    assert_eq!(chat::send(&pool, &sam, room, "k", "more").await, Err(Refusal::TooFast));
    // What was stored before is answered all the same.
    assert_eq!(chat::send(&pool, &sam, room, "f1", "x").await.map(|done| done.number), Ok(1));
    super::sql(&pool, "update public.chat_messages set at = at - interval '2 minutes'").await;
    assert!(chat::send(&pool, &sam, room, "k", "more").await.is_ok());
}

#[sqlx::test(migrations = false)]
async fn what_is_unread_is_counted_without_ones_own(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, ada) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Ada", Role::Admin).await);
    let chat = chat::begin(&pool, &sam, id(&ada)).await.expect("begins");
    let unread = async |who: &Principal| -> i64 {
        let query = format!(
            "select c.last - k.number - k.own_after from public.chats c join public.chat_marks k on k.chat = c.id where k.account = {}",
            id(who)
        );
        value(&pool, &query).await
    };
    let say = async |who: &Principal, key: &str| chat::send(&pool, who, chat, key, "x").await.expect("sends");
    assert_eq!((unread(&sam).await, unread(&ada).await), (0, 0));
    say(&sam, "1").await;
    say(&sam, "2").await;
    assert_eq!((unread(&sam).await, unread(&ada).await), (0, 2));
    // Whoever answers without having read has still to read it.
    say(&ada, "3").await;
    assert_eq!((unread(&sam).await, unread(&ada).await), (1, 2));
    chat::read(&pool, &ada, chat, 1).await.expect("reads");
    assert_eq!(unread(&ada).await, 1);
    chat::read(&pool, &ada, chat, i64::MAX).await.expect("reads");
    assert_eq!(unread(&ada).await, 0);
    // It does not become less.
    chat::read(&pool, &ada, chat, 1).await.expect("reads");
    chat::read(&pool, &ada, chat, -5).await.expect("reads");
    assert_eq!(unread(&ada).await, 0);
    all_is_well(&pool).await;
}

#[sqlx::test(migrations = false)]
async fn two_who_begin_at_once_have_one_conversation_and_rooms_have_names_of_their_own(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, ada) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Ada", Role::Admin).await);
    let (cleo, bob) = (person(&pool, "Cleo", Role::Customer).await, person(&pool, "Bob", Role::Customer).await);
    let both = futures::future::join_all((0..6).map(|number| {
        let (who, other) = if number % 2 == 0 { (&sam, id(&ada)) } else { (&ada, id(&sam)) };
        chat::begin(&pool, who, other)
    }))
    .await;
    assert!(both.iter().all(|one| *one == both[0]) && both[0].is_ok(), "{both:?}");
    assert!(chat::begin(&pool, &cleo, id(&sam)).await.is_ok() && chat::begin(&pool, &sam, id(&bob)).await.is_ok());
    for (who, other) in [(&cleo, id(&bob)), (&sam, id(&sam)), (&sam, 999_999)] {
        assert_eq!(chat::begin(&pool, who, other).await, Err(Refusal::NotFound));
    }
    super::sql(&pool, &format!("update rowcast.account set disabled = true where id = {}", id(&ada))).await;
    assert_eq!(chat::begin(&pool, &cleo, id(&ada)).await, Err(Refusal::NotFound));
    assert_eq!(chat::open_room(&pool, &cleo, "Mine", "").await, Err(Refusal::NotAllowed));
    assert!(chat::open_room(&pool, &sam, "One", "").await.is_ok());
    assert_eq!(chat::open_room(&pool, &sam, " one ", "").await, Err(Refusal::NameTaken));
    assert_eq!(chat::open_room(&pool, &sam, "\u{202e}", "").await, Err(Refusal::Empty));
}
