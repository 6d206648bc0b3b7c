//! The demo's conversations.

use super::{all_is_well, rows, sql, value};
use rowcast::{app::demo, changelog};
use serde_json::json;
use sqlx::PgPool;

#[sqlx::test(migrations = false)]
async fn the_demo_has_conversations_that_are_whole_and_what_is_there_stays(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    for (email, name, role) in rowcast::identity::demo::PEOPLE {
        let account = format!(
            "insert into rowcast.account (email, name, role, password_hash) values ('{email}', '{name}', '{role}', '')"
        );
        sql(&pool, &account).await;
    }
    demo::install(&pool).await.expect("installs");
    demo::show(&pool).await.expect("shows");
    all_is_well(&pool).await;
    assert_eq!(
        rows(
            &pool,
            "select kind, count(*) as chats, bool_and(last > 0) as talk from public.chats group by kind order by kind"
        )
        .await,
        json!([{ "kind": "private", "chats": 2, "talk": true }, { "kind": "room", "chats": 2, "talk": true }])
    );
    assert!(value::<bool>(&pool, "select bool_and(last_at = (select max(at) from public.chat_messages where chat = c.id)) from public.chats c").await);
    sql(&pool, "delete from public.chat_marks; delete from public.chat_messages").await;
    demo::install(&pool).await.expect("installs");
    assert_eq!(value::<i64>(&pool, "select count(*) from public.chat_messages").await, 0);
}

#[sqlx::test(migrations = false)]
async fn without_accounts_there_are_rooms_only_and_a_table_of_somebody_else_is_left_alone(pool: PgPool) {
    changelog::install(&pool).await.expect("installs");
    demo::install(&pool).await.expect("installs");
    assert_eq!(value::<i64>(&pool, "select count(*) from public.chats where kind = 'private'").await, 0);
    sql(&pool, "drop table public.chat_marks, public.chat_messages, public.chats; create table public.chats (id int primary key)").await;
    let error = demo::install(&pool).await.expect_err("is somebody's");
    assert!(error.to_string().contains("public.chats"), "{error}");
}
