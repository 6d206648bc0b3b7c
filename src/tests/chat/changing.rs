//! Changing and deleting: one's own, and for administrators what others said in rooms.

use super::{id, person, rows, sql, value, with_tables};
use rowcast::{
    chat::{self, Refusal},
    protocol::Role,
};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn only_ones_own_is_changed_and_administrators_may_delete_in_rooms(pool: PgPool) {
    with_tables(&pool).await;
    let (sam, kim) = (person(&pool, "Sam", Role::Staff).await, person(&pool, "Kim", Role::Staff).await);
    let ada = person(&pool, "Ada", Role::Admin).await;
    let room = chat::open_room(&pool, &sam, "General", "").await.expect("opens");
    let private = chat::begin(&pool, &sam, id(&ada)).await.expect("begins");
    for (chat, key) in [(room, "1"), (room, "2"), (private, "3")] {
        chat::send(&pool, &sam, chat, key, "secret words").await.expect("sends");
    }
    // Of a room others see it, and of a private conversation there is nothing for others.
    assert_eq!(chat::edit(&pool, &kim, room, 1, "x").await, Err(Refusal::NotAllowed));
    assert_eq!(chat::delete(&pool, &kim, room, 1).await, Err(Refusal::NotAllowed));
    assert_eq!(chat::edit(&pool, &ada, room, 1, "x").await, Err(Refusal::NotAllowed));
    assert_eq!(chat::edit(&pool, &kim, private, 1, "x").await, Err(Refusal::NotFound));
    assert_eq!(chat::delete(&pool, &kim, private, 1).await, Err(Refusal::NotFound));
    assert_eq!(chat::delete(&pool, &ada, private, 1).await, Err(Refusal::NotAllowed), "what was said to her");
    assert_eq!(chat::edit(&pool, &sam, room, 9, "x").await, Err(Refusal::NotFound));
    assert_eq!(chat::edit(&pool, &sam, room, 1, "").await, Err(Refusal::Empty));

    chat::edit(&pool, &sam, room, 2, "other words").await.expect("edits");
    chat::delete(&pool, &ada, room, 1).await.expect("deletes");
    chat::delete(&pool, &sam, private, 1).await.expect("deletes");
    assert_eq!(chat::edit(&pool, &sam, room, 1, "x").await, Err(Refusal::Deleted));
    assert!(chat::delete(&pool, &sam, room, 1).await.is_ok(), "it is");
    assert_eq!(
        rows(&pool, "select number, text, edited_at is not null as edited, deleted_by from public.chat_messages order by chat, number").await,
        json!([
            { "number": 1, "text": "", "edited": false, "deleted_by": "Ada" },
            { "number": 2, "text": "other words", "edited": true, "deleted_by": null },
            { "number": 1, "text": "", "edited": false, "deleted_by": "Sam" }
        ])
    );
    assert_eq!(
        rows(&pool, "select last_text from public.chats order by id").await,
        json!([{ "last_text": "other words" }, { "last_text": "" }]),
        "the list says no more"
    );
}

#[sqlx::test(migrations = false)]
async fn the_same_words_again_change_nothing(pool: PgPool) {
    with_tables(&pool).await;
    let sam = person(&pool, "Sam", Role::Staff).await;
    let room = chat::open_room(&pool, &sam, "General", "").await.expect("opens");
    chat::send(&pool, &sam, room, "1", "words").await.expect("sends");
    chat::edit(&pool, &sam, room, 1, " words \n").await.expect("is well");
    assert!(value::<bool>(&pool, "select edited_at is null from public.chat_messages").await);
}

#[sqlx::test(migrations = false)]
async fn a_message_is_not_changed_over_and_over_within_a_second(pool: PgPool) {
    with_tables(&pool).await;
    let sam = person(&pool, "Sam", Role::Staff).await;
    let room = chat::open_room(&pool, &sam, "General", "").await.expect("opens");
    chat::send(&pool, &sam, room, "1", "words").await.expect("sends");
    chat::edit(&pool, &sam, room, 1, "other words").await.expect("what was just sent can be changed");
    // However long this test takes.
    sql(&pool, "update public.chat_messages set edited_at = now() + interval '1 minute'").await;
    assert_eq!(chat::edit(&pool, &sam, room, 1, "more words").await, Err(Refusal::TooFast));
    assert!(chat::edit(&pool, &sam, room, 1, "other words").await.is_ok(), "that changes nothing");
    sql(&pool, "update public.chat_messages set edited_at = now() - interval '1 second'").await;
    chat::edit(&pool, &sam, room, 1, "more words").await.expect("edits");
    assert_eq!(rows(&pool, "select text from public.chat_messages").await, json!([{ "text": "more words" }]));
}
