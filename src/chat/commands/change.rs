//! Changing what was said, and taking it back.

use super::{told, transaction};
use crate::{
    changelog::statement,
    chat::{
        access::{self, For, Held},
        failure::Failure,
        limits::MIN_BETWEEN_EDITS,
        notify::{self, Said},
        validate,
        wire::{Done, Refusal},
    },
    hub::Principal,
    protocol::Role,
};
use sqlx::{PgConnection, PgPool, Row as _};

/// What there is of a message.
struct Message {
    author: Option<i64>,
    text: String,
    mentions: Vec<i64>,
    is_deleted: bool,
    /// Less time has passed since it was changed than there must be between two changes.
    was_just_edited: bool,
}

/// Says something else in a message of one's own. Who is named for the first time is told. Not twice within a second.
///
/// # Errors
/// Why it was not done.
pub async fn edit(pool: &PgPool, principal: &Principal, chat: i64, number: i64, text: &str) -> Result<Done, Refusal> {
    let text = validate::text(text)?;
    told(change(pool, principal, chat, number, Some(&text)).await)
}

/// Takes a message back: one's own, or, for administrators, any of a room. That there was one stays.
///
/// # Errors
/// Why it was not done.
pub async fn delete(pool: &PgPool, principal: &Principal, chat: i64, number: i64) -> Result<Done, Refusal> {
    told(change(pool, principal, chat, number, None).await)
}

async fn change(
    pool: &PgPool,
    principal: &Principal,
    chat: i64,
    number: i64,
    text: Option<&str>,
) -> Result<Done, Failure> {
    let account = access::account(principal)?;
    let mut open = statement::begin(pool).await?;
    let held = access::hold(&mut open, principal, chat, For::Writing).await?;
    let message = find(&mut open, chat, number).await?;
    let is_own = message.author == Some(account);
    let may_clear = text.is_none() && held.is_room && principal.role >= Role::Admin;
    if !is_own && !may_clear {
        return Err(Refusal::NotAllowed.into());
    }
    match text {
        _ if message.is_deleted && text.is_none() => {}
        _ if message.is_deleted => return Err(Refusal::Deleted.into()),
        Some(text) if text == message.text => {}
        Some(_) if message.was_just_edited => return Err(Refusal::TooFast.into()),
        Some(text) => rewrite(&mut open, principal, &held, number, &message, text).await?,
        None => clear(&mut open, principal, &held, number, &message).await?,
    }
    let transaction = transaction(&mut open).await?;
    open.commit().await?;
    Ok(Done { chat, number, transaction })
}

async fn find(connection: &mut PgConnection, chat: i64, number: i64) -> Result<Message, Failure> {
    let find = "select author, text, mentions, deleted_at is not null as is_deleted,
                    coalesce(edited_at > now() - make_interval(secs => $3), false) as was_just_edited
                from public.chat_messages where chat = $1 and number = $2 for no key update";
    let find = statement::query(find).bind(chat).bind(number).bind(MIN_BETWEEN_EDITS.as_secs_f64());
    let row = find.fetch_optional(connection).await?.ok_or(Refusal::NotFound)?;
    Ok(Message {
        author: row.try_get("author")?,
        text: row.try_get("text")?,
        mentions: row.try_get("mentions")?,
        is_deleted: row.try_get("is_deleted")?,
        was_just_edited: row.try_get("was_just_edited")?,
    })
}

async fn rewrite(
    connection: &mut PgConnection,
    principal: &Principal,
    held: &Held,
    number: i64,
    message: &Message,
    text: &str,
) -> Result<(), Failure> {
    let named = notify::named(connection, held, access::account(principal)?, text).await?;
    let edit = "update public.chat_messages set text = $3, mentions = $4, mentioned = $5, edited_at = now()
                where chat = $1 and number = $2";
    statement::query(edit)
        .bind(held.id)
        .bind(number)
        .bind(text)
        .bind(named.iter().map(|one| one.account).collect::<Vec<_>>())
        .bind(notify::written(&named))
        .execute(&mut *connection)
        .await?;
    begins(connection, held, number, &validate::excerpt(text)).await?;
    let said = Said { held, number, author_name: &principal.name, text };
    let gone: Vec<i64> =
        message.mentions.iter().copied().filter(|id| !named.iter().any(|one| one.account == *id)).collect();
    notify::take_back(connection, &said, &gone).await?;
    notify::tell_again(connection, &said, &message.mentions).await?;
    let (_, new): (Vec<_>, Vec<_>) = named.into_iter().partition(|one| message.mentions.contains(&one.account));
    notify::tell(connection, &said, &new).await
}

async fn clear(
    connection: &mut PgConnection,
    principal: &Principal,
    held: &Held,
    number: i64,
    message: &Message,
) -> Result<(), Failure> {
    let delete = "update public.chat_messages
                  set text = '', mentions = '{}', mentioned = '{}', deleted_at = now(), deleted_by = $3
                  where chat = $1 and number = $2";
    statement::query(delete).bind(held.id).bind(number).bind(&*principal.name).execute(&mut *connection).await?;
    begins(connection, held, number, "").await?;
    let said = Said { held, number, author_name: &principal.name, text: "" };
    notify::take_back(connection, &said, &message.mentions).await
}

/// What the conversation says of its newest message.
async fn begins(connection: &mut PgConnection, held: &Held, number: i64, excerpt: &str) -> Result<(), Failure> {
    let update = statement::query("update public.chats set last_text = $3 where id = $1 and last = $2");
    update.bind(held.id).bind(number).bind(excerpt).execute(connection).await?;
    Ok(())
}
