//! Who may join and publish where: rules, and nothing that no rule allows.
//!
//! A pattern is a name, a name with `$user.id` in it, or either with a `*` at its end. Rules add up: whoever one of them lets
//! join may join, whoever one of them lets publish may publish. Directs are asked about as publishing to `direct:` and the
//! person's id, where nobody can join; only patterns that begin so are about them.

use super::{MAX_ROOM_BYTES, name};
use crate::{
    hub::Principal,
    protocol::{OrderBy, Role},
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::sync::Arc;

/// What names of rooms that are not rooms begin with: who may write to whom.
pub(super) const DIRECT: &str = "direct:";
/// What names of rooms begin with that are the server's own: administrators may listen there, only servers speak, and no rule is about
/// them. Events whose names begin so are said by servers only, too.
pub(super) const OWN: &str = "rowcast:";
/// In a pattern: the id of whoever asks.
const USER_ID: &str = "$user.id";
/// In a history's filter: the name of the room.
const ROOM: &str = "$room";

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Which rooms.
    pub pattern: String,
    /// For whom.
    pub role: Role,
    /// Whether they may also publish.
    pub may_publish: bool,
    /// Where to read what was said before.
    #[serde(default)]
    pub history: Option<History>,
}

/// The question that tells what was said in a room before: rows of a table, of which policies show what they show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// `schema.table`, or `table` alone for the schema `public`.
    pub table: String,
    /// A filter, in which `$room` is the room's name.
    #[serde(rename = "where")]
    pub filter: String,
    /// In which order, if only the first are wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub order: Vec<OrderBy>,
    /// How many at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Why a rule is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MalformedRule {
    /// The pattern cannot match.
    #[error(
        "{0:?} is no pattern: it is a room's name of letters, digits and _ . : / - (at most {MAX_ROOM_BYTES}), in which \
         $user.id stands for the id of whoever asks and a * at the end for anything, such as chat:* or user:$user.id"
    )]
    Pattern(String),
    /// An order needs a limit.
    #[error("a history with an order needs a limit, and one with a limit an order")]
    Order,
}

impl Rule {
    /// Whether the rule makes sense.
    pub fn check(&self) -> Result<(), MalformedRule> {
        let plain = self.pattern.replace(USER_ID, "");
        // `user:$user.id*` would let person 5 into the room of person 55.
        if self.pattern.contains(&format!("{USER_ID}*")) {
            return Err(MalformedRule::Pattern(self.pattern.clone()));
        }
        let stem = plain.strip_suffix('*').unwrap_or(&plain);
        if self.pattern.is_empty() || self.pattern.len() > MAX_ROOM_BYTES || !stem.bytes().all(name::is_sign) {
            return Err(MalformedRule::Pattern(self.pattern.clone()));
        }
        match &self.history {
            Some(history) if history.order.is_empty() != history.limit.is_none() => Err(MalformedRule::Order),
            _ => Ok(()),
        }
    }

    fn covers(&self, name: &str, principal: &Principal) -> bool {
        // `*` is about rooms: who may write to persons is said by itself.
        if name.starts_with(OWN) {
            return false;
        }
        if self.role != principal.role || name.starts_with(DIRECT) != self.pattern.starts_with(DIRECT) {
            return false;
        }
        let pattern = match (self.pattern.contains(USER_ID), principal.id()) {
            (true, Some(id)) => self.pattern.replace(USER_ID, &id),
            (true, None) => return false,
            (false, _) => self.pattern.clone(),
        };
        match pattern.strip_suffix('*') {
            Some(stem) => name.starts_with(stem),
            None => name == pattern,
        }
    }
}

/// All rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    rules: Arc<[Rule]>,
}

impl Rights {
    /// These rules and no others.
    pub fn new(rules: Vec<Rule>) -> Self {
        Self { rules: rules.into() }
    }

    pub(super) fn may_join(&self, name: &str, principal: &Principal) -> bool {
        if name.starts_with(OWN) {
            return is_admin(principal);
        }
        !name.starts_with(DIRECT) && self.covering(name, principal).next().is_some()
    }

    pub(super) fn may_publish(&self, name: &str, principal: &Principal) -> bool {
        self.covering(name, principal).any(|rule| rule.may_publish)
    }

    pub(super) fn may_write_to(&self, person: &str, principal: &Principal) -> bool {
        self.may_publish(&format!("{DIRECT}{person}"), principal)
    }

    /// The question that tells what was said before. Of several, that of the longest pattern.
    pub(super) fn history(&self, name: &str, principal: &Principal) -> Option<Box<RawValue>> {
        let ruled = self.covering(name, principal).filter(|rule| rule.history.is_some());
        let history = ruled.max_by_key(|rule| rule.pattern.len())?.history.as_ref()?;
        #[derive(Serialize)]
        struct Question<'a> {
            table: &'a str,
            r#where: String,
            params: Vec<&'a str>,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            order: &'a [OrderBy],
            #[serde(skip_serializing_if = "Option::is_none")]
            limit: Option<u32>,
        }
        let History { table, filter, order, limit } = history;
        let params = if filter.contains(ROOM) { vec![name] } else { Vec::new() };
        let question = Question { table, r#where: filter.replace(ROOM, "$1"), params, order, limit: *limit };
        serde_json::value::to_raw_value(&question).ok()
    }

