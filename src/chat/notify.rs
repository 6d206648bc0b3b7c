//! Whom a message names, and telling them so, in the transaction that stores it.
//!
//! In a room those who work here can be named, in a private conversation its two people. Nobody is told who does not see the message by
//! the policies, nor whoever wrote it. What people are told goes when the message goes, and changes with it.

use super::{
    access::{Held, MESSAGES},
    failure::Failure,
    limits::MAX_MENTIONS,
    mention,
    validate::excerpt,
    wire::Refusal,
};
use crate::{changelog::statement, hub::Principal, protocol::Role, rights::Beheld};
use sqlx::{PgConnection, Row as _};

/// What kind of notification it is.
const KIND: &str = "chat_mention";

/// Somebody who is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) account: i64,
    pub(super) role: Role,
    /// What they are called in the text.
    written: String,
}

/// A message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) held: &'a Held,
    pub(super) number: i64,
    pub(super) author_name: &'a str,
    pub(super) text: &'a str,
}

impl Said<'_> {
    fn title(&self) -> String {
        let Self { held, author_name, .. } = self;
        if held.is_room {
            format!("{author_name} mentioned you in {}", held.name)
        } else {
            format!("{author_name} mentioned you")
        }
    }

    fn link(&self) -> String {
        format!("/chat/{}?at={}", self.held.id, self.number)
    }
}

/// Who is named in a text, besides its author.
///
/// # Errors
/// Too many, or the database.
pub(super) async fn named(
    connection: &mut PgConnection,
    held: &Held,
    author: i64,
    text: &str,
) -> Result<Vec<Named>, Failure> {
    if !text.contains('@') {
        return Ok(Vec::new());
    }
    let rows = statement::query(include_str!("sql/nameable.sql"))
        .bind(author)
        .bind(held.is_room)
        .bind(&held.members)
        .bind(text)
        .fetch_all(connection)
        .await?;
    let people: Vec<(i64, String, Role)> = rows
        .iter()
        .map(|row| Ok((row.try_get("id")?, row.try_get("name")?, Role::from(row.try_get::<String, _>("role")?))))
        .collect::<Result<_, sqlx::Error>>()?;
    let names: Vec<String> = people.iter().map(|(_, name, _)| name.clone()).collect();
    let written = mention::named(text, &names);
    let mut named = Vec::new();
    for (account, name, role) in people {
        // People of the same name are all meant.
        if let Some(written) = written.iter().find(|written| mention::is_called(&name, written)) {
            named.push(Named { account, role, written: written.clone() });
        }
    }
    if named.len() > MAX_MENTIONS {
        return Err(Refusal::TooManyNames.into());
    }
    Ok(named)
}

/// What they are called in the text, each once.
pub(super) fn written(named: &[Named]) -> Vec<String> {
    let mut written: Vec<String> = named.iter().map(|one| one.written.clone()).collect();
    written.sort();
    written.dedup();
    written
}

/// Tells those of them who see the message, and were not told of it before. It is stored already.
pub(super) async fn tell(connection: &mut PgConnection, said: &Said<'_>, named: &[Named]) -> Result<(), Failure> {
    if named.is_empty() {
        return Ok(());
    }
    let place = [("chat", said.held.id), ("number", said.number)];
    let Some(row) = Beheld::read(connection, MESSAGES, &place).await? else { return Ok(()) };
    let mut told = Vec::new();
    for one in named {
        let somebody = Principal { account: Some(one.account), ..Principal::nobody(one.role) };
        if row.by(connection, &somebody).await?.iter().any(|column| column == "text") {
            told.push(one.account);
        }
    }
    statement::query(include_str!("sql/tell.sql"))
        .bind(told)
        .bind(KIND)
        .bind(said.title())
        .bind(excerpt(said.text))
        .bind(said.link())
        .bind(said.held.id)
        .bind(said.number)
        .execute(connection)
        .await?;
    Ok(())
}

/// What those who were told are told from now on.
pub(super) async fn tell_again(
    connection: &mut PgConnection,
    said: &Said<'_>,
    accounts: &[i64],
) -> Result<(), Failure> {
    let update = "update public.notifications set body = $4 where account = any($1) and kind = $2 and link = $3";
    statement::query(update)
        .bind(accounts)
        .bind(KIND)
        .bind(said.link())
        .bind(excerpt(said.text))
        .execute(connection)
        .await?;
    Ok(())
}

/// These people are not named any more.
pub(super) async fn take_back(connection: &mut PgConnection, said: &Said<'_>, accounts: &[i64]) -> Result<(), Failure> {
    let delete = "delete from public.notifications where account = any($1) and kind = $2 and link = $3";
    statement::query(delete).bind(accounts).bind(KIND).bind(said.link()).execute(connection).await?;
    Ok(())
}
