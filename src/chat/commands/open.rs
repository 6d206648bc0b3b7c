//! Opening a room, and beginning a conversation with somebody.

use super::told;
use crate::{
    changelog::statement,
    chat::{access, failure::Failure, validate, wire::Refusal},
    hub::Principal,
    protocol::Role,
};
use sqlx::{PgConnection, PgPool, Row as _};

/// Opens a room, which is for all who work here. Returns its number.
///
/// # Errors
/// Why there is none.
pub async fn open_room(pool: &PgPool, principal: &Principal, name: &str, topic: &str) -> Result<i64, Refusal> {
    access::account(principal)?;
    if !access::works_here(principal) {
        return Err(Refusal::NotAllowed);
    }
    let (name, topic) = (validate::name(name)?, validate::topic(topic)?);
    match make_room(pool, &name, &topic).await {
        Err(failure) if failure.is_taken("chats_name") => Err(Refusal::NameTaken),
        outcome => told(outcome),
    }
}

async fn make_room(pool: &PgPool, name: &str, topic: &str) -> Result<i64, Failure> {
    let mut open = statement::begin(pool).await?;
    let make =
        "insert into public.chats (kind, members, names, name, topic) values ('room', '{}', '{}', $1, $2) returning id";
    let id = statement::query_scalar(make).bind(name).bind(topic).fetch_one(&mut *open).await?;
    open.commit().await?;
    Ok(id)
}

/// The private conversation with somebody; the same one, whoever of the two begins it and however often.
///
/// # Errors
/// Why there is none. Customers write to those who work here, and they to everybody.
pub async fn begin(pool: &PgPool, principal: &Principal, person: i64) -> Result<i64, Refusal> {
    told(make_private(pool, principal, person).await)
}

async fn make_private(pool: &PgPool, principal: &Principal, person: i64) -> Result<i64, Failure> {
    let account = access::account(principal)?;
    let mut open = statement::begin(pool).await?;
    let (name, role) = other(&mut open, person).await?;
    if person == account || !(access::works_here(principal) || role >= Role::Staff) {
        return Err(Refusal::NotFound.into());
    }
    let mut two = [(account, principal.name.to_string()), (person, name)];
    two.sort_unstable();
    let (members, names): (Vec<i64>, Vec<String>) = two.into_iter().unzip();
    statement::query(include_str!("../sql/begin.sql")).bind(&members).bind(&names).execute(&mut *open).await?;
    let find = statement::query_scalar("select id from public.chats where kind = 'private' and members = $1");
    let id = find.bind(&members).fetch_one(&mut *open).await?;
    let mark = "insert into public.chat_marks (chat, account, kind, members, name)
                select id, member, kind, members, called
                from public.chats, unnest(members, names) as one (member, called) where id = $1
                on conflict do nothing";
    statement::query(mark).bind(id).execute(&mut *open).await?;
    open.commit().await?;
    Ok(id)
}

async fn other(connection: &mut PgConnection, person: i64) -> Result<(String, Role), Failure> {
    let find = statement::query("select name, role from rowcast.account where id = $1 and not disabled");
    let row = find.bind(person).fetch_optional(connection).await?.ok_or(Refusal::NotFound)?;
    Ok((row.try_get("name")?, Role::from(row.try_get::<String, _>("role")?)))
}
