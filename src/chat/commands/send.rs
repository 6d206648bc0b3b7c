//! Sending a message, once under its key.

use super::{told, transaction};
use crate::{
    changelog::statement,
    chat::{
        access::{self, For, Held},
        failure::Failure,
        limits::MAX_A_MINUTE,
        notify::{self, Said},
        validate,
        wire::{Done, Refusal},
    },
    hub::Principal,
};
use sqlx::{PgConnection, PgPool, Row as _};

/// What somebody sends.
struct Letter {
    author: i64,
    key: String,
    text: String,
}

/// Says something in a conversation. The same author's same key is the same message: it is stored once.
///
/// # Errors
/// Why it was not stored. Only after [`Refusal::Unavailable`] it may have been.
pub async fn send(pool: &PgPool, principal: &Principal, chat: i64, key: &str, text: &str) -> Result<Done, Refusal> {
    let author = access::account(principal)?;
    let letter = Letter { author, key: validate::key(key)?.to_owned(), text: validate::text(text)? };
    told(store(pool, principal, chat, &letter).await)
}

async fn store(pool: &PgPool, principal: &Principal, chat: i64, letter: &Letter) -> Result<Done, Failure> {
    let mut transaction = statement::begin(pool).await?;
    let held = access::hold(&mut transaction, principal, chat, For::Writing).await?;
    if let Some(done) = before(&mut transaction, letter, chat).await? {
        return Ok(done);
    }
    must_not_flood(&mut transaction, letter.author).await?;
    match write(&mut transaction, principal, &held, letter).await {
        Ok(done) => {
            transaction.commit().await?;
            Ok(done)
        }
        // In another conversation, in this very moment.
        Err(failure) if failure.is_taken("chat_messages_key") => Err(Refusal::Key.into()),
        Err(failure) => Err(failure),
    }
}

/// What was stored under this key before. The conversation is held, so nobody stores it there meanwhile.
async fn before(connection: &mut PgConnection, letter: &Letter, chat: i64) -> Result<Option<Done>, Failure> {
    let find = statement::query("select chat, number from public.chat_messages where author = $1 and key = $2");
    let Some(row) = find.bind(letter.author).bind(&letter.key).fetch_optional(connection).await? else {
        return Ok(None);
    };
    let done = Done { chat: row.try_get("chat")?, number: row.try_get("number")?, transaction: 0 };
    if done.chat == chat { Ok(Some(done)) } else { Err(Refusal::Key.into()) }
}

async fn must_not_flood(connection: &mut PgConnection, author: i64) -> Result<(), Failure> {
    let count = statement::query_scalar(
        "select count(*) from public.chat_messages where author = $1 and at > now() - interval '1 minute'",
    );
    let sent: i64 = count.bind(author).fetch_one(connection).await?;
    if sent < MAX_A_MINUTE { Ok(()) } else { Err(Refusal::TooFast.into()) }
}

async fn write(
    connection: &mut PgConnection,
    principal: &Principal,
    held: &Held,
    letter: &Letter,
) -> Result<Done, Failure> {
    let named = notify::named(connection, held, letter.author, &letter.text).await?;
    let number = held.last + 1;
    statement::query(include_str!("../sql/send.sql"))
        .bind(held.id)
        .bind(number)
        .bind(letter.author)
        .bind(&*principal.name)
        .bind(&letter.key)
        .bind(&letter.text)
        .bind(named.iter().map(|one| one.account).collect::<Vec<_>>())
        .bind(notify::written(&named))
        .bind(validate::excerpt(&letter.text))
        .execute(&mut *connection)
        .await?;
    statement::query(include_str!("../sql/mark_own.sql"))
        .bind(held.id)
        .bind(letter.author)
        .bind(&*principal.name)
        .bind(number)
        .execute(&mut *connection)
        .await?;
    let said = Said { held, number, author_name: &principal.name, text: &letter.text };
    notify::tell(connection, &said, &named).await?;
    let transaction = transaction(connection).await?;
    Ok(Done { chat: held.id, number, transaction })
}
