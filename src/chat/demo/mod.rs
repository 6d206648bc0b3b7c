//! The demo's chat: tables, who may see them, and what was said in them during the last days.
//!
//! | file | what it is |
//! |---|---|
//! | `words` | what was said, made up |

mod words;

use crate::{
    changelog::statement,
    hub::{Policy, rooms::Rule},
    protocol::Role,
};
use sqlx::PgConnection;
use std::collections::BTreeMap;
use words::Line;

/// The tables that pages show.
pub const TABLES: [&str; 3] = ["public.chats", "public.chat_messages", "public.chat_marks"];

/// Rooms of pages that look at a conversation of those who work here.
const ROOMS: &str = "chat:*";
/// Who types in a private conversation says so to the other one alone: no pattern is for two people.
const DIRECTS: &str = "direct:*";
/// Whose private conversation it is.
const OWN: &str = "$user.id = any(members)";

/// What each role may see of these tables: rooms are for those who work here, private conversations for their two people.
pub fn policies() -> Vec<Policy> {
    let of = |role: Role| {
        let filter = if role == Role::Customer { OWN.to_owned() } else { format!("kind = 'room' or {OWN}") };
        Policy { filter: Some(filter), ..Policy::all(role) }
    };
    [Role::Customer, Role::Staff, Role::Admin].map(of).into()
}

/// Who may be where, and say what to whom: that somebody is there, or types.
pub fn rules() -> Vec<Rule> {
    let rule = |pattern: &str, role| Rule { pattern: pattern.to_owned(), role, may_publish: true, history: None };
    let rooms = [Role::Staff, Role::Admin].map(|role| rule(ROOMS, role));
    let directs = [Role::Customer, Role::Staff, Role::Admin].map(|role| rule(DIRECTS, role));
    rooms.into_iter().chain(directs).collect()
}

/// Which of [`TABLES`] is there and is something else than ours.
pub async fn foreign(connection: &mut PgConnection) -> Result<Option<&'static str>, sqlx::Error> {
    let shapes: [&[&str]; 3] = [
        &[
            "id",
            "kind",
            "members",
            "names",
            "name",
            "topic",
            "last",
            "last_at",
            "last_author",
            "last_name",
            "last_text",
        ],
        &[
            "chat",
            "number",
            "kind",
            "members",
            "author",
            "author_name",
            "key",
            "text",
            "mentions",
            "mentioned",
            "deleted_at",
        ],
        &["chat", "account", "kind", "members", "name", "number", "own_after"],
    ];
    for (table, columns) in TABLES.into_iter().zip(shapes) {
        let missing = "select to_regclass($1) is not null and exists (
                           select from unnest($2::text[]) as wanted (name) where not exists (
                               select from pg_attribute where attrelid = to_regclass($1) and attname = wanted.name and attnum > 0))";
        let is_foreign = statement::query_scalar(missing).bind(table).bind(columns).fetch_one(&mut *connection).await?;
        if is_foreign {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// Makes the tables and fills them, unless they are there already. What people did to the rows stays.
pub async fn install(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_there: bool =
        statement::query_scalar("select to_regclass('public.chats') is not null").fetch_one(&mut *connection).await?;
    if is_there {
        return Ok(());
    }
    sqlx::raw_sql(include_str!("../schema.sql")).execute(&mut *connection).await?;
    furnish(connection).await?;
    let people = people(connection).await?;
    for (name, topic, lines) in words::ROOMS {
        let make = "insert into public.chats (kind, members, names, name, topic) values ('room', '{}', '{}', $1, $2) returning id";
        let chat = statement::query_scalar(make).bind(name).bind(topic).fetch_one(&mut *connection).await?;
        say(connection, chat, lines, &people).await?;
    }
    for (two, lines) in words::PRIVATE {
        let members: Vec<(i64, &str)> = two.iter().filter_map(|name| Some((*people.get(name)?, *name))).collect();
        if members.len() == two.len() {
            let chat = begin(connection, members).await?;
            say(connection, chat, lines, &people).await?;
        }
    }
    Ok(())
}

/// Adds what is kept of who was told, once: also to a demo that was made before that was kept.
pub async fn furnish(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    let is_there = statement::query_scalar("select to_regclass('public.chat_told') is not null");
    if !is_there.fetch_one(&mut *connection).await? {
        sqlx::raw_sql(include_str!("../told.sql")).execute(&mut *connection).await?;
    }
    Ok(())
}

/// The accounts of the demo, where they are, by name.
async fn people(connection: &mut PgConnection) -> Result<BTreeMap<&'static str, i64>, sqlx::Error> {
    let mut known = BTreeMap::new();
    for (email, name, _) in crate::identity::demo::PEOPLE {
        let account = statement::query_scalar("select id from rowcast.account where lower(email) = $1").bind(email);
        if let Some(account) = account.fetch_optional(&mut *connection).await? {
            known.insert(name, account);
        }
    }
    Ok(known)
}

async fn begin(connection: &mut PgConnection, mut members: Vec<(i64, &str)>) -> Result<i64, sqlx::Error> {
    members.sort_unstable();
    let (members, names): (Vec<i64>, Vec<&str>) = members.into_iter().unzip();
    let make =
        "insert into public.chats (kind, members, names, name, topic) values ('private', $1, $2, '', '') returning id";
    statement::query_scalar(make).bind(members).bind(names).fetch_one(connection).await
}

/// Says these lines, as long ago as they were said, and lets everybody have read them but for the newest that others said.
async fn say(
    connection: &mut PgConnection,
    chat: i64,
    lines: &[Line],
    people: &BTreeMap<&'static str, i64>,
) -> Result<(), sqlx::Error> {
    let mut mentions = Vec::new();
    for line in lines {
        let named = people.iter().find(|(name, _)| line.text.contains(&format!("@{name}")));
        mentions.push(named.map_or((None, None), |(name, account)| (Some(*account), Some(*name))));
    }
    statement::query(include_str!("../sql/say.sql"))
        .bind(chat)
        .bind(lines.iter().map(|line| people.get(line.who).copied()).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.who).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.text).collect::<Vec<_>>())
        .bind(lines.iter().map(|line| line.minutes).collect::<Vec<_>>())
        .bind(mentions.iter().map(|(account, _)| *account).collect::<Vec<Option<i64>>>())
        .bind(mentions.iter().map(|(_, name)| *name).collect::<Vec<Option<&str>>>())
        .execute(&mut *connection)
        .await?;
    let last = lines.last().map(|line| line.text).unwrap_or_default();
    let settle = statement::query(include_str!("../sql/settle.sql")).bind(chat).bind(super::validate::excerpt(last));
    settle.execute(&mut *connection).await?;
    let mark = statement::query(include_str!("../sql/mark_demo.sql"))
        .bind(chat)
        .bind(people.values().copied().collect::<Vec<_>>());
    mark.execute(connection).await?;
    Ok(())
}
