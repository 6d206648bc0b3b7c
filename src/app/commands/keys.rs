//! Which command a key is, after those before it. Pure.

use super::command::{Command, Who};

/// For how long keys belong together, in milliseconds.
const TOGETHER_MS: f64 = 1_500.0;

/// What was pressed so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Keys {
    pressed: Vec<char>,
    at_ms: f64,
}

impl Keys {
    /// A key, as a character, at a time.
    pub(super) fn press(&mut self, key: char, at_ms: f64, who: Who) -> Option<Command> {
        if at_ms - self.at_ms > TOGETHER_MS {
            self.pressed.clear();
        }
        self.at_ms = at_ms;
        self.pressed.push(key);
        let all = Command::all(who);
        if !all.iter().any(|command| command.keys().starts_with(&self.pressed)) {
            // It may begin something else.
            self.pressed.clear();
            self.pressed.push(key);
        }
        let found = all.into_iter().find(|command| command.keys() == self.pressed);
        if found.is_some() {
            self.pressed.clear();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{super::command::tests::somebody, *};
    use crate::protocol::Role;

    fn typed(keys: &str, role: Role) -> Vec<String> {
        let mut state = Keys::default();
        keys.chars().filter_map(|key| state.press(key, 0.0, somebody(role))).map(|command| command.label()).collect()
    }

    #[test]
    fn keys_are_commands_one_after_the_other() {
        assert_eq!(typed("gi", Role::Staff), ["Go to Inventory"]);
        assert_eq!(typed("?gogh", Role::Staff), ["Keyboard shortcuts", "Go to Orders", "Go to History"]);
        assert_eq!(typed("xgxggi/", Role::Staff), ["Go to Inventory", "Search this page"]);
    }

    #[test]
    fn nobody_gets_where_they_may_not_by_a_key() {
        assert_eq!(typed("goga", Role::Anonymous), [""; 0]);
        assert_eq!(typed("ga", Role::Admin), ["Go to Audit"]);
    }

    #[test]
    fn after_a_while_a_key_stands_alone() {
        let mut keys = Keys::default();
        assert_eq!(keys.press('g', 0.0, somebody(Role::Staff)), None);
        assert_eq!(keys.press('i', TOGETHER_MS + 1.0, somebody(Role::Staff)), None);
        assert_eq!(keys.press('g', 9_000.0, somebody(Role::Staff)), None);
        assert!(keys.press('i', 9_000.0 + TOGETHER_MS, somebody(Role::Staff)).is_some());
    }
}
