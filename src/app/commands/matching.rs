//! Which commands somebody means who types something. Pure.

use super::command::{Command, Who};
use crate::{app::fold::fold, protocol::Role};

/// Digits of an order's number, at most; so it fits into a number, too.
const MOST_DIGITS: usize = 18;
/// Characters of a search that are taken over.
const MOST_CHARACTERS: usize = 200;

/// How well a word fits, best last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// Its letters occur in this order.
    Scattered,
    /// It occurs.
    Within,
    /// A word of it begins so.
    Begins,
}

/// What fits, the best first; of equals those that come first in the list.
pub(super) fn matching(typed: &str, who: Who) -> Vec<Command> {
    let typed = typed.trim();
    let mut folded = String::new();
    fold(typed, &mut folded);
    let words: Vec<&str> = folded.split_whitespace().collect();
    let mut found: Vec<(Fit, Command)> = Command::all(who)
        .into_iter()
        .filter_map(|command| {
            let mut label = String::new();
            fold(&command.label(), &mut label);
            let worst = words.iter().map(|word| fit(word, &label, command.aliases())).min();
            worst.unwrap_or(Some(Fit::Begins)).map(|fit| (fit, command))
        })
        .collect();
    // Scattered letters are a guess, which is of no use where there is something better.
    if found.iter().any(|(fit, _)| *fit > Fit::Scattered) {
        found.retain(|(fit, _)| *fit > Fit::Scattered);
    }
    found.sort_by_key(|(fit, _)| std::cmp::Reverse(*fit));
    let mut commands: Vec<Command> = found.into_iter().map(|(_, command)| command).collect();
    if who.role >= Role::Customer
        && let Some(number) = number(typed)
    {
        commands.insert(0, Command::Order(number));
    }
    if !typed.is_empty() {
        commands.push(Command::Find(typed.chars().take(MOST_CHARACTERS).collect()));
    }
    commands
}

/// `1023` or `#1023`.
fn number(typed: &str) -> Option<u64> {
    let digits = typed.strip_prefix('#').unwrap_or(typed);
    (digits.len() <= MOST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

fn fit(word: &str, label: &str, aliases: &str) -> Option<Fit> {
    let begins = |text: &str| text.split(|sign: char| !sign.is_alphanumeric()).any(|own| own.starts_with(word));
    if begins(label) || begins(aliases) {
        Some(Fit::Begins)
    } else if label.contains(word) {
        Some(Fit::Within)
    } else {
        let mut rest = label.chars();
        word.chars().all(|sign| rest.any(|other| other == sign)).then_some(Fit::Scattered)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::command::tests::somebody, *};

    fn labels(typed: &str, role: Role) -> Vec<String> {
        matching(typed, somebody(role)).iter().map(Command::label).collect()
    }

    #[test]
    fn nothing_typed_is_everything_in_its_order() {
        assert_eq!(matching(" ", somebody(Role::Staff)), Command::all(somebody(Role::Staff)));
    }

    #[test]
    fn what_begins_so_comes_before_what_has_it_within() {
        assert_eq!(labels("ord", Role::Staff), ["Go to Orders", "New order", "Find “ord” in the inventory"]);
        assert_eq!(labels("IN", Role::Anonymous)[0], "Go to Inventory");
        assert_eq!(labels("new o", Role::Customer)[0], "New order");
        assert_eq!(labels("logout", Role::Customer)[0], "Sign out");
    }

    #[test]
    fn letters_in_their_order_are_enough_where_nothing_fits_better() {
        assert_eq!(labels("ivt", Role::Staff)[0], "Go to Inventory");
        assert!(!labels("no", Role::Staff).contains(&"Go to Inventory".to_owned()));
    }

    #[test]
    fn a_number_is_an_order_for_those_who_have_some() {
        assert_eq!(matching("1023", somebody(Role::Customer))[0], Command::Order(1023));
        assert_eq!(matching(" #1023 ", somebody(Role::Staff))[0], Command::Order(1023));
        assert_eq!(matching("1023", somebody(Role::Anonymous)), [Command::Find("1023".to_owned())]);
        for other in ["", "#", "-1", "1.5", "9999999999999999999999"] {
            assert!(
                !matching(other, somebody(Role::Admin)).iter().any(|command| matches!(command, Command::Order(_))),
                "{other}"
            );
        }
    }

    #[test]
    fn whatever_is_typed_can_be_looked_for() {
        assert_eq!(labels("<b>\"x\"", Role::Staff), ["Find “<b>\"x\"” in the inventory"]);
        let long = "é".repeat(1_000);
        assert_eq!(matching(&long, somebody(Role::Staff)), [Command::Find("é".repeat(MOST_CHARACTERS))]);
    }
}
