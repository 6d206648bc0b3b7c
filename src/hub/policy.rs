//! What a role may read of a table, and what that is for one person.
//!
//! A policy can only narrow: its filter is joined with whatever is asked by `and`, as trees and not as texts, and the columns
//! that it does not name do not exist for those who ask. Who has no policy has no table. A name that has come to mean another
//! column than when it was granted grants nothing.

use super::{Column, Principal, Table};
use crate::protocol::Role;
use serde::Deserialize;
use std::sync::Arc;

/// What a role may read of a table.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Policy {
    /// Whose it is.
    pub role: Role,
    /// The columns that may be read, besides those of the key; `None` for all.
    pub columns: Option<Vec<String>>,
    /// Which rows, with [`USER_ID`] and [`USER_ROLE`]; `None` for all.
    pub filter: Option<String>,
    /// Columns that have other names than when this was granted, or are others under the same names. Of all that the table has.
    #[serde(default)]
    pub moved: Vec<String>,
}

/// In a policy's filter: the number of the account that looks; null for those who have none.
pub const USER_ID: &str = "$user.id";
/// In a policy's filter: the role of whoever looks.
pub const USER_ROLE: &str = "$user.role";

impl Policy {
    /// Everything.
    pub fn all(role: Role) -> Self {
        Self { role, columns: None, filter: None, moved: Vec::new() }
    }

    /// A column among those that may be read that is another one than was meant: by such a policy nobody sees anything.
    pub fn moved_column(&self) -> Option<&str> {
        self.columns.iter().flatten().find(|name| self.moved.contains(name)).map(String::as_str)
    }

    /// The table as this policy's own filter may speak of it: names that mean others than was meant are no names.
    pub fn meant(&self, table: &Arc<Table>) -> Arc<Table> {
        if self.moved.is_empty() {
            return table.clone();
        }
        let is_moved = |column: &Column| column.hidden || self.moved.contains(&column.name);
        let columns = table.columns.iter().map(|column| Column { hidden: is_moved(column), ..column.clone() });
        Arc::new(Table { columns: columns.collect(), ..(**table).clone() })
    }

    /// Which rows, for this person: a filter's text without anything that stands for somebody.
    pub fn rows_for(&self, principal: &Principal) -> Option<String> {
        let id = principal.account.map_or_else(|| "null".to_owned(), |account| format!("'{account}'"));
        let role = format!("'{}'", principal.role);
        self.filter.as_ref().map(|text| substitute(text, &id, &role))
    }

    /// The table as those see it whose policy this is: columns that they may not read are not found by name.
    pub fn seen(&self, table: &Arc<Table>) -> Arc<Table> {
        let Some(columns) = &self.columns else { return table.clone() };
        let may_read = |column: &Column| columns.contains(&column.name) || table.key.contains(&column.name);
        let columns = table.columns.iter().map(|column| Column { hidden: !may_read(column), ..column.clone() });
        Arc::new(Table { columns: columns.collect(), ..(**table).clone() })
    }
}

/// Puts values where words stand for them, but not within quotes or comments. The values are quoted by the caller.
fn substitute(text: &str, id: &str, role: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let quoted = match first {
            '\'' | '"' => rest[1..].find(first).map(|end| end + 2),
            '-' if rest.starts_with("--") => rest.find('\n'),
            '/' if rest.starts_with("/*") => rest.find("*/").map(|end| end + 2),
            '$' if word(rest, USER_ID) => {
                written.push_str(id);
                rest = &rest[USER_ID.len()..];
                continue;
            }
            '$' if word(rest, USER_ROLE) => {
                written.push_str(role);
                rest = &rest[USER_ROLE.len()..];
                continue;
            }
            _ => Some(first.len_utf8()),
        };
        // What is quoted without an end is refused when it is read.
        let (taken, left) = rest.split_at(quoted.unwrap_or(rest.len()));
        written.push_str(taken);
        rest = left;
    }
    written
}

/// Whether the text begins with this word, and not with a longer one.
fn word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_'))
}

impl Table {
    /// What somebody may read of it, if anything.
    pub fn policy_for(&self, principal: &Principal) -> Option<&Policy> {
        let listed = principal.tables.as_ref().is_none_or(|tables| tables.contains(&self.full_name()));
        self.policies.iter().find(|policy| listed && policy.role == principal.role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Credential, Kind};

    fn somebody(account: Option<i64>, role: Role) -> Principal {
        Principal { account, credential: Credential::Login(1), ..Principal::nobody(role) }
    }

    #[test]
    fn words_stand_for_whoever_looks_except_within_quotes() {
        let policy = |text: &str| Policy { filter: Some(text.to_owned()), ..Policy::all(Role::Customer) };
        let ana = somebody(Some(7), Role::Customer);
        for (text, read) in [
            ("owner = $user.id", "owner = '7'"),
            ("$user.id=owner and role<>$user.role", "'7'=owner and role<>'customer'"),
            ("name = '$user.id' or \"$user.id\" = 1", "name = '$user.id' or \"$user.id\" = 1"),
            ("name = 'it''s $user.id' and a = $user.id", "name = 'it''s $user.id' and a = '7'"),
            ("a = $user.identity or b = $user.id_", "a = $user.identity or b = $user.id_"),
            ("a = 1 -- $user.id\n and b = $user.id", "a = 1 -- $user.id\n and b = '7'"),
            ("a /* $user.id */ = $user.id", "a /* $user.id */ = '7'"),
            ("a = 'open $user.id", "a = 'open $user.id"),
            ("größe = $user.id", "größe = '7'"),
        ] {
            assert_eq!(policy(text).rows_for(&ana).as_deref(), Some(read));
        }
        let nobody = somebody(None, Role::Anonymous);
        assert_eq!(policy("owner = $user.id").rows_for(&nobody).as_deref(), Some("owner = null"));
    }

    #[test]
    fn columns_that_are_not_granted_are_not_found_and_those_of_the_key_always_are() {
        let table = Arc::new(Table {
            key: vec!["id".to_owned()],
            columns: ["id", "name", "secret"].map(|name| Column::new(name, "text", Kind::Text)).into(),
            policies: vec![Policy { columns: Some(vec!["name".to_owned()]), ..Policy::all(Role::Staff) }],
            ..Table::named(1, "public", "t")
        });
        let seen = table.policy_for(&somebody(None, Role::Staff)).expect("is granted").seen(&table);
        assert_eq!(["id", "name", "secret"].map(|name| seen.place(name)), [Some(0), Some(1), None]);
        assert_eq!(seen.names().collect::<Vec<_>>(), ["id", "name"]);
        assert!(table.policy_for(&somebody(None, Role::Admin)).is_none(), "nothing granted, nothing seen");
    }

    #[test]
    fn a_token_for_some_tables_sees_no_others_whatever_its_role_may_see() {
        let table = Table { policies: vec![Policy::all(Role::Admin)], ..Table::named(1, "public", "t") };
        let token = |tables: &[&str]| Principal {
            tables: Some(tables.iter().map(|name| (*name).to_owned()).collect()),
            ..Principal::nobody(Role::Admin)
        };
        assert!(table.policy_for(&token(&["public.t"])).is_some());
        assert!(table.policy_for(&token(&["public.other"])).is_none() && table.policy_for(&token(&[])).is_none());
    }
}