    /// Who is restricted to some tables has no rooms: they are not among them.
    fn covering<'a>(&'a self, name: &'a str, principal: &'a Principal) -> impl Iterator<Item = &'a Rule> {
        let rules = if principal.tables.is_some() { &[][..] } else { &self.rules };
        rules.iter().filter(move |rule| rule.covers(name, principal))
    }
}

/// Whether they may do whatever there is to be done. A token for some tables may not.
pub(super) fn is_admin(principal: &Principal) -> bool {
    principal.role == Role::Admin && principal.tables.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::Credential;

    fn rule(pattern: &str, role: Role, may_publish: bool) -> Rule {
        Rule { pattern: pattern.to_owned(), role, may_publish, history: None }
    }

    fn person(role: Role, account: Option<i64>) -> Principal {
        Principal { account, credential: Credential::Login(1), ..Principal::nobody(role) }
    }

    #[test]
    fn nothing_is_allowed_that_no_rule_allows() {
        let rights = Rights::new(vec![
            rule("chat:*", Role::Staff, true),
            rule("news", Role::Customer, false),
            rule("user:$user.id", Role::Customer, true),
        ]);
        let (staff, customer, nobody) =
            (person(Role::Staff, Some(1)), person(Role::Customer, Some(5)), Principal::default());
        for (name, who, join, publish) in [
            ("chat:general", &staff, true, true),
            ("chat", &staff, false, false),
            ("chat:general", &customer, false, false),
            ("news", &customer, true, false),
            ("news:more", &customer, false, false),
            ("user:5", &customer, true, true),
            ("user:6", &customer, false, false),
            ("user:55", &customer, false, false),
            ("user:", &nobody, false, false),
            ("user:5", &staff, false, false),
        ] {
            assert_eq!((rights.may_join(name, who), rights.may_publish(name, who)), (join, publish), "{name} {who:?}");
        }
        assert!(!Rights::default().may_join("chat:general", &person(Role::Admin, Some(1))));
    }

    #[test]
    fn who_has_no_id_matches_no_rule_about_ids() {
        let rights = Rights::new(vec![rule("user:$user.id*", Role::Anonymous, true)]);
        assert!(!rights.may_join("user:", &Principal::default()) && !rights.may_join("user:5", &Principal::default()));
    }

    #[test]
    fn a_token_for_some_tables_has_no_rooms() {
        let rights = Rights::new(vec![rule("*", Role::Staff, true)]);
        let all = person(Role::Staff, Some(1));
        let some = Principal { tables: Some(Arc::from(["public.items".to_owned()])), ..all.clone() };
        assert!(rights.may_join("a", &all) && !rights.may_join("a", &some));
    }

    #[test]
    fn no_rule_lets_anybody_into_the_servers_own_rooms_or_speak_there() {
        let rights = Rights::new(
            [Role::Customer, Role::Staff, Role::Admin]
                .into_iter()
                .flat_map(|role| ["*", "rowcast:*"].map(|pattern| rule(pattern, role, true)))
                .collect(),
        );
        let own = "rowcast:operations";
        for role in [Role::Anonymous, Role::Customer, Role::Staff] {
            assert!(!rights.may_join(own, &person(role, Some(1))), "{role}");
        }
        let admin = person(Role::Admin, Some(1));
        assert!(rights.may_join(own, &admin) && !rights.may_publish(own, &admin));
        assert!(Rights::default().may_join(own, &admin), "without any rule");
        let some = Principal { tables: Some(Arc::from(["public.items".to_owned()])), ..admin };
        assert!(!rights.may_join(own, &some));
    }

    #[test]
    fn directs_are_allowed_apart_from_rooms() {
        let rights = Rights::new(vec![rule("direct:*", Role::Staff, true), rule("*", Role::Customer, true)]);
        let (staff, customer) = (person(Role::Staff, Some(1)), person(Role::Customer, Some(2)));
        assert!(rights.may_write_to("2", &staff) && !rights.may_write_to("1", &customer));
        assert!(!rights.may_join("direct:2", &staff) && !rights.may_join("direct:2", &customer));
    }

    #[test]
    fn a_history_is_a_question_about_the_room() {
        let history = History {
            table: "messages".to_owned(),
            filter: "room = $room".to_owned(),
            order: vec![OrderBy { column: "id".to_owned(), desc: true, nulls: None }],
            limit: Some(50),
        };
        let ruled = Rule { history: Some(history), ..rule("chat:*", Role::Staff, true) };
        assert_eq!(ruled.check(), Ok(()));
        let rights = Rights::new(vec![rule("*", Role::Staff, true), ruled]);
        assert_eq!(
            rights.history("chat:a", &person(Role::Staff, Some(1))).expect("has one").get(),
            r#"{"table":"messages","where":"room = $1","params":["chat:a"],"order":[{"column":"id","desc":true}],"limit":50}"#
        );
        assert!(rights.history("other", &person(Role::Staff, Some(1))).is_none());
    }

    #[test]
    fn a_pattern_that_cannot_match_is_refused_with_how_to_write_one() {
        for pattern in ["", "a b", "*a", "a*b", "$user.name", "chat:**", "ä", &"x".repeat(101)] {
            let error = rule(pattern, Role::Staff, false).check().expect_err(pattern);
            assert!(error.to_string().contains("user:$user.id"), "{error}");
        }
        for pattern in ["*", "chat:*", "user:$user.id", "user:$user.id:*"] {
            assert_eq!(rule(pattern, Role::Staff, false).check(), Ok(()), "{pattern}");
        }
    }
}
