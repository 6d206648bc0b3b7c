//! Commands about who may be in which rooms.

use crate::{
    config::Config,
    hub::rooms::{History, Rule},
    protocol::{OrderBy, Role, UnknownRole},
    rules,
};
use clap::{Args, Subcommand};
use sqlx::PgPool;
use std::process::ExitCode;

#[derive(Debug, Subcommand)]
pub(super) enum RoomCommand {
    /// Let a role join rooms, also while the server runs
    ///
    /// The pattern is a room's name, in which $user.id stands for the id of whoever joins and a * at the end for anything.
    /// direct:* lets write to persons instead. Allowing again replaces what was allowed.
    #[command(after_help = "Examples:\n  rowcast room allow 'chat:*' --role staff --publish\n  \
        rowcast room allow 'user:$user.id' --role customer\n  rowcast room allow 'direct:*' --role staff --publish\n  \
        rowcast room allow 'chat:*' --role staff --publish \\\n    --history-table messages --history-where 'room = $room' \
        --history-order id --history-limit 50")]
    Allow(Allow),
    /// Undo `room allow`: whoever is in a room by this rule alone is out of it at once
    Deny {
        /// The pattern, exactly as it was allowed
        pattern: String,
        /// The role
        #[arg(long, value_parser = role)]
        role: Role,
    },
    /// List who may join which rooms
    List,
}

#[derive(Debug, Args)]
pub(super) struct Allow {
    /// Which rooms
    pattern: String,
    /// For whom: anonymous, customer, staff or admin
    #[arg(long, value_parser = role)]
    role: Role,
    /// They may also say something there
    #[arg(long)]
    publish: bool,
    /// A live table of what was said before
    #[arg(long, value_name = "TABLE", requires = "history_where")]
    history_table: Option<String>,
    /// Which of its rows are of the room: a filter in which $room is the room's name
    #[arg(long, value_name = "FILTER", requires = "history_table")]
    history_where: Option<String>,
    /// Only the last ones by this column
    #[arg(long, value_name = "COLUMN", requires = "history_limit", requires = "history_table")]
    history_order: Option<String>,
    /// How many of them
    #[arg(long, value_name = "N", requires = "history_order")]
    history_limit: Option<u32>,
}

/// Strictly: a word that is misspelled is not to be taken for the least of roles.
pub(super) fn role(word: &str) -> Result<Role, UnknownRole> {
    word.parse()
}

pub(super) async fn run(config: &Config, command: RoomCommand) -> anyhow::Result<ExitCode> {
    let said = super::with_database(config, async |pool| act(pool, command).await).await?;
    println!("{said}");
    Ok(ExitCode::SUCCESS)
}

async fn act(pool: &PgPool, command: RoomCommand) -> anyhow::Result<String> {
    Ok(match command {
        RoomCommand::Allow(allow) => {
            let rule = allow.rule();
            rules::allow(pool, &rule).await?;
            line(&rule)
        }
        RoomCommand::Deny { pattern, role } => {
            rules::deny(pool, &pattern, role).await?;
            format!("{role} may not join {pattern} by this rule any more")
        }
        RoomCommand::List => {
            let all = rules::list(pool).await?;
            if all.is_empty() {
                "Nobody may join any room. `rowcast room allow PATTERN --role ROLE` lets a role in.".to_owned()
            } else {
                all.iter().map(line).collect::<Vec<_>>().join("\n")
            }
        }
    })
}

impl Allow {
    fn rule(self) -> Rule {
        let history = self.history_table.zip(self.history_where).map(|(table, filter)| History {
            table,
            filter,
            order: self.history_order.into_iter().map(|column| OrderBy { column, desc: true, nulls: None }).collect(),
            limit: self.history_limit,
        });
        Rule { pattern: self.pattern, role: self.role, may_publish: self.publish, history }
    }
}

fn line(rule: &Rule) -> String {
    let Rule { pattern, role, may_publish, history } = rule;
    let publish = if *may_publish { " and publish" } else { "" };
    let history = history.as_ref().map_or_else(String::new, |history| format!("; history in {}", history.table));
    format!("{role} may join {pattern}{publish}{history}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(subcommand)]
        command: RoomCommand,
    }

    #[test]
    fn a_role_that_is_misspelled_is_an_error() {
        let read = |role: &str| Line::try_parse_from(["room", "allow", "chat:*", "--role", role]);
        assert!(read("staff").is_ok());
        assert!(read("emperor").unwrap_err().to_string().contains("there are anonymous, customer, staff and admin"));
    }

    #[test]
    fn a_rule_is_told_in_a_line() {
        let history = History { table: "messages".into(), filter: "true".into(), order: Vec::new(), limit: None };
        let rule = Rule { pattern: "chat:*".into(), role: Role::Staff, may_publish: true, history: Some(history) };
        assert_eq!(line(&rule), "staff may join chat:* and publish; history in messages");
    }
}
